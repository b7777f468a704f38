import { bytesToHex } from '@noble/hashes/utils.js'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readHeader, readTx } from './proven.ts'
import { encodeTx, txidOf } from './transaction.ts'
import { anyTx } from './tx.fixture.ts'

const REFUSED = expect.objectContaining({ code: 'BAD_RESPONSE' })
const attempt = (read: () => unknown): unknown => {
  try {
    return read()
  } catch (error) {
    return error
  }
}

it('reads a transaction that has the id it is asked for', () => {
  fc.assert(
    fc.property(anyTx, (tx) => {
      expect(readTx(txidOf(tx), bytesToHex(encodeTx(tx)))).toEqual(tx)
    }),
  )
})

it('G9: refuses bytes of another transaction, and what is none', () => {
  fc.assert(
    fc.property(anyTx, (tx) => {
      expect(attempt(() => readTx('ab'.repeat(32), bytesToHex(encodeTx(tx))))).toEqual(REFUSED)
    }),
  )
  for (const raw of ['', '0', 'zz', '00'.repeat(60)])
    expect(attempt(() => readTx('ab'.repeat(32), raw))).toEqual(REFUSED)
})

it('G9: refuses a header that is none', () => {
  expect(readHeader('ab'.repeat(80))).toHaveLength(80)
  for (const header of ['', 'ab'.repeat(79), 'a'.repeat(161), 'zz'.repeat(80), '__proto__'])
    expect(attempt(() => readHeader(header))).toEqual(REFUSED)
})
