import {
  type Asset,
  type Balance,
  CofferError,
  isCofferError,
  type ReadOptions,
  type TronSource,
} from '@coffer/core'
import { encodeAddress } from './abi.ts'
import { cleanText, object, words } from './answers.ts'
import { assetKind, tokenAsset, trc10Asset } from './assets.ts'
import { hexToBytes } from './hex.ts'
import type { Address, TronNetwork } from './intent.ts'
import { type ContractAnswer, type ContractQuery, readerAnswers, readerCode } from './reader.ts'
import { type AccountState, accountRead, type Trial, trialRead } from './reads.ts'
import { ask, type Read, read, take } from './rpc.ts'

const BALANCE_OF = '70a08231'
const ALLOWANCE = 'dd62ed3e'
const DECIMALS = '313ce567'
const SYMBOL = '95d89b41'
const NAME = '06fdde03'
/** No real token has more; a larger answer is a lie or an accident. */
const MOST_DECIMALS = 36n

/** The reads that a draft about a token needs: its decimals and the account's balance. */
export function tokenQueries(token: Address, owner: Address): readonly [ContractQuery, ContractQuery] {
  return [
    { to: token, data: DECIMALS },
    { to: token, data: BALANCE_OF + encodeAddress(owner) },
  ]
}

/** Contract reads as one read of a request; `undefined` where the node cannot make them so. */
export function contractsRead(
  owner: Address,
  queries: readonly ContractQuery[],
): Read<readonly ContractAnswer[] | undefined> {
  const trial = trialRead({ owner, data: readerCode(queries) })
  return {
    ...trial,
    parse: (value) => {
      try {
        const { returned, failure } = trial.parse(value)
        return failure === undefined ? readerAnswers(returned, queries.length) : undefined
      } catch (error) {
        // Too much at once, perhaps; what the node says to each of them is heard.
        if (isCofferError(error, 'RPC_ERROR')) return undefined
        throw error
      }
    },
  }
}

/**
 * The same answers, one request for each contract: for nodes that run no code without a contract. A contract that takes longer
 * than the node gives to anybody fails alone; when all do, it is the node.
 */
export async function askOneByOne(
  source: TronSource,
  owner: Address,
  queries: readonly ContractQuery[],
  options: ReadOptions,
): Promise<readonly ContractAnswer[]> {
  const answers = await ask(
    source,
    queries.map(({ to, data }) => patientRead(trialRead({ owner, to, data }))),
    options,
  )
  const trials = answers.map(take)
  const [late] = trials
  if (isCofferError(late) && trials.every((trial) => isCofferError(trial))) throw late
  return trials.map((trial) =>
    isCofferError(trial)
      ? { ok: false, data: '' }
      : { ok: trial.failure === undefined, data: trial.returned },
  )
}

/** A trial, or the error of one that took too long. */
function patientRead(trial: Read<Trial>): Read<Trial | CofferError> {
  return {
    ...trial,
    parse: (value) => {
      try {
        return trial.parse(value)
      } catch (error) {
        if (isCofferError(error, 'RPC_ERROR') && error.retryable) return error
        throw error
      }
    },
  }
}

/** The coin and any number of tokens in two calls. A token that cannot be read gives an error in its place, never 0. */
export async function readBalances(
  source: TronSource,
  network: TronNetwork,
  owner: Address,
  assets: readonly Asset[],
  options: ReadOptions,
): Promise<Balance[]> {
  const kinds = assets.map(({ id }) => assetKind(id, network))
  const queries = kinds.flatMap((kind) =>
    kind.kind === 'trc20' ? [{ to: kind.address, data: BALANCE_OF + encodeAddress(owner) }] : [],
  )
  const [state, read] = await ask(
    source,
    [accountRead(owner), ...(queries.length > 0 ? [contractsRead(owner, queries)] : [])] as const,
    options,
  )
  const account = take(state) as AccountState
  const answers =
    queries.length === 0 ? [] : ((read?.ok && read.value) as readonly ContractAnswer[] | undefined | false)
  const tokens = answers || (await askOneByOne(source, owner, queries, options))
  let next = 0
  return assets.map((asset, i): Balance => {
    const kind = kinds[i]!
    if (kind.kind === 'coin') return { asset, amount: account.balance }
    if (kind.kind === 'trc10') return { asset, amount: account.tokens.get(kind.id) ?? 0n }
    const amount = uintAnswer(tokens[next++]!)
    return amount === undefined ? { asset, error: unreadable(asset, 'balance') } : { asset, amount }
  })
}

export async function readAllowance(
  source: TronSource,
  { token, owner, spender, asset }: { token: Address; owner: Address; spender: Address; asset: Asset },
  options: ReadOptions,
): Promise<bigint> {
  const data = ALLOWANCE + encodeAddress(owner) + encodeAddress(spender)
  const [trial] = await ask(source, [trialRead({ owner, to: token, data })] as const, options)
  const { returned, failure } = take(trial)
  const amount = uintAnswer({ ok: failure === undefined, data: returned })
  if (amount === undefined) throw unreadable(asset, 'allowance')
  return amount
}

/**
 * Reads a TRC-20 token that is on no list. Its decimals are checked for sense; symbol and name are what the contract
 * claims, cleaned of everything invisible. Throws `TOKEN_UNREADABLE`.
 */
export async function readToken(
  source: TronSource,
  network: TronNetwork,
  { token, owner }: { token: Address; owner: Address },
  options: ReadOptions,
): Promise<Asset> {
  const queries = [DECIMALS, SYMBOL, NAME, DECIMALS].map((data) => ({ to: token, data }))
  const [answer] = await ask(source, [contractsRead(owner, queries)] as const, options)
  const answers = (answer.ok && answer.value) || (await askOneByOne(source, owner, queries, options))
  const [decimals, symbol, name, again] = answers as [
    ContractAnswer,
    ContractAnswer,
    ContractAnswer,
    ContractAnswer,
  ]
  const count = uintAnswer(decimals)
  if (count === undefined || count > MOST_DECIMALS || uintAnswer(again) !== count)
    throw new CofferError({
      code: 'TOKEN_UNREADABLE',
      message: `The contract ${token} gives no usable number of decimals. It is no TRC-20 token, or one that lies: do not use it.`,
      details: { token, ...(count === undefined ? {} : { decimals: count }) },
    })
  return {
    id: tokenAsset(token, network),
    symbol: textAnswer(symbol, 16) || 'unnamed',
    name: textAnswer(name, 40) || 'unnamed token',
    decimals: Number(count),
    unlisted: true,
  }
}

interface Trc10Issue {
  readonly symbol: string
  readonly name: string
  readonly decimals: number
}

/** What a TRC-10 token was issued as; `undefined` where there is none that makes sense. */
export function trc10Read(id: string): Read<Trc10Issue | undefined> {
  return read('wallet/getassetissuebyid', { value: id }, (value) => {
    const found = object(value)
    if (found['id'] !== id) return undefined
    const precision = found['precision'] ?? 0
    if (typeof precision !== 'number' || !Number.isInteger(precision) || precision < 0 || precision > 6)
      return undefined
    return { symbol: words(found['abbr']), name: words(found['name']), decimals: precision }
  })
}

/** Reads a TRC-10 token by its number. Throws `TOKEN_UNREADABLE`. */
export async function readTrc10(
  source: TronSource,
  network: TronNetwork,
  id: string,
  options: ReadOptions,
): Promise<Asset> {
  const [answer] = await ask(source, [trc10Read(id)] as const, options)
  const found = take(answer)
  const asset = trc10Asset(id, network)
  if (!found)
    throw new CofferError({
      code: 'TOKEN_UNREADABLE',
      message: `There is no TRC-10 token with the number ${id} on ${network.name}.`,
      details: { asset },
    })
  const name = found.name.slice(0, 40) || 'unnamed token'
  return {
    id: asset,
    symbol: found.symbol.slice(0, 16) || name.slice(0, 16),
    name,
    decimals: found.decimals,
    unlisted: true,
  }
}

/** Throws `TOKEN_MISMATCH` when the chain gives a token other decimals than the asset has. Nothing to compare where it claims none. */
export function checkDecimals(asset: Asset, found: bigint | undefined): void {
  if (asset.decimals < 0 || found === BigInt(asset.decimals)) return
  throw new CofferError({
    code: 'TOKEN_MISMATCH',
    message: `${asset.symbol} should have ${asset.decimals} decimals; the chain says ${found ?? 'nothing'}. Nothing was made. Check the token and the node.`,
    details: { asset: asset.id, expected: asset.decimals, ...(found === undefined ? {} : { found }) },
  })
}

/** A `uint256` answer, or `undefined` when the contract gave none. */
export function uintAnswer({ ok, data }: ContractAnswer): bigint | undefined {
  return ok && data.length === 64 ? BigInt(`0x${data}`) : undefined
}

export function unreadable(asset: Asset, what: string): CofferError {
  return new CofferError({
    code: 'TOKEN_UNREADABLE',
    message: `The ${what} of ${asset.symbol} cannot be read: there is no such token at its address on this chain, or it refuses.`,
    details: { asset: asset.id },
  })
}

/** An ABI `string`, or the older `bytes32`. */
function textAnswer({ ok, data }: ContractAnswer, most: number): string {
  if (!ok || data.length < 64) return ''
  const length = data.length === 64 ? 32 : Number.parseInt(data.slice(120, 128), 16)
  const body = data.length === 64 ? data : data.slice(128, 128 + 2 * Math.min(length, 256))
  return cleanText(new TextDecoder().decode(hexToBytes(body)), most)
}
