import { nobleEngine } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { expect, test } from 'vitest'
import { hash160 } from './bytes.ts'
import { deriveScripts } from './derive.ts'
import { parseDescriptor } from './descriptor.ts'
import { bitcoinNetwork } from './networks.ts'

// https://github.com/bitcoin/bips/blob/master/bip-0383.mediawiki
const A =
  'xpub6ERApfZwUNrhLCkDtcHTcxd75RbzS1ed54G1LkBUHQVHQKqhMkhgbmJbZRkrgZw4koxb5JaHWkY4ALHY2grBGRjaDMzQLcgJvLJuZZvRcEL'
const B =
  'xpub68NZiKmJWnxxS6aaHmn81bvJeTESw724CRDs6HbuccFQN9Ku14VQrADWgqbhhTHBaohPX4CjNLf9fq9MYo6oDaPPLPxSb7gwQN3ih19Zm4Y'
const BODY = `sortedmulti(2,${A}/*,${B}/0/0/*)`
const SCRIPTS = [
  '5221025d5fc65ebb8d44a5274b53bac21ff8307fec2334a32df05553459f8b1f7fe1b62102fbd47cc8034098f0e6a94c6aeee8528abf0a2153a5d8e46d325b7284c046784652ae',
  '52210264fd4d1f5dea8ded94c61e9641309349b62f27fbffe807291f664e286bfbe6472103f4ece6dfccfa37b211eb3d0af4d0c61dba9ef698622dc17eecdf764beeb005a652ae',
  '5221022ccabda84c30bad578b13c89eb3b9544ce149787e5b538175b1d1ba259cbb83321024d902e1a2fc7a8755ab5b694c575fce742c48d9ff192e63df5193e4c7afe1f9c52ae',
]

test('the scripts of the standard, under wsh() and sh(wsh())', () => {
  for (const text of [`wsh(${BODY})`, `sh(wsh(${BODY}))`]) {
    const descriptor = parseDescriptor(text, bitcoinNetwork)
    expect(descriptor).toMatchObject({ threshold: 2, keychains: 1, ranged: true })
    const scripts = deriveScripts(descriptor, 0, 0, 3)
    expect(scripts.map(({ witnessScript }) => bytesToHex(witnessScript!))).toEqual(SCRIPTS)
    for (const { script, redeemScript, witnessScript } of scripts) {
      const program = `0020${bytesToHex(sha256(witnessScript!))}`
      if (redeemScript) {
        expect(bytesToHex(redeemScript)).toBe(program)
        expect(bytesToHex(script)).toBe(`a914${bytesToHex(hash160(redeemScript))}87`)
      } else expect(bytesToHex(script)).toBe(program)
    }
  }
})

test('keys stand in the order of the descriptor, whatever order the script has', () => {
  const swapped = parseDescriptor(`wsh(sortedmulti(2,${B}/0/0/*,${A}/*))`, bitcoinNetwork)
  const [one] = deriveScripts(parseDescriptor(`wsh(${BODY})`, bitcoinNetwork), 0, 0, 1)
  const [other] = deriveScripts(swapped, 0, 0, 1)
  expect(other!.script).toEqual(one!.script)
  expect(other!.keys).toEqual([...one!.keys].reverse())
  expect(one!.keys.map(({ path }) => path)).toEqual([[0], [0, 0, 0]])
})

const single = (n: number): string => bytesToHex(nobleEngine.publicKey(new Uint8Array(32).fill(n)))
const keys = (count: number): string => Array.from({ length: count }, (_, i) => single(i + 1)).join(',')

test('up to twenty keys, whose script is standard', () => {
  const [script] = deriveScripts(parseDescriptor(`wsh(sortedmulti(17,${keys(20)}))`, bitcoinNetwork), 0, 0, 1)
  expect(script!.witnessScript!.length).toBe(2 + 20 * 34 + 2 + 1)
  expect(bytesToHex(script!.witnessScript!)).toMatch(/^0111.*0114ae$/)
})

test('a key without children stands in every script', () => {
  const descriptor = parseDescriptor(`wsh(sortedmulti(1,${single(1)},${A}/0/*))`, bitcoinNetwork)
  expect(descriptor.ranged).toBe(true)
  const scripts = deriveScripts(descriptor, 0, 0, 2)
  expect(scripts.map(({ keys }) => bytesToHex(keys[0]!.publicKey))).toEqual([single(1), single(1)])
  expect(scripts[0]!.script).not.toEqual(scripts[1]!.script)
})

test.each([
  ['twenty-one keys', `wsh(sortedmulti(1,${keys(21)}))`, 'more than 20 keys'],
  ['a threshold of letters', `wsh(sortedmulti(a,${keys(2)}))`, 'number of signatures'],
  ['a threshold of 0', `wsh(sortedmulti(0,${keys(2)}))`, 'number of signatures'],
  ['a threshold of 02', `wsh(sortedmulti(02,${keys(2)}))`, 'number of signatures'],
  ['a threshold above the keys', `wsh(sortedmulti(3,${keys(2)}))`, 'number of signatures'],
  ['no keys', 'wsh(sortedmulti(1))', 'number of signatures'],
  ['the same key twice', `wsh(sortedmulti(2,${single(1)},${single(1)}))`, 'named twice'],
  ['the same extended key on two paths', `wsh(sortedmulti(2,${A}/0/*,${A}/1/*))`, 'named twice'],
  ['an empty key', `wsh(sortedmulti(1,${single(1)},))`, 'A key is missing'],
])('refused: %s', (_, text, reason) => {
  expect(() => parseDescriptor(text, bitcoinNetwork)).toThrow(
    expect.objectContaining({ code: 'INVALID_ACCOUNT', message: expect.stringContaining(reason) }),
  )
})
