import { formatOrigin, nobleEngine } from '@coffer/core'
import { getAddress as ethersAddress } from 'ethers'
import fc from 'fast-check'
import { getAddress } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import {
  accountAddress,
  accountId,
  addressOf,
  describe as describeKey,
  isAddress,
  parseAccount,
  parseAddress,
  ZERO_ADDRESS,
} from './address.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import { bnbNetwork, ethereumNetwork } from './networks.ts'

const VITALIK = '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045'
const anAddress = fc.uint8Array({ minLength: 20, maxLength: 20 }).map(bytesToHex)

describe('EIP-55', () => {
  // https://eips.ethereum.org/EIPS/eip-55#test-cases
  test.each([
    '0x52908400098527886E0F7030069857D2E4169EE7',
    '0x8617E340B3D01FA5F11F306F4090FD50E238070D',
    '0xde709f2102306220921060314715629080e2fb77',
    '0x27b1fdb04752bbc536007a920d24acb045561c26',
    '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
    '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
    '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
    '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
  ])('%s', (address) => {
    expect(parseAddress(address)).toBe(address)
    expect(parseAddress(address.toLowerCase())).toBe(address)
    expect(isAddress(address)).toBe(true)
    expect(parseAddress(`0x${address.slice(2).toUpperCase()}`)).toBe(address)
  })

  test('writes what viem and ethers write', () => {
    fc.assert(
      fc.property(anAddress, (address) => {
        expect(parseAddress(address)).toBe(getAddress(address))
        expect(parseAddress(address)).toBe(ethersAddress(address))
      }),
    )
  })

  test('G2: mixed case must pass the checksum', () => {
    fc.assert(
      fc.property(anAddress, fc.integer({ min: 2, max: 41 }), (lower, at) => {
        const address = parseAddress(lower)
        const other = address[at]! >= 'a' ? address[at]!.toUpperCase() : address[at]!.toLowerCase()
        const flipped = address.slice(0, at) + other + address.slice(at + 1)
        const digits = flipped.slice(2)
        fc.pre(flipped !== address && digits !== digits.toLowerCase() && digits !== digits.toUpperCase())
        expect(() => parseAddress(flipped)).toThrow(/capital letters do not match/)
      }),
    )
  })
})

describe('G2: what is not an address says what it is', () => {
  const lower = VITALIK.toLowerCase()
  test.each([
    ['nothing', '', /0x and 40 digits/],
    ['white space in front', ` ${VITALIK}`, /space or an invisible/],
    ['white space behind', `${VITALIK}\n`, /space or an invisible/],
    ['a no-break space', `${VITALIK}\u00a0`, /space or an invisible/],
    ['a zero-width space', `${VITALIK.slice(0, 9)}\u200b${VITALIK.slice(9)}`, /space or an invisible/],
    ['a zero-width joiner', `${VITALIK}\u200d`, /space or an invisible/],
    ['a byte order mark', `\ufeff${VITALIK}`, /space or an invisible/],
    ['a right-to-left mark', `\u200f${VITALIK}`, /space or an invisible/],
    ['a right-to-left override', `\u202e${VITALIK}`, /space or an invisible/],
    ['a soft hyphen', `${VITALIK}\u00ad`, /space or an invisible/],
    ['a null', `${VITALIK}\0`, /space or an invisible/],
    ['a Cyrillic letter', lower.replace('a', 'а'), /only looks like/],
    ['full-width digits', lower.replace('6', '６'), /only looks like/],
    ['a Greek letter', lower.replace('d', 'ԁ'), /only looks like/],
    ['a Hangul filler', `${VITALIK}\u3164`, /only looks like/],
    ['a name', 'vitalik.eth', /looks like a name/],
    ['a name of look-alikes', 'vіtalik.eth', /only looks like/],
    ['a name below a name', 'pay.vitalik.eth', /looks like a name/],
    ['a Tron address', 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t', /Tron/],
    ['a Tron address in hex', '41a614f803b6fd780986a42c78ec9c7f77e6ded13c', /Tron/],
    ['a Tron address in hex with 0x', '0x41a614f803b6fd780986a42c78ec9c7f77e6ded13c', /Tron/],
    ['a segwit address', 'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq', /Bitcoin/],
    ['an upper-case segwit address', 'BC1QAR0SRRR7XFKVY5L643LYDNW9RE59GTZZWF5MDQ', /Bitcoin/],
    ['an old Bitcoin address', '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', /Bitcoin/],
    ['a script address', '3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy', /Bitcoin/],
    ['ICAN', 'XE7338O073KYGTWWZN0F2WZ0R8PX5ZPPZS', /0x and 40 digits/],
    ['an account id', `eip155:1:${VITALIK}`, /account id/],
    ['a link', `ethereum:${VITALIK}`, /link/],
    ['no 0x', VITALIK.slice(2), /0x and 40 digits/],
    ['0X', `0X${VITALIK.slice(2)}`, /0x and 40 digits/],
    ['one digit too few', VITALIK.slice(0, -1), /0x and 40 digits/],
    ['one digit too many', `${VITALIK}0`, /0x and 40 digits/],
    ['a key', `0x${'ab'.repeat(32)}`, /looks like a key/],
    ['a key without 0x', 'ab'.repeat(32), /looks like a key/],
    ['dots at the beginning', '.vitalik.eth', /0x and 40 digits/],
    ['a dot at the end', 'vitalik.eth.', /0x and 40 digits/],
    ['two dots', 'vitalik..eth', /0x and 40 digits/],
    ['a letter before a Tron address', 'xTR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t', /0x and 40 digits/],
    ['a letter behind a Tron address', 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6tx', /0x and 40 digits/],
    ['a letter before a segwit address', 'xbc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq', /0x and 40 digits/],
    ['a stroke behind a segwit address', 'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq/', /0x and 40 digits/],
    ['a stroke before a link', `/ethereum:${VITALIK}`, /0x and 40 digits/],
    ['a letter before a key', `z${'ab'.repeat(32)}`, /0x and 40 digits/],
    ['a letter behind a key', `${'ab'.repeat(32)}z`, /0x and 40 digits/],
    ['a letter that is no digit', lower.replace('a', 'g'), /from 0–9 and a–f/],
    ['a number', 1, /is a text/],
    ['nothing at all', undefined, /is a text/],
    ['a list', [VITALIK], /is a text/],
  ])('%s', (_, text, sentence) => {
    expect(() => parseAddress(text as string)).toThrow(
      expect.objectContaining({ code: 'INVALID_ADDRESS', message: expect.stringMatching(sentence) }),
    )
    expect(isAddress(text)).toBe(false)
  })

  test('G7: the error never repeats the text, which may be a key', () => {
    const key = 'ab'.repeat(32)
    try {
      parseAddress(key)
      expect.unreachable()
    } catch (error) {
      expect(JSON.stringify(error) + String(error)).not.toContain('abab')
    }
  })
})

describe('the address of a key', () => {
  test('is the one that viem finds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }).filter(nobleEngine.isSecret), (secret) => {
        const { address } = privateKeyToAccount(bytesToHex(secret))
        expect(addressOf(nobleEngine.publicKey(secret))).toBe(address)
      }),
      { numRuns: 20 },
    )
  })

  test('refuses a point off the curve', () => {
    expect(() => addressOf(hexToBytes(`0x02${'ff'.repeat(32)}`))).toThrow(
      expect.objectContaining({ code: 'INVALID_KEY' }),
    )
  })
})

describe('accounts', () => {
  const origin = formatOrigin('d34db33f', 'm/44h/60h/0h/0/0')

  test('a key describes its account', () => {
    const secret = hexToBytes('0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80')
    const key = {
      publicKey: nobleEngine.publicKey(secret),
      fingerprint: 'd34db33f',
      path: 'm/44h/60h/0h/0/0',
    }
    const text = '[d34db33f/44h/60h/0h/0/0]eip155:1:0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
    expect(describeKey(key, ethereumNetwork)).toBe(text)
    expect(parseAccount(text, ethereumNetwork)).toBe(text)
    expect(accountAddress(text, ethereumNetwork)).toBe('0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266')
  })

  test.each([
    [VITALIK.toLowerCase(), `eip155:1:${VITALIK}`],
    [`eip155:1:${VITALIK.toLowerCase()}`, `eip155:1:${VITALIK}`],
    [`[D34DB33F/44'/60'/0'/0/0]eip155:1:${VITALIK}`, `${origin}eip155:1:${VITALIK}`],
    [`${origin}${VITALIK}`, `${origin}eip155:1:${VITALIK}`],
    [`[d34db33f]eip155:1:${VITALIK}`, `[d34db33f]eip155:1:${VITALIK}`],
  ])('%s is read as %s', (text, canonical) => {
    expect(parseAccount(text, ethereumNetwork)).toBe(canonical)
  })

  test.each([
    ['another chain', `eip155:56:${VITALIK}`, 'INVALID_ACCOUNT'],
    ['a broken origin', `[d34db33f/44x]eip155:1:${VITALIK}`, 'INVALID_ACCOUNT'],
    ['another family', `bip122:000000000019d6689c085ae165831e93:${VITALIK}`, 'INVALID_ADDRESS'],
    ['a wrong checksum', `eip155:1:${VITALIK.replace('dA', 'Da')}`, 'INVALID_ADDRESS'],
    ['white space', `eip155:1: ${VITALIK}`, 'INVALID_ADDRESS'],
    ['a letter before the chain', `xeip155:1:${VITALIK}`, 'INVALID_ADDRESS'],
    ['a line before the chain', `x\neip155:1:${VITALIK}`, 'INVALID_ADDRESS'],
    ['no text', 1, 'INVALID_ACCOUNT'],
  ])('%s is refused', (_, text, code) => {
    expect(() => parseAccount(text as string, ethereumNetwork)).toThrow(expect.objectContaining({ code }))
  })

  test('an address has an id on each chain', () => {
    expect(accountId(ethereumNetwork, VITALIK)).toBe(`eip155:1:${VITALIK}`)
    expect(accountId(bnbNetwork, VITALIK)).toBe(`eip155:56:${VITALIK}`)
    expect(ZERO_ADDRESS).toBe(`0x${'0'.repeat(40)}`)
  })

  test('an account of another chain of the same family is refused, both ways', () => {
    expect(() => accountAddress(`eip155:1:${VITALIK}`, bnbNetwork)).toThrow(
      expect.objectContaining({ code: 'INVALID_ACCOUNT' }),
    )
  })
})
