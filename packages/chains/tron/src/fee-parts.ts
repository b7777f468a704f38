import type { DraftFields } from '@coffer/core'
import type { Prices } from './intent.ts'
import { bandwidthOf, type TronTransaction } from './transaction.ts'

/** What a transaction will cost, by its parts, as things stood when it was priced. Coin in sun. */
export interface FeeParts {
  readonly bandwidth: {
    /** Of the signed transaction, and 64 for its result. */
    readonly bytes: bigint
    /** Who pays it: stake, the free allowance of a day, or coin. It is never shared. */
    readonly from: 'staked' | 'free' | 'burnt'
    /** Coin that is burnt for it. */
    readonly burnt: bigint
  }
  readonly energy: {
    /** In all, with the penalty. */
    readonly used: bigint
    /** The part that popular contracts add. */
    readonly penalty: bigint
    /** Paid by the contract's deployer. */
    readonly shared: bigint
    readonly staked: bigint
    /** Coin that is burnt for the rest. */
    readonly burnt: bigint
    /** Sun for one unit. */
    readonly price: bigint
  }
  /** For the account that is opened at a new address. */
  readonly activation: bigint
  readonly memo: bigint
  readonly multiSign: bigint
  readonly permissions: bigint
  /** All coin together. */
  readonly total: bigint
}

/** The most signatures that a transaction has: a permission has at most five keys. */
const MOST_SIGNATURES = 5

/** How many signatures a transaction may have. One for an account whose own key decides. */
export function signaturesOf(tx: Pick<TronTransaction, 'permission'>, keys: number): number {
  return tx.permission > 0 || keys > 1 ? MOST_SIGNATURES : 1
}

/**
 * The most that a transaction can cost: its fee limit, which covers the whole energy bill, and everything else at the
 * network's prices as if nothing were free. From the bytes, and from whether several keys sign.
 */
export function ceilingOf(
  tx: TronTransaction,
  rawLength: number,
  { prices }: { readonly prices: Prices },
  keys: number,
): bigint {
  const signatures = signaturesOf(tx, keys)
  const { type } = tx.contract
  const opens =
    type === 'TransferContract' || type === 'TransferAssetContract' || type === 'AccountCreateContract'
  return (
    tx.feeLimit +
    bandwidthOf(rawLength, signatures) * prices.byte +
    (opens ? prices.activation : 0n) +
    (tx.memo === '' ? 0n : prices.memo) +
    (signatures === 1 ? 0n : prices.multiSign) +
    (type === 'AccountPermissionUpdateContract' ? prices.permissions : 0n)
  )
}

type Hints = DraftFields['hints']

/** The parts as a draft carries them, for display. */
export function hintsOf({ bandwidth, energy, total, ...others }: FeeParts): Record<string, string> {
  const numbers: Record<string, bigint> = {
    bandwidth: bandwidth.bytes,
    bandwidthBurnt: bandwidth.burnt,
    energyPrice: energy.price,
    energy: energy.used,
    energyPenalty: energy.penalty,
    energyShared: energy.shared,
    energyStaked: energy.staked,
    energyBurnt: energy.burnt,
    ...others,
    fee: total,
  }
  const written = Object.entries(numbers).filter(([, value]) => value > 0n)
  return {
    bandwidthFrom: bandwidth.from,
    ...Object.fromEntries(written.map(([name, value]) => [name, value.toString()])),
  }
}

/**
 * What a draft will cost, by its parts; `undefined` for one that was made without asking a node. A forecast: it rests on
 * what the node said, and `draft.fee.ceiling` holds whatever it said.
 *
 * @example
 * feeParts(draft)?.energy // { used: 29650n, penalty: 0n, shared: 0n, staked: 12000n, burnt: 1765000n, price: 100n }
 */
export function feeParts({ hints }: { readonly hints: Hints }): FeeParts | undefined {
  const from = ['staked', 'free', 'burnt'] as const
  const payer = from.find((payer) => payer === textOf(hints, 'bandwidthFrom'))
  if (!payer) return undefined
  const of = (name: string): bigint => numberOf(hints, name) ?? 0n
  return {
    bandwidth: { bytes: of('bandwidth'), from: payer, burnt: of('bandwidthBurnt') },
    energy: {
      used: of('energy'),
      penalty: of('energyPenalty'),
      shared: of('energyShared'),
      staked: of('energyStaked'),
      burnt: of('energyBurnt'),
      price: of('energyPrice'),
    },
    activation: of('activation'),
    memo: of('memo'),
    multiSign: of('multiSign'),
    permissions: of('permissions'),
    total: of('fee'),
  }
}

export function textOf(hints: Hints, name: string): string | undefined {
  return Object.hasOwn(hints, name) ? hints[name] : undefined
}

export function numberOf(hints: Hints, name: string): bigint | undefined {
  const text = textOf(hints, name)
  return text !== undefined && /^(0|[1-9][0-9]{0,18})$/.test(text) ? BigInt(text) : undefined
}
