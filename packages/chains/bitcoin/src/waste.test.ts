import { describe, expect, test } from 'vitest'
import { wasteOf } from './waste.ts'

// The figures of Bitcoin Core's waste_test and bump_fee_test: two inputs of 100 satoshi each, that is 100 vB at 1 sat/vB.
const two = { inputsWeight: 800, feeRate: 1_000 }
const cheaperLater = { ...two, longTermFeeRate: 600 }
const dearerLater = { ...two, longTermFeeRate: 1_400 }
const same = { ...two, longTermFeeRate: 1_000 }

describe('waste as Bitcoin Core counts it', () => {
  test.each([
    ['change, cheaper later', { ...cheaperLater, changeCost: 125 }, 40 * 2 + 125],
    ['change, dearer later', { ...dearerLater, changeCost: 125 }, 40 * -2 + 125],
    ['excess, cheaper later', { ...cheaperLater, excess: 80 }, 40 * 2 + 80],
    ['excess, dearer later', { ...dearerLater, excess: 80 }, 40 * -2 + 80],
    ['change, the same later', { ...same, changeCost: 125 }, 125],
    ['excess, the same later', { ...same, excess: 80 }, 80],
    ['neither', same, 0],
    ['change that saving pays for', { ...dearerLater, changeCost: 80 }, 0],
    ['excess that saving pays for', { ...dearerLater, excess: 80 }, 0],
    ['nothing but saving', dearerLater, -80],
    ['saving above the cost of change', { ...two, longTermFeeRate: 1_900, changeCost: 125 }, -55],
    ['twice the fee', { ...cheaperLater, feeRate: 2_000, changeCost: 125 }, 280 + 125],
    ['parents to pay for, change', { ...dearerLater, changeCost: 125, extraFee: 60 }, 40 * -2 + 125 + 60],
    ['parents to pay for, excess', { ...dearerLater, excess: 40, extraFee: 60 }, 40 * -2 + 60 + 40],
  ])('%s', (_, of, waste) => {
    expect(wasteOf(of)).toBe(waste)
  })
})
