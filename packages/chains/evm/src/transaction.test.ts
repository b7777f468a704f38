import { isCofferError, nobleEngine } from '@coffer/core'
import { Transaction } from 'ethers'
import fc from 'fast-check'
import { parseTransaction, serializeTransaction } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { hashAuthorization } from 'viem/utils'
import { describe, expect, test } from 'vitest'
import { parseAddress } from './address.ts'
import { bytesToHex, hexToBytes, intToBytes } from './hex.ts'
import type { Authorization, EvmTransaction, Hex } from './intent.ts'
import { decodeRlp, encodeRlp, type Rlp } from './rlp.ts'
import type { TxSignature } from './signature.ts'
import {
  authorizationHash,
  decodeSigned,
  decodeUnsigned,
  encodeSigned,
  encodeUnsigned,
  MAX_DATA,
  signingHash,
  txid,
} from './transaction.ts'

const KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const big = fc.bigInt(0n, (1n << 200n) - 1n)
/** The oracles hold nonces and chain ids in JS numbers. */
const number = fc.bigInt(0n, (1n << 53n) - 1n)
const hex = (size: number): fc.Arbitrary<Hex> =>
  fc.uint8Array({ minLength: size, maxLength: size }).map(bytesToHex)
const address = hex(20).map(parseAddress)
const accessList = fc.array(fc.record({ address, storageKeys: fc.array(hex(32), { maxLength: 3 }) }), {
  maxLength: 3,
})
const signature: fc.Arbitrary<TxSignature> = fc.record({
  yParity: fc.integer({ min: 0, max: 1 }),
  r: fc.bigInt(1n, N - 1n),
  s: fc.bigInt(1n, N / 2n),
})
const common = {
  chainId: fc.bigInt(1n, (1n << 53n) / 2n - 36n),
  nonce: number,
  gasLimit: fc.bigInt(0n, (1n << 63n) - 1n),
  to: fc.option(address, { nil: null }),
  value: big,
  data: fc.uint8Array({ maxLength: 300 }).map(bytesToHex),
}
const dynamic = {
  maxFeePerGas: fc.bigInt(1n << 100n, (1n << 200n) - 1n),
  maxPriorityFeePerGas: fc.bigInt(0n, 1n << 100n),
}
const authorization: fc.Arbitrary<Authorization> = fc.record({
  chainId: number,
  address,
  nonce: number,
  signature,
})
const TYPES = {
  legacy: fc.record({ type: fc.constant('legacy' as const), ...common, gasPrice: big }),
  eip2930: fc.record({ type: fc.constant('eip2930' as const), ...common, gasPrice: big, accessList }),
  eip1559: fc.record({ type: fc.constant('eip1559' as const), ...common, ...dynamic, accessList }),
  eip7702: fc.record({
    type: fc.constant('eip7702' as const),
    ...common,
    ...dynamic,
    accessList,
    to: address,
    authorizationList: fc.array(authorization, { minLength: 1, maxLength: 3 }),
  }),
}
const anyTransaction: fc.Arbitrary<EvmTransaction> = fc.oneof(...Object.values(TYPES))

function withViem(tx: EvmTransaction, signature?: TxSignature): Hex {
  const { gasLimit, nonce, chainId, ...rest } = tx
  const authorizationList =
    'authorizationList' in tx ? { authorizationList: tx.authorizationList.map(forViem) } : {}
  const fields = {
    ...rest,
    gas: gasLimit,
    nonce: Number(nonce),
    chainId: Number(chainId),
    ...authorizationList,
  }
  return serializeTransaction(
    fields as never,
    signature && { ...parts(signature), v: 27n + BigInt(signature.yParity) },
  )
}

function forViem({ chainId, address, nonce, signature }: Authorization): object {
  const terms = { chainId: Number(chainId), address, nonce: Number(nonce) }
  return signature ? { ...terms, ...parts(signature) } : terms
}

function withEthers(tx: EvmTransaction, signature?: TxSignature): string {
  const authorizationList =
    'authorizationList' in tx
      ? {
          authorizationList: tx.authorizationList.map((item) => ({
            ...item,
            signature: parts(item.signature!),
          })),
        }
      : {}
  const type = { legacy: 0, eip2930: 1, eip1559: 2, eip7702: 4 }[tx.type]
  const transaction = Transaction.from({
    ...tx,
    type,
    nonce: Number(tx.nonce),
    ...authorizationList,
  } as never)
  if (!signature) return transaction.unsignedSerialized
  transaction.signature = parts(signature) as never
  return transaction.serialized
}

const word = (value: bigint): Hex => bytesToHex(intToBytes(value, 32))
const parts = ({ r, s, yParity }: TxSignature): { r: Hex; s: Hex; yParity: number } => ({
  r: word(r),
  s: word(s),
  yParity,
})
const refused = (code: string): unknown => expect.objectContaining({ code })

describe.each(Object.entries(TYPES))('%s', (_, arbitrary) => {
  const each = arbitrary as fc.Arbitrary<EvmTransaction>

  test('is written as viem and ethers write it, and read back', () => {
    fc.assert(
      fc.property(each, (tx) => {
        const payload = encodeUnsigned(tx)
        expect(payload).toBe(withViem(tx))
        expect(payload).toBe(withEthers(tx))
        expect(decodeUnsigned(payload)).toEqual(tx)
      }),
    )
  })

  test('signed, is written as viem and ethers write it, and read back', () => {
    fc.assert(
      fc.property(each, signature, (tx, signature) => {
        const raw = encodeSigned(tx, signature)
        expect(raw).toBe(withViem(tx, signature))
        expect(raw).toBe(withEthers(tx, signature))
        expect(decodeSigned(raw)).toEqual({ tx, signature })
        expect(txid(raw)).toBe(Transaction.from(raw).hash)
      }),
      { numRuns: 50 },
    )
  })

  test('has the signing hash that ethers has', () => {
    fc.assert(
      fc.property(each, (tx) => {
        expect(bytesToHex(signingHash(tx))).toBe(Transaction.from(withEthers(tx)).unsignedHash)
      }),
      { numRuns: 20 },
    )
  })

  test('E2: any change of a byte is refused or read as something else', () => {
    fc.assert(
      fc.property(each, fc.nat(), fc.integer({ min: 1, max: 255 }), (tx, at, change) => {
        const bytes = hexToBytes(encodeUnsigned(tx))
        bytes[at % bytes.length]! ^= change
        const other = readOrRefuse(() => decodeUnsigned(bytesToHex(bytes)))
        if (other) expect(other).not.toEqual(tx)
      }),
      { numRuns: 400 },
    )
  })

  test('what is read is written the same: every transaction has one form', () => {
    fc.assert(
      fc.property(
        each,
        signature,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (tx, signature, at, change) => {
          const bytes = hexToBytes(encodeSigned(tx, signature))
          bytes[at % bytes.length]! ^= change
          const raw = bytesToHex(bytes)
          const read = readOrRefuse(() => decodeSigned(raw))
          if (read) expect(encodeSigned(read.tx, read.signature)).toBe(raw)
        },
      ),
      { numRuns: 400 },
    )
  })

  test('bytes cut off or left over are refused', () => {
    fc.assert(
      fc.property(each, fc.nat(), (tx, cut) => {
        const payload = encodeUnsigned(tx)
        const shorter = payload.slice(0, 2 + 2 * (cut % ((payload.length - 2) / 2)))
        expect(() => decodeUnsigned(shorter)).toThrow(refused('INVALID_DRAFT'))
        expect(() => decodeUnsigned(`${payload}00`)).toThrow(refused('INVALID_DRAFT'))
      }),
      { numRuns: 30 },
    )
  })
})

function readOrRefuse<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (isCofferError(error, 'INVALID_DRAFT', 'INVALID_SIGNED')) return undefined
    throw error
  }
}

describe('EIP-155', () => {
  // https://eips.ethereum.org/EIPS/eip-155#example
  const tx: EvmTransaction = {
    type: 'legacy',
    chainId: 1n,
    nonce: 9n,
    gasPrice: 20_000_000_000n,
    gasLimit: 21_000n,
    to: '0x3535353535353535353535353535353535353535',
    value: 10n ** 18n,
    data: '0x',
  }

  test('the example of the EIP', () => {
    expect(encodeUnsigned(tx)).toBe(
      '0xec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080',
    )
    expect(bytesToHex(signingHash(tx))).toBe(
      '0xdaf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53',
    )
    const { signature, recovery } = nobleEngine.ecdsaSign(signingHash(tx), new Uint8Array(32).fill(0x46))
    const [r, s] = [bytesToHex(signature.slice(0, 32)), bytesToHex(signature.slice(32))].map(BigInt) as [
      bigint,
      bigint,
    ]
    expect(encodeSigned(tx, { r, s, yParity: recovery })).toBe(
      '0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83',
    )
  })

  test('E1: a transaction without a chain id is refused, unsigned and signed', () => {
    const fields = decodeRlp(hexToBytes(encodeUnsigned(tx)), () => new Error() as never) as Rlp[]
    const bare = bytesToHex(encodeRlp(fields.slice(0, 6)))
    expect(() => decodeUnsigned(bare)).toThrow(/names no chain/)
    for (const v of [27, 28, 35, 36]) {
      const signed = bytesToHex(
        encodeRlp([...fields.slice(0, 6), Uint8Array.of(v), Uint8Array.of(1), Uint8Array.of(1)]),
      )
      expect(() => decodeSigned(signed)).toThrow(/names no chain/)
    }
    const zero = bytesToHex(
      encodeRlp([...fields.slice(0, 6), new Uint8Array(), new Uint8Array(), new Uint8Array()]),
    )
    expect(() => decodeUnsigned(zero)).toThrow(/chain id is zero/)
  })

  test('a signed transaction is no unsigned one, and the reverse', () => {
    const signature = { r: 1n, s: 1n, yParity: 0 }
    expect(() => decodeUnsigned(encodeSigned(tx, signature))).toThrow(/signed already/)
    expect(() => decodeSigned(encodeUnsigned(tx))).toThrow(refused('INVALID_SIGNED'))
    const more = decodeRlp(hexToBytes(encodeSigned(tx, signature)), () => new Error() as never) as Rlp[]
    expect(() => decodeSigned(bytesToHex(encodeRlp([...more, new Uint8Array()])))).toThrow(/number of fields/)
  })
})

describe('EIP-7702', () => {
  const unsigned: Authorization = {
    chainId: 1n,
    address: '0x63c0c19a282a1B52b07dD5a65b58948A07DAE32B',
    nonce: 8n,
  }
  const tx: EvmTransaction = {
    type: 'eip7702',
    chainId: 1n,
    nonce: 7n,
    gasLimit: 100_000n,
    to: '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
    value: 0n,
    data: '0x',
    maxFeePerGas: 2n,
    maxPriorityFeePerGas: 1n,
    accessList: [],
    authorizationList: [unsigned],
  }

  test('an authorisation is hashed as viem hashes it', () => {
    const terms = { chainId: 1, address: unsigned.address, nonce: 8 }
    expect(bytesToHex(authorizationHash(unsigned))).toBe(hashAuthorization(terms))
  })

  test('an unsigned authorisation travels in a draft, and cannot be signed over', () => {
    expect(decodeUnsigned(encodeUnsigned(tx))).toEqual(tx)
    expect(() => signingHash(tx)).toThrow(refused('INVALID_REQUEST'))
    expect(() => encodeSigned(tx, { r: 1n, s: 1n, yParity: 0 })).toThrow(refused('INVALID_REQUEST'))
    const cheat = { ...tx, authorizationList: [{ ...unsigned, signature: { r: 1n, s: 1n, yParity: 1 } }] }
    const fields = decodeRlp(
      hexToBytes(encodeSigned(cheat, { r: 1n, s: 1n, yParity: 1 })).subarray(1),
      () => new Error() as never,
    ) as Rlp[]
    const bare = fields.map((field, i) =>
      i === 9 ? [(field as Rlp[])[0] as Rlp[]].map((item) => item.slice(0, 3)) : field,
    )
    expect(() => decodeSigned(`0x04${bytesToHex(encodeRlp(bare)).slice(2)}`)).toThrow(/not signed/)
  })

  test('viem reads what is signed here', async () => {
    const account = privateKeyToAccount(KEY)
    const { r, s, yParity } = await account.signAuthorization({
      chainId: 1,
      address: unsigned.address,
      nonce: 8,
    })
    const own = { ...unsigned, signature: { r: BigInt(r), s: BigInt(s), yParity: yParity! } }
    const raw = encodeSigned({ ...tx, authorizationList: [own] }, { r: 1n, s: 1n, yParity: 0 })
    expect(parseTransaction(raw as `0x04${string}`).authorizationList?.[0]).toMatchObject({
      r,
      s,
      yParity,
      nonce: 8,
    })
  })

  test.each([
    ['no authorisation', { authorizationList: [] }],
    ['no recipient', { to: null }],
    ['a nonce out of range', { authorizationList: [{ ...unsigned, nonce: (1n << 64n) - 1n }] }],
    ['high s', { authorizationList: [{ ...unsigned, signature: { r: 1n, s: N - 1n, yParity: 0 } }] }],
    ['a parity of two', { authorizationList: [{ ...unsigned, signature: { r: 1n, s: 1n, yParity: 2 } }] }],
  ])('%s is refused', (_, change) => {
    const other = { ...tx, ...change } as EvmTransaction
    const raw = `0x04${bytesToHex(encodeRlp(looseFields(other))).slice(2)}`
    expect(() => decodeUnsigned(raw)).toThrow(refused('INVALID_DRAFT'))
  })
})

/** Fields of a type-4 transaction, whatever their values. */
function looseFields(tx: EvmTransaction): Rlp {
  if (tx.type !== 'eip7702') throw new Error('type')
  const int = (value: bigint | number): Uint8Array => intToBytes(BigInt(value))
  const list = tx.authorizationList.map(({ chainId, address, nonce, signature: sig }) => [
    ...[int(chainId), hexToBytes(address), int(nonce)],
    ...(sig ? [int(sig.yParity), int(sig.r), int(sig.s)] : []),
  ])
  const to = (tx.to as string | null) === null ? new Uint8Array() : hexToBytes(tx.to)
  const { chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit, value } = tx
  const start = [chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit].map(int)
  return [...start, to, int(value), hexToBytes(tx.data), [], list]
}

describe('bounds', () => {
  const tx: EvmTransaction = {
    type: 'eip1559',
    chainId: 1n,
    nonce: 0n,
    gasLimit: 21_000n,
    to: null,
    value: 0n,
    data: '0x',
    maxFeePerGas: 1n,
    maxPriorityFeePerGas: 1n,
    accessList: [],
  }

  test.each<[string, Partial<EvmTransaction>]>([
    ['a nonce of 2^64 − 1', { nonce: (1n << 64n) - 1n }],
    ['a negative nonce', { nonce: -1n }],
    ['a gas limit of 2^63', { gasLimit: 1n << 63n }],
    ['a value of 2^256', { value: 1n << 256n }],
    ['a fee of 2^256', { maxFeePerGas: 1n << 256n }],
    ['a tip above the fee', { maxPriorityFeePerGas: 2n }],
    ['a chain id of zero', { chainId: 0n }],
    ['a chain id of 2^63', { chainId: 1n << 63n }],
    ['too much data', { data: `0x${'00'.repeat(MAX_DATA + 1)}` }],
    ['G3: a JS number', { value: 1 as never }],
  ])('%s is not written', (_, change) => {
    expect(() => encodeUnsigned({ ...tx, ...change } as EvmTransaction)).toThrow(refused('INVALID_REQUEST'))
  })

  test('the highest values are', () => {
    const high = { ...tx, nonce: (1n << 64n) - 2n, gasLimit: (1n << 63n) - 1n, value: (1n << 256n) - 1n }
    const most = { ...high, data: `0x${'01'.repeat(MAX_DATA)}` as Hex }
    expect(decodeUnsigned(encodeUnsigned(most))).toEqual(most)
  })

  test('E2: blobs and unknown types are refused with a sentence of their own', () => {
    const body = encodeUnsigned(tx).slice(4)
    expect(() => decodeUnsigned(`0x03${body}`)).toThrow(/blobs/)
    expect(() => decodeSigned(`0x03${body}`)).toThrow(/blobs/)
    expect(() => decodeUnsigned(`0x00${body}`)).toThrow(/type is not known/)
    expect(() => decodeUnsigned(`0x05${body}`)).toThrow(/type is not known/)
  })

  test.each([
    ['upper-case hex', (hex: string) => hex.toUpperCase().replace('0X', '0x')],
    ['no 0x', (hex: string) => hex.slice(2)],
    ['white space', (hex: string) => `${hex} `],
    ['nothing', () => '0x'],
    ['a number', () => 1],
  ])('%s is no payload', (_, change) => {
    const payload = encodeUnsigned({ ...tx, data: '0xabcdef' })
    expect(() => decodeUnsigned(change(payload) as string)).toThrow(refused('INVALID_DRAFT'))
  })

  test('integers with zeros in front are refused', () => {
    const fields = decodeRlp(hexToBytes(encodeUnsigned(tx)).subarray(1), () => new Error() as never) as Rlp[]
    for (const at of [0, 1, 2, 3, 4, 6]) {
      const padded = fields.map((field, i) => (i === at ? Uint8Array.of(0, ...(field as Uint8Array)) : field))
      expect(() => decodeUnsigned(`0x02${bytesToHex(encodeRlp(padded)).slice(2)}`)).toThrow(/zeros in front/)
    }
  })

  test('G5: a signature that is not canonical is neither written nor read', () => {
    for (const bad of [
      { r: 1n, s: N - 1n, yParity: 0 },
      { r: 1n, s: 0n, yParity: 0 },
      { r: 0n, s: 1n, yParity: 0 },
      { r: N, s: 1n, yParity: 0 },
      { r: 1n, s: 1n, yParity: 2 },
    ]) {
      expect(() => encodeSigned(tx, bad)).toThrow(refused('INVALID_REQUEST'))
      const fields = decodeRlp(
        hexToBytes(encodeUnsigned(tx)).subarray(1),
        () => new Error() as never,
      ) as Rlp[]
      const body = encodeRlp([
        ...fields,
        intToBytes(BigInt(bad.yParity)),
        intToBytes(bad.r),
        intToBytes(bad.s),
      ])
      expect(() => decodeSigned(`0x02${bytesToHex(body).slice(2)}`)).toThrow(refused('INVALID_SIGNED'))
    }
  })

  test('any transaction survives the way through its bytes', () => {
    fc.assert(
      fc.property(anyTransaction, (tx) => {
        expect(decodeUnsigned(encodeUnsigned(tx))).toEqual(tx)
      }),
    )
  })
})
