import { bytesToHex } from '@noble/hashes/utils.js'
import { expect, test } from 'vitest'
import { deriveScripts } from './derive.ts'
import { parseDescriptor } from './descriptor.ts'
import { bitcoinNetwork } from './networks.ts'

// https://github.com/bitcoin/bips/blob/master/bip-0386.mediawiki
const KEY = 'a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd'
const SCRIPT = '512077aab6e066f8a7419c5ab714c12c67d25007ed55a43cadcacb4d7a970a093f11'

test.each([KEY, `02${KEY}`, `03${KEY}`])('the script of the standard: tr(%s)', (key) => {
  const descriptor = parseDescriptor(`tr(${key})`, bitcoinNetwork)
  const [script] = deriveScripts(descriptor, 0, 0, 1)
  expect(bytesToHex(script!.script)).toBe(SCRIPT)
  expect(bytesToHex(script!.internalKey!)).toBe(KEY)
})

test.each([
  ['an uncompressed key', `tr(04${KEY}5b8dec5235a0fa8722476c7709c02559e3aa73aa03918ba2d492eea75abea235)`],
  ['in wsh()', `wsh(tr(${KEY}))`],
  ['in sh()', `sh(tr(${KEY}))`],
])('invalid in the standard: %s', (_, text) => {
  expect(() => parseDescriptor(text, bitcoinNetwork)).toThrow(
    expect.objectContaining({ code: 'INVALID_ACCOUNT' }),
  )
})
