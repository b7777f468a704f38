import { bigNumbersAsStrings, isCofferError, parseJson } from '@coffer/core'
import { badResponse } from './transportErrors.ts'

/** JSON of a server, read strictly; integers beyond 2^53 keep their digits as strings. Throws `BAD_RESPONSE`. */
export function readJson(text: string, maxBytes: number, origin: string): unknown {
  try {
    return parseJson(text, { maxBytes, bigNumbers: bigNumbersAsStrings })
  } catch (error) {
    if (/^\s*</.test(text)) throw badResponse(origin, 'sent a web page rather than JSON. Check the URL.')
    const reason = isCofferError(error) ? error.details.reason : undefined
    throw badResponse(origin, `sent JSON that is refused${reason ? ` (${reason})` : ''}.`)
  }
}
