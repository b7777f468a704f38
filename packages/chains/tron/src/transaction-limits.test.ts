import { CofferError } from '@coffer/core'
import { beforeEach, describe, expect, test } from 'vitest'
import { contracts } from './contracts.ts'
import { allContracts } from './contracts-more.ts'
import { BOB, OWN } from './fake-source.fixture.ts'
import { forget } from './hostile.fixture.ts'
import { decodeRaw, decodeSigned, encodeRaw, encodeSigned, type TronTransaction } from './transaction.ts'

beforeEach(forget)

const PAY: TronTransaction = {
  refBlockBytes: '8de6',
  refBlockHash: '5d0ae4f5d2b1a3c7',
  expiration: 1_795_000_060_000n,
  timestamp: 1_795_000_000_000n,
  feeLimit: 0n,
  memo: '',
  permission: 0,
  contract: { type: 'TransferContract', ownerAddress: OWN, toAddress: BOB, amount: 1n },
}
const wrong = (reason: string): CofferError => new CofferError({ code: 'INVALID_DRAFT', message: reason })
const read = (raw: Uint8Array): TronTransaction => decodeRaw(raw, wrong)

/** With a memo that makes it so many bytes long. */
function ofSize(size: number): TronTransaction {
  const about = { ...PAY, memo: '00'.repeat(size - 200) }
  const rest = size - encodeRaw(about).length
  return { ...PAY, memo: '00'.repeat(size - 200 + rest) }
}

describe('the size', () => {
  test('of a transaction ends at 512,000 bytes when it is written', () => {
    const tx = ofSize(512_000)
    expect(encodeRaw(tx)).toHaveLength(512_000)
    expect(() => encodeRaw({ ...tx, memo: `${tx.memo}00` })).toThrow('more than 500 KB')
  })

  test('of a transaction ends at 512,000 bytes when it is read', () => {
    expect(() => read(new Uint8Array(512_000))).toThrow('has no place there')
    expect(() => read(new Uint8Array(512_001))).toThrow('more than 500 KB')
  })

  test('of a signed one is looked at before it is read', () => {
    const zeros = '00'.repeat(1_024_000)
    expect(() => decodeSigned(zeros)).toThrow('has no place there')
    expect(() => decodeSigned(`${zeros}00`)).toThrow('They are too long')
  })
})

test('a transaction that ends a millisecond after 1970 began is written and read', () => {
  const tx = { ...PAY, expiration: 1n }
  expect(read(encodeRaw(tx))).toEqual(tx)
})

describe('what was read last', () => {
  const next = (): Uint8Array => encodeRaw({ ...PAY, timestamp: PAY.timestamp + ++count })
  let count = 0n

  test('is the same for everybody, and nobody can change it', () => {
    const raw = encodeRaw({
      ...PAY,
      contract: {
        type: 'VoteWitnessContract',
        ownerAddress: OWN,
        votes: [{ voteAddress: BOB, voteCount: 1n }],
        support: false,
      },
    })
    const tx = read(raw)
    expect(read(raw.slice())).toBe(tx)
    if (tx.contract.type !== 'VoteWitnessContract') throw new Error('another contract')
    for (const part of [tx, tx.contract, tx.contract.votes, tx.contract.votes[0]])
      expect(Object.isFrozen(part)).toBe(true)
    expect(decodeSigned(encodeSigned(raw, [new Uint8Array(65)])).tx).toBe(tx)
  })

  test('is forgotten when sixteen others were read, and never kept when it is long', () => {
    const raw = encodeRaw(PAY)
    /** How many others are read until this one is read anew. */
    const others = (): number => {
      const known = read(raw)
      for (let others = 1; others < 50; others++) {
        read(next())
        if (read(raw) !== known) return others
      }
      return 50
    }
    // What was read before is not known: the first round ends with the other one and this one alone.
    others()
    expect(others()).toBe(15)
    expect(others()).toBe(15)
    const [kept, long] = [encodeRaw(ofSize(4_096)), encodeRaw(ofSize(4_097))]
    expect(read(kept)).toBe(read(kept))
    expect(read(long)).not.toBe(read(long))
    expect(read(long)).toEqual(ofSize(4_097))
  })

  test('is nothing to who brings a table of their own', () => {
    const { WithdrawBalanceContract } = contracts
    const raw = encodeRaw(PAY)
    read(raw)
    expect(() => decodeRaw(raw, wrong, { WithdrawBalanceContract } as never)).toThrow('does not know')
    const other = encodeRaw(
      { ...PAY, contract: { type: 'UnfreezeAssetContract', ownerAddress: OWN } },
      allContracts,
    )
    const tx = decodeRaw(other, wrong, allContracts)
    expect(tx.contract).toEqual({ type: 'UnfreezeAssetContract', ownerAddress: OWN })
    expect(() => read(other)).toThrow('does not know')
    expect(() => encodeRaw(PAY, { WithdrawBalanceContract } as never)).toThrow('not in the table')
  })
})
