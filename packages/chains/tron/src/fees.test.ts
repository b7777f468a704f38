import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BOB, EVE, OWN, TRX } from './fake-source.fixture.ts'
import { ceilingOf, type FeeParts, feeParts, hintsOf, signaturesOf } from './fee-parts.ts'
import { checkCoin, type EnergyUse, feeLimitOf, priceOf, sharedEnergy } from './fees.ts'
import { tronNetwork } from './networks.ts'
import type { AccountState, Allowances, Parameters } from './reads.ts'
import { bandwidthOf, type TronContract, type TronTransaction } from './transaction.ts'

const parameters: Parameters = {
  byte: 1_000n,
  energy: 100n,
  memo: TRX,
  multiSign: TRX,
  permissions: 100n * TRX,
  newAccount: TRX,
  newAccountBandwidth: 100_000n,
  newAccountRate: 1n,
  maxFeeLimit: 15_000n * TRX,
  unfreezeDays: 14n,
}
const none = { limit: 0n, used: 0n }
const totals = { bandwidth: { limit: 0n, weight: 0n }, energy: { limit: 0n, weight: 0n } }
const allowances = (free: bigint, bandwidth: bigint, energy: bigint): Allowances => ({
  free: { limit: free, used: 0n },
  bandwidth: { limit: bandwidth, used: 0n },
  energy: { limit: energy, used: 0n },
  votes: none,
  totals,
})
const plain = { parameters, bytes: 268n, signatures: 1, memo: false, opens: false, permissions: false }
const energy = (used: bigint, shared = 0n): EnergyUse => ({ used, penalty: 0n, shared })

describe('what a transaction costs', () => {
  it.each([
    // free, staked, opens → payer, burnt, activation
    [600n, 0n, false, 'free', 0n, 0n],
    [268n, 0n, false, 'free', 0n, 0n],
    [267n, 0n, false, 'burnt', 268_000n, 0n],
    [0n, 268n, false, 'staked', 0n, 0n],
    [600n, 268n, false, 'staked', 0n, 0n],
    // One payer pays it whole: two halves are not put together.
    [267n, 267n, false, 'burnt', 268_000n, 0n],
    [600n, 267n, false, 'free', 0n, 0n],
    // To open an account the free allowance pays nothing.
    [600n, 0n, true, 'burnt', 0n, 1_100_000n],
    [600n, 267n, true, 'burnt', 0n, 1_100_000n],
    [0n, 268n, true, 'staked', 0n, 1_000_000n],
  ] as const)('free %s, staked %s, opens %s: %s', (free, staked, opens, from, burnt, activation) => {
    const parts = priceOf({ ...plain, opens, allowances: allowances(free, staked, 0n) })
    expect(parts.bandwidth).toEqual({ bytes: 268n, from, burnt })
    expect(parts.activation).toBe(activation)
    expect(parts.total).toBe(burnt + activation)
  })

  it.each([
    // used, shared, staked → from stake, burnt
    [29_650n, 0n, 0n, 0n, 2_965_000n],
    [29_650n, 0n, 10_000n, 10_000n, 1_965_000n],
    [29_650n, 0n, 29_650n, 29_650n, 0n],
    [29_650n, 29_353n, 0n, 0n, 29_700n],
    [29_650n, 29_353n, 100n, 100n, 19_700n],
    [29_650n, 29_650n, 100n, 0n, 0n],
  ] as const)('energy %s, shared %s, staked %s', (used, shared, staked, fromStake, burnt) => {
    const parts = priceOf({
      ...plain,
      allowances: allowances(600n, 0n, staked),
      energy: energy(used, shared),
    })
    expect(parts.energy).toMatchObject({ used, shared, staked: fromStake, burnt, price: 100n })
    expect(parts.total).toBe(burnt)
  })

  it('charges for a memo, for more signatures than one, and for other permissions', () => {
    const with_ = (more: object) => priceOf({ ...plain, allowances: allowances(600n, 0n, 0n), ...more })
    expect(with_({ memo: true })).toMatchObject({ memo: TRX, total: TRX })
    expect(with_({ signatures: 2 })).toMatchObject({ multiSign: TRX, total: TRX })
    expect(with_({ signatures: 1 })).toMatchObject({ multiSign: 0n, total: 0n })
    expect(with_({ permissions: true })).toMatchObject({ permissions: 100n * TRX, total: 100n * TRX })
  })

  it('is what a plain statement of the rules says, for whatever account', () => {
    const amount = fc.bigInt({ min: 0n, max: 5_000n })
    fc.assert(
      fc.property(
        fc.record({
          bytes: fc.bigInt({ min: 100n, max: 2_000n }),
          signatures: fc.integer({ min: 1, max: 5 }),
          memo: fc.boolean(),
          opens: fc.boolean(),
          permissions: fc.boolean(),
          rate: fc.bigInt({ min: 1n, max: 3n }),
          free: fc.tuple(amount, amount),
          net: fc.tuple(amount, amount),
          power: fc.tuple(amount, amount),
          used: amount,
          percent: fc.bigInt({ min: 0n, max: 100n }),
          originLimit: amount,
          originLeft: amount,
        }),
        (given) => {
          const pair = ([limit, used]: readonly [bigint, bigint]) => ({ limit, used })
          const { bytes, signatures, memo, opens, permissions, used } = given
          const shared = sharedEnergy(
            used,
            { userPercent: given.percent, originEnergyLimit: given.originLimit },
            given.originLeft,
          )
          const parts = priceOf({
            parameters: { ...parameters, newAccountRate: given.rate },
            allowances: {
              free: pair(given.free),
              bandwidth: pair(given.net),
              energy: pair(given.power),
              votes: none,
              totals,
            },
            bytes,
            signatures,
            memo,
            opens,
            permissions,
            energy: energy(used, shared),
          })
          expect(parts.total).toBe(restated(given))
          expect(parts.energy.shared + parts.energy.staked + parts.energy.burnt / 100n).toBe(used)
        },
      ),
      { numRuns: 500 },
    )
  })
})

/**
 * The rules of the chain in other words: a list of those who would pay, of whom the first that can pays. Bandwidth: stake, then
 * the free allowance, then coin. Energy: the deployer's part, the caller's stake, coin.
 */
function restated(given: {
  bytes: bigint
  signatures: number
  memo: boolean
  opens: boolean
  permissions: boolean
  rate: bigint
  free: readonly [bigint, bigint]
  net: readonly [bigint, bigint]
  power: readonly [bigint, bigint]
  used: bigint
  percent: bigint
  originLimit: bigint
  originLeft: bigint
}): bigint {
  const left = ([limit, used]: readonly [bigint, bigint]) => (used >= limit ? 0n : limit - used)
  let coin = 0n
  if (given.opens) {
    coin += 1_000_000n
    if (left(given.net) < given.bytes * given.rate) coin += 100_000n
  } else if (left(given.net) < given.bytes && left(given.free) < given.bytes) coin += given.bytes * 1_000n
  if (given.memo) coin += 1_000_000n
  if (given.signatures > 1) coin += 1_000_000n
  if (given.permissions) coin += 100_000_000n
  const wanted = given.used - (given.used * given.percent + 99n) / 100n
  const deployer = [wanted, given.originLimit, given.originLeft].reduce((a, b) => (a < b ? a : b))
  const caller = given.used - deployer - left(given.power)
  return coin + (caller > 0n ? caller * 100n : 0n)
}

describe('the fee limit', () => {
  it.each([
    [0n, 0n],
    [1n, 200n],
    [4n, 500n],
    [29_650n, 3_706_300n],
    [120_000_000n, 15_000n * TRX],
    [150_000_000n, 15_000n * TRX],
  ])('of %s energy is %s', (used, limit) => {
    expect(feeLimitOf(used, parameters)).toBe(limit)
  })

  it('covers the bill with a quarter on top, in whole units of energy, and never passes what the chain takes', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 9n }),
        fc.bigInt({ min: 1n, max: 10_000n }),
        fc.bigInt({ min: 0n, max: 15_000n * TRX }),
        (used, price, maxFeeLimit) => {
          const chain = { ...parameters, energy: price, maxFeeLimit }
          if (used * price > maxFeeLimit) {
            expect(() => feeLimitOf(used, chain)).toThrow(expect.objectContaining({ code: 'FEE_TOO_HIGH' }))
            return
          }
          const limit = feeLimitOf(used, chain)
          // The chain divides: what it lets run is at least what was used.
          expect(limit / price).toBeGreaterThanOrEqual(used)
          expect(limit).toBeLessThanOrEqual(maxFeeLimit)
          if (limit < maxFeeLimit) expect(4n * (limit / price)).toBeGreaterThanOrEqual(5n * used)
        },
      ),
    )
  })
})

describe('what a deployer shares', () => {
  it.each([
    [1_000n, 100n, 10n ** 7n, 10n ** 7n, 0n],
    [1_000n, 0n, 10n ** 7n, 10n ** 7n, 1_000n],
    [1_000n, 30n, 10n ** 7n, 10n ** 7n, 700n],
    [999n, 30n, 10n ** 7n, 10n ** 7n, 699n],
    [1_000n, 30n, 500n, 10n ** 7n, 500n],
    [1_000n, 30n, 10n ** 7n, 10n, 10n],
    [1_000n, 30n, 0n, 0n, 0n],
  ])('of %s at %s percent, limit %s, left %s: %s', (used, userPercent, originEnergyLimit, left, shared) => {
    expect(sharedEnergy(used, { userPercent, originEnergyLimit }, left)).toBe(shared)
  })
})

describe('the ceiling', () => {
  const numbers = {
    refBlockBytes: '0000',
    refBlockHash: '0'.repeat(16),
    expiration: 1n,
    timestamp: 0n,
    memo: '',
    permission: 0,
    feeLimit: 0n,
  }
  const contracts: readonly (readonly [TronContract, bigint])[] = [
    [{ type: 'TransferContract', ownerAddress: OWN, toAddress: BOB, amount: 1n }, 1_100_000n],
    [
      { type: 'TransferAssetContract', assetName: '1000001', ownerAddress: OWN, toAddress: BOB, amount: 1n },
      1_100_000n,
    ],
    [{ type: 'AccountCreateContract', ownerAddress: OWN, accountAddress: EVE, accountType: 0 }, 1_100_000n],
    [{ type: 'WithdrawBalanceContract', ownerAddress: OWN }, 0n],
    [
      {
        type: 'AccountPermissionUpdateContract',
        ownerAddress: OWN,
        owner: undefined,
        witness: undefined,
        actives: [],
      },
      100n * TRX,
    ],
  ]

  it.each(contracts)('of %o', (contract, extra) => {
    for (const feeLimit of [0n, 30n * TRX])
      for (const memo of ['', '6869'])
        for (const [permission, keys, signatures] of [
          [0, 1, 1],
          [0, 2, 5],
          [1, 1, 5],
          [2, 1, 5],
        ] as const) {
          const tx: TronTransaction = { ...numbers, feeLimit, memo, permission, contract }
          expect(signaturesOf(tx, keys)).toBe(signatures)
          expect(ceilingOf(tx, 200, tronNetwork, keys)).toBe(
            feeLimit +
              bandwidthOf(200, signatures) * 1_000n +
              extra +
              (memo ? TRX : 0n) +
              (signatures > 1 ? TRX : 0n),
          )
        }
  })

  it('is never passed by what a transaction costs, at prices up to those of the network', () => {
    const price = (most: bigint) => fc.bigInt({ min: 0n, max: most })
    fc.assert(
      fc.property(
        price(1_000n),
        price(TRX),
        price(100_000n),
        fc.bigInt({ min: 0n, max: 10n ** 6n }),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        fc.bigInt({ min: 0n, max: 10n ** 6n }),
        (byte, newAccount, newAccountBandwidth, used, signatures, memo, staked) => {
          const chain = { ...parameters, byte, newAccount, newAccountBandwidth }
          const length = 200
          const tx: TronTransaction = {
            ...numbers,
            memo: memo ? '6869' : '',
            feeLimit: feeLimitOf(used, chain),
            contract: contracts[0]![0],
          }
          const { total } = priceOf({
            parameters: chain,
            allowances: allowances(0n, 0n, staked),
            bytes: bandwidthOf(length, signatures),
            signatures,
            memo,
            opens: true,
            permissions: false,
            energy: energy(used),
          })
          expect(total).toBeLessThanOrEqual(ceilingOf(tx, length, tronNetwork, signatures))
        },
      ),
    )
  })
})

describe('the parts', () => {
  it('travel with a draft and come back the same', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: 0n, max: 10n ** 18n }), { minLength: 13, maxLength: 13 }),
        (all) => {
          const [a, b, c, d, e, f, g, h, i, j, k, l] = all as [bigint, ...bigint[]] & Record<number, bigint>
          const parts = {
            bandwidth: { bytes: a, from: 'burnt', burnt: b },
            energy: { used: c, penalty: d, shared: e, staked: f, burnt: g, price: h },
            activation: i,
            memo: j,
            multiSign: k,
            permissions: l,
            total: all[12],
          } as FeeParts
          expect(feeParts({ hints: hintsOf(parts) })).toEqual(parts)
        },
      ),
    )
    expect(feeParts({ hints: {} })).toBeUndefined()
    expect(feeParts({ hints: { bandwidthFrom: 'nobody' } })).toBeUndefined()
    expect(feeParts({ hints: { bandwidthFrom: 'free', energy: '-5', fee: '1e3' } })?.total).toBe(0n)
  })

  it('that are nothing are left out', () => {
    const energy = { used: 0n, penalty: 0n, shared: 0n, staked: 0n, burnt: 0n, price: 0n }
    const parts: FeeParts = {
      bandwidth: { bytes: 267n, from: 'free', burnt: 0n },
      energy,
      activation: 0n,
      memo: 0n,
      multiSign: 0n,
      permissions: 0n,
      total: 1n,
    }
    expect(hintsOf(parts)).toEqual({ bandwidthFrom: 'free', bandwidth: '267', fee: '1' })
  })

  it('that the account cannot pay are told', () => {
    const parts = priceOf({ ...plain, allowances: allowances(0n, 0n, 0n) })
    const account = { balance: 10n + 268_000n } as AccountState
    expect(() => checkCoin(account, 10n, parts)).not.toThrow()
    expect(() => checkCoin(account, 11n, parts)).toThrow(
      expect.objectContaining({
        code: 'INSUFFICIENT_FUNDS',
        details: { needed: 268_011n, fee: 268_000n, held: 268_010n },
      }),
    )
  })
})
