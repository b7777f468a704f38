import { HARDENED, hdDerivePublic, isCofferError } from '@coffer/core'
import { tinyEngine } from '@coffer/core/engines/tiny'
import fc from 'fast-check'
import * as tiny from 'tiny-secp256k1'
import { describe, expect, test } from 'vitest'
import { publicKeyOf } from './accounts.fixture.ts'
import { type AccountScript, deriveScripts, type Keychain, locateScript, scriptAt } from './derive.ts'
import { accountDescriptor, multisigDescriptor, parseDescriptor } from './descriptor.ts'
import { bitcoinNetwork } from './networks.ts'
import { p2wpkhScript } from './script.ts'

const WPKH = accountDescriptor(publicKeyOf('m/84h/0h/0h'), 'p2wpkh', bitcoinNetwork)
const TR = accountDescriptor(publicKeyOf('m/86h/0h/0h'), 'p2tr', bitcoinNetwork)
const MULTI = multisigDescriptor(
  { threshold: 2, keys: [1, 2, 3].map((n) => publicKeyOf('m/48h/0h/0h/2h', new Uint8Array(32).fill(n))) },
  bitcoinNetwork,
)
const read = (text: string) => parseDescriptor(text, bitcoinNetwork)
const claims = ({ keys }: AccountScript) => keys

describe('deriving', () => {
  test.each([
    ['wpkh', WPKH],
    ['tr', TR],
    ['sortedmulti', MULTI],
  ])('one by one, in a row and with another engine: %s', (_, text) => {
    const descriptor = read(text)
    const other = parseDescriptor(text, bitcoinNetwork, tinyEngine(tiny))
    for (const keychain of [0, 1] as const) {
      const row = deriveScripts(descriptor, keychain, 5, 12)
      expect(row.map(({ index }) => index)).toEqual(Array.from({ length: 12 }, (_, i) => 5 + i))
      expect(row).toEqual(row.map(({ index }) => scriptAt(read(text), keychain, index)))
      expect(row).toEqual(deriveScripts(other, keychain, 5, 12))
    }
  })

  test('each key says where it comes from', () => {
    const [script] = deriveScripts(read(WPKH), 1, 7, 1)
    const { hd } = read(WPKH).keys[0]!
    expect(script!.keys).toEqual([
      {
        publicKey: hdDerivePublic(hd!, 'm/1/7').publicKey,
        fingerprint: '73c5da0a',
        path: [84 + HARDENED, HARDENED, HARDENED, 1, 7],
      },
    ])
    // Without an origin the key itself is the root, as Bitcoin Core has it.
    const bare = read(WPKH.slice(0, -9).replace(/\[.*?\]/, ''))
    expect(scriptAt(bare, 1, 7).keys[0]).toMatchObject({ fingerprint: hd!.fingerprint, path: [1, 7] })
  })

  test('across the borders of what is derived at once, up to the last index', () => {
    const descriptor = read(WPKH)
    const row = deriveScripts(descriptor, 0, 990, 1_020)
    expect(row).toHaveLength(1_020)
    for (const i of [0, 9, 10, 999, 1_000, 1_019]) expect(row[i]).toEqual(scriptAt(descriptor, 0, 990 + i))
    const last = 0x7fffffff
    expect(deriveScripts(descriptor, 0, last, 1)[0]!.index).toBe(last)
    expect(deriveScripts(descriptor, 0, 0, 0)).toEqual([])
  })

  test.each([
    ['past the last index', WPKH, 0, 0x7fffffff, 2],
    ['a hardened index', WPKH, 0, HARDENED, 1],
    ['a negative index', WPKH, 0, -1, 1],
    ['half an index', WPKH, 0, 0.5, 1],
    ['a negative count', WPKH, 0, 0, -1],
    ['no number', WPKH, 0, 0, Number.NaN],
    ['another keychain', WPKH, 2, 0, 1],
    ['change of an account that has none', WPKH.slice(0, -9).replace('<0;1>', '0'), 1, 0, 1],
    ['a second script of one that has no children', WPKH.slice(0, -9).replace('/*', ''), 0, 1, 1],
  ])('refused: %s', (_, text, keychain, from, count) => {
    expect(() => deriveScripts(read(text), keychain as Keychain, from, count)).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    )
  })

  test('what is kept is bounded, and the same object while it is', () => {
    const descriptor = read(WPKH)
    const first = scriptAt(descriptor, 0, 0)
    expect(scriptAt(descriptor, 0, 0)).toBe(first)
    expect(scriptAt(descriptor, 1, 0)).not.toBe(first)
    const row = deriveScripts(descriptor, 0, 1, 4_095)
    for (const i of [1, 4_093]) expect(scriptAt(descriptor, 0, i)).toBe(row[i - 1])
    expect(scriptAt(descriptor, 0, 0)).toBe(first)
    for (const [keychain, index] of [
      [2, 0],
      [0, 0.5],
      [-1, 1],
    ] as const)
      expect(() => scriptAt(descriptor, keychain as Keychain, index)).toThrow(
        expect.objectContaining({ code: 'INVALID_REQUEST' }),
      )
    scriptAt(descriptor, 1, 1)
    const again = scriptAt(descriptor, 0, 0)
    expect(again).not.toBe(first)
    expect(again).toEqual(first)
    const full = parseDescriptor(`pkh(${read(WPKH).text.slice(5, -10)})`, bitcoinNetwork)
    const all = deriveScripts(full, 0, 0, 4_097)
    expect(scriptAt(full, 0, 4_095)).toBe(all[4_095])
    expect(scriptAt(full, 0, 4_096)).not.toBe(all[4_096])
  })

  test('a key that turns up twice under one script is refused', () => {
    // The second key is the first one, two steps further down.
    const [key] = read(MULTI).keys
    const child = hdDerivePublic(key!.hd!, 'm/0/5').publicKey
    const hex = Buffer.from(child).toString('hex')
    const whole = MULTI.slice(0, -9).replace(
      /^wsh\(sortedmulti\(2,([^,]*\/<0;1>\/\*),.*$/,
      `wsh(sortedmulti(2,$1,${hex}))`,
    )
    const descriptor = read(whole)
    expect(scriptAt(descriptor, 0, 4).keys).toHaveLength(2)
    expect(() => scriptAt(descriptor, 0, 5)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })
})

describe('B3: recognising own scripts', () => {
  const index = fc.oneof(fc.nat(50), fc.nat(0x7fffffff))

  test.each([
    ['wpkh', WPKH],
    ['tr', TR],
    ['sortedmulti', MULTI],
  ])('where the claim is right, by any one of its keys: %s', (_, text) => {
    const descriptor = read(text)
    fc.assert(
      fc.property(fc.constantFrom<Keychain>(0, 1), index, (keychain, index) => {
        const own = scriptAt(descriptor, keychain, index)
        for (const claim of claims(own))
          expect(locateScript(descriptor, own.script, [claim])).toEqual({ keychain, index })
      }),
      { numRuns: 15 },
    )
  })

  test('never where the script is another one, or the claim does not fit the account', () => {
    const descriptor = read(WPKH)
    const own = scriptAt(descriptor, 1, 3)
    const [claim] = claims(own) as [AccountScript['keys'][number]]
    const locate = (script: Uint8Array, change: Partial<typeof claim>) =>
      locateScript(descriptor, script, [{ ...claim, ...change }])
    expect(locate(own.script, {})).toEqual({ keychain: 1, index: 3 })
    expect(locate(p2wpkhScript(new Uint8Array(20)), {})).toBeUndefined()
    expect(locate(scriptAt(descriptor, 1, 4).script, {})).toBeUndefined()
    expect(locate(scriptAt(descriptor, 0, 3).script, {})).toBeUndefined()
    const { path } = claim
    for (const wrong of [
      [],
      path.slice(0, -1),
      [...path, 0],
      [...path.slice(0, 4), 3 + HARDENED],
      [...path.slice(0, 3), 2, 3],
      [49 + HARDENED, ...path.slice(1)],
      [...path.slice(0, 2), 1 + HARDENED, ...path.slice(3)],
    ])
      expect(locate(own.script, { path: wrong })).toBeUndefined()
    expect(locate(own.script, { fingerprint: 'deadbeef' })).toBeUndefined()
    expect(locateScript(descriptor, own.script, [])).toBeUndefined()
    expect(locateScript(read(TR), own.script, [claim])).toBeUndefined()
  })

  test('wrong claims before a right one do no harm, and too many end the search', () => {
    const descriptor = read(WPKH)
    const own = scriptAt(descriptor, 0, 1)
    const [claim] = claims(own) as [AccountScript['keys'][number]]
    const wrong = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ ...claim, path: [...claim.path.slice(0, -1), 100 + i] }))
    expect(locateScript(descriptor, own.script, [...wrong(1), claim])).toEqual({ keychain: 0, index: 1 })
    expect(locateScript(descriptor, own.script, [...wrong(2), claim])).toBeUndefined()
    expect(locateScript(descriptor, own.script, [...wrong(5_000), claim])).toBeUndefined()
  })

  test('without claims where there is one script only', () => {
    const fixed = read(WPKH.slice(0, -9).replace('/*', ''))
    expect(fixed).toMatchObject({ ranged: false, keychains: 2 })
    expect(locateScript(fixed, scriptAt(fixed, 1, 0).script, [])).toEqual({ keychain: 1, index: 0 })
    expect(locateScript(fixed, p2wpkhScript(new Uint8Array(20)), [])).toBeUndefined()
  })

  test('whatever a PSBT claims, nothing is thrown', () => {
    const step = fc.oneof(fc.nat(0xffffffff), fc.constantFrom(...scriptAt(read(WPKH), 0, 0).keys[0]!.path))
    const claim = fc.record({
      publicKey: fc.uint8Array({ minLength: 33, maxLength: 33 }),
      fingerprint: fc.constantFrom('73c5da0a', 'deadbeef'),
      path: fc.array(step, { maxLength: 8 }),
    })
    const descriptor = read(WPKH)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.array(claim, { maxLength: 5 }), (script, claims) => {
        try {
          expect(locateScript(descriptor, script, claims)).toBeUndefined()
        } catch (error) {
          if (!isCofferError(error)) throw error
          throw new Error('thrown', { cause: error })
        }
      }),
    )
  })
})
