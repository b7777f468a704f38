import { isCofferError } from '@coffer/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BOB, EVE, OWN, TRX, USDT } from './fake-source.fixture.ts'
import { hexToBytes } from './hex.ts'
import { tronNetwork } from './networks.ts'
import { memoOf, resolveRequest, type TronRequest, USUAL_OPERATIONS } from './request.ts'

const COIN = tronNetwork.coin.id
const TOKEN = `tron:0x2b6653dc/trc20:${USDT}` as const
const resolve = (request: TronRequest) => resolveRequest(request, tronNetwork)
const intentOf = (request: TronRequest) => resolve(request).intent
const refuses = (request: unknown, code: string): void =>
  expect(
    () => resolve(request as TronRequest),
    JSON.stringify(request, (_, v) => String(v)),
  ).toThrow(expect.objectContaining({ code }))
const keys = [{ address: OWN, weight: 1 }]

describe('requests', () => {
  it.each([
    [
      { to: BOB, amount: '1.5' },
      { kind: 'pay', asset: COIN, to: BOB, amount: 1_500_000n },
    ],
    [
      { kind: 'pay', to: BOB, amount: 7n, asset: 'USDT' },
      { kind: 'pay', asset: TOKEN, to: BOB, amount: 7n },
    ],
    [
      { to: BOB, amount: 7n, asset: TOKEN },
      { kind: 'pay', asset: TOKEN, to: BOB, amount: 7n },
    ],
    [
      { to: BOB, amount: 'max' },
      { kind: 'pay', asset: COIN, to: BOB, amount: 0n },
    ],
    [
      { to: BOB, amount: 1n, memo: 'hé' },
      { kind: 'pay', asset: COIN, to: BOB, amount: 1n, memo: '68c3a9' },
    ],
    [
      { to: BOB, amount: 1n, again: true },
      { kind: 'pay', asset: COIN, to: BOB, amount: 1n, again: true },
    ],
    [
      { to: BOB, amount: 1n, again: false },
      { kind: 'pay', asset: COIN, to: BOB, amount: 1n },
    ],
    [
      { kind: 'approve', asset: 'USDT', spender: BOB, amount: 'unlimited' },
      { kind: 'approve', asset: TOKEN, spender: BOB, amount: 2n ** 256n - 1n },
    ],
    [
      { kind: 'approve', asset: 'USDT', spender: BOB, amount: '0' },
      { kind: 'approve', asset: TOKEN, spender: BOB, amount: 0n },
    ],
    [
      { kind: 'call', to: BOB, data: '0xDEADBEEF', amount: '1' },
      { kind: 'call', to: BOB, value: TRX, data: '0xdeadbeef' },
    ],
    [
      { kind: 'call', to: BOB, data: '0x', token: { asset: 'tron:0x2b6653dc/trc10:1000001', amount: 5n } },
      { kind: 'call', to: BOB, value: 0n, data: '0x', token: { id: 1_000_001n, amount: 5n } },
    ],
    [
      { kind: 'deploy', data: '0x60' },
      {
        kind: 'deploy',
        value: 0n,
        data: '0x60',
        name: '',
        userPercent: 100n,
        originEnergyLimit: 10_000_000n,
      },
    ],
    [
      { kind: 'activate', to: BOB },
      { kind: 'activate', to: BOB },
    ],
    [
      { kind: 'freeze', amount: '5', resource: 'energy' },
      { kind: 'freeze', amount: 5n * TRX, resource: 'energy' },
    ],
    [{ kind: 'claim' }, { kind: 'claim' }],
    [
      { kind: 'delegate', to: BOB, amount: '5', resource: 'energy' },
      { kind: 'delegate', to: BOB, amount: 5n * TRX, resource: 'energy', lockBlocks: 0n },
    ],
    [
      { kind: 'undelegate', to: BOB, amount: '5', resource: 'energy' },
      { kind: 'undelegate', to: BOB, amount: 5n * TRX, resource: 'energy' },
    ],
    [
      { kind: 'vote', votes: [{ to: BOB, count: 3 }] },
      { kind: 'vote', votes: [{ to: BOB, count: 3n }] },
    ],
    [
      { kind: 'permissions', owner: { threshold: 1, keys }, actives: [{ threshold: 1, keys }] },
      {
        kind: 'permissions',
        owner: { threshold: 1n, keys: [{ address: OWN, weight: 1n }] },
        actives: [
          {
            threshold: 1n,
            keys: [{ address: OWN, weight: 1n }],
            name: 'active',
            operations: USUAL_OPERATIONS,
          },
        ],
      },
    ],
  ] as readonly (readonly [TronRequest, object])[])('request %#', (request, intent) => {
    expect(intentOf(request)).toEqual(intent)
  })

  it('the usual operations of an active permission are all in use but other permissions', () => {
    const bytes = hexToBytes(USUAL_OPERATIONS)
    const has = (type: number): boolean => Boolean(((bytes[type >> 3] ?? 0) >> (type & 7)) & 1)
    for (const type of [0, 1, 2, 4, 13, 30, 31, 54, 55, 56, 57, 58, 59])
      expect(has(type), String(type)).toBe(true)
    expect(has(46)).toBe(false)
    expect(bytes).toHaveLength(32)
  })

  it('amounts of an asset are in its own units, and of no other', () => {
    const asset = { id: `tron:0x2b6653dc/trc20:${EVE}`, symbol: 'T', name: 'T', decimals: 18 } as const
    expect(intentOf({ to: BOB, amount: '1', asset })).toMatchObject({ amount: 10n ** 18n })
    refuses({ to: BOB, amount: '1', asset: asset.id }, 'UNKNOWN_ASSET')
    expect(intentOf({ to: BOB, amount: 1n, asset: asset.id })).toMatchObject({ amount: 1n })
    refuses({ to: BOB, amount: '1', asset: { ...asset, id: TOKEN } }, 'TOKEN_MISMATCH')
    for (const decimals of [-1, 37, 1.5, Number.NaN])
      refuses({ to: BOB, amount: '1', asset: { ...asset, decimals } }, 'INVALID_ASSET')
    for (const id of ['tron:0x94a9059e/slip44:1', 'eip155:1/slip44:60', 'tron:0x2b6653dc/trc10:1000001a'])
      refuses({ to: BOB, amount: 1n, asset: id }, 'INVALID_ASSET')
    refuses({ to: BOB, amount: 1n, asset: 'usdt' }, 'UNKNOWN_ASSET')
    refuses({ to: BOB, amount: 1n, asset: '' }, 'UNKNOWN_ASSET')
  })

  it.each([
    [undefined, 'INVALID_REQUEST'],
    [null, 'INVALID_REQUEST'],
    ['pay', 'INVALID_REQUEST'],
    [{}, 'INVALID_AMOUNT'],
    [{ kind: 'sweep' }, 'INVALID_REQUEST'],
    [{ to: BOB, amount: 'all' }, 'INVALID_AMOUNT'],
    [{ to: OWN.slice(1), amount: 1n }, 'INVALID_ADDRESS'],
    [{ to: BOB, amount: 1n, fee: 'turbo' }, 'INVALID_REQUEST'],
    [{ to: BOB, amount: 1n, feeLimit: 1 }, 'INVALID_REQUEST'],
    [{ to: BOB, amount: 1n, expiresIn: 59 }, 'INVALID_REQUEST'],
    [{ to: BOB, amount: 1n, expiresIn: 86_341 }, 'INVALID_REQUEST'],
    [{ to: BOB, amount: 1n, expiresIn: 90.5 }, 'INVALID_REQUEST'],
    [{ to: BOB, amount: 1n, permission: 10 }, 'INVALID_REQUEST'],
    [{ to: BOB, amount: 1n, permission: '2' }, 'INVALID_REQUEST'],
    [{ to: BOB, amount: 1n, memo: 5 }, 'INVALID_REQUEST'],
    [{ kind: 'approve', asset: 'TRX', spender: BOB, amount: 1n }, 'INVALID_ASSET'],
    [{ kind: 'call', to: BOB, data: 'a9059cbb' }, 'INVALID_REQUEST'],
    [{ kind: 'call', to: BOB, data: '0xa' }, 'INVALID_REQUEST'],
    [{ kind: 'call', to: BOB, data: `0x${'00'.repeat(131_073)}` }, 'INVALID_REQUEST'],
    [{ kind: 'call', to: BOB, data: '0x', token: { asset: 'USDT', amount: 1n } }, 'INVALID_ASSET'],
    [{ kind: 'deploy', data: '0x60', userPercent: 1.5 }, 'INVALID_REQUEST'],
    [{ kind: 'deploy', data: '0x60', userPercent: 101 }, 'INVALID_REQUEST'],
    [{ kind: 'freeze', amount: '0.5', resource: 'energy' }, 'INVALID_AMOUNT'],
    [{ kind: 'freeze', amount: '5', resource: 'tron_power' }, 'INVALID_REQUEST'],
    [{ kind: 'delegate', to: BOB, amount: '5', resource: 'energy', lockBlocks: -1 }, 'INVALID_REQUEST'],
    [{ kind: 'vote', votes: 'x' }, 'INVALID_REQUEST'],
    [{ kind: 'vote', votes: [5] }, 'INVALID_REQUEST'],
    [{ kind: 'vote', votes: [{ to: BOB, count: 2 ** 53 }] }, 'INVALID_REQUEST'],
    [{ kind: 'permissions', actives: [] }, 'INVALID_REQUEST'],
    [{ kind: 'permissions', owner: { threshold: 1, keys }, actives: {} }, 'INVALID_REQUEST'],
  ] as const)('wrong request %#', (request, code) => {
    refuses(request, code)
  })

  it('an asset that is none is refused', () => {
    for (const asset of [null, 5, true, [], {}, { id: 5, decimals: 6 }, Symbol.iterator])
      expect(() => resolve({ to: BOB, amount: 1n, asset } as unknown as TronRequest)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^(INVALID|UNKNOWN)_ASSET$/) }),
      )
  })

  it('whatever a caller without types passes ends in one of our errors', () => {
    const kinds = [
      'pay',
      'approve',
      'call',
      'deploy',
      'activate',
      'freeze',
      'unfreeze',
      'claim',
      'delegate',
      'undelegate',
      'vote',
      'permissions',
    ]
    const some = fc.oneof(
      fc.constantFrom<unknown>(
        BOB,
        'USDT',
        1n,
        '1',
        null,
        undefined,
        5,
        {},
        [],
        [null],
        true,
        '0x',
        'energy',
      ),
      fc.string({ maxLength: 5 }),
    )
    const names = [
      'to',
      'amount',
      'spender',
      'data',
      'token',
      'name',
      'resource',
      'votes',
      'owner',
      'actives',
      'witness',
      'memo',
      'maxFee',
      'lockBlocks',
    ] as const
    fc.assert(
      fc.property(
        fc.constantFrom(...kinds),
        fc.dictionary(fc.constantFrom(...names), some),
        (kind, fields) => {
          try {
            resolve({ kind, ...fields } as TronRequest)
          } catch (error) {
            if (!isCofferError(error)) throw error
          }
        },
      ),
      { numRuns: 1_000 },
    )
  })
})

describe('memos', () => {
  it('are text in UTF-8 or bytes, of 1 to 1,000 bytes', () => {
    expect(memoOf(undefined)).toBe('')
    expect(memoOf('é')).toBe('c3a9')
    expect(memoOf(Uint8Array.of(0, 255))).toBe('00ff')
    expect(memoOf('x'.repeat(1_000))).toHaveLength(2_000)
    for (const wrong of ['', 'x'.repeat(1_001), 'é'.repeat(501), new Uint8Array(), '\ud800', 5, [1], null])
      expect(() => memoOf(wrong)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })
})
