import { CofferError, memoryStore, type UtxoSource } from '@coffer/core'
import { bytesToHex } from '@noble/hashes/utils.js'
import { describe, expect, it } from 'vitest'
import { openAccount } from './account.ts'
import { deriveScripts } from './derive.ts'
import { readDescriptor } from './descriptor.ts'
import { type FakeChain, fakeChain } from './fake-source.fixture.ts'
import { keysOf } from './keys.fixture.ts'
import { regtestNetwork } from './networks.ts'
import { bitcoinRules } from './rules.ts'
import { firstUnused, noState, readState, writeState } from './state.ts'
import { sync } from './sync.ts'
import { encodeTx, type Tx, txidOf } from './transaction.ts'
import { coinsOf } from './view.ts'

const rules = bitcoinRules(regtestNetwork)
const text = rules.describe(keysOf('sync').key(rules.path(0)))
const descriptor = readDescriptor(text, regtestNetwork)
const scripts = deriveScripts(descriptor, 0, 0, 1_100)
const changes = deriveScripts(descriptor, 1, 0, 400)

/** A wallet with coins at these receiving and change addresses. */
function used(receiving: readonly number[], change: readonly number[] = []): FakeChain {
  const chain = fakeChain()
  for (const index of receiving) chain.pay([{ script: scripts[index]!.script, amount: 10_000n }], 500)
  for (const index of change) chain.pay([{ script: changes[index]!.script, amount: 20_000n }], 500)
  return chain
}
const range = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i)
const open = (source: UtxoSource, store = memoryStore()) =>
  openAccount(regtestNetwork, { descriptor: text, source, store })

describe('restoring', () => {
  it('of a new wallet asks after one gap of each keychain, in one round trip', async () => {
    const chain = fakeChain()
    await sync(noState, descriptor, chain.source)
    expect(chain.asked).toEqual({ tip: 1, history: 1, scripts: 40 })
  })

  it('of 1,000 used addresses takes a few round trips, and little more than the addresses there are', async () => {
    const chain = used(range(1_000), range(300))
    const state = await sync(noState, descriptor, chain.source)
    expect(firstUnused(state)).toEqual([1_000, 300])
    expect(coinsOf(state)).toHaveLength(1_300)
    expect(chain.asked['history']).toBeLessThanOrEqual(6)
    expect(chain.asked['scripts']).toBeLessThanOrEqual(2_000)
  })

  it('finds what lies beyond gaps, where the probes look', async () => {
    const chain = used([...range(15), 45, 330], [])
    const state = await sync(noState, descriptor, chain.source)
    expect(firstUnused(state)[0]).toBe(331)
    expect(coinsOf(state)).toHaveLength(17)
    // Everything below was looked at, not the probes alone.
    const seen = [...state.scripts.values()]
      .filter(({ script }) => script.keychain === 0)
      .map(({ script }) => script.index)
    expect(range(331).every((index) => seen.includes(index))).toBe(true)
  })

  it('goes on until a whole gap is unused, whatever the gap limit', async () => {
    const chain = used([0, 19, 38, 57, 78])
    expect(firstUnused(await sync(noState, descriptor, chain.source))[0]).toBe(58)
    expect(firstUnused(await sync(noState, descriptor, chain.source, { gapLimit: 21 }))[0]).toBe(79)
    expect(firstUnused(await sync(noState, descriptor, used([2]).source, { gapLimit: 2 }))[0]).toBe(0)
  })

  it('tells of its progress', async () => {
    const seen: number[] = []
    await sync(noState, descriptor, used(range(100)).source, { onProgress: ({ used }) => seen.push(used) })
    expect(seen.at(-1)).toBe(100)
    expect(seen.length).toBeGreaterThan(2)
  })
})

describe('a later sync', () => {
  it('asks after what can change, and old addresses in turns', async () => {
    const chain = fakeChain()
    // Used and spent long ago: nothing there any more.
    for (const index of range(600)) {
      const coin = chain.pay([{ script: scripts[index]!.script, amount: 10_000n }], 100)
      const spend: Tx = {
        version: 2,
        locktime: index,
        inputs: [{ txid: txidOf(coin), vout: 0, sequence: 0, scriptSig: new Uint8Array(), witness: [] }],
        outputs: [{ amount: 9_000n, script: new Uint8Array([0x51]) }],
      }
      chain.add(spend, 101)
    }
    let state = await sync(noState, descriptor, chain.source)
    const before = chain.asked['scripts']!
    state = await sync(state, descriptor, chain.source)
    expect(chain.asked['scripts']! - before).toBeLessThanOrEqual(150)
    // A payment to one of the old ones is found within a few turns, or at once when asked in full.
    chain.pay([{ script: scripts[7]!.script, amount: 5_000n }], 1_000)
    expect(coinsOf(await sync(state, descriptor, chain.source, { full: true }))).toHaveLength(1)
    for (let turn = 0; turn < 20; turn++) state = await sync(state, descriptor, chain.source)
    expect(coinsOf(state)).toHaveLength(1)
  })

  it('moves on with the addresses that get used', async () => {
    const chain = used([0])
    let state = await sync(noState, descriptor, chain.source)
    for (const index of [20, 39, 59]) {
      chain.pay([{ script: scripts[index]!.script, amount: 1_000n }], 900)
      state = await sync(state, descriptor, chain.source)
      expect(firstUnused(state)[0]).toBe(index + 1)
    }
  })

  it('follows a reorganisation: what went away is gone, what came back counts', async () => {
    const chain = used([0])
    const coin = chain.pay([{ script: scripts[1]!.script, amount: 70_000n }], 999)
    let state = await sync(noState, descriptor, chain.source)
    expect(coinsOf(state)).toHaveLength(2)
    chain.mine(txidOf(coin), 0)
    state = await sync(state, descriptor, chain.source)
    expect(coinsOf(state).find(({ amount }) => amount === 70_000n)).toMatchObject({
      height: 0,
      confirmations: 0,
    })
    chain.remove(txidOf(coin))
    state = await sync(state, descriptor, chain.source)
    expect(coinsOf(state)).toHaveLength(1)
    expect(state.txs.has(txidOf(coin))).toBe(false)
  })

  it('reads the waiting ancestors of what waits, for the fee of the package', async () => {
    const chain = fakeChain()
    const root = chain.pay([{ script: new Uint8Array([0x51]), amount: 50_000n }], 900)
    const parent: Tx = {
      version: 2,
      locktime: 0,
      inputs: [{ txid: txidOf(root), vout: 0, sequence: 0, scriptSig: new Uint8Array(), witness: [] }],
      outputs: [{ amount: 49_000n, script: new Uint8Array([0x51]) }],
    }
    const child: Tx = {
      ...parent,
      inputs: [{ ...parent.inputs[0]!, txid: txidOf(parent) }],
      outputs: [{ amount: 48_500n, script: scripts[0]!.script }],
    }
    chain.add(parent, 0)
    chain.add(child, 0)
    const [coin] = coinsOf(await sync(noState, descriptor, chain.source))
    expect(coin!.ancestors).toMatchObject({ fee: 1_500n, txids: [txidOf(child), txidOf(parent)] })
  })
})

describe('a hostile source', () => {
  const lying = (lie: Partial<UtxoSource>): UtxoSource => ({ ...used([0, 1]).source, ...lie })

  it('cannot pass one transaction off as another', async () => {
    const honest = used([0]).source
    const other = bytesToHex(encodeTx(used([5]).pay([{ script: scripts[0]!.script, amount: 2n }])))
    const source = lying({
      history: async (queries) =>
        (await honest.history(queries)).map(({ status, entries = [] }) => ({
          status,
          entries: entries.map((entry) => ({ ...entry, raw: other })),
        })),
    })
    await expect(sync(noState, descriptor, source)).rejects.toMatchObject({ code: 'BAD_RESPONSE' })
  })

  it.each([
    ['too few answers', { history: async () => [] }],
    [
      'rows left out for a status that it was not given',
      { history: async (q: readonly unknown[]) => q.map(() => ({ status: 'x' })) },
    ],
  ] as [string, Partial<UtxoSource>][])('is refused: %s', async (_, lie) => {
    await expect(sync(noState, descriptor, lying(lie))).rejects.toMatchObject({ code: 'BAD_RESPONSE' })
  })

  it('that fails leaves the account as it was, and no balance is read as 0', async () => {
    const chain = used([0])
    let fails = false
    const account = open({
      ...chain.source,
      history: async (queries, options) => {
        if (fails) throw new CofferError({ code: 'NETWORK', message: 'gone', retryable: true })
        return chain.source.history(queries, options)
      },
    })
    expect((await account.balance()).total).toBe(10_000n)
    fails = true
    await expect(account.balance()).rejects.toMatchObject({ code: 'NETWORK' })
    await expect(account.balances()).rejects.toMatchObject({ code: 'NETWORK' })
    fails = false
    expect((await account.balance()).total).toBe(10_000n)
  })
})

describe('a snapshot', () => {
  it('is written and read again unchanged', async () => {
    const state = await sync(noState, descriptor, used(range(30), range(5)).source)
    const again = readState(writeState(state, 'me'), 'me', descriptor, txidOf)
    expect(again).toEqual({ ...state, fresh: false })
    expect(writeState(again, 'me')).toBe(writeState(state, 'me'))
    expect(() => readState(writeState(state, 'me'), 'another', descriptor, txidOf)).toThrow(
      expect.objectContaining({ code: 'INVALID_JSON' }),
    )
  })

  it('of another kind is refused, and a broken one in the store is read again from the chain', async () => {
    const chain = used([0, 1])
    const store = memoryStore()
    const account = open(chain.source, store)
    for (const wrong of [
      '',
      '{}',
      '{"version":1}',
      '[]',
      '{"version":1,"tip":{"height":-1},"round":1,"scripts":[],"txs":[],"times":[]}',
    ])
      await expect(account.restore(wrong)).rejects.toMatchObject({ code: 'INVALID_JSON' })
    await account.sync()
    const [key] = (await store.keys('bitcoin/')).filter((name) => name.endsWith('/state'))
    await store.set(key!, '{"version":1,"scripts":')
    expect((await open(chain.source, store).balance()).total).toBe(20_000n)
  })

  it('in the store makes the next start a short one', async () => {
    const chain = used(range(200))
    const store = memoryStore()
    await open(chain.source, store).sync()
    const before = { ...chain.asked }
    expect((await open(chain.source, store).balance()).total).toBe(2_000_000n)
    expect(chain.asked['history']! - before['history']!).toBe(1)
  })
})

it('joins those who ask at the same moment', async () => {
  const chain = used([0])
  const account = open(chain.source)
  await Promise.all([account.balance(), account.balances(), account.coins(), account.history()])
  expect(chain.asked['tip']).toBe(1)
})
