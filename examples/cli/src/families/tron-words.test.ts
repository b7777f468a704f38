import type { Effects } from '@coffer/core'
import { tron } from '@coffer/tron'
import { expect, it } from 'vitest'
import { tronSentences } from './tron-words.ts'

const chain = tron()
const { id } = chain.coin

/** The line of the fee, of what is expected and what a draft says of it. */
function feeLine(expected: bigint, fields: Record<string, string>): string | undefined {
  const effects: Effects = {
    list: [],
    fee: { asset: id, expected, ceiling: 20_000_000n, rate: { value: 100n, unit: 'sunPerEnergy' } },
    warnings: [{ code: 'activation', message: 'Take care.' }],
    fields: { memo: '', contract: 'TriggerSmartContract', ...fields },
  }
  const [fee, warning, more] = tronSentences(chain, effects, [])
  expect([warning, more]).toEqual(['Warning: Take care.', undefined])
  return fee?.replace(/^Fee about |, at most 20 TRX$/g, '')
}

it.each([
  ['free bandwidth', 0n, { bandwidthFrom: 'free', bandwidth: '267' }, '0 TRX (267 bytes of free bandwidth)'],
  [
    'staked bandwidth',
    0n,
    { bandwidthFrom: 'staked', bandwidth: '1345' },
    '0 TRX (1,345 bytes of staked bandwidth)',
  ],
  [
    'burnt bandwidth',
    267_000n,
    { bandwidthFrom: 'burnt', bandwidth: '267', bandwidthBurnt: '267000' },
    '0.267 TRX (for 267 bytes)',
  ],
  [
    'a new account',
    1_100_000n,
    { bandwidthFrom: 'burnt', bandwidth: '267', activation: '1100000' },
    '1.1 TRX (to open the account)',
  ],
  [
    'energy that is burnt',
    2_798_800n,
    { bandwidthFrom: 'free', bandwidth: '345', energy: '27988', energyPrice: '100', energyBurnt: '2798800' },
    '2.7988 TRX (345 bytes of free bandwidth; 27,988 energy burnt)',
  ],
  [
    'energy of three payers, and dearer than usual',
    804_500n,
    {
      bandwidthFrom: 'free',
      bandwidth: '345',
      energy: '14045',
      energyPrice: '100',
      energyShared: '1000',
      energyStaked: '5000',
      energyBurnt: '804500',
      energyPenalty: '2000',
    },
    '0.8045 TRX (345 bytes of free bandwidth; 14,045 energy: 1,000 paid by the contract, 5,000 staked, 8,045 burnt, 2,000 of it because the contract is in demand)',
  ],
  [
    'several signatures and a memo',
    2_335_000n,
    {
      bandwidthFrom: 'burnt',
      bandwidth: '335',
      bandwidthBurnt: '335000',
      multiSign: '1000000',
      memo: '746561',
    },
    '2.335 TRX (0.335 TRX for 335 bytes; 1 TRX for several signatures; 1 TRX for the memo)',
  ],
  [
    // A memo of digits is no amount.
    'a memo that reads as a number',
    1_000_000n,
    { bandwidthFrom: 'free', bandwidth: '275', memo: '31323334' },
    '1 TRX (275 bytes of free bandwidth; 1 TRX for the memo)',
  ],
  [
    'other keys',
    100_425_000n,
    {
      bandwidthFrom: 'burnt',
      bandwidth: '425',
      bandwidthBurnt: '425000',
      contract: 'AccountPermissionUpdateContract',
    },
    '100.425 TRX (0.425 TRX for 425 bytes; 100 TRX for the change of keys)',
  ],
] as const)('says what a fee is made of: %s', (_, expected, fields, line) => {
  expect(feeLine(expected, fields)).toBe(line)
})

it('says of a signed transaction how much it can cost at most', () => {
  expect(feeLine(1_000_000n, {})).toBe('Fee at most 20 TRX')
})
