import { CofferError, type Draft, type ReadOptions, type SignedFields } from '@coffer/core'
import { baseFeeHint, type Creating } from './create.ts'
import { makeDraft } from './draft.ts'
import { type FeeChoice, feeRead, type GasPrices, gasPrices } from './fees.ts'
import { quantity } from './hex.ts'
import type { EvmIntent, EvmTransaction, Hex } from './intent.ts'
import { intentOf } from './intent-of.ts'
import { ask, read, take } from './rpc.ts'
import { readSignedTransaction } from './sign.ts'

export interface ReplaceRequest {
  /** `speed-up` sends the same again for a higher fee; `cancel` sends nothing in its place. */
  readonly action: 'speed-up' | 'cancel'
  /** `fast` when not given. Never less than an eighth above the earlier fee, which nodes want of a replacement. */
  readonly fee?: FeeChoice | undefined
}

/**
 * Makes the draft that takes the place of a sent transaction: same nonce, higher fee. Works from the signed bytes, never
 * from what a node says of them. Throws `NONCE_TAKEN` when one with this nonce was mined already.
 */
export async function replace(
  account: Creating,
  signed: SignedFields,
  { action, fee = 'fast' }: ReplaceRequest,
  options: ReadOptions,
): Promise<Draft<EvmIntent>> {
  const { network, source, address } = account
  const { transaction: old, from } = readSignedTransaction(signed, network)
  if (from !== address)
    throw new CofferError({ code: 'WRONG_ACCOUNT', message: 'This transaction was sent by another account.' })
  if (action !== 'speed-up' && action !== 'cancel')
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'A replacement is a "speed-up" or a "cancel".',
    })

  const [market, count] = await ask(
    source,
    [feeRead(network), read('eth_getTransactionCount', [address, 'latest'], quantity)] as const,
    options,
  )
  if (take(count) > old.nonce)
    throw new CofferError({
      code: 'NONCE_TAKEN',
      message: 'It was mined already, or another one with its nonce was. It cannot be replaced.',
      details: { txid: signed.txid },
    })

  const prices = atLeast(gasPrices(fee, market, network), old)
  const replaces = { txid: signed.txid as Hex, nonce: old.nonce }
  const intent: EvmIntent =
    action === 'cancel' ? { kind: 'cancel', replaces } : { ...intentOf(old, network), replaces }
  const gasLimit = action === 'cancel' ? 21_000n : old.gasLimit
  const hints = { gasUsed: gasLimit.toString(), ...baseFeeHint(prices) }
  return makeDraft(network, account.descriptor, intent, { nonce: old.nonce, gasLimit, ...prices }, hints)
}

/** The market's rates, raised to an eighth above those of the transaction to be replaced. */
function atLeast(prices: GasPrices, old: EvmTransaction): GasPrices {
  const bump = (rate: bigint): bigint => (rate * 9n) / 8n + 1n
  const most = (a: bigint, b: bigint): bigint => (a > b ? a : b)
  const before =
    'gasPrice' in old
      ? { max: old.gasPrice, tip: old.gasPrice }
      : { max: old.maxFeePerGas, tip: old.maxPriorityFeePerGas }
  if ('gasPrice' in prices) return { gasPrice: most(prices.gasPrice, bump(before.max)) }
  const tip = most(prices.maxPriorityFeePerGas, bump(before.tip))
  return {
    ...prices,
    maxPriorityFeePerGas: tip,
    maxFeePerGas: most(most(prices.maxFeePerGas, bump(before.max)), tip),
  }
}
