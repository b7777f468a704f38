import { CofferError, type Store } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import type { WalletPolicy } from '../clients.ts'

/** A policy as it was registered, with the device's proof of it. */
export interface Registration {
  readonly policy: WalletPolicy
  /** 32 bytes. */
  readonly hmac: Uint8Array
}

/** Which accounts a device has registered. The proof is worth nothing without the device, and tells which keys belong together. */
export async function readRegistration(
  store: Store,
  fingerprint: string,
  policy: WalletPolicy,
): Promise<Registration> {
  const text = await store.get(keyOf(fingerprint, policy))
  const { name, hmac } = parse(text) ?? {}
  if (name === undefined || hmac === undefined)
    throw new CofferError({
      code: 'ACCOUNT_NOT_REGISTERED',
      message:
        'This account is not registered on this Ledger yet. Register it once, comparing every key on its screen: signer.registerAccount({ chain, account, name }).',
      details: { fingerprint },
    })
  return { policy: { ...policy, name }, hmac: hexToBytes(hmac) }
}

export async function writeRegistration(
  store: Store,
  fingerprint: string,
  { policy, hmac }: Registration,
): Promise<void> {
  await store.set(keyOf(fingerprint, policy), JSON.stringify({ name: policy.name, hmac: bytesToHex(hmac) }))
}

function parse(text: string | undefined): { name?: string; hmac?: string } | undefined {
  if (text === undefined) return undefined
  try {
    const { name, hmac } = JSON.parse(text) as { name: unknown; hmac: unknown }
    if (typeof name === 'string' && typeof hmac === 'string' && /^[0-9a-f]{64}$/.test(hmac))
      return { name, hmac }
  } catch {}
  return undefined
}

function keyOf(fingerprint: string, { template, keys }: WalletPolicy): string {
  const digest = sha256(utf8ToBytes(JSON.stringify([template, keys])))
  return `ledger/account/${fingerprint}/${bytesToHex(digest)}`
}
