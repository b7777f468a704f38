import { CofferError, isCofferError, parseAmount } from '@coffer/core'
import type { TronCosts } from '@coffer/tron'
import { invalid, isSpeed } from './words.ts'

/** The options that any transaction on Tron takes, as they were typed. */
export interface CostWords {
  readonly fee?: string | undefined
  readonly maxFee?: string | undefined
  /** In TRX. */
  readonly feeLimit?: string | undefined
  /** Seconds. */
  readonly expires?: number | undefined
  readonly memo?: string | undefined
  readonly permission?: number | undefined
  readonly again?: boolean | undefined
}

export function costsOf(words: CostWords): TronCosts {
  const { fee, maxFee, feeLimit, expires, memo, permission, again } = words
  if (fee !== undefined && !isSpeed(fee))
    throw invalid(
      'Tron has no market for fees: --fee "slow", "normal" and "fast" cost the same. Leave it out.',
    )
  if (expires !== undefined && (expires < 60 || expires > 86_340))
    throw invalid('A payment may wait 60 to 86340 seconds for its block: --expires 3600.')
  return {
    fee,
    maxFee,
    feeLimit: feeLimit === undefined ? undefined : parseAmount(feeLimit, 6),
    expiresIn: expires,
    memo,
    permission,
    again,
  }
}

/** Makes a draft; that the very same is open already is said in the words of this program. */
export async function created<T>(create: () => Promise<T>): Promise<T> {
  try {
    return await create()
  } catch (error) {
    if (!isCofferError(error, 'PAYMENT_OPEN')) throw error
    const { txid, expiration } = error.details
    throw new CofferError({
      code: 'PAYMENT_OPEN',
      message: `The very same was signed before, and may still reach a block until ${new Date(Number(expiration)).toISOString()}. Send that one again with "coffer publish ${String(txid)}", or wait until it has expired. If you mean a second one, add --again.`,
      details: error.details,
      cause: error,
      retryable: true,
    })
  }
}
