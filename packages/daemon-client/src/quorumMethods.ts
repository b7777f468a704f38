import type { RpcCall, RpcResult } from '@coffer/core'
import { type Bound, canonical, isNear, middle, type Rule, reached } from './ballot.ts'

/*
 * How the answers to each method of Ethereum's JSON-RPC are compared. Those that hang on a block are asked at one block
 * by its number, and then are the same on every honest node; the README has the table.
 */

/** Where a method's block parameter stands, where it has one. */
const BLOCK_AT: Readonly<Record<string, number>> = {
  eth_getBalance: 1,
  eth_getCode: 1,
  eth_getTransactionCount: 1,
  eth_getStorageAt: 2,
  eth_getProof: 2,
  eth_call: 1,
  eth_createAccessList: 1,
  eth_simulateV1: 1,
  eth_feeHistory: 1,
  eth_getBlockByNumber: 0,
  eth_getBlockReceipts: 0,
  eth_getBlockTransactionCountByNumber: 0,
  eth_getUncleCountByBlockNumber: 0,
  eth_getTransactionByBlockNumberAndIndex: 0,
  debug_traceCall: 1,
}
/** What is each node's own affair: the first that answers is believed. */
const OWN = /^(?:web3_clientVersion|net_(?:peerCount|listening)|eth_(?:syncing|protocolVersion)|txpool_\w+)$/
const TAGS = ['latest', 'safe', 'finalized']

/** Half or double, and a tenth of a gwei, which decides about nothing. */
const RATES: Bound = { percent: 200n, slack: 100_000_000n }
/** Nodes search for the least gas that suffices, and stop at different places. */
const GAS: Bound = { percent: 125n, slack: 5_000n }
/** Transactions of one sender that one node knows of and another does not yet. */
const WAITING = 16n

/** The call with its block by number, in place of `latest`, `safe` or `finalized`. */
export function pinned(call: RpcCall, heightOf: (tag: string) => number | undefined): RpcCall {
  const { method, params } = call
  const number = (block: unknown): unknown => {
    const tag = block === undefined || block === null ? 'latest' : block
    const height = typeof tag === 'string' && TAGS.includes(tag) ? heightOf(tag) : undefined
    return height === undefined ? block : quantity(height)
  }
  if (method === 'eth_getLogs') {
    const [filter] = params
    if (typeof filter !== 'object' || filter === null || 'blockHash' in filter) return call
    const { fromBlock, toBlock } = filter as { fromBlock?: unknown; toBlock?: unknown }
    return { method, params: [{ ...filter, fromBlock: number(fromBlock), toBlock: number(toBlock) }] }
  }
  const at = Object.hasOwn(BLOCK_AT, method) ? BLOCK_AT[method] : undefined
  if (at === undefined || params.length < at) return call
  return { method, params: [...params.slice(0, at), number(params[at]), ...params.slice(at + 1)] }
}

/** Transactions and receipts are found on nodes that are ahead of the common block, too. */
export function hangsOnBlock(call: RpcCall): boolean {
  if (call.method === 'eth_blockNumber' || SEEN.test(call.method)) return true
  let isPinned = false
  pinned(call, () => {
    isPinned = true
    return undefined
  })
  return isPinned
}

/** The tags of blocks that the calls name. */
export function tagsOf(calls: readonly RpcCall[]): ReadonlySet<string> {
  const tags = new Set<string>()
  for (const call of calls)
    pinned(call, (tag) => {
      tags.add(tag)
      return undefined
    })
  return tags
}

const SEEN = /^eth_getTransaction(?:ByHash|Receipt)$/

/** What a node says of the time after block `height` is left out: the others need not know it yet. */
export function upTo(height: number, { method }: RpcCall, result: RpcResult): RpcResult {
  if (!SEEN.test(method) || !result.ok || typeof result.value !== 'object' || !result.value) return result
  const { blockNumber } = result.value as { blockNumber?: unknown }
  if (typeof blockNumber !== 'string' || !(Number(blockNumber) > height)) return result
  if (method === 'eth_getTransactionReceipt') return { ok: true, value: null }
  return { ok: true, value: { ...result.value, blockHash: null, blockNumber: null, transactionIndex: null } }
}

export function ruleOf({ method, params }: RpcCall): Rule<RpcResult> {
  if (OWN.test(method)) return { key: () => 'answered', merge: ([first]) => first, last: ([first]) => first }
  if (method === 'eth_getTransactionCount' && params[1] === 'pending') return WAITING_NONCE
  if (method === 'eth_estimateGas') return numeric(GAS)
  if (/^eth_(?:gasPrice|maxPriorityFeePerGas|blobBaseFee)$/.test(method)) return numeric(RATES)
  if (method === 'eth_feeHistory') return FEES
  if (method === 'eth_getTransactionByHash') return TRANSACTION
  return exact
}

// ---- rules ----

const key = (result: RpcResult, of: (value: unknown) => string): string =>
  result.ok ? of(result.value) : 'refused'

/** Of those that refused, in words that most used: nodes of different makers use different ones. */
function refusal(same: readonly RpcResult[]): RpcResult | undefined {
  const texts = same.map(canonical)
  const times = texts.map((text) => texts.filter((other) => other === text).length)
  return same[times.indexOf(Math.max(...times))]
}

const exact: Rule<RpcResult> = {
  key: (result) => key(result, (value) => canonical(common(value))),
  merge: (same) => {
    const [first] = same
    return first?.ok ? { ok: true, value: common(first.value) } : refusal(same)
  },
}

function numeric(bound: Bound): Rule<RpcResult> {
  return {
    key: (result) => key(result, () => 'a number'),
    show: shown,
    merge(same, agree) {
      if (!same[0]?.ok) return refusal(same)
      const value = middle(same.map(number), agree, bound)
      return value === undefined ? undefined : { ok: true, value: quantity(value) }
    },
    isFar: (answer, believed) => answer.ok && believed.ok && !isNear(number(answer), number(believed), bound),
  }
}

/** The next nonce, with what waits: what enough nodes have seen. */
const WAITING_NONCE: Rule<RpcResult> = {
  key: (result) => key(result, () => 'a number'),
  show: shown,
  merge(same, agree) {
    if (!same[0]?.ok) return refusal(same)
    const value = reached(same.map(number), agree)
    return value === undefined ? undefined : { ok: true, value: quantity(value) }
  },
  isFar: (answer, believed) =>
    answer.ok && believed.ok && !isNear(number(answer), number(believed), { percent: 100n, slack: WAITING }),
}

/** Base fees are in the blocks, and the same everywhere; tips are computed. */
const FEES: Rule<RpcResult> = {
  key: (result) =>
    key(result, (value) => {
      const { oldestBlock, baseFeePerGas } = value as Record<string, unknown>
      return canonical({ oldestBlock, baseFeePerGas, tips: tipsOf(value).map(({ length }) => length) })
    }),
  merge(same, agree) {
    const [first] = same
    if (!first?.ok) return refusal(same)
    const all = same.map((result) => tipsOf(result.ok ? result.value : undefined))
    const reward: string[][] = []
    for (const [block, row] of tipsOf(first.value).entries()) {
      const tips: string[] = []
      for (const at of row.keys()) {
        const tip = middle(
          all.map((rows) => rows[block]?.[at] ?? 0n),
          agree,
          RATES,
        )
        if (tip === undefined) return undefined
        tips.push(quantity(tip))
      }
      reward.push(tips)
    }
    const { oldestBlock, baseFeePerGas, gasUsedRatio } = first.value as Record<string, unknown>
    return { ok: true, value: { oldestBlock, baseFeePerGas, gasUsedRatio, reward } }
  },
}

/** In a block it is compared. While it waits, one node that knows it is enough: to call it lost would be worse. */
const TRANSACTION: Rule<RpcResult> = {
  key: (result) => key(result, (value) => (isMined(value) ? canonical(common(value)) : 'in no block')),
  merge(same, _agree, all) {
    const [first] = same
    if (!first?.ok) return refusal(same)
    if (isMined(first.value)) return { ok: true, value: common(first.value) }
    const waiting = all.find((result) => result.ok && result.value !== null && !isMined(result.value))
    return waiting ?? { ok: true, value: null }
  },
}

function isMined(value: unknown): boolean {
  const { blockNumber } = (value ?? {}) as { blockNumber?: unknown }
  return typeof blockNumber === 'string'
}

function tipsOf(value: unknown): bigint[][] {
  const { reward } = (value ?? {}) as { reward?: unknown }
  if (!Array.isArray(reward)) return []
  return reward.map((row) => (Array.isArray(row) ? row.map((tip) => number({ ok: true, value: tip })) : []))
}

// ---- what nodes of different makers have in common ----

const TX =
  'hash blockHash blockNumber transactionIndex from to value input nonce gas gasPrice maxFeePerGas maxPriorityFeePerGas maxFeePerBlobGas blobVersionedHashes authorizationList accessList type r s'
const BLOCK =
  'number hash parentHash nonce sha3Uncles logsBloom transactionsRoot stateRoot receiptsRoot miner mixHash difficulty extraData gasLimit gasUsed timestamp baseFeePerGas withdrawalsRoot blobGasUsed excessBlobGas parentBeaconBlockRoot requestsHash transactions uncles withdrawals'
const RECEIPT =
  'transactionHash transactionIndex blockHash blockNumber from to cumulativeGasUsed gasUsed effectiveGasPrice contractAddress status type logsBloom logs blobGasUsed blobGasPrice l1Fee root'
const LOG = 'address topics data blockNumber blockHash transactionHash transactionIndex logIndex removed'

/** Only what is compared is given on: fields that are not standard differ from maker to maker. */
function common(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(common)
  if (typeof value !== 'object' || value === null) return value
  const found = value as Record<string, unknown>
  if ('parentHash' in found) return pick(found, BLOCK)
  if ('cumulativeGasUsed' in found) return pick(found, RECEIPT)
  if ('topics' in found) return pick(found, LOG)
  if ('hash' in found && 'nonce' in found && 'input' in found) return pick(found, TX)
  return value
}

function pick(found: Record<string, unknown>, names: string): Record<string, unknown> {
  const picked: Record<string, unknown> = {}
  for (const name of names.split(' ')) {
    const value = found[name]
    if (value === undefined || (name === 'accessList' && Array.isArray(value) && value.length === 0)) continue
    picked[name] = name === 'transactions' || name === 'logs' ? common(value) : value
  }
  return picked
}

// ---- numbers ----

const MOST = 2n ** 256n

/** What is no number counts as the largest of all, and so is outvoted or far from the others. */
function number(result: RpcResult): bigint {
  if (!result.ok || typeof result.value !== 'string' || !/^0x[0-9a-fA-F]{1,64}$/.test(result.value))
    return MOST
  return BigInt(result.value)
}

export function quantity(value: number | bigint): string {
  return `0x${value.toString(16)}`
}

function shown(result: RpcResult): string {
  return result.ok ? canonical(result.value) : 'refused'
}
