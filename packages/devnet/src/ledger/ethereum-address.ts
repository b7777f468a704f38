import { keccak_256 } from '@noble/hashes/sha3.js'
import type { HDKey } from '@scure/bip32'
import { hex, utf8 } from './byte-strings.ts'
import { hardened, keyAt, uncompressed } from './secp-key.ts'

/** What the app is allowed: 44'/60' and 45'. */
const PREFIXES = [[hardened(44), hardened(60)], [hardened(45)]]

/** The app answers so for a path that the operating system does not let it use. */
const FORBIDDEN_PATH = 0x6a15

export const ethereumKey = (root: HDKey, path: readonly number[]): HDKey =>
  keyAt(root, path, PREFIXES, FORBIDDEN_PATH)

export const addressOfKey = (key: HDKey): Uint8Array => keccak_256(uncompressed(key).slice(1)).slice(12)

/** With the checksum of EIP-55, without `0x`. */
export function checksummed(address: Uint8Array): string {
  const digits = hex(address)
  const checks = hex(keccak_256(utf8(digits)))
  return digits.replace(/[a-f]/g, (digit, at: number) =>
    Number.parseInt(checks[at]!, 16) >= 8 ? digit.toUpperCase() : digit,
  )
}

export const shownAddress = (address: Uint8Array): string => `0x${checksummed(address)}`
