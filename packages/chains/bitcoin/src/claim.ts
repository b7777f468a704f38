import type { Draft, Engine, Store } from '@coffer/core'
import { accountKey, claimCoins, freeCoins } from './book.ts'
import type { BitcoinIntent } from './intent.ts'
import type { BitcoinNetwork } from './networks.ts'
import { type Plan, readPayload, unsignedTx } from './payload.ts'
import { txidOf } from './transaction.ts'

/** Keeps the coins of a draft that is about to be signed for it alone; returns what undoes that. Throws `COIN_TAKEN`. */
export async function claim(
  draft: Draft,
  store: Store,
  network: BitcoinNetwork,
  engine?: Engine,
): Promise<() => Promise<void>> {
  const plan = readPayload(draft, network, engine)
  return claimCoins(store, accountKey(network.id, draft.account), {
    id: draftId(plan),
    outpoints: plan.inputs.map(({ txid, vout }) => `${txid}:${vout}`),
    replaces: (draft.intent as BitcoinIntent).replaces !== undefined,
  })
}

/** Gives the coins of a draft that was not signed back. */
export async function release(
  draft: Draft,
  store: Store,
  network: BitcoinNetwork,
  engine?: Engine,
): Promise<void> {
  await freeCoins(store, accountKey(network.id, draft.account), draftId(readPayload(draft, network, engine)))
}

/** Names a draft among the holds: the id of its transaction without signatures. */
function draftId(plan: Plan): string {
  return txidOf(unsignedTx(plan))
}
