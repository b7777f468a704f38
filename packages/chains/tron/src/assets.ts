import {
  type AmountInput,
  type Asset,
  type AssetId,
  CofferError,
  parseAssetId,
  toBaseUnits,
} from '@coffer/core'
import { parseAddress } from './address.ts'
import type { Address, TronNetwork } from './intent.ts'

/** An asset as a caller may name it: a CAIP-19 id, a symbol of the network's list, or what `account.token()` returned. */
export type AssetInput = AssetId | Asset | string

/** What an asset is on the chain. */
export type AssetKind =
  | { readonly kind: 'coin' }
  | { readonly kind: 'trc10'; readonly id: string }
  | { readonly kind: 'trc20'; readonly address: Address }

/** Tells what an asset of this network is. Throws `INVALID_ASSET` for one of another chain. */
export function assetKind(id: string, network: TronNetwork): AssetKind {
  if (id === network.coin.id) return { kind: 'coin' }
  const { chain, namespace, reference } = parseAssetId(id)
  if (chain === network.id && namespace === 'trc20')
    return { kind: 'trc20', address: parseAddress(reference) }
  if (chain === network.id && namespace === 'trc10' && TRC10.test(reference))
    return { kind: 'trc10', id: reference }
  throw new CofferError({
    code: 'INVALID_ASSET',
    message: `${id} cannot be used here. It is neither the coin nor a TRC-20 or TRC-10 token of ${network.name}.`,
  })
}

export function tokenAsset(address: Address, network: Pick<TronNetwork, 'id'>): AssetId {
  return `${network.id}/trc20:${address}`
}

export function trc10Asset(id: string, network: Pick<TronNetwork, 'id'>): AssetId {
  return `${network.id}/trc10:${id}`
}

/** The number of a TRC-10 token, as the chain counts them. */
export const TRC10: RegExp = /^[1-9][0-9]{0,15}$/

/** The coin first, then the listed tokens. */
export function listedAssets(network: TronNetwork): readonly Asset[] {
  return [
    network.coin,
    ...network.tokens.map(({ address, symbol, name, decimals }) => ({
      id: tokenAsset(address, network),
      symbol,
      name,
      decimals,
    })),
  ]
}

/** An asset of the network: by id, by symbol of the list, or as given. The coin when left out. */
export function resolveAsset(input: AssetInput | undefined, network: TronNetwork): Asset {
  if (input === undefined) return network.coin
  const listed = listedAssets(network)
  if (input === null || (typeof input !== 'object' && typeof input !== 'string'))
    throw new CofferError({
      code: 'INVALID_ASSET',
      message: 'Name an asset by its symbol or CAIP-19 id, or pass what account.token(…) returned.',
    })
  if (typeof input === 'object') {
    const known = listed.find(({ id }) => id === input.id)
    if (known && known.decimals !== input.decimals)
      throw new CofferError({
        code: 'TOKEN_MISMATCH',
        message: `${known.symbol} has ${known.decimals} decimals, not ${input.decimals}.`,
      })
    if (!Number.isInteger(input.decimals) || input.decimals < 0 || input.decimals > 36)
      throw new CofferError({
        code: 'INVALID_ASSET',
        message: 'The decimals of an asset are a whole number from 0 to 36.',
      })
    assetKind(input.id, network)
    return known ?? { ...input, unlisted: true }
  }
  const known = listed.find(({ id, symbol }) => id === input || symbol === input)
  if (known) return known
  if (!input.includes('/'))
    throw new CofferError({
      code: 'UNKNOWN_ASSET',
      message: `${network.name} has no listed asset ${JSON.stringify(input.slice(0, 40))}. Read a token with account.token(address) and pass what it returns.`,
    })
  assetKind(input, network)
  return { id: input as AssetId, symbol: 'unnamed', name: 'unlisted token', decimals: -1, unlisted: true }
}

/** Base units of an amount. Throws `UNKNOWN_ASSET` for whole tokens of unknown decimals, and what `toBaseUnits` throws. */
export function amountOf(amount: AmountInput, asset: Asset): bigint {
  if (typeof amount !== 'bigint' && asset.decimals < 0)
    throw new CofferError({
      code: 'UNKNOWN_ASSET',
      message: `The decimals of ${asset.id} are not known. Read it with account.token(address) and pass what it returns, or give a bigint of base units.`,
    })
  return toBaseUnits(amount, asset.decimals)
}
