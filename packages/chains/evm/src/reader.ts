import { CofferError } from '@coffer/core'
import { hexData } from './hex.ts'
import type { Address, Hex } from './intent.ts'
import { type Read, read } from './rpc.ts'

export interface ContractRead {
  readonly to: Address
  readonly data: Hex
}

/** What one contract answered: at most 1,024 bytes. `ok` is false when it reverted or used more than 300,000 gas. */
export interface ContractAnswer {
  readonly ok: boolean
  readonly data: Hex
}

/**
 * Any number of contract reads as one `eth_call` that needs no contract on the chain: the call is the creation of a
 * contract whose creation code makes the reads and returns the answers. Each read has its own gas and a bounded
 * answer, so that a hostile token spoils nobody else's.
 *
 * The code takes, appended to it, for each read: address (20 bytes), length (2), data. It returns, for each: success
 * (1 byte), length (2), data.
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

/** The reads as one entry of a batch. At most 400 at a time. */
export function contractReads(reads: readonly ContractRead[]): Read<readonly ContractAnswer[]> {
  if (reads.length > 400)
    throw new CofferError({ code: 'INVALID_REQUEST', message: 'Ask for at most 400 tokens at a time.' })
  const input = reads.map(
    ({ to, data }) => to.slice(2) + (data.length / 2 - 1).toString(16).padStart(4, '0') + data.slice(2),
  )
  return read('eth_call', [{ data: `0x${READER}${input.join('')}` }, 'latest'], (value) =>
    answers(value, reads.length),
  )
}

function answers(value: unknown, count: number): ContractAnswer[] {
  const bytes = hexData(value, 400 * 1027).slice(2)
  const list: ContractAnswer[] = []
  let at = 0
  while (at + 6 <= bytes.length) {
    const size = Number.parseInt(bytes.slice(at + 2, at + 6), 16) * 2
    list.push({ ok: bytes.slice(at, at + 2) === '01', data: `0x${bytes.slice(at + 6, at + 6 + size)}` })
    at += 6 + size
  }
  if (list.length !== count || at !== bytes.length)
    throw new CofferError({ code: 'BAD_RESPONSE', message: 'The node did not answer every contract read.' })
  return list
}

/** A `uint256` answer, or `undefined` when the contract gave none. */
export function uintAnswer(answer: ContractAnswer): bigint | undefined {
  return answer.ok && answer.data.length === 66 ? BigInt(answer.data) : undefined
}
