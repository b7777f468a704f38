import { formatOrigin, nobleEngine } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { createBase58check } from '@scure/base'
import fc from 'fast-check'
import { TronWeb } from 'tronweb'
import { describe, expect, test } from 'vitest'
import {
  accountAddress,
  accountId,
  addressFromBytes,
  addressOf,
  addressToBytes,
  addressToHex,
  describe as describeKey,
  isAddress,
  parseAccount,
  parseAddress,
  readAccount,
  ZERO_ADDRESS,
} from './address.ts'
import { bytesToHex, hexToBytes, isHex } from './hex.ts'
import { nileNetwork, tronNetwork } from './networks.ts'

const USDT = 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t'
const USDT_HEX = '41a614f803b6fd780986a42c78ec9c7f77e6ded13c'
const payload = fc.uint8Array({ minLength: 20, maxLength: 20 })
const base58check = createBase58check(sha256)

describe('writings', () => {
  // https://developers.tron.network/docs/account and java-tron's genesis
  test.each([
    [USDT, USDT_HEX],
    [ZERO_ADDRESS, `41${'00'.repeat(20)}`],
    ['TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC', '417e5f4552091a69125d5dfcb7b8c2659029395bdf'],
    ['TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy', '4177944d19c052b73ee2286823aa83f8138cb7032f'],
  ])('%s is %s', (base58, hex) => {
    expect(parseAddress(base58)).toBe(base58)
    expect(parseAddress(hex)).toBe(base58)
    expect(parseAddress(hex.toUpperCase())).toBe(base58)
    expect(addressToHex(base58)).toBe(hex)
    expect(bytesToHex(addressToBytes(base58))).toBe(hex)
    expect(addressFromBytes(hexToBytes(hex))).toBe(base58)
    expect(addressFromBytes(hexToBytes(hex.slice(2)))).toBe(base58)
  })

  test('are those of tronweb', () => {
    fc.assert(
      fc.property(payload, (bytes) => {
        const address = addressFromBytes(bytes)
        expect(address).toBe(TronWeb.address.fromHex(`41${bytesToHex(bytes)}`))
        expect(addressToHex(address)).toBe(TronWeb.address.toHex(address))
        expect(TronWeb.isAddress(address) && isAddress(address)).toBe(true)
      }),
    )
  })

  test('bytes are a copy, so that nobody can change what is known of an address', () => {
    addressToBytes(USDT).fill(0)
    expect(addressToHex(USDT)).toBe(USDT_HEX)
  })

  test('mixed case of hex is read, since it carries no checksum', () => {
    expect(parseAddress('41a614F803b6fd780986A42c78ec9c7f77e6ded13C')).toBe(USDT)
  })

  test.each([0, 19, 22, 32])('%i bytes are no address', (length) => {
    expect(() => addressFromBytes(new Uint8Array(length).fill(0x41))).toThrow(
      expect.objectContaining({ code: 'INVALID_ADDRESS' }),
    )
  })
})

describe('G2: what is not an address says what it is', () => {
  test.each([
    ['nothing', '', /T and 33/],
    ['white space in front', ` ${USDT}`, /space or an invisible/],
    ['white space behind', `${USDT}\n`, /space or an invisible/],
    ['a no-break space', `${USDT}\u00a0`, /space or an invisible/],
    ['a zero-width space', `${USDT.slice(0, 9)}\u200b${USDT.slice(9)}`, /space or an invisible/],
    ['a zero-width joiner', `${USDT}\u200d`, /space or an invisible/],
    ['a byte order mark', `\ufeff${USDT}`, /space or an invisible/],
    ['a right-to-left mark', `\u200f${USDT}`, /space or an invisible/],
    ['a right-to-left override', `\u202e${USDT}`, /space or an invisible/],
    ['a soft hyphen', `${USDT}\u00ad`, /space or an invisible/],
    ['a null', `${USDT}\0`, /space or an invisible/],
    ['a Cyrillic letter', USDT.replace('T', 'Т'), /only looks like/],
    ['a Greek letter', USDT.replace('N', 'Ν'), /only looks like/],
    ['full-width digits', USDT.replace('7', '７'), /only looks like/],
    ['a Hangul filler', `${USDT}\u3164`, /only looks like/],
    ['a wrong letter', USDT.replace('j', 'k'), /checksum/],
    ['two letters exchanged', USDT.replace('NH', 'HN'), /checksum/],
    ['all lower case', `T${USDT.slice(1).toLowerCase()}`, /one of 0, O, I and l|checksum/],
    ['zero for o', USDT.replace('o', '0'), /0, O, I and l/],
    ['capital I', USDT.replace('i', 'I'), /0, O, I and l/],
    ['one letter too few', USDT.slice(0, -1), /T and 33/],
    ['one letter too many', `${USDT}1`, /T and 33/],
    ['hex with 0x', `0x${USDT_HEX}`, /inner form/],
    ['hex with 0x and without 41', `0x${USDT_HEX.slice(2)}`, /Ethereum/],
    ['an Ethereum address', '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045', /Ethereum/],
    ['an Ethereum address without 0x', 'd8dA6BF26964aF9D7eEd9e03E53415D37aA96045', /Ethereum/],
    ['hex of another network', USDT_HEX.replace('41', 'a0'), /T and 33/],
    ['hex of 20 digits', USDT_HEX.slice(0, 22), /T and 33/],
    ['an old Bitcoin address', '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', /Bitcoin/],
    ['a script address', '3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy', /Bitcoin/],
    ['a segwit address', 'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq', /Bitcoin/],
    ['an address of the first Tron testnet', '27d3byPxZXKQWfXX7sJvemJJuv5M65F3vjS', /Bitcoin|T and 33/],
    ['a name', 'alice.trx', /a name/],
    ['a link', `tron:${USDT}`, /link/],
    ['an account id', `tron:0x2b6653dc:${USDT}`, /account id/],
    ['a key', 'ab'.repeat(32), /looks like a key/],
    ['a key with 0x', `0x${'ab'.repeat(32)}`, /looks like a key/],
    ['a key in WIF', '5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ', /looks like a key/],
    [
      'an extended key',
      'xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi',
      /looks like a key/,
    ],
    ['words', 'abandon abandon about', /space/],
    ['a number', 1, /is a text/],
    ['nothing at all', undefined, /is a text/],
    ['a list', [USDT], /is a text/],
    ['an object that turns into one', { toString: () => USDT }, /is a text/],
  ])('%s', (_, text, sentence) => {
    expect(() => parseAddress(text as string)).toThrow(
      expect.objectContaining({ code: 'INVALID_ADDRESS', message: expect.stringMatching(sentence) }),
    )
    expect(isAddress(text)).toBe(false)
  })

  test('every address with one letter changed is refused', () => {
    const letters = [...'123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz']
    fc.assert(
      fc.property(payload, fc.nat(33), fc.constantFrom(...letters), (bytes, at, letter) => {
        const address = addressFromBytes(bytes)
        fc.pre(address[at] !== letter)
        expect(isAddress(address.slice(0, at) + letter + address.slice(at + 1))).toBe(false)
      }),
    )
  })

  test('another first byte is refused, though the checksum is right', () => {
    fc.assert(
      fc.property(fc.nat(255), payload, (first, bytes) => {
        const text = base58check.encode(Uint8Array.of(first, ...bytes))
        expect(isAddress(text)).toBe(first === 0x41)
      }),
    )
    // The highest payload of 0x41 and the lowest of 0x42 both begin with T or U: only the byte decides.
    for (const first of [0x40, 0x42])
      expect(() => parseAddress(base58check.encode(Uint8Array.of(first, ...new Uint8Array(20))))).toThrow(
        expect.objectContaining({ code: 'INVALID_ADDRESS' }),
      )
  })

  test('G7: the error never repeats the text, which may be a key', () => {
    for (const key of ['ab'.repeat(32), `T${'ab'.repeat(16)}c`]) {
      try {
        parseAddress(key)
        expect.unreachable()
      } catch (error) {
        expect(JSON.stringify(error) + String(error)).not.toContain('abab')
      }
    }
  })
})

describe('the address of a key', () => {
  test('is the one that tronweb finds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }).filter(nobleEngine.isSecret), (secret) => {
        expect(addressOf(nobleEngine.publicKey(secret))).toBe(
          TronWeb.address.fromPrivateKey(bytesToHex(secret)),
        )
      }),
      { numRuns: 20 },
    )
  })

  test('refuses a point off the curve', () => {
    expect(() => addressOf(hexToBytes(`02${'ff'.repeat(32)}`))).toThrow(
      expect.objectContaining({ code: 'INVALID_KEY' }),
    )
  })
})

describe('accounts', () => {
  const origin = formatOrigin('d34db33f', 'm/44h/195h/0h/0/0')

  test('a key describes its account', () => {
    const key = {
      publicKey: nobleEngine.publicKey(hexToBytes('01'.padStart(64, '0'))),
      fingerprint: 'd34db33f',
      path: 'm/44h/195h/0h/0/0',
    }
    const text = '[d34db33f/44h/195h/0h/0/0]tron:0x2b6653dc:TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC'
    expect(describeKey(key, tronNetwork)).toBe(text)
    expect(parseAccount(text, tronNetwork)).toBe(text)
    expect(accountAddress(text, tronNetwork)).toBe('TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC')
    expect(accountId(nileNetwork, USDT)).toBe(`tron:0xcd8690dc:${USDT}`)
  })

  test.each([
    [USDT_HEX, `tron:0x2b6653dc:${USDT}`],
    [`tron:0x2b6653dc:${USDT_HEX}`, `tron:0x2b6653dc:${USDT}`],
    [`[D34DB33F/44'/195'/0'/0/0]tron:0x2b6653dc:${USDT}`, `${origin}tron:0x2b6653dc:${USDT}`],
    [`${origin}${USDT}`, `${origin}tron:0x2b6653dc:${USDT}`],
    [`[d34db33f]tron:0x2b6653dc:${USDT}`, `[d34db33f]tron:0x2b6653dc:${USDT}`],
  ])('%s is read as %s', (text, canonical) => {
    expect(parseAccount(text, tronNetwork)).toBe(canonical)
  })

  test('of any chain when no network is given', () => {
    expect(readAccount(`${origin}tron:0xcd8690dc:${USDT}`)).toEqual({
      address: USDT,
      origin: { fingerprint: 'd34db33f', path: 'm/44h/195h/0h/0/0' },
    })
  })

  test.each([
    ['another chain', `tron:0xcd8690dc:${USDT}`, 'INVALID_ACCOUNT'],
    ['a broken origin', `[d34db33f/44x]tron:0x2b6653dc:${USDT}`, 'INVALID_ACCOUNT'],
    ['another family', `eip155:1:${USDT}`, 'INVALID_ADDRESS'],
    ['a chain in upper case', `tron:0x2B6653DC:${USDT}`, 'INVALID_ADDRESS'],
    ['a wrong checksum', `tron:0x2b6653dc:${USDT.replace('j', 'k')}`, 'INVALID_ADDRESS'],
    ['white space', `tron:0x2b6653dc: ${USDT}`, 'INVALID_ADDRESS'],
    ['no text', 1, 'INVALID_ACCOUNT'],
  ])('%s is refused', (_, text, code) => {
    expect(() => parseAccount(text as string, tronNetwork)).toThrow(expect.objectContaining({ code }))
  })
})

describe('hex', () => {
  test.each<[unknown, number | undefined, boolean]>([
    ['', undefined, true],
    ['00fF', undefined, true],
    ['00fF', 2, true],
    ['00fF', 1, false],
    ['0', undefined, false],
    ['0x00', undefined, false],
    ['zz', undefined, false],
    ['00\n', undefined, false],
    [5, undefined, false],
  ])('%j of %j bytes: %j', (value, size, expected) => {
    expect(isHex(value, size)).toBe(expected)
  })

  test('is read and written', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(hexToBytes(bytesToHex(bytes))).toEqual(bytes)
      }),
    )
    expect(() => hexToBytes('0x00')).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })
})
