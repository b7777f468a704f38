import { answerApi } from './api.ts'
import { transactionJson } from './api-json.ts'
import { addressOf, base58Of, bytesOf, hexUtf8, parseAddress } from './bytes.ts'
import type { Block, Chain } from './chain.ts'
import { ask } from './contract-vm.ts'
import { readContract } from './contracts.ts'
import { isObject, type JsonObject } from './json.ts'
import type { Log } from './messages.ts'
import { triggerSmartContract } from './messages.ts'
import { contractOf, type Executed } from './process.ts'
import { make } from './protobuf.ts'

const TRANSFER = 'ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
const APPROVAL = '8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925'
const MAX_LIMIT = 200

interface Row {
  readonly block: Block
  readonly executed: Executed
}

/** TronGrid's index of accounts, `v1/accounts/…`: status and value, or undefined for a path that is not there. */
export async function answerTronGrid(
  chain: Chain,
  path: readonly string[],
  query: URLSearchParams,
): Promise<{ readonly status: number; readonly value: unknown } | undefined> {
  const [version, accounts, given = '', ...rest] = path
  if (version !== 'v1' || accounts !== 'accounts') return undefined
  const address = parseAddress(given)
  if (!address) return problem('A valid account address is required.')
  const limit = Number(query.get('limit') ?? 20)
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    return problem(`limit must be a whole number from 1 to ${MAX_LIMIT}.`)
  }
  switch (rest.join('/')) {
    case '': {
      const account = await answerApi(chain, ['wallet', 'getaccount'], new URLSearchParams({ address }), '')
      const data = isObject(account) && Object.keys(account).length > 0 ? [account] : []
      return { status: 200, value: { data, success: true, meta: { at: Date.now(), page_size: data.length } } }
    }
    case 'transactions':
      return page(query, limit, transactionRows(chain, address, query), ({ block, executed }) =>
        transactionRow(block, executed),
      )
    case 'transactions/trc20': {
      const rows = tokenRows(chain, address, query)
      const known = new Map<string, JsonObject>()
      for (const { log } of rows) {
        if (!known.has(log.address)) known.set(log.address, await tokenInfo(chain, `41${log.address}`))
      }
      return page(query, limit, rows, (row) => tokenRow(row, known.get(row.log.address) ?? {}))
    }
    default:
      return undefined
  }
}

/** Blocks that a query asks for, in its order. */
function* blocks(chain: Chain, query: URLSearchParams): Iterable<Block> {
  const solid = chain.solid().number
  const isSet = (name: string): boolean => query.get(name) === 'true'
  const from = Number(query.get('min_timestamp') ?? query.get('min_block_timestamp') ?? 0)
  const to = Number(query.get('max_timestamp') ?? query.get('max_block_timestamp') ?? Number.MAX_SAFE_INTEGER)
  const all = [...chain.history()]
  if (query.get('order_by') === 'block_timestamp,asc') all.reverse()
  for (const block of all) {
    if (isSet('only_confirmed') && block.number > solid) continue
    if (isSet('only_unconfirmed') && block.number <= solid) continue
    if (Number(block.timestamp) < from || Number(block.timestamp) > to) continue
    yield block
  }
}

function transactionRows(chain: Chain, address: string, query: URLSearchParams): Row[] {
  const onlyTo = query.get('only_to') === 'true'
  const onlyFrom = query.get('only_from') === 'true'
  const rows: Row[] = []
  for (const block of blocks(chain, query)) {
    for (const executed of newestFirst(block.transactions, query)) {
      const { from, to } = partiesOf(executed)
      const isFrom = from === address && !onlyTo
      const isTo = to.includes(address) && !onlyFrom
      if (isFrom || isTo) rows.push({ block, executed })
    }
  }
  return rows
}

interface TokenRow extends Row {
  readonly log: Log
  readonly from: string
  readonly to: string
}

function tokenRows(chain: Chain, address: string, query: URLSearchParams): TokenRow[] {
  const token = query.get('contract_address')
  const onlyToken = token === null ? undefined : (addressOf(token) ?? token.toLowerCase())
  const onlyTo = query.get('only_to') === 'true'
  const onlyFrom = query.get('only_from') === 'true'
  const rows: TokenRow[] = []
  for (const block of blocks(chain, query)) {
    for (const executed of newestFirst(block.transactions, query)) {
      for (const log of newestFirst(executed.info.log, query)) {
        const [topic = '', first = '', second = ''] = log.topics
        if ((topic !== TRANSFER && topic !== APPROVAL) || log.topics.length !== 3 || log.data.length !== 64)
          continue
        if (onlyToken !== undefined && onlyToken !== `41${log.address}`) continue
        const [from, to] = [`41${first.slice(24)}`, `41${second.slice(24)}`]
        const isFrom = from === address && !onlyTo
        const isTo = to === address && !onlyFrom
        if (isFrom || isTo) rows.push({ block, executed, log, from, to })
      }
    }
  }
  return rows
}

function newestFirst<T>(list: readonly T[], query: URLSearchParams): readonly T[] {
  return query.get('order_by') === 'block_timestamp,asc' ? list : [...list].reverse()
}

/** The fingerprint names the last row that was seen, so that rows which come meanwhile move nothing. */
function page<T extends Row>(
  query: URLSearchParams,
  limit: number,
  rows: readonly T[],
  show: (row: T) => JsonObject,
): { readonly status: number; readonly value: unknown } {
  const nameOf = (row: T): string => {
    const same = rows.filter(({ executed }) => executed.txid === row.executed.txid)
    return `${row.executed.txid}${same.indexOf(row).toString(16)}`
  }
  const fingerprint = query.get('fingerprint')
  let start = 0
  if (fingerprint) {
    const last = rows.findIndex((row) => nameOf(row) === fingerprint)
    if (last < 0) return problem('Invalid fingerprint.')
    start = last + 1
  }
  const data = rows.slice(start, start + limit)
  const last = data.at(-1)
  const more = last !== undefined && start + limit < rows.length
  return {
    status: 200,
    value: {
      data: data.map(show),
      success: true,
      meta: { at: Date.now(), ...(more && { fingerprint: nameOf(last) }), page_size: data.length },
    },
  }
}

function transactionRow({ number, timestamp }: Block, { tx, info }: Executed): JsonObject {
  const receipt = info.receipt
  const json = transactionJson(tx, false)
  const [result] = tx.ret
  return {
    ...json,
    ret: [{ contractRet: (json.ret as JsonObject[])[0]?.contractRet, fee: result && info.fee }],
    net_usage: receipt?.net_usage ?? 0n,
    net_fee: receipt?.net_fee ?? 0n,
    energy_usage: receipt?.energy_usage ?? 0n,
    energy_fee: receipt?.energy_fee ?? 0n,
    energy_usage_total: receipt?.energy_usage_total ?? 0n,
    blockNumber: number,
    block_timestamp: timestamp,
    internal_transactions: [],
  }
}

function tokenRow({ block, executed, log, from, to }: TokenRow, token: JsonObject): JsonObject {
  return {
    transaction_id: executed.txid,
    token_info: token,
    block_timestamp: block.timestamp,
    from: base58Of(from),
    to: base58Of(to),
    type: log.topics[0] === TRANSFER ? 'Transfer' : 'Approval',
    value: BigInt(`0x${log.data}`).toString(),
  }
}

/** What a token says of itself now; TronGrid asks only once. */
async function tokenInfo(chain: Chain, address: string): Promise<JsonObject> {
  const head = chain.head()
  const call = async (data: string): Promise<string> => {
    const value = make(triggerSmartContract, {
      owner_address: `41${''.padStart(40, '0')}`,
      contract_address: address,
      data,
    })
    const place = {
      txid: ''.padEnd(64, '0'),
      block: { number: head.number, timestamp: head.timestamp, witness: head.raw.witness_address },
      blockHash: () => undefined,
    }
    const { output } = await ask(chain.pendingState(), chain.tvm, place, value, 1_000_000n)
    return output
  }
  const decimals = await call('313ce567')
  return {
    symbol: textOf(await call('95d89b41')),
    address: base58Of(address),
    decimals: decimals.length === 64 ? Number(BigInt.asUintN(53, BigInt(`0x${decimals}`))) : 0,
    name: textOf(await call('06fdde03')),
  }
}

/** A `string` that a contract returned. */
function textOf(output: string): string {
  const bytes = bytesOf(output)
  const length = Number(BigInt(`0x${output.slice(64, 128) || '0'}`))
  return bytes.length >= 64 + length ? hexUtf8(output.slice(128, 128 + 2 * length)) : ''
}

function partiesOf({ tx }: Executed): { readonly from: string; readonly to: readonly string[] } {
  const contract = contractOf(tx)
  const value = contract && readContract(contract)
  if (!value) return { from: '', to: [] }
  const fields = value as unknown as JsonObject
  const others = [fields.to_address, fields.contract_address, fields.receiver_address, fields.account_address]
  return {
    from: value.owner_address,
    to: others.filter((one): one is string => typeof one === 'string' && one !== ''),
  }
}

function problem(error: string): { readonly status: number; readonly value: unknown } {
  return { status: 400, value: { success: false, error, statusCode: 400 } }
}
