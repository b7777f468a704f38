import { describe, expect, it } from 'vitest'
import { addressFromBytes, addressToHex, ZERO_ADDRESS } from './address.ts'
import { checkIntent } from './check-intent.ts'
import { BOB, EVE, OWN, TRX, USDT } from './fake-source.fixture.ts'
import type { TronIntent } from './intent.ts'
import { tronNetwork } from './networks.ts'

const COIN = tronNetwork.coin.id
const TOKEN = `tron:0x2b6653dc/trc20:${USDT}` as const
const TRC10 = 'tron:0x2b6653dc/trc10:1000001'
const MOST = 2n ** 63n - 1n

const passes = (...intents: object[]): void => {
  for (const intent of intents) checkIntent(intent as TronIntent, tronNetwork)
}
const refuses = (code: string, ...intents: object[]): void => {
  for (const intent of intents)
    expect(() => checkIntent(intent as TronIntent, tronNetwork), show(intent)).toThrow(
      expect.objectContaining({ code }),
    )
}
const show = (intent: object): string =>
  JSON.stringify(intent, (_, value) => (typeof value === 'bigint' ? `${value}` : value))

/** The zero address, also as somebody may write it to get past a comparison. */
const ZEROS = [ZERO_ADDRESS, addressToHex(ZERO_ADDRESS)]
/** So many different addresses. */
const people = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => addressFromBytes(new Uint8Array(20).fill(i + 1)))

describe('payments and approvals', () => {
  const pay = { kind: 'pay', asset: COIN, to: BOB, amount: 1n }

  it('have amounts from 1 to what the chain can count, of coin and TRC-10 and of tokens', () => {
    for (const asset of [COIN, TRC10]) {
      passes({ ...pay, asset, amount: MOST })
      refuses('INVALID_AMOUNT', { ...pay, asset, amount: MOST + 1n }, { ...pay, asset, amount: 0n })
    }
    passes({ ...pay, asset: TOKEN, amount: MOST + 1n }, { ...pay, asset: TOKEN, amount: 2n ** 256n - 1n })
    refuses('INVALID_AMOUNT', { ...pay, asset: TOKEN, amount: 2n ** 256n })
    const approve = { kind: 'approve', asset: TOKEN, spender: BOB }
    passes({ ...approve, amount: 0n }, { ...approve, amount: 2n ** 256n - 1n })
    refuses('INVALID_AMOUNT', { ...approve, amount: 2n ** 256n })
    refuses(
      'INVALID_ASSET',
      { ...approve, asset: COIN, amount: 1n },
      { ...approve, asset: TRC10, amount: 1n },
    )
  })

  it('never go to the zero address', () => {
    for (const zero of ZEROS)
      refuses(
        'INVALID_ADDRESS',
        { ...pay, to: zero },
        { kind: 'approve', asset: TOKEN, spender: zero, amount: 1n },
        { kind: 'call', to: zero, value: 0n, data: '0x' },
        { kind: 'activate', to: zero },
        { kind: 'delegate', to: zero, amount: TRX, resource: 'energy', lockBlocks: 0n },
        { kind: 'undelegate', to: zero, amount: TRX, resource: 'energy' },
        { kind: 'vote', votes: [{ to: zero, count: 1n }] },
        permissions({ owner: { threshold: 1n, keys: [{ address: zero, weight: 1n }] } }),
      )
  })
})

describe('calls and deployments', () => {
  it('have amounts that the chain can count', () => {
    const call = { kind: 'call', to: BOB, value: 0n, data: '0x' }
    const token = (amount: bigint) => ({ ...call, token: { id: 1_000_001n, amount } })
    passes(call, { ...call, value: MOST }, token(1n), token(MOST))
    refuses('INVALID_AMOUNT', { ...call, value: MOST + 1n }, token(0n), token(MOST + 1n))
  })

  it('have code, a share up to 100 percent, a limit of energy, and a name that can be read', () => {
    const deploy = {
      kind: 'deploy',
      value: 0n,
      data: '0x60',
      name: '',
      userPercent: 0n,
      originEnergyLimit: 1n,
    }
    passes(
      deploy,
      { ...deploy, value: MOST, userPercent: 100n, originEnergyLimit: MOST },
      { ...deploy, name: '\u{1f600}'.repeat(32) },
    )
    refuses('INVALID_AMOUNT', { ...deploy, value: MOST + 1n }, { ...deploy, originEnergyLimit: MOST + 1n })
    refuses(
      'INVALID_REQUEST',
      { ...deploy, data: '0x' },
      { ...deploy, userPercent: 101n },
      { ...deploy, originEnergyLimit: 0n },
      { ...deploy, name: 'x'.repeat(33) },
      { ...deploy, name: 'a\u202eb' },
    )
  })
})

describe('stake', () => {
  it('is of bandwidth or energy, and of at least 1 TRX where it is made or lent', () => {
    const lend = { kind: 'delegate', to: BOB, lockBlocks: 0n, resource: 'energy' }
    for (const stake of [{ kind: 'freeze', resource: 'bandwidth' }, lend]) {
      passes({ ...stake, amount: TRX }, { ...stake, amount: MOST })
      refuses('INVALID_AMOUNT', { ...stake, amount: TRX - 1n }, { ...stake, amount: MOST + 1n })
    }
    for (const back of [{ kind: 'unfreeze' }, { kind: 'undelegate', to: BOB }]) {
      const stake = { ...back, resource: 'energy' }
      passes({ ...stake, amount: 1n }, { ...stake, amount: MOST })
      refuses('INVALID_AMOUNT', { ...stake, amount: 0n }, { ...stake, amount: MOST + 1n })
    }
    passes({ ...lend, amount: TRX, lockBlocks: MOST })
    refuses('INVALID_AMOUNT', { ...lend, amount: TRX, lockBlocks: MOST + 1n })
    for (const kind of ['freeze', 'unfreeze', 'delegate', 'undelegate'])
      refuses('INVALID_REQUEST', { kind, to: BOB, amount: TRX, resource: 'votes', lockBlocks: 0n })
  })

  it('votes for 1 to 30 witnesses, each once', () => {
    const vote = (count: number) => ({
      kind: 'vote',
      votes: people(count).map((to) => ({ to, count: 1n })),
    })
    passes(vote(1), vote(30), { kind: 'vote', votes: [{ to: BOB, count: MOST }] })
    const twice = [BOB, EVE, BOB].map((to) => ({ to, count: 1n }))
    refuses('INVALID_REQUEST', vote(0), vote(31), { kind: 'vote', votes: twice })
    expect(() => passes({ kind: 'vote', votes: twice })).toThrow('names each witness once')
    const votes = (count: bigint) => ({ kind: 'vote', votes: [{ to: BOB, count }] })
    refuses('INVALID_AMOUNT', votes(0n), votes(MOST + 1n))
  })

  it('is got back, and a reward claimed, without a word more', () => {
    passes({ kind: 'cancel-unfreeze' }, { kind: 'withdraw' }, { kind: 'claim' })
    refuses('INVALID_REQUEST', { kind: 'sweep' }, { kind: '' }, {})
  })
})

const set = (threshold: bigint, weights: readonly bigint[], addresses = people(weights.length)) => ({
  threshold,
  keys: weights.map((weight, i) => ({ address: addresses[i]!, weight })),
})
const active = { ...set(1n, [1n]), name: 'active', operations: '7f'.padEnd(64, '0') }
function permissions(more: object): object {
  return { kind: 'permissions', owner: set(1n, [1n], [OWN]), actives: [active], ...more }
}

describe('T3: permissions', () => {
  it('have 1 to 5 keys, each once, that reach the threshold together', () => {
    const good = [set(1n, [1n]), set(5n, [1n, 1n, 1n, 1n, 1n]), set(3n, [1n, 2n]), set(MOST, [MOST])]
    for (const owner of good)
      passes(permissions({ owner }), permissions({ actives: [{ ...active, ...owner }] }))
    const bad = [
      set(1n, []),
      set(1n, [1n, 1n, 1n, 1n, 1n, 1n]),
      set(0n, [1n]),
      set(2n, [1n]),
      set(4n, [1n, 2n]),
      set(1n, [0n, 1n]),
      set(2n, [1n, 1n], [BOB, BOB]),
    ]
    for (const keys of bad)
      refuses(
        'INVALID_REQUEST',
        permissions({ owner: keys }),
        permissions({ witness: keys }),
        permissions({ actives: [active, { ...active, ...keys }] }),
      )
    refuses('INVALID_AMOUNT', permissions({ owner: set(1n, [MOST + 1n]) }))
    refuses('INVALID_AMOUNT', permissions({ owner: set(MOST + 1n, [MOST, MOST]) }))
  })

  it('that nobody could use are told as that', () => {
    const told = (owner: object) => () => checkIntent(permissions({ owner }) as TronIntent, tronNetwork)
    expect(told(set(1n, []))).toThrow('1 to 5 keys')
    expect(told(set(2n, [1n, 1n], [BOB, BOB]))).toThrow('names each key once')
    expect(told(set(4n, [1n, 2n]))).toThrow('nobody could ever sign')
  })

  it('have exactly one key for who makes the blocks', () => {
    passes(permissions({ witness: set(1n, [1n]) }))
    refuses('INVALID_REQUEST', permissions({ witness: set(1n, [1n, 1n]) }))
  })

  it('are 1 to 8 active ones, with a short name and 32 bytes of operations', () => {
    const many = (count: number) => permissions({ actives: Array(count).fill(active) })
    passes(many(1), many(8))
    refuses('INVALID_REQUEST', many(0), many(9))
    const of = (more: object) => permissions({ actives: [{ ...active, ...more }] })
    passes(of({ name: '' }), of({ name: 'x'.repeat(32) }), of({ operations: 'ff'.repeat(32) }))
    refuses(
      'INVALID_REQUEST',
      of({ name: 'x'.repeat(33) }),
      of({ name: 'a\u200bb' }),
      of({ operations: '' }),
      of({ operations: 'ff'.repeat(31) }),
      of({ operations: 'ff'.repeat(33) }),
      of({ operations: 'FF'.repeat(32) }),
      of({ operations: 'zz'.repeat(32) }),
    )
  })
})
