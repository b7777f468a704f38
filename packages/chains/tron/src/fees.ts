import { CofferError, formatAmount } from '@coffer/core'
import type { FeeParts } from './fee-parts.ts'
import { type AccountState, type Allowances, leftOf, type Parameters } from './reads.ts'

/** What the price of a transaction follows from. */
export interface Priced {
  readonly parameters: Parameters
  readonly allowances: Allowances
  /** Of the signed transaction, as `bandwidthOf` counts it. */
  readonly bytes: bigint
  readonly signatures: number
  readonly memo: boolean
  /** It opens an account. */
  readonly opens: boolean
  /** It changes permissions. */
  readonly permissions: boolean
  /** For contract calls. */
  readonly energy?: EnergyUse | undefined
}

export interface EnergyUse {
  readonly used: bigint
  readonly penalty: bigint
  /** The most of it that the contract's deployer pays. */
  readonly shared: bigint
  /** The least with which the call succeeds; not below `used`. */
  readonly needed?: bigint | undefined
  /** All the energy that the chain would let it use, from what its caller can pay for. */
  readonly limit?: (own: bigint) => bigint
}

/**
 * What a transaction costs, in the order in which the chain takes it. Bandwidth is paid whole by one payer: stake, else the
 * free allowance, else coin; to open an account stake pays, else a fee of its own. Energy comes from the deployer's share,
 * then stake, then coin. Pure.
 */
export function priceOf(priced: Priced): FeeParts {
  const { parameters, allowances, bytes, signatures, opens } = priced
  const staked = leftOf(allowances.bandwidth)
  const from = opens
    ? bytes * parameters.newAccountRate <= staked
      ? 'staked'
      : 'burnt'
    : bytes <= staked
      ? 'staked'
      : bytes <= leftOf(allowances.free)
        ? 'free'
        : 'burnt'
  const bandwidthBurnt = from === 'burnt' && !opens ? bytes * parameters.byte : 0n
  const activation = opens
    ? parameters.newAccount + (from === 'burnt' ? parameters.newAccountBandwidth : 0n)
    : 0n

  const { used, penalty, shared } = priced.energy ?? { used: 0n, penalty: 0n, shared: 0n }
  const own = used - shared
  const energyStaked = least(own, leftOf(allowances.energy))
  const energyBurnt = (own - energyStaked) * parameters.energy

  const memo = priced.memo ? parameters.memo : 0n
  const multiSign = signatures > 1 ? parameters.multiSign : 0n
  const permissions = priced.permissions ? parameters.permissions : 0n
  return {
    bandwidth: { bytes, from, burnt: bandwidthBurnt },
    energy: {
      used,
      penalty,
      shared,
      staked: energyStaked,
      burnt: energyBurnt,
      price: parameters.energy,
    },
    activation,
    memo,
    multiSign,
    permissions,
    total: bandwidthBurnt + activation + energyBurnt + memo + multiSign + permissions,
  }
}

/**
 * What a contract's deployer pays of a call: its percentage, as far as its limit and its own stake reach. Nothing when the
 * caller is the deployer.
 */
export function sharedEnergy(
  used: bigint,
  terms: { readonly userPercent: bigint; readonly originEnergyLimit: bigint },
  left: bigint,
): bigint {
  return least((used * (100n - terms.userPercent)) / 100n, least(terms.originEnergyLimit, left))
}

/** How much energy a call may use: what its caller can pay, and what its deployer adds to each part of that. */
export function energyLimit(
  own: bigint,
  terms: { readonly userPercent: bigint; readonly originEnergyLimit: bigint },
  left: bigint,
): bigint {
  const { userPercent, originEnergyLimit } = terms
  const most = least(originEnergyLimit, left)
  if (userPercent === 0n) return own + most
  return own + least((own * (100n - userPercent)) / userPercent, most)
}

/** A quarter on top: what a call uses may change until it is mined, and popular contracts get dearer every six hours. */
const MARGIN = { numerator: 5n, denominator: 4n }

/**
 * The fee limit of a call: the whole energy bill with its margin, as if nothing were staked and nothing shared. The chain
 * holds it against all energy that is used, so that one from the net cost would make a call of a staked account run out.
 * Throws `FEE_TOO_HIGH` when the chain allows less than the bill itself.
 */
export function feeLimitOf(used: bigint, { energy, maxFeeLimit }: Parameters): bigint {
  const bill = used * energy
  if (bill > maxFeeLimit)
    throw new CofferError({
      code: 'FEE_TOO_HIGH',
      message: `The call needs ${used} energy, which costs ${formatAmount(bill, 6)} TRX; the chain allows no more than ${formatAmount(maxFeeLimit, 6)} TRX for one transaction.`,
      details: { energy: used, bill, maxFeeLimit },
    })
  const limit = ((used * MARGIN.numerator + MARGIN.denominator - 1n) / MARGIN.denominator) * energy
  return least(limit, maxFeeLimit)
}

/**
 * Throws when a call would run out of energy, for which the chain takes everything that it burnt: `INVALID_REQUEST` where the
 * fee limit is too low, `INSUFFICIENT_FUNDS` where the account cannot burn as much as its call must be allowed to.
 */
export function checkEnergy(
  { balance, energy, feeLimit }: { balance: bigint; energy: EnergyUse; feeLimit: bigint },
  staked: bigint,
  { energy: price }: Parameters,
): void {
  const { used, needed = used, limit = (own) => own } = energy
  // Nodes look for the least that succeeds to a coin.
  const enough = needed - COIN / price > used ? needed - COIN / price : used
  if (limit(feeLimit / price) < enough)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: `The call needs ${enough} energy, and with a feeLimit of ${formatAmount(feeLimit, 6)} TRX it would run out of it; the chain keeps the fee all the same. Allow at least ${formatAmount(enough * price, 6)} TRX, or leave feeLimit out.`,
      details: { energy: enough, feeLimit },
    })
  const own = staked + (balance > 0n ? balance / price : 0n)
  if (limit(own) >= enough) return
  throw new CofferError({
    code: 'INSUFFICIENT_FUNDS',
    message: `The call must be allowed ${enough} energy, of which the account can stake or burn ${own}. Add funds, or stake for energy.`,
    details: { energy: enough, reach: own },
  })
}

const COIN = 1_000_000n

/** Throws `INSUFFICIENT_FUNDS` when the account cannot pay `amount` of the coin and what the transaction burns. */
export function checkCoin(account: AccountState, amount: bigint, { total }: FeeParts): void {
  const needed = amount + total
  if (needed <= account.balance) return
  throw new CofferError({
    code: 'INSUFFICIENT_FUNDS',
    message: `This needs ${formatAmount(needed, 6)} TRX, of which ${formatAmount(total, 6)} are the fee; the account holds ${formatAmount(account.balance, 6)}. Add funds, send less, or stake for energy and bandwidth.`,
    details: { needed, fee: total, held: account.balance },
  })
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
