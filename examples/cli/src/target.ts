import { type AmountInput, type Asset, CofferError, formatAmount } from '@coffer/core'
import { type EvmAccount, type EvmChain, parseUri } from '@coffer/evm'
import { type Context, chosenChain, openAccount } from './context.ts'
import { findChain } from './sources.ts'

/** Whom to pay what, put together from options and, where one is given, a payment link. */
export interface Target {
  readonly chain: EvmChain
  readonly account: EvmAccount
  readonly to: string
  readonly asset: Asset
  readonly amount: AmountInput | 'max'
}

export interface TargetOptions {
  /** An address or an ERC-681 link. */
  readonly to: string
  readonly amount?: string
  readonly asset?: string
}

/** Reads whom to pay. An option may repeat what a link says and may not contradict it: `INVALID_REQUEST`. */
export async function readTarget(context: Context, { to, amount, asset }: TargetOptions): Promise<Target> {
  const named = context.options.chain === undefined ? undefined : chosenChain(context)
  const link = /^ethereum:/i.test(to) ? parseUri(to, named?.id) : undefined
  for (const { message } of link?.warnings ?? []) context.output.say(`Warning: ${message}`)
  const chain = named ?? (link ? findChain(context.chains, link.chain) : chosenChain(context))
  if (link && link.chain !== chain.id) throw contradicts('chain')

  const account = await openAccount(context, chain)
  const wanted = await findAsset(context, account, chain, asset)
  const linked = link ? await findAsset(context, account, chain, link.asset) : wanted
  if (asset !== undefined && linked.id !== wanted.id) throw contradicts('asset')

  if (
    link?.amount !== undefined &&
    amount !== undefined &&
    amount !== formatAmount(link.amount, linked.decimals)
  )
    throw contradicts('amount')
  const chosen = link?.amount ?? amount
  if (chosen === undefined)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'Say how much: --amount 0.25, or --amount max.',
    })
  return { chain, account, to: link?.to ?? to, asset: linked, amount: chosen }
}

/** An asset by symbol, CAIP-19 id or contract address; the coin when not given. A token that is on no list is read from the chain. */
export async function findAsset(
  { io }: Context,
  account: EvmAccount,
  chain: EvmChain,
  text: string | undefined,
): Promise<Asset> {
  if (text === undefined) return chain.coin
  const listed = [chain.coin, ...chain.assets]
  const known = listed.find(
    ({ id, symbol }) =>
      symbol.toLowerCase() === text.toLowerCase() || id.toLowerCase() === text.toLowerCase(),
  )
  if (known) return known
  const prefix = `${chain.id}/erc20:`
  const token = text.startsWith(prefix) ? text.slice(prefix.length) : text
  if (!/^0x/i.test(token))
    throw new CofferError({
      code: 'UNKNOWN_ASSET',
      message: `${chain.name} has no asset ${JSON.stringify(text.slice(0, 60))} here. It has ${listed.map(({ symbol }) => symbol).join(', ')}; name any other token by the address of its contract.`,
    })
  const id = `${prefix}${chain.parseAddress(token)}`
  return listed.find((asset) => asset.id === id) ?? account.token(token, { signal: io.signal })
}

function contradicts(what: string): CofferError {
  return new CofferError({
    code: 'INVALID_REQUEST',
    message: `--${what} says something else than the payment link. Leave it out, or ask for another link.`,
  })
}
