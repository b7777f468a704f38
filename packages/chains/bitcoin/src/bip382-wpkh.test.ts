import { bytesToHex } from '@noble/hashes/utils.js'
import { expect, test } from 'vitest'
import { deriveScripts } from './derive.ts'
import { parseDescriptor } from './descriptor.ts'
import { bitcoinNetwork } from './networks.ts'

const scriptsOf = (text: string, count: number): readonly string[] =>
  deriveScripts(parseDescriptor(text, bitcoinNetwork), 0, 0, count).map(({ script }) => bytesToHex(script))

// https://github.com/bitcoin/bips/blob/master/bip-0382.mediawiki
const KEY = '03a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd'
const UNCOMPRESSED =
  '04a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd5b8dec5235a0fa8722476c7709c02559e3aa73aa03918ba2d492eea75abea235'

test.each([
  [`wpkh(${KEY})`, ['00149a1c78a507689f6f54b847ad1cef1e614ee23f1e']],
  [
    "wpkh([ffffffff/13']xpub69H7F5d8KSRgmmdJg2KhpAK8SR3DjMwAdkxj3ZuxV27CprR9LgpeyGmXUbC6wb7ERfvrnKZjXoUmmDznezpbZb7ap6r1D3tgFxHmwMkQTPH/1/2/*)",
    [
      '0014326b2249e3a25d5dc60935f044ee835d090ba859',
      '0014af0bd98abc2f2cae66e36896a39ffe2d32984fb7',
      '00141fa798efd1cbf95cebf912c031b8a4a6e9fb9f27',
    ],
  ],
])('the scripts of the standard: %s', (text, scripts) => {
  expect(scriptsOf(text, scripts.length)).toEqual(scripts)
})

test('sh(wpkh()) pays to the hash of the same script', () => {
  const [wrapped] = deriveScripts(parseDescriptor(`sh(wpkh(${KEY}))`, bitcoinNetwork), 0, 0, 1)
  // The combo() of BIP-384 lists it for this key.
  expect(bytesToHex(wrapped!.script)).toBe('a91484ab21b1b2fd065d4504ff693d832434b6108d7b87')
  expect(bytesToHex(wrapped!.redeemScript!)).toBe('00149a1c78a507689f6f54b847ad1cef1e614ee23f1e')
})

test.each([
  ['an uncompressed key', `wpkh(${UNCOMPRESSED})`],
  ['an uncompressed key in sh()', `sh(wpkh(${UNCOMPRESSED}))`],
  ['an uncompressed key in wsh()', `wsh(pk(${UNCOMPRESSED}))`],
  ['wpkh() in wsh()', `wsh(wpkh(${KEY}))`],
  ['wsh() in wsh()', `wsh(wsh(pkh(${KEY})))`],
  ['wsh() in sh(wsh())', `sh(wsh(wsh(pkh(${KEY}))))`],
  ['a script in wpkh()', `wpkh(wsh(pkh(${KEY})))`],
  ['a key in wsh()', `wsh(${KEY})`],
])('invalid in the standard: %s', (_, text) => {
  expect(() => parseDescriptor(text, bitcoinNetwork)).toThrow(
    expect.objectContaining({ code: 'INVALID_ACCOUNT' }),
  )
})
