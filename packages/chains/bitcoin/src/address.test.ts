import { isCofferError } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { createBase58check } from '@scure/base'
import { Address, NETWORK, OutScript } from '@scure/btc-signer'
import { initEccLib, address as peer } from 'bitcoinjs-lib'
import fc from 'fast-check'
import * as curve from 'tiny-secp256k1'
import { beforeAll, describe, expect, test } from 'vitest'
import { formatAddress, isAddress, parseAddress } from './address.ts'
import { bitcoinNetwork, regtestNetwork, signetNetwork, testnet4Network } from './networks.ts'
import { p2aScript, p2pkhScript, p2shScript, p2trScript, p2wpkhScript, p2wshScript } from './script.ts'
import { coreVectors } from './vectors.fixture.ts'

beforeAll(() => initEccLib(curve))

const P2PKH = '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa'
const P2WPKH = 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu'
const networks = [bitcoinNetwork, testnet4Network, signetNetwork, regtestNetwork]
const of = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
/** The x of a point that exists. */
const KEY = hexToBytes('79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798')

const refused = (text: unknown, message: string, network = bitcoinNetwork as (typeof networks)[number]) => {
  let error: unknown
  try {
    parseAddress(text as string, network)
  } catch (caught) {
    error = caught
  }
  if (!isCofferError(error, 'INVALID_ADDRESS')) throw new Error(`not refused: ${String(text)}`)
  expect(error.message).toContain(message)
  if (typeof text === 'string' && text.trim().length > 6)
    expect(JSON.stringify(error)).not.toContain(text.trim())
}

test('the sample of each network', () => {
  for (const network of networks) expect(parseAddress(network.sample, network).address).toBe(network.sample)
})

test('as @scure/btc-signer and bitcoinjs-lib, both ways', () => {
  const script = fc.oneof(
    of(20).map(p2pkhScript),
    of(20).map(p2shScript),
    of(20).map(p2wpkhScript),
    of(32).map(p2wshScript),
    fc.constant(p2trScript(KEY)),
  )
  fc.assert(
    fc.property(script, (script) => {
      const text = formatAddress(script, bitcoinNetwork)!
      expect(parseAddress(text, bitcoinNetwork)).toEqual({ address: text, script })
      expect(bytesToHex(OutScript.encode(Address(NETWORK).decode(text)))).toBe(bytesToHex(script))
      expect(bytesToHex(peer.toOutputScript(text))).toBe(bytesToHex(script))
      for (const network of networks.slice(1)) {
        const other = formatAddress(script, network)!
        expect(parseAddress(other, network).script).toEqual(script)
        expect(isAddress(other, bitcoinNetwork)).toBe(false)
      }
    }),
    { numRuns: 150 },
  )
})

describe("Core's vectors of base58", () => {
  const valid = coreVectors('bitcoind/base58_keys_valid.json') as [
    string,
    string,
    { addrType?: string; isPrivkey: boolean; isTestnet: boolean },
  ][]
  test.each(valid)('%s', (text, hash, { addrType, isPrivkey, isTestnet }) => {
    const network = isTestnet ? testnet4Network : bitcoinNetwork
    if (isPrivkey) return refused(text, 'a key', network)
    const { script } = parseAddress(text, network)
    const make = addrType === 'pubkey' ? p2pkhScript : p2shScript
    expect(bytesToHex(script)).toBe(bytesToHex(make(hexToBytes(hash))))
    refused(
      text,
      isTestnet ? 'test network' : 'bitcoin (mainnet)',
      isTestnet ? bitcoinNetwork : testnet4Network,
    )
  })

  const invalid = coreVectors('bitcoind/base58_keys_invalid.json') as [string][]
  test.each(invalid)('%s', (text) => {
    for (const network of networks) refused(text, '', network)
  })
})

test('P2A', () => {
  expect(parseAddress('bc1pfeessrawgf', bitcoinNetwork).script).toEqual(p2aScript())
  expect(formatAddress(p2aScript(), bitcoinNetwork)).toBe('bc1pfeessrawgf')
})

test('hashes of another length in base58', () => {
  const { encode } = createBase58check(sha256)
  for (const version of [0x00, 0x05])
    for (const length of [19, 21])
      refused(encode(Uint8Array.of(version, ...new Uint8Array(length).fill(7))), 'length')
})

test('scripts without an address', () => {
  for (const hex of ['', '6a', '51', `5210${'00'.repeat(16)}`, `0010${'00'.repeat(16)}`])
    expect(formatAddress(hexToBytes(hex), bitcoinNetwork)).toBeUndefined()
})

test('B4: another network is refused by name', () => {
  refused(
    'tb1q6rz28mcfaxtmd6v789l9rrlrusdprr9pqcpvkl',
    'a Bitcoin test network (testnet, signet), and not of bitcoin',
  )
  refused('bcrt1q6rz28mcfaxtmd6v789l9rrlrusdprr9pz3cppk', 'regtest')
  refused(P2WPKH, 'bitcoin (mainnet), and not of testnet4', testnet4Network)
  refused(P2PKH, 'bitcoin (mainnet), and not of regtest', regtestNetwork)
  refused('mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn', 'test network')
  refused('LVg2kJoFNg45Nbpy53h7Fe1wKyeXVRhMH9', 'Litecoin')
  refused('ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9', 'Litecoin')
})

test('a taproot key that does not exist', () => {
  const none = hexToBytes('eefdea4cdb677750a420fee807eacf21eb9898ae79b9768766e4faa04a2d4a34')
  refused(formatAddress(p2trScript(none), bitcoinNetwork), 'nobody could spend')
  const asked: Uint8Array[] = []
  const { address } = parseAddress(formatAddress(p2trScript(KEY), bitcoinNetwork)!, bitcoinNetwork, {
    uncompressed: (key: Uint8Array) => asked.push(key),
  } as never)
  expect(address).toMatch(/^bc1p/)
  expect(asked.map((key) => bytesToHex(key))).toEqual([`02${bytesToHex(KEY)}`])
})

describe('G2: what only looks like an address', () => {
  test.each([
    ['a space before', ` ${P2WPKH}`, 'invisible'],
    ['a line after', `${P2PKH}\n`, 'invisible'],
    ['a space inside', `${P2PKH.slice(0, 8)} ${P2PKH.slice(8)}`, 'invisible'],
    ['a no-break space', `${P2PKH}\u00a0`, 'invisible'],
    ['a zero-width space', `${P2WPKH.slice(0, 8)}\u200b${P2WPKH.slice(8)}`, 'invisible'],
    ['a zero-width joiner', `${P2WPKH}\u200d`, 'invisible'],
    ['a byte order mark', `\ufeff${P2WPKH}`, 'invisible'],
    ['a right-to-left mark', `\u200f${P2WPKH}`, 'invisible'],
    ['a right-to-left override', `\u202e${P2WPKH}`, 'invisible'],
    ['a null', `${P2PKH}\0`, 'invisible'],
    ['a Cyrillic letter', P2WPKH.replace('c', 'с'), 'looks like another'],
    ['a full-width digit', P2PKH.replace('1', '１'), 'looks like another'],
    ['a combining accent', `${P2WPKH}\u0301`, 'looks like another'],
    ['a dotless i', 'bc1qı', 'looks like another'],
    ['a Kelvin sign, which lower case makes a k', P2WPKH.replace('k', '\u212a'), 'looks like another'],
    ['mixed case', P2WPKH.replace('q', 'Q'), 'mixes'],
    ['mixed case of the prefix', `BC${P2WPKH.slice(2)}`, 'mixes'],
    ['another case of base58', P2PKH.toLowerCase(), '0, O, I and l'],
    ['letters that base58 has not', P2PKH.replace('z', '0'), '0, O, I and l'],
    ['two letters the other way round', P2WPKH.replace('cr8', 'rc8'), 'checksum'],
    ['a letter too few', P2WPKH.slice(0, -1), 'checksum'],
    ['a letter too many', `${P2PKH}a`, 'checksum'],
    ['nothing', '', 'empty'],
    ['no text', 5, 'is a text'],
    ['a list', [P2PKH], 'is a text'],
    ['a very long text', 'a'.repeat(1e6), 'too long'],
    ['a link', `bitcoin:${P2PKH}`, 'link'],
    ['a name', 'satoshi@example.com', 'name'],
    ['a domain', 'satoshi.btc', 'name'],
    ['a sign', `${P2PKH}!`, 'digits and letters'],
    ['an Ethereum address', '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045', 'an Ethereum address'],
    ['a Tron address', 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t', 'a Tron address'],
    ['an invoice', 'lnbc2500u1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqf', 'a Lightning invoice'],
    ['a key', 'KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn', 'a key'],
    ['a key of the test networks', 'cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA', 'a key'],
    ['a raw key', 'e8f32e723decf4051aefac8e2c93c9c5b214313817cdb01a1494b917c8436b35', 'a key'],
    [
      'an extended key',
      'xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8',
      'an extended key',
    ],
  ])('%s', (_, text, message) => {
    refused(text, message)
    expect(isAddress(text, bitcoinNetwork)).toBe(false)
  })
})

test('all capitals are read and written small', () => {
  expect(parseAddress(P2WPKH.toUpperCase(), bitcoinNetwork).address).toBe(P2WPKH)
})

test('one changed letter is never another address', () => {
  const letters = '023456789acdefghjklmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ1'
  fc.assert(
    fc.property(fc.constantFrom(P2WPKH, P2PKH), fc.nat(), fc.constantFrom(...letters), (text, n, letter) => {
      const at = n % text.length
      if (text[at] === letter) return
      expect(isAddress(text.slice(0, at) + letter + text.slice(at + 1), bitcoinNetwork)).toBe(false)
    }),
    { numRuns: 1000 },
  )
})

test('whatever comes: an address in its one writing, or our error', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.base64String({ maxLength: 60 })),
      (text) => {
        try {
          const { address, script } = parseAddress(text, bitcoinNetwork)
          expect(formatAddress(script, bitcoinNetwork)).toBe(address)
        } catch (error) {
          if (!isCofferError(error, 'INVALID_ADDRESS')) throw error
        }
      },
    ),
    { numRuns: 200 },
  )
})
