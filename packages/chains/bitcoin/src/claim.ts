import type { Draft, Engine, Store } from '@coffer/core'
import { accountKey, claimCoins, freeCoins } from './book.ts'
import { readDescriptor } from './descriptor.ts'
import type { BitcoinIntent } from './intent.ts'
import type { BitcoinNetwork } from './networks.ts'
import { type Plan, readPayload, unsignedTx } from './payload.ts'
import { pushes, scriptKind } from './script.ts'
import { txidOf } from './transaction.ts'

/** Keeps the coins of a draft that is about to be signed for it alone; returns what undoes that. Throws `COIN_TAKEN`. */
export async function claim(
  draft: Draft,
  store: Store,
  network: BitcoinNetwork,
  engine?: Engine,
): Promise<() => Promise<void>> {
  const plan = readPayload(draft, network, engine)
  return claimCoins(store, accountKey(network.id, readDescriptor(draft.account, network, engine).text), {
    id: draftId(plan),
    outpoints: plan.inputs.map(({ txid, vout }) => `${txid}:${vout}`),
    txid: signedId(plan),
    replaces: (draft.intent as BitcoinIntent).replaces,
  })
}

/** Gives the coins of a draft that was not signed back; with `signed`, also those of one that was and will not be sent. */
export async function release(
  draft: Draft,
  store: Store,
  network: BitcoinNetwork,
  engine?: Engine,
  options: { readonly signed?: boolean } = {},
): Promise<void> {
  const id = draftId(readPayload(draft, network, engine))
  await freeCoins(
    store,
    accountKey(network.id, readDescriptor(draft.account, network, engine).text),
    id,
    options,
  )
}

/** The id that the signed transaction will have; `undefined` where a signature is part of it (P2PKH). */
function signedId(plan: Plan): string | undefined {
  const tx = unsignedTx(plan)
  if (plan.inputs.some(({ script }) => scriptKind(script.script) === 'p2pkh')) return undefined
  const inputs = tx.inputs.map((input, i) => {
    const { redeemScript } = plan.inputs[i]!.script
    return redeemScript ? { ...input, scriptSig: pushes([redeemScript]) } : input
  })
  return txidOf({ ...tx, inputs })
}

/** Names a draft among the holds: the id of its transaction without signatures. */
function draftId(plan: Plan): string {
  return txidOf(unsignedTx(plan))
}
