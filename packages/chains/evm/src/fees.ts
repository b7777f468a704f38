import { CofferError } from '@coffer/core'
import { quantity } from './hex.ts'
import type { EvmNetwork } from './intent.ts'
import { type Answer, type Read, read, take } from './rpc.ts'

/** How soon a transaction should be mined: within about ten blocks, three blocks, or the next one. */
export type FeeSpeed = 'slow' | 'normal' | 'fast'

/** A fee as a caller may give it; rates in wei per gas. */
export type FeeChoice =
  | FeeSpeed
  | { readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint }
  | { readonly gasPrice: bigint }

/** The fee fields of a transaction, and the base fee from which the likely cost follows. */
export type GasPrices =
  | { readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint; readonly baseFeePerGas: bigint }
  | { readonly gasPrice: bigint }

const PERCENTILES = [10, 50, 90]
/** How much room the ceiling leaves for a rising base fee, in percent: it grows by at most 12.5 % a block. */
const ROOM: Record<FeeSpeed, bigint> = { slow: 115n, normal: 150n, fast: 200n }
/** 2^96, as a literal: bundlers keep a computed bigint even where nobody uses it. */
const MOST = 0x1_0000_0000_0000_0000_0000_0000n

/** The read that {@link gasPrices} needs: `eth_feeHistory`, or `eth_gasPrice` on chains that want one. */
export function feeRead(network: EvmNetwork): Read<FeeFacts> {
  if (network.fees === 'legacy') return read('eth_gasPrice', [], (value) => ({ gasPrice: quantity(value) }))
  return read('eth_feeHistory', ['0xa', 'latest', PERCENTILES], feeHistory)
}

export type FeeFacts =
  | { readonly gasPrice: bigint }
  | { readonly baseFeePerGas: bigint /** By speed. */; readonly tips: readonly [bigint, bigint, bigint] }

/** Checks the form of a choice, whatever the chain. Throws `INVALID_REQUEST`. */
export function checkFee(choice: unknown): asserts choice is FeeChoice {
  if (typeof choice !== 'object' || choice === null) {
    if (typeof choice === 'string' && Object.hasOwn(ROOM, choice)) return
    throw invalid(
      `A fee is "slow", "normal" or "fast", or rates in wei per gas; not ${JSON.stringify(String(choice).slice(0, 40))}.`,
    )
  }
  if (!/^(gasPrice|maxFeePerGas,maxPriorityFeePerGas)$/.test(Object.keys(choice).sort().join()))
    throw invalid('Own fee rates are { maxFeePerGas, maxPriorityFeePerGas } or { gasPrice }.')
  if (Object.values(choice).some((rate) => typeof rate !== 'bigint' || rate < 0n || rate >= MOST))
    throw invalid('Fee rates are bigints in wei per gas, from 0 to 2^96.')
}

/** The fee fields for a choice. Throws `INVALID_REQUEST` for a choice that does not fit the chain. */
export function gasPrices(choice: FeeChoice, answer: Answer<FeeFacts>, network: EvmNetwork): GasPrices {
  checkFee(choice)
  const facts = take(answer)
  if (typeof choice === 'object') return ownChoice(choice, facts, network)
  if ('gasPrice' in facts) {
    const price = facts.gasPrice > network.minGasPrice ? facts.gasPrice : network.minGasPrice
    const percent = choice === 'slow' ? 100n : choice === 'normal' ? 105n : 125n
    return { gasPrice: (price * percent + 99n) / 100n }
  }
  const quoted = facts.tips[choice === 'slow' ? 0 : choice === 'normal' ? 1 : 2]
  const tip = quoted > network.minGasPrice ? quoted : network.minGasPrice
  return {
    maxPriorityFeePerGas: tip,
    maxFeePerGas: (facts.baseFeePerGas * ROOM[choice]) / 100n + tip,
    baseFeePerGas: facts.baseFeePerGas,
  }
}

function ownChoice(choice: Exclude<FeeChoice, FeeSpeed>, facts: FeeFacts, network: EvmNetwork): GasPrices {
  if ('gasPrice' in choice) return { gasPrice: choice.gasPrice }
  if ('gasPrice' in facts)
    throw invalid(`${network.name} wants a gas price: use fee: { gasPrice } instead of maxFeePerGas.`)
  if (choice.maxPriorityFeePerGas > choice.maxFeePerGas)
    throw invalid('maxPriorityFeePerGas cannot exceed maxFeePerGas.')
  return { ...choice, baseFeePerGas: facts.baseFeePerGas }
}

/** Checks an `eth_feeHistory` answer: the next block's base fee, and the median tip of each percentile. */
function feeHistory(value: unknown): FeeFacts {
  const history = value as { baseFeePerGas?: unknown; reward?: unknown } | null
  const baseFees = Array.isArray(history?.baseFeePerGas) ? history.baseFeePerGas : []
  const rewards = Array.isArray(history?.reward) ? history.reward : []
  if (baseFees.length === 0 || baseFees.length > 1025 || rewards.length > 1024)
    throw new CofferError({ code: 'BAD_RESPONSE', message: 'The node gave no usable fee history.' })
  const column = (i: number): bigint => {
    const tips = rewards
      .filter(Array.isArray)
      .map((row) => quantity(row[i]))
      .sort(ascending)
    return tips[tips.length >> 1] ?? 0n
  }
  return { baseFeePerGas: quantity(baseFees.at(-1)), tips: [column(0), column(1), column(2)] }
}

function invalid(message: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message })
}

function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
