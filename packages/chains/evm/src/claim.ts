import type { Draft, Store } from '@coffer/core'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { accountAddress } from './address.ts'
import { accountId } from './create.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import type { EvmIntent, EvmNetwork } from './intent.ts'
import { claimNonce, freeNonce } from './nonce.ts'
import { readPayload } from './payload.ts'

/** Keeps the nonce of a draft that is about to be signed for it alone. Throws `NONCE_TAKEN`. */
export function claim(network: EvmNetwork, draft: Draft, store: Store): Promise<void> {
  const { account, nonce, id } = holderOf(network, draft)
  return claimNonce(store, account, nonce, {
    id,
    replaces: (draft.intent as EvmIntent).replaces !== undefined,
  })
}

/** Gives the nonce of a draft that was not signed back. */
export function release(network: EvmNetwork, draft: Draft, store: Store): Promise<void> {
  const { account, nonce, id } = holderOf(network, draft)
  return freeNonce(store, account, nonce, id)
}

function holderOf(network: EvmNetwork, draft: Draft) {
  const { nonce } = readPayload(draft, network)
  const address = accountAddress(draft.account, network)
  return {
    account: accountId({ network, address }),
    nonce,
    id: bytesToHex(keccak_256(hexToBytes(draft.payload))),
  }
}
