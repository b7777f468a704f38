import { type Effects, type KeyRing, nobleEngine } from '@coffer/core'
import fc, { type GeneratorValue } from 'fast-check'
import { TronWeb, Trx, utils } from 'tronweb'
import { describe, expect, test } from 'vitest'
import { addressFromBytes, addressToHex } from './address.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import type { TronNetwork } from './intent.ts'
import { nileNetwork, tronDevnetNetwork, tronNetwork } from './networks.ts'
import {
  checkTypedData,
  hashTypedData,
  inspectTypedData,
  signTypedData,
  verifyTypedData,
} from './typed-data.ts'

const KEY = 'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const SELF = TronWeb.address.fromPrivateKey(KEY) as string
const OTHER = 'TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC'
const USDT = 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t'
const UNLISTED = 'TUe6BwpA7sVTDKaJQoia7FWZpC9sK8WM2t'
const ACCOUNT = `[d34db33f/44h/195h/0h/0/0]tron:0x2b6653dc:${SELF}`
const keys: KeyRing = async () => ({
  publicKey: nobleEngine.publicKey(hexToBytes(KEY)),
  ecdsa: (hash) => nobleEngine.ecdsaSign(hash, hexToBytes(KEY)),
})

interface Field {
  readonly name: string
  readonly type: string
}
type Types = Record<string, Field[]>

const fieldsOf = (text: string): Field[] =>
  text.split(',').map((field) => ({ type: field.split(' ')[0]!, name: field.split(' ')[1]! }))

// tronweb's test/lib/trx.test.ts and test/utils/typedData.test.ts, in the names that Tron has for its addresses.
const TYPES: Types = {
  FromPerson: fieldsOf('string name,address wallet,trcToken trcTokenId'),
  ToPerson: fieldsOf('string name,address wallet,trcToken[] trcTokenArr'),
  Mail: fieldsOf(
    'FromPerson from,ToPerson to,string contents,address[] tAddr,trcToken trcTokenId,trcToken[] trcTokenArr',
  ),
}
const COW = '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826'
const BOB = '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB'
const mail = (cow: string, bob: string, verifyingContract: string): Record<string, unknown> => ({
  types: TYPES,
  primaryType: 'Mail',
  domain: { name: 'TrcToken Test', version: '1', chainId: 0xcd8690dc, verifyingContract },
  message: {
    from: { name: 'Cow', wallet: cow, trcTokenId: '1002000' },
    to: { name: 'Bob', wallet: bob, trcTokenArr: ['1002000', '1002000'] },
    contents: 'Hello, Bob!',
    tAddr: [bob, bob],
    trcTokenId: '1002000',
    trcTokenArr: ['1002000', '1002000'],
  },
})
const MAIL = mail(COW, BOB, '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC')
const MAIL_BASE58 = mail(
  'TUg28KYvCXWW81EqMUeZvCZmZw2BChk1HQ',
  'TT5rFsXYCrnzdE2q1WdR9F2SuVY59A4hoM',
  'TUe6BwpA7sVTDKaJQoia7FWZpC9sK8WM2t',
)
const toHex41 = (address: string): string => `41${address.slice(2)}`
const MAIL_HEX = mail(toHex41(COW), toHex41(BOB), toHex41(`0x${'cc'.repeat(20)}`))

const hash = (typedData: unknown, network: TronNetwork = tronNetwork): string =>
  `0x${bytesToHex(hashTypedData(typedData, network))}`
const refused = (code: string): unknown => expect.objectContaining({ code })

describe('TIP-712', () => {
  test('the example of tronweb, with its addresses in every writing', () => {
    const { domain, message } = MAIL as { domain: object; message: object }
    const expected = utils._TypedDataEncoder.hash(domain, TYPES, message)
    for (const request of [MAIL, MAIL_BASE58, MAIL_HEX, JSON.stringify(MAIL_BASE58)])
      expect(hash(request, nileNetwork)).toBe(expected)
    // The part that no chain id touches has a figure in tronweb's tests.
    expect(utils._TypedDataEncoder.hashStruct('Mail', TYPES, message as never)).toBe(
      '0xf2f2a76e94f3c517b1e4c263854df0ef926aa17919b880a15d0ccf3ea121573c',
    )
  })

  test('addresses are shown in base58check, tokens as bigint', () => {
    const { domain, message } = checkTypedData(MAIL, nileNetwork)
    expect(domain['verifyingContract']).toBe('TUe6BwpA7sVTDKaJQoia7FWZpC9sK8WM2t')
    expect(message['tAddr']).toEqual(Array(2).fill('TT5rFsXYCrnzdE2q1WdR9F2SuVY59A4hoM'))
    expect(message['trcTokenArr']).toEqual([1_002_000n, 1_002_000n])
  })

  test.each([
    ['0x and 21 bytes', `0x${toHex41(COW)}`],
    ['40 digits without 0x', COW.slice(2)],
    ['a wrong checksum', USDT.replace('j', 'k')],
    ['hex of another network', `a0${COW.slice(2)}`],
    ['a number', 5],
  ])('G2: an address as %s is refused', (_, address) => {
    expect(() => checkTypedData(mail(address as string, BOB, BOB), nileNetwork)).toThrow(
      refused('INVALID_TYPED_DATA'),
    )
  })
})

describe('against tronweb', () => {
  const ATOMIC = [
    'uint8',
    'uint256',
    'int16',
    'int256',
    'bool',
    'address',
    'string',
    'bytes',
    'bytes1',
    'bytes32',
    'trcToken',
  ]
  const nameOf = (i: number): string => `${'ZQMA'[i]}struct`

  interface Sample {
    readonly types: Types
    readonly domain: Record<string, unknown>
    readonly message: Record<string, unknown>
  }

  /** Random types without circles, each used: a struct is a field of the one before it. */
  const sample = fc.gen().map((gen): Sample => {
    const structs = gen(fc.integer, { min: 1, max: 4 })
    const types: Types = {}
    for (let i = structs - 1; i >= 0; i--) {
      const later = Array.from({ length: structs - 1 - i }, (_, at) => nameOf(i + 1 + at))
      const fields = Array.from({ length: gen(fc.integer, { min: 1, max: 3 }) }, () => aType(gen, later))
      const next = i + 1 < structs ? [nameOf(i + 1)] : []
      types[nameOf(i)] = [...fields, ...next].map((type, at) => ({ name: `f${at}`, type }))
    }
    const all = { name: 'A', version: '1', verifyingContract: USDT, salt: `0x${'12'.repeat(32)}` }
    const kept = Object.entries(all).filter(() => gen(fc.boolean))
    const domain = { chainId: 0x2b6653dc, ...Object.fromEntries(kept) }
    return { types, domain, message: aStruct(gen, nameOf(0), types) }
  })

  function aType(gen: GeneratorValue, later: readonly string[]): string {
    return gen(fc.constantFrom, ...ATOMIC, ...later) + gen(fc.constantFrom, '', '', '[]', '[2]', '[1][]')
  }

  function aStruct(gen: GeneratorValue, name: string, types: Types): Record<string, unknown> {
    return Object.fromEntries(types[name]!.map((field) => [field.name, aValue(gen, field.type, types)]))
  }

  function aValue(gen: GeneratorValue, type: string, types: Types): unknown {
    const array = /^(.+)\[(\d*)\]$/.exec(type)
    if (array) {
      const length = array[2] === '' ? gen(fc.integer, { min: 0, max: 2 }) : Number(array[2])
      return Array.from({ length }, () => aValue(gen, array[1]!, types))
    }
    if (types[type]) return aStruct(gen, type, types)
    const bits = BigInt(/\d+$/.exec(type)?.[0] ?? 256)
    if (type === 'trcToken' || type.startsWith('uint')) return gen(fc.bigInt, 0n, (1n << bits) - 1n)
    if (type.startsWith('int')) return gen(fc.bigInt, -(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n)
    if (type === 'bool') return gen(fc.boolean)
    if (type === 'string') return gen(fc.string, { unit: 'grapheme' })
    const size = type === 'address' ? 20 : Number(bits)
    const bytes = gen(fc.uint8Array, type === 'bytes' ? {} : { minLength: size, maxLength: size })
    if (type !== 'address') return `0x${bytesToHex(bytes)}`
    const address = addressFromBytes(bytes)
    return gen(fc.constantFrom, address, addressToHex(address), `0x${bytesToHex(bytes)}`)
  }

  test('random types and values have the same hash', () => {
    fc.assert(
      fc.property(sample, ({ types, domain, message }) => {
        const typedData = { types, domain, message, primaryType: nameOf(0) }
        expect(hash(typedData)).toBe(utils._TypedDataEncoder.hash(domain, types, message))
      }),
      { numRuns: 300 },
    )
  })

  test('tronweb signs and verifies the same', async () => {
    const account = ACCOUNT.replace('2b6653dc', 'cd8690dc')
    const { domain, message } = MAIL_BASE58 as { domain: object; message: Record<string, unknown> }
    const signature = await signTypedData({ account, typedData: MAIL_BASE58 }, keys, nileNetwork)
    expect(signature).toBe(Trx._signTypedData(domain, TYPES, message, KEY))
    expect(Trx.verifyTypedData(domain, TYPES, message, signature, SELF)).toBe(true)

    const request = { address: SELF, typedData: MAIL, signature }
    expect(verifyTypedData(request, nileNetwork)).toBe(true)
    expect(verifyTypedData({ ...request, address: OTHER }, nileNetwork)).toBe(false)
    expect(verifyTypedData({ ...request, signature: '0x' }, nileNetwork)).toBe(false)
    const other = { ...MAIL, message: { ...message, contents: 'Hello, Eve!' } }
    expect(verifyTypedData({ ...request, typedData: other }, nileNetwork)).toBe(false)
  })

  test('only the account itself signs', async () => {
    const permit = permitRequest()
    await expect(
      signTypedData({ account: `tron:0x2b6653dc:${OTHER}`, typedData: permit }, keys, tronNetwork),
    ).rejects.toThrow(refused('WRONG_ACCOUNT'))
    await expect(
      signTypedData({ account: `tron:0xcd8690dc:${SELF}`, typedData: permit }, keys, tronNetwork),
    ).rejects.toThrow(refused('INVALID_ACCOUNT'))
  })
})

// ---- what it allows ----

function permitRequest(
  message: object = {},
  verifyingContract: string | undefined = USDT,
): {
  types: Types
  primaryType: string
  domain: object
  message: object
} {
  return {
    types: { Permit: fieldsOf('address owner,address spender,uint256 value,uint256 nonce,uint256 deadline') },
    primaryType: 'Permit',
    domain: { name: 'Tether USD', version: '1', chainId: 0x2b6653dc, verifyingContract },
    message: { owner: SELF, spender: OTHER, value: '5', nonce: 0, deadline: 99, ...message },
  }
}

describe('E5: the chain', () => {
  test.each([
    [tronNetwork, 728126428],
    [nileNetwork, '0xcd8690dc'],
    [tronDevnetNetwork, 0xc0ffe001],
  ] as const)('of $name', (network, chainId) => {
    const request = { ...permitRequest(), domain: { name: 'Any', chainId } }
    expect(checkTypedData(request, network).domain['chainId']).toBe(BigInt(network.id.slice(5)))
  })

  test('another chain is refused, and the whole id of the genesis block is another', () => {
    for (const chainId of [1, 0xcd8690dc, '0xd698d4192c56cb6be724a558448e2684802de4d6cd8690dc'])
      expect(() =>
        checkTypedData({ ...permitRequest(), domain: { name: 'Any', chainId } }, tronNetwork),
      ).toThrow(refused('CHAIN_MISMATCH'))
  })

  test('a permit without a chain is refused', () => {
    expect(() => checkTypedData({ ...permitRequest(), domain: { name: 'Any' } }, tronNetwork)).toThrow(
      refused('INVALID_TYPED_DATA'),
    )
  })

  test('a network with another kind of id is refused', () => {
    const broken = { ...tronNetwork, id: 'tron:mainnet' as const }
    expect(() => checkTypedData(permitRequest(), broken)).toThrow(refused('INVALID_CHAIN'))
  })
})

describe('E4: permits', () => {
  type Found = Pick<Effects, 'list' | 'warnings'>
  const look = (typedData: unknown): Found => inspectTypedData({ account: ACCOUNT, typedData }, tronNetwork)
  const codes = ({ warnings }: Found): string[] => warnings.map(({ code }) => code).sort()
  const approve = { kind: 'approve', owner: SELF, spender: OTHER }
  const asset = (token: string): string => `tron:0x2b6653dc/trc20:${token}`
  const MAX = (1n << 256n) - 1n

  test('EIP-2612', () => {
    expect(look(permitRequest())).toEqual({
      list: [{ ...approve, asset: asset(USDT), amount: 5n, unlimited: false }],
      warnings: [],
    })
    const unlimited = look(permitRequest({ value: MAX }, UNLISTED))
    expect(unlimited.list).toEqual([{ ...approve, asset: asset(UNLISTED), amount: MAX, unlimited: true }])
    expect(codes(unlimited)).toEqual(['unlimited-approval', 'unlisted-token'])
    expect(look(permitRequest({ owner: OTHER })).list).toMatchObject([{ owner: OTHER }])
  })

  test('a trillion of a listed token is unlimited', () => {
    expect(look(permitRequest({ value: 10n ** 18n })).list).toMatchObject([{ unlimited: true }])
    expect(look(permitRequest({ value: 10n ** 18n - 1n })).list).toMatchObject([{ unlimited: false }])
  })

  test('without a contract it is a call too, since it is not known of what', () => {
    const found = look({ ...permitRequest(), domain: { name: 'Any', chainId: 0x2b6653dc } })
    expect(found.list).toMatchObject([{ kind: 'approve' }, { kind: 'call' }])
    expect(codes(found)).toEqual(['unknown-call', 'unlisted-token'])
  })

  test.each([
    ['another order', 'address spender,address owner,uint256 value,uint256 nonce,uint256 deadline'],
    ['another width', 'address owner,address spender,uint128 value,uint256 nonce,uint256 deadline'],
    [
      'a token instead of an amount',
      'address owner,address spender,trcToken value,uint256 nonce,uint256 deadline',
    ],
  ])('with %s it is a call that nobody knows', (_, fields) => {
    const found = look({ ...permitRequest(), types: { Permit: fieldsOf(fields) } })
    expect(found.list).toEqual([{ kind: 'call', to: USDT, selector: '0x', data: '0x' }])
    expect(codes(found)).toEqual(['unknown-call'])
  })

  test('anything else is a call that nobody knows', () => {
    const order = {
      types: { Order: fieldsOf('address maker,uint256 price') },
      primaryType: 'Order',
      domain: { name: 'Market', verifyingContract: UNLISTED },
      message: { maker: SELF, price: 1 },
    }
    const found = look(order)
    expect(found.list).toEqual([{ kind: 'call', to: UNLISTED, selector: '0x', data: '0x' }])
    expect(codes(found)).toEqual(['no-chain-id', 'unknown-call'])
  })
})
