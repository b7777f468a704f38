import type { EvmSource, ReadOptions, RpcCall, RpcResult } from '@coffer/core'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { isRateLimit } from './answers.ts'
import { clusterEvm } from './clusterEvm.ts'
import { pollHeads } from './heads.ts'
import { isRead } from './methods.ts'
import { ask, type Heads } from './quorumAsk.ts'
import { hangsOnBlock, pinned, quantity, ruleOf, tagsOf, upTo } from './quorumMethods.ts'
import type { Panel } from './quorumPanel.ts'
import { inRows, type Kind, type Reply, sendToAll } from './quorumSend.ts'
import { badResponse, rateLimited } from './transportErrors.ts'

/**
 * Several sources of one EVM chain, of which enough must say the same. Reads take two round trips: one for the newest block
 * that enough have, one at that block. `eth_sendRawTransaction` goes to all. Any other write goes to one source, as a
 * cluster would send it.
 */
export function quorumEvm(panel: Panel<EvmSource>): EvmSource {
  const { chain, sources } = panel
  const one = clusterEvm(chain, sources, panel)
  const newest: RpcCall = { method: 'eth_getBlockByNumber', params: ['latest', false] }
  return {
    family: 'evm',
    chain,
    name: 'quorum',
    request: (calls, read) => request(panel, one, calls, read),
    heads: (read) =>
      pollHeads(
        {
          pollInterval: panel.pollInterval,
          closed: panel.closed,
          async read(signal) {
            const [result] = await readAll(panel, [newest], signal)
            return headOf(result, 'the quorum')
          },
        },
        read,
      ),
    ...(one.transfers ? { transfers: one.transfers } : {}),
    close: panel.close,
  }
}

function kindOf(call: RpcCall): Kind {
  if (isRead(call)) return 'read'
  return call.method === 'eth_sendRawTransaction' ? 'send' : 'other'
}

function request(
  panel: Panel<EvmSource>,
  one: EvmSource,
  calls: readonly RpcCall[],
  { signal }: ReadOptions = {},
): Promise<readonly RpcResult[]> {
  if (calls.every(isRead)) return readAll(panel, calls, signal)
  return inRows(calls, kindOf, async (kind, row) => {
    if (kind === 'read') return readAll(panel, row, signal)
    if (kind === 'send') return [await send(panel, row[0] as RpcCall, signal)]
    panel.check(signal)
    return one.request(row, { signal })
  })
}

async function readAll(
  panel: Panel<EvmSource>,
  calls: readonly RpcCall[],
  signal: AbortSignal | undefined,
): Promise<readonly RpcResult[]> {
  panel.check(signal)
  if (calls.length === 0) return []
  const isPinned = calls.some(hangsOnBlock)
  const tags = ['latest', ...[...tagsOf(calls)].filter((tag) => tag !== 'latest')]
  // The number of the newest block is known once all are asked at one.
  const asked = calls.filter(({ method }) => method !== 'eth_blockNumber')
  const { agreed, pins } = await ask<EvmSource, RpcResult>(
    panel,
    {
      questions: asked.map((call) => ({ what: describe(call), rule: ruleOf(call) })),
      ...(isPinned ? { heads: (source, signal) => headsOf(source, tags, signal) } : {}),
      async ask({ source, name }, pins, signal) {
        const calls = asked.map((call) => pinned(call, (tag) => pins[tag]))
        const fence: RpcCall[] = isPinned
          ? [{ method: 'eth_getBlockByNumber', params: [quantity(pins.latest), false] }]
          : []
        const results = await requestOf(source, name, [...calls, ...fence], signal)
        const answers = results.slice(0, calls.length)
        return {
          answers: isPinned ? answers.map((one, i) => upTo(pins.latest, calls[i] as RpcCall, one)) : answers,
          block: isPinned ? headOf(results.at(-1), name).hash : '',
        }
      },
    },
    signal,
  )
  let next = 0
  return calls.map(({ method }) =>
    method === 'eth_blockNumber'
      ? { ok: true, value: quantity(pins.latest) }
      : (agreed[next++]?.value as RpcResult),
  )
}

/** The newest block, and those with the names of `tags`; `undefined` for a name that the node does not know. */
async function headsOf(source: EvmSource, tags: readonly string[], signal: AbortSignal): Promise<Heads> {
  const name = source.name ?? 'A source'
  const calls = tags.map((tag) => ({ method: 'eth_getBlockByNumber', params: [tag, false] }))
  const [latest, ...others] = await requestOf(source, name, calls, signal)
  const named = others.map((result, i) => [
    tags[i + 1],
    result.ok && result.value ? headOf(result, name) : undefined,
  ])
  return { ...Object.fromEntries(named), latest: headOf(latest, name) }
}

/** The answers, as many as the calls; a plea for peace is a failure. */
async function requestOf(
  source: EvmSource,
  name: string,
  calls: readonly RpcCall[],
  signal: AbortSignal,
): Promise<readonly RpcResult[]> {
  const results = await source.request(calls, { signal })
  if (results.length !== calls.length) throw badResponse(name, 'answered other calls than were asked.')
  if (results.some(isRateLimit)) throw rateLimited(name)
  return results
}

function headOf(result: RpcResult | undefined, name: string): { height: number; hash: string } {
  const { number, hash } = (result?.ok ? (result.value ?? {}) : {}) as { number?: unknown; hash?: unknown }
  if (typeof number !== 'string' || !/^0x[0-9a-f]{1,13}$/i.test(number))
    throw badResponse(name, 'does not tell of the block that was asked for.')
  if (typeof hash !== 'string' || !/^0x[0-9a-f]{64}$/i.test(hash))
    throw badResponse(name, 'sent a block without a hash.')
  return { height: Number(number), hash: hash.toLowerCase() }
}

function send(panel: Panel<EvmSource>, call: RpcCall, signal: AbortSignal | undefined): Promise<RpcResult> {
  const expected = idOf(call.params[0])
  return sendToAll(
    panel,
    async (source, name, signal): Promise<Reply<RpcResult>> => {
      const [result] = await source.request([call], { signal })
      if (!result) throw badResponse(name, 'answered other calls than were asked.')
      // What was refused so was not looked at.
      if (isRateLimit(result)) throw rateLimited(name, { sent: false })
      if (!result.ok) return { kind: 'refused', answer: result, said: result.error.message }
      return { kind: result.value === expected ? 'accepted' : 'unclear', answer: result }
    },
    signal,
  )
}

/** The id that a node must answer: the hash of the bytes, but for blobs that travel beside them. */
function idOf(raw: unknown): string | undefined {
  if (typeof raw !== 'string' || !/^0x(?:[0-9a-f]{2})+$/i.test(raw)) return undefined
  return `0x${bytesToHex(keccak_256(hexToBytes(raw.slice(2))))}`
}

function describe({ method, params }: RpcCall): string {
  const texts = params.map((param) => (typeof param === 'string' ? param : JSON.stringify(param)) ?? '')
  return `${method}(${texts.map((text) => (text.length > 66 ? `${text.slice(0, 40)}…` : text)).join(', ')})`
}
