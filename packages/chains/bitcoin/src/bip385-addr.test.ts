import { bytesToHex } from '@noble/hashes/utils.js'
import { describe, expect, test } from 'vitest'
import { formatAddress } from './address.ts'
import { deriveScripts, locateScript, scriptAt } from './derive.ts'
import { parseDescriptor } from './descriptor.ts'
import { bitcoinNetwork, regtestNetwork } from './networks.ts'
import { p2wpkhScript } from './script.ts'

const read = (text: string) => parseDescriptor(text, bitcoinNetwork)
const A = '3PUNyaW7M55oKWJ3kDukwk9bsKvryra15j'
const B = 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu'

// https://github.com/bitcoin/bips/blob/master/bip-0385.mediawiki
test('the script of the standard', () => {
  const descriptor = read(`addr(${A})`)
  expect(bytesToHex(descriptor.scripts[0]!)).toBe('a914eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee87')
  expect(descriptor).toMatchObject({ type: 'address', keys: [], keychains: 1, ranged: false, threshold: 1 })
  expect(descriptor.text).toMatch(/^addr\(3PUNyaW7M55oKWJ3kDukwk9bsKvryra15j\)#[a-z0-9]{8}$/)
})

describe('one address, and several', () => {
  test('in every way that people write them, once each, in their order', () => {
    const one = read(B).text
    expect(read(`addr(${B.toUpperCase()})`).text).toBe(one)
    expect(read(one).text).toBe(one)
    const both = `${read(A).text} ${one}`
    for (const text of [
      `${A} ${B}`,
      `${A},${B}`,
      `${A}\n${B}\n`,
      `  ${A},\t${B},${A} ${B.toUpperCase()}`,
      `addr(${A}) addr(${B})`,
      `${A}, ${one}`,
      both,
    ]) {
      expect(read(text).text).toBe(both)
    }
    expect(read(`${B} ${A}`).text).not.toBe(both)
  })

  test('have an index each, and no more', () => {
    const group = read(`${A} ${B}`)
    expect(deriveScripts(group, 0, 0, 2)).toEqual(
      group.scripts.map((script, index) => ({ keychain: 0, index, script, keys: [] })),
    )
    expect(scriptAt(group, 0, 1).script).toEqual(group.scripts[1])
    expect(locateScript(group, group.scripts[1]!, [])).toEqual({ keychain: 0, index: 1 })
    expect(locateScript(group, p2wpkhScript(new Uint8Array(20)), [])).toBeUndefined()
    for (const [keychain, index] of [
      [0, 2],
      [1, 0],
      [0, -1],
      [0, 0.5],
    ] as const)
      expect(() => scriptAt(group, keychain, index)).toThrow(
        expect.objectContaining({ code: 'INVALID_REQUEST' }),
      )
  })

  test('ten thousand at most', () => {
    const address = (n: number): string => {
      const hash = new Uint8Array(20)
      new DataView(hash.buffer).setUint32(0, n)
      return formatAddress(p2wpkhScript(hash), bitcoinNetwork)!
    }
    const all = Array.from({ length: 10_001 }, (_, n) => address(n))
    const group = read(all.slice(1).join(' '))
    expect(group.scripts).toHaveLength(10_000)
    expect(read(group.text).text).toBe(group.text)
    expect(() => read(all.join(' '))).toThrow(/more than 10,000 addresses/)
  })
})

test.each([
  ['no address', 'addr(asdf)', 'INVALID_ADDRESS'],
  ['raw', 'raw(asdf)', 'INVALID_ACCOUNT'],
  ['in sh()', `sh(addr(${A}))`, 'INVALID_ACCOUNT'],
  ['in wsh()', `wsh(addr(${A}))`, 'INVALID_ACCOUNT'],
  ['a wrong checksum', `addr(${A})#00000000`, 'INVALID_ACCOUNT'],
  ['a wrong checksum in a group', `${B} addr(${A})#00000000`, 'INVALID_ACCOUNT'],
  ['a descriptor beside an address', `addr(${A}) wpkh(02${'a'.repeat(64)})`, 'INVALID_ACCOUNT'],
  ['one bad address of two', `${A} ${B.slice(0, -1)}q`, 'INVALID_ADDRESS'],
  ['nothing', '', 'INVALID_ADDRESS'],
  ['two addresses in one', `addr(${A},${B})`, 'INVALID_ACCOUNT'],
])('refused: %s', (_, text, code) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ code }))
})

test('B4: an address of another network', () => {
  expect(() => parseDescriptor(`addr(${B})`, regtestNetwork)).toThrow(
    expect.objectContaining({ code: 'INVALID_ADDRESS', message: expect.stringContaining('mainnet') }),
  )
})
