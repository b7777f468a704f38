import { describe, expect, test } from 'vitest'
import { bytesToHex, hexToBytes, intToBytes } from './hex.ts'
import type { Address, Authorization, EvmTransaction, Hex } from './intent.ts'
import { encodeRlp, type Rlp } from './rlp.ts'
import { decodeSigned, decodeUnsigned, encodeSigned, encodeUnsigned, signingHash } from './transaction.ts'

// Forms that come close to a transaction, each with the sentence that names what is wrong: two rules that refuse the same bytes
// are told apart by it.

const TO: Address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const NONE = new Uint8Array()
const MOST_DATA = 131_072
const LARGEST = (1n << 256n) - 1n

const int = (value: bigint): Uint8Array => intToBytes(value)
const hex = (type: number | undefined, items: Rlp): Hex =>
  bytesToHex(Uint8Array.of(...(type === undefined ? [] : [type]), ...encodeRlp(items)))

const legacy = [int(9n), int(5n), int(21_000n), hexToBytes(TO), int(1n), NONE]
/** EIP-1559 with some fields put in the place of its own. */
const dynamic = (change: Record<number, Rlp> = {}): Rlp[] =>
  [int(1n), int(9n), int(2n), int(5n), int(21_000n), hexToBytes(TO), int(1n), NONE, []].map(
    (field, at) => change[at] ?? field,
  )

describe('legacy', () => {
  test.each([
    [37, 1n, 0],
    [38, 1n, 1],
    [147, 56n, 0],
    [148, 56n, 1],
    [2 * 11_155_111 + 36, 11_155_111n, 1],
  ])('E1: v of %i is the chain %i and the parity %i', (v, chainId, yParity) => {
    const raw = hex(undefined, [...legacy, int(BigInt(v)), int(2n), int(3n)])
    const { tx, signature } = decodeSigned(raw)
    expect(tx).toEqual({
      type: 'legacy',
      chainId,
      nonce: 9n,
      gasPrice: 5n,
      gasLimit: 21_000n,
      to: TO,
      value: 1n,
      data: '0x',
    })
    expect(signature).toEqual({ r: 2n, s: 3n, yParity })
    expect(encodeSigned(tx, signature)).toBe(raw)
  })

  test('half a signature where a draft has zeros is refused', () => {
    for (const tail of [
      [int(1n), NONE],
      [NONE, int(1n)],
      [int(1n), int(1n)],
    ])
      expect(() => decodeUnsigned(hex(undefined, [...legacy, int(1n), ...tail]))).toThrow(/signed already/)
  })
})

describe('E2: what is not quite a transaction', () => {
  const auth = (change: Record<number, Rlp> = {}): Rlp[] =>
    [int(1n), hexToBytes(TO), int(0n), NONE, int(2n), int(3n)].map((field, at) => change[at] ?? field)
  const delegating = (...list: Rlp[]): Rlp => [...dynamic(), list]

  test.each<[string, Hex, RegExp]>([
    ['nothing', '0x', /type is not known/],
    ['an empty list', '0xc0', /number of fields/],
    ['a text for the fields', hex(2, new Uint8Array(9)), /not a list of fields/],
    ['a number for the access list', hex(2, dynamic({ 8: int(5n) })), /should be a list/],
    ['a list for a number', hex(2, dynamic({ 1: [] })), /of the wrong kind/],
    ['an address of 19 bytes', hex(2, dynamic({ 5: new Uint8Array(19).fill(1) })), /should have 20 bytes/],
    ['an address of 21 bytes', hex(2, dynamic({ 5: new Uint8Array(21).fill(1) })), /should have 20 bytes/],
    ['a number of 33 bytes', hex(2, dynamic({ 6: new Uint8Array(33).fill(1) })), /too large/],
    ['an entry without keys', hex(2, dynamic({ 8: [[hexToBytes(TO)]] })), /should be a list/],
    ['a key for the list of keys', hex(2, dynamic({ 8: [[hexToBytes(TO), NONE]] })), /should be a list/],
    ['an entry with a third field', hex(2, dynamic({ 8: [[hexToBytes(TO), [], []]] })), /too many fields/],
    [
      'a key of 31 bytes',
      hex(2, dynamic({ 8: [[hexToBytes(TO), [new Uint8Array(31).fill(1)]]] })),
      /should have 32 bytes/,
    ],
    ['an authorisation of two fields', hex(4, delegating(auth().slice(0, 2))), /wrong number of fields/],
    ['an authorisation of four fields', hex(4, delegating(auth().slice(0, 4))), /wrong number of fields/],
    ['an authorisation of seven fields', hex(4, delegating([...auth(), NONE])), /wrong number of fields/],
    ['an authorisation of a number', hex(4, delegating(int(5n))), /should be a list/],
    ['an authorisation to 19 bytes', hex(4, delegating(auth({ 1: new Uint8Array(19) }))), /have 20 bytes/],
  ])('%s is refused', (_, payload, sentence) => {
    expect(() => decodeUnsigned(payload)).toThrow(
      expect.objectContaining({ code: 'INVALID_DRAFT', message: expect.stringMatching(sentence) }),
    )
  })

  test('the highest numbers and an authorisation with a nonce of zero are no such thing', () => {
    expect(decodeUnsigned(hex(2, dynamic({ 6: int(LARGEST) })))).toMatchObject({ value: LARGEST })
    const signature = { r: 2n, s: 3n, yParity: 0 }
    expect(decodeUnsigned(hex(4, delegating(auth())))).toMatchObject({
      authorizationList: [{ chainId: 1n, address: TO, nonce: 0n, signature }],
    })
  })

  test('G9: more bytes than a transaction may have are not read', () => {
    const bytes = (digits: number): Hex => `0x02${'00'.repeat(digits / 2 - 2)}`
    expect(() => decodeUnsigned(bytes(4 * MOST_DATA + 2))).toThrow(/too long/)
    expect(() => decodeUnsigned(bytes(4 * MOST_DATA))).toThrow(/left over/)
  })
})

describe('bounds', () => {
  const tx: EvmTransaction = {
    type: 'eip1559',
    chainId: 1n,
    nonce: 0n,
    gasLimit: 21_000n,
    to: TO,
    value: 0n,
    data: '0x',
    maxFeePerGas: 1n,
    maxPriorityFeePerGas: 1n,
    accessList: [],
  }
  const signature = { r: 2n, s: 3n, yParity: 0 }
  const refused = expect.objectContaining({ code: 'INVALID_REQUEST' })

  test('what is out of range is not written with a signature either', () => {
    for (const change of [{ nonce: -1n }, { chainId: 0n }, { maxPriorityFeePerGas: 2n }])
      expect(() => encodeSigned({ ...tx, ...change }, signature)).toThrow(refused)
  })

  test('131,072 bytes of data are written, one more is not', () => {
    const most = { ...tx, data: `0x${'01'.repeat(MOST_DATA)}` as Hex }
    expect(encodeUnsigned(most).length).toBeGreaterThan(2 * MOST_DATA)
    expect(() => encodeUnsigned({ ...most, data: `${most.data}01` })).toThrow(refused)
  })

  const own: Authorization = { chainId: 1n, address: TO, nonce: 1n }
  const delegating = (...authorizationList: Authorization[]): EvmTransaction => ({
    ...tx,
    type: 'eip7702',
    to: TO,
    authorizationList,
  })

  test.each<[string, Partial<Authorization>]>([
    ['a negative chain id', { chainId: -1n }],
    ['a chain id of 2^63 − 36', { chainId: (1n << 63n) - 36n }],
    ['a negative nonce', { nonce: -1n }],
    ['a nonce of 2^64 − 1', { nonce: (1n << 64n) - 1n }],
    ['a signature that is not canonical', { signature: { ...signature, s: 0n } }],
  ])('E3: an authorisation with %s is not written', (_, change) => {
    expect(() => encodeUnsigned(delegating({ ...own, ...change }))).toThrow(refused)
    expect(() => encodeUnsigned(delegating(own, { ...own, ...change }))).toThrow(refused)
  })

  test.each<[string, Partial<Authorization>]>([
    ['the lowest', { chainId: 0n, nonce: 0n }],
    ['the highest', { chainId: (1n << 63n) - 37n, nonce: (1n << 64n) - 2n }],
  ])('E3: %s numbers of an authorisation are written', (_, change) => {
    const payload = encodeUnsigned(delegating({ ...own, ...change }))
    expect(decodeUnsigned(payload)).toMatchObject({ authorizationList: [{ ...own, ...change }] })
  })

  test('E3: one authorisation without a signature is one too many to sign over', () => {
    const half = delegating({ ...own, signature }, own)
    expect(() => signingHash(half)).toThrow(refused)
    expect(() => encodeSigned(half, signature)).toThrow(refused)
  })
})
