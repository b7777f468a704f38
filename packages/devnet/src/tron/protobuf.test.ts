import fc from 'fast-check'
import { utils } from 'tronweb'
import { describe, expect, test } from 'vitest'
import {
  delegateResource,
  log,
  rawData,
  resourceReceipt,
  type TransactionInfo,
  transaction,
  transactionInfo,
  transfer,
} from './messages.ts'
import { decode, encode, make } from './protobuf.ts'

const hex = (max: number) =>
  fc.uint8Array({ maxLength: max }).map((bytes) => Buffer.from(bytes).toString('hex'))
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })

test('what is written is read again', () => {
  const info: fc.Arbitrary<TransactionInfo> = fc
    .record({
      id: hex(32),
      fee: int64,
      blockNumber: int64,
      contractResult: fc.array(hex(40), { maxLength: 3 }),
      log: fc.array(fc.record({ address: hex(20), topics: fc.array(hex(32)), data: hex(64) }), {
        maxLength: 3,
      }),
      result: fc.nat(1),
      receipt: fc.option(
        fc.record({ energy_usage: int64, result: fc.nat(15) }).map((given) => make(resourceReceipt, given)),
        { nil: undefined },
      ),
      cancel_unfreezeV2_amount: fc.dictionary(fc.string(), int64).map((one) => new Map(Object.entries(one))),
    })
    .map((given) => make(transactionInfo, given))
  fc.assert(
    fc.property(info, (value) => {
      expect(decode(transactionInfo, encode(transactionInfo, value))).toEqual(value)
    }),
  )
})

test('the bytes are those of tronweb', () => {
  fc.assert(
    fc.property(
      fc.record({ amount: fc.bigInt({ min: 1n, max: 2n ** 53n - 1n }), expiration: fc.nat(), data: hex(30) }),
      ({ amount, expiration, data }) => {
        const [owner, to] = ['41'.padEnd(42, 'a'), '41'.padEnd(42, 'b')]
        const json = {
          raw_data: {
            contract: [
              {
                type: 'TransferContract',
                parameter: {
                  type_url: 'type.googleapis.com/protocol.TransferContract',
                  value: { owner_address: owner, to_address: to, amount: Number(amount) },
                },
              },
            ],
            ref_block_bytes: '00ff',
            ref_block_hash: '0102030405060708',
            expiration,
            timestamp: 1,
            ...(data && { data }),
          },
        }
        const message = utils.transaction.txJsonToPb(json as never)
        const theirs = utils.transaction.txPbToRawDataHex(message).toLowerCase()
        const ours = make(rawData, {
          ref_block_bytes: '00ff',
          ref_block_hash: '0102030405060708',
          expiration: BigInt(expiration),
          timestamp: 1n,
          data,
          contract: [
            {
              type: 1,
              parameter: {
                type_url: 'type.googleapis.com/protocol.TransferContract',
                value: encode(transfer, { owner_address: owner, to_address: to, amount }),
              },
              provider: '',
              ContractName: '',
              Permission_id: 0,
            },
          ],
        })
        expect(encode(rawData, ours)).toBe(theirs)
        expect(decode(rawData, theirs)).toEqual(ours)
      },
    ),
  )
})

test('defaults are not written, and negative numbers take ten bytes', () => {
  expect(encode(transfer, make(transfer))).toBe('')
  expect(encode(transfer, make(transfer, { amount: -1n }))).toBe('18ffffffffffffffffff01')
  expect(decode(transfer, '18ffffffffffffffffff01').amount).toBe(-1n)
  expect(encode(delegateResource, make(delegateResource, { lock: true }))).toBe('2801')
})

test('unknown fields count, as they do in the hash that is signed', () => {
  // Inside raw_data: reference 0102, and field 16, which nobody knows.
  const bytes = '0a080a02010282010100'
  const value = decode(transaction, bytes)
  expect(value.raw_data?.ref_block_bytes).toBe('0102')
  expect(encode(transaction, value)).toBe(bytes)
})

describe('bytes that are no message', () => {
  test.each([
    ['0a05', 'truncated'],
    ['0affffffffffffffffffff01', 'malformed varint'],
    ['00', 'invalid tag'],
    ['0b', 'invalid wire type'],
    ['18', 'truncated'],
  ])('%s', (bytes, problem) => {
    expect(() => decode(log, bytes)).toThrow(problem === 'truncated' ? 'ended unexpectedly' : problem)
  })

  test('are refused or read, whatever they are', () => {
    fc.assert(
      fc.property(hex(200), (bytes) => {
        try {
          decode(transaction, bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(Error)
          expect((error as Error).message).not.toContain('undefined')
        }
      }),
    )
  })
})
