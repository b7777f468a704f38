import { bytesToHex } from '@noble/hashes/utils.js'
import { Address, NETWORK, OutScript, TEST_NETWORK } from '@scure/btc-signer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressForm, addressOf } from './scriptAddress.ts'
import { MAINNET, REGTEST } from './testing/ledger.ts'

const main = addressForm(MAINNET)
const regtest = addressForm(REGTEST)
if (!main || !regtest) throw new Error('a network is missing')
const testnet = { ...regtest, hrp: 'tb' }

describe('bip350: addresses and their scripts', () => {
  // https://github.com/bitcoin/bips/blob/master/bip-0350.mediawiki#test-vectors-for-v0-v16-native-segregated-witness-addresses
  it.each([
    ['bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', '0014751e76e8199196d454941c45d1b3a323f1433bd6'],
    [
      'tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7',
      '00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262',
    ],
    [
      'bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y',
      '5128751e76e8199196d454941c45d1b3a323f1433bd6751e76e8199196d454941c45d1b3a323f1433bd6',
    ],
    ['bc1sw50qgdz25j', '6002751e'],
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
  ])('%s', (address, script) => {
    expect(addressOf(script, address.startsWith('bc') ? main : testnet)).toBe(address)
  })
})

describe('scripts, beside @scure/btc-signer', () => {
  const networks = [
    [main, NETWORK],
    [testnet, TEST_NETWORK],
    [regtest, { ...TEST_NETWORK, bech32: 'bcrt' }],
  ] as const
  const bytes = (size: number) => fc.uint8Array({ minLength: size, maxLength: size })

  it('have the same addresses', () => {
    fc.assert(
      fc.property(bytes(20), bytes(32), fc.constantFrom(...networks), (hash, long, [form, network]) => {
        for (const out of [
          { type: 'pkh', hash },
          { type: 'sh', hash },
          { type: 'wpkh', hash },
          { type: 'wsh', hash: long },
        ] as const)
          expect(addressOf(bytesToHex(OutScript.encode(out)), form)).toBe(Address(network).encode(out))
      }),
    )
  })
})

it.each([
  '',
  '51',
  '6a04deadbeef',
  '0014',
  `0015${'11'.repeat(20)}`,
  `0013${'11'.repeat(19)}`,
  `5129${'11'.repeat(41)}`,
  `5101${'11'}`,
  `21${'02'.repeat(33)}ac`,
  `76a914${'11'.repeat(20)}88ad`,
])('the script "%s" has none', (script) => {
  expect(addressOf(script, main)).toBeUndefined()
})

it('knows no network but its own', () => {
  expect(addressForm('bip122:12a765e31ffd4059bada1e25190f6e98')).toBeUndefined()
  expect(addressForm('bip122:__proto__')).toBeUndefined()
})
