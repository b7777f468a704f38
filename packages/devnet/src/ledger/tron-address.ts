import { sha256 } from '@noble/hashes/sha2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { createBase58check } from '@scure/base'
import type { HDKey } from '@scure/bip32'
import { concat } from './byte-strings.ts'
import { hardened, keyAt, uncompressed } from './secp-key.ts'

const base58check = createBase58check(sha256)

/** What the app is allowed: 44'/195'. */
const PREFIXES = [[hardened(44), hardened(195)]]

/** The app answers so for a path that the operating system does not let it use. */
const FORBIDDEN_PATH = 0x6982

export const MAINNET = 0x41

export const tronKey = (root: HDKey, path: readonly number[]): HDKey =>
  keyAt(root, path, PREFIXES, FORBIDDEN_PATH)

/** 21 bytes as an address. */
export const shownTronAddress = (address: Uint8Array): string => base58check.encode(address)

export const tronAddressOfKey = (key: HDKey): string =>
  shownTronAddress(concat(Uint8Array.of(MAINNET), keccak_256(uncompressed(key).slice(1)).slice(12)))
