import { describe, expect, it } from 'vitest'
import { BOB, EVE, fakeNode, give, OWN, TRX, USDT } from './fake-source.fixture.ts'
import type { TronIntent } from './intent.ts'
import { tronNetwork } from './networks.ts'
import { pictures, readPermissions, signersOf } from './permissions-of.ts'
import { accountRead } from './reads.ts'

const state = (more: object = {}) => accountRead(OWN).parse({ address: OWN, ...more })
const keysOf = (threshold: number, ...keys: readonly (readonly [address: string, weight: number])[]) => ({
  threshold,
  keys: keys.map(([address, weight]) => ({ address, weight })),
})
const active = (id: number, operations = '7f'.padEnd(64, '0')) => ({
  ...keysOf(2, [BOB, 1], [EVE, 2]),
  id,
  permission_name: 'payroll',
  operations,
})

describe('who decides over an account', () => {
  const read = async (more: Record<string, unknown>) => {
    const node = fakeNode()
    give(node, OWN, TRX, more)
    return await readPermissions(node.source, OWN, {})
  }
  const own = { threshold: 1n, keys: [{ address: OWN, weight: 1n }] }

  it('is its own key where nobody changed it', async () => {
    expect(await read({})).toEqual({ owner: own, actives: [] })
  })

  it('is what the node tells, with the one who makes its blocks', async () => {
    const owner = { threshold: 2n, keys: [OWN, BOB].map((address) => ({ address, weight: 1n })) }
    expect(
      await read({
        owner_permission: keysOf(2, [OWN, 1], [BOB, 1]),
        witness_permission: keysOf(1, [EVE, 1]),
        active_permission: [active(2)],
      }),
    ).toEqual({
      owner,
      witness: { threshold: 1n, keys: [{ address: EVE, weight: 1n }] },
      actives: [
        {
          id: 2,
          name: 'payroll',
          threshold: 2n,
          keys: [
            { address: BOB, weight: 1n },
            { address: EVE, weight: 2n },
          ],
          operations: '7f'.padEnd(64, '0'),
        },
      ],
    })
  })
})

describe('T3: what a change of permissions shows of before', () => {
  it('is a line for each permission', () => {
    expect(pictures(state(), OWN)).toEqual({ before0: `owner, 1 of ${OWN} (1)` })
    const changed = state({
      owner_permission: keysOf(3, [OWN, 2], [BOB, 1]),
      witness_permission: keysOf(1, [EVE, 1]),
      active_permission: [active(2), active(3)],
    })
    expect(pictures(changed, OWN)).toEqual({
      before0: `owner, 3 of ${OWN} (2), ${BOB} (1)`,
      before1: `witness, 1 of ${EVE} (1)`,
      before2: `active 2, 2 of ${BOB} (1), ${EVE} (2)`,
      before3: `active 3, 2 of ${BOB} (1), ${EVE} (2)`,
    })
  })

  it('is at most 200 characters long, and ends in … where something is cut off', () => {
    const ones = (digits: number) => Number('1'.repeat(digits))
    const lineOf = (last: number) =>
      pictures(
        state({
          owner_permission: keysOf(1, [OWN, ones(15)], [BOB, ones(15)], [EVE, 1], [USDT, ones(last)]),
        }),
        OWN,
      )['before0']!
    const whole = (last: number) =>
      `owner, 1 of ${OWN} (${ones(15)}), ${BOB} (${ones(15)}), ${EVE} (1), ${USDT} (${ones(last)})`
    expect(whole(3)).toHaveLength(200)
    expect(lineOf(3)).toBe(whole(3))
    expect(lineOf(4)).toBe(`${whole(4).slice(0, 199)}…`)
    expect(lineOf(15)).toBe(`${whole(15).slice(0, 199)}…`)
  })
})

describe('who signs', () => {
  const pay: TronIntent = { kind: 'pay', asset: tronNetwork.coin.id, to: BOB, amount: 1n }
  const of = (more: object, wanted?: number, intent: TronIntent = pay) =>
    signersOf(state(more), OWN, intent, wanted, tronNetwork)

  it('is the owner where that is asked for by its number', () => {
    expect(of({}, 0)).toBeUndefined()
    expect(
      of({ owner_permission: keysOf(2, [OWN, 1], [BOB, 1]), active_permission: [active(2)] }, 0),
    ).toEqual({
      id: 0,
      threshold: 2n,
      keys: [
        { address: OWN, weight: 1n },
        { address: BOB, weight: 1n },
      ],
    })
  })

  it('is more than the own key as soon as that does not reach the threshold', () => {
    expect(of({ owner_permission: keysOf(2, [OWN, 2], [BOB, 1]) })).toBeUndefined()
    expect(of({ owner_permission: keysOf(2, [BOB, 2], [OWN, 1]) })).toMatchObject({ id: 0, threshold: 2n })
  })

  it('is the first active permission of an account that was never changed, and no other', () => {
    expect(of({}, 2)).toEqual({ id: 2, threshold: 1n, keys: [{ address: OWN, weight: 1n }] })
    for (const [more, wanted] of [
      [{}, 3],
      [{ active_permission: [active(3)] }, 2],
      [{ active_permission: [active(3)] }, 4],
    ] as const)
      expect(() => of(more, wanted)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })

  it('of several is the one that was asked for', () => {
    const other = { ...active(3), ...keysOf(1, [BOB, 1]) }
    const more = { active_permission: [active(2), other] }
    expect(of(more, 3)).toEqual({ id: 3, threshold: 1n, keys: [{ address: BOB, weight: 1n }] })
    expect(of(more, 2)).toMatchObject({ id: 2, threshold: 2n })
    expect(() => of(more, 4)).toThrow('It has 0, 2, 3.')
  })

  it('may sign exactly the contracts whose bits are set', () => {
    const intents: readonly (readonly [number, TronIntent])[] = [
      [1, pay],
      [13, { kind: 'claim' }],
      [31, { kind: 'call', to: BOB, value: 0n, data: '0x' }],
      [54, { kind: 'freeze', amount: TRX, resource: 'energy' }],
      [59, { kind: 'cancel-unfreeze' }],
    ]
    const bits = (...types: number[]) => {
      const bytes = new Uint8Array(32)
      for (const type of types) bytes[Math.floor(type / 8)]! |= 2 ** (type % 8)
      return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
    }
    const all = Array.from({ length: 256 }, (_, type) => type)
    for (const [type, intent] of intents) {
      const more = (operations: string) => ({ active_permission: [active(2, operations)] })
      expect(of(more(bits(type)), 2, intent)).toMatchObject({ id: 2 })
      expect(() => of(more(bits(...all.filter((other) => other !== type))), 2, intent)).toThrow(
        expect.objectContaining({ code: 'INVALID_REQUEST' }),
      )
    }
  })
})
