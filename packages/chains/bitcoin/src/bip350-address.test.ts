// The vectors of https://github.com/bitcoin/bips/blob/master/bip-0350.mediawiki
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { describe, expect, test } from 'vitest'
import { decodeSegwit, encodeSegwit, formatAddress, parseAddress } from './address.ts'
import { bitcoinNetwork, testnet4Network } from './networks.ts'
import { witnessScriptOf } from './script.ts'

const VALID = [
  ['BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4', '0014751e76e8199196d454941c45d1b3a323f1433bd6'],
  [
    'tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7',
    '00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262',
  ],
  [
    'bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y',
    '5128751e76e8199196d454941c45d1b3a323f1433bd6751e76e8199196d454941c45d1b3a323f1433bd6',
  ],
  ['BC1SW50QGDZ25J', '6002751e'],
  ['bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs', '5210751e76e8199196d454941c45d1b3a323'],
  [
    'tb1qqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesrxh6hy',
    '0020000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433',
  ],
  [
    'tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c',
    '5120000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433',
  ],
  [
    'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0',
    '512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
  ],
] as const

describe('valid addresses', () => {
  test.each(VALID)('%s', (text, script) => {
    const network = /^bc/i.test(text) ? bitcoinNetwork : testnet4Network
    const { version, program } = decodeSegwit(text, network.hrp)
    expect(bytesToHex(witnessScriptOf(version, program))).toBe(script)
    expect(encodeSegwit(network.hrp, version, program)).toBe(text.toLowerCase())
    const isFuture = version > 1 || (version === 1 && program.length !== 32)
    if (isFuture) {
      expect(() => parseAddress(text, network)).toThrow('future version')
      expect(formatAddress(hexToBytes(script), network)).toBeUndefined()
    } else {
      expect(parseAddress(text, network)).toEqual({ address: text.toLowerCase(), script: hexToBytes(script) })
      expect(formatAddress(hexToBytes(script), network)).toBe(text.toLowerCase())
    }
  })
})

describe('invalid addresses', () => {
  test.each([
    ['tc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq5zuyut', 'another prefix'],
    ['bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd', 'the old checksum'],
    ['tb1z0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqglt7rf', 'the old checksum'],
    ['BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL', 'the old checksum'],
    ['bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh', 'the new checksum'],
    ['tb1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq24jc47', 'the new checksum'],
    ['bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4', 'a letter of no digit'],
    ['BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R', 'version'],
    ['bc1pw5dgrnzv', 'one byte'],
    ['bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav', '41 bytes'],
    ['BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P', 'length of version 0'],
    ['tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq47Zagq', 'mixed case'],
    ['bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf', 'padding too long'],
    ['tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vpggkg4j', 'padding not zero'],
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
