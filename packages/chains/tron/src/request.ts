import { type AmountInput, type Asset, CofferError, type Resource } from '@coffer/core'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { parseAddress } from './address.ts'
import { type AssetInput, type AssetKind, amountOf, assetKind, resolveAsset } from './assets.ts'
import { checkIntent } from './check-intent.ts'
import { bytesToHex } from './hex.ts'
import type { ActiveKeySet, Hex, KeySet, TronIntent, TronNetwork, Vote } from './intent.ts'

/** Costs, time and signers, for any request. */
export interface TronCosts {
  /** Accepted as on other chains and without effect: Tron has no market for fees, its prices are parameters. */
  readonly fee?: 'slow' | 'normal' | 'fast' | undefined
  /** The most that the fee may reach, in the coin; above it `create` throws `FEE_TOO_HIGH`. */
  readonly maxFee?: AmountInput | undefined
  /** Instead of the estimate with its margin: the ceiling of the whole energy bill, in sun. */
  readonly feeLimit?: bigint | undefined
  /** Seconds within which a block must take it, from the newest block on; 600 when not given, 60 to 86,340. */
  readonly expiresIn?: number | undefined
  /** Readable for all, for ever; costs a fee of its own. Text is written as UTF-8; at most 1,000 bytes. */
  readonly memo?: string | Uint8Array | undefined
  /** Sign by this permission of the account (2 and above are active ones); found out when not given. */
  readonly permission?: number | undefined
  /** Meant in addition to the very same one that was signed before and may still be mined. */
  readonly again?: boolean | undefined
}

/**
 * What a caller asks of an account. A string amount is in whole coins or tokens, a bigint in base units. `asset` is a
 * CAIP-19 id, a symbol of the network's list, or an asset as `account.token(…)` read it; the coin when left out.
 */
export type TronRequest = TronCosts &
  (
    | {
        readonly kind?: 'pay'
        readonly to: string
        /** `max` sends all there is, less the fee where the coin is sent. */
        readonly amount: AmountInput | 'max'
        readonly asset?: AssetInput | undefined
      }
    | {
        readonly kind: 'approve'
        readonly asset: AssetInput
        readonly spender: string
        /** `unlimited` never runs out; signing it needs an explicit yes. `0` takes an approval back. */
        readonly amount: AmountInput | 'unlimited'
      }
    | {
        readonly kind: 'call'
        readonly to: string
        readonly data: Hex
        /** Coin to send along. */
        readonly amount?: AmountInput | undefined
        /** A TRC-10 token to send along. */
        readonly token?: { readonly asset: AssetInput; readonly amount: AmountInput } | undefined
      }
    | {
        readonly kind: 'deploy'
        /** The code that makes the contract, with its arguments. */
        readonly data: Hex
        readonly name?: string | undefined
        readonly amount?: AmountInput | undefined
        /** Percent of the energy that callers pay themselves; 100 when not given. */
        readonly userPercent?: number | undefined
        /** The most energy that the deployer pays for one call; 10,000,000 when not given. */
        readonly originEnergyLimit?: bigint | undefined
      }
    | { readonly kind: 'activate'; readonly to: string }
    | { readonly kind: 'freeze' | 'unfreeze'; readonly amount: AmountInput; readonly resource: Resource }
    | { readonly kind: 'cancel-unfreeze' | 'withdraw' | 'claim' }
    | {
        readonly kind: 'delegate'
        readonly to: string
        readonly amount: AmountInput
        readonly resource: Resource
        /** Blocks of three seconds for which it cannot be taken back; none when not given. */
        readonly lockBlocks?: bigint | number | undefined
      }
    | {
        readonly kind: 'undelegate'
        readonly to: string
        readonly amount: AmountInput
        readonly resource: Resource
      }
    | {
        readonly kind: 'vote'
        readonly votes: readonly { readonly to: string; readonly count: bigint | number }[]
      }
    | {
        /** All of the account's permissions, which replace the present ones. Signing it needs an explicit yes. */
        readonly kind: 'permissions'
        readonly owner: KeysInput
        readonly actives: readonly (KeysInput & {
          readonly name?: string | undefined
          /** Which contracts it may sign, as 32 bytes in hexadecimal; all but other permissions when not given. */
          readonly operations?: string | undefined
        })[]
        readonly witness?: KeysInput | undefined
      }
  )

/** Keys of an account, each with its weight, and the weight that it takes to sign. */
export interface KeysInput {
  readonly threshold: bigint | number
  readonly keys: readonly { readonly address: string; readonly weight: bigint | number }[]
}

/** A request with every word checked, before anything is asked of the network. */
export interface Resolved {
  readonly intent: TronIntent
  /** The asset it is about, if any. */
  readonly asset?: { readonly asset: Asset; readonly kind: AssetKind }
  /** The token that a call sends along, if any. */
  readonly sent?: { readonly asset: Asset; readonly kind: AssetKind }
  /** The amount is to be all there is. */
  readonly max: boolean
}

/** What an active permission may sign when nobody says it: every contract in use but other permissions. */
export const USUAL_OPERATIONS = '7fff1fc0033ec30f000000000000000000000000000000000000000000000000'
/** 2^256 − 1. */
const UNLIMITED = 0xffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff_ffffn
const MOST_MEMO = 1_000
const LONGEST = 86_340

/** Checks a request. Pure. Throws `INVALID_REQUEST`, `INVALID_ADDRESS`, `INVALID_AMOUNT`, `INVALID_ASSET`, `UNKNOWN_ASSET`. */
export function resolveRequest(request: TronRequest, network: TronNetwork): Resolved {
  if (typeof request !== 'object' || request === null)
    throw invalid('Say what to create: { to, amount }, or another kind.')
  checkCosts(request)
  const { intent, ...rest } = resolveKind(request, network)
  const memo = memoOf(request.memo)
  const whole = {
    ...intent,
    ...(memo === '' ? {} : { memo }),
    ...(request.again ? { again: true as const } : {}),
  }
  // `max` is known later; until then one unit stands for it.
  checkIntent(rest.max && whole.kind === 'pay' ? { ...whole, amount: 1n } : whole, network)
  return { intent: whole, ...rest }
}

function resolveKind(request: TronRequest, network: TronNetwork): Resolved {
  const { coin } = network
  const plain = (intent: TronIntent): Resolved => ({ intent, max: false })
  const sun = (amount: AmountInput | undefined): bigint => amountOf(amount ?? 0n, coin)
  switch (request.kind) {
    case undefined:
    case 'pay': {
      const asset = resolveAsset(request.asset, network)
      const max = request.amount === 'max'
      const amount = request.amount === 'max' ? 0n : amountOf(request.amount, asset)
      const intent = { kind: 'pay', asset: asset.id, to: parseAddress(request.to), amount } as const
      return { intent, max, asset: { asset, kind: assetKind(asset.id, network) } }
    }
    case 'approve': {
      const asset = resolveAsset(request.asset, network)
      const amount = request.amount === 'unlimited' ? UNLIMITED : amountOf(request.amount, asset)
      const spender = parseAddress(request.spender)
      const intent = { kind: 'approve', asset: asset.id, spender, amount } as const
      return { intent, max: false, asset: { asset, kind: assetKind(asset.id, network) } }
    }
    case 'call': {
      const { to, data, amount, token } = request
      const sent = token && resolveAsset(token.asset, network)
      const kind = sent && assetKind(sent.id, network)
      if (kind && kind.kind !== 'trc10')
        throw new CofferError({
          code: 'INVALID_ASSET',
          message: 'Only TRC-10 tokens are sent along with a call. Others move by calls of their own.',
        })
      const call = { kind: 'call', to: parseAddress(to), value: sun(amount), data: dataOf(data) } as const
      if (!kind || !sent || !token) return plain(call)
      const along = { id: BigInt(kind.id), amount: amountOf(token.amount, sent) }
      return { intent: { ...call, token: along }, max: false, sent: { asset: sent, kind } }
    }
    case 'deploy': {
      const { data, name = '', amount, userPercent = 100, originEnergyLimit = 10_000_000n } = request
      return plain({
        kind: 'deploy',
        value: sun(amount),
        data: dataOf(data),
        name: String(name),
        userPercent: whole('userPercent', userPercent),
        originEnergyLimit: whole('originEnergyLimit', originEnergyLimit),
      })
    }
    case 'activate':
      return plain({ kind: 'activate', to: parseAddress(request.to) })
    case 'freeze':
    case 'unfreeze':
      return plain({ kind: request.kind, amount: sun(request.amount), resource: request.resource })
    case 'cancel-unfreeze':
    case 'withdraw':
    case 'claim':
      return plain({ kind: request.kind })
    case 'delegate':
    case 'undelegate': {
      const { to, amount, resource } = request
      const common = { to: parseAddress(to), amount: sun(amount), resource }
      if (request.kind === 'undelegate') return plain({ kind: 'undelegate', ...common })
      return plain({
        kind: 'delegate',
        ...common,
        lockBlocks: whole('lockBlocks', request.lockBlocks ?? 0n),
      })
    }
    case 'vote': {
      const votes = listOf<{ to: string; count: bigint | number }>('votes', request.votes)
      return plain({
        kind: 'vote',
        votes: votes.map(({ to, count }): Vote => ({ to: parseAddress(to), count: whole('count', count) })),
      })
    }
    case 'permissions': {
      const { owner, witness, actives } = request
      return plain({
        kind: 'permissions',
        owner: keysOf(owner),
        actives: listOf<(typeof actives)[number]>('actives', actives).map(
          ({ name, operations, ...keys }): ActiveKeySet => ({
            ...keysOf(keys),
            name: name ?? 'active',
            operations: operations ?? USUAL_OPERATIONS,
          }),
        ),
        ...(witness ? { witness: keysOf(witness) } : {}),
      })
    }
    default:
      throw invalid(
        `"${String((request as { kind: unknown }).kind).slice(0, 30)}" is not a kind of request that this chain knows.`,
      )
  }
}

/** The memo as bare hexadecimal; empty for none. */
export function memoOf(memo: unknown): string {
  if (memo === undefined) return ''
  if (typeof memo === 'string' && /\p{Surrogate}/u.test(memo))
    throw invalid('The memo holds half a character and has no UTF-8 form.')
  const bytes = typeof memo === 'string' ? utf8ToBytes(memo) : memo
  if (!(bytes instanceof Uint8Array)) throw invalid('A memo is a text, or bytes.')
  if (bytes.length === 0 || bytes.length > MOST_MEMO) throw invalid(`A memo has 1 to ${MOST_MEMO} bytes.`)
  return bytesToHex(bytes)
}

/** Checks what every request may carry. Throws `INVALID_REQUEST`. */
export function checkCosts({ fee, feeLimit, expiresIn, permission }: TronCosts): void {
  if (fee !== undefined && !['slow', 'normal', 'fast'].includes(fee))
    throw invalid('A fee is "slow", "normal" or "fast", which all cost the same here; or leave it out.')
  if (feeLimit !== undefined && (typeof feeLimit !== 'bigint' || feeLimit < 0n))
    throw invalid('feeLimit is a bigint of sun, such as 30_000_000n; or leave it out.')
  if (
    expiresIn !== undefined &&
    !(Number.isInteger(expiresIn) && (expiresIn as number) >= 60 && (expiresIn as number) <= LONGEST)
  )
    throw invalid(`expiresIn is a whole number of seconds from 60 to ${LONGEST}; or leave it out.`)
  if (
    permission !== undefined &&
    !(Number.isInteger(permission) && (permission as number) >= 0 && (permission as number) <= 9)
  )
    throw invalid('A permission is named by its number: 0 for the owner, 2 to 9 for active ones.')
}

function keysOf(input: KeysInput): KeySet {
  if (typeof input !== 'object' || input === null)
    throw invalid('A permission is { threshold, keys: [{ address, weight }] }.')
  return {
    threshold: whole('threshold', input.threshold),
    keys: listOf<KeysInput['keys'][number]>('keys', input.keys).map(({ address, weight }) => ({
      address: parseAddress(address),
      weight: whole('weight', weight),
    })),
  }
}

function listOf<T>(name: string, value: unknown): readonly T[] {
  if (Array.isArray(value) && value.every((item) => typeof item === 'object' && item !== null)) return value
  throw invalid(`${name} is a list.`)
}

/** A count that is no amount of money: a bigint, or a JS number that is whole. */
function whole(name: string, value: bigint | number): bigint {
  if (typeof value === 'bigint' && value >= 0n) return value
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value)
  throw invalid(`${name} is a whole number, 0 or more.`)
}

function dataOf(data: unknown): Hex {
  if (typeof data === 'string' && data.length <= 2 + 2 * 131_072 && /^0x(?:[0-9a-f]{2})*$/i.test(data))
    return data.toLowerCase() as Hex
  throw invalid('The data of a call is hex such as "0xa9059cbb…", at most 128 KiB.')
}

function invalid(message: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message })
}
