// The vectors of https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki; what BIP-350 changed has its own file.
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { describe, expect, test } from 'vitest'
import { decodeSegwit, encodeSegwit, formatAddress, parseAddress } from './address.ts'
import { bitcoinNetwork, testnet4Network } from './networks.ts'
import { witnessScriptOf } from './script.ts'

describe('valid addresses', () => {
  test.each([
    ['BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4', '0014751e76e8199196d454941c45d1b3a323f1433bd6'],
    [
      'tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7',
      '00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262',
    ],
    [
      'tb1qqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesrxh6hy',
      '0020000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433',
    ],
  ])('%s', (text, script) => {
    const network = /^bc/i.test(text) ? bitcoinNetwork : testnet4Network
    const { version, program } = decodeSegwit(text, network.hrp)
    expect(bytesToHex(witnessScriptOf(version, program))).toBe(script)
    expect(encodeSegwit(network.hrp, version, program)).toBe(text.toLowerCase())
    expect(parseAddress(text, network)).toEqual({ address: text.toLowerCase(), script: hexToBytes(script) })
    expect(formatAddress(hexToBytes(script), network)).toBe(text.toLowerCase())
  })
})

describe('later versions in the first checksum, which BIP-350 took back', () => {
  test.each([
    'bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7k7grplx',
    'BC1SW50QA3JX3S',
    'bc1zw508d6qejxtdg4y5r3zarvaryvg6kdaj',
  ])('%s', (text) => {
    expect(() => decodeSegwit(text, 'bc')).toThrow('another version')
  })
})

describe('invalid addresses', () => {
  test.each([
    ['tc1qw508d6qejxtdg4y5r3zarvary0c5xw7kg3g4ty', 'another prefix'],
    ['bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5', 'checksum'],
    ['BC13W508D6QEJXTDG4Y5R3ZARVARY0C5XW7KN40WF2', 'version'],
    ['bc1rw5uspcuh', 'length'],
    ['bc10w508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kw5rljs90', 'length'],
    ['BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P', 'length of version 0'],
    ['tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sL5k7', 'mixed case'],
    ['bc1zw508d6qejxtdg4y5r3zarvaryvqyzf3du', 'padding too long'],
    ['tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3pjxtptv', 'padding not zero'],
    ['bc1gmk9yu', 'empty'],
  ])('%s: %s', (text) => {
    for (const network of [bitcoinNetwork, testnet4Network]) {
      expect(() => parseAddress(text, network)).toThrow(expect.objectContaining({ code: 'INVALID_ADDRESS' }))
      expect(() => decodeSegwit(text, network.hrp)).toThrow(
        expect.objectContaining({ code: 'INVALID_ADDRESS' }),
      )
    }
  })
})

describe('texts of the checksum itself, which are no addresses', () => {
  test.each([
    'A12UEL5L',
    'an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs',
    'abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw',
    '11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j',
    '?1ezyfcl',
    '\x201nwldj5',
    '\x7f1axkwrx',
    'an84characterslonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1569pvx',
    'pzry9x0s0muk',
    '1pzry9x0s0muk',
    'x1b4n0q5v',
    'li1dgmt3',
    'de1lg7wt\xff',
    'A1G7SGD8',
    '10a06t8',
    '1qzzfhee',
  ])('%j', (text) => {
    expect(() => parseAddress(text, bitcoinNetwork)).toThrow(
      expect.objectContaining({ code: 'INVALID_ADDRESS' }),
    )
  })
})
