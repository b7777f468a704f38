import { CofferError } from '@coffer/core'
import { readNamed } from '../files.ts'

/** One payment of several; a string amount is in whole coins. */
export interface Payment {
  readonly to: string
  readonly amount: string | bigint
}

/** One payment that is remembered by its id. */
export interface NamedPayment {
  readonly id: string
  readonly to: string
  readonly amount: string
}

/** As many as one transaction can hold, about. */
const MOST_IN_ONE = 3_100
const MOST = 10_000
const LONGEST = 1_000_000

/**
 * Reads a table of payments: one `address,amount` a line, amounts in whole coins. A first line of these two words, empty
 * lines, and lines that begin with # are passed over. Anything else is an error that names its line: `INVALID_REQUEST`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc4180
 */
export async function readBatch(path: string): Promise<readonly Payment[]> {
  return readTable(path, MOST_IN_ONE, ['address', 'amount'], (cells) => {
    const [to = '', amount = '', more] = cells
    if (more !== undefined || !ADDRESS.test(to) || !AMOUNT.test(amount)) return undefined
    return { to, amount }
  })
}

/** The same of `id,address,amount` lines, in which each id stands once. */
export async function readPayouts(path: string): Promise<readonly NamedPayment[]> {
  const payouts = await readTable(path, MOST, ['id', 'address', 'amount'], (cells) => {
    const [id = '', to = '', amount = '', more] = cells
    if (more !== undefined || !ID.test(id) || !ADDRESS.test(to) || !AMOUNT.test(amount)) return undefined
    return { id, to, amount }
  })
  const ids = new Set<string>()
  for (const { id } of payouts) {
    if (ids.has(id)) throw wrong(path, `The id ${id} stands there twice, and each id is paid once.`)
    ids.add(id)
  }
  return payouts
}

const ID = /^[\w.:-]{1,100}$/
const ADDRESS = /^[0-9A-Za-z]+$/
const AMOUNT = /^[0-9]+(?:\.[0-9]+)?$/

async function readTable<T>(
  path: string,
  most: number,
  columns: readonly string[],
  read: (cells: readonly string[]) => T | undefined,
): Promise<readonly T[]> {
  const text = (await readNamed(path)).replace(/^\uFEFF/, '')
  const lines = text.split(/\r?\n/)
  if (text.length > LONGEST || lines.length > most)
    throw wrong(path, 'It is too long for one time. Split it.')
  const rows = lines.flatMap((line, i): T[] => {
    if (/^\s*(?:#.*)?$/.test(line)) return []
    const cells = line.split(',').map((cell) => cell.trim())
    if (i === 0 && cells.join().toLowerCase() === columns.join()) return []
    const row = read(cells)
    if (row) return [row]
    const named =
      columns.length === 2
        ? 'an address, a comma and an amount'
        : 'an id, an address and an amount, with commas,'
    throw wrong(path, `Line ${i + 1} is not ${named} such as 0.25.`)
  })
  if (rows.length === 0) throw wrong(path, 'There is no payment in it.')
  return rows
}

function wrong(path: string, why: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message: `${path} cannot be used. ${why}` })
}
