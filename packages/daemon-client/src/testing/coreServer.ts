import type { RpcCall, RpcResult } from '@coffer/core'
import { hex, type Ledger, type LedgerTx } from './ledger.ts'
import { sendJson, startServer, type TestServer } from './server.ts'

export interface CoreSetup {
  readonly ledger: Ledger
  /** The node keeps block filters; true when not given. */
  readonly filters?: boolean
  /** The node finds mined transactions by id; true when not given. */
  readonly txindex?: boolean
  /** Blocks below are gone. */
  readonly pruneheight?: number
  /** Answers a call in another way than it should; a number is a pause in milliseconds before the usual answer. */
  answer?(call: RpcCall): RpcResult | number | undefined | Promise<RpcResult>
}

/** The RPC of a node over a ledger, which answers as Bitcoin Core does: errors with status 500, and with `result` null. */
export function startCore(setup: CoreSetup): Promise<TestServer> {
  return startServer(async (_request, response, body) => {
    const message = JSON.parse(body) as (RpcCall & { id: number }) | (RpcCall & { id: number })[]
    const one = async (call: RpcCall & { id: number }): Promise<object> => {
      let result = await setup.answer?.(call)
      if (typeof result === 'number') {
        const pause = result
        await new Promise((resolve) => setTimeout(resolve, pause))
        result = undefined
      }
      result ??= answer(setup, call)
      return result.ok
        ? { result: result.value, error: null, id: call.id }
        : { result: null, error: result.error, id: call.id }
    }
    if (Array.isArray(message)) return sendJson(response, await Promise.all(message.map(one)))
    const reply = (await one(message)) as { error: object | null }
    sendJson(response, reply, reply.error ? 500 : 200)
  })
}

function answer(setup: CoreSetup, { method, params }: RpcCall): RpcResult {
  const { ledger, filters = true, txindex = true, pruneheight } = setup
  const [first, second, third, fourth] = params
  const tip = ledger.tip()
  const value = (value: unknown): RpcResult => ({ ok: true, value })
  const failed = (code: number, message: string): RpcResult => ({ ok: false, error: { code, message } })
  if (first === 'abort') return value(true)
  const heightOf = (hash: unknown): number => ledger.blocks.findIndex((block) => block.hash === hash)
  if (method === 'getblockchaininfo')
    return value({
      blocks: tip.height,
      bestblockhash: tip.hash,
      difficulty: 4.656542373906925e-10,
      pruned: pruneheight !== undefined,
      ...(pruneheight === undefined ? {} : { pruneheight }),
    })
  if (method === 'getbestblockhash') return value(tip.hash)
  if (method === 'getindexinfo')
    return value(filters ? { [String(first)]: { synced: true, best_block_height: tip.height } } : {})
  if (method === 'getblockfilter')
    return heightOf(first) < 0 ? failed(-5, 'Block not found') : value({ filter: '00' })
  if (method === 'getblockhash') {
    const block = ledger.blocks[Number(first)]
    return block ? value(block.hash) : failed(-8, 'Block height out of range')
  }
  if (method === 'getblockheader') {
    const known = ledger.seen.get(String(first))
    if (!known) return failed(-5, 'Block not found')
    if (second === false) return value(known.header)
    const height = heightOf(first)
    const previous = known.header.slice(8, 72).match(/../g)?.reverse().join('')
    return value({
      hash: first,
      height: known.height,
      confirmations: height < 0 ? -1 : tip.height - height + 1,
      previousblockhash: previous,
    })
  }
  if (method === 'scanblocks') {
    const from = Number(third)
    const to = Number(fourth)
    if (from < (pruneheight ?? 0)) return failed(-1, 'Block not available (pruned data)')
    const scripts = scriptsOf(second)
    const wanted = new Set(scripts.flatMap((script) => ledger.touching(script)))
    const blocks = ledger.blocks.slice(from, to + 1).filter(({ txs }) => txs.some((tx) => wanted.has(tx)))
    return value({
      from_height: from,
      to_height: to,
      relevant_blocks: blocks.map(({ hash }) => hash),
      completed: true,
    })
  }
  if (method === 'scantxoutset') {
    const scripts = new Set(scriptsOf(second))
    const mined = ledger.blocks.flatMap(({ txs }) => txs)
    const spent = new Set(
      mined.flatMap((tx) => tx.fields.inputs.map((input) => `${hex(input.txid)}:${input.index}`)),
    )
    const unspents = mined.flatMap(({ txid, fields, height }) =>
      fields.outputs.flatMap(({ script, amount }, vout) =>
        scripts.has(hex(script)) && !spent.has(`${txid}:${vout}`)
          ? [{ txid, vout, scriptPubKey: hex(script), amount: Number(amount) / 1e8, height }]
          : [],
      ),
    )
    return value({ success: true, height: tip.height, bestblock: tip.hash, unspents, total_amount: 0.1 })
  }
  if (method === 'getblock') {
    const height = heightOf(first)
    const block = ledger.blocks[height]
    return block
      ? value({ hash: first, height, tx: block.txs.map((tx) => toJson(tx, ledger)) })
      : failed(-5, 'Block not found')
  }
  if (method === 'getrawmempool') return value(ledger.waiting.map(({ txid }) => txid))
  if (method === 'getrawtransaction') {
    const tx = ledger.find(String(first))
    const hash = tx && tx.height > 0 ? ledger.blocks[tx.height]?.hash : undefined
    if (third !== undefined && third !== hash)
      return failed(-5, 'No such transaction found in the provided block.')
    if (!txindex && third === undefined && (hash !== undefined || !tx))
      return failed(
        -5,
        'No such mempool transaction. Use -txindex or provide a block hash to enable blockchain transaction queries.',
      )
    if (!tx)
      return failed(
        -5,
        'No such mempool or blockchain transaction. Use gettransaction for wallet transactions.',
      )
    return value(second ? { hex: tx.raw, ...(hash === undefined ? {} : { blockhash: hash }) } : tx.raw)
  }
  if (method === 'estimatesmartfee')
    return value(
      Number(first) > 12
        ? { errors: ['Insufficient data'], blocks: 0 }
        : { feerate: 0.00012345, blocks: Math.max(2, Number(first)) },
    )
  if (method === 'sendrawtransaction') {
    const taken = ledger.take(String(first))
    return typeof taken === 'string' ? value(taken) : failed(taken.code, taken.message)
  }
  return failed(-32601, 'Method not found')
}

function toJson(tx: LedgerTx, ledger: Ledger): unknown {
  const json = {
    txid: tx.txid,
    hex: tx.raw,
    vin: tx.fields.inputs.map((input) => {
      const output = ledger.find(hex(input.txid))?.fields.outputs[input.index]
      return { prevout: { scriptPubKey: { hex: output ? hex(output.script) : '51' } } }
    }),
  }
  return tx.lie?.(json) ?? json
}

function scriptsOf(objects: unknown): string[] {
  return (objects as string[]).map((object) => object.slice(4, -1))
}
