import {
  type Asset,
  type Balance,
  CofferError,
  type EvmSource,
  parseAssetId,
  type ReadOptions,
} from '@coffer/core'
import { parseAddress } from './address.ts'
import { quantity } from './hex.ts'
import type { Address, EvmNetwork, Hex } from './intent.ts'
import { type ContractAnswer, contractReads, uintAnswer } from './reader.ts'
import { ask, cleanText, read, take } from './rpc.ts'

const BALANCE_OF = '0x70a08231'
const ALLOWANCE = '0xdd62ed3e'
const DECIMALS: Hex = '0x313ce567'
const SYMBOL: Hex = '0x95d89b41'
const NAME: Hex = '0x06fdde03'
/** No real token has more; a larger answer is a lie or an accident. */
const MOST_DECIMALS = 36n

/** The contract of a token asset on this network; `undefined` for the coin. Throws `INVALID_ASSET`. */
export function tokenAddress(id: Asset['id'], network: EvmNetwork): Address | undefined {
  if (id === network.coin.id) return undefined
  const { chain, namespace, reference } = parseAssetId(id)
  if (chain !== network.id || namespace !== 'erc20')
    throw new CofferError({
      code: 'INVALID_ASSET',
      message: `${id} is not a coin or an ERC-20 token of ${network.name}.`,
    })
  return parseAddress(reference)
}

export function balanceOf(owner: Address): Hex {
  return `${BALANCE_OF}${word(owner)}` as Hex
}

/** The coin and any number of tokens in one request. A token that cannot be read gives an error in its place, never 0. */
export async function readBalances(
  source: EvmSource,
  network: EvmNetwork,
  owner: Address,
  assets: readonly Asset[],
  options: ReadOptions,
): Promise<Balance[]> {
  const tokens = assets.flatMap((asset) => tokenAddress(asset.id, network) ?? [])
  const reads = tokens.map((to) => ({ to, data: balanceOf(owner) }))
  const [coin, answers] = await ask(
    source,
    [read('eth_getBalance', [owner, 'latest'], quantity), contractReads(reads)] as const,
    options,
  )
  let next = 0
  return assets.map((asset): Balance => {
    if (asset.id === network.coin.id) return { asset, amount: take(coin) }
    const amount = uintAnswer(take(answers)[next++]!)
    if (amount !== undefined) return { asset, amount }
    return { asset, error: unreadable(asset, 'balance') }
  })
}

export async function readAllowance(
  source: EvmSource,
  request: { token: Address; owner: Address; spender: Address; asset: Asset },
  options: ReadOptions,
): Promise<bigint> {
  const data = `${ALLOWANCE}${word(request.owner)}${word(request.spender)}` as Hex
  const [answers] = await ask(source, [contractReads([{ to: request.token, data }])] as const, options)
  const amount = uintAnswer(take(answers)[0]!)
  if (amount === undefined) throw unreadable(request.asset, 'allowance')
  return amount
}

/**
 * Reads a token that is on no list. Its decimals are checked for sense; symbol and name are what the contract claims,
 * cleaned of everything invisible. Throws `TOKEN_UNREADABLE`.
 */
export async function readToken(
  source: EvmSource,
  network: EvmNetwork,
  address: Address,
  options: ReadOptions,
): Promise<Asset> {
  const id = `${network.id}/erc20:${address}` as const
  const fields = [DECIMALS, SYMBOL, NAME, DECIMALS].map((data) => ({ to: address, data }))
  const [answers] = await ask(source, [contractReads(fields)] as const, options)
  const [decimals, symbol, name, again] = take(answers) as [
    ContractAnswer,
    ContractAnswer,
    ContractAnswer,
    ContractAnswer,
  ]
  const count = uintAnswer(decimals)
  if (count === undefined || count > MOST_DECIMALS || uintAnswer(again) !== count)
    throw new CofferError({
      code: 'TOKEN_UNREADABLE',
      message: `The contract ${address} gives no usable number of decimals. It is no ERC-20 token, or one that lies: do not use it.`,
      details: { token: address, ...(count === undefined ? {} : { decimals: count }) },
    })
  return {
    id,
    symbol: textAnswer(symbol, 16) || 'unnamed',
    name: textAnswer(name, 40) || 'unnamed token',
    decimals: Number(count),
    unlisted: true,
  }
}

/** Throws `TOKEN_MISMATCH` when the chain gives a token other decimals than the asset has. */
export function checkDecimals(asset: Asset, answer: ContractAnswer): void {
  const found = uintAnswer(answer)
  if (found === BigInt(asset.decimals)) return
  throw new CofferError({
    code: 'TOKEN_MISMATCH',
    message: `${asset.symbol} should have ${asset.decimals} decimals; the chain says ${found ?? 'nothing'}. Nothing was made. Check the token and the node.`,
    details: { asset: asset.id, expected: asset.decimals, ...(found === undefined ? {} : { found }) },
  })
}

export const decimalsRead = (to: Address): { to: Address; data: Hex } => ({ to, data: DECIMALS })

/** An ABI `string`, or the older `bytes32`. */
function textAnswer(answer: ContractAnswer, most: number): string {
  const hex = answer.data.slice(2)
  if (!answer.ok || hex.length < 64) return ''
  const length = hex.length === 64 ? 32 : Number.parseInt(hex.slice(120, 128), 16)
  const body = hex.length === 64 ? hex : hex.slice(128, 128 + Math.min(length, 256) * 2)
  const bytes = Uint8Array.from(body.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
  return cleanText(new TextDecoder().decode(bytes), most)
}

export function unreadable(asset: Asset, what: string): CofferError {
  return new CofferError({
    code: 'TOKEN_UNREADABLE',
    message: `The ${what} of ${asset.symbol} cannot be read: there is no such token at its address on this chain, or it refuses.`,
    details: { asset: asset.id },
  })
}

function word(address: Address): string {
  return address.slice(2).toLowerCase().padStart(64, '0')
}
