import { bytesToHex } from '@noble/hashes/utils.js'
import { expect, test } from 'vitest'
import { deriveScripts } from './derive.ts'
import { parseDescriptor } from './descriptor.ts'
import { bitcoinNetwork } from './networks.ts'

// https://github.com/bitcoin/bips/blob/master/bip-0384.mediawiki
const KEY = '03a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd'
const XPUB =
  '[01234567]xpub6ERApfZwUNrhLCkDtcHTcxd75RbzS1ed54G1LkBUHQVHQKqhMkhgbmJbZRkrgZw4koxb5JaHWkY4ALHY2grBGRjaDMzQLcgJvLJuZZvRcEL'

const refusal = (text: string): string => {
  try {
    parseDescriptor(text, bitcoinNetwork)
  } catch (error) {
    expect(error).toMatchObject({ code: 'INVALID_ACCOUNT' })
    return (error as Error).message
  }
  throw new Error('It was accepted.')
}

test.each([KEY, XPUB, `${XPUB}/*`])(
  'combo() is refused with its reason, as an account has one kind of address: %s',
  (key) => {
    expect(refusal(`combo(${key})`)).toContain('Choose one')
  },
)

test.each([`sh(combo(${KEY}))`, `wsh(combo(${KEY}))`, `combo(pkh(${KEY}))`])(
  'invalid in the standard: %s',
  (text) => {
    expect(refusal(text)).not.toBe('')
  },
)

test.each([
  [
    KEY,
    '76a9149a1c78a507689f6f54b847ad1cef1e614ee23f1e88ac',
    '00149a1c78a507689f6f54b847ad1cef1e614ee23f1e',
    'a91484ab21b1b2fd065d4504ff693d832434b6108d7b87',
  ],
  [
    XPUB,
    '76a91431a507b815593dfc51ffc7245ae7e5aee304246e88ac',
    '001431a507b815593dfc51ffc7245ae7e5aee304246e',
    'a9142aafb926eb247cb18240a7f4c07983ad1f37922687',
  ],
])('each kind that combo() lists is an account of its own: %s', (key, pkh, wpkh, nested) => {
  const scriptOf = (text: string): string =>
    bytesToHex(deriveScripts(parseDescriptor(text, bitcoinNetwork), 0, 0, 1)[0]!.script)
  expect([scriptOf(`pkh(${key})`), scriptOf(`wpkh(${key})`), scriptOf(`sh(wpkh(${key}))`)]).toEqual([
    pkh,
    wpkh,
    nested,
  ])
})
