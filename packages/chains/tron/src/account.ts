import {
  type Account,
  type Asset,
  type Balance,
  CofferError,
  type Draft,
  type OpenContext,
  type Payment,
  type ReadOptions,
  rememberPaid,
  type Signed,
  type TronSource,
  toBaseUnits,
} from '@coffer/core'
import { accountAddress, parseAddress } from './address.ts'
import { type AssetInput, assetKind, listedAssets, resolveAsset, TRC10, tokenAsset } from './assets.ts'
import { create, createBatch, estimate } from './create.ts'
import type { Creating } from './facts.ts'
import type { FeeParts } from './fee-parts.ts'
import { history } from './history.ts'
import type { Address, TronIntent, TronNetwork } from './intent.ts'
import { type Permissions, readPermissions } from './permissions-of.ts'
import type { TronCosts, TronRequest } from './request.ts'
import { type Resources, readResources } from './resources.ts'
import { retry } from './retry.ts'
import { readAllowance, readBalances, readToken, readTrc10 } from './tokens-read.ts'
import { formatUri } from './uri.ts'

/** A Tron account: one address. */
export interface TronAccount extends Account<TronRequest> {
  readonly address: Address
  readonly network: TronNetwork
  /** One balance; the coin's when no asset is named. Throws `TOKEN_UNREADABLE` instead of answering 0. */
  balance(asset?: AssetInput, options?: ReadOptions): Promise<bigint>
  /** Reads a token that is on no list, TRC-20 by its address or TRC-10 by its number, to pass on to `create` and `balances`. */
  token(token: string, options?: ReadOptions): Promise<Asset>
  /** How much `spender` may still take, in base units. */
  allowance(request: { asset: AssetInput; spender: string }, options?: ReadOptions): Promise<bigint>
  /** Who decides over the account. */
  permissions(options?: ReadOptions): Promise<Permissions>
  /** Stake, bandwidth, energy, votes and rewards. */
  resources(options?: ReadOptions): Promise<Resources>
  /** What a request would cost, by its parts, and at most. */
  estimate(
    request: TronRequest,
    options?: ReadOptions,
  ): Promise<FeeParts & { readonly feeLimit: bigint; readonly ceiling: bigint }>
  create(request: TronRequest, options?: ReadOptions): Promise<Draft<TronIntent>>
  /** Drafts for many payments, priced one after the other. Each stands for itself; for many use `payoutQueue`. */
  createBatch(requests: readonly TronRequest[], options?: ReadOptions): Promise<readonly Draft<TronIntent>[]>
  /** A draft that does the same as a transaction that expired, once the chain proves that it can no longer be mined. */
  retry(
    sent: Signed | Payment,
    costs?: Omit<TronCosts, 'again' | 'memo'>,
    options?: ReadOptions,
  ): Promise<Draft<TronIntent>>
}

/** Opens an account on a network. Asks nothing until it is used. */
export function openAccount(network: TronNetwork, { descriptor, source, store }: OpenContext): TronAccount {
  if (source.family !== 'tron' || source.chain !== network.id)
    throw new CofferError({
      code: 'CHAIN_MISMATCH',
      message: `The source given for ${network.name} serves ${source.chain}. Check the configuration.`,
    })
  const address = accountAddress(descriptor, network)
  const tron = source as TronSource
  const account: Creating = { network, source: tron, store, descriptor, address, terms: new Map() }
  const assets = listedAssets(network)

  return {
    chain: network.id,
    descriptor,
    address,
    network,
    balances: ({ assets: chosen, signal } = {}) =>
      readBalances(tron, network, address, chosen?.map((asset) => resolveAsset(asset, network)) ?? assets, {
        signal,
      }),
    balance: async (asset, options = {}) => {
      const chosen = [resolveAsset(asset, network)]
      const [balance] = (await readBalances(tron, network, address, chosen, options)) as [Balance]
      if (balance.error) throw balance.error
      return balance.amount
    },
    token: async (text, options = {}) => {
      if (TRC10.test(text)) return readTrc10(tron, network, text, options)
      const token = parseAddress(text)
      // What the list says of a token no contract and no node says better.
      const listed = assets.find(({ id }) => id === tokenAsset(token, network))
      return listed ?? readToken(tron, network, { token, owner: address }, options)
    },
    allowance: async ({ asset, spender }, options = {}) => {
      const chosen = resolveAsset(asset, network)
      const kind = assetKind(chosen.id, network)
      if (kind.kind !== 'trc20')
        throw new CofferError({ code: 'INVALID_ASSET', message: 'Only TRC-20 tokens have allowances.' })
      const request = { token: kind.address, owner: address, spender: parseAddress(spender), asset: chosen }
      return readAllowance(tron, request, options)
    },
    permissions: (options = {}) => readPermissions(tron, address, options),
    resources: (options = {}) => readResources(tron, address, options),
    receive: async ({ asset, amount } = {}) => {
      const chosen = resolveAsset(asset, network)
      const kind = assetKind(chosen.id, network)
      const { decimals } = chosen
      if (kind.kind === 'trc10')
        throw new CofferError({
          code: 'UNSUPPORTED',
          message:
            'Other wallets would take a link for a TRC-10 token as one for TRX. Show the address alone.',
        })
      if (amount !== undefined && decimals < 0)
        throw new CofferError({
          code: 'UNKNOWN_ASSET',
          message: `The decimals of ${chosen.id} are not known. Read it with account.token(…) and pass what it returns.`,
        })
      const uri = formatUri(address, {
        token: kind.kind === 'trc20' ? kind.address : undefined,
        amount: amount === undefined ? undefined : toBaseUnits(amount, decimals),
        decimals,
      })
      return { address, uri }
    },
    history: async (options = {}) => {
      const page = await history(network, tron, address, assets, options)
      await rememberPaid(store, network.id, page.items)
      return page
    },
    estimate: (request, options = {}) => estimate(account, request, options),
    create: (request, options = {}) => create(account, request, options),
    createBatch: (requests, options = {}) => createBatch(account, requests, options),
    retry: (sent, costs = {}, options = {}) =>
      retry(account, 'signed' in sent ? sent.signed : sent, costs, options),
  }
}
