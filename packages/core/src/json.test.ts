import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bigNumbersAsStrings, parseJson, writeJson } from './json.ts'

const refusal = (reason: string): object =>
  expect.objectContaining({ code: 'INVALID_JSON', details: { reason } })

describe('parseJson', () => {
  it('reads what JSON.parse reads', () => {
    const values = fc.jsonValue({ maxDepth: 5 }).filter((value) => isPlain(value))
    fc.assert(
      fc.property(values, fc.constantFrom(undefined, 2), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent)
        expect(parseJson(text)).toEqual(JSON.parse(text))
      }),
      { numRuns: 2_000 },
    )
  })

  it('refuses whatever JSON.parse refuses', () => {
    const bits = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        ':',
        ',',
        '"',
        '\\',
        '\\"',
        'a',
        '"a"',
        '"b"',
        '1',
        '-',
        '0',
        '.5',
        'e9',
        'E+',
        ' ',
      ],
      ...[
        'true',
        'null',
        'nul',
        '\n',
        '\t',
        '\u0000',
        '\ufeff',
        '\u2028',
        '""',
        '12345678901234567890',
        '1e400',
      ],
    )
    fc.assert(
      fc.property(
        fc.array(bits, { maxLength: 12 }),
        fc.constantFrom('refuse', 'string'),
        (parts, bigNumbers) => {
          const text = parts.join('')
          let platform: unknown
          let fine = true
          try {
            platform = JSON.parse(text)
          } catch {
            fine = false
          }
          let own: unknown
          try {
            own = parseJson(text, { bigNumbers: bigNumbers === 'refuse' ? undefined : bigNumbersAsStrings })
          } catch (error) {
            expect(error).toMatchObject({ code: 'INVALID_JSON' })
            const { reason } = (error as { details: { reason: string } }).details
            if (fine) expect(['number', 'key', 'duplicate']).toContain(reason)
            return
          }
          expect(fine).toBe(true)
          if (bigNumbers === 'refuse') expect(own).toEqual(platform)
        },
      ),
      { numRuns: 20_000 },
    )
  })

  it('refuses one changed character, or reads what JSON.parse reads', () => {
    const text = '{"id":7,"result":[{"a":"x\\"y","b":-1.5e3},null,true,"\\u0041\\\\"]}'
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ maxLength: 2, unit: 'binary' }), (at, piece) => {
        const changed = text.slice(0, at) + piece + text.slice(at + 1)
        let own: unknown
        try {
          own = parseJson(changed)
        } catch {
          return
        }
        expect(own).toEqual(JSON.parse(changed))
      }),
      { numRuns: 5_000 },
    )
  })

  it.each([
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '[{"x":{"k":[],"b":0,"k":[]}}]',
    '{"":1,"":1}',
    '{"0":1,"0":1}',
  ])('G8: refuses a key twice: %s', (text) => {
    expect(() => parseJson(text)).toThrow(refusal('duplicate'))
  })

  it.each(['__proto__', 'constructor', 'prototype', '\\u005f_proto__'])('G8: refuses the key %s', (key) => {
    expect(() => parseJson(`{"${key}":{"admin":true}}`)).toThrow(refusal('key'))
    expect(() => parseJson(`[{"a":{"${key}":1}}]`)).toThrow(refusal('key'))
  })

  it('is not misled by colons, braces and quotes inside strings', () => {
    const text = '{"a":"{\\"a\\":1,:::[[[","b\\\\":"\\\\\\""}'
    expect(parseJson(text)).toEqual(JSON.parse(text))
  })

  it('G9: refuses deep nesting before the platform sees it', () => {
    expect(() => parseJson('['.repeat(5_000_000), { maxBytes: 1e7 })).toThrow(refusal('depth'))
    expect(() => parseJson('{"a":'.repeat(1_000_000))).toThrow(refusal('depth'))
    expect(parseJson(`${'['.repeat(64)}${']'.repeat(64)}`)).toBeDefined()
    expect(() => parseJson(`${'['.repeat(65)}${']'.repeat(65)}`)).toThrow(refusal('depth'))
  })

  it('G9: refuses numbers that lose digits', () => {
    expect(parseJson('[9007199254740991,-9007199254740991,0.1,-0,1e15]')).toEqual([
      9007199254740991, -9007199254740991, 0.1, -0, 1e15,
    ])
    const big = ['9007199254740992', '-9007199254740993', '1e16', '9007199254740993.0', '1e400', '-1E+400']
    for (const text of big) {
      expect(() => parseJson(`[${text}]`)).toThrow(refusal('number'))
      expect(parseJson(`[${text}]`, { bigNumbers: bigNumbersAsStrings })).toEqual([text])
    }
    expect(() => parseJson('[01234567890123456789]', { bigNumbers: bigNumbersAsStrings })).toThrow(
      refusal('syntax'),
    )
    expect(() => parseJson('[--12345678901234567890]', { bigNumbers: bigNumbersAsStrings })).toThrow(
      refusal('syntax'),
    )
    for (const text of ['{12345678901234567890:1}', '{"a":1,12345678901234567890\n :1}'])
      expect(() => parseJson(text, { bigNumbers: bigNumbersAsStrings })).toThrow(refusal('syntax'))
  })

  it('keeps every integer exact, as a number or as its own digits', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 300n), max: 2n ** 300n }), (number) => {
        const [read] = parseJson(`[${number}]`, { bigNumbers: bigNumbersAsStrings }) as [number | string]
        expect(BigInt(read)).toBe(number)
      }),
    )
  })

  it('G9: counts bytes, not characters', () => {
    expect(() => parseJson(`"${'é'.repeat(60)}"`, { maxBytes: 100 })).toThrow(refusal('size'))
    expect(parseJson(`"${'e'.repeat(60)}"`, { maxBytes: 100 })).toBe('e'.repeat(60))
    expect(() => parseJson(' '.repeat(10_000_001))).toThrow(refusal('size'))
  })

  it('never repeats the text in its error', () => {
    try {
      parseJson('{"mnemonic":"abandon abandon')
    } catch (error) {
      expect(`${error}${JSON.stringify(error)}${(error as Error).cause}`).not.toContain('abandon')
    }
    expect.assertions(1)
  })

  it('refuses what is no text', () => {
    expect(() => parseJson(7 as never)).toThrow(refusal('syntax'))
    expect(() => parseJson('')).toThrow(refusal('syntax'))
  })

  it('takes linear time on text made to be slow', () => {
    const time = (text: string): number => {
      const start = performance.now()
      expect(() => parseJson(text)).toThrow()
      return performance.now() - start
    }
    // Backslashes without an end, quotes without a partner, digits without an end.
    for (const piece of ['\\', '\\"', '"', '1', '-', '1e', '":"'])
      expect(time(`"${piece.repeat(2_000_000)}`)).toBeLessThan(2_000)
  })
})

describe('writeJson', () => {
  it('writes the same text whatever the order of keys', () => {
    expect(writeJson({ b: 10n, a: [null, 'x'], c: undefined })).toBe('{"a":[null,"x"],"b":"10"}')
    expect(writeJson({ a: { d: 1, c: -2.5 } })).toBe(writeJson({ a: { c: -2.5, d: 1 } }))
  })

  it('is read back by parseJson', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 4 }).filter((value) => isPlain(value)),
        (value) => {
          expect(parseJson(writeJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
        },
      ),
    )
  })

  it('honours toJSON', () => {
    expect(writeJson({ at: { toJSON: () => ({ z: 1n, a: 2 }) } })).toBe('{"at":{"a":2,"z":"1"}}')
  })

  it.each([
    [Number.NaN, 'number'],
    [2 ** 53, 'number'],
    [undefined, 'syntax'],
    [() => 1, 'syntax'],
    [[undefined], 'syntax'],
    [new Uint8Array(2), 'syntax'],
    [new Map(), 'syntax'],
    [JSON.parse('{"__proto__":1}'), 'key'],
  ])('refuses %s', (value, reason) => {
    expect(() => writeJson(value)).toThrow(refusal(reason))
  })

  it('refuses a circle', () => {
    const circle: Record<string, unknown> = {}
    circle.self = circle
    expect(() => writeJson(circle)).toThrow(refusal('depth'))
  })
})

/** Without what parseJson refuses on purpose. */
function isPlain(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isInteger(value) || Number.isSafeInteger(value)
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(
    ([key, inner]) => !['__proto__', 'constructor', 'prototype'].includes(key) && isPlain(inner),
  )
}
