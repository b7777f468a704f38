import { type AmountInput, type Asset, type AssetId, CofferError, toBaseUnits } from '@coffer/core'
import { parseAddress } from './address.ts'
import { checkFee, type FeeChoice } from './fees.ts'
import { hexData } from './hex.ts'
import type { AccessList, Address, EvmIntent, EvmNetwork, Hex } from './intent.ts'
import { tokenAddress } from './tokens-read.ts'

/** Fee, ceiling and nonce, for any request. */
export interface EvmCosts {
  /** `normal` when not given. */
  readonly fee?: FeeChoice | undefined
  /** The most that the fee may reach, in the coin; above it `create` throws `FEE_TOO_HIGH`. */
  readonly maxFee?: AmountInput | undefined
  /** Instead of the estimate. */
  readonly gasLimit?: bigint | undefined
  /** Instead of the next free one. */
  readonly nonce?: bigint | undefined
}

/**
 * What a caller asks of an account. A string amount is in whole coins or tokens, a bigint in base units. `asset` is a
 * CAIP-19 id, a symbol of the network's list, or an asset as `account.token(address)` read it; the coin when left out.
 */
export type EvmRequest = EvmCosts &
  (
    | {
        readonly kind?: 'pay'
        readonly to: string
        /** `max` sends all there is, less the fee's ceiling where the coin is sent. */
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
        readonly accessList?: AccessList | undefined
      }
    | { readonly kind: 'deploy'; readonly data: Hex; readonly amount?: AmountInput | undefined }
    | { readonly kind: 'delegate'; readonly to: string | null }
  )

export type AssetInput = AssetId | Asset | string

/** 2^256 - 1. */
const UNLIMITED = 0xffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff_ffffn
const MOST_DATA = 128 * 1024
/** Gas: more than any chain's block holds. */
const MOST_GAS = 0x100_0000_0000n
/** EIP-2681. */
const MOST_NONCE = 0xffff_ffff_ffff_fffen

/** A request with every word checked, before anything is asked of the network. */
export interface Resolved {
  readonly intent: EvmIntent
  /** The token it is about, if any. */
  readonly token?: { readonly asset: Asset; readonly address: Address }
  /** The amount is to be all there is. */
  readonly max: boolean
}

/** Checks a request. Pure. Throws `INVALID_REQUEST`, `INVALID_ADDRESS`, `INVALID_AMOUNT`, `INVALID_ASSET`, `UNKNOWN_ASSET`. */
export function resolveRequest(request: EvmRequest, network: EvmNetwork): Resolved {
  if (typeof request !== 'object' || request === null)
    throw invalid('Say what to create: { to, amount }, or another kind.')
  checkCosts(request)
  const coinAmount = (amount: AmountInput | undefined): bigint =>
    toBaseUnits(amount ?? 0n, network.coin.decimals)
  switch (request.kind) {
    case undefined:
    case 'pay': {
      const asset = resolveAsset(request.asset, network)
      const address = tokenAddress(asset.id, network)
      const max = request.amount === 'max'
      const amount = max ? 0n : amountOf(request.amount, asset)
      if (!max && amount === 0n)
        throw new CofferError({
          code: 'INVALID_AMOUNT',
          message: 'The amount is zero. Nothing would be paid.',
        })
      const intent: EvmIntent = { kind: 'pay', asset: asset.id, to: parseAddress(request.to), amount }
      return { intent, max, ...(address ? { token: { asset, address } } : {}) }
    }
    case 'approve': {
      const asset = resolveAsset(request.asset, network)
      const address = tokenAddress(asset.id, network)
      if (!address)
        throw new CofferError({ code: 'INVALID_ASSET', message: 'Only tokens are approved, not the coin.' })
      const amount = request.amount === 'unlimited' ? UNLIMITED : amountOf(request.amount, asset)
      const intent: EvmIntent = {
        kind: 'approve',
        asset: asset.id,
        spender: parseAddress(request.spender),
        amount,
      }
      return { intent, max: false, token: { asset, address } }
    }
    case 'call': {
      const { accessList } = request
      const intent: EvmIntent = {
        kind: 'call',
        to: parseAddress(request.to),
        value: coinAmount(request.amount),
        data: dataOf(request.data),
        ...(accessList ? { accessList } : {}),
      }
      return { intent, max: false }
    }
    case 'deploy':
      return {
        intent: { kind: 'deploy', value: coinAmount(request.amount), data: dataOf(request.data) },
        max: false,
      }
    case 'delegate':
      return {
        intent: { kind: 'delegate', to: request.to === null ? null : parseAddress(request.to) },
        max: false,
      }
    default:
      throw invalid(
        `"${String((request as { kind: unknown }).kind).slice(0, 30)}" is not a kind of request that this chain knows.`,
      )
  }
}

function checkCosts({ fee, gasLimit, nonce }: EvmCosts): void {
  if (fee !== undefined) checkFee(fee)
  checkCount('gasLimit', gasLimit, MOST_GAS)
  checkCount('nonce', nonce, MOST_NONCE)
}

function checkCount(name: string, value: unknown, most: bigint): void {
  if (value !== undefined && (typeof value !== 'bigint' || value < 0n || value > most))
    throw invalid(`${name} is a bigint from 0 to ${most}, such as 21000n; or leave it out.`)
}

/** An asset of the network: by id, by symbol of the list, or as given. */
export function resolveAsset(input: AssetInput | undefined, network: EvmNetwork): Asset {
  if (input === undefined) return network.coin
  if (typeof input === 'object') {
    const listed = listedAssets(network).find((asset) => sameId(asset.id, input.id, network))
    if (listed && listed.decimals !== input.decimals)
      throw new CofferError({
        code: 'TOKEN_MISMATCH',
        message: `${listed.symbol} has ${listed.decimals} decimals, not ${input.decimals}.`,
      })
    if (!Number.isInteger(input.decimals) || input.decimals < 0 || input.decimals > 36)
      throw new CofferError({
        code: 'INVALID_ASSET',
        message: 'The decimals of an asset are a whole number from 0 to 36.',
      })
    const address = tokenAddress(input.id, network)
    return listed ?? { ...input, id: address ? `${network.id}/erc20:${address}` : input.id, unlisted: true }
  }
  const listed = listedAssets(network).find(
    (asset) => asset.symbol === input || sameId(asset.id, input, network),
  )
  if (listed) return listed
  if (!input.includes('/'))
    throw new CofferError({
      code: 'UNKNOWN_ASSET',
      message: `${network.name} has no listed asset ${JSON.stringify(input.slice(0, 40))}. Read a token with account.token(address) and pass what it returns.`,
    })
  const address = tokenAddress(input as AssetId, network)!
  return {
    id: `${network.id}/erc20:${address}`,
    symbol: 'unnamed',
    name: 'unlisted token',
    decimals: -1,
    unlisted: true,
  }
}

/** The coin first, then the listed tokens. */
export function listedAssets(network: EvmNetwork): readonly Asset[] {
  return [
    network.coin,
    ...network.tokens.map(({ address, symbol, name, decimals }) => ({
      id: `${network.id}/erc20:${address}` as const,
      symbol,
      name,
      decimals,
    })),
  ]
}

function amountOf(amount: AmountInput, asset: Asset): bigint {
  if (typeof amount !== 'bigint' && asset.decimals < 0)
    throw new CofferError({
      code: 'UNKNOWN_ASSET',
      message: `The decimals of ${asset.id} are not known. Read it with account.token(address) and pass what it returns, or give a bigint of base units.`,
    })
  return toBaseUnits(amount, asset.decimals)
}

function sameId(listed: string, given: string, network: EvmNetwork): boolean {
  return (
    listed === given ||
    (given.startsWith(`${network.id}/erc20:`) && listed.toLowerCase() === given.toLowerCase())
  )
}

function dataOf(data: unknown): Hex {
  try {
    return hexData(data, MOST_DATA)
  } catch (cause) {
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'The data of a call is hex such as "0xa9059cbb…", at most 128 KiB.',
      cause,
    })
  }
}

function invalid(message: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message })
}
