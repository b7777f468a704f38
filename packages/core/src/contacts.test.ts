import { describe, expect, it } from 'vitest'
import type { HistoryItem } from './account.ts'
import {
  addContacts,
  lookalikeHint,
  lookalikeOf,
  lookalikeWarnings,
  readKnown,
  rememberPaid,
} from './contacts.ts'
import { memoryStore } from './store.ts'
import { fakeChain } from './testing/fake-chain.ts'

const { coin, id } = fakeChain()
const A = `0xabcd${'1'.repeat(32)}1234`
const TWIN = `0xabcd${'2'.repeat(32)}1234`
const OTHER = `0xabcd${'1'.repeat(32)}1235`

const paid = (fields: Partial<HistoryItem>): HistoryItem => ({
  txid: 't',
  direction: 'out',
  asset: coin,
  amount: 1n,
  from: 'me',
  to: A,
  state: 'confirmed',
  ...fields,
})

describe('lookalikeOf', () => {
  const of = (address: string, contacts: string[], seen: string[] = []) =>
    lookalikeOf(address, { contacts, seen })

  it('G1: finds the known address with the same beginning and end and another middle', () => {
    expect(of(TWIN, [OTHER, A])).toBe(A)
    expect(of(TWIN.replace('abcd', 'ABcD'), [A])).toBe(A)
    expect(of(A, [A, TWIN])).toBeUndefined()
    expect(of(OTHER, [A])).toBeUndefined()
    expect(of(`0xabce${'1'.repeat(32)}1234`, [A])).toBeUndefined()
    expect(of(A, [])).toBeUndefined()
  })

  it('G1: looks behind what all addresses of a kind begin with', () => {
    const kinds = ['0x', 'bc1q', 'tb1p', 'bcrt1q', 'T', '1', '']
    for (const kind of kinds) {
      expect(of(`${kind}acde2222wxyz`, [`${kind}acde9999wxyz`])).toBe(`${kind}acde9999wxyz`)
      expect(of(`${kind}dcde2222wxyz`, [`${kind}acde9999wxyz`])).toBeUndefined()
    }
  })

  it('G1: takes no base58 address for bech32', () => {
    expect(of('Tab1xyz4222222222222wxyz', ['Tab1xyz5999999999999wxyz'])).toBe('Tab1xyz5999999999999wxyz')
    expect(of('mab1q22222222222Zwxyz', ['mab1q99999999999Zwxyz'])).toBe('mab1q99999999999Zwxyz')
  })

  it('G1: what a history tells makes nobody known, and makes who looks like it suspicious', () => {
    expect(of(TWIN, [], [A])).toBe(A)
    expect(of(A, [], [A])).toBeUndefined()
    // A row that a node made up, beside the true one: either is shown.
    expect(of(TWIN, [], [A, TWIN])).toBe(A)
    expect(of(A, [], [A, TWIN])).toBe(TWIN)
    expect(of(TWIN, [A], [TWIN])).toBe(A)
    expect(of(A, [A], [TWIN])).toBeUndefined()
  })
})

describe('what a wallet remembers', () => {
  it('G1: are those to whom it signed payments, and apart from them those whom histories tell of', async () => {
    const store = memoryStore()
    expect(await readKnown(store, id)).toEqual({ contacts: [], seen: [] })
    await addContacts(store, id, [A, A])
    await addContacts(store, id, [OTHER, A])
    await addContacts(store, id, [])
    await rememberPaid(store, id, [
      paid({ to: 'bob' }),
      paid({ to: 'poison', amount: 0n }),
      paid({ to: 'failed', state: 'failed' }),
      paid({ to: 'in', direction: 'in' }),
      paid({ to: 'self', direction: 'self' }),
      paid({ to: null }),
      paid({ to: 'waits', state: 'pending' }),
    ])
    expect(await readKnown(store, id)).toEqual({ contacts: [A, OTHER], seen: ['bob', 'waits'] })
    expect(await readKnown(store, 'fake:2')).toEqual({ contacts: [], seen: [] })
  })

  it('keeps the newest two thousand, and writes nothing when nothing is new', async () => {
    const store = memoryStore()
    let writes = 0
    const counting = {
      ...store,
      set: (key: string, value: string) => store.set(key, value).then(() => void writes++),
    }
    const rows = Array.from({ length: 2_001 }, (_, i) => paid({ to: `a${i}` }))
    await rememberPaid(counting, id, rows)
    const { seen } = await readKnown(counting, id)
    expect([seen.length, seen[0], seen.at(-1)]).toEqual([2_000, 'a1', 'a2000'])
    await rememberPaid(counting, id, rows.slice(1))
    await rememberPaid(counting, id, [])
    expect(writes).toBe(1)
  })

  it('asks the store nothing where nobody was paid', async () => {
    const broken = { ...memoryStore(), get: () => Promise.reject(new Error('The disk is broken.')) }
    await rememberPaid(broken, id, [paid({ to: null })])
    await expect(rememberPaid(broken, id, [paid({})])).rejects.toThrow('The disk is broken.')
  })
})

describe('the hint of a draft', () => {
  it('G1: names the known address, and becomes a warning where it is an address', () => {
    const known = { contacts: [A], seen: [] }
    const hints = lookalikeHint([A, OTHER, TWIN], known)
    expect(hints).toEqual({ lookalike: A })
    expect(lookalikeHint([A, OTHER], known)).toStrictEqual({})
    expect(lookalikeWarnings(hints as Record<string, string>, () => true)).toEqual([
      { code: 'lookalike', message: `A recipient looks like ${A}, which is known, but is another address.` },
    ])
    expect(lookalikeWarnings(hints as Record<string, string>, () => false)).toEqual([])
    expect(lookalikeWarnings({}, () => true)).toEqual([])
    expect(lookalikeWarnings(Object.create({ lookalike: A }), () => true)).toEqual([])
  })
})
