export { readFileIfThere, writeFileWhole } from './file-io.ts'
export { withFileLock } from './file-lock.ts'
export { isAlive } from './file-process.ts'
export { fileStore } from './file-store.ts'
