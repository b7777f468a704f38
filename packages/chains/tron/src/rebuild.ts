import { CofferError, type DraftFields, isCofferError } from '@coffer/core'
import { buildTransaction } from './build.ts'
import type { Hex, TronIntent, TronNetwork } from './intent.ts'
import { readPayload, writePayload } from './payload.ts'

/**
 * The payload that the intent makes, given the reference block, the times and the fee limit of the draft's own payload.
 * Nothing else is taken from there, so a field that nobody asked for makes the two differ.
 *
 * Throws `INVALID_DRAFT` when the payload is not a transaction of this account, `DRAFT_MISMATCH` when the intent makes none.
 */
export function rebuild(draft: DraftFields<TronIntent>, network: TronNetwork): Hex {
  const { tx, account } = readPayload(draft, network)
  try {
    return writePayload(buildTransaction(draft.intent, tx, network, account))
  } catch (cause) {
    if (!isCofferError(cause)) throw cause
    throw new CofferError({
      code: 'DRAFT_MISMATCH',
      message: `The intent of this draft does not make its bytes: ${cause.message} Do not sign it; make a new draft.`,
      cause,
    })
  }
}
