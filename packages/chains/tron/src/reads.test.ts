import { isCofferError } from '@coffer/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { amount, cleanText, count, hex, words } from './answers.ts'
import { BOB, blockId, EVE, OWN, TRX } from './fake-source.fixture.ts'
import { tronNetwork } from './networks.ts'
import {
  accountRead,
  allowancesRead,
  blockRead,
  contractRead,
  leftOf,
  parametersRead,
  trialRead,
} from './reads.ts'
import { ask, type Read, read, take } from './rpc.ts'
import { minedRead, transactionRead } from './status.ts'
import { contractsRead } from './tokens-read.ts'

const TXID = 'ab'.repeat(32)

/** Each read with a sound answer, and the fields without which it is none. */
const sound: readonly (readonly [name: string, read: Read<unknown>, answer: object])[] = [
  [
    'a block',
    blockRead('wallet', 7),
    { blockID: blockId(7), block_header: { raw_data: { number: 7, timestamp: 5 } } },
  ],
  [
    'an account',
    accountRead(OWN),
    {
      address: OWN,
      balance: '9223372036854775807',
      assetV2: [{ key: '1000001', value: 5 }],
      frozenV2: [{ amount: 1 }, { type: 'ENERGY', amount: 2 }, { type: 'TRON_POWER' }],
      account_resource: { delegated_frozenV2_balance_for_energy: 3 },
      delegated_frozenV2_balance_for_bandwidth: 4,
      unfrozenV2: [{ type: 'ENERGY', unfreeze_amount: 6, unfreeze_expire_time: 7 }],
      votes: [{ vote_address: BOB, vote_count: 8 }],
      owner_permission: { threshold: 1, keys: [{ address: OWN, weight: 1 }] },
      witness_permission: { threshold: 1, keys: [{ address: BOB, weight: 1 }] },
      active_permission: [
        {
          id: 2,
          permission_name: 'active',
          threshold: 2,
          operations: '7f'.padEnd(64, '0'),
          keys: [{ address: EVE, weight: 3 }],
        },
      ],
    },
  ],
  [
    'allowances',
    allowancesRead(OWN),
    {
      freeNetLimit: 600,
      freeNetUsed: 5,
      NetLimit: 7,
      EnergyLimit: 8,
      EnergyUsed: 9,
      tronPowerLimit: 1,
      TotalNetLimit: 43_200_000_000,
      TotalNetWeight: 2,
      TotalEnergyLimit: 3,
      TotalEnergyWeight: 4,
    },
  ],
  [
    'parameters',
    parametersRead(tronNetwork),
    {
      chainParameter: [
        { key: 'getTransactionFee', value: 1_000 },
        { key: 'getEnergyFee', value: 100 },
        { key: 'getMemoFee', value: 1_000_000 },
      ],
    },
  ],
  [
    'a contract',
    contractRead(BOB),
    { contract_address: BOB, origin_address: EVE, consume_user_resource_percent: 30, origin_energy_limit: 5 },
  ],
  [
    'a trial',
    trialRead({ owner: OWN, to: BOB, data: '' }),
    {
      result: { result: true },
      energy_used: 5,
      energy_penalty: 1,
      constant_result: ['00'],
      logs: [{ address: 'ab' }],
      transaction: { ret: [{}] },
    },
  ],
  [
    'many reads',
    contractsRead(OWN, [{ to: BOB, data: '313ce567' }]),
    { result: { result: true }, constant_result: [`0100 20${'0'.repeat(64)}`.replace(' ', '')] },
  ],
  [
    'a receipt',
    minedRead('wallet', TXID),
    { id: TXID, blockNumber: 5, fee: 6, receipt: { result: 'SUCCESS' } },
  ],
  ['a transaction', transactionRead('wallet', TXID), { txID: TXID }],
]

/** What should never be an answer, or a part of one. */
const nonsense = fc.oneof(
  fc.anything({ withBigInt: true, maxDepth: 2 }),
  fc.constantFrom<unknown>(
    null,
    undefined,
    '',
    '__proto__',
    Number.NaN,
    -1,
    1.5,
    2 ** 53,
    2 ** 64,
    '1e3',
    '-1',
    ' 1',
    '0x1',
    [],
    [[]],
    {},
    [null],
    true,
    'T'.repeat(34),
    TXID,
    'zz',
    `${2n ** 63n}`,
  ),
)

/** Runs a parser; its only error is a CofferError of these codes. */
function parsed(under: Read<unknown>, value: unknown): unknown {
  try {
    return under.parse(value)
  } catch (error) {
    if (!isCofferError(error, 'BAD_RESPONSE', 'INVALID_ADDRESS', 'FEE_TOO_HIGH')) throw error
    return 'refused'
  }
}

describe.each(sound)('%s', (_, under, answer) => {
  it('is read', () => {
    expect(parsed(under, answer)).not.toBe('refused')
  })

  it('is never of nonsense, and ends in an error of ours', () => {
    for (const value of [null, undefined, 5, 'x', [], [answer], true])
      expect(parsed(under, value)).toBe('refused')
    fc.assert(
      fc.property(nonsense, (value) => {
        parsed(under, value)
      }),
    )
  })

  it('with nonsense in one of its places is refused, or the same but there', () => {
    const places = placesOf(answer)
    fc.assert(
      fc.property(fc.constantFrom(...places), nonsense, (place, value) => {
        const bent = structuredClone(answer)
        const last = place.at(-1)!
        const holder = place
          .slice(0, -1)
          .reduce<Record<string, unknown>>(
            (at, key) => at[key] as Record<string, unknown>,
            bent as Record<string, unknown>,
          )
        holder[last] = value
        for (const number of numbersIn(parsed(under, bent))) {
          expect(number).toBeGreaterThanOrEqual(0)
          expect(number).toBeLessThanOrEqual(2n ** 63n - 1n)
        }
      }),
      { numRuns: 300 },
    )
  })
})

/** Every place of a JSON value, as a path. */
function placesOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]]
  const inner = Object.entries(value).flatMap(([key, member]) => placesOf(member, [...path, key]))
  return path.length === 0 ? inner : [[...path], ...inner]
}

function numbersIn(value: unknown): (bigint | number)[] {
  if (typeof value === 'bigint' || typeof value === 'number') return [value]
  if (value instanceof Map) return [...value.values()].flatMap(numbersIn)
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersIn) : []
}

it('an account is read field by field', () => {
  const [, , answer] = sound[1]!
  const keys = (address: string, weight = 1n) => [{ address, weight }]
  expect(accountRead(OWN).parse(answer)).toMatchObject({
    exists: true,
    balance: 2n ** 63n - 1n,
    tokens: new Map([['1000001', 5n]]),
    frozen: { bandwidth: 1n, energy: 2n },
    delegated: { bandwidth: 4n, energy: 3n },
    unfreezing: [{ amount: 6n, resource: 'energy', ready: 7n }],
    votes: [{ to: BOB, count: 8n }],
    owner: { threshold: 1n, keys: keys(OWN) },
    witness: { threshold: 1n, keys: keys(BOB) },
    actives: [
      { id: 2, name: 'active', threshold: 2n, operations: '7f'.padEnd(64, '0'), keys: keys(EVE, 3n) },
    ],
  })
})

describe('answers that do not fit', () => {
  it('another account, block, transaction or network is refused', () => {
    expect(() => accountRead(OWN).parse({ address: BOB })).toThrow(/asked for/)
    const block = { blockID: blockId(8), block_header: { raw_data: { number: 8, timestamp: 5 } } }
    expect(() => blockRead('wallet', 7).parse(block)).toThrow(/asked for/)
    expect(() => blockRead('wallet').parse({ ...block, blockID: blockId(9) })).toThrow(/asked for/)
    expect(() => minedRead('wallet', TXID).parse({ id: 'cd'.repeat(32), blockNumber: 1 })).toThrow(
      /asked for/,
    )
    expect(() => transactionRead('wallet', TXID).parse({ txID: 'cd'.repeat(32) })).toThrow(/asked for/)
    expect(() =>
      parametersRead(tronNetwork).parse({ chainParameter: [{ key: 'getEnergyFee', value: 1 }] }),
    ).toThrow(/prices/)
  })

  it('an address that is no text is refused as an answer, even one that cannot become a text', () => {
    for (const address of [{ toString: 1, valueOf: 1 }, [OWN], [BOB], 5]) {
      const account = [{ address }, { address: OWN, votes: [{ vote_address: address }] }]
      for (const answer of account)
        expect(() => accountRead(OWN).parse(answer)).toThrow(expect.objectContaining({ name: 'CofferError' }))
      const contract = { contract_address: BOB, origin_address: address }
      expect(() => contractRead(BOB).parse(contract)).toThrow(
        expect.objectContaining({ name: 'CofferError' }),
      )
      const logs = [{ address }]
      const trial = trialRead({ owner: OWN, to: BOB, data: '' })
      expect(() => trial.parse({ result: { result: true }, logs })).not.toThrow(TypeError)
    }
  })

  it('nobody, nothing and unknown are read as such', () => {
    expect(accountRead(OWN).parse({})).toMatchObject({ exists: false, balance: 0n, actives: [] })
    expect(contractRead(OWN).parse({})).toBeUndefined()
    expect(minedRead('wallet', TXID).parse({})).toBeUndefined()
    expect(transactionRead('wallet', TXID).parse({})).toBe(false)
    expect(leftOf({ limit: 5n, used: 7n })).toBe(0n)
  })

  it('what was mined and failed is told, by each of its signs', () => {
    const info = (more: object) => minedRead('wallet', TXID).parse({ id: TXID, blockNumber: 5, ...more })?.ok
    expect(info({})).toBe(true)
    expect(info({ receipt: {} })).toBe(true)
    for (const result of ['SUCCESS', 'DEFAULT']) expect(info({ receipt: { result } })).toBe(true)
    expect(info({ result: 'FAILED' })).toBe(false)
    for (const result of [
      'REVERT',
      'OUT_OF_ENERGY',
      'OUT_OF_TIME',
      'TRANSFER_FAILED',
      'ILLEGAL_OPERATION',
      'BAD_JUMP_DESTINATION',
      'UNKNOWN',
      'success',
      5,
    ])
      expect(info({ receipt: { result } }), String(result)).toBe(false)
  })

  it('why a call would fail is told by what it returned, else by the node', () => {
    const failed = (constant_result: string[], message?: string) =>
      trialRead({ owner: OWN, to: BOB, data: '' }).parse({
        result: { result: true, message },
        constant_result,
        transaction: { ret: [{ ret: 'FAILED' }] },
      }).failure
    const text = `08c379a0${'20'.padStart(64, '0')}${'2'.padStart(64, '0')}${'6e6f'.padEnd(64, '0')}`
    expect(failed([text])).toBe('no')
    expect(failed([`4e487b71${'11'.padStart(64, '0')}`])).toBe('panic 0x11')
    expect(failed([], '52455645525420')).toBe('REVERT')
    expect(failed([''])).toBe('no reason given')
    expect(failed(['08c379a0'])).toBe('no reason given')
    expect(trialRead({ owner: OWN, data: '' }).parse({}).failure).toBe('no reason given')
  })

  it('a call without events is told from a node that tells of none', () => {
    const run = (logs?: unknown) =>
      trialRead({ owner: OWN, to: BOB, data: '' }).parse({
        result: { result: true },
        ...(logs === undefined ? {} : { logs }),
      }).events
    expect(run()).toBeUndefined()
    expect(run([])).toBe(0)
    expect(run([{ address: 'ff'.repeat(20) }, { address: '5cbdd86a2fa8dc4bddd8a8f69dba48572eec07fb' }])).toBe(
      1,
    )
  })

  it('prices up to those of the network are taken, and none above', () => {
    const told = (value: number) => ({
      chainParameter: [{ key: 'getTransactionFee', value }, { key: 'getEnergyFee' }],
    })
    expect(parametersRead(tronNetwork).parse(told(1_000))).toMatchObject({
      byte: 1_000n,
      energy: 100n,
      maxFeeLimit: 1_000n * TRX,
    })
    expect(() => parametersRead(tronNetwork).parse(told(1_001))).toThrow(
      expect.objectContaining({ code: 'FEE_TOO_HIGH' }),
    )
  })
})

describe('values', () => {
  it('amounts are whole numbers of 63 bits, as numbers or digits', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (value) => {
        expect(amount(value.toString())).toBe(value)
        if (value <= BigInt(Number.MAX_SAFE_INTEGER)) expect(count(Number(value))).toBe(Number(value))
        else expect(() => count(value.toString())).toThrow(expect.objectContaining({ code: 'BAD_RESPONSE' }))
      }),
    )
  })

  it('bytes are whole, bounded and in lower case', () => {
    expect(hex('ABcd')).toBe('abcd')
    for (const wrong of ['abc', '0xab', 'zz', 5, null, 'a'.repeat(2_097_154)])
      expect(() => hex(wrong)).toThrow(expect.objectContaining({ code: 'BAD_RESPONSE' }))
    expect(() => hex('abcd', 1)).toThrow(expect.objectContaining({ code: 'BAD_RESPONSE' }))
  })

  it('words are read from hex or as they are, and hold nothing that is unseen', () => {
    expect(words('68656c6c6f')).toBe('hello')
    expect(words('hello')).toBe('hello')
    expect(words({})).toBe('')
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 2_000 }),
        fc.integer({ min: 0, max: 300 }),
        (text, most) => {
          const clean = cleanText(text, most)
          expect(clean.length).toBeLessThanOrEqual(most)
          expect(clean).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
        },
      ),
    )
  })
})

describe('asking', () => {
  const source = (results: unknown) =>
    ({ family: 'tron', chain: tronNetwork.id, request: async () => results as never }) as const
  const one = read('wallet/x', {}, (value) => value)

  it('gives each its answer, and a refusal as an error that names the call', async () => {
    const [a, b] = await ask(
      source([
        { ok: true, value: 1 },
        { ok: false, error: { message: 'no' } },
      ]),
      [one, one] as const,
    )
    expect(take(a)).toBe(1)
    expect(() => take(b)).toThrow(
      expect.objectContaining({ code: 'RPC_ERROR', details: { path: 'wallet/x', reason: 'no' } }),
    )
  })

  it('another number of answers is refused', async () => {
    for (const results of [[], [{ ok: true }, { ok: true }]])
      await expect(ask(source(results), [one] as const)).rejects.toMatchObject({ code: 'BAD_RESPONSE' })
  })
})
