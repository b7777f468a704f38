import { isCofferError } from '@coffer/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseAddress, ZERO_ADDRESS } from './address.ts'
import { bytesToHex } from './hex.ts'
import { formatUri, parseUri } from './uri.ts'

const TO = '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045'
const USDT = '0xdAC17F958D2ee523a2206206994597C13D831ec7'
const address = fc
  .uint8Array({ minLength: 20, maxLength: 20 })
  .map((bytes) => parseAddress(bytesToHex(bytes)))
const amount = fc.option(fc.bigInt(0n, (1n << 256n) - 1n), { nil: undefined })

describe('writing', () => {
  test('the coin and tokens', () => {
    expect(formatUri({ chain: 'eip155:1', to: TO.toLowerCase() })).toBe(`ethereum:${TO}@1`)
    expect(formatUri({ chain: 'eip155:56', to: TO, amount: 5n })).toBe(`ethereum:${TO}@56?value=5`)
    expect(formatUri({ chain: 'eip155:1', to: TO, asset: 'eip155:1/slip44:60', amount: 5n })).toBe(
      `ethereum:${TO}@1?value=5`,
    )
    const asset = `eip155:1/erc20:${USDT.toLowerCase()}` as const
    expect(formatUri({ chain: 'eip155:1', to: TO, asset })).toBe(`ethereum:${USDT}@1/transfer?address=${TO}`)
    expect(formatUri({ chain: 'eip155:1', to: TO, asset, amount: 5n })).toBe(
      `ethereum:${USDT}@1/transfer?address=${TO}&uint256=5`,
    )
  })

  test.each([
    ['another family', { chain: 'tron:0x2b6653dc', to: TO }, 'INVALID_CHAIN'],
    ['a chain of zero', { chain: 'eip155:0', to: TO }, 'INVALID_CHAIN'],
    [
      'an asset of another chain',
      { chain: 'eip155:1', to: TO, asset: 'eip155:56/slip44:714' },
      'INVALID_ASSET',
    ],
    ['an NFT', { chain: 'eip155:1', to: TO, asset: `eip155:1/erc721:${USDT}` }, 'INVALID_ASSET'],
    ['G2: a bad address', { chain: 'eip155:1', to: `${TO} ` }, 'INVALID_ADDRESS'],
    ['G3: a JS number', { chain: 'eip155:1', to: TO, amount: 5 }, 'INVALID_AMOUNT'],
    ['G3: a negative amount', { chain: 'eip155:1', to: TO, amount: -5n }, 'INVALID_AMOUNT'],
    ['G3: 2^256', { chain: 'eip155:1', to: TO, amount: 1n << 256n }, 'INVALID_AMOUNT'],
  ])('%s is refused', (_, request, code) => {
    expect(() => formatUri(request as never)).toThrow(expect.objectContaining({ code }))
  })
})

describe('reading', () => {
  test('G3: what is written is read back', () => {
    const chain = fc.bigInt(1n, 10n ** 18n).map((id) => `eip155:${id}` as const)
    fc.assert(
      fc.property(
        chain,
        address,
        fc.option(address, { nil: undefined }),
        amount,
        (chain, to, token, amount) => {
          fc.pre(to !== ZERO_ADDRESS)
          const asset = token && (`${chain}/erc20:${token}` as const)
          const read = parseUri(formatUri({ chain, to, asset, amount }))
          expect(read).toEqual({
            chain,
            to,
            ...(asset ? { asset } : {}),
            ...(amount === undefined ? {} : { amount }),
            warnings: [],
          })
        },
      ),
    )
  })

  // https://eips.ethereum.org/EIPS/eip-681
  test('the examples of the standard', () => {
    expect(
      parseUri('ethereum:0xfb6916095ca1df60bb79Ce92ce3ea74c37c5d359?value=2.014e18'.toLowerCase()),
    ).toMatchObject({
      chain: 'eip155:1',
      to: '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
      amount: 2_014_000_000_000_000_000n,
      warnings: [{ code: 'no-chain-id' }],
    })
    expect(() =>
      parseUri(
        'ethereum:unknown-domain.eth/transfer?address=0x8e23ee67d1332ad560396262c48ffbb01f93d052&uint256=1',
      ),
    ).toThrow(expect.objectContaining({ code: 'INVALID_ADDRESS' }))
    expect(
      parseUri(
        `ethereum:${USDT.toLowerCase()}@1/transfer?address=0x8e23ee67d1332ad560396262c48ffbb01f93d052&uint256=1`,
      ),
    ).toEqual({
      chain: 'eip155:1',
      to: parseAddress('0x8e23ee67d1332ad560396262c48ffbb01f93d052'),
      asset: `eip155:1/erc20:${USDT}`,
      amount: 1n,
      warnings: [],
    })
  })

  test('pay-, the letter case of the scheme, and proposals for gas', () => {
    const expected = { chain: 'eip155:56', to: TO, amount: 7n, warnings: [] }
    expect(parseUri(`ethereum:pay-${TO}@56?value=7`)).toEqual(expected)
    expect(parseUri(`ETHEREUM:${TO}@56?value=7`)).toEqual(expected)
    expect(parseUri(`ethereum:${TO}@56?gasPrice=999&value=7&gas=21000&gasLimit=1`)).toEqual(expected)
  })

  test('a missing chain becomes the fallback, with a warning', () => {
    expect(parseUri(`ethereum:${TO}`, 'eip155:56')).toMatchObject({
      chain: 'eip155:56',
      warnings: [{ code: 'no-chain-id' }],
    })
    const asset = parseUri(`ethereum:${USDT}/transfer?address=${TO}`, 'eip155:56').asset
    expect(asset).toBe(`eip155:56/erc20:${USDT}`)
  })

  test.each([
    ['1e18', 10n ** 18n],
    ['1E18', 10n ** 18n],
    ['0.000000000000000001e18', 1n],
    ['1.5e1', 15n],
    ['1.50e1', 15n],
    ['.5e1', 5n],
    ['+5', 5n],
    ['007', 7n],
    ['5.0', 5n],
    ['0', 0n],
    [((1n << 256n) - 1n).toString(), (1n << 256n) - 1n],
    ['9007199254740993e0', 9007199254740993n],
  ])('G3: %s is read exactly', (text, amount) => {
    expect(parseUri(`ethereum:${TO}@1?value=${text}`).amount).toBe(amount)
  })

  test.each([
    '',
    '-1',
    '1.5',
    '1e',
    '1e-1',
    '1e78',
    '1e999999999',
    '1,5',
    '1 ',
    '0x10',
    'NaN',
    '٣',
    (1n << 256n).toString(),
    '.',
    '+',
  ])('G3: the amount "%s" is refused', (text) => {
    expect(() => parseUri(`ethereum:${TO}@1?value=${text}`)).toThrow(
      expect.objectContaining({ code: 'INVALID_AMOUNT' }),
    )
  })

  test.each([
    ['another scheme', `bitcoin:${TO}`, 'INVALID_URI'],
    ['no scheme', TO, 'INVALID_URI'],
    ['slashes', `ethereum://${TO}`, 'INVALID_ADDRESS'],
    ['another function', `ethereum:${USDT}@1/approve?address=${TO}&uint256=5`, 'INVALID_URI'],
    ['another case of the function', `ethereum:${USDT}@1/Transfer?address=${TO}&uint256=5`, 'INVALID_URI'],
    ['an empty function', `ethereum:${USDT}@1/?address=${TO}`, 'INVALID_URI'],
    ['nobody to pay', `ethereum:${USDT}@1/transfer?uint256=5`, 'INVALID_URI'],
    ['coin with a token', `ethereum:${USDT}@1/transfer?address=${TO}&value=5`, 'INVALID_URI'],
    ['data', `ethereum:${TO}@1?data=0x12`, 'INVALID_URI'],
    ['a repeated parameter', `ethereum:${TO}@1?value=5&value=6`, 'INVALID_URI'],
    ['a parameter without a value', `ethereum:${TO}@1?value`, 'INVALID_URI'],
    ['an empty query', `ethereum:${TO}@1?`, 'INVALID_URI'],
    ['G8: a name of every object', `ethereum:${TO}@1?__proto__=5`, 'INVALID_URI'],
    ['a chain that is none', `ethereum:${TO}@one?value=5`, 'INVALID_URI'],
    ['a chain in hex', `ethereum:${TO}@0x1`, 'INVALID_URI'],
    ['a chain of zero', `ethereum:${TO}@0`, 'INVALID_URI'],
    ['an empty chain', `ethereum:${TO}@`, 'INVALID_URI'],
    ['the zero address', `ethereum:${ZERO_ADDRESS}@1?value=5`, 'INVALID_URI'],
    [
      'a token to the zero address',
      `ethereum:${USDT}@1/transfer?address=${ZERO_ADDRESS}&uint256=5`,
      'INVALID_URI',
    ],
    ['a long text', `ethereum:${TO}@1?value=${'0'.repeat(1000)}`, 'INVALID_URI'],
    ['no text', 1, 'INVALID_URI'],
    ['G2: a name', 'ethereum:vitalik.eth@1?value=5', 'INVALID_ADDRESS'],
    ['G2: a zero-width space', `ethereum:${TO}\u200b@1?value=5`, 'INVALID_ADDRESS'],
    ['G2: a right-to-left override', `ethereum:\u202e${TO}@1?value=5`, 'INVALID_ADDRESS'],
    ['G2: a wrong checksum', `ethereum:${TO.replace('dA', 'Da')}@1`, 'INVALID_ADDRESS'],
    ['G2: a look-alike', `ethereum:${TO.toLowerCase().replace('a', 'а')}@1`, 'INVALID_ADDRESS'],
    ['G2: a percent sign', `ethereum:%30${TO.slice(1)}@1`, 'INVALID_ADDRESS'],
    ['a Tron address', 'ethereum:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t@1', 'INVALID_ADDRESS'],
  ])('%s is refused', (_, text, code) => {
    expect(() => parseUri(text as string)).toThrow(expect.objectContaining({ code }))
  })

  test('any text is read or refused with a Coffer error', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const uri of [text, `ethereum:${text}`, `ethereum:${TO}${text}`])
          try {
            parseUri(uri)
          } catch (error) {
            expect(isCofferError(error)).toBe(true)
          }
      }),
    )
  })
})
