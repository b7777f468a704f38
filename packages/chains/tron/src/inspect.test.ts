import { type DraftFields, type Effect, isCofferError } from '@coffer/core'
import { keccak_256 } from '@noble/hashes/sha3.js'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { encodeApprove, encodeTransfer } from './abi.ts'
import { makeDraft } from './draft.ts'
import { BOB, EVE, OWN, TRX, USDT, word } from './fake-source.fixture.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import { forget, read, write } from './hostile.fixture.ts'
import { inspect } from './inspect.ts'
import type { Hex, TronIntent } from './intent.ts'
import { intentOf } from './intent-of.ts'
import { tronNetwork } from './networks.ts'
import { rebuild } from './rebuild.ts'

beforeEach(forget)

const COIN = tronNetwork.coin.id
const ACCOUNT = `tron:0x2b6653dc:${OWN}`
const TOKEN = `tron:0x2b6653dc/trc20:${USDT}` as const
const STRANGE = `tron:0x2b6653dc/trc20:${EVE}` as const
const numbers = {
  refBlockBytes: '1a2b',
  refBlockHash: '00112233aabbccdd',
  timestamp: 1_764_000_000_000n,
  expiration: 1_764_000_600_000n,
}
const draftOf = (intent: TronIntent, hints = {}, feeLimit = 0n) =>
  makeDraft(tronNetwork, ACCOUNT, intent, { ...numbers, feeLimit }, hints)
const pad = (address: string): string => encodeTransfer(address, 0n).slice(10, 74)
const call = (to: string, data: string, more = {}): TronIntent => ({
  kind: 'call',
  to,
  value: 0n,
  data: `0x${data}`,
  ...more,
})

const keys = [{ address: OWN, weight: 1n }]
const permissions = (owner = keys): TronIntent => ({
  kind: 'permissions',
  owner: { threshold: 1n, keys: owner },
  actives: [
    {
      threshold: 1n,
      keys: [{ address: EVE, weight: 1n }],
      name: 'payroll',
      operations: `02000080${'0'.repeat(56)}`,
    },
  ],
})

/** Every kind of intent, with its effects and the codes of its warnings. */
const KINDS: readonly (readonly [
  name: string,
  intent: TronIntent,
  effects: readonly object[],
  warnings: readonly string[],
])[] = [
  [
    'pay',
    { kind: 'pay', asset: COIN, to: BOB, amount: 5n * TRX },
    [{ kind: 'transfer', asset: COIN, from: OWN, to: BOB, amount: 5n * TRX }],
    [],
  ],
  [
    'a memo',
    { kind: 'pay', asset: COIN, to: BOB, amount: 50n * TRX, memo: 'c0ffee' },
    [{ kind: 'transfer' }, { kind: 'memo', data: 'c0ffee' }],
    [],
  ],
  [
    'to a token',
    { kind: 'pay', asset: COIN, to: USDT, amount: 5n * TRX },
    [{ kind: 'transfer', to: USDT }],
    ['recipient-is-token'],
  ],
  [
    'a small amount',
    { kind: 'pay', asset: COIN, to: BOB, amount: 5n },
    [{ kind: 'transfer' }],
    ['fee-above-amount'],
  ],
  [
    'TRC-10',
    { kind: 'pay', asset: 'tron:0x2b6653dc/trc10:1000001', to: BOB, amount: 7n },
    [{ kind: 'transfer', asset: 'tron:0x2b6653dc/trc10:1000001', amount: 7n }],
    ['unlisted-token'],
  ],
  [
    'TRC-20',
    { kind: 'pay', asset: TOKEN, to: BOB, amount: 7n },
    [{ kind: 'transfer', asset: TOKEN, from: OWN, to: BOB, amount: 7n }],
    [],
  ],
  [
    'TRC-20 to its contract',
    { kind: 'pay', asset: TOKEN, to: USDT, amount: 7n },
    [{ kind: 'transfer', to: USDT }],
    ['recipient-is-token'],
  ],
  [
    'an unlisted TRC-20 to its contract',
    { kind: 'pay', asset: STRANGE, to: EVE, amount: 7n },
    [{ kind: 'transfer', to: EVE }],
    ['unlisted-token', 'recipient-is-token'],
  ],
  [
    'TRC-20 to oneself',
    { kind: 'pay', asset: TOKEN, to: OWN, amount: 7n },
    [{ kind: 'transfer', to: OWN }],
    ['recipient-is-self'],
  ],
  [
    'approve',
    { kind: 'approve', asset: TOKEN, spender: BOB, amount: 7n },
    [{ kind: 'approve', asset: TOKEN, owner: OWN, spender: BOB, amount: 7n, unlimited: false }],
    [],
  ],
  [
    'approve all',
    { kind: 'approve', asset: TOKEN, spender: BOB, amount: 2n ** 256n - 1n },
    [{ kind: 'approve', unlimited: true }],
    ['unlimited-approval'],
  ],
  [
    'approve a trillion',
    { kind: 'approve', asset: TOKEN, spender: BOB, amount: 10n ** 18n },
    [{ kind: 'approve', unlimited: true }],
    ['unlimited-approval'],
  ],
  [
    'approve what is unlisted',
    { kind: 'approve', asset: STRANGE, spender: BOB, amount: 7n },
    [{ kind: 'approve', asset: STRANGE }],
    ['unlisted-token', 'token-or-nft'],
  ],
  [
    'approve all of what is unlisted',
    { kind: 'approve', asset: STRANGE, spender: BOB, amount: 2n ** 96n - 1n },
    [{ kind: 'approve', asset: STRANGE, unlimited: true }],
    ['unlisted-token', 'unlimited-approval', 'token-or-nft'],
  ],
  [
    'transferFrom',
    call(USDT, `23b872dd${pad(EVE)}${pad(BOB)}${word(9n)}`),
    [{ kind: 'transfer', asset: TOKEN, from: EVE, to: BOB, amount: 9n }],
    [],
  ],
  [
    'increase',
    call(USDT, `d73dd623${pad(BOB)}${word(9n)}`),
    [{ kind: 'approve', amount: 9n, change: 'increase' }],
    [],
  ],
  [
    'decrease',
    call(USDT, `66188463${pad(BOB)}${word(2n ** 256n - 1n)}`),
    [{ kind: 'approve', change: 'decrease', unlimited: false }],
    [],
  ],
  [
    'setApprovalForAll',
    call(EVE, `a22cb465${pad(BOB)}${word(1n)}`),
    [
      {
        kind: 'approve-all',
        collection: `tron:0x2b6653dc/trc721:${EVE}`,
        owner: OWN,
        operator: BOB,
        approved: true,
      },
    ],
    ['approval-for-all'],
  ],
  ['its end', call(EVE, `a22cb465${pad(BOB)}${word(0n)}`), [{ kind: 'approve-all', approved: false }], []],
  [
    'a call',
    call(BOB, 'deadbeef00'),
    [{ kind: 'call', to: BOB, selector: '0xdeadbeef', data: '0xdeadbeef00' }],
    ['unknown-call'],
  ],
  [
    'a call with coin and a token',
    call(BOB, '', { value: 5n * TRX, token: { id: 1_000_001n, amount: 6n } }),
    [
      { kind: 'transfer', asset: COIN, to: BOB, amount: 5n * TRX },
      { kind: 'transfer', asset: 'tron:0x2b6653dc/trc10:1000001', amount: 6n },
      { kind: 'call', selector: '0x' },
    ],
    ['unknown-call'],
  ],
  [
    'a transfer with coin',
    call(USDT, encodeTransfer(BOB, 1n).slice(2), { value: 5n * TRX }),
    [
      { kind: 'transfer', asset: COIN, to: USDT, amount: 5n * TRX },
      { kind: 'transfer', asset: TOKEN, to: BOB },
    ],
    [],
  ],
  [
    'a transfer with bytes over',
    call(USDT, `${encodeTransfer(BOB, 1n).slice(2)}00`),
    [{ kind: 'call', to: USDT }],
    ['unknown-call'],
  ],
  [
    'deploy',
    { kind: 'deploy', value: 3n, data: '0x6001600155', name: 'C', userPercent: 100n, originEnergyLimit: 1n },
    [
      { kind: 'deploy', codeSize: 5, codeHash: `0x${bytesToHex(keccak_256(hexToBytes('6001600155')))}` },
      { kind: 'transfer', asset: COIN, amount: 3n },
    ],
    ['deployment'],
  ],
  ['activate', { kind: 'activate', to: BOB }, [{ kind: 'activate', to: BOB }], []],
  [
    'freeze',
    { kind: 'freeze', amount: TRX, resource: 'energy' },
    [{ kind: 'freeze', asset: COIN, amount: TRX, resource: 'energy' }],
    [],
  ],
  [
    'unfreeze',
    { kind: 'unfreeze', amount: 1n, resource: 'bandwidth' },
    [{ kind: 'unfreeze', asset: COIN, amount: 1n, resource: 'bandwidth' }],
    [],
  ],
  ['cancel-unfreeze', { kind: 'cancel-unfreeze' }, [{ kind: 'cancel-unfreeze' }], []],
  ['withdraw', { kind: 'withdraw' }, [{ kind: 'withdraw' }], []],
  ['claim', { kind: 'claim' }, [{ kind: 'claim' }], []],
  [
    'delegate',
    { kind: 'delegate', to: BOB, amount: TRX, resource: 'energy', lockBlocks: 0n },
    [{ kind: 'delegate-resource', asset: COIN, amount: TRX, resource: 'energy', to: BOB }],
    [],
  ],
  [
    'delegate and lock',
    { kind: 'delegate', to: BOB, amount: TRX, resource: 'energy', lockBlocks: 100n },
    [{ kind: 'delegate-resource', lockSeconds: 300n }],
    [],
  ],
  [
    'undelegate',
    { kind: 'undelegate', to: BOB, amount: TRX, resource: 'bandwidth' },
    [{ kind: 'undelegate-resource', to: BOB, resource: 'bandwidth' }],
    [],
  ],
  [
    'vote',
    {
      kind: 'vote',
      votes: [
        { to: BOB, count: 3n },
        { to: EVE, count: 4n },
      ],
    },
    [
      {
        kind: 'vote',
        votes: [
          { to: BOB, count: 3n },
          { to: EVE, count: 4n },
        ],
      },
    ],
    [],
  ],
  [
    'permissions',
    permissions(),
    [
      {
        kind: 'permissions',
        account: OWN,
        permissions: [
          { role: 'owner', threshold: 1n, keys },
          {
            role: 'active "payroll"',
            operations: ['Transfer', 'TriggerSmart'],
          },
        ],
      },
    ],
    ['permission-change'],
  ],
  [
    'permissions without oneself',
    permissions([{ address: BOB, weight: 1n }]),
    [{ kind: 'permissions' }],
    ['permission-change', 'permission-change'],
  ],
]

describe('what bytes do', () => {
  it.each(KINDS)('%s', (_, intent, effects, warnings) => {
    const draft = draftOf(intent, { fee: '300000' })
    expect(draft.effects.list).toMatchObject(effects)
    expect(draft.effects.list).toHaveLength(effects.length)
    expect(draft.effects.warnings.map(({ code }) => code)).toEqual(warnings)
    expect(rebuild(draft, tronNetwork)).toBe(draft.payload)
    // The pure counterpart makes the same bytes.
    const again = intentOf(read(draft), tronNetwork)
    expect(draftOf(again).payload).toBe(draft.payload)
  })

  it('says what a lock of no length is: three days', () => {
    const draft = draftOf({ kind: 'delegate', to: BOB, amount: TRX, resource: 'energy', lockBlocks: 1n })
    const tx = read(draft)
    if (tx.contract.type !== 'DelegateResourceContract') throw new Error('another contract')
    const effects = inspect(
      { ...draft, payload: write({ ...tx, contract: { ...tx.contract, lockPeriod: 0n } }) },
      tronNetwork,
    )
    expect(effects.list).toMatchObject([{ lockSeconds: 259_200n }])
  })

  it('shows a token that a deployment takes along', () => {
    const draft = draftOf({
      kind: 'deploy',
      value: 0n,
      data: '0x60',
      name: '',
      userPercent: 0n,
      originEnergyLimit: 1n,
    })
    const tx = read(draft)
    if (tx.contract.type !== 'CreateSmartContract') throw new Error('another contract')
    const evil = {
      ...draft,
      payload: write({ ...tx, contract: { ...tx.contract, callTokenValue: 9n, tokenId: 1_000_001n } }),
    }
    expect(inspect(evil, tronNetwork).list).toContainEqual(
      expect.objectContaining({ kind: 'transfer', asset: 'tron:0x2b6653dc/trc10:1000001', amount: 9n }),
    )
    expect(rebuild(evil, tronNetwork)).not.toBe(evil.payload)
  })

  it('tells every field of the bytes', () => {
    const { fields } = draftOf({ kind: 'pay', asset: COIN, to: BOB, amount: 5n, memo: 'ff' }, {}, 7n).effects
    expect(fields).toEqual({
      refBlockBytes: '1a2b',
      refBlockHash: '00112233aabbccdd',
      expiration: '1764000600000',
      timestamp: '1764000000000',
      feeLimit: '7',
      memo: 'ff',
      permission: '0',
      contract: 'TransferContract',
      ownerAddress: OWN,
      toAddress: BOB,
      amount: '5',
    })
  })
})

describe('hints', () => {
  const pay = { kind: 'pay', asset: COIN, to: BOB, amount: 5n * TRX } as const

  it('move the fee that is expected, and never above the ceiling', () => {
    const { ceiling } = draftOf(pay).fee
    expect(draftOf(pay).fee).toEqual({
      asset: COIN,
      expected: ceiling,
      ceiling,
      rate: { value: 0n, unit: 'sunPerEnergy' },
    })
    expect(draftOf(pay, { fee: '5', energyPrice: '100' }).fee).toMatchObject({
      expected: 5n,
      ceiling,
      rate: { value: 100n },
    })
    for (const fee of ['99999999999', '-5', '1e3', '', '99999999999999999999'])
      expect(draftOf(pay, { fee }).fee).toMatchObject({ expected: ceiling, ceiling })
    expect(draftOf(pay, { bandwidthFrom: 'free' }).fee.expected).toBe(0n)
  })

  it('add warnings, and take none away', () => {
    expect(draftOf(pay, { lookalike: EVE }).effects.warnings).toMatchObject([{ code: 'lookalike' }])
    expect(draftOf(pay, { activation: '1100000' }).effects.warnings).toMatchObject([{ code: 'activation' }])
    for (const hints of [{ lookalike: 'nobody' }, { activation: 'x' }])
      expect(draftOf(pay, hints).effects.warnings).toEqual([])
    const small = { ...pay, amount: 1n }
    expect(draftOf(small, { fee: '0' }).effects.warnings).toEqual([])
    expect(draftOf(small).effects.warnings).toMatchObject([{ code: 'fee-above-amount' }])
  })

  it('never take the place of a field, and are not inherited', () => {
    const names = [
      'amount',
      'toAddress',
      'feeLimit',
      'contract',
      'memo',
      'permission',
      'ownerAddress',
      '__proto__',
      'toString',
    ]
    const hints = Object.fromEntries(names.map((name) => [name, 'forged'])) as Record<string, string>
    const { fields } = draftOf(pay, hints).effects
    expect(Object.values(fields)).not.toContain('forged')
    expect(fields).toEqual(draftOf(pay).effects.fields)
  })

  it('that are shown hold nothing that hides or turns text round', () => {
    const { fields } = draftOf(pay, { before0: 'owner, 1 of \u202eT\u0000…\u200b', energyX: 'a\nb' }).effects
    expect(Object.values(fields).join('')).not.toMatch(/\p{C}/u)
  })
})

describe('any change of one byte', () => {
  const drafts = () => KINDS.map(([, intent]) => draftOf(intent, {}, 30n * TRX))
  const told = (draft: DraftFields): string =>
    JSON.stringify(inspect(draft, tronNetwork), (_, value) =>
      typeof value === 'bigint' ? `${value}` : value,
    )

  it('is refused, or shown; and signed only where it is a free number', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...drafts()),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (draft, place, byte) => {
          const hex = draft.payload.slice(2)
          const at = 2 * (place % (hex.length / 2))
          const old = Number.parseInt(hex.slice(at, at + 2), 16)
          const changed = (old ^ byte).toString(16).padStart(2, '0')
          const payload: Hex = `0x${hex.slice(0, at)}${changed}${hex.slice(at + 2)}`
          const evil = { ...draft, payload }
          let shown: string
          try {
            shown = told(evil)
          } catch (error) {
            if (!isCofferError(error, 'INVALID_DRAFT')) throw error
            return
          }
          expect(shown).not.toBe(told(draft))
          let rebuilt: string | undefined
          try {
            rebuilt = rebuild(evil, tronNetwork)
          } catch (error) {
            if (!isCofferError(error, 'DRAFT_MISMATCH')) throw error
          }
          if (rebuilt !== payload) return
          // The list of effects is then the same: but for the address of a new contract, which hangs on every byte.
          const list = (effects: readonly Effect[]) =>
            effects.map((effect) =>
              draft.intent.kind === 'deploy' && effect.kind === 'transfer' ? { ...effect, to: '' } : effect,
            )
          expect(list(inspect(evil, tronNetwork).list)).toEqual(list(draft.effects.list))
          expect(intentOf(read(evil), tronNetwork)).toEqual(intentOf(read(draft), tronNetwork))
        },
      ),
      { numRuns: 1_500 },
    )
  })

  it('bytes that are anything at all are never half understood', () => {
    const first = drafts()[0]!
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const draft = { ...first, payload: `0x${bytesToHex(bytes)}` as Hex }
        expect(() => inspect(draft, tronNetwork)).toThrow(expect.objectContaining({ code: 'INVALID_DRAFT' }))
      }),
      { numRuns: 300 },
    )
    for (const payload of [
      '',
      '0x',
      'zz',
      first.payload.slice(2),
      first.payload.toUpperCase(),
      `${first.payload}0`,
    ])
      expect(() => inspect({ ...first, payload }, tronNetwork)).toThrow(
        expect.objectContaining({ code: 'INVALID_DRAFT' }),
      )
  })

  it('another account and another chain are refused', () => {
    const [draft] = drafts()
    for (const change of [{ account: `tron:0x2b6653dc:${EVE}` }, { chain: 'tron:0x94a9059e' as const }])
      expect(() => inspect({ ...draft!, ...change }, tronNetwork)).toThrow(
        expect.objectContaining({ code: 'INVALID_DRAFT' }),
      )
  })
})

describe('the pure counterpart', () => {
  it('calls a transfer a call where the same intent would write it in another way', () => {
    const padded = encodeTransfer(BOB, 1n)
      .slice(2)
      .replace(/^(.{8}0{22})00/, '$141')
    expect(intentOf(read(draftOf(call(USDT, padded))), tronNetwork)).toMatchObject({ kind: 'call' })
    expect(intentOf(read(draftOf(call(USDT, encodeTransfer(BOB, 0n).slice(2)))), tronNetwork)).toMatchObject({
      kind: 'call',
    })
    expect(intentOf(read(draftOf(call(USDT, encodeApprove(BOB, 0n).slice(2)))), tronNetwork)).toMatchObject({
      kind: 'approve',
      amount: 0n,
    })
  })
})
