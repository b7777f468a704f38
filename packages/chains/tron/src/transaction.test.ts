import { CofferError } from '@coffer/core'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import type { TransferContract } from './contracts.ts'
import { allContracts } from './contracts-more.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import { forget } from './hostile.fixture.ts'
import { encode, type SchemaOf } from './protobuf.ts'
import {
  bandwidthOf,
  decodeRaw,
  decodeSigned,
  encodeRaw,
  encodeSigned,
  signingHash,
  type TronTransaction,
  txidOf,
} from './transaction.ts'

beforeEach(forget)

const SELF = 'TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC'
const OTHER = 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t'
const MAX = (1n << 63n) - 1n

const transfer: TransferContract = {
  type: 'TransferContract',
  ownerAddress: SELF,
  toAddress: OTHER,
  amount: 1_000_000n,
}
const PAY: TronTransaction = {
  refBlockBytes: '8de6',
  refBlockHash: '5d0ae4f5d2b1a3c7',
  expiration: 1_795_000_060_000n,
  timestamp: 1_795_000_000_000n,
  feeLimit: 0n,
  memo: '',
  permission: 0,
  contract: transfer,
}
const CALL: TronTransaction = {
  ...PAY,
  feeLimit: 30_000_000n,
  memo: '68656c6c6f',
  permission: 2,
  contract: {
    type: 'TriggerSmartContract',
    ownerAddress: SELF,
    contractAddress: OTHER,
    callValue: 0n,
    data: `a9059cbb${'00'.repeat(64)}`,
    callTokenValue: 0n,
    tokenId: 0n,
  },
}

const wrong = (reason: string): CofferError => new CofferError({ code: 'INVALID_DRAFT', message: reason })
const read = (raw: Uint8Array): TronTransaction => decodeRaw(raw, wrong)
const refused = (message: RegExp, code = 'INVALID_DRAFT'): unknown =>
  expect.objectContaining({ code, message: expect.stringMatching(message) })

describe('a transaction', () => {
  test('is read as it was written', () => {
    for (const tx of [PAY, CALL]) expect(read(encodeRaw(tx))).toEqual(tx)
  })

  test('T7: amounts up to 2^63 − 1 are exact', () => {
    const most = { ...transfer, amount: MAX }
    const raw = encodeRaw({ ...PAY, contract: most, feeLimit: MAX, expiration: MAX, timestamp: MAX })
    expect(bytesToHex(raw).match(/(ff){8}7f/g)).toHaveLength(4)
    expect(read(raw)).toMatchObject({ contract: { amount: MAX }, feeLimit: MAX, expiration: MAX })
    fc.assert(
      fc.property(fc.bigInt(0n, MAX), (amount) => {
        expect(read(encodeRaw({ ...PAY, contract: { ...transfer, amount } })).contract).toEqual({
          ...transfer,
          amount,
        })
      }),
    )
    const above = { ...PAY, contract: { ...transfer, amount: MAX + 1n } }
    expect(() => encodeRaw(above)).toThrow(refused(/out of range/, 'INVALID_REQUEST'))
  })

  test.each<[string, object]>([
    ['a reference to a block of one byte', { refBlockBytes: '8d' }],
    ['no reference to a block', { refBlockBytes: '' }],
    ['a hash of seven bytes', { refBlockHash: '5d0ae4f5d2b1a3' }],
    ['no expiration', { expiration: 0n }],
    ['an expiration before 1970', { expiration: -1n }],
    ['a negative fee limit', { feeLimit: -1n }],
    ['a memo that is not hex', { memo: 'hello' }],
    ['a negative permission', { permission: -1 }],
    ['an amount in a JS number', { contract: { ...transfer, amount: 1 } }],
    ['an unknown contract', { contract: { ...transfer, type: 'Nothing' } }],
    ['a contract called like what every object has', { contract: { ...transfer, type: 'constructor' } }],
    [
      'a contract that is only read',
      { contract: { type: 'UpdateBrokerageContract', ownerAddress: SELF, brokerage: 1 } },
    ],
    ['a memo of more than 500 KB', { memo: '00'.repeat(512_000) }],
  ])('is never written with %s', (_, fields) => {
    expect(() => encodeRaw({ ...PAY, ...fields } as TronTransaction)).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    )
  })

  test('contracts that are only read have their own table', () => {
    const contract = { type: 'UpdateBrokerageContract', ownerAddress: SELF, brokerage: 20 } as const
    const raw = encodeRaw({ ...PAY, contract }, allContracts)
    expect(decodeRaw(raw, wrong, allContracts)).toEqual({ ...PAY, contract })
    expect(() => read(raw)).toThrow(refused(/of a type \(49\) that this wallet does not know/))
  })

  test('its id is the SHA-256 of its bytes', () => {
    const raw = encodeRaw(PAY)
    expect(txidOf(raw)).toBe(bytesToHex(signingHash(raw)))
    expect(txidOf(raw)).toHaveLength(64)
  })
})

// ---- what hides in bytes ----

interface Hidden {
  readonly refBlockBytes: string
  readonly refBlockNum: bigint
  readonly refBlockHash: string
  readonly expiration: bigint
  readonly auths: readonly string[]
  readonly memo: string
  readonly contract: readonly HiddenContract[]
  readonly scripts: string
  readonly timestamp: bigint
  readonly feeLimit: bigint
}
interface HiddenContract {
  readonly type: bigint
  readonly parameter: { readonly typeUrl: string; readonly value: string }
  readonly provider: string
  readonly contractName: string
  readonly permission: bigint
}

/** All fields that java-tron knows. */
const ALL: SchemaOf<Hidden> = {
  refBlockBytes: [1, 'hex'],
  refBlockNum: [3, 'int64'],
  refBlockHash: [4, 'hex'],
  expiration: [8, 'int64'],
  auths: [9, 'hex', 'list'],
  memo: [10, 'hex'],
  contract: [
    11,
    {
      type: [1, 'int64'],
      parameter: [2, { typeUrl: [1, 'text'], value: [2, 'hex'] }],
      provider: [3, 'hex'],
      contractName: [4, 'hex'],
      permission: [5, 'int64'],
    },
    'list',
  ],
  scripts: [12, 'hex'],
  timestamp: [14, 'int64'],
  feeLimit: [18, 'int64'],
}
const URL = 'type.googleapis.com/protocol.TransferContract'
const VALUE =
  '0a15417e5f4552091a69125d5dfcb7b8c2659029395bdf121541a614f803b6fd780986a42c78ec9c7f77e6ded13c18c0843d'
const part: HiddenContract = {
  type: 1n,
  parameter: { typeUrl: URL, value: VALUE },
  provider: '',
  contractName: '',
  permission: 0n,
}
const plain: Hidden = {
  refBlockBytes: '8de6',
  refBlockNum: 0n,
  refBlockHash: '5d0ae4f5d2b1a3c7',
  expiration: 1_795_000_060_000n,
  auths: [],
  memo: '',
  contract: [part],
  scripts: '',
  timestamp: 1_795_000_000_000n,
  feeLimit: 0n,
}
const bytesOf = (fields: object): Uint8Array => encode(ALL, { ...plain, ...fields }, wrong)
const within = (fields: object): object => ({ contract: [{ ...part, ...fields }] })
const parameter = (fields: object): object => within({ parameter: { ...part.parameter, ...fields } })

describe('T2: hidden fields', () => {
  test('without one, the bytes are those of the transfer', () => {
    expect(read(bytesOf({}))).toEqual(PAY)
  })

  test.each<[string, object, RegExp]>([
    ['auths', { auths: ['0a00'] }, /\(9\) that has no place/],
    ['scripts', { scripts: '00' }, /\(12\) that has no place/],
    ['ref_block_num', { refBlockNum: 1n }, /\(3\) that has no place/],
    ['provider', within({ provider: '00' }), /\(3\) that has no place/],
    ['ContractName', within({ contractName: '00' }), /\(4\) that has no place/],
    ['no contract', { contract: [] }, /one contract/],
    ['a second contract', { contract: [part, part] }, /one contract/],
    ['a type that differs from its type_url', within({ type: 2n }), /two types/],
    [
      'a type_url that differs from its type',
      parameter({ typeUrl: URL.replace('fer', 'ferAsset') }),
      /two types/,
    ],
    ['a type_url of another host', parameter({ typeUrl: URL.replace('googleapis', 'example') }), /two types/],
    ['no type_url', parameter({ typeUrl: '' }), /two types/],
    ['an unknown type', within({ type: 99n }), /type \(99\)/],
    ['a negative type', within({ type: -1n }), /out of range/],
    ['a negative Permission_id', within({ permission: -1n }), /out of range/],
    ['a Permission_id above 2^31', within({ permission: 1n << 31n }), /out of range/],
    ['no owner', parameter({ value: VALUE.slice(46) }), /addresses is missing/],
    ['an owner of another network', parameter({ value: VALUE.replace('417e', 'a07e') }), /not an address/],
    ['a negative amount', parameter({ value: `${VALUE.slice(0, -6)}ffffffffffffffffff01` }), /out of range/],
    ['a field after the amount', parameter({ value: `${VALUE}2001` }), /\(4\) that has no place/],
    ['an amount in a longer form', parameter({ value: `${VALUE.slice(0, -2)}bd00` }), /longer form/],
    ['no value', parameter({ value: '' }), /addresses is missing/],
    ['a short reference to a block', { refBlockBytes: 'e6' }, /which block/],
    ['a long hash of the block', { refBlockHash: '5d0ae4f5d2b1a3c700' }, /which block/],
    ['no expiration', { expiration: 0n }, /never expires/],
    ['a negative expiration', { expiration: -1n }, /out of range/],
    ['a negative timestamp', { timestamp: -1n }, /out of range/],
    ['a negative fee limit', { feeLimit: -1n }, /out of range/],
    ['more than 500 KB', { memo: '00'.repeat(512_000) }, /500 KB/],
  ])('%s is refused', (_, fields, sentence) => {
    expect(() => read(bytesOf(fields))).toThrow(refused(sentence))
  })

  test('data is told as the memo', () => {
    expect(read(bytesOf({ memo: 'c0ffee' }))).toEqual({ ...PAY, memo: 'c0ffee' })
  })

  test('Permission_id is told', () => {
    expect(read(bytesOf(within({ permission: 3n })))).toEqual({ ...PAY, permission: 3 })
  })

  test('non-canonical varints are refused', () => {
    const hex = bytesToHex(bytesOf({}))
    for (const [from, to] of [
      ['0a028de6', '0a82008de6'],
      ['5a67', '5ae700'],
      ['7080bcd9f29e34', '7080bcd9f29eb400'],
    ] as const) {
      expect(hex.split(from)).toHaveLength(2)
      expect(() => read(hexToBytes(hex.replace(from, to)))).toThrow(refused(/longer form/))
    }
  })

  test('bytes after the end are refused', () => {
    const raw = bytesOf({})
    for (const tail of [[0], [0x0a, 0x00], [0x90, 0x01, 0x00], [...raw]])
      expect(() => read(Uint8Array.of(...raw, ...tail))).toThrow(CofferError)
  })

  test('T1: every change of one byte is refused or shown', () => {
    for (const tx of [PAY, CALL]) {
      const raw = encodeRaw(tx)
      fc.assert(
        fc.property(fc.nat(raw.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
          const changed = raw.slice()
          changed[at]! ^= flip
          let other: TronTransaction
          try {
            other = read(changed)
          } catch (error) {
            expect((error as CofferError).code).toBe('INVALID_DRAFT')
            return
          }
          expect(other).not.toEqual(tx)
          expect(encodeRaw(other)).toEqual(changed)
        }),
        { numRuns: 1_000 },
      )
    }
  })
})

// ---- signed ----

describe('a signed transaction', () => {
  const signature = new Uint8Array(65).fill(7)

  test('is read as it was written', () => {
    const raw = encodeRaw(PAY)
    for (const count of [1, 2, 5]) {
      const signatures = Array.from({ length: count }, (_, i) => signature.map((byte) => byte + i))
      expect(decodeSigned(encodeSigned(raw, signatures))).toEqual({ raw, tx: PAY, signatures })
    }
  })

  test('may be of a contract that is only read', () => {
    const contract = { type: 'UnfreezeAssetContract', ownerAddress: SELF } as const
    const hex = encodeSigned(encodeRaw({ ...PAY, contract }, allContracts), [signature])
    expect(decodeSigned(hex, allContracts).tx.contract).toEqual(contract)
    expect(() => decodeSigned(hex)).toThrow(refused(/does not know/, 'INVALID_SIGNED'))
  })

  test.each([
    ['no signature', []],
    ['a signature of 64 bytes', [signature.slice(1)]],
    ['a signature of 66 bytes', [Uint8Array.of(...signature, 0)]],
    ['one good and one empty', [signature, new Uint8Array()]],
  ])('is never written with %s', (_, signatures) => {
    expect(() => encodeSigned(encodeRaw(PAY), signatures)).toThrow(refused(/signature/, 'INVALID_REQUEST'))
  })

  test.each<[string, (good: string) => unknown, RegExp]>([
    ['0x in front', (good) => `0x${good}`, /lower-case hex/],
    ['upper case', (good) => good.toUpperCase(), /lower-case hex/],
    ['half a byte', (good) => good.slice(1), /lower-case hex/],
    ['no text', () => undefined, /lower-case hex/],
    ['nothing', () => '', /no signature|too early|block/],
    ['T2: a result', (good) => `${good}2a021801`, /\(5\) that has no place/],
    ['T2: an empty result', (good) => `${good}2a00`, /\(5\) that has no place/],
    ['no signature', (good) => good.slice(0, -134), /no signature/],
    ['a short signature', (good) => `${good.slice(0, -134)}1240${'07'.repeat(64)}`, /65 bytes/],
    ['an empty signature', (good) => `${good}1200`, /65 bytes/],
    ['two transactions', (good) => `${good.slice(0, -134)}${good}`, /there twice/],
    [
      'signatures before the transaction',
      (good) => `${good.slice(-134)}${good.slice(0, -134)}`,
      /out of order/,
    ],
    ['a transaction that is none', (good) => `0a0100${good.slice(-134)}`, /place/],
    ['a cut', (good) => good.slice(0, -2), /past the end/],
    ['more than two megabytes', () => '00'.repeat(1_100_000), /too long/],
  ])('is refused with %s', (_, bend, sentence) => {
    const hex = bend(encodeSigned(encodeRaw(PAY), [signature]))
    expect(() => decodeSigned(hex as string)).toThrow(refused(sentence, 'INVALID_SIGNED'))
  })
})

describe('bandwidth', () => {
  // The figures of the network for a transfer of TRX and of USDT, whose amounts take few bytes.
  test.each([
    ['a transfer of TRX', PAY, 267n],
    ['a transfer of a token', { ...CALL, memo: '', permission: 0 }, 345n],
  ])('%s', (_, tx, expected) => {
    expect(bandwidthOf(encodeRaw(tx as TronTransaction).length, 1)).toBe(expected)
  })

  test('is the size of the signed bytes and 64', () => {
    fc.assert(
      fc.property(fc.nat(20_000), fc.integer({ min: 1, max: 5 }), (length, count) => {
        const memo = '00'.repeat(length)
        const raw = encodeRaw({ ...PAY, memo })
        const hex = encodeSigned(raw, Array(count).fill(new Uint8Array(65)))
        expect(bandwidthOf(raw.length, count)).toBe(BigInt(hex.length / 2 + 64))
      }),
      { numRuns: 50 },
    )
  })
})
