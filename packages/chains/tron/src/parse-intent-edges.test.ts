import { describe, expect, it } from 'vitest'
import { addressToHex } from './address.ts'
import { BOB, EVE, OWN, USDT } from './fake-source.fixture.ts'
import { tronNetwork } from './networks.ts'
import { parseIntent, parsePermission } from './parse-intent.ts'

const pay = { kind: 'pay', asset: tronNetwork.coin.id, to: BOB, amount: '1' }
const call = { kind: 'call', to: BOB, value: '0', data: '0x' }
const keySet = (...addresses: string[]) => ({
  threshold: '1',
  keys: addresses.map((address) => ({ address, weight: '1' })),
})
const permissions = {
  kind: 'permissions',
  owner: keySet(OWN),
  actives: [{ ...keySet(EVE), name: 'active', operations: '7f'.padEnd(64, '0') }],
}
const parse = (json: unknown) => parseIntent(json, tronNetwork)
const refuses = (json: unknown, sentence: string | RegExp = ''): void =>
  expect(() => parse(json), JSON.stringify(json)).toThrow(
    expect.objectContaining({
      code: 'INVALID_DRAFT',
      message: expect.stringMatching(sentence),
      cause: expect.objectContaining({ name: 'CofferError' }),
    }),
  )

describe('an intent from JSON', () => {
  it('says which of its fields is missing, or is not known', () => {
    const { to: _, ...lost } = pay
    refuses(lost, 'lacks "to"')
    refuses({ ...pay, from: OWN }, 'unknown field "from"')
    refuses({ ...call, value2: '0' }, 'unknown field "value2"')
    refuses({ kind: 'undelegate', to: BOB, amount: '1', resource: 'energy', lockBlocks: '0' }, 'lockBlocks')
  })

  it('has no unknown field in any of its parts, either', () => {
    refuses({ ...call, token: { id: '1000001', amount: '1', memo: 'ff' } }, 'unknown field "memo"')
    refuses({ ...call, token: { id: '1000001' } }, 'lacks "amount"')
    refuses({ kind: 'vote', votes: [{ to: BOB, count: '1', more: true }] }, 'unknown field "more"')
    refuses({ kind: 'vote', votes: [{ to: BOB }] }, 'lacks "count"')
    const key = { address: OWN, weight: '1', name: 'x' }
    refuses({ ...permissions, owner: { threshold: '1', keys: [key] } }, 'unknown field "name"')
    refuses({ ...permissions, owner: { ...keySet(OWN), name: 'x' } }, 'unknown field "name"')
  })

  it('has lists, objects and texts where they belong, and nothing that only looks like them', () => {
    for (const bytes of [['ff'], { length: 2 }, 'zzff', 'ffzz', 'fff', 'f'])
      refuses({ ...pay, memo: bytes }, 'hexadecimal')
    for (const data of [['0x'], { length: 2 }, 'xx0x00', '0x00zz', '0x0', '0xfff', '00'])
      refuses({ ...call, data }, 'lower-case hex')
    for (const votes of [{ length: 1 }, BOB, null]) refuses({ kind: 'vote', votes }, 'short list')
    for (const token of [null, [], 'USDT']) refuses({ ...call, token }, 'an object')
    refuses({ ...permissions, actives: [{ ...permissions.actives[0], name: 5 }] }, 'a text')
    refuses({ ...permissions, actives: [{ ...permissions.actives[0], name: '\ud800' }] }, 'a text')
  })

  it('has a memo of at most 1,000 bytes and data of at most 128 KiB', () => {
    expect(parse({ ...pay, memo: 'ff'.repeat(1_000) }).memo).toHaveLength(2_000)
    refuses({ ...pay, memo: 'ff'.repeat(1_001) })
    expect(parse({ ...call, data: `0x${'00'.repeat(131_072)}` })).toMatchObject({ kind: 'call' })
    refuses({ ...call, data: `0x${'00'.repeat(131_073)}` })
  })

  it('names a token by the one writing of its address', () => {
    const asset = `tron:0x2b6653dc/trc20:${addressToHex(USDT)}`
    expect(parse({ ...pay, asset })).toMatchObject({ asset: `tron:0x2b6653dc/trc20:${USDT}` })
  })

  it('ends in the error itself where that is not one of ours', () => {
    const broken = {
      get kind(): string {
        throw new RangeError('broken')
      },
    }
    expect(() => parse(broken)).toThrow(RangeError)
  })
})

describe('a permission from JSON', () => {
  const refused = expect.objectContaining({ code: 'INVALID_REQUEST' })

  it('has a number from 0 to 9', () => {
    for (const id of [0, 9]) expect(parsePermission({ id, ...keySet(OWN) }).id).toBe(id)
    for (const id of [-1, 10, 0.5, '0', undefined])
      expect(() => parsePermission({ id, ...keySet(OWN) })).toThrow(refused)
  })

  it('has a list of at most 100 keys', () => {
    const many = (count: number) => ({ id: 2, ...keySet(...Array<string>(count).fill(OWN)) })
    expect(parsePermission(many(100)).keys).toHaveLength(100)
    expect(() => parsePermission(many(101))).toThrow(refused)
  })
})
