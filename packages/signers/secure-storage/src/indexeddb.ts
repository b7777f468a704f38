export { indexedDbKey } from './indexeddb-key.ts'
export { type IndexedDbOptions, indexedDbStore, keepStorage } from './indexeddb-store.ts'
