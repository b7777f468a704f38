import type { ScriptEntry, ScriptHistory } from '@coffer/core'
import { digest, HASH, hashHex, reverseHex } from './bitcoinBytes.ts'
import { badResponse } from './transportErrors.ts'

/** How Electrum servers name a script: its SHA-256, reversed. */
export function scriptHashOf(script: string): string {
  return reverseHex(hashHex(script))
}

/** The status of a script that was never used, for which Electrum has null. */
const UNUSED = 'unused'

/** Reads the answer of `blockchain.scripthash.subscribe`. */
export function readStatus(value: unknown, origin: string): string {
  if (value === null) return UNUSED
  if (typeof value === 'string' && HASH.test(value)) return value
  throw badResponse(origin, 'sent the status of a script that is none.')
}

/**
 * Reads the answer of `blockchain.scripthash.get_history`, which came after `status`. The status is kept only where it
 * is that of these very rows; where a change came in between, or a server orders waiting rows in its own way, the rows
 * get one that never matches, so that they are read again.
 *
 * @see https://electrum-protocol.readthedocs.io/en/latest/protocol-basics.html#status
 */
export function readHistoryRows(value: unknown, status: string, origin: string): ScriptHistory {
  if (!Array.isArray(value)) throw badResponse(origin, 'sent no list of transactions.')
  const mined: ScriptEntry[] = []
  const waiting: ScriptEntry[] = []
  const seen = new Set<string>()
  let text = ''
  for (const row of value as readonly { tx_hash?: unknown; height?: unknown }[]) {
    const { tx_hash: txid, height } = row ?? {}
    if (typeof txid !== 'string' || !HASH.test(txid))
      throw badResponse(origin, 'sent a transaction without an id.')
    if (!Number.isSafeInteger(height) || (height as number) < -1 || (height as number) > 0x7fff_ffff)
      throw badResponse(origin, `sent the transaction ${txid} with a wrong height.`)
    if (seen.has(txid)) throw badResponse(origin, `sent the transaction ${txid} twice.`)
    seen.add(txid)
    text += `${txid}:${height}:`
    if ((height as number) <= 0) waiting.push({ txid, height: 0 })
    else if ((mined.at(-1)?.height ?? 0) > (height as number) || waiting.length > 0)
      throw badResponse(origin, 'sent history that is not oldest first.')
    else mined.push({ txid, height: height as number })
  }
  const entries = [...mined, ...waiting]
  const own = text === '' ? UNUSED : digest(text)
  return { status: own === status ? status : `?${own}`, entries }
}
