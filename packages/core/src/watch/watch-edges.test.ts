import { bitcoin } from '@coffer/bitcoin'
import { bnb, ethereum } from '@coffer/evm'
import { tron } from '@coffer/tron'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Account, HistoryItem } from '../account.ts'
import { memoryStore, type Store } from '../store.ts'
import type { WatchWallet } from '../wallet.ts'
import { createPortfolio, type WatchEntry, type WatchList, watchList } from './index.ts'
import { ANN, BEN, XPUB } from './watch.fixture.ts'

const eth = ethereum()
const chains = [eth, bnb(), bitcoin(), tron()]
const TRON = 'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8'

let store: Store
let list: WatchList
beforeEach(() => {
  store = memoryStore()
  list = watchList({ store, chains })
})
const one = async (...given: Parameters<WatchList['add']>): Promise<WatchEntry> =>
  (await list.add(...given))[0]!
const words = (entries: readonly WatchEntry[]): (string | undefined)[][] =>
  entries.map(({ label, group }) => [label, group])

describe('what a list holds', () => {
  it.each([null, 5, true, {}, ['a']])('G8: refuses %j as a word, so that it stays readable', async (word) => {
    const { id } = await one(ANN, { chain: 'eip155:1', label: 'a', secret: 's' })
    const before = await store.get('watch')
    for (const name of ['label', 'group', 'secret'])
      await expect(list.change(id, { [name]: word as never })).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
      })
    if (word !== null)
      await expect(list.add(BEN, { label: word as never })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    expect(await store.get('watch')).toBe(before)
    expect(await list.entries()).toHaveLength(1)
  })

  it('G8: takes nothing but words, and none for a null', async () => {
    const entry = await one(ANN, { chain: 'eip155:1', label: null, more: { a: { b: {} } } } as never)
    expect(Object.keys(entry).sort()).toEqual(['addedAt', 'chain', 'descriptor', 'id'])
    expect(await list.change(entry.id, { label: 'a', id: 'b', more: [[]] } as never)).toEqual({
      ...entry,
      label: 'a',
    })
    expect(await list.entries()).toHaveLength(1)
  })

  it('G8: refuses more than it can read again', async () => {
    const { id } = await one(ANN, { chain: 'eip155:1', label: 'a' })
    const before = await store.get('watch')
    for (const label of ['x'.repeat(50_000_000), '€'.repeat(17_000_000)])
      await expect(list.change(id, { label })).rejects.toMatchObject({
        code: 'STORE_FULL',
        details: { limit: 50_000_000 },
      })
    expect(await store.get('watch')).toBe(before)
    expect(await list.entries()).toMatchObject([{ label: 'a' }])
  }, 60_000)

  it('keeps the words that are not given when others change', async () => {
    const entry = await one(ANN, { chain: 'eip155:1', label: 'a', group: 'g', secret: 's' })
    expect(await list.change(entry.id, { label: 'b', group: undefined, secret: undefined })).toEqual({
      ...entry,
      label: 'b',
    })
    const { group: _, ...rest } = entry
    expect(await list.change(entry.id, { label: 'a', group: '' })).toEqual(rest)
  })

  it.each([
    ['eip155:1', ANN, '[d34db33f/44h/60h/0h/0/0]'],
    ['tron:0x2b6653dc', TRON, '[d34db33f/44h/195h/0h/0/0]'],
  ])('has an account of %s once, with and without the origin of its key', async (chain, address, origin) => {
    const plain = await one(`${chain}:${address}`, { label: 'a', group: 'g' })
    const descriptor = `${origin}${chain}:${address}`
    expect(await one(descriptor, { label: 'b' })).toEqual({ ...plain, descriptor, label: 'b' })
    expect(await one(address, { chain, secret: 's' })).toEqual({
      ...plain,
      descriptor,
      label: 'b',
      secret: 's',
    })
    expect(await list.entries()).toHaveLength(1)
    const newer = descriptor.replace('d34db33f', 'd34db340')
    expect(await one(newer)).toMatchObject({ id: plain.id, descriptor: newer })
    await list.remove(plain.id)
    await list.addMany(`${descriptor},first\n${chain} ${address},second`)
    expect(await list.entries()).toMatchObject([{ id: plain.id, descriptor, label: 'second' }])
  })

  const BARE = XPUB.slice(XPUB.indexOf(']') + 1)
  // Of BIP-32.
  const ROOT =
    'xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8'
  it.each([
    ['wpkh', `wpkh(${BARE}/<0;1>/*)`, `wpkh(${XPUB}/<0;1>/*)`],
    [
      'sortedmulti',
      `wsh(sortedmulti(1,${BARE}/<0;1>/*,${ROOT}/<0;1>/*))`,
      `wsh(sortedmulti(1,${XPUB}/<0;1>/*,[3442193e]${ROOT}/<0;1>/*))`,
    ],
  ])(
    'has a Bitcoin account of %s once, with and without the origins of its keys',
    async (_, bare, origins) => {
      const plain = await one(bare, { label: 'a' })
      const whole = await one(origins)
      expect(whole).toEqual({ ...plain, descriptor: whole.descriptor })
      expect(whole.descriptor).toContain(origins)
      expect(await one(bare, { label: 'b' })).toEqual({ ...whole, label: 'b' })
      expect(await list.entries()).toHaveLength(1)
      const other = await one(bare.replaceAll('<0;1>', '<4;5>'))
      expect(other.id).not.toBe(plain.id)
    },
  )

  it('adds what another list had, with its words, all of it or nothing', async () => {
    await list.add(ANN, { label: 'a, "b" #1', group: 'g' })
    await list.add(XPUB, { label: 'coins' })
    const entries = await list.entries()
    const other = watchList({ store: memoryStore(), chains })
    const timeless = ({ addedAt: _, ...entry }: WatchEntry) => entry
    expect((await other.addEntries(entries)).map(timeless)).toEqual(entries.map(timeless))
    expect((await other.entries()).map(timeless)).toEqual(entries.map(timeless))
    await list.remove(entries[0]!.id)
    const wrong = { chain: 'eip155:1', descriptor: 'nonsense' }
    await expect(list.addEntries([entries[0]!, wrong])).rejects.toMatchObject({ code: 'INVALID_ADDRESS' })
    expect(await list.entries()).toHaveLength(entries.length - 1)
  })
})

describe('lines', () => {
  it('passes over a comment, whatever is in it', async () => {
    const lines = ['# customers (old)', '  # wpkh(x), y', '\uFEFF#', `${ANN},Ann`]
    expect(words(await list.addMany(lines.join('\n'), { chain: 'eip155:1' }))).toEqual([['Ann', undefined]])
  })

  it('takes words with parentheses and #', async () => {
    const lines = [
      `${ANN},Ann (cold),grp (a)`,
      `${BEN},Account #1,grp`,
      `tron ${TRON}, ann(cold)`,
      `${TRON},#1,g#`,
    ]
    expect(words(await list.addMany(lines.slice(0, 3).join('\n')))).toEqual([
      ['Ann (cold)', 'grp (a)'],
      ['Ann (cold)', 'grp (a)'],
      ['Account #1', 'grp'],
      ['Account #1', 'grp'],
      ['ann(cold)', undefined],
    ])
    expect(words(await list.addMany(lines[3]!))).toEqual([['#1', 'g#']])
  })

  it('takes descriptors with words', async () => {
    const { id, chain, descriptor } = await one(XPUB)
    const plain = descriptor.split('#')[0]!
    for (const account of [descriptor, plain, `bitcoin ${descriptor}`, `${chain}:${plain}`])
      for (const [more, ...expected] of [
        ['', 'before', 'all'],
        [',savings', 'savings', 'all'],
        [' , savings (old) #1 , g(1)', 'savings (old) #1', 'g(1)'],
      ] as const) {
        await list.remove(id)
        const added = await list.addMany(account + more, { label: 'before', group: 'all' })
        expect(added).toMatchObject([{ id, descriptor }])
        expect(words(added)).toEqual([expected])
      }
  })

  it('takes several keys and several addresses as one account', async () => {
    const key = (await one(XPUB)).descriptor.replace(/^wpkh\(|\)#.*$/g, '')
    const other = `03${'79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'}`
    const many = `wsh(sortedmulti(1,${key.replace(/\/<.*$/, '/0/0')},${other}))`
    expect(await list.addMany(`${many},both,g`)).toMatchObject([{ label: 'both', group: 'g' }])
    const group = ['bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq', '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa'].map(
      (address) => `addr(${address})`,
    )
    const [spaced] = await list.addMany(`${group.join(' ')},old`)
    expect(spaced!.label).toBe('old')
    expect(spaced!.descriptor.match(/addr/g)).toHaveLength(2)
    expect(await list.addMany(`${group.join(',')}`)).toMatchObject([{ id: spaced!.id, label: 'old' }])
    expect(await list.addMany(`${spaced!.descriptor},new`)).toMatchObject([{ id: spaced!.id, label: 'new' }])
  })

  it('adds none when a descriptor is broken', async () => {
    for (const wrong of ['wpkh(', 'wpkh(x', `wpkh(${XPUB}/<0;1>/*)#aaaaaaaa,x`, `wpkh(${XPUB}/<0;1>/*)#a!,x`])
      await expect(list.addMany(`${ANN}\n${wrong}`)).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        details: { lines: [{ line: 2 }] },
      })
    expect(await list.entries()).toEqual([])
  })
})

// ---- a wallet of accounts that answer as a test says ----

function walletOf(answers: (descriptor: string) => Partial<Account>): Pick<WatchWallet, 'watch'> {
  return { watch: async (descriptor) => answers(descriptor) as never }
}
async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
const coverage = { fromHeight: 0, coin: true, tokens: true }
const item = (txid: string, time?: number, state: HistoryItem['state'] = 'confirmed'): HistoryItem => ({
  txid,
  direction: 'in',
  asset: eth.coin,
  amount: 1n,
  from: null,
  to: null,
  state,
  ...(time === undefined ? {} : { time }),
})

describe('a portfolio', () => {
  it.each([Number.NaN, 0, -1, 0.5])('asks one account at a time when told %d', async (concurrency) => {
    await list.add(ANN)
    let running = 0
    const portfolio = createPortfolio({
      list,
      wallet: walletOf(() => ({
        balances: async () => {
          expect(++running).toBe(1)
          await Promise.resolve()
          running--
          return [{ asset: eth.coin, amount: 1n }]
        },
        history: async () => ({ items: [item('a', 1)], coverage }),
      })),
    })
    expect(await portfolio.totals({ concurrency })).toMatchObject([{ amount: 2n, complete: true }])
    expect(await allOf(portfolio.balances({ concurrency }))).toHaveLength(2)
    expect(await allOf(portfolio.history({ concurrency }))).toHaveLength(2)
  })

  it.each([
    [[item('a?'), item('a5', 500)], [item('b3', 300)], 'a? a5 b3'],
    [[item('a?'), item('a2', 200)], [item('b3', 300)], 'b3 a? a2'],
    [[item('a5', 500), item('a?')], [item('b3', 300)], 'a5 a? b3'],
    [[item('a2', 200), item('a?')], [item('b3', 300), item('b1', 100)], 'b3 a2 a? b1'],
    [[item('a?')], [item('b3', 300), item('b?'), item('b!'), item('b1', 100)], 'a? b3 b? b! b1'],
    [[item('a?', undefined, 'failed'), item('a2', 200)], [item('b?', undefined, 'pending')], 'b? a? a2'],
  ])('gives movements newest first, also where a time is not known (%#)', async (ofAnn, ofBen, expected) => {
    await list.add(ANN, { chain: 'eip155:1' })
    await list.add(BEN, { chain: 'eip155:1' })
    const wallet = walletOf((descriptor) => ({
      history: async () => ({ items: descriptor.endsWith(ANN) ? ofAnn : ofBen, coverage }),
    }))
    const seen = await allOf(createPortfolio({ wallet, list }).history({ concurrency: 1 }))
    expect(seen.map(({ item }) => item?.txid).join(' ')).toBe(expected)
  })

  it('reads no history on once its signal has aborted', async () => {
    await list.add(ANN)
    let reads = 0
    const portfolio = createPortfolio({
      list,
      wallet: walletOf(() => ({
        history: async () => ({ items: [item(`${++reads}`, 1)], next: 'on', coverage }),
      })),
    })
    const controller = new AbortController()
    const history = portfolio.history({ signal: controller.signal })[Symbol.asyncIterator]()
    expect((await history.next()).value.item.txid).toBe('1')
    controller.abort()
    await expect(history.next()).rejects.toMatchObject({ code: 'ABORTED' })
    await expect(allOf(portfolio.history({ signal: controller.signal }))).rejects.toMatchObject({
      code: 'ABORTED',
    })
    expect(reads).toBe(2)
  })

  it('gives no totals when it does not know a chain', async () => {
    const [, onBnb] = await list.add(ANN, { group: 'a' })
    await list.add(BEN, { chain: 'eip155:1', group: 'b' })
    let reads = 0
    const balances = async () => [{ asset: eth.coin, amount: BigInt(++reads) }]
    const portfolio = createPortfolio({
      list: watchList({ store, chains: [eth] }),
      wallet: walletOf(() => ({ balances })),
    })
    await expect(portfolio.totals()).rejects.toMatchObject({
      code: 'UNKNOWN_CHAIN',
      message: `An account of "eip155:56" is watched, and the list has no such chain. Pass the chain to watchList, or remove the entry "${onBnb!.id}".`,
      details: { chain: 'eip155:56', entry: onBnb!.id },
    })
    expect(reads).toBe(0)
    expect(await portfolio.totals({ group: 'b' })).toEqual([{ asset: eth.coin, amount: 1n, complete: true }])
    await list.remove(onBnb!.id)
    expect(await portfolio.totals()).toEqual([{ asset: eth.coin, amount: 5n, complete: true }])
  })
})
