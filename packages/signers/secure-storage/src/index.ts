export type { DeviceKey, DeviceKeyData, DeviceKeyOptions } from './device-key.ts'
