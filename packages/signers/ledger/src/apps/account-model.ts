import { CofferError, type KeyRing, type MessageRequest, nobleEngine, splitOrigin } from '@coffer/core'
import type { AddressRequest, Session } from '../app.ts'
import type { EthereumClient } from '../clients.ts'
import { deviceRing } from '../ring.ts'

// What the apps of the account-model chains have in common: an account is one key, known by its path.

/** Their clients, as far as they are alike. */
type Client = Pick<EthereumClient, 'publicKey' | 'signMessage'>

/** The ring of one document: `sign` has the device sign it, and returns r ‖ s. */
export function ringOf(
  client: Client,
  sign: (path: string, hash: Uint8Array) => Promise<Uint8Array>,
): KeyRing {
  return deviceRing({
    publicKey: (path) => readKey(client, path),
    ecdsa: async (path, hash) => [await sign(path, hash)],
  })
}

/** The public key at a path, 33 bytes. */
export async function readKey(client: Client, path: string): Promise<Uint8Array> {
  return compressed((await client.publicKey({ path: needsPath(path), show: false })).publicKey)
}

export async function signMessage<T>(
  client: Client,
  { app, prompt }: Session<T>,
  { chain, account, message }: MessageRequest,
): Promise<string> {
  const bytes = typeof message === 'string' ? new TextEncoder().encode(message) : message
  if (bytes.length === 0)
    throw new CofferError({
      code: 'UNSUPPORTED',
      message: `The ${app.name} app of a Ledger signs no empty message.`,
    })
  const ring = ringOf(client, (path) => {
    prompt({ kind: 'confirm', app: app.name, what: 'message', blind: false })
    return client.signMessage({ path, message: bytes })
  })
  return chain.signMessage!({ account, message }, ring)
}

/** The account's own address, once the device has shown the same. Throws `ADDRESS_MISMATCH`. */
export async function showAddress<T>(
  client: Client,
  { app, prompt }: Session<T>,
  { chain, account, address }: AddressRequest,
): Promise<string> {
  const { origin, rest } = splitOrigin(chain.parseAccount(account))
  const own = rest.slice(rest.lastIndexOf(':') + 1)
  if (address !== undefined && chain.parseAddress(address) !== own)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: `This account has one address, ${own}, and the one to be shown is another.`,
    })
  const path = needsPath(origin?.path ?? 'm')
  prompt({ kind: 'confirm', app: app.name, what: 'address', blind: false })
  const shown = (await client.publicKey({ path, show: true })).address
  if (written(shown) === written(own)) return own
  throw mismatch(shown, own)
}

export function mismatch(shown: string, expected: string): CofferError {
  return new CofferError({
    code: 'ADDRESS_MISMATCH',
    message: `The Ledger shows ${shown}, but this account has ${expected}. Do not use this address: the account is not of this device, or was tampered with.`,
    details: { shown, expected },
  })
}

/** Capitals are a checksum in hexadecimal addresses, and letters of their own in all others. */
const written = (address: string): string => (address.startsWith('0x') ? address.toLowerCase() : address)

/** A public key as a device gives it (65 or 33 bytes) in 33 bytes. Throws `INVALID_KEY` when it is no point of the curve. */
function compressed(publicKey: Uint8Array): Uint8Array {
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
function needsPath(path: string): string {
  if (path !== 'm') return path
  throw new CofferError({
    code: 'WRONG_ACCOUNT',
    message:
      'This account does not say at which path its key is. Open it by its index, or with its key origin before the address.',
  })
}
