import { expect, test } from 'vitest'
import { addressesOf, publicKeyOf } from './accounts.fixture.ts'
import { accountDescriptor, parseDescriptor } from './descriptor.ts'
import { bitcoinNetwork } from './networks.ts'
import { normaliseXpub } from './slip132.ts'

// https://github.com/bitcoin/bips/blob/master/bip-0084.mediawiki
const ZPUB =
  'zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs'

test('the account of the standard: its extended key, byte for byte', () => {
  const descriptor = accountDescriptor(publicKeyOf('m/84h/0h/0h'), 'p2wpkh', bitcoinNetwork)
  const { xpub } = normaliseXpub(ZPUB)
  expect(descriptor).toBe(parseDescriptor(`wpkh([73c5da0a/84h/0h/0h]${xpub}/<0;1>/*)`, bitcoinNetwork).text)
})

test('the addresses of the standard', () => {
  const descriptor = accountDescriptor(publicKeyOf('m/84h/0h/0h'), 'p2wpkh', bitcoinNetwork)
  expect(addressesOf(descriptor, bitcoinNetwork, { count: 2 })).toEqual([
    'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu',
    'bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g',
  ])
  expect(addressesOf(descriptor, bitcoinNetwork, { keychain: 1 })).toEqual([
    'bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el',
  ])
  expect(addressesOf(ZPUB, bitcoinNetwork)).toEqual(['bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu'])
})
