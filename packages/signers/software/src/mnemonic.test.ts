import { inspect } from 'node:util'
import { CofferError, randomBytes } from '@coffer/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { toHex } from './hex.fixture.ts'
import { checkMnemonic, generateMnemonic, mnemonicToSeed } from './mnemonic.ts'
import { wordlist as english } from './wordlists/english.ts'
import { wordlist as japanese } from './wordlists/japanese.ts'

const LEGAL = 'legal winner thank year wave sausage worth useful legal winner thank yellow'

const failure = (call: () => unknown): CofferError => {
  try {
    call()
  } catch (error) {
    if (error instanceof CofferError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe('checkMnemonic', () => {
  it('forgives case, line breaks and white space', async () => {
    const seed = toHex(await mnemonicToSeed(LEGAL))
    for (const writing of [
      LEGAL.toUpperCase(),
      `  ${LEGAL}\n`,
      LEGAL.replaceAll(' ', '\n'),
      LEGAL.replaceAll(' ', ' \t '),
      LEGAL.replaceAll(' ', '\u3000'),
      LEGAL.replaceAll(' ', '\u00a0'),
    ]) {
      checkMnemonic(writing)
      expect(toHex(await mnemonicToSeed(writing))).toBe(seed)
    }
  })

  it.each([
    ['', 'this one has 0'],
    ['legal', 'this one has 1'],
    [LEGAL.replace(' yellow', ''), 'this one has 11'],
    [`${LEGAL} zoo`, 'this one has 13'],
    [LEGAL.replace('sausage', 'sausagge'), 'Word 6 is not in the word list'],
    [LEGAL.replace('legal', 'lega').replace('yellow', 'yellov'), 'Words 1, 12 are not in the word list'],
    [LEGAL.replace('winner', 'constructor'), 'Word 2 is not'],
    [LEGAL.replaceAll(/\w+/g, 'palabra'), 'None of the words is in the word list'],
    [LEGAL.replace('yellow', 'zoo'), 'fail the checksum'],
    [LEGAL.replace('legal winner', 'winner legal'), 'fail the checksum'],
    [LEGAL.replace('legal', 'legal\u200b'), 'Word 1 is not'],
    [LEGAL.replace('e', 'е'), 'Word 1 is not'], // a Cyrillic letter
  ])('refuses %j', (text, hint) => {
    const error = failure(() => checkMnemonic(text))
    expect(error.code).toBe('INVALID_MNEMONIC')
    expect(error.message).toContain(hint)
  })

  it('says which words are wrong by their number', () => {
    expect(failure(() => checkMnemonic(LEGAL.replace('thank', 'thunk'))).details).toEqual({ words: [3] })
    expect(failure(() => checkMnemonic(LEGAL.replace('yellow', 'zoo'))).details).toEqual({})
    for (const value of [undefined, null, 12, {}, [LEGAL]])
      expect(failure(() => checkMnemonic(value as unknown as string)).code).toBe('INVALID_MNEMONIC')
  })

  it('G7: never repeats a word, right or nearly right', () => {
    for (const text of [
      LEGAL.replace('sausage', 'sausagge'),
      LEGAL.replace('yellow', 'zoo'),
      `${LEGAL} zoo`,
      LEGAL.replace('year', ''),
    ]) {
      const error = failure(() => checkMnemonic(text))
      const shown = [
        inspect(error, { depth: 20, showHidden: true }),
        JSON.stringify(error),
        String(error.stack),
      ].join('\n')
      for (const word of text.split(' ')) if (word.length > 4) expect(shown).not.toContain(word)
    }
  })

  it('takes a word list of its own, and no other array', () => {
    const mnemonic = generateMnemonic({ wordlist: japanese })
    checkMnemonic(mnemonic, { wordlist: japanese })
    expect(failure(() => checkMnemonic(mnemonic)).message).toMatch('Is it of another language?')
    expect(failure(() => checkMnemonic(LEGAL, { wordlist: english.slice(1) })).code).toBe('INVALID_REQUEST')
    expect(failure(() => checkMnemonic(LEGAL, { wordlist: {} as string[] })).code).toBe('INVALID_REQUEST')
  })
})

describe('mnemonicToSeed', () => {
  it('keeps a passphrase to the last blank, and hashes it in NFKD', async () => {
    const seed = async (passphrase: string) => toHex(await mnemonicToSeed(LEGAL, { passphrase }))
    expect(await seed('caf\u00e9')).toBe(await seed('cafe\u0301'))
    expect(await seed('a')).not.toBe(await seed('a '))
    expect(await seed('a')).not.toBe(await seed('A'))
    expect(await seed('')).toBe(toHex(await mnemonicToSeed(LEGAL)))
    expect(await seed('🔑')).toHaveLength(128)
  })

  it('refuses what cannot be hashed as text', async () => {
    for (const passphrase of ['\ud800', 'a\udc00b', 5 as unknown as string])
      await expect(mnemonicToSeed(LEGAL, { passphrase })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await expect(mnemonicToSeed('nonsense')).rejects.toMatchObject({ code: 'INVALID_MNEMONIC' })
  })

  it('uses noble where WebCrypto has no PBKDF2', async () => {
    const seed = toHex(await mnemonicToSeed(LEGAL))
    const { getRandomValues } = globalThis.crypto
    const importKey = vi.fn(() => Promise.reject(new DOMException('no', 'NotSupportedError')))
    vi.stubGlobal('crypto', { getRandomValues, subtle: { importKey } })
    expect(toHex(await mnemonicToSeed(LEGAL))).toBe(seed)
    expect(importKey).toHaveBeenCalled()
    vi.stubGlobal('crypto', undefined)
    expect(toHex(await mnemonicToSeed(LEGAL))).toBe(seed)
  })
})

describe('G7: what secrets were made of', () => {
  it('is wiped after the seed, by WebCrypto and by noble', async () => {
    const encoded: Uint8Array[] = []
    class Encoder extends TextEncoder {
      override encode(text?: string): Uint8Array<ArrayBuffer> {
        const bytes = super.encode(text)
        encoded.push(bytes)
        return bytes
      }
    }
    vi.stubGlobal('TextEncoder', Encoder)
    for (const crypto of [globalThis.crypto, undefined]) {
      vi.stubGlobal('crypto', crypto)
      await mnemonicToSeed(LEGAL, { passphrase: 'horse' })
      expect(encoded.length).toBeGreaterThanOrEqual(2)
      for (const bytes of encoded.splice(0)) expect(bytes.every((byte) => byte === 0)).toBe(true)
    }
  })

  it('is wiped after a new mnemonic', () => {
    const drawn: Uint8Array[] = []
    const { crypto } = globalThis
    vi.stubGlobal('crypto', {
      getRandomValues: (bytes: Uint8Array<ArrayBuffer>) => {
        drawn.push(bytes)
        return crypto.getRandomValues(bytes)
      },
    })
    generateMnemonic()
    expect(drawn).toHaveLength(2)
    for (const bytes of drawn) expect(bytes.every((byte) => byte === 0)).toBe(true)
  })
})

describe('generateMnemonic', () => {
  it('makes twelve words, or as many as asked for, and never the same twice', () => {
    expect(generateMnemonic().split(' ')).toHaveLength(12)
    for (const words of [12, 15, 18, 21, 24] as const) {
      const mnemonic = generateMnemonic({ words })
      expect(mnemonic.split(' ')).toHaveLength(words)
      checkMnemonic(mnemonic)
    }
    expect(new Set(Array.from({ length: 200 }, () => generateMnemonic())).size).toBe(200)
    for (const words of [0, 11, 13, 128, 256, '12'])
      expect(failure(() => generateMnemonic({ words: words as 12 })).code).toBe('INVALID_REQUEST')
  })

  it('G4: asks the platform alone: stubbed Math.random and Date change nothing', () => {
    const bytes = Uint8Array.from({ length: 64 }, (_, i) => (i * 37 + 11) % 256)
    let at = 0
    const getRandomValues = (array: Uint8Array) => {
      array.set(bytes.subarray(at, at + array.length))
      at = (at + array.length) % 48
      return array
    }
    vi.stubGlobal('crypto', { getRandomValues })
    const expected = generateMnemonic()
    at = 0
    const random = vi.spyOn(Math, 'random').mockReturnValue(0)
    vi.useFakeTimers({ now: 0 })
    expect(generateMnemonic()).toBe(expected)
    expect(random).not.toHaveBeenCalled()
  })

  it.each([
    ['no crypto', undefined],
    ['no getRandomValues', {}],
    [
      'a generator that throws',
      {
        getRandomValues: () => {
          throw new Error('no entropy')
        },
      },
    ],
  ])('G4: throws NO_RANDOMNESS with %s', (_, crypto) => {
    vi.stubGlobal('crypto', crypto)
    expect(failure(() => generateMnemonic()).code).toBe('NO_RANDOMNESS')
    expect(failure(() => randomBytes(32)).code).toBe('NO_RANDOMNESS')
  })

  it.each([
    ['fills nothing in', () => {}],
    ['fills in one byte', (array: Uint8Array) => array.fill(0xaa)],
    ['counts the draws', counter()],
    ['repeats itself', (array: Uint8Array) => array.forEach((_, i) => void (array[i] = (i * 91 + 7) % 256))],
  ])('G4: throws WEAK_RANDOMNESS for a generator that %s', (_, fill) => {
    vi.stubGlobal('crypto', { getRandomValues: fill })
    expect(failure(() => generateMnemonic()).code).toBe('WEAK_RANDOMNESS')
  })
})

function counter(): (array: Uint8Array) => void {
  let n = 0
  return (array) => void array.fill(++n)
}
