import { HDKey } from '@scure/bip32'
import * as btc from '@scure/btc-signer'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addressesOf, publicKeyOf } from './accounts.fixture.ts'
import type { Keychain } from './derive.ts'
import { accountDescriptor, multisigDescriptor } from './descriptor.ts'
import { bitcoinNetwork, regtestNetwork } from './networks.ts'

// The account of the mnemonic "abandon … about" as BIP-44 wallets have it (https://iancoleman.io/bip39 among others).
test('a BIP-44 account', () => {
  const descriptor = accountDescriptor(publicKeyOf('m/44h/0h/0h'), 'p2pkh', bitcoinNetwork)
  expect(descriptor).toContain(
    'xpub6BosfCnifzxcFwrSzQiqu2DBVTshkCXacvNsWGYJVVhhawA7d4R5WSWGFNbi8Aw6ZRc1brxMyWMzG3DSSSSoekkudhUd9yLb6qx39T9nMdj',
  )
  expect(addressesOf(descriptor, bitcoinNetwork)).toEqual(['1LqBGSKuX5yYUonjxT5qGfpUsXKYYWeabA'])
})

const NETWORKS = [
  [bitcoinNetwork, btc.NETWORK],
  [regtestNetwork, { ...btc.TEST_NETWORK, bech32: 'bcrt' }],
] as const
type Net = (typeof NETWORKS)[number][1]

const TYPES = [
  ['p2pkh', 44, (key: Uint8Array, net: Net) => btc.p2pkh(key, net)],
  ['p2sh-p2wpkh', 49, (key: Uint8Array, net: Net) => btc.p2sh(btc.p2wpkh(key, net), net)],
  ['p2wpkh', 84, (key: Uint8Array, net: Net) => btc.p2wpkh(key, net)],
  ['p2tr', 86, (key: Uint8Array, net: Net) => btc.p2tr(key.subarray(1), undefined, net)],
] as const

const seed = fc.uint8Array({ minLength: 16, maxLength: 64 })
const account = fc.nat(0x7fffffff)
const keychain = fc.constantFrom<Keychain>(0, 1)
const index = fc.oneof(fc.nat(100), fc.nat(0x7ffffffd), fc.constant(0x7ffffffd))

describe.each(NETWORKS)('@scure/bip32 and @scure/btc-signer agree', (network, net) => {
  test.each(TYPES)(`${network.name}: %s`, (type, purpose, pay) => {
    fc.assert(
      fc.property(seed, account, keychain, index, (seed, account, keychain, from) => {
        const path = `m/${purpose}h/${network.coinType}h/${account}h`
        const text = accountDescriptor(publicKeyOf(path, seed), type, network)
        const root = HDKey.fromMasterSeed(seed)
        const node = root.derive(path.replaceAll('h', "'"))
        if (!network.testnet) expect(text).toContain(`]${node.publicExtendedKey}/<0;1>/*`)
        const expected = [0, 1].map(
          (i) => pay(node.deriveChild(keychain).deriveChild(from + i).publicKey!, net).address,
        )
        expect(addressesOf(text, network, { keychain, from, count: 2 })).toEqual(expected)
      }),
      { numRuns: 12 },
    )
  })

  test.each(['p2wsh-sortedmulti', 'p2sh-p2wsh-sortedmulti'] as const)(`${network.name}: %s`, (type) => {
    const people = fc.uniqueArray(seed, { minLength: 1, maxLength: 5, selector: (bytes) => bytes.join() })
    fc.assert(
      fc.property(people, fc.nat(), keychain, index, (seeds, n, keychain, from) => {
        const threshold = 1 + (n % seeds.length)
        const path = `m/48h/${network.coinType}h/0h/2h`
        const keys = seeds.map((seed) => publicKeyOf(path, seed))
        const text = multisigDescriptor({ threshold, keys, type }, network)
        const nodes = seeds.map((seed) => HDKey.fromMasterSeed(seed).derive(path.replaceAll('h', "'")))
        const sorted = nodes
          .map((node) => node.deriveChild(keychain).deriveChild(from).publicKey!)
          .sort((a, b) => Buffer.compare(a, b))
        const inner = btc.p2wsh(btc.p2ms(threshold, sorted), net)
        const { address } = type === 'p2wsh-sortedmulti' ? inner : btc.p2sh(inner, net)
        expect(addressesOf(text, network, { keychain, from })).toEqual([address])
      }),
      { numRuns: 6 },
    )
  })
})
