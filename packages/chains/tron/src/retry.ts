import { CofferError, type Draft, type ReadOptions, type SignedFields } from '@coffer/core'
import { accountId } from './address.ts'
import { assetKind, resolveAsset } from './assets.ts'
import { settle, stillOpen } from './book.ts'
import { deedOf } from './claim.ts'
import { createResolved } from './create.ts'
import type { Creating } from './facts.ts'
import type { TronIntent } from './intent.ts'
import { intentOf } from './intent-of.ts'
import { checkCosts, type TronCosts } from './request.ts'
import { readSignedTransaction } from './sign.ts'
import { status } from './status.ts'

/**
 * Makes a draft that does the same as a transaction that expired. It is made only when the chain proves that the first one
 * can no longer be mined: the final block is past its expiration, and no block has it. Throws `PAYMENT_OPEN` until then, and
 * `INVALID_REQUEST` when it was mined: then there is nothing to try again.
 */
export async function retry(
  account: Creating,
  signed: SignedFields,
  costs: Omit<TronCosts, 'again' | 'memo'>,
  options: ReadOptions,
): Promise<Draft<TronIntent>> {
  checkCosts(costs)
  const { network, source, store, address } = account
  const { tx, account: from } = readSignedTransaction(signed, network)
  if (from !== address)
    throw new CofferError({ code: 'WRONG_ACCOUNT', message: 'This transaction was sent by another account.' })
  const now = await status(network, signed, { source, signal: options.signal })
  if (now.state === 'mined')
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: `It was mined in block ${now.height} and ${now.ok ? 'did what it should' : 'failed'}: there is nothing to try again.`,
      details: { txid: signed.txid, height: now.height },
    })
  if (now.state !== 'expired') throw stillOpen(signed.txid, tx.expiration)
  await settle(store, accountId(network, address), [{ txid: signed.txid, deed: deedOf(tx) }])
  const intent = intentOf(tx, network)
  const asset =
    intent.kind === 'pay' || intent.kind === 'approve' ? resolveAsset(intent.asset, network) : undefined
  const about = asset ? { asset: { asset, kind: assetKind(asset.id, network) } } : {}
  const permission = tx.permission > 0 ? { permission: tx.permission } : {}
  const request = { ...permission, ...costs, to: address, amount: 0n }
  const [draft] = await createResolved(account, [request], [{ intent, max: false, ...about }], options)
  return draft!
}
