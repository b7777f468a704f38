import { isCofferError, type RpcResult, sleep } from '@coffer/core'
import { HASH } from './bitcoinBytes.ts'
import { type CoreRpc, resultOf } from './coreRpc.ts'
import { badResponse, networkError } from './transportErrors.ts'

/** One unspent output. */
export interface FoundCoin {
  readonly txid: string
  readonly vout: number
  readonly height: number
  readonly script: string
}

export interface UnspentScan {
  /** The block up to which the node had looked. */
  readonly tip: string
  readonly coins: readonly FoundCoin[]
}

/** Looks through all unspent outputs. Minutes on a large network. */
export async function scanUnspent(
  rpc: CoreRpc,
  scripts: readonly string[],
  signal: AbortSignal,
  timeout: number,
): Promise<UnspentScan> {
  const { origin } = rpc
  const value = await scan(rpc, 'scantxoutset', [toObjects(scripts)], signal, timeout)
  const { success, bestblock: tip, unspents } = (value ?? {}) as Record<string, unknown>
  if (success !== true || !isHash(tip) || !Array.isArray(unspents))
    throw badResponse(origin, 'did not end its scan of unspent outputs.')
  const coins = (unspents as readonly (Record<string, unknown> | null)[]).map((coin): FoundCoin => {
    const { txid, vout, height, scriptPubKey: script } = coin ?? {}
    if (!isHash(txid) || !isCount(vout) || !isCount(height) || typeof script !== 'string')
      throw badResponse(origin, 'sent an unspent output that cannot be read.')
    return { txid, vout, height, script }
  })
  return { tip, coins }
}

/** The blocks from a height on that touch one of the scripts, by the node's block filters. Minutes on a large network. */
export async function scanBlocks(
  rpc: CoreRpc,
  scripts: readonly string[],
  range: readonly [from: number, to: number],
  signal: AbortSignal,
  timeout: number,
): Promise<readonly string[]> {
  const { origin } = rpc
  const params = [toObjects(scripts), ...range, 'basic', { filter_false_positives: true }]
  const value = await scan(rpc, 'scanblocks', params, signal, timeout)
  const { completed, to_height: to, relevant_blocks: blocks } = (value ?? {}) as Record<string, unknown>
  if (completed === false || to !== range[1])
    throw networkError(origin, 'did not end its scan of blocks. Try again.')
  if (!Array.isArray(blocks) || !blocks.every(isHash)) throw badResponse(origin, 'sent no list of blocks.')
  return blocks
}

/**
 * One scan. A node does one at a time, so another's is waited for; one of ours that nobody waits for any more is ended,
 * so that it is not in the way of the next.
 */
async function scan(
  rpc: CoreRpc,
  method: 'scantxoutset' | 'scanblocks',
  params: readonly unknown[],
  signal: AbortSignal,
  timeout: number,
): Promise<unknown> {
  for (let pause = 200; ; pause = Math.min(pause * 2, 5_000)) {
    const startedAt = performance.now()
    let result: RpcResult | undefined
    try {
      ;[result] = await rpc.ask([{ method, params: ['start', ...params] }], signal, { timeout, singly: true })
    } catch (error) {
      // A refusal comes at once, so what ran for longer is ours.
      const isOurs = performance.now() - startedAt > REFUSED_WITHIN_MS
      if (isOurs && isCofferError(error, 'ABORTED', 'TIMEOUT')) rpc.endScan(method)
      throw error
    }
    if (result?.ok || !/scan already in progress/i.test(result?.error.message ?? ''))
      return resultOf(result, method, rpc.origin)
    await sleep(pause * (0.5 + Math.random() / 2), signal)
  }
}

const REFUSED_WITHIN_MS = 300

function toObjects(scripts: readonly string[]): string[] {
  return scripts.map((script) => `raw(${script})`)
}

function isHash(value: unknown): value is string {
  return typeof value === 'string' && HASH.test(value)
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
