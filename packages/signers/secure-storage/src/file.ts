export { readFileIfThere, writeFileWhole } from './file-io.ts'
export { isAlive, withFileLock } from './file-lock.ts'
export { fileStore } from './file-store.ts'
