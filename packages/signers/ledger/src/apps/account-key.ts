import { CofferError, nobleEngine } from '@coffer/core'

/** A public key as a device gives it (65 or 33 bytes) in 33 bytes. Throws `INVALID_KEY` when it is no point of the curve. */
export function compressed(publicKey: Uint8Array): Uint8Array {
  if (publicKey.length === 33) {
    nobleEngine.uncompressed(publicKey)
    return publicKey
  }
  const key = publicKey.slice(0, 33)
  key[0] = 2 + ((publicKey[64] ?? 0) & 1)
  const isSame =
    publicKey.length === 65 && nobleEngine.uncompressed(key).every((byte, i) => byte === publicKey[i])
  if (isSame) return key
  throw new CofferError({
    code: 'INVALID_KEY',
    message: 'The Ledger returned something that is no public key.',
  })
}

/** An account on a Ledger is found by the path in its descriptor: a bare address does not tell which key it has. */
export function needsPath(path: string): string {
  if (path !== 'm') return path
  throw new CofferError({
    code: 'WRONG_ACCOUNT',
    message:
      'This account does not say at which path its key is. Open it by its index, or with its key origin before the address.',
  })
}

/** The account's own address, once the device has shown the same. Throws `ADDRESS_MISMATCH`. */
export function compareAddress(shown: string, expected: string): string {
  if (shown.toLowerCase() === expected.toLowerCase()) return expected
  throw new CofferError({
    code: 'ADDRESS_MISMATCH',
    message: `The Ledger shows ${shown}, but this account has ${expected}. Do not use this address: the account is not of this device, or was tampered with.`,
    details: { shown, expected },
  })
}

/** Bytes of a message; the apps sign no empty one. */
export function messageBytes(message: string | Uint8Array, app: string): Uint8Array {
  const bytes = typeof message === 'string' ? new TextEncoder().encode(message) : message
  if (bytes.length > 0) return bytes
  throw new CofferError({
    code: 'UNSUPPORTED',
    message: `The ${app} app of a Ledger signs no empty message.`,
  })
}
