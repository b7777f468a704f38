import { Buffer } from 'buffer/'

// Ledger's libraries are made of Node's Buffer: this is imported before anything that loads them.
Object.assign(globalThis, { Buffer: (globalThis as { Buffer?: unknown }).Buffer ?? Buffer })
