import { type AmountInput, CofferError, toBaseUnits } from '@coffer/core'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { parseAddress } from './address.ts'
import { checkFee, type FeeChoice } from './fees.ts'
import type { BitcoinIntent, Output } from './intent.ts'
import type { BitcoinNetwork } from './networks.ts'
import { dustOf } from './weight.ts'

/** Fee, coins and data, for any request. */
export interface BitcoinCosts {
  /** `normal` when not given. */
  readonly fee?: FeeChoice | undefined
  /** The most that the fee may reach, in the coin; above it `create` throws `FEE_TOO_HIGH`. */
  readonly maxFee?: AmountInput | undefined
  /** Coin control: exactly these coins are spent, by outpoint (`txid:vout`), even frozen or tiny ones. */
  readonly coins?: readonly string[] | undefined
  /** True to spend also coins that strangers sent and that wait to be mined. Own change may always be spent. */
  readonly unconfirmed?: boolean | undefined
  /** Data for an OP_RETURN output, at most 80 bytes; text as UTF-8. Anybody can read it, for ever. */
  readonly memo?: string | Uint8Array | undefined
}

/**
 * What a caller asks of an account. A string amount is in whole bitcoin, a bigint in satoshi. The recipient always gets the
 * amount; the fee comes on top.
 */
export type BitcoinRequest = BitcoinCosts &
  (
    | {
        readonly kind?: 'pay' | undefined
        readonly to: string
        /** `max` sends all there is, less the fee. */
        readonly amount: AmountInput | 'max'
      }
    | {
        readonly kind: 'batch'
        readonly payments: readonly { readonly to: string; readonly amount: AmountInput }[]
        /** Gets all that remains of the coins; without it the rest comes back as change. */
        readonly rest?: string | undefined
      }
  )

const MOST_MEMO = 80
const MOST_PAYMENTS = 3_000
const OUTPOINT = /^[0-9a-f]{64}:(?:0|[1-9][0-9]{0,9})$/

/** Checks a request and resolves it. Pure. Throws `INVALID_REQUEST`, `INVALID_ADDRESS`, `INVALID_AMOUNT`. */
export function resolveRequest(request: BitcoinRequest, network: BitcoinNetwork): BitcoinIntent {
  if (typeof request !== 'object' || request === null) throw invalid('Say what to create: { to, amount }.')
  const { fee, maxFee, coins, memo: data } = request
  if (fee !== undefined) checkFee(fee)
  if (maxFee !== undefined) toBaseUnits(maxFee, network.coin.decimals)
  if (
    coins !== undefined &&
    (!Array.isArray(coins) || coins.length === 0 || coins.some((coin) => !OUTPOINT.test(coin)))
  )
    throw invalid('Coins are named by their outpoints, "txid:vout", and there is at least one.')
  const memo = data === undefined ? {} : { memo: memoOf(data) }
  const asset = network.coin.id
  switch (request.kind) {
    case undefined:
    case 'pay': {
      const to = parseAddress(request.to, network)
      if (request.amount === 'max') return { kind: 'sweep', asset, to: to.address, ...memo }
      return {
        kind: 'pay',
        asset,
        ...payment(request as { to: string; amount: AmountInput }, network),
        ...memo,
      }
    }
    case 'batch': {
      const { payments, rest } = request
      if (!Array.isArray(payments) || payments.length > MOST_PAYMENTS)
        throw invalid(`A batch is a list of at most ${MOST_PAYMENTS} payments.`)
      if (payments.length === 0 && rest === undefined && data === undefined)
        throw invalid('The batch is empty.')
      return {
        kind: 'batch',
        asset,
        payments: payments.map((one) => payment(one, network)),
        ...(rest === undefined ? {} : { rest: parseAddress(rest, network).address }),
        ...memo,
      }
    }
    default:
      throw invalid('A Bitcoin request is of kind "pay" or "batch".')
  }
}

function payment({ to, amount }: { to: string; amount: AmountInput }, network: BitcoinNetwork): Output {
  const { address, script } = parseAddress(to, network)
  const satoshi = toBaseUnits(amount, network.coin.decimals)
  const dust = dustOf(script)
  if (satoshi < dust)
    throw new CofferError({
      code: 'INVALID_AMOUNT',
      message: `Nodes pass on no payment of less than ${dust} satoshi to ${address}. Send more.`,
      details: { to: address, amount: satoshi, dust },
    })
  return { to: address, amount: satoshi }
}

function memoOf(data: string | Uint8Array): string {
  const bytes = typeof data === 'string' ? utf8ToBytes(data) : data
  if (bytes instanceof Uint8Array && bytes.length > 0 && bytes.length <= MOST_MEMO) return bytesToHex(bytes)
  throw invalid(`A memo has 1 to ${MOST_MEMO} bytes.`)
}

function invalid(message: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message })
}
