import { CofferError, type EvmSource, type RpcCall, type RpcResult, type TransferRow } from '@coffer/core'
import { cluster } from '@coffer/daemon-client'
import { describe, expect, it } from 'vitest'
import { history } from './history.ts'
import type { Address } from './intent.ts'
import { ethereumNetwork } from './networks.ts'
import { listedAssets } from './request.ts'

const SELF: Address = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
const OTHER: Address = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'
const assets = listedAssets(ethereumNetwork)
const COIN = ethereumNetwork.coin.id
const TOKEN = assets[1]!.id
const hex = (value: number): string => `0x${value.toString(16)}`
const txid = (height: number): string => `0x${height.toString(16).padStart(64, '0')}`

/** A node whose blocks each weigh `bytes`, behind a limit of ten million bytes a message; each block pays us 1 wei. */
function heavy(bytes: number, top = 1_000) {
  const asked: number[] = []
  const answer = ({ method, params }: RpcCall): unknown => {
    if (method === 'eth_blockNumber') return hex(top)
    if (method === 'eth_getLogs') return []
    if (method === 'eth_getTransactionReceipt')
      return {
        transactionHash: params[0],
        blockHash: '0x00',
        blockNumber: '0x1',
        status: '0x1',
        gasUsed: '0x1',
        effectiveGasPrice: '0x1',
      }
    const height = Number(params[0])
    const payment = { hash: txid(height), from: OTHER, to: SELF, value: '0x1', transactionIndex: '0x0' }
    return { number: hex(height), timestamp: '0x1', transactions: height % 50 === 0 ? [payment] : [] }
  }
  const source: EvmSource = {
    family: 'evm',
    chain: ethereumNetwork.id,
    request: async (calls): Promise<RpcResult[]> => {
      const blocks = calls.filter(({ method }) => method === 'eth_getBlockByNumber').length
      if (blocks > 0) asked.push(blocks)
      if (blocks * bytes > 10_000_000)
        throw new CofferError({ code: 'BAD_RESPONSE', message: 'The answer is too long.' })
      return calls.map((call) => ({ ok: true, value: answer(call) }))
    },
  }
  return { source, asked }
}

const look = (source: EvmSource, cursor?: string) =>
  history(ethereumNetwork, source, SELF, assets, cursor === undefined ? {} : { cursor })

describe('without an indexer', () => {
  it('reads full blocks of the main network within the limit of an answer', async () => {
    const { source, asked } = heavy(274_000)
    const page = await look(source)
    expect(page.items.map(({ height }) => height)).toEqual([1_000, 950, 900, 850])
    expect(page).toMatchObject({ next: 'block:800', coverage: { fromHeight: 801 } })
    expect(asked).toEqual(Array(25).fill(8))
    expect((await look(source, page.next)).items.map(({ height }) => height)).toEqual([800, 750, 700, 650])
  })

  it.each(['one source', 'several'])(
    'asks for fewer blocks when they are too many for an answer: %s',
    async (how) => {
      const { source, asked } = heavy(3_000_000)
      const both = cluster({ 'eip155:1': [() => source, () => source] }).for('eip155:1') as EvmSource
      const page = await look(how === 'several' ? both : source)
      expect(page.items.map(({ height }) => height)).toEqual([1_000, 950, 900, 850])
      expect(page.coverage.fromHeight).toBe(801)
      expect(asked.filter((blocks) => blocks > 2)).toEqual(how === 'several' ? [8, 8, 4, 4] : [8, 4])
      expect(asked.filter((blocks) => blocks === 2)).toHaveLength(100)
    },
  )

  it('gives up on a block that is too long by itself, and on other errors at once', async () => {
    const { source, asked } = heavy(11_000_000)
    await expect(look(source)).rejects.toMatchObject({ code: 'BAD_RESPONSE' })
    expect(asked).toEqual([8, 4, 2, 1])
    let requests = 0
    const lost: EvmSource = {
      ...source,
      request: async (calls, options) => {
        if (++requests === 1) return source.request(calls, options)
        throw new CofferError({ code: 'NETWORK', message: 'Lost.' })
      },
    }
    await expect(look(lost)).rejects.toMatchObject({ code: 'NETWORK' })
    expect(requests).toBe(2)
  })

  it('reads a short chain to its beginning', async () => {
    const { source, asked } = heavy(3_000_000, 10)
    const page = await look(source)
    expect(page.next).toBeUndefined()
    expect(page.coverage.fromHeight).toBe(0)
    expect(asked).toEqual([8, 4, 2, 2, 2, 2, 2, 1])
  })
})

describe('with an indexer', () => {
  const row = (height: number, more: Partial<TransferRow> = {}): TransferRow => ({
    txid: txid(height),
    height,
    from: OTHER,
    to: SELF,
    asset: TOKEN,
    amount: 1n,
    ...more,
  })
  const indexer = (items: readonly TransferRow[], next?: string): EvmSource => ({
    ...heavy(1).source,
    transfers: async () => ({ items, ...(next === undefined ? {} : { next }) }),
  })

  it('G1: drops token rows that move nothing, and keeps calls that paid a fee', async () => {
    const poison = row(9, { from: SELF, to: OTHER, amount: 0n })
    const call = row(8, { from: SELF, to: OTHER, asset: COIN, amount: 0n, fee: 21n })
    const { items } = await look(indexer([poison, row(9, { amount: 0n }), call, row(7)]))
    expect(items.map(({ height, amount, fee }) => [height, amount, fee])).toEqual([
      [8, 0n, 21n],
      [7, 1n, undefined],
    ])
  })

  it('says how far a page reaches: to the last row, or to the beginning at the end', async () => {
    const poison = row(5, { amount: 0n })
    expect((await look(indexer([row(9), poison], 'more'))).coverage.fromHeight).toBe(5)
    expect((await look(indexer([row(9), poison]))).coverage.fromHeight).toBe(0)
    expect((await look(indexer([], 'more'))).coverage.fromHeight).toBe(Number.MAX_SAFE_INTEGER)
  })
})
