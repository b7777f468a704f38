import { describe, expect, it } from 'vitest'
import { newRecoveryCode, readRecoveryCode } from './recovery-code.ts'

describe('a recovery code', () => {
  const code = '000G-40R4-0M30-E209-185G-R38E-1W81-24JZ'
  const material = Uint8Array.from({ length: 19 }, (_, i) => i)

  it('holds 19 bytes in 32 letters and digits, and stays what it is on paper', () => {
    const made = newRecoveryCode()
    expect(made.material).toHaveLength(19)
    expect(made.code).toHaveLength(39)
    expect(readRecoveryCode(made.code)).toEqual(made.material)
    expect(readRecoveryCode(code)).toEqual(material)
  })

  it('is read with the letters that look like digits', () => {
    expect(code).toMatch(/0.*1/)
    for (const one of ['I', 'i', 'L', 'l'])
      for (const zero of ['O', 'o'])
        expect(readRecoveryCode(code.replaceAll('1', one).replaceAll('0', zero))).toEqual(material)
    expect(readRecoveryCode(`\t${code.replaceAll('-', '').toLowerCase()}\n`)).toEqual(material)
  })

  it.each([
    ['nothing', ''],
    ['one letter less', code.slice(0, -1)],
    ['a group less', code.slice(0, -5)],
    ['a letter more', `${code}0`],
    ['two groups more', `${code}-0000-0000`],
    ['a letter that is none of them', code.replace(/.$/, 'U')],
    ['a sign that is none of them', code.replace('-', '_')],
    ['two that changed places', code.replace(/^(.)(.)(.)(.)/, '$1$2$4$3')],
  ])('is refused with %s', (_, given) => {
    expect(() => readRecoveryCode(given)).toThrow(expect.objectContaining({ code: 'INVALID_KEY' }))
  })
})
