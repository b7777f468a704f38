import { expect, it } from 'vitest'
import { detailOf } from './fee-detail.ts'
import type { FeeParts } from './fee-parts.ts'
import { tronNetwork } from './networks.ts'

const energy = { used: 0n, penalty: 0n, shared: 0n, staked: 0n, burnt: 0n, price: 100n }

function say(parts: Partial<FeeParts>): string | undefined {
  return detailOf(
    {
      bandwidth: { bytes: 267n, from: 'free', burnt: 0n },
      energy,
      activation: 0n,
      memo: 0n,
      multiSign: 0n,
      permissions: 0n,
      total: 0n,
      ...parts,
    },
    tronNetwork,
  )
}

const burnt = { bytes: 1_335n, from: 'burnt', burnt: 335_000n } as const

it.each<[string, Partial<FeeParts>, string]>([
  ['free bandwidth', {}, '267 bytes of free bandwidth'],
  [
    'staked bandwidth',
    { bandwidth: { bytes: 1_234_345n, from: 'staked', burnt: 0n } },
    '1,234,345 bytes of staked bandwidth',
  ],
  ['burnt bandwidth', { bandwidth: burnt }, 'for 1,335 bytes'],
  ['a new account', { bandwidth: { ...burnt, burnt: 0n }, activation: 1_100_000n }, 'to open the account'],
  [
    'energy that is burnt',
    { energy: { ...energy, used: 27_988n, burnt: 2_798_800n } },
    '267 bytes of free bandwidth; 27,988 energy burnt',
  ],
  [
    'energy of three payers, and dearer than usual',
    {
      energy: {
        used: 14_045n,
        penalty: 2_000n,
        shared: 1_000n,
        staked: 5_000n,
        burnt: 804_500n,
        price: 100n,
      },
    },
    '267 bytes of free bandwidth; 14,045 energy: 1,000 paid by the contract, 5,000 staked, 8,045 burnt, 2,000 of it because the contract is in demand',
  ],
  [
    'several signatures and a memo',
    { bandwidth: burnt, multiSign: 1_000_000n, memo: 1_000_000n },
    '0.335 TRX for 1,335 bytes; 1 TRX for several signatures; 1 TRX for the memo',
  ],
  [
    'other keys',
    { bandwidth: burnt, permissions: 100_000_000n },
    '0.335 TRX for 1,335 bytes; 100 TRX for the change of keys',
  ],
])('says what a fee is made of: %s', (_, parts, line) => {
  expect(say(parts)).toBe(line)
})

it('says nothing where nobody asked what it will cost', () => {
  expect(detailOf(undefined, tronNetwork)).toBeUndefined()
})
