import { formatAmount } from '@coffer/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BOB, OWN, USDT } from './fake-source.fixture.ts'
import { formatUri, parseUri } from './uri.ts'

describe('payment links', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(
        fc.option(fc.bigInt({ min: 0n, max: 2n ** 100n }), { nil: undefined }),
        fc.constantFrom(undefined, USDT),
        fc.integer({ min: 0, max: 30 }),
        (amount, token, decimals) => {
          expect(parseUri(formatUri(OWN, { token, amount, decimals }))).toEqual({
            to: OWN,
            ...(token === undefined ? {} : { token }),
            ...(amount === undefined ? {} : { amount: formatAmount(amount, decimals) }),
          })
        },
      ),
    )
  })

  it.each([
    [OWN, { to: OWN }],
    [`tron:${OWN}`, { to: OWN }],
    [`TRON:${OWN}`, { to: OWN }],
    [`tron://${OWN}?`, { to: OWN }],
    [`tron:${OWN}?label=Shop&amount=2.5`, { to: OWN, amount: '2.5' }],
    [`tron:${OWN}?token=${USDT}&amount=0`, { to: OWN, token: USDT, amount: '0' }],
    ['41a614f803b6fd780986a42c78ec9c7f77e6ded13c', { to: USDT }],
  ])('%s is read', (text, expected) => {
    expect(parseUri(text)).toEqual(expected)
  })

  it.each([
    [`tron:${OWN}?amount=1&amount=2`, 'INVALID_URI'],
    [`tron:${OWN}?token=${USDT}&token=${BOB}`, 'INVALID_URI'],
    [`tron:${OWN}?req-burn=1`, 'INVALID_URI'],
    ...['-1', '1e3', '1,5', '.5', '5.', '01', '', ' 1', '0x1', '1%30', '١', '1=2', '9'.repeat(32)].map(
      (amount) => [`tron:${OWN}?amount=${amount}`, 'INVALID_URI'] as const,
    ),
    [`tron:${OWN}?token=`, 'INVALID_ADDRESS'],
    [`tron:${OWN}?token=${USDT.toLowerCase()}`, 'INVALID_ADDRESS'],
    [`tron:${OWN}#?amount=1`, 'INVALID_ADDRESS'],
    [`tron:${OWN}/transfer?amount=1`, 'INVALID_ADDRESS'],
    [`tron:tron:${OWN}`, 'INVALID_ADDRESS'],
    [`ethereum:${OWN}`, 'INVALID_ADDRESS'],
    [`bitcoin:${OWN}?amount=1`, 'INVALID_ADDRESS'],
    ['', 'INVALID_ADDRESS'],
    [`tron:${OWN}?label=${'x'.repeat(1_000)}`, 'INVALID_URI'],
    [5 as unknown as string, 'INVALID_URI'],
  ] as readonly (readonly [text: string, code: string])[])('%s is refused', (text, code) => {
    expect(() => parseUri(text)).toThrow(expect.objectContaining({ code }))
  })

  it('whatever comes in ends in a link or in one of its errors', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((rest) => `tron:${OWN}?${rest}`),
        ),
        (text) => {
          try {
            expect(parseUri(text).to).toMatch(/^T/)
          } catch (error) {
            expect(error).toMatchObject({ code: expect.stringMatching(/^INVALID_(URI|ADDRESS)$/) })
          }
        },
      ),
    )
  })
})
