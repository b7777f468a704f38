/** Optional peers that are not installed here. What is used of them is written down where it is used. */
declare module 'expo-secure-store'
declare module 'react-native-keychain'
declare module '@aparajita/capacitor-secure-storage'
declare module '@capacitor/core'
