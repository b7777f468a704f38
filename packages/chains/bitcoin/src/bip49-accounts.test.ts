import { expect, test } from 'vitest'
import { addressesOf, publicKeyOf } from './accounts.fixture.ts'
import { accountDescriptor, parseDescriptor } from './descriptor.ts'
import { testnet4Network } from './networks.ts'
import { normaliseXpub } from './slip132.ts'

// https://github.com/bitcoin/bips/blob/master/bip-0049.mediawiki
const UPUB =
  'upub5EFU65HtV5TeiSHmZZm7FUffBGy8UKeqp7vw43jYbvZPpoVsgU93oac7Wk3u6moKegAEWtGNF8DehrnHtv21XXEMYRUocHqguyjknFHYfgY'

test('the account and the address of the standard', () => {
  const descriptor = accountDescriptor(publicKeyOf('m/49h/1h/0h'), 'p2sh-p2wpkh', testnet4Network)
  expect(descriptor).toContain(`[73c5da0a/49h/1h/0h]${normaliseXpub(UPUB).xpub}/<0;1>/*`)
  for (const text of [descriptor, UPUB])
    expect(addressesOf(text, testnet4Network)).toEqual(['2Mww8dCYPUpKHofjgcXcBCEGmniw9CoaiD2'])
  expect(parseDescriptor(UPUB, testnet4Network).type).toBe('p2sh-p2wpkh')
})
