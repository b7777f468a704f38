import { bytesToHex } from '@noble/hashes/utils.js'
import { expect, test } from 'vitest'
import { deriveScripts } from './derive.ts'
import { parseDescriptor } from './descriptor.ts'
import { bitcoinNetwork } from './networks.ts'

const scriptOf = (text: string): string =>
  bytesToHex(deriveScripts(parseDescriptor(text, bitcoinNetwork), 0, 0, 1)[0]!.script)

// https://github.com/bitcoin/bips/blob/master/bip-0381.mediawiki
const KEY = '03a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd'

test.each([
  [`pkh([deadbeef/1/2'/3/4']${KEY})`, '76a9149a1c78a507689f6f54b847ad1cef1e614ee23f1e88ac'],
  [`pkh([deadbeef/1/2h/3/4h]${KEY})`, '76a9149a1c78a507689f6f54b847ad1cef1e614ee23f1e88ac'],
  [
    'pkh([bd16bee5/2147483647h]xpub69H7F5dQzmVd3vPuLKtcXJziMEQByuDidnX3YdwgtNsecY5HRGtAAQC5mXTt4dsv9RzyjgDjAQs9VGVV6ydYCHnprc9vvaA5YtqWyL6hyds/0)',
    '76a914ebdc90806a9c4356c1c88e42216611e1cb4c1c1788ac',
  ],
])('the scripts of the standard: %s', (text, script) => {
  expect(scriptOf(text)).toBe(script)
})

test.each([
  ['a script where a key should stand', `pkh(pk(${KEY}))`],
  ['a key where a script should stand', `sh(${KEY})`],
  ['sh() in sh()', `sh(sh(pkh(${KEY})))`],
])('invalid in the standard: %s', (_, text) => {
  expect(() => parseDescriptor(text, bitcoinNetwork)).toThrow(
    expect.objectContaining({ code: 'INVALID_ACCOUNT' }),
  )
})
