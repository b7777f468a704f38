import { inspect } from 'node:util'
import { isCofferError } from '@coffer/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { publicKeyOf } from './accounts.fixture.ts'
import { descriptorChecksum, withoutChecksum } from './checksum.ts'
import {
  accountDescriptor,
  formatDescriptor,
  multisigDescriptor,
  parseDescriptor,
  readDescriptor,
  type ScriptType,
  typeOfPath,
} from './descriptor.ts'
import { bitcoinNetwork, regtestNetwork, signetNetwork, testnet4Network } from './networks.ts'

/** The sentence of the error; fails for errors of another code. */
function reasonOf(run: () => unknown, code = 'INVALID_ACCOUNT'): string {
  try {
    run()
  } catch (error) {
    if (!isCofferError(error)) throw error
    expect(error.code).toBe(code)
    return error.message
  }
  throw new Error('It was accepted.')
}
const refusal = (text: string, network: Parameters<typeof parseDescriptor>[1] = bitcoinNetwork): string =>
  reasonOf(() => parseDescriptor(text, network))

// https://github.com/bitcoin/bips/blob/master/bip-0380.mediawiki
const KEY = '0260b2003c386519fc9eadf2b5cf124dd8eea4c4e68d5e154050a9346ea98ce600'
const UNCOMPRESSED =
  '04a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd5b8dec5235a0fa8722476c7709c02559e3aa73aa03918ba2d492eea75abea235'
const XPUB =
  'xpub6ERApfZwUNrhLCkDtcHTcxd75RbzS1ed54G1LkBUHQVHQKqhMkhgbmJbZRkrgZw4koxb5JaHWkY4ALHY2grBGRjaDMzQLcgJvLJuZZvRcEL'
const OTHER =
  'xpub68NZiKmJWnxxS6aaHmn81bvJeTESw724CRDs6HbuccFQN9Ku14VQrADWgqbhhTHBaohPX4CjNLf9fq9MYo6oDaPPLPxSb7gwQN3ih19Zm4Y'
const XPRV =
  'xprvA1RpRA33e1JQ7ifknakTFpgNXPmW2YvmhqLQYMmrj4xJXXWYpDPS3xz7iAxn8L39njGVyuoseXzU6rcxFLJ8HFsTjSyQbLYnMpCqE2VbFWc'
const ROOT_XPRV =
  'xprv9s21ZrQH143K31xYSDQpPDxsXRTUcvj2iNHm5NUtrGiGG5e2DtALGdso3pGz6ssrdK4PFmM8NSpSBHNqPqm55Qn3LqFtT2emdEXVYsCzC2U'
const WIF = 'L4rK1yDtCWekvXuE6oXD9jCYfFNV2cWRpVuPLBcCU2z8TrisoyY1'

describe('the checksum', () => {
  test('of the standard', () => {
    expect(descriptorChecksum('raw(deadbeef)')).toBe('89f8spxm')
    expect(withoutChecksum('raw(deadbeef)#89f8spxm')).toBe('raw(deadbeef)')
    expect(withoutChecksum('raw(deadbeef)')).toBe('raw(deadbeef)')
  })

  test.each([
    ['missing', 'raw(deadbeef)#', 'eight characters'],
    ['too long', 'raw(deadbeef)#89f8spxmx', 'eight characters'],
    ['too short', 'raw(deadbeef)#89f8spx', 'eight characters'],
    ['an error in the payload', 'raw(deedbeef)#89f8spxm', 'checksum is wrong'],
    ['an error in the checksum', 'raw(deedbeef)##9f8spxm', 'checksum is wrong'],
    ['an invalid character', 'raw(Ü)#00000000', 'character that no descriptor has'],
  ])('of the standard, invalid: %s', (_, text, reason) => {
    expect(reasonOf(() => withoutChecksum(text))).toContain(reason)
  })

  test('any one or two wrong characters are noticed', () => {
    const text = `wpkh(${XPUB}/<0;1>/*)`
    const checksum = descriptorChecksum(text)
    const place = fc.nat(text.length - 1)
    const character = fc.constantFrom(...'0123456789()[],\'/*abcdefgh@:$%{}IJKLxyz<>;#" ')
    fc.assert(
      fc.property(place, character, place, character, (i, a, j, b) => {
        const letters = [...text]
        letters[i] = a
        letters[j] = b
        const changed = letters.join('')
        fc.pre(changed !== text && !changed.includes('#'))
        expect(descriptorChecksum(changed)).not.toBe(checksum)
      }),
      { numRuns: 500 },
    )
  })

  test('is verified when it is there, and always written', () => {
    const { text } = parseDescriptor(`wpkh(${XPUB}/<0;1>/*)`, bitcoinNetwork)
    expect(text).toMatch(/^wpkh\(xpub6ERA.*\/<0;1>\/\*\)#[a-z0-9]{8}$/)
    expect(parseDescriptor(`  ${text}\n`, bitcoinNetwork).text).toBe(text)
    const changed = text.replace('<0;1>', '<0;2>')
    expect(refusal(changed)).toContain('Its checksum is wrong')
  })
})

describe('key expressions', () => {
  test.each([
    ['a compressed key', KEY, KEY],
    ['an uncompressed key', UNCOMPRESSED, UNCOMPRESSED],
    ['with an origin', `[deadbeef/0h/0h/0h]${KEY}`, `[deadbeef/0h/0h/0h]${KEY}`],
    ["' for hardened", `[deadbeef/0'/0'/0']${KEY}`, `[deadbeef/0h/0h/0h]${KEY}`],
    ['mixed signs', `[deadbeef/0'/0h/0']${KEY}`, `[deadbeef/0h/0h/0h]${KEY}`],
    ['capital digits', `[DEADBEEF]${KEY.toUpperCase()}`, `[deadbeef]${KEY}`],
    ['an extended key', XPUB, XPUB],
    ['an extended key with its origin', `[deadbeef/0h/1h/2h]${XPUB}`, `[deadbeef/0h/1h/2h]${XPUB}`],
    ['with steps', `[deadbeef/0h/1h/2h]${XPUB}/3/4/5`, `[deadbeef/0h/1h/2h]${XPUB}/3/4/5`],
    ['with children', `[deadbeef/0h/1h/2h]${XPUB}/3/4/5/*`, `[deadbeef/0h/1h/2h]${XPUB}/3/4/5/*`],
    ['the highest step', `${XPUB}/2147483647`, `${XPUB}/2147483647`],
  ])('of the standard: %s', (_, given, written) => {
    const { text } = parseDescriptor(`pkh(${given})`, bitcoinNetwork)
    expect(text.slice(0, -9)).toBe(`pkh(${written})`)
    expect(text.slice(-8)).toBe(descriptorChecksum(`pkh(${written})`))
  })

  test.each([
    ['an uncompressed key that is no point', `${UNCOMPRESSED.slice(0, -2)}00`, 'no point of the curve'],
    ['a hardened step', `${XPUB}/3h/4h/5h/*`, 'takes its private key'],
    ['hardened children', `${XPUB}/3/4/5/*h`, 'takes its private key'],
    ["hardened children, with '", `[deadbeef/0h/1h/2]${XPUB}/3/4/5/*'`, 'takes its private key'],
  ])('of the standard, but not for what is public: %s', (_, key, reason) => {
    expect(refusal(`pkh(${key})`)).toContain(reason)
  })

  test.each([
    ['WIF, uncompressed', '5KYZdUEo39z3FPrtuX2QbbwGnNP5zTd7yyr2SC1j299sBCnWjss'],
    ['WIF', WIF],
    ['WIF with a step', `${WIF}/0`],
    ['WIF with children', `${WIF}/*`],
    ['an extended key', XPRV],
    ['an extended key with its origin', `[deadbeef/0h/1h/2h]${XPRV}`],
    ['an extended key with children', `[deadbeef/0h/1h/2h]${XPRV}/3h/4h/5h/*h`],
    ['an index out of range', `${ROOT_XPRV}/2147483648`],
    ['a broken one', `${XPRV.slice(0, -4)}`],
    ['two origins', `[aaaaaaaa][aaaaaaaa]${ROOT_XPRV}/2147483647'/0`],
    ['of a test network', 'cULrpoZGXiuC19Uhvykx7NugygA3k86b3hmdCeyvHYQZSxojGyXJ'],
  ])('private keys are refused and never repeated: %s', (_, key) => {
    for (const text of [
      `pkh(${key})`,
      key,
      `wsh(sortedmulti(1,${KEY},${key}))`,
      `addr(${key})`,
      `1x ${key}`,
    ]) {
      let error: unknown
      try {
        parseDescriptor(text, bitcoinNetwork)
      } catch (thrown) {
        error = thrown
      }
      expect(error).toMatchObject({ code: 'INVALID_ACCOUNT' })
      expect((error as Error).message).toContain('It holds a private key')
      const shown = JSON.stringify(error) + inspect(error, { depth: 9 }).replace(/^\s+at .*$/gm, '')
      expect(shown).not.toContain(key.replace(/^.*\]/, '').slice(4, 24))
    }
  })

  test.each([
    ['children in the origin', `[deadbeef/0h/0h/0h/*]${KEY}`, 'origin of a key is broken'],
    ['a slash at the end of the origin', `[deadbeef/0h/0h/0h/]${KEY}`, 'origin of a key is broken'],
    ['a short fingerprint', `[deadbef/0h/0h/0h]${KEY}`, 'origin of a key is broken'],
    ['a long fingerprint', `[deadbeeef/0h/0h/0h]${KEY}`, 'origin of a key is broken'],
    ['0f', `[deadbeef/0f/0f/0f]${KEY}`, 'origin of a key is broken'],
    ['-0', `[deadbeef/-0/-0/-0]${KEY}`, 'origin of a key is broken'],
    ['0H', `[deadbeef/0H/0H/0H]${KEY}`, 'origin of a key is broken'],
    ['an index out of range in the origin', `[deadbeef/2147483648]${KEY}`, 'origin of a key is broken'],
    ['a step out of range', `${XPUB}/2147483648`, 'below 2147483648'],
    ['a step with letters', `${XPUB}/1aa`, 'below 2147483648'],
    ['a step with H', `${XPUB}/1H`, 'below 2147483648'],
    ['a leading zero', `${XPUB}/01`, 'below 2147483648'],
    ['an empty step', `${XPUB}//1`, 'below 2147483648'],
    ['a slash at the end', `${XPUB}/`, 'below 2147483648'],
    ['children before a step', `${XPUB}/*/0`, 'below 2147483648'],
    ['two origins', `[aaaaaaaa][aaaaaaaa]${XPUB}/0`, 'A key is broken'],
    ['no beginning of the origin', `aaaaaaaa]${XPUB}/0`, 'A key is broken'],
    ['no hexadecimal fingerprint', `[gaaaaaaa]${XPUB}/0`, 'origin of a key is broken'],
    ['no key', '[deadbeef]', 'A key is broken'],
    ['nothing', '', 'A key is missing'],
    ['a script', `pk(${KEY})`, 'there is a script'],
    ['steps after a single key', `${KEY}/0`, 'Only an extended key'],
    ['a short key', KEY.slice(0, -4), '02 or 03'],
    ['a key that begins with 05', `05${KEY.slice(2)}`, '02 or 03'],
    ['an x-only key', KEY.slice(2), 'if it is a private key'],
    ['a key off the curve', `02${'f'.repeat(64)}`, 'no point of the curve'],
    ['an extended key with a wrong letter', XPUB.replace('U', 'V'), 'A key is broken'],
    ['two keys', `${KEY},${KEY}`, 'It takes one key'],
  ])('refused: %s', (_, key, reason) => {
    expect(refusal(`pkh(${key})`)).toContain(reason)
  })

  test('a path has 255 levels at most', () => {
    const steps = (count: number): string => `pkh(${XPUB}${'/0'.repeat(count)}/*)`
    expect(parseDescriptor(steps(249), bitcoinNetwork).keys[0]!.steps).toHaveLength(249)
    expect(refusal(steps(251))).toContain('255 levels')
  })

  test('B4: keys of another network or another coin', () => {
    const tpub = parseDescriptor(
      accountDescriptor(publicKeyOf('m/84h/1h/0h'), 'p2wpkh', testnet4Network),
      testnet4Network,
    ).text
    for (const network of [testnet4Network, signetNetwork, regtestNetwork])
      expect(parseDescriptor(tpub, network).text).toBe(tpub)
    expect(refusal(tpub)).toContain('Its keys are of another coin')
    expect(refusal(tpub.slice(0, -9).replace('/1h', '/0h'))).toContain('of a test network')
    expect(refusal(`wpkh(${XPUB}/0/*)`, regtestNetwork)).toContain('of mainnet')
    expect(refusal(`wpkh([deadbeef/84h/1h/0h]${XPUB}/0/*)`)).toContain('Its keys are of another coin')
    expect(refusal(`wpkh([deadbeef/84h/2h/0h]${XPUB}/0/*)`)).toContain('Its keys are of another coin')
  })
})

test.each([
  ['combo', `combo(${KEY})`, 'Choose one'],
  ['pk', `pk(${KEY})`, 'no address'],
  ['multi', `multi(1,${KEY})`, 'sortedmulti() inside wsh()'],
  ['wsh(multi)', `wsh(multi(1,${KEY}))`, 'sortedmulti() inside wsh()'],
  ['bare sortedmulti', `sortedmulti(1,${KEY})`, 'inside wsh() only'],
  ['sh(sortedmulti)', `sh(sortedmulti(1,${KEY}))`, 'sh(wsh(sortedmulti()))'],
  ['raw', 'raw(deadbeef)#89f8spxm', 'Use addr()'],
  ['rawtr', `rawtr(${KEY})`, 'Use tr() or addr()'],
  ['taproot with scripts', `tr(${KEY},pk(${KEY}))`, 'Taproot accounts with scripts'],
  ['musig', `tr(musig(${XPUB},${OTHER})/0/*)`, 'musig()'],
  ['musig alone', `musig(${KEY})`, 'musig()'],
  ['miniscript', `wsh(and_v(v:pk(${KEY}),older(144)))`, 'sortedmulti() only'],
  ['sh(pkh)', `sh(pkh(${KEY}))`, 'wpkh() or wsh() only'],
  ['wsh(pkh)', `wsh(pkh(${KEY}))`, 'sortedmulti() only'],
  ['sh(sh)', `sh(sh(pkh(${KEY})))`, 'wpkh() or wsh() only'],
  ['sh(addr)', 'sh(addr(3PUNyaW7M55oKWJ3kDukwk9bsKvryra15j))', 'wpkh() or wsh() only'],
  ['an unknown function', `wpk(${KEY})`, 'not known'],
  ['a prototype', `constructor(${KEY})`, 'not known'],
  ['capital letters', `WPKH(${KEY})`, 'a bracket is missing'],
  ['a missing bracket', `wpkh(${KEY}`, 'a bracket is missing'],
  ['a bracket too many', `wpkh(${KEY}))`, 'there is a script'],
  ['something after the end', `wpkh(${KEY})x`, 'a bracket is missing'],
  ['two descriptors', `wpkh(${XPUB}/0/*) wpkh(${XPUB}/1/*)`, '<0;1> for receiving and change'],
  ['white space', `wpkh( ${KEY})`, 'white space'],
  ['no text', 7 as unknown as string, 'sensible length'],
  ['a very long one', `wsh(sortedmulti(1,${`${KEY},`.repeat(400)}${KEY}))`, 'sensible length'],
  ['a text without end', 'a'.repeat(1_000_001), 'sensible length'],
])('not supported, each with its own reason: %s', (_, text, reason) => {
  expect(refusal(text)).toContain(reason)
})

test('words and other secrets that are pasted by mistake are not repeated', () => {
  const words = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
  for (const text of [
    words,
    `addr(${words})`,
    'c9bdb49cfbaedca21c4b1f3a7803c34636b1d7dc55a717132443fc3f4c5867e8',
  ]) {
    let error: unknown
    try {
      parseDescriptor(text, bitcoinNetwork)
    } catch (thrown) {
      error = thrown
    }
    expect(isCofferError(error, 'INVALID_ACCOUNT', 'INVALID_ADDRESS')).toBe(true)
    const shown = JSON.stringify(error) + inspect(error, { depth: 9 }).replace(/^\s+at .*$/gm, '')
    for (const word of text.split(' ')) expect(shown).not.toContain(word.slice(0, 20))
  }
})

describe('the account of a signer', () => {
  test('each kind at its own path', () => {
    const text = (path: string, type: ScriptType): string =>
      accountDescriptor(publicKeyOf(path), type, bitcoinNetwork)
    expect(text('m/44h/0h/0h', 'p2pkh')).toMatch(/^pkh\(\[73c5da0a\/44h\/0h\/0h\]xpub6.*\/<0;1>\/\*\)#.{8}$/)
    expect(text('m/49h/0h/0h', 'p2sh-p2wpkh')).toMatch(/^sh\(wpkh\(\[73c5da0a\/49h\/0h\/0h\]xpub/)
    expect(text('m/84h/0h/7h', 'p2wpkh')).toMatch(/^wpkh\(\[73c5da0a\/84h\/0h\/7h\]xpub/)
    expect(text('m/86h/0h/0h', 'p2tr')).toMatch(/^tr\(\[73c5da0a\/86h\/0h\/0h\]xpub/)
    for (const [path, type] of [
      ['m/84h/0h/0h', 'p2tr'],
      ['m/84h/0h', 'p2wpkh'],
      ['m/84h/0h/0', 'p2wpkh'],
      ['m/84h/0h/0h/0', 'p2wpkh'],
    ] as const)
      expect(reasonOf(() => text(path, type))).toContain('does not fit the kind of account')
    // A path that no standard names may lead to any kind.
    expect(text('m/0h/5h', 'p2tr')).toMatch(/^tr\(\[73c5da0a\/0h\/5h\]xpub/)
    expect(reasonOf(() => text('m/84h/1h/0h', 'p2wpkh'))).toContain('of another coin')
    expect(reasonOf(() => text('m/48h/0h/0h/2h', 'p2wsh-sortedmulti'))).toContain('one key only')
  })

  test('takes a key with chain code, and does without the fingerprint of its parent', () => {
    const { parentFingerprint, ...key } = publicKeyOf('m/84h/0h/0h')
    const { chainCode, ...single } = key
    expect(reasonOf(() => accountDescriptor(single, 'p2wpkh', bitcoinNetwork))).toContain('single keys only')
    expect(
      reasonOf(() => accountDescriptor({ ...key, fingerprint: 'D34DB33F' }, 'p2wpkh', bitcoinNetwork)),
    ).toContain('fingerprint')
    expect(
      reasonOf(
        () => accountDescriptor({ ...key, chainCode: chainCode!.slice(1) }, 'p2wpkh', bitcoinNetwork),
        'INVALID_KEY',
      ),
    ).toContain('no extended key')
    const { keys } = parseDescriptor(accountDescriptor(key, 'p2wpkh', bitcoinNetwork), bitcoinNetwork)
    expect(keys[0]!.hd!.parentFingerprint).toBe('00000000')
    expect(keys[0]!.hd!.publicKey).toEqual(key.publicKey)
  })

  test('of several signers, the same in whatever order they come', () => {
    const keys = [1, 2, 3].map((n) => publicKeyOf('m/48h/0h/0h/2h', new Uint8Array(32).fill(n)))
    const [a, b, c] = keys as [(typeof keys)[0], (typeof keys)[0], (typeof keys)[0]]
    const text = multisigDescriptor({ threshold: 2, keys: [a, b, c] }, bitcoinNetwork)
    expect(text).toMatch(
      /^wsh\(sortedmulti\(2,(\[[0-9a-f]{8}\/48h\/0h\/0h\/2h\]xpub[^,]*\/<0;1>\/\*[,)]){3}\)#.{8}$/,
    )
    expect(multisigDescriptor({ threshold: 2, keys: [c, a, b] }, bitcoinNetwork)).toBe(text)
    expect(parseDescriptor(text, bitcoinNetwork)).toMatchObject({ type: 'p2wsh-sortedmulti', threshold: 2 })
    expect(
      multisigDescriptor({ threshold: 1, keys: [a, b], type: 'p2sh-p2wsh-sortedmulti' }, bitcoinNetwork),
    ).toMatch(/^sh\(wsh\(sortedmulti\(1,/)
    expect(reasonOf(() => multisigDescriptor({ threshold: 2, keys: [a, a] }, bitcoinNetwork))).toContain(
      'named twice',
    )
    expect(reasonOf(() => multisigDescriptor({ threshold: 3, keys: [a, b] }, bitcoinNetwork))).toContain(
      'number of signatures',
    )
    expect(reasonOf(() => multisigDescriptor({ threshold: 1, keys: [a, b] }, regtestNetwork))).toContain(
      'another coin',
    )
  })

  test('what paths say', () => {
    const type = (path: string): ScriptType | undefined => typeOfPath(path, bitcoinNetwork)
    expect(['m/44h/0h/0h', 'm/49h/0h/0h', 'm/84h/0h/0h', 'm/86h/0h/9h'].map(type)).toEqual([
      'p2pkh',
      'p2sh-p2wpkh',
      'p2wpkh',
      'p2tr',
    ])
    expect(type('m/48h/0h/0h/1h')).toBe('p2sh-p2wsh-sortedmulti')
    expect(type('m/48h/0h/0h/2h')).toBe('p2wsh-sortedmulti')
    for (const path of [
      'm',
      'm/84h',
      'm/84/0h/0h',
      'm/84h/0/0h',
      'm/85h/0h/0h',
      'm/48h/0h/0h',
      'm/48h/0h/0h/3h',
      'm/48h/0h/0h/2',
    ])
      expect(type(path)).toBeUndefined()
    expect(reasonOf(() => typeOfPath('m/84h/0h/0h', regtestNetwork))).toContain('m/84h/1h')
  })
})

describe('extended keys alone', () => {
  const hint = 'Write wpkh(xpub…/<0;1>/*)'

  test('are taken where their form, their origin or the caller says what they are of', () => {
    expect(refusal(XPUB)).toContain(hint)
    expect(refusal(`${XPUB}/0/*`)).toContain(hint)
    expect(refusal(`[deadbeef/0h]${XPUB}`)).toContain(hint)
    const written = parseDescriptor(`tr(${XPUB}/<0;1>/*)`, bitcoinNetwork).text
    expect(parseDescriptor(XPUB, bitcoinNetwork, undefined, { type: 'p2tr' }).text).toBe(written)
    expect(parseDescriptor(`[deadbeef/86h/0h/0h]${XPUB}`, bitcoinNetwork).text).toBe(
      parseDescriptor(`tr([deadbeef/86'/0'/0']${XPUB}/<0;1>/*)`, bitcoinNetwork).text,
    )
  })

  test('are refused where these contradict each other', () => {
    const key = `[deadbeef/86h/0h/0h]${XPUB}`
    expect(reasonOf(() => parseDescriptor(key, bitcoinNetwork, undefined, { type: 'p2wpkh' }))).toContain(
      'another kind of account',
    )
    expect(
      reasonOf(() => parseDescriptor(XPUB, bitcoinNetwork, undefined, { type: 'p2wsh-sortedmulti' })),
    ).toContain('with all of them')
    expect(refusal(`[deadbeef/86h/1h/0h]${XPUB}`)).toContain('another coin')
    expect(refusal(`[deadbeef/86x]${XPUB}`)).toContain('origin of a key is broken')
    expect(refusal(XPUB.slice(0, -1))).toContain('A key is broken')
  })
})

describe('what was read', () => {
  test('is written the same again, and is known again', () => {
    const { text, type, keys, threshold, scripts } = parseDescriptor(
      `wpkh([deadbeef/84'/0'/0']${XPUB}/<0;1>/*)`,
      bitcoinNetwork,
    )
    expect(formatDescriptor({ type, keys, threshold, scripts }, bitcoinNetwork)).toBe(text)
    expect(readDescriptor(text, bitcoinNetwork)).toBe(readDescriptor(text, bitcoinNetwork))
    expect(reasonOf(() => readDescriptor(text, regtestNetwork))).toContain('another coin')
  })

  test('is forgotten again when many others come', () => {
    const first = readDescriptor(`wpkh(${XPUB}/0/*)`, bitcoinNetwork)
    for (let i = 1; i <= 40; i++) readDescriptor(`wpkh(${XPUB}/${i}/*)`, bitcoinNetwork)
    expect(readDescriptor(`wpkh(${XPUB}/0/*)`, bitcoinNetwork)).not.toBe(first)
    expect(readDescriptor(`wpkh(${XPUB}/40/*)`, bitcoinNetwork)).toBe(
      readDescriptor(`wpkh(${XPUB}/40/*)`, bitcoinNetwork),
    )
  })

  test('no text makes anything but a descriptor or one of our errors', () => {
    const text = `sh(wsh(sortedmulti(2,[deadbeef/48h/0h/0h/1h]${XPUB}/<0;1>/*,${OTHER}/<2;3>/*)))`
    const junk = fc.stringMatching(/^[-()[\]<>;,/*#'h0-9a-z ]{0,6}$/)
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(12), junk, (at, gone, more) => {
        const changed = text.slice(0, at) + more + text.slice(at + gone)
        try {
          const { text } = parseDescriptor(changed, bitcoinNetwork)
          expect(parseDescriptor(text, bitcoinNetwork).text).toBe(text)
        } catch (error) {
          if (!isCofferError(error)) throw error
        }
      }),
      { numRuns: 2000 },
    )
  })
})
