import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Effect } from './effects.ts'
import { cancelDelay, type Deed, deedOf, passDelays, readDelays } from './policy-delay.ts'
import { digestOf } from './policy-windows.ts'
import { memoryStore, type Store } from './store.ts'

const DAY = 86_400
const START = 1_000_000_000
const asset = 'fake:1/slip44:1'

beforeEach(() => {
  vi.useFakeTimers({ now: START * 1000 })
})
afterEach(() => {
  vi.useRealTimers()
})
const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000)

const pays = (amount: bigint, to = 'bob', from = 'me'): Effect => ({
  kind: 'transfer',
  asset,
  from,
  to,
  amount,
})
const text = (to: string) => JSON.stringify({ kind: 'transfer', asset, to })

const deed = (...list: Effect[]): Deed => ({
  chain: 'fake:1',
  account: 'fake:1:me',
  ...deedOf(list),
  list,
})
const ask = (store: Store, amount: bigint, delay = DAY) => passDelays([{ delay }], deed(pays(amount)), store)
const delayed = (since: number, until: number) => ({
  code: 'POLICY_DELAYED',
  details: expect.objectContaining({ since, until }),
})

describe('what a delay is about', () => {
  it('is what is done, to whom and how much, and not from where, with which nonce and what comes back', () => {
    const change: Effect = { kind: 'change', asset, to: 'own', amount: 7n, path: '1/0' }
    const delegate: Effect = { kind: 'delegate', authority: 'me', to: 'code', nonce: 4n }
    expect(deedOf([change, pays(5n), delegate])).toEqual({
      what: [JSON.stringify({ kind: 'delegate', authority: 'me', to: 'code' }), text('bob')],
      amounts: [0n, 5n],
    })
    expect(deedOf([change])).toEqual({ what: [], amounts: [] })
    expect(deedOf([{ kind: 'cancel' }])).toEqual({ what: ['{"kind":"cancel"}'], amounts: [0n] })
  })

  it('is the same in whatever order the draft has it', () => {
    const [a, b, c, d] = [pays(9n, 'ann'), pays(3n, 'bob'), pays(4n, 'bob'), pays(1n, 'zoe')] as const
    const found = {
      what: [text('ann'), text('bob'), text('bob'), text('zoe')],
      amounts: [9n, 3n, 4n, 1n],
    }
    for (const list of [
      [a, b, c, d],
      [d, c, b, a],
      [c, a, d, b],
      [b, d, a, c],
    ])
      expect(deedOf(list)).toEqual(found)
    expect(deedOf([c, b]).amounts).toEqual([3n, 4n])
    expect(deedOf([b, c]).amounts).toEqual([3n, 4n])
  })
})

describe('what waits', () => {
  it('has an id of what is done and another half of the amounts, each 32 digits long', async () => {
    const store = memoryStore()
    const two = deed(pays(5n), pays(6n, 'eve'))
    await expect(passDelays([{ delay: DAY }], two, store)).rejects.toMatchObject(delayed(START, START + DAY))
    const kind = digestOf(`fake:1|fake:1:me|${JSON.stringify([text('bob'), text('eve')])}`)
    const id = `${kind.slice(0, 32)}${digestOf('5,6').slice(0, 32)}`
    expect(await readDelays(store)).toEqual([
      {
        id,
        chain: 'fake:1',
        account: 'fake:1:me',
        list: [pays(5n), pays(6n, 'eve')],
        since: START,
        until: START + DAY,
      },
    ])
    expect(await store.keys()).toEqual([`policy/delay/${id}`])
  })

  it('is shown soonest first, and the soonest that is large enough is used up', async () => {
    const store = memoryStore()
    await expect(ask(store, 20n, 3 * DAY)).rejects.toMatchObject(delayed(START, START + 3 * DAY))
    pass(10)
    await expect(ask(store, 30n)).rejects.toMatchObject(delayed(START + 10, START + 10 + DAY))
    pass(10)
    await expect(ask(store, 40n, 2 * DAY)).rejects.toMatchObject(delayed(START + 20, START + 20 + 2 * DAY))
    const amounts = async () =>
      (await readDelays(store)).map(({ list: [effect] }) => (effect as { amount: bigint }).amount)
    expect(await amounts()).toEqual([30n, 40n, 20n])
    await expect(ask(store, 15n)).rejects.toMatchObject(delayed(START + 10, START + 10 + DAY))
    pass(DAY - 10)
    await ask(store, 15n)
    expect(await amounts()).toEqual([40n, 20n])
  })

  it('comes back with all its numbers, also those of parts', async () => {
    const store = memoryStore()
    const list: Effect[] = [
      { kind: 'approve', asset, owner: 'me', spender: 'dex', amount: 1n, unlimited: false, expires: 2n },
      { kind: 'nft-transfer', collection: 'fake:1/erc721:c', tokenId: 3n, from: 'me', to: 'b', amount: 1n },
      { kind: 'delegate', authority: 'me', to: null, nonce: 4n },
      {
        kind: 'delegate-resource',
        asset,
        amount: 5n,
        resource: 'energy',
        to: 'b',
        lockSeconds: 6n,
      },
      { kind: 'vote', votes: [{ to: 'b', count: 7n }] },
      {
        kind: 'permissions',
        account: 'me',
        permissions: [{ role: 'owner', threshold: 8n, keys: [{ address: 'b', weight: 9n }] }],
        before: ['owner: me'],
      },
    ]
    await expect(passDelays([{ delay: DAY }], deed(...list), store)).rejects.toThrow()
    expect((await readDelays(store))[0]!.list).toEqual(list)
  })

  it('says what a message says', async () => {
    const store = memoryStore()
    const message = 'Sign the message "hi"'
    await expect(passDelays([{ delay: DAY }], { ...deed(), message }, store)).rejects.toThrow()
    await expect(ask(store, 5n)).rejects.toThrow()
    expect((await readDelays(store)).map((one) => one.message)).toEqual([message, undefined])
  })

  it('is begun, given back and forgotten under one lock', async () => {
    const names: string[] = []
    const store: Store = {
      ...memoryStore(),
      lock: async (key, task) => {
        names.push(key)
        return task()
      },
    }
    await expect(ask(store, 5n)).rejects.toThrow()
    pass(DAY)
    const giveBack = await ask(store, 5n)
    expect(await readDelays(store)).toEqual([])
    await giveBack()
    const [back] = await readDelays(store)
    expect(back).toMatchObject({ since: START, until: START + DAY })
    await cancelDelay(store, back!.id)
    expect(await readDelays(store)).toEqual([])
    expect(names).toEqual(['policy', 'policy', 'policy', 'policy'])
    await passDelays([{ delay: 0 }, {}], deed(pays(5n)), store)
    expect(names).toHaveLength(4)
  })
})

describe('a record that is spoilt', () => {
  it.each([
    ['a beginning that is a text', { since: String(START) }],
    ['a beginning that is no whole number', { since: START + 0.5 }],
    ['an end that is a text', { until: String(START + DAY) }],
    ['an end that is no whole number', { until: START + DAY + 0.5 }],
    ['no amount', { amounts: [] }],
    ['an amount that is no number', { amounts: ['x'] }],
    ['an amount that is no whole number', { amounts: [20.5] }],
    ['no effects', { list: undefined }],
    ['effects with a number that is none', { list: [{ kind: 'transfer', amount: 'x' }] }],
  ])('with %s proves no waiting, and another one begins', async (_, wrong) => {
    const store = memoryStore()
    await expect(ask(store, 20n)).rejects.toThrow()
    const [key] = await store.keys()
    const sound = JSON.parse((await store.get(key!))!) as object
    pass(DAY)
    await store.set(key!, JSON.stringify({ ...sound, ...wrong }))
    await expect(ask(store, 20n)).rejects.toMatchObject(delayed(START + DAY, START + 2 * DAY))
    expect(await readDelays(store)).toHaveLength(1)
    await store.set(key!, JSON.stringify(sound))
    await ask(store, 20n)
  })

  it('proves nothing when it is gone before it is read', async () => {
    const store = memoryStore()
    await expect(ask(store, 20n)).rejects.toThrow()
    pass(DAY)
    const gone: Store = { ...store, get: async () => undefined }
    await expect(ask(gone, 20n)).rejects.toMatchObject(delayed(START + DAY, START + 2 * DAY))
  })

  it('is told apart from a store that cannot be read', async () => {
    const store = memoryStore()
    await expect(ask(store, 20n)).rejects.toThrow()
    const broken: Store = { ...store, get: () => Promise.reject(new Error('The disk is broken.')) }
    await expect(ask(broken, 20n)).rejects.toThrow('The disk is broken.')
    await expect(readDelays(broken)).rejects.toThrow('The disk is broken.')
  })
})
