import type { ServerResponse } from 'node:http'
import { hex, type Ledger, type LedgerTx, scriptHash } from './ledger.ts'
import { type Handler, sendJson, startServer, type TestServer } from './server.ts'

export interface EsploraSetup {
  readonly ledger: Ledger
  readonly flavour?: 'blockstream' | 'mempool.space'
  /** Sees each request first; answers it by returning true. */
  before?(path: string, response: ServerResponse, method: string): boolean | undefined
}

/** An Esplora server over a ledger, which pages like the two that are out there. */
export function startEsplora(setup: EsploraSetup): Promise<TestServer> {
  return startServer(esploraHandler(setup))
}

function esploraHandler({ ledger, flavour = 'blockstream', before }: EsploraSetup): Handler {
  return (request, response, body) => {
    const [path = '', search = ''] = (request.url ?? '').split('?')
    if (before?.(request.url ?? '', response, request.method ?? '')) return
    const text = (value: string, status = 200): unknown =>
      response.writeHead(status, { 'content-type': 'text/plain' }).end(value)
    const parts = path.split('/').slice(1)
    const block = (hash: string | undefined): number =>
      ledger.blocks.findIndex((block) => block.hash === hash)
    if (path === '/blocks/tip/hash') return text(ledger.tip().hash)
    if (parts[0] === 'block-height') {
      const hash = ledger.blocks[Number(parts[1])]?.hash
      return hash ? text(hash) : text('Block not found', 404)
    }
    if (parts[0] === 'block') {
      const height = block(parts[1])
      if (parts[2] === 'status') return sendJson(response, { in_best_chain: height >= 0 })
      if (height < 0) return text('Block not found', 404)
      if (parts[2] === 'header') return text(ledger.blocks[height]?.header ?? '')
      return sendJson(response, { id: parts[1], height })
    }
    if (parts[0] === 'fee-estimates') return sendJson(response, { 6: 1.1, 1: 87.882, 144: 1 })
    if (parts[0] === 'tx' && request.method === 'POST') {
      const taken = ledger.take(body)
      if (typeof taken === 'string') return text(taken)
      return text(`sendrawtransaction RPC error: ${JSON.stringify(taken)}`, 400)
    }
    if (parts[0] === 'tx') {
      const tx = ledger.find(parts[1] ?? '')
      return tx ? sendJson(response, toJson(tx, ledger)) : text('Transaction not found', 404)
    }
    const script = ledger.scripts().find((script) => scriptHash(script) === parts[1])
    const rows = script === undefined ? [] : ledger.touching(script)
    const waiting = rows.filter(({ height }) => height === 0)
    const mined = rows.filter(({ height }) => height > 0).reverse()
    const after = new URLSearchParams(search).get('after_txid')
    const list = (txs: LedgerTx[]): void =>
      sendJson(
        response,
        txs.map((tx) => toJson(tx, ledger)),
      )
    const from = (txs: LedgerTx[], last: string | null | undefined): LedgerTx[] => {
      const at = txs.findIndex(({ txid }) => txid === last)
      return last ? (at < 0 ? [] : txs.slice(at + 1)) : txs
    }
    if (parts[2] === undefined)
      return sendJson(response, {
        chain_stats: { tx_count: mined.length },
        mempool_stats: { tx_count: waiting.length },
      })
    if (parts[2] === 'utxo') {
      const coins = waiting.filter((tx) => tx.fields.outputs.some((output) => hex(output.script) === script))
      return sendJson(
        response,
        coins.map(({ txid }) => ({ txid, vout: 0, status: { confirmed: false }, value: 1 })),
      )
    }
    if (parts[3] === 'chain') return list(from(mined, parts[4]).slice(0, 25))
    if (flavour === 'blockstream') return list([...waiting.slice(0, 50), ...mined.slice(0, 25)])
    const some = from(waiting, after).slice(0, 50)
    const first = [...some, ...some]
    return list([...first, ...mined.slice(0, Math.max(0, 50 - first.length))])
  }
}

export function toJson(tx: LedgerTx, ledger: Ledger): unknown {
  const { fields, txid, height } = tx
  const json = {
    txid,
    version: fields.version,
    locktime: fields.lockTime,
    vin: fields.inputs.map((input, i) => {
      const witness = fields.witnesses?.[i]?.map(hex)
      return {
        txid: hex(input.txid),
        vout: input.index,
        prevout: null,
        scriptsig: hex(input.finalScriptSig),
        ...(witness?.length ? { witness } : {}),
        is_coinbase: false,
        sequence: input.sequence,
      }
    }),
    vout: fields.outputs.map(({ amount, script }) => ({ scriptpubkey: hex(script), value: Number(amount) })),
    size: tx.raw.length / 2,
    weight: 400,
    fee: 100,
    status:
      height === 0
        ? { confirmed: false }
        : { confirmed: true, block_height: height, block_hash: ledger.blocks[height]?.hash, block_time: 1 },
  }
  return tx.lie?.(json) ?? json
}
