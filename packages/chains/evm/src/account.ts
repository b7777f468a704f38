import {
  type Account,
  type AmountInput,
  type Asset,
  type Balance,
  CofferError,
  type Draft,
  type EvmSource,
  type OpenContext,
  type Payment,
  type ReadOptions,
  rememberPaid,
  type Signed,
  toBaseUnits,
} from '@coffer/core'
import { accountAddress, parseAddress } from './address.ts'
import { release } from './claim.ts'
import { type Creating, create, createBatch } from './create.ts'
import { history } from './history.ts'
import type { Address, EvmIntent, EvmNetwork } from './intent.ts'
import { type ReplaceRequest, replace } from './replace.ts'
import { type AssetInput, type EvmRequest, listedAssets, resolveAsset } from './request.ts'
import { readAllowance, readBalances, readToken, tokenAddress } from './tokens-read.ts'
import { formatUri } from './uri.ts'

/** An EVM account: one address, the same on every EVM chain. */
export interface EvmAccount extends Account<EvmRequest> {
  readonly address: Address
  readonly network: EvmNetwork
  /** One balance; the coin's when no asset is named. Throws `TOKEN_UNREADABLE` instead of answering 0. */
  balance(asset?: AssetInput, options?: ReadOptions): Promise<bigint>
  /** Reads a token that is on no list, to pass on to `create` and `balances`; one of the list comes as the list has it. */
  token(address: string, options?: ReadOptions): Promise<Asset>
  /** How much `spender` may still take, in base units. */
  allowance(request: { asset: AssetInput; spender: string }, options?: ReadOptions): Promise<bigint>
  create(request: EvmRequest, options?: ReadOptions): Promise<Draft<EvmIntent>>
  /** Drafts with successive nonces for many payments, in one round trip; they must be published in order. */
  createBatch(requests: readonly EvmRequest[], options?: ReadOptions): Promise<readonly Draft<EvmIntent>[]>
  /** A draft that takes the place of a sent transaction: faster, or nothing instead. */
  replace(sent: Signed | Payment, request: ReplaceRequest, options?: ReadOptions): Promise<Draft<EvmIntent>>
  /** Gives back the nonce of a draft that will not be signed. A refused one gives it back itself; others after ten minutes. */
  discard(draft: Draft): Promise<void>
}

/** Opens an account on a network. Asks nothing until it is used. */
export function openAccount(network: EvmNetwork, { descriptor, source, store }: OpenContext): EvmAccount {
  if (source.family !== 'evm' || source.chain !== network.id)
    throw new CofferError({
      code: 'CHAIN_MISMATCH',
      message: `The source given for ${network.name} serves ${source.chain}. Check the configuration.`,
    })
  const address = accountAddress(descriptor, network)
  const account: Creating = { network, source: source as EvmSource, store, descriptor, address }
  const assets = listedAssets(network)
  const one = async (asset: Asset, options: ReadOptions): Promise<bigint> => {
    const [balance] = (await readBalances(account.source, network, address, [asset], options)) as [Balance]
    if (balance.error) throw balance.error
    return balance.amount
  }

  return {
    chain: network.id,
    descriptor,
    address,
    network,
    balances: ({ assets: chosen, signal } = {}) =>
      readBalances(
        account.source,
        network,
        address,
        chosen?.map((asset) => resolveAsset(asset, network)) ?? assets,
        { signal },
      ),
    balance: (asset, options = {}) => one(resolveAsset(asset, network), options),
    token: async (text, options = {}) => {
      const token = parseAddress(text)
      // What the list says of a token no contract and no node says better.
      const listed = assets.find(({ id }) => id === `${network.id}/erc20:${token}`)
      return listed ?? readToken(account.source, network, token, options)
    },
    allowance: async ({ asset, spender }, options = {}) => {
      const chosen = resolveAsset(asset, network)
      const token = tokenAddress(chosen.id, network)
      if (!token)
        throw new CofferError({
          code: 'INVALID_ASSET',
          message: 'Only tokens have allowances, not the coin.',
        })
      const request = { token, owner: address, spender: parseAddress(spender), asset: chosen }
      return readAllowance(account.source, request, options)
    },
    receive: async ({ asset, amount } = {}) => ({ address, uri: uriOf(network, address, asset, amount) }),
    history: async (options = {}) => {
      const page = await history(network, account.source, address, assets, options)
      await rememberPaid(store, network.id, page.items)
      return page
    },
    create: (request, options = {}) => create(account, request, options),
    createBatch: (requests, options = {}) => createBatch(account, requests, options),
    replace: (sent, request, options = {}) =>
      replace(account, 'signed' in sent ? sent.signed : sent, request, options),
    discard: (draft) => release(network, draft, store),
  }
}

function uriOf(
  network: EvmNetwork,
  to: Address,
  asset: AssetInput | undefined,
  amount: AmountInput | undefined,
): string {
  const chosen = resolveAsset(asset, network)
  return formatUri({
    chain: network.id,
    to,
    asset: chosen.id,
    ...(amount === undefined ? {} : { amount: toBaseUnits(amount, chosen.decimals) }),
  })
}
