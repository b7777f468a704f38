import { CofferError } from '@coffer/core'
import { addressToHex } from './address.ts'
import type { Address } from './intent.ts'

export interface ContractQuery {
  readonly to: Address
  /** Bare hexadecimal. */
  readonly data: string
}

/** What one contract answered: at most 1,024 bytes, bare hexadecimal. `ok` is false when it reverted or used too much. */
export interface ContractAnswer {
  readonly ok: boolean
  readonly data: string
}

/**
 * Code that makes any number of contract reads when it is run as the creation of a contract, which a node does without
 * sending anything: one request for all tokens. Each read has 300,000 energy of its own and a bounded answer, so that a
 * hostile token spoils nobody else's.
 *
 * It takes, appended to it, for each read: address (20 bytes), length (2), data. It returns, for each: success (1 byte),
 * length (2), data.
 *
 *     in = 0; end = codesize - L; codecopy(0, L, end); out = end
 *     while in < end:
 *       ok = staticcall(300000, mload(in) >> 96, in + 22, mload(in + 20) >> 240, 0, 0)
 *       in += 22 + length; size = min(returndatasize, 1024)
 *       mstore(out, ok << 248 | size << 232); returndatacopy(out + 3, 0, size); out += 3 + size
 *     return(end, out - end)
 */
const READER =
  '60708038039081906000398060005b828110601b575081900390f35b805160601c816014015160f01c9160160160006000848385620493e0fa60f81b9150820191503d6104008111604e576053565b506104005b8060e81b821784529050806000846003013e60030190910190600e56'

/** The code for these reads. At most 400 at a time. */
export function readerCode(queries: readonly ContractQuery[]): string {
  if (queries.length > 400)
    throw new CofferError({ code: 'INVALID_REQUEST', message: 'Ask for at most 400 tokens at a time.' })
  const input = queries.map(
    ({ to, data }) => addressToHex(to).slice(2) + (data.length / 2).toString(16).padStart(4, '0') + data,
  )
  return READER + input.join('')
}

/** What the reads answered; `undefined` where it is not what the code above returns. */
export function readerAnswers(returned: string, length: number): ContractAnswer[] | undefined {
  const answers: ContractAnswer[] = []
  let at = 0
  while (at + 6 <= returned.length) {
    const size = Number.parseInt(returned.slice(at + 2, at + 6), 16) * 2
    answers.push({ ok: returned.slice(at, at + 2) === '01', data: returned.slice(at + 6, at + 6 + size) })
    at += 6 + size
  }
  return answers.length === length && at === returned.length ? answers : undefined
}
