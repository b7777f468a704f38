import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CofferError } from './error.ts'
import { formatOrigin, formatPath, HARDENED, parsePath, splitOrigin } from './path.ts'

const code = (call: () => unknown): string | undefined => {
  try {
    call()
  } catch (error) {
    return error instanceof CofferError ? error.code : String(error)
  }
  return undefined
}

describe('parsePath', () => {
  it('reads the three marks of hardening', () => {
    const expected = [44 + HARDENED, 60 + HARDENED, HARDENED, 0, 5]
    for (const text of ["m/44'/60'/0'/0/5", 'm/44h/60h/0h/0/5', 'm/44H/60H/0H/0/5', "m/44'/60h/0H/0/5"])
      expect(parsePath(text)).toEqual(expected)
    expect(parsePath('m')).toEqual([])
    expect(parsePath('m/2147483647h/2147483647')).toEqual([0xffffffff, 0x7fffffff])
  })

  it.each([
    '',
    'M',
    'M/0',
    '/0',
    '0/1',
    'm/',
    'm//0',
    'm/0/',
    'm/2147483648',
    'm/2147483648h',
    'm/99999999999',
    'm/-1',
    'm/+1',
    'm/1.0',
    'm/1e3',
    'm/0x1',
    'm/00',
    'm/01',
    ' m/0',
    'm/0 ',
    'm/ 0',
    'm/0\n',
    'm/h',
    "m/0''",
    'm/0hh',
    'm/0’',
    'm/٣',
    'm/*',
    'm/<0;1>/*',
    'm\\0',
    'mm/0',
    `m${'/0'.repeat(256)}`,
  ])('refuses %j', (text) => {
    expect(code(() => parsePath(text))).toBe('INVALID_PATH')
  })

  it('refuses what is not a string, and repeats nothing that may be a secret', () => {
    for (const value of [undefined, null, 44, ['m'], {}])
      expect(code(() => parsePath(value as unknown as string))).toBe('INVALID_PATH')
    expect(() => parsePath('legal winner thank year')).toThrow(/^This value is not a key path/)
    expect(() => parsePath('m/00')).toThrow(/^"m\/00" is not a key path/)
  })

  it('round-trips through formatPath', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: 255 }), (indexes) => {
        expect(parsePath(formatPath(indexes))).toEqual(indexes)
      }),
    )
  })
})

describe('formatPath', () => {
  it('writes the canonical form', () => {
    expect(formatPath([])).toBe('m')
    expect(formatPath(parsePath("m/44'/60'/0'/0/0"))).toBe('m/44h/60h/0h/0/0')
  })

  it('refuses indexes that are none', () => {
    for (const index of [-1, 2 ** 32, 0.5, Number.NaN, '0' as unknown as number])
      expect(code(() => formatPath([index]))).toBe('INVALID_PATH')
    expect(code(() => formatPath(new Array(256).fill(0)))).toBe('INVALID_PATH')
  })
})

describe('key origins', () => {
  it('are written as descriptors write them', () => {
    expect(formatOrigin('d34db33f', "m/44'/60'/0'/0/0")).toBe('[d34db33f/44h/60h/0h/0/0]')
    expect(formatOrigin('d34db33f', 'm')).toBe('[d34db33f]')
    expect(code(() => formatOrigin('D34DB33F', 'm'))).toBe('INVALID_KEY')
    expect(code(() => formatOrigin('d34db3', 'm'))).toBe('INVALID_KEY')
    expect(code(() => formatOrigin('d34db33f', '44h'))).toBe('INVALID_PATH')
  })

  it('are split off and made canonical', () => {
    expect(splitOrigin("[D34DB33F/44'/60'/0'/0/0]eip155:1:0xab")).toEqual({
      origin: { fingerprint: 'd34db33f', path: 'm/44h/60h/0h/0/0' },
      rest: 'eip155:1:0xab',
    })
    expect(splitOrigin('[d34db33f]x')).toEqual({ origin: { fingerprint: 'd34db33f', path: 'm' }, rest: 'x' })
    expect(splitOrigin('eip155:1:0xab')).toEqual({ rest: 'eip155:1:0xab' })
    expect(splitOrigin('wpkh([d34db33f/84h]xpub)')).toEqual({ rest: 'wpkh([d34db33f/84h]xpub)' })
  })

  it.each([
    '[',
    '[]',
    '[d34db33f',
    '[d34db3]x',
    '[d34db33g]x',
    '[d34db33f/]x',
    '[d34db33f44h]x',
    '[d34db33f/44x]x',
    '[d34db33f//0]x',
  ])('refuses %j', (text) => {
    expect(code(() => splitOrigin(text))).toBe('INVALID_ACCOUNT')
  })

  it('round-trip', () => {
    const hex = fc
      .uint8Array({ minLength: 4, maxLength: 4 })
      .map((bytes) => Buffer.from(bytes).toString('hex'))
    const path = fc.array(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: 10 }).map(formatPath)
    fc.assert(
      fc.property(hex, path, (fingerprint, path) => {
        expect(splitOrigin(`${formatOrigin(fingerprint, path)}rest`)).toEqual({
          origin: { fingerprint, path },
          rest: 'rest',
        })
      }),
    )
  })
})
