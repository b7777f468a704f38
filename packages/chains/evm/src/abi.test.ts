import { keccak_256 } from '@noble/hashes/sha3.js'
import { AbiCoder } from 'ethers'
import fc from 'fast-check'
import { encodeFunctionData, parseAbi } from 'viem'
import { describe, expect, test } from 'vitest'
import {
  type AbiValue,
  decodeAbi,
  decodeCall,
  encodeAbi,
  encodeApprove,
  encodeCall,
  encodeTransfer,
  MAX_UINT256,
  PERMIT2,
} from './abi.ts'
import { parseAddress } from './address.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import type { Address, Hex } from './intent.ts'

const A: Address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const B: Address = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'
const C: Address = '0x90F79bf6EB2c4f870365E785982E1f101E93b906'
const WORD = `0x${'ab'.repeat(32)}` as Hex

/** Every call that is known: its signature, the arguments as viem takes them, and what is read. */
const KNOWN: [signature: string, args: unknown[], expected: object][] = [
  ['transfer(address to, uint256 n)', [A, 5n], { name: 'transfer', to: A, amount: 5n }],
  [
    'transferFrom(address f, address t, uint256 n)',
    [A, B, 5n],
    { name: 'transferFrom', from: A, to: B, amount: 5n },
  ],
  ['approve(address s, uint256 n)', [A, 5n], { name: 'approve', spender: A, amount: 5n }],
  ['increaseAllowance(address s, uint256 n)', [A, 5n], { name: 'increaseAllowance', spender: A, amount: 5n }],
  ['decreaseAllowance(address s, uint256 n)', [A, 5n], { name: 'decreaseAllowance', spender: A, amount: 5n }],
  [
    'permit(address o, address s, uint256 v, uint256 d, uint8 y, bytes32 r, bytes32 z)',
    [A, B, 5n, 9n, 27, WORD, WORD],
    { name: 'permit', owner: A, spender: B, amount: 5n },
  ],
  [
    'permit(address h, address s, uint256 n, uint256 e, bool a, uint8 v, bytes32 r, bytes32 z)',
    [A, B, 1n, 9n, true, 27, WORD, WORD],
    { name: 'permit', owner: A, spender: B, amount: MAX_UINT256 },
  ],
  [
    'permit(address h, address s, uint256 n, uint256 e, bool a, uint8 v, bytes32 r, bytes32 z)',
    [A, B, 1n, 9n, false, 27, WORD, WORD],
    { name: 'permit', owner: A, spender: B, amount: 0n },
  ],
  [
    'setApprovalForAll(address o, bool a)',
    [A, true],
    { name: 'setApprovalForAll', operator: A, approved: true },
  ],
  [
    'setApprovalForAll(address o, bool a)',
    [A, false],
    { name: 'setApprovalForAll', operator: A, approved: false },
  ],
  [
    'safeTransferFrom(address f, address t, uint256 id)',
    [A, B, 7n],
    { name: 'nftTransfer', standard: 'erc721', moves: [{ from: A, to: B, tokenId: 7n, amount: 1n }] },
  ],
  [
    'safeTransferFrom(address f, address t, uint256 id, bytes data)',
    [A, B, 7n, '0x1234'],
    { name: 'nftTransfer', standard: 'erc721', moves: [{ from: A, to: B, tokenId: 7n, amount: 1n }] },
  ],
  [
    'safeTransferFrom(address f, address t, uint256 id, uint256 n, bytes data)',
    [A, B, 7n, 3n, '0x'],
    { name: 'nftTransfer', standard: 'erc1155', moves: [{ from: A, to: B, tokenId: 7n, amount: 3n }] },
  ],
  [
    'safeBatchTransferFrom(address f, address t, uint256[] ids, uint256[] ns, bytes data)',
    [A, B, [7n, 8n], [3n, 4n], WORD],
    {
      name: 'nftTransfer',
      standard: 'erc1155',
      moves: [
        { from: A, to: B, tokenId: 7n, amount: 3n },
        { from: A, to: B, tokenId: 8n, amount: 4n },
      ],
    },
  ],
  [
    'approve(address token, address s, uint160 n, uint48 e)',
    [C, A, 5n, 99],
    { name: 'permit2Approve', owner: null, spender: A, grants: [{ token: C, amount: 5n, expiration: 99n }] },
  ],
  [
    'permit(address o, ((address t, uint160 n, uint48 e, uint48 k) d, address s, uint256 x) p, bytes z)',
    [A, { d: { t: C, n: 5n, e: 99, k: 0 }, s: B, x: 9n }, `${WORD}${'cd'.repeat(33)}`],
    { name: 'permit2Approve', owner: A, spender: B, grants: [{ token: C, amount: 5n, expiration: 99n }] },
  ],
  [
    'permit(address o, ((address t, uint160 n, uint48 e, uint48 k)[] d, address s, uint256 x) p, bytes z)',
    [
      A,
      {
        d: [
          { t: C, n: 5n, e: 99, k: 0 },
          { t: B, n: 6n, e: 98, k: 1 },
        ],
        s: B,
        x: 9n,
      },
      '0x12',
    ],
    {
      name: 'permit2Approve',
      owner: A,
      spender: B,
      grants: [
        { token: C, amount: 5n, expiration: 99n },
        { token: B, amount: 6n, expiration: 98n },
      ],
    },
  ],
  [
    'transferFrom(address f, address t, uint160 n, address token)',
    [A, B, 5n, C],
    { name: 'permit2Transfer', moves: [{ token: C, from: A, to: B, amount: 5n }] },
  ],
  [
    'transferFrom((address f, address t, uint160 n, address token)[] d)',
    [
      [
        { f: A, t: B, n: 5n, token: C },
        { f: B, t: A, n: 6n, token: B },
      ],
    ],
    {
      name: 'permit2Transfer',
      moves: [
        { token: C, from: A, to: B, amount: 5n },
        { token: B, from: B, to: A, amount: 6n },
      ],
    },
  ],
  [
    'permitTransferFrom(((address t, uint256 n) p, uint256 k, uint256 d) p, (address to, uint256 n) r, address o, bytes z)',
    [{ p: { t: C, n: 9n }, k: 1n, d: 2n }, { to: B, n: 5n }, A, '0x1234'],
    { name: 'permit2Transfer', moves: [{ token: C, from: A, to: B, amount: 5n }] },
  ],
  [
    'permitTransferFrom(((address t, uint256 n)[] p, uint256 k, uint256 d) p, (address to, uint256 n)[] r, address o, bytes z)',
    [{ p: [{ t: C, n: 9n }], k: 1n, d: 2n }, [{ to: B, n: 5n }], A, '0x1234'],
    { name: 'permit2Transfer', moves: [{ token: C, from: A, to: B, amount: 5n }] },
  ],
]

const withViem = (signature: string, args: unknown[]): Hex => {
  const abi = parseAbi([`function ${signature}`] as never) as readonly unknown[]
  return encodeFunctionData({ abi, args } as never)
}

describe.each(KNOWN)('%s', (signature, args, expected) => {
  const data = withViem(signature, args)

  test('is understood', () => {
    expect(decodeCall(data)).toEqual(expected)
  })

  test('a byte more or less is not', () => {
    expect(decodeCall(`${data}00`)).toBeUndefined()
    expect(decodeCall(`${data}${'00'.repeat(32)}`)).toBeUndefined()
    expect(decodeCall(data.slice(0, -2) as Hex)).toBeUndefined()
    expect(decodeCall(data.slice(0, -64) as Hex)).toBeUndefined()
    expect(decodeCall(data.slice(0, 10) as Hex)).toBeUndefined()
  })
})

// A permit's nonce and deadline and the bytes handed to the taker of an NFT are no part of what is read.
const TOLD = KNOWN.filter(([signature]) => !/^permit|bytes data/.test(signature))

test.each(TOLD)(
  '%s: a change of the first bit of any word is refused or shows',
  (signature, args, expected) => {
    const data = withViem(signature, args)
    for (let at = 4; at + 32 <= (data.length - 2) / 2; at += 32) {
      const bytes = hexToBytes(data)
      bytes[at]! ^= 0x80
      const read = decodeCall(bytesToHex(bytes))
      if (read) expect(read).not.toEqual(expected)
    }
  },
)

describe('call data', () => {
  test('the selectors are the hashes of the signatures', () => {
    for (const [signature, args] of KNOWN) expect(decodeCall(withViem(signature, args))).toBeDefined()
    const selector = (text: string): string =>
      bytesToHex(keccak_256(new TextEncoder().encode(text))).slice(2, 10)
    expect(selector('transfer(address,uint256)')).toBe('a9059cbb')
    expect(selector('approve(address,uint256)')).toBe('095ea7b3')
  })

  test('E4: a boolean that is not 0 or 1 is not understood', () => {
    const data = withViem('setApprovalForAll(address o, bool a)', [A, true])
    expect(decodeCall(`${data.slice(0, -1)}2` as Hex)).toBeUndefined()
    expect(decodeCall(`${data.slice(0, -2)}ff` as Hex)).toBeUndefined()
  })

  test('E4: an address with bits above its 20 bytes is not understood', () => {
    const data = encodeApprove(A, MAX_UINT256)
    expect(decodeCall(data.replace('095ea7b30', '095ea7b31') as Hex)).toBeUndefined()
    expect(
      decodeCall(data.replace(`000${A.slice(2).toLowerCase()}`, `001${A.slice(2).toLowerCase()}`) as Hex),
    ).toBeUndefined()
  })

  test('E4: what is unlimited, and where Permit2 is', () => {
    expect(MAX_UINT256).toBe(BigInt(`0x${'f'.repeat(64)}`))
    // https://docs.uniswap.org/contracts/permit2/overview
    expect(PERMIT2).toBe('0x000000000022D473030F116dDEE9F6B43aC78BA3')
  })

  test('an amount above its type is not understood', () => {
    const data = withViem('approve(address token, address s, uint160 n, uint48 e)', [C, A, 5n, 99])
    const wide = `${data.slice(0, 10 + 128)}${'f'.repeat(64)}${data.slice(10 + 192)}` as Hex
    expect(decodeCall(wide)).toBeUndefined()
  })

  test('lists of different lengths are not understood', () => {
    const batch = 'safeBatchTransferFrom(address f, address t, uint256[] ids, uint256[] ns, bytes data)'
    expect(decodeCall(withViem(batch, [A, B, [7n], [3n, 4n], '0x']))).toBeUndefined()
  })

  test('offsets that overlap or leave gaps are not understood', () => {
    const words = (...list: bigint[]): Hex =>
      `0x2eb2c2d6${list.map((value) => value.toString(16).padStart(64, '0')).join('')}`
    const [from, to] = [BigInt(A), BigInt(B)]
    expect(decodeCall(words(from, to, 160n, 224n, 288n, 1n, 7n, 1n, 3n, 0n))).toBeDefined()
    expect(decodeCall(words(from, to, 160n, 160n, 224n, 1n, 7n, 0n))).toBeUndefined()
    expect(decodeCall(words(from, to, 192n, 256n, 320n, 0n, 1n, 7n, 1n, 3n, 0n))).toBeUndefined()
    expect(decodeCall(words(from, to, 224n, 160n, 288n, 1n, 7n, 1n, 3n, 0n))).toBeUndefined()
    expect(decodeCall(words(from, to, 160n, 224n, 288n, 1n << 255n, 7n, 1n, 3n, 0n))).toBeUndefined()
    expect(decodeCall(words(from, to, 160n, 224n, 288n, 1n, 7n, 1n, 3n, 1n << 40n))).toBeUndefined()
  })

  test('G9: a huge count takes no time', () => {
    const data = `0x0d58b1db${32n.toString(16).padStart(64, '0')}${'f'.repeat(64)}` as Hex
    expect(decodeCall(data)).toBeUndefined()
  })

  test('G8: names of objects are no selectors', () => {
    for (const data of ['0x', '0x00', '0xa9059cbb', '0x__proto__', '0xconstructor', '0xtoString'])
      expect(decodeCall(data as Hex)).toBeUndefined()
  })

  test('payments and approvals are written as viem writes them', () => {
    const address = fc
      .uint8Array({ minLength: 20, maxLength: 20 })
      .map((bytes) => parseAddress(bytesToHex(bytes)))
    fc.assert(
      fc.property(address, fc.bigInt(0n, MAX_UINT256), (to, amount) => {
        expect(encodeTransfer(to, amount)).toBe(withViem('transfer(address to, uint256 n)', [to, amount]))
        expect(decodeCall(encodeTransfer(to, amount))).toEqual({ name: 'transfer', to, amount })
        expect(encodeApprove(to, amount)).toBe(withViem('approve(address s, uint256 n)', [to, amount]))
      }),
    )
    expect(encodeCall('a22cb465', 'address,bool', [A, true])).toBe(
      withViem('setApprovalForAll(address o, bool a)', [A, true]),
    )
  })
})

describe('the codec', () => {
  const uint = fc.bigInt(0n, MAX_UINT256)
  const address = fc
    .uint8Array({ minLength: 20, maxLength: 20 })
    .map((bytes) => parseAddress(bytesToHex(bytes)))
  const bytes = fc.uint8Array({ maxLength: 80 }).map(bytesToHex)
  const word = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytesToHex)
  const leaf: fc.Arbitrary<[string, AbiValue]> = fc.oneof(
    uint.map((value): [string, AbiValue] => ['uint256', value]),
    address.map((value): [string, AbiValue] => ['address', value]),
    fc.boolean().map((value): [string, AbiValue] => ['bool', value]),
    bytes.map((value): [string, AbiValue] => ['bytes', value]),
    word.map((value): [string, AbiValue] => ['bytes32', value]),
    fc.array(address, { maxLength: 4 }).map((value): [string, AbiValue] => ['address[]', value]),
    fc.array(bytes, { maxLength: 4 }).map((value): [string, AbiValue] => ['bytes[]', value]),
  )
  const tree = fc.letrec<{ node: [string, AbiValue] }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc
        .array(tie('node'), { minLength: 1, maxLength: 4 })
        .map((parts): [string, AbiValue] => [
          `(${parts.map(([type]) => type)})`,
          parts.map(([, value]) => value),
        ]),
      fc
        .tuple(tie('node'), fc.integer({ min: 0, max: 3 }))
        .map(([[type, value], count]): [string, AbiValue] => [`${type}[]`, new Array(count).fill(value)]),
    ),
  })).node

  test.each<[types: string[], values: AbiValue[]]>([
    [
      ['uint256', 'bool', 'address', 'bytes32'],
      [5n, true, A, WORD],
    ],
    [['bytes'], ['0x']],
    [['bytes'], [`0x${'12'.repeat(31)}`]],
    [['bytes'], [`0x${'12'.repeat(32)}`]],
    [
      ['bytes', 'uint48', 'bytes'],
      [`0x${'12'.repeat(33)}`, 9n, '0x34'],
    ],
    [
      ['address[]', 'bytes[]'],
      [
        [A, B],
        ['0x12', WORD, '0x'],
      ],
    ],
    [
      ['uint160[]', 'bool'],
      [[], false],
    ],
    [
      ['(address,(uint256,bool))', 'bytes'],
      [[A, [5n, true]], '0x12'],
    ],
    [
      ['((uint256,bool),address)', 'bytes'],
      [[[5n, true], A], '0x12'],
    ],
    [
      ['(address,bytes)', '(bool,uint256)[]'],
      [
        [A, '0x12'],
        [
          [true, 1n],
          [false, 2n],
        ],
      ],
    ],
  ])('%s is written as ethers writes it, and read back', (types, values) => {
    const data = encodeAbi(types.join(), values)
    expect(bytesToHex(data)).toBe(AbiCoder.defaultAbiCoder().encode(types, values as never))
    expect(decodeAbi(types.join(), data)).toEqual(values)
    expect(decodeAbi(types.join(), data.subarray(0, -1))).toBeUndefined()
    expect(decodeAbi(types.join(), Uint8Array.of(...data, 0))).toBeUndefined()
  })

  test('bytes whose padding is not zero, or not there, are not read', () => {
    const data = encodeAbi('bytes', ['0x1234'])
    for (const at of [66, 80, 95]) {
      const other = data.slice()
      other[at] = 1
      expect(decodeAbi('bytes', other)).toBeUndefined()
    }
    for (const size of [64, 66, 95]) expect(decodeAbi('bytes', data.subarray(0, size))).toBeUndefined()
    expect(
      decodeAbi('bytes,bytes', encodeAbi('bytes,bytes', ['0x12', '0x34']).subarray(0, 160)),
    ).toBeUndefined()
  })

  test('a type that the codec does not have is an error and not data that is wrong', () => {
    expect(() => decodeAbi('string', new Uint8Array(32))).toThrow(SyntaxError)
  })

  test('writes what ethers writes, and reads it back', () => {
    fc.assert(
      fc.property(fc.array(tree, { minLength: 1, maxLength: 4 }), (parts) => {
        const [types, values] = [parts.map(([type]) => type), parts.map(([, value]) => value)]
        const data = encodeAbi(types.join(), values)
        expect(bytesToHex(data)).toBe(AbiCoder.defaultAbiCoder().encode(types, values as never))
        expect(decodeAbi(types.join(), data)).toEqual(values)
      }),
    )
  })

  test('what is read is written the same, so no data has two readings', () => {
    const types = '(address,uint160,(bytes,bool)[]),uint48[],bytes'
    const value: AbiValue[] = [
      [
        A,
        5n,
        [
          ['0x1234', true],
          ['0x', false],
        ],
      ],
      [1n, 2n],
      WORD,
    ]
    const data = encodeAbi(types, value)
    fc.assert(
      fc.property(fc.nat(data.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const other = data.slice()
        other[at]! ^= change
        const read = decodeAbi(types, other)
        if (read) expect(encodeAbi(types, read)).toEqual(other)
      }),
      { numRuns: 1000 },
    )
  })
})
