import { describe, expect, it } from 'vitest'
import { CofferError, isCofferError } from './error.ts'

describe('CofferError', () => {
  const error = new CofferError({
    code: 'INSUFFICIENT_FUNDS',
    message: 'Add funds.',
    details: { needed: 10n, list: [1n], inner: { a: 2n } },
    cause: new Error('the cause'),
  })

  it('writes bigints as strings and leaves the cause out', () => {
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'CofferError',
      code: 'INSUFFICIENT_FUNDS',
      message: 'Add funds.',
      details: { needed: '10', list: ['1'], inner: { a: '2' } },
      retryable: false,
      docsPath: 'docs/guide/errors.md#insufficient_funds',
    })
    expect(error.cause).toBeInstanceOf(Error)
  })

  it('is told by code, also when it comes from another copy of the package', () => {
    expect(isCofferError(error)).toBe(true)
    expect(isCofferError(error, 'NETWORK', 'INSUFFICIENT_FUNDS')).toBe(true)
    expect(isCofferError(error, 'NETWORK')).toBe(false)
    expect(isCofferError({ name: 'CofferError', code: 'NETWORK' }, 'NETWORK')).toBe(true)
    expect(isCofferError(new Error('x'))).toBe(false)
    expect(isCofferError(null)).toBe(false)
  })
})
