import { bitcoin, regtest } from '@coffer/bitcoin'
import { createWallet, type ScriptHistory, type SourceFactory, type UtxoSource } from '@coffer/core'
import { softwareSigner } from '@coffer/signer-software'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { headerHash } from './bitcoinBytes.ts'
import { cluster } from './cluster.ts'
import { esplora } from './esplora.ts'
import type { ClusterEvent } from './failover.ts'
import { type QuorumOptions, quorum } from './quorum.ts'
import { startEsplora } from './testing/esploraServer.ts'
import { hex, type Ledger, MAINNET, openLedger, REGTEST } from './testing/ledger.ts'

const mnemonic = 'legal winner thank year wave sausage worth useful legal winner thank yellow'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

type Bend = (real: UtxoSource) => Partial<UtxoSource>

/** Three sources over one chain in memory; `bends` changes what the first ones say. */
async function open(
  bends: readonly Bend[],
  { count = 3, ...options }: QuorumOptions & { count?: number } = {},
) {
  const ledger = openLedger()
  const server = await startEsplora({ ledger })
  closing.push(server.close)
  const events: ClusterEvent[] = []
  const factory =
    (i: number): SourceFactory<UtxoSource> =>
    (chain) => {
      const real = esplora(server.url)(chain)
      return { ...real, name: `http://${bends[i] ? 'liar' : 'honest'}${i}`, ...bends[i]?.(real) }
    }
  const factories = Array.from({ length: count }, (_, i) => factory(i))
  const sources = cluster(
    { [REGTEST]: [quorum(factories, options)] },
    { onEvent: (event) => void events.push(event) },
  )
  closing.push(() => sources.close?.())
  const wallet = createWallet({
    chains: [regtest(), bitcoin()],
    source: sources,
    signer: softwareSigner({ mnemonic }),
  })
  const account = await wallet.account('regtest')
  const { address } = await account.receive()
  // Of a known address of the account: the script of a witness key hash.
  const script = await scriptOf(address)
  return { ledger, account, script, events, source: sources.for(REGTEST) as UtxoSource, server }
}

async function scriptOf(address: string): Promise<string> {
  const { bech32 } = await import('@scure/base')
  const { words } = bech32.decode(address as `${string}1${string}`)
  const program = hex(Uint8Array.from(bech32.fromWords(words.slice(1))))
  return `0014${program}`
}

const amountOf = (ledger: Ledger): bigint =>
  ledger.blocks
    .flatMap(({ txs }) => txs)
    .reduce((sum, { fields }) => sum + (fields.outputs[0]?.amount ?? 0n), 0n)

const historyBent =
  (change: (histories: readonly ScriptHistory[]) => readonly ScriptHistory[]): Bend =>
  (real) => ({
    history: async (queries, options) =>
      change(
        await real.history(
          queries.map(({ script }) => ({ script })),
          options,
        ),
      ),
  })

/** Leaves out the first mined row of each script. */
const hiding = historyBent((histories) =>
  histories.map((one) => ({ status: `${one.status} less`, entries: one.entries?.slice(1) ?? [] })),
)

/** A payment of a hundred coins that never was, mined or waiting. */
function inventing(height: number, script: () => string): Bend {
  const other = openLedger()
  // Else its first payment would be the very one of the honest chain.
  other.pay(['51'])
  return (real) => ({
    history: async (queries, options) => {
      if (script() === '') return real.history(queries, options)
      const tx = other.waiting[1] ?? other.pay([script()])
      const found = await real.history(
        queries.map(({ script }) => ({ script })),
        options,
      )
      return found.map((one, i) =>
        queries[i]?.script !== script()
          ? one
          : {
              status: `${one.status} more`,
              entries: [...(one.entries ?? []), { txid: tx.txid, height, raw: tx.raw }],
            },
      )
    },
    transactions: async (queries, options) => {
      const found = await real.transactions(queries, options)
      return found.map(
        (one, i) =>
          one ?? (other.find(queries[i]!.txid) && { raw: other.find(queries[i]!.txid)!.raw, height }),
      )
    },
  })
}

const back =
  (blocks: number): Bend =>
  (real) => ({
    tip: async (options) => {
      const height = Math.max(0, (await real.tip(options)).height - blocks)
      const [header] = await real.headers([height], options)
      return { height, hash: headerHash(header ?? '') }
    },
    history: async (queries) => queries.map(({ script }) => ({ status: `${script} old`, entries: [] })),
  })

const late: Bend = (real) => ({
  transactions: async (queries, options) => {
    await new Promise((resolve) => setTimeout(resolve, 40))
    return real.transactions(queries, options)
  },
})

describe('G14: one of three sources of Bitcoin', () => {
  it('G14: that hides a coin is outvoted, and told of', async () => {
    const { ledger, account, script, events } = await open([hiding])
    ledger.pay([script])
    ledger.mine(3)
    const [balance] = await account.balances()
    expect(balance?.amount).toBe(amountOf(ledger))
    expect(balance?.amount).toBeGreaterThan(0n)
    await vi.waitFor(() =>
      expect(events).toContainEqual({
        type: 'dissent',
        chain: REGTEST,
        source: 'http://liar0',
        question: `the history of the script ${script}`,
        said: 'nothing in blocks',
        agreed: expect.stringContaining('1 in blocks'),
      }),
    )
  })

  it.each([2, 0])('G14: that invents a coin at height %i is outvoted', async (height) => {
    let own = ''
    const { ledger, account, script, events } = await open([inventing(height, () => own)])
    own = script
    ledger.pay([script])
    ledger.mine(3)
    expect((await account.balances())[0]?.amount).toBe(amountOf(ledger))
    if (height > 0)
      await vi.waitFor(() =>
        expect(events).toContainEqual(expect.objectContaining({ type: 'dissent', source: 'http://liar0' })),
      )
  })

  it('G14: that lags by 100 blocks is left out, and told of', async () => {
    const { ledger, account, script, events } = await open([back(100)])
    ledger.mine(120)
    ledger.pay([script])
    ledger.mine(1)
    expect((await account.balances())[0]?.amount).toBe(amountOf(ledger))
    await vi.waitFor(() =>
      expect(events).toContainEqual({
        type: 'lagging',
        chain: REGTEST,
        source: 'http://liar0',
        height: 21,
        common: 121,
      }),
    )
  })

  it('G14: with blocks of another chain does not vote, and one of another genesis is dropped', async () => {
    const forked: Bend = (real) => ({
      tip: async (options) => ({ ...(await real.tip(options)), hash: 'ab'.repeat(32) }),
    })
    const foreign = await startEsplora({ ledger: openLedger() })
    closing.push(foreign.close)
    const other: Bend = () => ({ ...esplora(foreign.url)(MAINNET), chain: REGTEST, name: 'http://other' })
    const { ledger, account, script, events } = await open([other])
    ledger.pay([script])
    ledger.mine(1)
    expect((await account.balances())[0]?.amount).toBe(amountOf(ledger))
    await vi.waitFor(() =>
      expect(events).toContainEqual(expect.objectContaining({ type: 'dropped', source: 'http://other' })),
    )
    const three = await open([forked])
    three.ledger.pay([three.script])
    three.ledger.mine(1)
    expect((await three.account.balances())[0]?.amount).toBe(amountOf(three.ledger))
    await vi.waitFor(() =>
      expect(three.events).toContainEqual(expect.objectContaining({ type: 'dissent', question: 'block 1' })),
    )
  })

  it.each([
    ['hides a coin', hiding],
    ['lags', back(100)],
  ])('G14: and one honest and one that %s are no two that agree', async (_what, liar) => {
    const { ledger, account, script } = await open([liar], { count: 2 })
    ledger.pay([script])
    ledger.mine(120)
    await expect(account.balances()).rejects.toMatchObject({ code: 'NODES_DISAGREE', retryable: true })
  })

  it('G14: that claims a transaction mined, or none, changes no record; its bytes must be those of the id', async () => {
    const records: (string | undefined)[] = []
    const lies: Bend[] = [
      (real) => ({
        transactions: async (queries, options) =>
          (await real.transactions(queries, options)).map((one) => one && { ...one, height: 1 }),
      }),
      () => ({ transactions: async (queries) => queries.map(() => undefined) }),
      (real) => ({
        transactions: async (queries, options) =>
          (await real.transactions(queries, options)).map(
            (one) => one && { ...one, raw: openLedger().pay(['51']).raw },
          ),
      }),
    ]
    for (const lie of lies) {
      // The one that lies is the first to answer.
      const { ledger, source } = await open([lie, late, late])
      ledger.mine(5)
      const { txid, raw } = ledger.pay([`0014${'22'.repeat(20)}`])
      const [record] = await source.transactions([{ txid }])
      expect(record).toEqual({ raw, height: 0 })
      records.push(record?.raw)
    }
    expect(records).toHaveLength(3)
  })

  it('G14: and fee rates are the middle one of three', async () => {
    const dear: Bend = () => ({ feeRates: async () => [{ blocks: 1, satPerKvb: 10_000_000n }] })
    const { source } = await open([dear])
    const [honest] = await (await open([])).source.feeRates()
    expect((await source.feeRates())[0]).toEqual(honest)
    const two = await open([dear], { count: 2 })
    await expect(two.source.feeRates()).rejects.toMatchObject({ code: 'NODES_DISAGREE' })
  })
})

describe('statuses of a quorum', () => {
  it('ask each source with its own, so that it leaves the rows out', async () => {
    const { ledger, source, server } = await open([])
    const script = `0014${'33'.repeat(20)}`
    ledger.pay([script])
    ledger.mine(1)
    const [first] = await source.history([{ script }])
    expect(first?.entries).toHaveLength(1)
    server.requests.length = 0
    expect(await source.history([{ script, status: first!.status }])).toEqual([{ status: first?.status }])
    ledger.mine(1)
    expect(await source.history([{ script, status: first!.status }])).toEqual([{ status: first?.status }])
    const { txid } = ledger.pay([script])
    const [changed] = await source.history([{ script, status: first!.status }])
    expect(changed?.entries?.map((one) => [one.txid, one.height])).toContainEqual([txid, 0])
  })

  it('G14: a source that always says "unchanged" hides nothing', async () => {
    const stale: Bend = (real) => ({
      history: async (queries, options) => {
        const fresh = await real.history(
          queries.map(({ script }) => ({ script })),
          options,
        )
        return fresh.map((one, i) =>
          queries[i]?.status === undefined ? one : { status: queries[i]!.status! },
        )
      },
    })
    const { ledger, source, events } = await open([stale])
    const script = `0014${'44'.repeat(20)}`
    ledger.pay([script])
    ledger.mine(1)
    const [first] = await source.history([{ script }])
    ledger.pay([script])
    ledger.mine(1)
    const [second] = await source.history([{ script, status: first!.status }])
    expect(second?.entries).toHaveLength(2)
    await vi.waitFor(() => expect(events).toContainEqual(expect.objectContaining({ type: 'dissent' })))
  })
})
