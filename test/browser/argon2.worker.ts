import { serveArgon2 } from '@coffer/signer-secure-storage/argon2-worker'

// A worker that is a file of the app.

serveArgon2()
