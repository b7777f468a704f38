import type { Draft, Store } from '@coffer/core'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { accountAddress, accountId } from './address.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import type { EvmIntent, EvmNetwork, EvmTransaction } from './intent.ts'
import { claimNonce, freeNonce } from './nonce.ts'
import { readPayload } from './payload.ts'
import { encodeUnsigned } from './transaction.ts'

/** Keeps the nonce of a draft that is about to be signed for it alone; returns what undoes that. Throws `NONCE_TAKEN`. */
export async function claim(network: EvmNetwork, draft: Draft, store: Store): Promise<() => Promise<void>> {
  const { account, nonce, id } = holderOf(network, draft)
  const replaces = (draft.intent as EvmIntent).replaces !== undefined
  return claimNonce(store, account, nonce, { id, replaces })
}

/** Gives the nonce of a draft that was not signed back. */
export async function release(network: EvmNetwork, draft: Draft, store: Store): Promise<void> {
  const { account, nonce, id } = holderOf(network, draft)
  return freeNonce(store, account, nonce, id)
}

/** Names a draft in the book of nonces: the hash of its payload. */
export function payloadId(payload: string): string {
  return bytesToHex(keccak_256(hexToBytes(payload)))
}

/** The same name, of the signed transaction that came of a draft. */
export function transactionId(tx: EvmTransaction): string {
  if (tx.type !== 'eip7702') return payloadId(encodeUnsigned(tx))
  const authorizationList = tx.authorizationList.map(({ signature: _, ...unsigned }) => unsigned)
  return payloadId(encodeUnsigned({ ...tx, authorizationList }))
}

function holderOf(network: EvmNetwork, draft: Draft) {
  const { nonce } = readPayload(draft, network)
  const address = accountAddress(draft.account, network)
  return { account: accountId(network, address), nonce, id: payloadId(draft.payload) }
}
