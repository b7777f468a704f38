import { bitcoin, signet, testnet4 } from '@coffer/bitcoin'
import { bnb, ethereum } from '@coffer/evm'
import { tron } from '@coffer/tron'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Account, HistoryItem } from '../account.ts'
import { CofferError } from '../error.ts'
import { memoryStore, type Store } from '../store.ts'
import type { WatchWallet } from '../wallet.ts'
import { createPortfolio, type WatchEntry, type WatchList, watchList } from './index.ts'
import { ANN, BEN, XPUB } from './watch.fixture.ts'

const chains = [ethereum(), bnb(), bitcoin(), testnet4(), signet(), tron()]

let store: Store
let list: WatchList
beforeEach(() => {
  store = memoryStore()
  list = watchList({ store, chains })
})
const named = (entries: readonly WatchEntry[]): string[] =>
  entries.map(({ chain }) => chains.find(({ id }) => id === chain)!.name)

describe('watchList', () => {
  it('watches an EVM address on every EVM chain, and others where they belong', async () => {
    expect(named(await list.add(ANN.toLowerCase(), { label: 'cold' }))).toEqual(['ethereum', 'bnb'])
    expect(named(await list.add('bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq'))).toEqual(['bitcoin'])
    expect(named(await list.add('TJRabPrwbZy45sbavfcjinPJC18kjpRTv8'))).toEqual(['tron'])
    expect(named(await list.add(XPUB))).toEqual(['bitcoin'])
    expect(named(await list.add(BEN, { chain: 'bnb' }))).toEqual(['bnb'])
    expect(named(await list.add(`eip155:1:${BEN}`))).toEqual(['ethereum'])
    expect((await list.entries()).map(({ descriptor }) => descriptor)).toContain(`eip155:56:${ANN}`)
  })

  it('asks which chain is meant where several could be', async () => {
    const text = 'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx'
    await expect(list.add(text)).rejects.toMatchObject({ code: 'INVALID_ACCOUNT' })
    expect(named(await list.add(text, { chain: 'signet' }))).toEqual(['signet'])
    for (const wrong of ['', 'nonsense', ANN.replace('7', '8')])
      await expect(list.add(wrong)).rejects.toMatchObject({ code: expect.stringMatching(/^INVALID_/) })
    await expect(list.add(ANN, { chain: 'nowhere' })).rejects.toMatchObject({ code: 'UNKNOWN_CHAIN' })
    expect(await list.entries()).toHaveLength(1)
  })

  it('has an account once, with the newer words, and changes and forgets it', async () => {
    const [first] = await list.add(ANN, { chain: 'ethereum', label: 'cold', group: 'savings' })
    const [again] = await list.add(ANN, { chain: 'ethereum', label: 'warm' })
    expect(again).toEqual({ ...first, label: 'warm' })
    expect(await list.change(first!.id, { group: '', secret: 'a' })).toEqual({
      id: first!.id,
      chain: 'eip155:1',
      descriptor: `eip155:1:${ANN}`,
      label: 'warm',
      secret: 'a',
      addedAt: first!.addedAt,
    })
    await list.remove(first!.id)
    expect(await list.entries()).toEqual([])
    await expect(list.remove(first!.id)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await expect(list.change('x', {})).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })

  it('takes lines, all or none, and says which are wrong', async () => {
    const lines = [
      '# customers',
      `${ANN},Ann,big`,
      '',
      `${BEN}`,
      'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq , Carl',
    ]
    const added = await list.addMany(lines.join('\r\n'), { group: 'customers' })
    expect(added.map(({ label, group }) => `${label ?? ''}/${group}`)).toEqual([
      'Ann/big',
      'Ann/big',
      '/customers',
      '/customers',
      'Carl/customers',
    ])
    await expect(list.addMany(`${ANN}\nwrong\n${BEN},x\n0x12`)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      details: { lines: [{ line: 2 }, { line: 4 }] },
    })
    expect(await list.entries({ group: 'customers' })).toHaveLength(3)
    expect(await list.entries()).toHaveLength(5)
  })

  it('takes descriptors with their checksums as lines', async () => {
    const [entry] = await list.add(XPUB)
    await list.remove(entry!.id)
    for (const line of [
      entry!.descriptor,
      `bitcoin ${entry!.descriptor}`,
      `${entry!.chain} ${entry!.descriptor}`,
    ])
      expect(await list.addMany(`${line}\n`)).toMatchObject([{ id: entry!.id }])
    expect(named(await list.addMany(`bnb ${BEN}, Ben`))).toEqual(['bnb'])
  })

  it('holds ten thousand, and loses none of what two tabs add', async () => {
    const address = (i: number): string => `0x${i.toString(16).padStart(40, '0')}`
    const many = Array.from({ length: 10_000 }, (_, i) => address(i + 1)).join('\n')
    await list.addMany(many, { chain: 'ethereum' })
    const other = watchList({ store, chains })
    await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        (i % 2 ? list : other).add(address(20_000 + i), { chain: 'ethereum' }),
      ),
    )
    expect(await list.entries()).toHaveLength(10_006)
  }, 60_000)

  it.each([
    'null',
    '[]',
    '{"v":2,"entries":[]}',
    '{"v":1,"entries":[1]}',
    '{"v":1,"entries":[{"id":1}]}',
    '{',
  ])('G8: refuses %s as a list', async (text) => {
    await store.set('watch', text)
    await expect(list.entries()).rejects.toMatchObject({ code: 'INVALID_JSON' })
    await expect(list.add(ANN)).rejects.toMatchObject({ code: 'INVALID_JSON' })
    expect(await store.get('watch')).toBe(text)
  })
})

// ---- a wallet of accounts that answer as a test says ----

const [eth, bsc] = chains as [(typeof chains)[0], (typeof chains)[0]]

function walletOf(accounts: Record<string, Partial<Account>>): Pick<WatchWallet, 'watch'> {
  return {
    watch: async (descriptor) =>
      ({
        chain: descriptor.split(':').slice(0, 2).join(':'),
        descriptor,
        balances: async () => [],
        history: async () => ({ items: [], coverage: { fromHeight: 0, coin: true, tokens: true } }),
        receive: async () => ({ address: descriptor, uri: descriptor }),
        create: async () => 'a draft',
        ...accounts[descriptor],
      }) as never,
  }
}
const failed = new CofferError({ code: 'NETWORK', message: 'No node answered.' })

describe('createPortfolio', () => {
  it('reads balances as they come, some at a time, and a failure is a row', async () => {
    let running = 0
    let most = 0
    const slow = (amount: bigint, milliseconds: number) => ({
      balances: async () => {
        most = Math.max(most, ++running)
        await new Promise((resolve) => setTimeout(resolve, milliseconds))
        running--
        return [{ asset: eth.coin, amount }]
      },
    })
    const accounts: Record<string, Partial<Account>> = {}
    for (let i = 1; i <= 6; i++) {
      const [entry] = await list.add(`0x${String(i).padStart(40, '0')}`, {
        chain: 'ethereum',
        group: i > 4 ? 'b' : 'a',
      })
      accounts[entry!.descriptor] =
        i === 3 ? { balances: () => Promise.reject(failed) } : slow(BigInt(i), 20 - i)
    }
    const portfolio = createPortfolio({ wallet: walletOf(accounts), list })
    const rows = []
    for await (const row of portfolio.balances({ concurrency: 2 })) rows.push(row)
    expect(rows).toHaveLength(6)
    expect(most).toBe(2)
    expect(rows.filter(({ error }) => error === failed)).toHaveLength(1)
    expect(await portfolio.totals()).toEqual([{ asset: eth.coin, amount: 18n, complete: false }])
    expect(await portfolio.totals({ group: 'b' })).toEqual([{ asset: eth.coin, amount: 11n, complete: true }])
  })

  it('sums each asset, and says where something is missing', async () => {
    await list.add(ANN)
    const usdc = eth.assets[0]!
    const portfolio = createPortfolio({
      list,
      wallet: walletOf({
        [`eip155:1:${ANN}`]: {
          balances: async () => [
            { asset: eth.coin, amount: 5n },
            { asset: usdc, error: failed },
          ],
        },
        [`eip155:56:${ANN}`]: { balances: () => Promise.reject(failed) },
      }),
    })
    expect(await portfolio.totals()).toEqual([
      { asset: eth.coin, amount: 5n, complete: true },
      { asset: bsc.coin, amount: 0n, complete: false },
      { asset: usdc, amount: 0n, complete: false },
    ])
  })

  it('merges histories, newest first, page by page', async () => {
    const item = (txid: string, time?: number): HistoryItem => ({
      txid,
      direction: 'in',
      asset: eth.coin,
      amount: 1n,
      from: null,
      to: null,
      state: time === undefined ? 'pending' : 'confirmed',
      ...(time === undefined ? {} : { time }),
    })
    const coverage = { fromHeight: 0, coin: true, tokens: true }
    await list.add(ANN)
    await list.add(BEN, { chain: 'ethereum' })
    const portfolio = createPortfolio({
      list,
      wallet: walletOf({
        [`eip155:1:${ANN}`]: {
          history: async ({ cursor } = {}) =>
            cursor === undefined
              ? { items: [item('a4', 40), item('a2', 20)], next: '1', coverage }
              : cursor === '1'
                ? { items: [], next: '2', coverage }
                : { items: [item('a1', 10)], coverage },
        },
        [`eip155:56:${ANN}`]: { history: () => Promise.reject(failed) },
        [`eip155:1:${BEN}`]: { history: async () => ({ items: [item('b5'), item('b3', 30)], coverage }) },
      }),
    })
    const seen = []
    for await (const { entry, item, error } of portfolio.history())
      seen.push(item?.txid ?? `${error?.code} ${entry.chain}`)
    expect(seen).toEqual(['NETWORK eip155:56', 'b5', 'a4', 'b3', 'a2', 'a1'])
  })

  it('has no way to send, in its types and when it runs', async () => {
    const [entry] = await list.add(ANN, { chain: 'ethereum' })
    const account = await createPortfolio({ wallet: walletOf({}), list }).account(entry!)
    expect(Object.keys(account).sort()).toEqual(['balances', 'chain', 'descriptor', 'history', 'receive'])
    // @ts-expect-error there is no create
    await expect(account.create({ to: BEN, amount: '1' })).rejects.toMatchObject({ code: 'WATCH_ONLY' })
    expect(Object.isFrozen(account)).toBe(true)
  })
})
