import { inspect } from 'node:util'
import { isCofferError, nobleEngine } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { createBase58check } from '@scure/base'
import * as btc from '@scure/btc-signer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bitcoinNetwork, regtestNetwork, testnet4Network } from './networks.ts'
import { formatWif, parseWif } from './wif.ts'

const encode = (bytes: number[]): string => createBase58check(sha256).encode(Uint8Array.from(bytes))

// BIP-84 (m/84h/0h/0h/0/0 with its public key), BIP-49, BIP-380 (one key in both forms)
test.each([
  [
    'KyZpNDKnfs94vbrwhJneDi77V6jF64PWPF8x5cdJb8ifgg2DUc9d',
    bitcoinNetwork,
    true,
    '0330d54fd0dd420a6e5f8d3624f5f3482cae350f79d5f0753bf5beef9c2d91af3c',
  ],
  [
    'cULrpoZGXiuC19Uhvykx7NugygA3k86b3hmdCeyvHYQZSxojGyXJ',
    testnet4Network,
    true,
    '03a1af804ac108a8a51782198c2d034b28bf90c8803f5a53f76276fa69a4eae77f',
  ],
  [
    'L4rK1yDtCWekvXuE6oXD9jCYfFNV2cWRpVuPLBcCU2z8TrisoyY1',
    bitcoinNetwork,
    true,
    '03a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd',
  ],
  [
    '5KYZdUEo39z3FPrtuX2QbbwGnNP5zTd7yyr2SC1j299sBCnWjss',
    bitcoinNetwork,
    false,
    '03a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd',
  ],
])('the keys of the standards: %s', (text, network, compressed, publicKey) => {
  const key = parseWif(text, network)
  expect(key.compressed).toBe(compressed)
  expect(bytesToHex(nobleEngine.publicKey(key.secret))).toBe(publicKey)
  expect(formatWif(key, network)).toBe(text)
})

test('the key of BIP-49 has the bytes that it says', () => {
  const { secret } = parseWif('cULrpoZGXiuC19Uhvykx7NugygA3k86b3hmdCeyvHYQZSxojGyXJ', regtestNetwork)
  expect(bytesToHex(secret)).toBe('c9bdb49cfbaedca21c4b1f3a7803c34636b1d7dc55a717132443fc3f4c5867e8')
})

test('what is written is read back, and as others write it', () => {
  const secret = fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .filter((bytes) => nobleEngine.isSecret(bytes))
  fc.assert(
    fc.property(
      secret,
      fc.boolean(),
      fc.constantFrom(bitcoinNetwork, regtestNetwork),
      (secret, compressed, network) => {
        const text = formatWif({ secret, compressed }, network)
        expect(parseWif(text, network)).toEqual({ secret, compressed })
        if (compressed) expect(text).toBe(btc.WIF({ ...btc.NETWORK, wif: network.wif }).encode(secret))
      },
    ),
  )
})

const TEXT = 'KyZpNDKnfs94vbrwhJneDi77V6jF64PWPF8x5cdJb8ifgg2DUc9d'
const N = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141'
test.each([
  ['another network', 'cULrpoZGXiuC19Uhvykx7NugygA3k86b3hmdCeyvHYQZSxojGyXJ', 'not of bitcoin'],
  ['a wrong letter', TEXT.replace('Kn', 'Km'), 'checksum is wrong'],
  ['a missing letter', TEXT.slice(0, -1), 'checksum is wrong'],
  ['white space', ` ${TEXT}`, 'checksum is wrong'],
  ['a letter that base58 has not', TEXT.replace('K', 'O'), 'checksum is wrong'],
  ['a long one', TEXT.repeat(10_000), 'checksum is wrong'],
  ['no text', 7 as unknown as string, 'checksum is wrong'],
  ['an address', '1LqBGSKuX5yYUonjxT5qGfpUsXKYYWeabA', 'length is wrong'],
  ['a mark that is not 1 (BIP-178)', encode([0x80, ...new Uint8Array(32).fill(1), 0x11]), 'not known here'],
  ['zero', encode([0x80, ...new Uint8Array(32), 1]), 'no valid key'],
  ['the order of the curve', encode([0x80, ...hexToBytes(N), 1]), 'no valid key'],
])('refused, and not repeated: %s', (_, text, reason) => {
  let error: unknown
  try {
    parseWif(text, bitcoinNetwork)
  } catch (thrown) {
    error = thrown
  }
  expect(isCofferError(error, 'INVALID_KEY')).toBe(true)
  expect((error as Error).message).toContain(reason)
  const shown = JSON.stringify(error) + inspect(error, { depth: 9 }).replace(/^\s+at .*$/gm, '')
  expect(shown).not.toContain(String(text).slice(10, 30) || 'nothing')
})

test('only keys are written', () => {
  for (const secret of [
    new Uint8Array(32),
    new Uint8Array(31).fill(1),
    hexToBytes(N),
    '1'.repeat(32) as unknown as Uint8Array,
  ])
    expect(() => formatWif({ secret }, bitcoinNetwork)).toThrow(
      expect.objectContaining({ code: 'INVALID_KEY' }),
    )
})
