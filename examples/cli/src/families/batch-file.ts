import { CofferError } from '@coffer/core'
import { readNamed } from '../files.ts'

/** One payment of several; a string amount is in whole coins. */
export interface Payment {
  readonly to: string
  readonly amount: string | bigint
}

/** As many as one transaction can hold, about. */
const MOST_LINES = 3_100
const LONGEST = 1_000_000

/**
 * Reads a table of payments: one `address,amount` a line, amounts in whole coins. A first line of these two words, empty
 * lines, and lines that begin with # are passed over. Anything else is an error that names its line: `INVALID_REQUEST`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc4180
 */
export async function readBatch(path: string): Promise<readonly Payment[]> {
  const text = (await readNamed(path)).replace(/^\uFEFF/, '')
  const lines = text.split(/\r?\n/)
  if (text.length > LONGEST || lines.length > MOST_LINES)
    throw wrong(path, 'It is too long for one transaction. Split it.')
  const payments = lines.flatMap((line, i): Payment[] => {
    if (/^\s*(?:#.*)?$/.test(line) || (i === 0 && /^\s*address\s*,\s*amount\s*$/i.test(line))) return []
    const [, to, amount] = /^\s*([0-9A-Za-z]+)\s*,\s*([0-9]+(?:\.[0-9]+)?)\s*$/.exec(line) ?? []
    if (to === undefined || amount === undefined)
      throw wrong(path, `Line ${i + 1} is not an address, a comma and an amount such as 0.25.`)
    return [{ to, amount }]
  })
  if (payments.length === 0) throw wrong(path, 'There is no payment in it.')
  return payments
}

function wrong(path: string, why: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message: `${path} cannot be used. ${why}` })
}
