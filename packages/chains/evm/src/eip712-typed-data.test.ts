// Long because one standard is one file: its own vectors, the confusions that it invites, and two independent oracles.
import { type Effects, type KeyRing, nobleEngine } from '@coffer/core'
import { TypedDataEncoder } from 'ethers'
import fc, { type GeneratorValue } from 'fast-check'
import { hashTypedData as viemHash } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import { MAX_UINT256, PERMIT2 } from './abi.ts'
import { parseAddress } from './address.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import type { Address } from './intent.ts'
import { bnbNetwork, ethereumNetwork } from './networks.ts'
import { hashTypedData, inspectTypedData, signTypedData, verifyTypedData } from './typed-data.ts'
import { checkTypedData, encodeType, type TypedField } from './typed-data-check.ts'

const SELF: Address = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
const OTHER: Address = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'
const SPENDER: Address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const USDC: Address = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'
const UNLISTED: Address = '0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984'
const KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const ACCOUNT = `[d34db33f/44h/60h/0h/0/0]eip155:1:${SELF}`
const keys: KeyRing = async () => ({
  publicKey: nobleEngine.publicKey(hexToBytes(KEY)),
  ecdsa: (hash) => nobleEngine.ecdsaSign(hash, hexToBytes(KEY)),
})

const DOMAIN_TYPE = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
]

// https://github.com/ethereum/EIPs/blob/master/assets/eip-712/Example.js
const MAIL = {
  types: {
    EIP712Domain: DOMAIN_TYPE,
    Person: [
      { name: 'name', type: 'string' },
      { name: 'wallet', type: 'address' },
    ],
    Mail: [
      { name: 'from', type: 'Person' },
      { name: 'to', type: 'Person' },
      { name: 'contents', type: 'string' },
    ],
  },
  primaryType: 'Mail',
  domain: {
    name: 'Ether Mail',
    version: '1',
    chainId: 1,
    verifyingContract: '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC',
  },
  message: {
    from: { name: 'Cow', wallet: '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826' },
    to: { name: 'Bob', wallet: '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB' },
    contents: 'Hello, Bob!',
  },
}

describe('the example of the EIP', () => {
  test('type, hash and signature', async () => {
    const { types } = checkTypedData(MAIL, ethereumNetwork)
    expect(encodeType('Mail', types)).toBe(
      'Mail(Person from,Person to,string contents)Person(string name,address wallet)',
    )
    expect(bytesToHex(hashTypedData(MAIL, ethereumNetwork))).toBe(
      '0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2',
    )
    const cow = new Uint8Array(
      hexToBytes('0xc85ef7d79691fe79573b1a7064c19c1a9819ebdbd1faaab1a8ec92344438aaf4'),
    )
    const ring: KeyRing = async () => ({
      publicKey: nobleEngine.publicKey(cow),
      ecdsa: (hash) => nobleEngine.ecdsaSign(hash, cow),
    })
    const account = `eip155:1:${MAIL.message.from.wallet}`
    expect(await signTypedData({ account, typedData: MAIL }, ring, ethereumNetwork)).toBe(
      '0x4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c',
    )
  })

  test('the domain may be declared or implied, and JSON may come as text', () => {
    const { EIP712Domain: _, ...types } = MAIL.types
    const hash = hashTypedData(MAIL, ethereumNetwork)
    expect(hashTypedData({ ...MAIL, types }, ethereumNetwork)).toEqual(hash)
    expect(hashTypedData(JSON.stringify(MAIL), ethereumNetwork)).toEqual(hash)
  })

  test('G8: twice the same key in the text is refused', () => {
    const text = JSON.stringify(MAIL).replace(
      '"contents":"Hello, Bob!"',
      '"contents":"Hello, Bob!","contents":"Pay me"',
    )
    expect(() => checkTypedData(text, ethereumNetwork)).toThrow(
      expect.objectContaining({ code: 'INVALID_JSON' }),
    )
  })

  test('a large number in the text keeps its digits', () => {
    const types = { Order: [{ name: 'amount', type: 'uint256' }] }
    const text = JSON.stringify({ types, primaryType: 'Order', domain: MAIL.domain, message: { amount: 0 } })
    const large = text.replace('"amount":0', '"amount":9007199254740993')
    expect(checkTypedData(large, ethereumNetwork).message).toEqual({ amount: 9007199254740993n })
  })
})

describe('against viem and ethers', () => {
  interface Sample {
    types: Record<string, TypedField[]>
    domain: Record<string, unknown>
    message: Record<string, unknown>
  }

  /** Random types without circles: a struct refers only to structs with a higher number. */
  const sample = fc.gen().map((gen): Sample => {
    const structs = gen(fc.integer, { min: 1, max: 4 })
    const types: Record<string, TypedField[]> = {}
    for (let i = structs - 1; i >= 0; i--) {
      const fields = gen(fc.integer, { min: 1, max: 4 })
      // Names out of order, so that the order of what is hashed shows.
      types[nameOf(i)] = Array.from({ length: fields }, (_, at) => ({
        name: `f${at}`,
        type: aType(gen, i + 1, structs),
      }))
    }
    return { types, domain: aDomain(gen), message: aStruct(gen, nameOf(0), types) }
  })

  const nameOf = (i: number): string => `${'ZQMA'[i]}struct`

  function aType(gen: GeneratorValue, next: number, structs: number): string {
    const atomic = [
      'uint8',
      'uint160',
      'uint256',
      'int16',
      'int256',
      'bool',
      'address',
      'string',
      'bytes',
      'bytes1',
      'bytes32',
    ]
    const later = Array.from({ length: structs - next }, (_, i) => nameOf(next + i))
    const base = gen(fc.constantFrom, ...atomic, ...later, ...later)
    return base + gen(fc.constantFrom, '', '', '', '[]', '[2]', '[1][]', '[][2]')
  }

  function aStruct(gen: GeneratorValue, name: string, types: Sample['types']): Record<string, unknown> {
    return Object.fromEntries(types[name]!.map((field) => [field.name, aValue(gen, field.type, types)]))
  }

  function aValue(gen: GeneratorValue, type: string, types: Sample['types']): unknown {
    const array = /^(.+)\[(\d*)\]$/.exec(type)
    if (array) {
      const length = array[2] === '' ? gen(fc.integer, { min: 0, max: 2 }) : Number(array[2])
      return Array.from({ length }, () => aValue(gen, array[1]!, types))
    }
    if (types[type]) return aStruct(gen, type, types)
    const bits = BigInt(/\d+$/.exec(type)?.[0] ?? 0)
    if (type.startsWith('uint')) return gen(fc.bigInt, 0n, (1n << bits) - 1n)
    if (type.startsWith('int')) return gen(fc.bigInt, -(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n)
    const size = type === 'address' ? 20 : type === 'bytes' ? undefined : Number(bits)
    switch (type) {
      case 'bool':
        return gen(fc.boolean)
      case 'string':
        return gen(fc.string, { unit: 'grapheme' })
      default: {
        const bytes = bytesToHex(
          gen(fc.uint8Array, size === undefined ? {} : { minLength: size, maxLength: size }),
        )
        return type === 'address' ? parseAddress(bytes) : bytes
      }
    }
  }

  function aDomain(gen: GeneratorValue): Record<string, unknown> {
    const all = {
      name: 'A',
      version: '1',
      chainId: 1n,
      verifyingContract: USDC,
      salt: `0x${'12'.repeat(32)}`,
    }
    const kept = Object.entries(all).filter(([name]) => name === 'chainId' || gen(fc.boolean))
    return Object.fromEntries(kept)
  }

  const used = (types: Sample['types']): Sample['types'] => {
    const text = encodeType(nameOf(0), types)
    return Object.fromEntries(Object.entries(types).filter(([name]) => text.includes(`${name}(`)))
  }

  test('random types and values have the same hash', () => {
    fc.assert(
      fc.property(sample, ({ types, domain, message }) => {
        const typedData = { types, domain, message, primaryType: nameOf(0) }
        const hash = bytesToHex(hashTypedData(typedData, ethereumNetwork))
        expect(hash).toBe(viemHash(typedData as never))
        expect(hash).toBe(TypedDataEncoder.hash(domain, used(types), message))
        expect(bytesToHex(hashTypedData(asJson(typedData), ethereumNetwork))).toBe(hash)
      }),
      { numRuns: 300 },
    )
  })

  const asJson = (value: unknown): string =>
    JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? inner.toString() : inner))

  test('the oracles verify what is signed here', async () => {
    const account = privateKeyToAccount(KEY)
    const signature = await signTypedData({ account: ACCOUNT, typedData: MAIL }, keys, ethereumNetwork)
    expect(signature).toBe(await account.signTypedData(MAIL as never))
    const request = { address: SELF, typedData: MAIL, signature }
    expect(verifyTypedData(request, ethereumNetwork)).toBe(true)
    expect(verifyTypedData({ ...request, address: OTHER }, ethereumNetwork)).toBe(false)
    expect(verifyTypedData({ ...request, signature: '0x' }, ethereumNetwork)).toBe(false)
    const other = { ...MAIL, message: { ...MAIL.message, contents: 'Hello, Eve!' } }
    expect(verifyTypedData({ ...request, typedData: other }, ethereumNetwork)).toBe(false)
  })
})

/** A request with one type of these fields. */
function ask(fields: object, message: unknown, more: object = {}): unknown {
  const list = Object.entries(fields).map(([name, type]) => ({ name, type }))
  return { types: { Ask: list, ...more }, primaryType: 'Ask', domain: MAIL.domain, message }
}

const refused = (typedData: unknown, code = 'INVALID_TYPED_DATA'): void => {
  expect(() => checkTypedData(typedData, ethereumNetwork)).toThrow(expect.objectContaining({ code }))
}

describe('E5: the domain', () => {
  test.each([1, 1n, '1', '0x1', '0x01'])('the chain id may be written %s', (chainId) => {
    expect(
      checkTypedData({ ...MAIL, domain: { ...MAIL.domain, chainId } }, ethereumNetwork).domain['chainId'],
    ).toBe(1n)
  })

  test('another chain is refused, both ways', () => {
    refused({ ...MAIL, domain: { ...MAIL.domain, chainId: 56 } }, 'CHAIN_MISMATCH')
    refused({ ...MAIL, domain: { ...MAIL.domain, chainId: '56' } }, 'CHAIN_MISMATCH')
    refused({ ...MAIL, domain: { ...MAIL.domain, chainId: 0 } }, 'CHAIN_MISMATCH')
    expect(() => checkTypedData(MAIL, bnbNetwork)).toThrow(
      expect.objectContaining({ code: 'CHAIN_MISMATCH' }),
    )
  })

  test.each<[string, object]>([
    ['missing', { domain: undefined }],
    ['null', { domain: null }],
    ['a list', { domain: [] }],
    ['empty', { domain: {}, types: { ...MAIL.types, EIP712Domain: [] } }],
    ['empty and implied', { domain: {}, types: { Person: MAIL.types.Person, Mail: MAIL.types.Mail } }],
    ['without a field that it declares', { domain: { name: 'Ether Mail', version: '1', chainId: 1 } }],
    ['with a field that it does not declare', { domain: { ...MAIL.domain, salt: `0x${'12'.repeat(32)}` } }],
    [
      'with a field of its own, implied',
      {
        domain: { ...MAIL.domain, owner: SELF },
        types: { Person: MAIL.types.Person, Mail: MAIL.types.Mail },
      },
    ],
    [
      'with a field of its own, declared',
      {
        domain: { ...MAIL.domain, owner: SELF },
        types: { ...MAIL.types, EIP712Domain: [...DOMAIN_TYPE, { name: 'owner', type: 'address' }] },
      },
    ],
    [
      'with a field of another type',
      {
        domain: { ...MAIL.domain, chainId: '1' },
        types: {
          ...MAIL.types,
          EIP712Domain: DOMAIN_TYPE.map((f) => (f.name === 'chainId' ? { ...f, type: 'string' } : f)),
        },
      },
    ],
    ['the message itself', { primaryType: 'EIP712Domain', message: MAIL.domain }],
  ])('is refused when it is %s', (_, change) => {
    refused({ ...MAIL, ...change })
  })

  test('without a chain id is let through with a warning, but not for a permit', () => {
    const { chainId: _, ...domain } = MAIL.domain
    const { EIP712Domain: __, ...types } = MAIL.types
    const vote = { ...MAIL, domain, types }
    expect(codes(inspectTypedData({ account: ACCOUNT, typedData: vote }, ethereumNetwork))).toContain(
      'no-chain-id',
    )
    const permit = permitRequest()
    refused({ ...permit, domain: { name: 'USDC', verifyingContract: USDC } })
  })
})

describe('E5: types', () => {
  test.each<[string, unknown]>([
    ['a type that is not declared', ask({ a: 'Person' }, { a: {} })],
    ['a list of a type that is not declared', ask({ a: 'Person[]' }, { a: [] })],
    [
      'a type that is not declared, in a type that is not used',
      ask({ a: 'bool' }, { a: true }, { Other: [{ name: 'x', type: 'Gone' }] }),
    ],
    ['a primary type that is not declared', { ...MAIL, primaryType: 'Letter' }],
    ['a primary type that is atomic', { ...MAIL, primaryType: 'string' }],
    ['a primary type of every object', { ...MAIL, primaryType: 'constructor' }],
    ['no primary type', { ...MAIL, primaryType: undefined }],
    ['a type that contains itself', ask({ a: 'Ask[]' }, { a: [] })],
    ['types that contain each other', ask({ a: 'B[]' }, { a: [] }, { B: [{ name: 'a', type: 'Ask' }] })],
    [
      'a type with the name of an atomic one',
      ask({ a: 'bool' }, { a: true }, { uint256: [{ name: 'x', type: 'bool' }] }),
    ],
    [
      'a type called address',
      ask({ a: 'address' }, { a: { x: true } }, { address: [{ name: 'x', type: 'bool' }] }),
    ],
    [
      'a type called bytes4',
      ask({ a: 'bytes4' }, { a: { x: true } }, { bytes4: [{ name: 'x', type: 'bool' }] }),
    ],
    [
      'a field twice, in a list of none',
      ask({ a: 'B[]' }, { a: [] }, { B: [...MAIL.types.Person, ...MAIL.types.Person] }),
    ],
    ['a type name with brackets', ask({ a: 'B(bool x)' }, { a: {} }, { 'B(bool x)': [] })],
    ['a field name with a comma', ask({ 'a,bool b': 'bool' }, { 'a,bool b': true })],
    ['a field name with a space', ask({ 'a b': 'bool' }, { 'a b': true })],
    ['an empty field name', ask({ '': 'bool' }, { '': true })],
    ['G8: a field called __proto__', ask({ ['__proto__']: 'bool' }, JSON.parse('{"__proto__":true}'))],
    ['G8: a type called constructor', ask({ a: 'constructor' }, { a: {} }, { constructor: [] })],
    [
      'a field twice',
      { ...MAIL, types: { ...MAIL.types, Person: [...MAIL.types.Person, ...MAIL.types.Person] } },
    ],
    [
      'a field with more than name and type',
      { ...MAIL, types: { ...MAIL.types, Person: [{ name: 'x', type: 'bool', y: 1 }] } },
    ],
    ['fields that are no list', { ...MAIL, types: { ...MAIL.types, Person: {} } }],
    ['no types', { ...MAIL, types: undefined }],
    ['uint without a size', ask({ a: 'uint' }, { a: 1 })],
    ['uint7', ask({ a: 'uint7' }, { a: 1 })],
    ['uint264', ask({ a: 'uint264' }, { a: 1 })],
    ['uint08', ask({ a: 'uint08' }, { a: 1 })],
    ['bytes0', ask({ a: 'bytes0' }, { a: '0x' })],
    ['bytes33', ask({ a: 'bytes33' }, { a: `0x${'00'.repeat(33)}` })],
    ['an array of zero', ask({ a: 'bool[0]' }, { a: [] })],
    ['an array of a negative length', ask({ a: 'bool[-1]' }, { a: [] })],
    ['a field beside the four', { ...MAIL, extra: true }],
    ['no object', null],
    ['a number', 5],
  ])('%s is refused', (_, typedData) => {
    refused(typedData)
  })
})

describe('E5: values', () => {
  test.each<[string, unknown]>([
    ['a missing field', ask({ a: 'bool', b: 'bool' }, { a: true })],
    ['an undeclared field', ask({ a: 'bool' }, { a: true, b: true })],
    [
      'an undeclared field deep inside',
      { ...MAIL, message: { ...MAIL.message, to: { ...MAIL.message.to, x: 1 } } },
    ],
    ['G8: an inherited field', ask({ a: 'bool' }, Object.create({ a: true }))],
    [
      'G8: an inherited field and an undeclared one',
      ask({ a: 'bool' }, Object.assign(Object.create({ a: true }), { b: true })),
    ],
    ['null for a struct', { ...MAIL, message: { ...MAIL.message, to: null } }],
    ['undefined', ask({ a: 'string' }, { a: undefined })],
    ['a list for a struct', { ...MAIL, message: [] }],
    ['256 for uint8', ask({ a: 'uint8' }, { a: 256 })],
    ['−1 for uint8', ask({ a: 'uint8' }, { a: -1 })],
    ['128 for int8', ask({ a: 'int8' }, { a: '128' })],
    ['−129 for int8', ask({ a: 'int8' }, { a: -129n })],
    ['2^256 for uint256', ask({ a: 'uint256' }, { a: 1n << 256n })],
    ['2^255 for int256', ask({ a: 'int256' }, { a: 1n << 255n })],
    ['2^160 for uint160', ask({ a: 'uint160' }, { a: (1n << 160n).toString() })],
    ['G3: a JS number above 2^53', ask({ a: 'uint256' }, { a: 2 ** 53 })],
    ['G3: a fraction', ask({ a: 'uint256' }, { a: 1.5 })],
    ['G3: NaN', ask({ a: 'uint256' }, { a: Number.NaN })],
    ['G3: an exponent', ask({ a: 'uint256' }, { a: '1e3' })],
    ['G3: zeros in front', ask({ a: 'uint256' }, { a: '01' })],
    ['G3: white space', ask({ a: 'uint256' }, { a: ' 1' })],
    ['G3: nothing', ask({ a: 'uint256' }, { a: '' })],
    ['a boolean for an integer', ask({ a: 'uint256' }, { a: true })],
    ['1 for a boolean', ask({ a: 'bool' }, { a: 1 })],
    ['a text for a boolean', ask({ a: 'bool' }, { a: 'false' })],
    ['a number for a text', ask({ a: 'string' }, { a: 5 })],
    ['half a character', ask({ a: 'string' }, { a: '\ud800' })],
    ['a short address', ask({ a: 'address' }, { a: '0x12' })],
    ['G2: an address with a wrong checksum', ask({ a: 'address' }, { a: SELF.replace('F', 'f') })],
    ['a number for an address', ask({ a: 'address' }, { a: 5 })],
    ['text for bytes', ask({ a: 'bytes' }, { a: 'hello' })],
    ['half a byte', ask({ a: 'bytes' }, { a: '0x123' })],
    ['31 bytes for bytes32', ask({ a: 'bytes32' }, { a: `0x${'00'.repeat(31)}` })],
    ['33 bytes for bytes32', ask({ a: 'bytes32' }, { a: `0x${'00'.repeat(33)}` })],
    ['one element for two', ask({ a: 'bool[2]' }, { a: [true] })],
    ['three elements for two', ask({ a: 'bool[2]' }, { a: [true, true, true] })],
    ['a wrong length deep inside', ask({ a: 'bool[2][]' }, { a: [[true, true], [true]] })],
    ['an object for a list', ask({ a: 'bool[]' }, { a: { length: 0 } })],
    ['a hole in a list', ask({ a: 'bool[]' }, { a: new Array(1) })],
    ['G9: more values than anybody signs', ask({ a: 'uint8[]' }, { a: new Array(10_000).fill(1) })],
  ])('%s is refused', (_, typedData) => {
    refused(typedData)
  })

  test('the highest and lowest values are not', () => {
    const fields = { a: 'uint256', b: 'int256', c: 'int8', d: 'uint8', e: 'bytes' }
    const message = { a: MAX_UINT256, b: -(1n << 255n), c: '-128', d: '0xff', e: '0xAB' }
    expect(checkTypedData(ask(fields, message), ethereumNetwork).message).toEqual({
      a: MAX_UINT256,
      b: -(1n << 255n),
      c: -128n,
      d: 255n,
      e: '0xab',
    })
  })

  test('what was checked is a copy, so that it cannot change before it is signed', () => {
    let reads = 0
    const message = {
      get a(): boolean {
        return reads++ === 0
      },
    }
    const { message: copy } = checkTypedData(ask({ a: 'bool' }, message), ethereumNetwork)
    expect([copy['a'], copy['a'], reads]).toEqual([true, true, 1])
  })
})

// ---- permits ----

type Found = Pick<Effects, 'list' | 'warnings'>
const codes = ({ warnings }: Found): string[] => warnings.map(({ code }) => code).sort()
const look = (typedData: unknown): Found => inspectTypedData({ account: ACCOUNT, typedData }, ethereumNetwork)

function typed(text: string): TypedField[] {
  return text.split(',').map((field) => ({ type: field.split(' ')[0]!, name: field.split(' ')[1]! }))
}

interface Request {
  types: Record<string, TypedField[]>
  primaryType: string
  domain: object
  message: object
}

function permitRequest(message: object = {}, verifyingContract = USDC): Request {
  return {
    types: { Permit: typed('address owner,address spender,uint256 value,uint256 nonce,uint256 deadline') },
    primaryType: 'Permit',
    domain: { name: 'USD Coin', version: '2', chainId: 1, verifyingContract },
    message: { owner: SELF, spender: SPENDER, value: '5', nonce: 0, deadline: 99, ...message },
  }
}

function permit2Request(
  primaryType: string,
  types: Record<string, string>,
  message: object,
  contract = PERMIT2,
): Request {
  return {
    types: Object.fromEntries(Object.entries(types).map(([name, fields]) => [name, typed(fields)])),
    primaryType,
    domain: { name: 'Permit2', chainId: 1, verifyingContract: contract },
    message,
  }
}

describe('E4: permits', () => {
  const approve = { kind: 'approve', owner: SELF, spender: SPENDER }
  const usdc = `eip155:1/erc20:${USDC}`
  const unlisted = `eip155:1/erc20:${UNLISTED}`

  test('EIP-2612', () => {
    expect(look(permitRequest())).toEqual({
      list: [{ ...approve, asset: usdc, amount: 5n, unlimited: false }],
      warnings: [],
    })
    const unlimited = look(permitRequest({ value: MAX_UINT256 }, UNLISTED))
    expect(unlimited.list).toEqual([{ ...approve, asset: unlisted, amount: MAX_UINT256, unlimited: true }])
    expect(codes(unlimited)).toEqual(['unlimited-approval', 'unlisted-token'])
    expect(look(permitRequest({ owner: OTHER })).list).toMatchObject([{ owner: OTHER }])
  })

  test('the older form of DAI', () => {
    const dai = (allowed: boolean): Request => ({
      types: { Permit: typed('address holder,address spender,uint256 nonce,uint256 expiry,bool allowed') },
      primaryType: 'Permit',
      domain: { name: 'Dai Stablecoin', version: '1', chainId: 1, verifyingContract: USDC },
      message: { holder: SELF, spender: SPENDER, nonce: 0, expiry: 0, allowed },
    })
    expect(look(dai(true)).list).toEqual([{ ...approve, asset: usdc, amount: MAX_UINT256, unlimited: true }])
    expect(look(dai(false)).list).toEqual([{ ...approve, asset: usdc, amount: 0n, unlimited: false }])
  })

  const PermitDetails = 'address token,uint160 amount,uint48 expiration,uint48 nonce'
  const TokenPermissions = 'address token,uint256 amount'
  const detail = { token: USDC, amount: 5, expiration: 99, nonce: 0 }
  const most = { token: UNLISTED, amount: (1n << 160n) - 1n, expiration: 98, nonce: 0 }

  test('Permit2: allowances, one and many', () => {
    const single = permit2Request(
      'PermitSingle',
      { PermitSingle: 'PermitDetails details,address spender,uint256 sigDeadline', PermitDetails },
      { details: detail, spender: SPENDER, sigDeadline: 7 },
    )
    expect(look(single)).toEqual({
      list: [{ ...approve, asset: usdc, amount: 5n, unlimited: false, expires: 99n }],
      warnings: [],
    })
    const batch = permit2Request(
      'PermitBatch',
      { PermitBatch: 'PermitDetails[] details,address spender,uint256 sigDeadline', PermitDetails },
      { details: [detail, most], spender: SPENDER, sigDeadline: 7 },
    )
    const found = look(batch)
    expect(found.list).toMatchObject([{ asset: usdc }, { asset: unlisted, unlimited: true, expires: 98n }])
    expect(codes(found)).toEqual(['unlimited-approval', 'unlisted-token'])
  })

  test('Permit2: transfers, one and many, with and without a witness', () => {
    const terms = 'address spender,uint256 nonce,uint256 deadline'
    const message = { spender: SPENDER, nonce: 0, deadline: 99 }
    const one = { token: USDC, amount: 5 }
    const two = { token: UNLISTED, amount: MAX_UINT256 }
    const effect = { ...approve, asset: usdc, amount: 5n, unlimited: false, expires: 99n }

    const single = { PermitTransferFrom: `TokenPermissions permitted,${terms}`, TokenPermissions }
    expect(look(permit2Request('PermitTransferFrom', single, { ...message, permitted: one }))).toEqual({
      list: [effect],
      warnings: [],
    })
    const batch = { PermitBatchTransferFrom: `TokenPermissions[] permitted,${terms}`, TokenPermissions }
    const many = look(permit2Request('PermitBatchTransferFrom', batch, { ...message, permitted: [one, two] }))
    expect(many.list).toMatchObject([effect, { asset: unlisted, unlimited: true }])

    const Order = 'uint256 minimum,address to'
    const witness = { minimum: 1, to: SELF }
    const withWitness = {
      PermitWitnessTransferFrom: `TokenPermissions permitted,${terms},Order witness`,
      Order,
      TokenPermissions,
    }
    const ordered = permit2Request('PermitWitnessTransferFrom', withWitness, {
      ...message,
      permitted: one,
      witness,
    })
    expect(look(ordered)).toEqual({ list: [effect], warnings: [] })
    const batchWitness = {
      PermitBatchWitnessTransferFrom: `TokenPermissions[] permitted,${terms},Order witness`,
      Order,
      TokenPermissions,
    }
    const orders = permit2Request('PermitBatchWitnessTransferFrom', batchWitness, {
      ...message,
      permitted: [two],
      witness,
    })
    expect(look(orders).list).toMatchObject([{ unlimited: true }])
  })

  test('a Permit2 message for another contract is shown as an approval and as a call', () => {
    const single = permit2Request(
      'PermitSingle',
      { PermitSingle: 'PermitDetails details,address spender,uint256 sigDeadline', PermitDetails },
      { details: most, spender: SPENDER, sigDeadline: 7 },
      OTHER,
    )
    const found = look(single)
    expect(found.list).toMatchObject([
      { kind: 'approve', unlimited: true },
      { kind: 'call', to: OTHER },
    ])
    expect(codes(found)).toEqual(['unknown-call', 'unlimited-approval', 'unlisted-token'])
  })

  const AUTHORIZED =
    'address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce'
  const authorize = (
    primaryType: string,
    message: object = {},
    token = USDC,
    fields = AUTHORIZED,
  ): Request => ({
    types: { [primaryType]: typed(fields) },
    primaryType,
    domain: { name: 'USD Coin', version: '2', chainId: 1, verifyingContract: token },
    message: {
      from: SELF,
      to: SPENDER,
      value: '5000000',
      validAfter: 0,
      validBefore: 99,
      nonce: `0x${'ab'.repeat(32)}`,
      ...message,
    },
  })

  test.each(['TransferWithAuthorization', 'ReceiveWithAuthorization'])('EIP-3009: %s', (primaryType) => {
    const effect = { kind: 'transfer', asset: usdc, from: SELF, to: SPENDER, amount: 5_000_000n }
    expect(look(authorize(primaryType))).toEqual({ list: [effect], warnings: [] })
    const odd = look(authorize(primaryType, { value: MAX_UINT256, to: UNLISTED }, UNLISTED))
    expect(odd.list).toEqual([{ ...effect, asset: unlisted, to: UNLISTED, amount: MAX_UINT256 }])
    expect(codes(odd)).toEqual(['recipient-is-token', 'unlisted-token'])
    expect(look(authorize(primaryType, { from: OTHER })).list).toMatchObject([{ from: OTHER }])
    const nowhere = look({ ...authorize(primaryType), domain: { name: 'USD Coin', chainId: 1 } })
    expect(nowhere.list).toMatchObject([{ kind: 'transfer' }, { kind: 'call' }])
  })

  test('a permit that names no contract is an approval and a call', () => {
    const found = look({ ...permitRequest(), domain: { name: 'X', chainId: 1 } })
    expect(found.list).toMatchObject([{ kind: 'approve' }, { kind: 'call' }])
  })

  test.each<[string, object]>([
    ['an order', { ...MAIL }],
    [
      'a permit with another field',
      {
        ...permitRequest({ extra: 1 }),
        types: {
          Permit: typed(
            'address owner,address spender,uint256 value,uint256 nonce,uint256 deadline,uint256 extra',
          ),
        },
      },
    ],
    [
      'a permit with fields in another order',
      {
        ...permitRequest(),
        types: {
          Permit: typed('address spender,address owner,uint256 value,uint256 nonce,uint256 deadline'),
        },
      },
    ],
    [
      'a transfer whose token is another type',
      permit2Request(
        'PermitTransferFrom',
        {
          PermitTransferFrom: 'TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline',
          TokenPermissions: 'address token,uint128 amount',
        },
        { permitted: { token: USDC, amount: 5 }, spender: SPENDER, nonce: 0, deadline: 99 },
      ),
    ],
    ['a transfer that is authorised under another name', authorize('MoveWithAuthorization')],
    [
      'an authorisation with fields in another order',
      authorize(
        'TransferWithAuthorization',
        {},
        USDC,
        'address to,address from,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce',
      ),
    ],
  ])('%s is not understood, and says so', (_, typedData) => {
    const found = look(typedData)
    expect(found.list).toMatchObject([{ kind: 'call', selector: '0x' }])
    expect(codes(found)).toEqual(['unknown-call'])
  })

  test('an account of another chain is refused', () => {
    expect(() =>
      inspectTypedData({ account: `eip155:56:${SELF}`, typedData: MAIL }, ethereumNetwork),
    ).toThrow(expect.objectContaining({ code: 'INVALID_ACCOUNT' }))
  })
})
