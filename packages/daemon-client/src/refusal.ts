import { CofferError } from '@coffer/core'
import { cleanText } from './text.ts'
import { networkError } from './transportErrors.ts'

/**
 * What a node's refusal of a transaction means, whoever brings it: its words, or JSON with its code and words in them.
 * `BROADCAST_REJECTED` with the words as `details.reason`; `NETWORK` when the node could not look at it at all.
 */
export function refusalOf(text: string, origin: string, rpcCode?: number): CofferError {
  // Electrum servers repeat the whole transaction.
  const said = text.slice(0, 4_000).replace(/\[?[0-9a-f]{130,}\]?/gi, '…')
  const written = /["']?code["']?\s*:\s*(-?[0-9]{1,5})/.exec(said)?.[1]
  const code = rpcCode ?? (written === undefined ? undefined : Number(written))
  const message = /["']?message["']?\s*:\s*(?:"((?:[^"\\]|\\.){1,1000})"|'([^']{1,1000})')/.exec(said)
  const reason = cleanText(message?.[1] ?? message?.[2] ?? said) || 'no reason given'
  if ((code !== undefined && NOT_NOW.has(code)) || NOT_READY.test(reason))
    return networkError(origin, `cannot take transactions now: ${reason}. Try again later.`, { sent: false })
  return new CofferError({
    code: 'BROADCAST_REJECTED',
    message: `${origin} refused the transaction: ${reason}.`,
    details: { origin, reason, ...(code === undefined ? {} : { rpcCode: code }) },
  })
}

/** Bitcoin Core: not connected, still loading blocks, warming up. */
const NOT_NOW = new Set([-9, -10, -28])
const NOT_READY = /warming up|loading block index|verifying blocks|connection refused|daemon is not ready/i
