import { isCofferError } from '@coffer/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressToHex } from './address.ts'
import { BOB, EVE, OWN, USDT } from './fake-source.fixture.ts'
import type { TronIntent } from './intent.ts'
import { tronNetwork } from './networks.ts'
import { parseIntent, parsePermission } from './parse-intent.ts'

const COIN = tronNetwork.coin.id
const MOST = 2n ** 63n - 1n
const keySet = (...addresses: string[]) => ({
  threshold: 1n,
  keys: addresses.map((address) => ({ address, weight: 1n })),
})
const active = { ...keySet(EVE), name: 'active', operations: '7f'.padEnd(64, '0') }

const INTENTS: readonly TronIntent[] = [
  { kind: 'pay', asset: COIN, to: BOB, amount: MOST },
  { kind: 'pay', asset: 'tron:0x2b6653dc/trc10:1000001', to: BOB, amount: 1n, memo: 'c0ffee', again: true },
  { kind: 'pay', asset: `tron:0x2b6653dc/trc20:${USDT}`, to: BOB, amount: 2n ** 256n - 1n },
  { kind: 'approve', asset: `tron:0x2b6653dc/trc20:${USDT}`, spender: BOB, amount: 0n },
  { kind: 'call', to: BOB, value: 0n, data: '0x' },
  { kind: 'call', to: BOB, value: 1n, data: '0xdeadbeef', token: { id: 1_000_001n, amount: MOST } },
  { kind: 'deploy', value: 0n, data: '0x60', name: 'Übung', userPercent: 100n, originEnergyLimit: 1n },
  { kind: 'activate', to: BOB },
  { kind: 'freeze', amount: 1_000_000n, resource: 'energy' },
  { kind: 'unfreeze', amount: 1n, resource: 'bandwidth' },
  { kind: 'cancel-unfreeze' },
  { kind: 'withdraw' },
  { kind: 'claim', permission: { id: 2, ...keySet(OWN, BOB) } },
  { kind: 'delegate', to: BOB, amount: 1_000_000n, resource: 'energy', lockBlocks: 0n },
  { kind: 'undelegate', to: BOB, amount: 1n, resource: 'energy' },
  { kind: 'vote', votes: [{ to: BOB, count: 1n }] },
  { kind: 'permissions', owner: keySet(OWN), actives: [active] },
  { kind: 'permissions', owner: keySet(OWN, BOB, EVE), actives: [active], witness: keySet(BOB) },
]

type Json = Record<string, unknown>
const jsonOf = (value: unknown): Json =>
  JSON.parse(JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}` : inner))) as Json
const refuses = (json: unknown, what?: string): void =>
  expect(() => parseIntent(json, tronNetwork), what ?? JSON.stringify(json)).toThrow(
    expect.objectContaining({ code: 'INVALID_DRAFT' }),
  )

describe('intents from JSON', () => {
  it.each(INTENTS)('$kind comes back as it was', (intent) => {
    expect(parseIntent(jsonOf(intent), tronNetwork)).toEqual(intent)
  })

  it.each(INTENTS)('$kind with a field too many, or one too few, is refused', (intent) => {
    const json = jsonOf(intent)
    for (const extra of ['feeLimit', 'from', 'toString', 'data2', ''])
      refuses({ ...json, [extra]: '1' }, extra)
    refuses(JSON.parse(`{"__proto__":{"kind":"claim"},"x":1}`))
    for (const name of Object.keys(json)) {
      if (['memo', 'permission', 'again', 'token', 'witness'].includes(name)) continue
      const { [name]: _, ...rest } = json
      refuses(rest, name)
    }
  })

  it.each(INTENTS)('$kind with nonsense in a place is refused, or means what it says', (intent) => {
    const json = jsonOf(intent)
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(json)),
        fc.oneof(
          fc.anything({ maxDepth: 2 }),
          fc.constantFrom(
            '-1',
            '1e3',
            '01',
            '0x1',
            ' 1',
            '1.0',
            1,
            2 ** 60,
            `${MOST + 1n}`,
            BOB,
            'claim',
            [],
            {},
            null,
          ),
        ),
        (name, value) => {
          const bent = { ...json, [name]: value }
          try {
            expect(jsonOf(parseIntent(bent, tronNetwork))).toEqual(jsonOf(bent))
          } catch (error) {
            if (!isCofferError(error, 'INVALID_DRAFT')) throw error
          }
        },
      ),
    )
  })

  it('makes every writing of an address the same one', () => {
    const json = jsonOf(INTENTS[2])
    const hex = addressToHex(BOB)
    for (const to of [hex, hex.toUpperCase(), BOB])
      expect(parseIntent({ ...json, to }, tronNetwork)).toEqual(INTENTS[2])
  })

  it('of nothing that could be carried out is refused', () => {
    const pay = jsonOf(INTENTS[0])
    const permissions = jsonOf(INTENTS[16]) as { owner: object; actives: object[] }
    const ZERO = 'T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb'
    const many = (count: number) => Array.from({ length: count }, () => ({ to: BOB, count: '1' }))
    for (const wrong of [
      { ...pay, amount: '0' },
      { ...pay, amount: (MOST + 1n).toString() },
      { ...pay, to: ZERO },
      { ...pay, asset: 'tron:0x94a9059e/slip44:1' },
      { ...pay, asset: 'eip155:1/slip44:60' },
      { ...pay, asset: 'tron:0x2b6653dc/trc10:01' },
      { ...pay, asset: 'tron:0x2b6653dc/trc721:1' },
      { ...pay, asset: `tron:0x2b6653dc/trc20:${USDT}`, amount: (2n ** 256n).toString() },
      { ...pay, memo: '' },
      { ...pay, memo: 'FF' },
      { ...pay, memo: 'f' },
      { ...pay, memo: 'ff'.repeat(1_001) },
      { ...pay, again: false },
      { ...pay, again: 1 },
      { ...jsonOf(INTENTS[3]), asset: COIN },
      { ...jsonOf(INTENTS[3]), spender: ZERO },
      { ...jsonOf(INTENTS[4]), data: '0xABCD' },
      { ...jsonOf(INTENTS[4]), data: 'deadbeef' },
      { ...jsonOf(INTENTS[5]), token: { id: '1', amount: '0' } },
      { ...jsonOf(INTENTS[6]), data: '0x' },
      { ...jsonOf(INTENTS[6]), userPercent: '101' },
      { ...jsonOf(INTENTS[6]), originEnergyLimit: '0' },
      { ...jsonOf(INTENTS[6]), name: 'x'.repeat(33) },
      { ...jsonOf(INTENTS[6]), name: 'a\u202eb' },
      { ...jsonOf(INTENTS[8]), amount: '999999' },
      { ...jsonOf(INTENTS[8]), resource: 'votes' },
      { ...jsonOf(INTENTS[13]), amount: '999999' },
      { kind: 'vote', votes: [] },
      { kind: 'vote', votes: many(31) },
      { kind: 'vote', votes: many(2) },
      { kind: 'vote', votes: [{ to: BOB, count: '0' }] },
      { ...permissions, owner: { threshold: '2', keys: [{ address: OWN, weight: '1' }] } },
      { ...permissions, owner: { threshold: '0', keys: [{ address: OWN, weight: '1' }] } },
      { ...permissions, owner: { threshold: '1', keys: [] } },
      {
        ...permissions,
        owner: {
          threshold: '1',
          keys: [
            { address: OWN, weight: '0' },
            { address: BOB, weight: '1' },
          ],
        },
      },
      {
        ...permissions,
        owner: {
          threshold: '2',
          keys: [
            { address: OWN, weight: '1' },
            { address: OWN, weight: '1' },
          ],
        },
      },
      { ...permissions, owner: { threshold: '1', keys: [{ address: ZERO, weight: '1' }] } },
      { ...permissions, actives: [] },
      { ...permissions, actives: Array.from({ length: 9 }, () => permissions.actives[0]) },
      { ...permissions, actives: [{ ...permissions.actives[0], operations: '7f' }] },
      { ...permissions, actives: [{ ...permissions.actives[0], name: 'x'.repeat(33) }] },
      {
        ...permissions,
        witness: {
          threshold: '1',
          keys: [
            { address: OWN, weight: '1' },
            { address: BOB, weight: '1' },
          ],
        },
      },
      { kind: 'sweep' },
      { kind: '__proto__' },
      {},
      [],
      null,
      'pay',
    ])
      refuses(wrong)
  })
})

describe('permissions from JSON', () => {
  it('are numbers from 0 to 9 with their keys', () => {
    const json = { id: 2, threshold: '1', keys: [{ address: OWN, weight: '1' }] }
    expect(parsePermission(json)).toEqual({ id: 2, ...keySet(OWN) })
    for (const wrong of [
      { id: -1 },
      { id: 10 },
      { id: '2' },
      { id: 1.5 },
      { threshold: 1 },
      { keys: {} },
      { keys: [{ address: OWN }] },
      { more: 1 },
    ])
      expect(() => parsePermission({ ...json, ...wrong }), JSON.stringify(wrong)).toThrow(
        expect.objectContaining({ name: 'CofferError' }),
      )
  })
})
