import type { ServerResponse } from 'node:http'
import { Address, OutScript, TEST_NETWORK } from '@scure/btc-signer'
import { hex, type Ledger, type LedgerTx } from './ledger.ts'
import { sendJson, startServer, type TestServer } from './server.ts'

export interface BlockbookSetup {
  readonly ledger: Ledger
  /** Sees each request first; answers it by returning true. */
  before?(path: string, response: ServerResponse, method: string): boolean | undefined
}

const REGTEST_FORM = { ...TEST_NETWORK, bech32: 'bcrt' }

/** A Blockbook server over a ledger; its first page is cut to its length, as those of newer versions are. */
export function startBlockbook({ ledger, before }: BlockbookSetup): Promise<TestServer> {
  return startServer((request, response, body) => {
    if (before?.(request.url ?? '', response, request.method ?? '')) return
    const [path = '', search = ''] = (request.url ?? '').split('?')
    const [, , , what = '', which = ''] = path.split('/')
    const query = new URLSearchParams(search)
    const failed = (error: unknown): void => sendJson(response, { error }, 400)
    const tip = ledger.tip()
    const toRow = (tx: LedgerTx): unknown => {
      const row = {
        txid: tx.txid,
        vin: [],
        vout: [],
        ...(tx.height > 0 ? { blockHash: ledger.blocks[tx.height]?.hash } : {}),
        blockHeight: tx.height || -1,
        confirmations: tx.height ? tip.height - tx.height + 1 : 0,
        ...(query.get('details') === 'txslight' ? {} : { hex: tx.raw }),
      }
      return tx.lie?.(row) ?? row
    }
    if (what === '') return sendJson(response, { blockbook: { bestHeight: tip.height }, backend: {} })
    if (what === 'block-index')
      return sendJson(response, { blockHash: ledger.blocks[Number(which)]?.hash ?? '' })
    if (what === 'block') {
      const block = ledger.blocks.find(({ hash }) => hash === which)
      if (!block) return failed('Block not found')
      const bytes = Buffer.from(block.header, 'hex')
      const flipped = (from: number): string =>
        Buffer.from(bytes.subarray(from, from + 32))
          .reverse()
          .toString('hex')
      return sendJson(response, {
        hash: block.hash,
        ...(block === ledger.blocks[0] ? {} : { previousBlockHash: flipped(4) }),
        version: bytes.readInt32LE(0),
        merkleRoot: flipped(36),
        time: bytes.readUInt32LE(68),
        bits: bytes.readUInt32LE(72).toString(16),
        nonce: String(bytes.readUInt32LE(76)),
      })
    }
    if (what === 'tx') {
      const tx = ledger.find(which)
      return tx ? sendJson(response, toRow(tx)) : failed(`Transaction '${which}' not found`)
    }
    if (what === 'estimatefee') return sendJson(response, { result: Number(which) > 6 ? '-1' : '0.00012345' })
    if (what === 'sendtx') {
      const taken = ledger.take(body)
      return typeof taken === 'string'
        ? sendJson(response, { result: taken })
        : failed({ message: `${taken.code}: ${taken.message}` })
    }
    const script = hex(OutScript.encode(Address(REGTEST_FORM).decode(which)))
    const size = Number(query.get('pageSize'))
    const to = query.get('to')
    const rows = ledger.touching(script)
    const waiting = to === null ? rows.filter(({ height }) => height === 0) : []
    const mined = rows.filter(({ height }) => height > 0 && height <= Number(to ?? tip.height)).reverse()
    const pages = Math.max(1, Math.ceil(mined.length / size))
    const page = Math.min(Number(query.get('page')), pages)
    const part = mined.slice((page - 1) * size, page * size)
    sendJson(response, {
      page,
      totalPages: to !== null && mined.length >= size ? -1 : pages,
      itemsOnPage: size,
      address: which,
      unconfirmedTxs: waiting.length,
      txs: mined.length,
      ...(rows.length > 0
        ? { transactions: (page === 1 ? [...waiting, ...part] : part).slice(0, size).map(toRow) }
        : {}),
    })
  })
}
