import { nobleEngine } from '@coffer/core'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { OutScript, p2ms } from '@scure/btc-signer'
import { script as peer } from 'bitcoinjs-lib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  isCompressedKey,
  nullData,
  nullDataOf,
  p2aScript,
  p2pkhScript,
  p2shScript,
  p2trScript,
  p2wpkhScript,
  p2wshScript,
  pushes,
  readMultiScript,
  readPushes,
  scriptKind,
  sortedMultiScript,
  witnessProgramOf,
  witnessScriptOf,
} from './script.ts'

const hash20 = new Uint8Array(20).fill(0xaa)
const hash32 = hexToBytes('79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798')

describe('templates', () => {
  test.each([
    ['p2pkh', p2pkhScript(hash20), { type: 'pkh', hash: hash20 }],
    ['p2sh', p2shScript(hash20), { type: 'sh', hash: hash20 }],
    ['p2wpkh', p2wpkhScript(hash20), { type: 'wpkh', hash: hash20 }],
    ['p2wsh', p2wshScript(hash32), { type: 'wsh', hash: hash32 }],
    ['p2tr', p2trScript(hash32), { type: 'tr', pubkey: hash32 }],
    ['p2a', p2aScript(), { type: 'p2a', script: p2aScript() }],
  ] as const)('%s is what a peer makes', (kind, script, theirs) => {
    expect(scriptKind(script)).toBe(kind)
    expect(bytesToHex(script)).toBe(bytesToHex(OutScript.encode(theirs)))
  })

  test('P2A', () => {
    expect(bytesToHex(p2aScript())).toBe('51024e73')
  })

  test.each([p2pkhScript, p2shScript, p2wpkhScript])('take 20 bytes', (make) => {
    expect(() => make(hash32)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })

  test.each([p2wshScript, p2trScript])('take 32 bytes', (make) => {
    expect(() => make(hash20)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })
})

describe('kinds', () => {
  const key = `21${'02'.repeat(33)}`
  test.each([
    ['', 'unknown'],
    ['51', 'unknown'],
    [`${key}ac`, 'unknown'],
    [`51${key}51ae`, 'unknown'],
    [`76a914${'00'.repeat(20)}88`, 'unknown'],
    [`76a914${'00'.repeat(20)}88ad`, 'unknown'],
    [`a914${'00'.repeat(20)}88`, 'unknown'],
    [`a914${'00'.repeat(19)}87`, 'unknown'],
    [`0014${'00'.repeat(19)}`, 'unknown'],
    [`0015${'00'.repeat(21)}`, 'unknown'],
    ['51024e74', 'witness'],
    ['51024f73', 'witness'],
    ['52024e73', 'witness'],
    ['51034e7300', 'witness'],
    ['51014e', 'unknown'],
    [`5128${'00'.repeat(40)}`, 'witness'],
    [`5129${'00'.repeat(41)}`, 'unknown'],
    [`5220${'00'.repeat(32)}`, 'witness'],
    ['6002751e', 'witness'],
    ['6102751e', 'unknown'],
    ['5002751e', 'unknown'],
    ['4f02751e', 'unknown'],
    ['6a', 'op-return'],
    ['6a5d00', 'op-return'],
  ])('%s is %s', (hex, kind) => {
    expect(scriptKind(hexToBytes(hex))).toBe(kind)
  })

  test.each([
    ['p2pkh', p2pkhScript(hash20), [0, 1, 2, 23, 24]],
    ['p2sh', p2shScript(hash20), [0, 1, 22]],
  ] as const)('%s in each byte of its form and in its length, and nothing near it', (kind, script, form) => {
    for (const at of script.keys())
      expect(scriptKind(script.map((byte, i) => (i === at ? byte ^ 1 : byte)))).toBe(
        form.some((place) => place === at) ? 'unknown' : kind,
      )
    expect(scriptKind(Uint8Array.of(...script, 0))).toBe('unknown')
    expect(scriptKind(script.subarray(0, -1))).toBe('unknown')
  })

  test('witness programs both ways', () => {
    fc.assert(
      fc.property(fc.nat(16), fc.uint8Array({ minLength: 2, maxLength: 40 }), (version, program) => {
        expect(witnessProgramOf(witnessScriptOf(version, program))).toEqual({ version, program })
      }),
    )
    expect(witnessProgramOf(p2pkhScript(hash20))).toBeUndefined()
  })
})

describe('pushes', () => {
  const items = fc.array(
    fc.oneof(
      fc.uint8Array({ maxLength: 2 }),
      fc.uint8Array({ minLength: 70, maxLength: 80 }),
      fc.uint8Array({ minLength: 250, maxLength: 260 }),
    ),
    { maxLength: 5 },
  )

  test('as a peer, and back', () => {
    fc.assert(
      fc.property(items, (list) => {
        const script = pushes(list)
        expect(bytesToHex(script)).toBe(bytesToHex(peer.compile(list)))
        expect(readPushes(script)).toEqual(list)
      }),
    )
  })

  test.each([
    '4c',
    '4c05aabb',
    '4d',
    '4d0100',
    '4d01',
    '4c01aa',
    `4d4c00${'aa'.repeat(76)}`,
    '0101',
    '0110',
    '0181',
    '4e00',
    '50',
    '76',
    '0200',
    `4e${'00'.repeat(0x4e)}`,
    `50${'00'.repeat(0x50)}`,
    `76${'00'.repeat(0x76)}`,
  ])('%s is not read', (hex) => {
    expect(readPushes(hexToBytes(hex))).toBeUndefined()
  })

  test.each([
    ['00', '0100'],
    ['01', '51'],
    ['10', '60'],
    ['11', '0111'],
    ['80', '0180'],
    ['81', '4f'],
    ['82', '0182'],
    ['', '00'],
    ['01aa', '0201aa'],
    ['81aa', '0281aa'],
  ])('the item %s has one writing, %s', (item, script) => {
    expect(bytesToHex(pushes([hexToBytes(item)]))).toBe(script)
    expect(readPushes(hexToBytes(script))).toEqual([hexToBytes(item)])
  })

  test('an item longer than any may be', () => {
    expect(pushes([new Uint8Array(0xffff)])).toHaveLength(0xffff + 3)
    expect(() => pushes([new Uint8Array(0x10000)])).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    )
  })

  test('whatever comes is read in linear time and only in its one writing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (script) => {
        const list = readPushes(script)
        if (list) expect(pushes(list)).toEqual(script)
      }),
      { numRuns: 500 },
    )
  })
})

describe('data', () => {
  test.each([0, 1, 75, 76, 80])('%i bytes, and back', (length) => {
    const data = new Uint8Array(length).fill(5)
    expect(nullDataOf(nullData(data))).toEqual(data)
    expect(scriptKind(nullData(data))).toBe('op-return')
  })

  test('83 bytes of script at most', () => {
    expect(nullData(new Uint8Array(80))).toHaveLength(83)
    expect(() => nullData(new Uint8Array(81))).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })

  test.each(['', '51', '5102aabb', '6a', '6a0101', '6a4c01aa', '6a02aabb02ccdd', '6a02aa'])(
    '%s carries none',
    (hex) => {
      expect(nullDataOf(hexToBytes(hex))).toBeUndefined()
    },
  )
})

describe('several keys', () => {
  const pool = Array.from({ length: 24 }, (_, i) => nobleEngine.publicKey(hash32.map((byte) => byte ^ i)))
  const keys = fc.shuffledSubarray(pool, { minLength: 1, maxLength: 20 })

  test('sorted, as a peer, and back', () => {
    fc.assert(
      fc.property(keys, fc.nat(), (list, n) => {
        const threshold = 1 + (n % list.length)
        const script = sortedMultiScript(threshold, list)
        const sorted = [...list].sort((a, b) => (bytesToHex(a) < bytesToHex(b) ? -1 : 1))
        if (list.length <= 16)
          expect(bytesToHex(script)).toBe(bytesToHex(p2ms(threshold, sorted, true).script))
        expect(readMultiScript(script)).toEqual({ threshold, keys: sorted, sorted: true })
      }),
    )
  })

  test('17 to 20 keys are counted in two bytes', () => {
    const list = Array.from({ length: 20 }, (_, i) => Uint8Array.of(2, ...new Uint8Array(31), i))
    const script = bytesToHex(sortedMultiScript(17, list))
    expect(script.slice(0, 4)).toBe('0111')
    expect(script.slice(-6)).toBe('0114ae')
  })

  test('in another order they are read, but not as sorted', () => {
    const [a, b] = [`21${'02'.repeat(33)}`, `21${'03'.repeat(33)}`]
    expect(readMultiScript(hexToBytes(`52${a}${b}52ae`))?.sorted).toBe(true)
    expect(readMultiScript(hexToBytes(`52${b}${a}52ae`))?.sorted).toBe(false)
    expect(readMultiScript(hexToBytes(`52${a}${a}52ae`))?.sorted).toBe(false)
  })

  const key = `21${'02'.repeat(33)}`
  test.each([
    '',
    'ae',
    '51ae',
    `020100${key}51ae`,
    `51${key}02010051ae`,
    `51${key}020100ae`,
    `52${key}${key.replace('2102', '2104')}52ae`,
    `51${key}51ac`,
    `51${key}52ae`,
    `52${key}51ae`,
    `00${key}51ae`,
    `51${key.replace('2102', '2104')}51ae`,
    `51${key}0151ae`,
    `51${key}ae`,
    `${key}51ae`,
    `0181${key}51ae`,
    `4c0151${key}51ae`,
    `51${key.repeat(21)}0115ae`,
  ])('%s is none', (hex) => {
    expect(readMultiScript(hexToBytes(hex))).toBeUndefined()
  })

  test.each<[string, number, Uint8Array[]]>([
    ['no keys', 1, []],
    ['more signatures than keys', 2, [Uint8Array.of(2, ...hash32)]],
    ['no signatures', 0, [Uint8Array.of(2, ...hash32)]],
    ['half a signature', 0.5, [Uint8Array.of(2, ...hash32)]],
    ['a key twice', 1, [Uint8Array.of(2, ...hash32), Uint8Array.of(2, ...hash32)]],
    ['an uncompressed key', 1, [Uint8Array.of(4, ...hash32, ...hash32)]],
    ['an x-only key', 1, [hash32]],
    ['21 keys', 1, Array.from({ length: 21 }, (_, i) => Uint8Array.of(2, ...new Uint8Array(31), i))],
  ])('refuses %s', (_, threshold, list) => {
    expect(() => sortedMultiScript(threshold, list)).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    )
  })

  test('what a compressed key looks like', () => {
    expect(isCompressedKey(Uint8Array.of(3, ...hash32))).toBe(true)
    expect(isCompressedKey(Uint8Array.of(5, ...hash32))).toBe(false)
    expect(isCompressedKey(hash32)).toBe(false)
    expect(isCompressedKey(Uint8Array.of(2, ...hash32, 0))).toBe(false)
  })
})
