import { CofferError } from '@coffer/core'
import { parseAddress, ZERO_ADDRESS } from './address.ts'
import { assetKind } from './assets.ts'
import { isHex } from './hex.ts'
import type { KeySet, TronIntent, TronNetwork } from './intent.ts'

/** 2^63 − 1: what amounts of coin, TRC-10 and stake end at. */
const MOST = 0x7fff_ffff_ffff_ffffn
/** 1 TRX, the least that is staked or lent. */
const LEAST_STAKE = 1_000_000n

/**
 * Refuses an intent that no transaction could carry out, before anybody is asked for anything: amounts of nothing or beyond
 * what the chain counts, the zero address, an account that deals with itself, keys twice. Pure. Throws `INVALID_AMOUNT`,
 * `INVALID_ADDRESS`, `INVALID_ASSET` or `INVALID_REQUEST`.
 */
export function checkIntent(intent: TronIntent, network: TronNetwork): void {
  switch (intent.kind) {
    case 'pay': {
      const { kind } = assetKind(intent.asset, network)
      someone(intent.to)
      positive(intent.amount)
      if (kind !== 'trc20') fits(intent.amount)
      uint256(intent.amount)
      return
    }
    case 'approve':
      if (assetKind(intent.asset, network).kind !== 'trc20')
        throw new CofferError({
          code: 'INVALID_ASSET',
          message: 'Only TRC-20 tokens are approved, not the coin and not TRC-10 tokens.',
        })
      someone(intent.spender)
      uint256(intent.amount)
      return
    case 'call':
      someone(intent.to)
      fits(intent.value)
      if (intent.token) {
        fits(intent.token.amount)
        positive(intent.token.amount)
      }
      return
    case 'deploy':
      fits(intent.value)
      if (intent.data === '0x') throw invalid('A contract needs code.')
      if (intent.userPercent > 100n) throw invalid('userPercent is a share in percent, 0 to 100.')
      if (intent.originEnergyLimit < 1n) throw invalid('originEnergyLimit is 1 or more.')
      fits(intent.originEnergyLimit)
      if ([...intent.name].length > 32 || /\p{C}/u.test(intent.name))
        throw invalid('The name of a contract has at most 32 characters.')
      return
    case 'activate':
      someone(intent.to)
      return
    case 'freeze':
    case 'unfreeze':
    case 'delegate':
    case 'undelegate':
      if (intent.resource !== 'bandwidth' && intent.resource !== 'energy')
        throw invalid('The resource is "bandwidth" or "energy".')
      fits(intent.amount)
      positive(intent.amount)
      if (intent.kind !== 'unfreeze' && intent.kind !== 'undelegate' && intent.amount < LEAST_STAKE)
        throw new CofferError({
          code: 'INVALID_AMOUNT',
          message: 'Less than 1 TRX is neither staked nor lent.',
        })
      if ('to' in intent) someone(intent.to)
      if (intent.kind === 'delegate') fits(intent.lockBlocks)
      return
    case 'vote':
      if (intent.votes.length < 1 || intent.votes.length > 30)
        throw invalid('A vote names 1 to 30 witnesses.')
      unique(
        intent.votes.map(({ to }) => to),
        'A vote names each witness once.',
      )
      for (const { to, count } of intent.votes) {
        someone(to)
        fits(count)
        positive(count)
      }
      return
    case 'permissions':
      checkKeys(intent.owner)
      if (intent.witness) checkKeys(intent.witness)
      if (intent.witness && intent.witness.keys.length !== 1)
        throw invalid('The permission of a witness has exactly one key.')
      if (intent.actives.length < 1 || intent.actives.length > 8)
        throw invalid('An account has 1 to 8 active permissions.')
      for (const active of intent.actives) {
        checkKeys(active)
        if (active.name.length > 32 || /\p{C}/u.test(active.name))
          throw invalid('The name of a permission has at most 32 characters.')
        if (!isHex(active.operations, 32) || active.operations !== active.operations.toLowerCase())
          throw invalid('Operations are 32 bytes in lower-case hexadecimal.')
      }
      return
    case 'cancel-unfreeze':
    case 'withdraw':
    case 'claim':
      return
    default:
      throw invalid('Its intent is of an unknown kind.')
  }
}

/** At most five keys, each once, that can reach the threshold together. */
function checkKeys({ threshold, keys }: KeySet): void {
  if (keys.length < 1 || keys.length > 5) throw invalid('A permission has 1 to 5 keys.')
  unique(
    keys.map(({ address }) => address),
    'A permission names each key once.',
  )
  for (const { address, weight } of keys) {
    someone(address)
    fits(weight)
    if (weight < 1n) throw invalid('A key has a weight of 1 or more.')
  }
  fits(threshold)
  if (threshold < 1n) throw invalid('A threshold is 1 or more.')
  if (keys.reduce((sum, { weight }) => sum + weight, 0n) < threshold)
    throw invalid('All keys together do not reach the threshold: nobody could ever sign.')
}

function someone(address: string): void {
  if (parseAddress(address) !== ZERO_ADDRESS) return
  throw new CofferError({
    code: 'INVALID_ADDRESS',
    message:
      'This is the zero address, of which nobody has the key: what goes there is lost. Check the address.',
  })
}

function positive(amount: bigint): void {
  if (amount > 0n) return
  throw new CofferError({ code: 'INVALID_AMOUNT', message: 'The amount is zero. Nothing would happen.' })
}

function fits(amount: bigint): void {
  if (amount <= MOST) return
  throw new CofferError({
    code: 'INVALID_AMOUNT',
    message: 'The amount is above 2^63 − 1 base units, which is the most that Tron can count.',
  })
}

function uint256(amount: bigint): void {
  if (amount >> 256n === 0n) return
  throw new CofferError({ code: 'INVALID_AMOUNT', message: 'The amount is above 2^256 − 1.' })
}

function unique(addresses: readonly string[], message: string): void {
  if (new Set(addresses).size !== addresses.length) throw invalid(message)
}

function invalid(message: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message })
}
