import { CofferError, formatAmount, type Resource } from '@coffer/core'
import type { Facts } from './facts.ts'
import type { TronIntent, TronNetwork } from './intent.ts'
import { type AccountState, type Allowance, leftOf, type Trial } from './reads.ts'
import type { Resolved } from './request.ts'

/** So many unfreezings wait at the same time at most. */
const MOST_UNFREEZING = 32
/** A lending has more bytes than that. */
const LENDING_BYTES = 250n
/** Milliseconds. */
const CLAIM_EVERY = 86_400_000n

/**
 * Refuses what the account cannot do as it stands, with a sentence that says what it can, before the node's own, less clear,
 * complaints. Throws `INSUFFICIENT_FUNDS` or `INVALID_REQUEST`.
 */
export function checkState(
  intent: TronIntent,
  { others, head, allowances, parameters }: Facts,
  account: AccountState,
  { coin, name }: TronNetwork,
  /** The most that can be lent, taken back or claimed. */
  limit: bigint | undefined,
): void {
  const show = (amount: bigint): string => `${formatAmount(amount, coin.decimals)} ${coin.symbol}`
  if (!account.exists)
    throw new CofferError({
      code: 'INSUFFICIENT_FUNDS',
      message: `The account was never used on ${name}. Send it some ${coin.symbol} first.`,
      details: { held: 0n },
    })
  switch (intent.kind) {
    case 'pay':
      if (others.get(intent.to)?.isContract)
        throw invalid(
          `At ${intent.to} stands a contract, which takes no plain payments. Call it: { kind: 'call', to, data, amount }.`,
        )
      return
    case 'activate':
      if (others.get(intent.to)?.exists) throw invalid('That address has an account already.')
      return
    case 'unfreeze': {
      const held = account.frozen[intent.resource]
      if (intent.amount > held)
        throw insufficient(`Only ${show(held)} are staked for ${intent.resource}.`, intent.amount, held)
      if (account.unfreezing.filter(({ ready }) => ready > head.time).length >= MOST_UNFREEZING)
        throw invalid(
          `${MOST_UNFREEZING} amounts are on their way out of staking, which is the most. Wait for the first.`,
        )
      return
    }
    case 'delegate': {
      const held = account.frozen[intent.resource]
      if (intent.amount > held)
        throw insufficient(
          `Only ${show(held)} are staked for ${intent.resource} and not lent.`,
          intent.amount,
          held,
        )
      const lendable = lendableOf(intent.resource, held, limit, allowances.bandwidth)
      if (lendable !== undefined && intent.amount > lendable)
        throw insufficient(
          `The ${intent.resource} of ${show(lendable)} can be lent now; the rest is in use and comes back within a day.`,
          intent.amount,
          lendable,
        )
      if (!others.get(intent.to)?.exists)
        throw invalid('Nobody has an account at that address yet: activate it first.')
      if (others.get(intent.to)?.isContract) throw invalid('Nothing can be lent to a contract.')
      const { longestLock } = parameters
      if (longestLock !== undefined && intent.lockBlocks > longestLock)
        throw invalid(
          `The chain lends for ${longestLock} blocks at most; you asked for ${intent.lockBlocks}.`,
        )
      return
    }
    case 'claim': {
      const next = account.lastClaim + CLAIM_EVERY
      if (next > head.time)
        throw invalid(
          `Rewards can be claimed once in 24 hours: the next time at ${new Date(Number(next)).toISOString()}.`,
        )
      if (limit === 0n) throw invalid('There are no rewards to claim.')
      return
    }
    case 'permissions':
      if (account.isWitness !== (intent.witness !== undefined))
        throw invalid(
          account.isWitness
            ? 'This account makes blocks: say who signs them, as witness.'
            : 'Only an account that makes blocks has a witness permission. Leave it out.',
        )
      return
    case 'undelegate': {
      const held = account.delegated[intent.resource]
      if (intent.amount > held)
        throw insufficient(`Only the ${intent.resource} of ${show(held)} is lent.`, intent.amount, held)
      if (limit !== undefined && intent.amount > limit)
        throw insufficient(
          `The ${intent.resource} of ${show(limit)} can be taken back from ${intent.to} now; no more was lent there, or its time is not over.`,
          intent.amount,
          limit,
        )
      return
    }
    case 'withdraw': {
      const [first] = account.unfreezing.map(({ ready }) => ready).sort((a, b) => (a < b ? -1 : 1))
      if (first === undefined) throw invalid('Nothing is on its way out of staking.')
      if (first > head.time)
        throw invalid(
          `Nothing has waited long enough yet: the first comes at ${new Date(Number(first)).toISOString()}.`,
        )
      return
    }
    case 'cancel-unfreeze':
      if (account.unfreezing.length === 0) throw invalid('Nothing is on its way out of staking.')
      return
    case 'vote': {
      const wanted = intent.votes.reduce((sum, { count }) => sum + count, 0n)
      const { limit } = allowances.votes
      if (wanted > limit)
        throw insufficient(
          `The account has ${limit} votes, one for each ${coin.symbol} that is staked.`,
          wanted,
          limit,
        )
      return
    }
    default:
  }
}

/** Throws `EXECUTION_REVERTED` for a call that would fail, or that a token says it would refuse. */
export function checkTrial(
  { failure, returned, events }: Trial,
  { intent, asset }: Resolved,
  network: TronNetwork,
): void {
  if (failure !== undefined)
    throw new CofferError({
      code: 'EXECUTION_REVERTED',
      message: `The contract would refuse this: ${failure}. Nothing was sent.`,
      details: { reason: failure },
    })
  if (asset?.kind.kind !== 'trc20' || returned === '' || /^0{63}1$/.test(returned)) return
  // USDT of Tron returns false and pays: of listed tokens it is known that they move, and an event shows it of others.
  const { address } = asset.kind
  if (network.tokens.some((token) => token.address === address) || (events ?? 0) > 0) return
  throw new CofferError({
    code: 'EXECUTION_REVERTED',
    message: `The token ${asset.asset.symbol} says that it would refuse this. Nothing was made.`,
    details: { asset: asset.asset.id, kind: intent.kind, returned: returned.slice(0, 64) },
  })
}

/**
 * The node's word, which keeps back the bandwidth of the lending itself. Where stake cannot pay that anyway, the chain holds
 * only against what is in use.
 */
function lendableOf(
  resource: Resource,
  held: bigint,
  told: bigint | undefined,
  bandwidth: Allowance,
): bigint | undefined {
  if (told === undefined || resource === 'energy' || leftOf(bandwidth) >= LENDING_BYTES) return told
  const { limit, used } = bandwidth
  const inUse = limit > 0n ? (held * used + limit - 1n) / limit : held
  const free = held > inUse ? held - inUse : 0n
  return free > told ? free : told
}

function insufficient(message: string, needed: bigint, held: bigint): CofferError {
  return new CofferError({ code: 'INSUFFICIENT_FUNDS', message, details: { needed, held } })
}

function invalid(message: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message })
}
