import type { Head, ReadOptions, TronCall, TronResult, TronSource } from '@coffer/core'
import { hashHex, isHex } from './bitcoinBytes.ts'
import { clusterTron } from './clusterTron.ts'
import { pollHeads } from './heads.ts'
import { type Asked, ask, type Heads, type Pins } from './quorumAsk.ts'
import type { Panel } from './quorumPanel.ts'
import { inRows, type Kind, type Reply, sendToAll } from './quorumSend.ts'
import { isQuestion, isSolidRead, pinned, ruleOf, upTo } from './quorumTronPaths.ts'
import { badResponse, networkError, rateLimited } from './transportErrors.ts'
import { isTronWrite } from './tronCalls.ts'

/**
 * Several sources of one Tron network, of which enough must say the same. The API answers of the newest block alone, so
 * answers that differ are asked for again while blocks come in. Broadcasts go to all; what builds transactions goes to one
 * source, as in a cluster.
 */
export function quorumTron(panel: Panel<TronSource>): TronSource {
  const { chain, sources } = panel
  const one = clusterTron(chain, sources, panel)
  const old = new Set<TronSource>()
  const readAll = (calls: readonly TronCall[], signal: AbortSignal | undefined) =>
    read(panel, old, calls, signal)
  return {
    family: 'tron',
    chain,
    name: 'quorum',
    async request(calls, { signal }: ReadOptions = {}) {
      if (calls.every((call) => kindOf(call) === 'read')) return readAll(calls, signal)
      return inRows(calls, kindOf, async (kind, row) => {
        if (kind === 'read') return readAll(row, signal)
        if (kind === 'send') return [await send(panel, row[0] as TronCall, signal)]
        panel.check(signal)
        return one.request(row, { signal })
      })
    },
    heads: (options) =>
      pollHeads(
        {
          pollInterval: panel.pollInterval,
          closed: panel.closed,
          async read(signal) {
            const { pins, block } = await hear(panel, old, [], signal)
            return { height: pins.latest, hash: block }
          },
        },
        options,
      ),
    ...(one.transfers ? { transfers: one.transfers } : {}),
    close: panel.close,
  }
}

function kindOf(call: TronCall): Kind {
  if (isTronWrite(call)) return 'send'
  return isQuestion(call) ? 'read' : 'other'
}

async function read(
  panel: Panel<TronSource>,
  old: Set<TronSource>,
  calls: readonly TronCall[],
  signal: AbortSignal | undefined,
): Promise<readonly TronResult[]> {
  panel.check(signal)
  if (calls.length === 0) return []
  const { agreed } = await hear(panel, old, calls, signal)
  return agreed.map(({ value }) => value)
}

function hear(
  panel: Panel<TronSource>,
  old: Set<TronSource>,
  calls: readonly TronCall[],
  signal: AbortSignal | undefined,
) {
  const wantsSolid = calls.some(isSolidRead)
  return ask<TronSource, TronResult>(
    panel,
    {
      questions: calls.map((call) => ({ what: describe(call), rule: ruleOf(call) })),
      async heads(source, signal): Promise<Heads> {
        const [latest, solid] = await Promise.all([
          headOf(source, old, 'wallet', signal),
          wantsSolid ? headOf(source, old, 'walletsolidity', signal) : undefined,
        ])
        if (!latest) throw badResponse(source.name ?? 'A source', 'does not tell its newest block.')
        return wantsSolid ? { latest, solid } : { latest }
      },
      async ask(one, pins, signal) {
        const { source, name, heads } = one
        const asked = calls.map((call) => pinned(call, pins))
        const [results, block, after] = await Promise.all([
          asked.length > 0 ? source.request(asked, { signal }) : [],
          blockOf(one, old, pins, signal),
          asked.length > 0 ? headOf(source, old, 'wallet', signal) : heads.latest,
        ])
        if (results.length !== asked.length) throw badResponse(name, 'answered other calls than were asked.')
        return {
          answers: results.map((result, i) => upTo(pins, calls[i] as TronCall, result)),
          block,
          moved: heads.latest.height !== pins.latest || after?.hash !== heads.latest.hash,
        }
      },
    },
    signal,
  )
}

/** The newest block of the node, or the one at a height; `undefined` when it refuses to tell. */
async function headOf(
  source: TronSource,
  old: Set<TronSource>,
  api: 'wallet' | 'walletsolidity',
  signal: AbortSignal,
  height?: number,
): Promise<Head | undefined> {
  const [result] = old.has(source)
    ? []
    : await source.request(
        [
          {
            path: `${api}/getblock`,
            body: { detail: false, ...(height === undefined ? {} : { id_or_num: String(height) }) },
          },
        ],
        { signal },
      )
  if (result?.ok) return toHead(result.value, source.name ?? 'A source')
  // Older nodes do not give a block without its transactions.
  const [whole] = await source.request(
    [
      height === undefined
        ? { path: `${api}/getnowblock` }
        : { path: `${api}/getblockbynum`, body: { num: height } },
    ],
    { signal },
  )
  if (!whole?.ok) return undefined
  old.add(source)
  return toHead(whole.value, source.name ?? 'A source')
}

async function blockOf(
  { source, name, heads }: Asked<TronSource>,
  old: Set<TronSource>,
  { latest }: Pins,
  signal: AbortSignal,
): Promise<string> {
  if (heads.latest.height === latest) return heads.latest.hash
  const block = await headOf(source, old, 'wallet', signal, latest)
  if (block?.height !== latest) throw badResponse(name, `does not show block ${latest}.`)
  return block.hash
}

function toHead(value: unknown, name: string): Head {
  const { blockID: hash } = (value ?? {}) as { blockID?: unknown }
  if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash))
    throw badResponse(name, 'sent a block without an id.')
  const height = Number.parseInt(hash.slice(0, 16), 16)
  if (!Number.isSafeInteger(height)) throw badResponse(name, 'sent a block whose id has no number.')
  return { height, hash }
}

// ---- sending ----

/** The codes with which java-tron answers a broadcast before it looks at the transaction. */
const UNREAD = ['SERVER_BUSY', 'NO_CONNECTION', 'BLOCK_UNSOLIDIFIED']

function send(
  panel: Panel<TronSource>,
  call: TronCall,
  signal: AbortSignal | undefined,
): Promise<TronResult> {
  const expected = idOf(call)
  return sendToAll(
    panel,
    async (source, name, signal): Promise<Reply<TronResult>> => {
      const [result] = await source.request([call], { signal })
      if (!result) throw badResponse(name, 'answered other calls than were asked.')
      if (!result.ok) return { kind: 'refused', answer: result, said: result.error.message }
      const { result: taken, code, txid } = (result.value ?? {}) as Record<string, unknown>
      if (taken !== true && typeof code === 'string') {
        if (code === 'SERVER_BUSY') throw rateLimited(name, { sent: false })
        if (UNREAD.includes(code))
          throw networkError(name, `takes no transactions now (${code}). Try again later.`, {
            sent: false,
            reason: code,
          })
        return { kind: 'refused', answer: result, said: code }
      }
      const isOurs = expected === undefined || String(txid).toLowerCase() === expected
      return { kind: taken === true && isOurs ? 'accepted' : 'unclear', answer: result }
    },
    signal,
  )
}

/** The id of signed bytes: the hash of the first field, which holds all that is signed. */
function idOf({ body = {} }: TronCall): string | undefined {
  const { transaction: raw, raw_data_hex: data } = body
  if (isHex(data)) return hashHex(data)
  if (!isHex(raw) || !raw.startsWith('0a')) return undefined
  let [at, length] = [2, 0]
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = Number.parseInt(raw.slice(at, at + 2), 16)
    at += 2
    length |= (byte & 127) << shift
    if (byte < 128) return hashHex(raw.slice(at, at + 2 * length))
  }
  return undefined
}

function describe({ path, body = {} }: TronCall): string {
  const texts = Object.values(body).map((value) =>
    typeof value === 'string' ? value : typeof value === 'object' ? '…' : String(value),
  )
  return `${path}(${texts.map((text) => (text.length > 66 ? `${text.slice(0, 40)}…` : text)).join(', ')})`
}
