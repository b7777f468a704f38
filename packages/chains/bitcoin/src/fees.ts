import { CofferError, type FeeEstimate } from '@coffer/core'
import type { BitcoinNetwork } from './networks.ts'

/** How soon a transaction should be mined: within about a day, an hour, or the next block. */
export type FeeSpeed = 'slow' | 'normal' | 'fast'

/** A fee as a caller may give it. `satPerVb` is a decimal string, such as `'12.5'`. */
export type FeeChoice = FeeSpeed | { readonly satPerVb: string } | { readonly satPerKvb: bigint }

const TARGETS: Record<FeeSpeed, number> = { slow: 144, normal: 6, fast: 1 }
/** What Core takes for the time when coins are spent at leisure; changes only which coins are chosen. */
export const LONG_TERM_RATE = 10_000n

/** Checks the form of a choice. Throws `INVALID_REQUEST`. */
export function checkFee(choice: unknown): asserts choice is FeeChoice {
  if (typeof choice === 'string' && Object.hasOwn(TARGETS, choice)) return
  if (typeof choice === 'object' && choice !== null && Object.keys(choice).length === 1) {
    const { satPerVb, satPerKvb } = choice as { satPerVb?: unknown; satPerKvb?: unknown }
    if (typeof satPerVb === 'string' && /^(?:0|[1-9][0-9]{0,6})(?:\.[0-9]{1,3})?$/.test(satPerVb)) return
    if (typeof satPerKvb === 'bigint' && satPerKvb > 0n) return
  }
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: `A fee is "slow", "normal" or "fast", or a rate such as { satPerVb: '12.5' }.`,
  })
}

/** The rate of a choice that names one; `undefined` for a speed. */
export function ownRate(choice: FeeChoice): bigint | undefined {
  if (typeof choice === 'string') return undefined
  if ('satPerKvb' in choice) return choice.satPerKvb
  const [whole, part = ''] = choice.satPerVb.split('.') as [string, string?]
  return BigInt(whole + part.padEnd(3, '0'))
}

/**
 * The rate for a choice, in satoshi for 1,000 virtual bytes, never below what nodes pass on. Throws `FEE_UNKNOWN` when a speed was
 * asked for and the source cannot tell rates, `FEE_TOO_LOW` for an own rate below the network's lowest.
 */
export function feeRate(
  choice: FeeChoice,
  estimates: readonly FeeEstimate[],
  network: BitcoinNetwork,
): bigint {
  const own = ownRate(choice)
  if (own !== undefined) {
    if (own >= network.minFeeRate) return own
    throw new CofferError({
      code: 'FEE_TOO_LOW',
      message: `Nodes pass on no transaction below ${Number(network.minFeeRate) / 1000} sat/vB. Choose a higher rate.`,
    })
  }
  const target = TARGETS[choice as FeeSpeed]
  const fit = estimates.filter(({ blocks }) => blocks <= target)
  const chosen = fit.at(-1) ?? estimates[0]
  if (!chosen)
    throw new CofferError({
      code: 'FEE_UNKNOWN',
      message: `No node could say what fee rate is needed now. Give one: fee: { satPerVb: '5' }.`,
    })
  return chosen.satPerKvb > network.minFeeRate ? chosen.satPerKvb : network.minFeeRate
}

/** The fee of so much weight at a rate, rounded up: never below the rate. */
export function feeOfWeight(weight: number, satPerKvb: bigint): bigint {
  const vsize = BigInt(Math.ceil(weight / 4))
  return (vsize * satPerKvb + 999n) / 1000n
}
