import type {
  ChainId,
  FeeEstimate,
  Head,
  ReadOptions,
  SourceFactory,
  TxRecord,
  UtxoSource,
} from '@coffer/core'
import { HASH, HEADER, headerHash } from './bitcoinBytes.ts'
import { checkBitcoinChain } from './bitcoinChain.ts'
import { scaledUp } from './decimal.ts'
import { readHistory } from './esploraHistory.ts'
import { rawOf, readRow } from './esploraRows.ts'
import { pollHeads } from './heads.ts'
import { refusalOf } from './refusal.ts'
import { type Answer, checkRestOptions, openRest, parseRest, type Rest, type RestOptions } from './rest.ts'
import { badResponse, networkError, statusError } from './transportErrors.ts'
import { checkHeight, checkRaw, checkScript, checkTxid } from './utxoQueries.ts'

export interface EsploraOptions extends RestOptions {}

/**
 * A Bitcoin network through the REST API of Esplora: Blockstream's, mempool.space's, and their like.
 *
 * The server's first block must be that of the chain: it is looked at before anything else, again after a failure, and
 * every five minutes. Transactions are written from their fields and must hash to their ids, and headers to their block's
 * hash; that a transaction is mined, and that none is missing, is the server's word. Nothing is retried: that is for
 * `cluster`.
 *
 * Throws `INVALID_REQUEST` for a URL or options that cannot be used; the source throws `INVALID_CHAIN` for a chain that is
 * no `bip122:…`. User name and password in the URL become an `authorization` header; neither they nor the path appear in
 * an error.
 *
 * @example
 * const source = esplora('https://blockstream.info/api')('bip122:000000000019d6689c085ae165831e93')
 * await source.tip() // { height: 957412, hash: '00000000000000000001…' }
 * @see https://github.com/Blockstream/esplora/blob/master/API.md
 */
export function esplora(
  where: string | ({ readonly url: string } & EsploraOptions),
  options: EsploraOptions = {},
): SourceFactory<UtxoSource> {
  const { url, ...all } = typeof where === 'string' ? { url: where, ...options } : { ...where, ...options }
  checkRestOptions(all)
  parseRest(url)
  return (chain) => open(url, chain, all)
}

function open(url: string, chain: ChainId, options: EsploraOptions): UtxoSource {
  checkBitcoinChain(chain, 'esplora')
  const rest = openRest(url, chain, options, (rest, signal) => blockAt(rest, 0, signal))
  const { origin } = rest
  const { pollInterval = 10_000 } = options
  const tip = (read?: ReadOptions): Promise<Head> => rest.run(read, (signal) => readTip(rest, signal))
  return {
    family: 'utxo',
    chain,
    name: origin,
    tip,
    async headers(heights, read) {
      heights.forEach(checkHeight)
      return rest.each(heights, read, (height, signal) => readHeader(rest, height, signal))
    },
    async history(queries, read) {
      for (const { script } of queries) checkScript(script)
      return rest.each(queries, read, (query, signal) => readHistory(rest, query, signal))
    },
    async transactions(queries, read) {
      for (const { txid } of queries) checkTxid(txid)
      return rest.each(queries, read, ({ txid }, signal) => readTransaction(rest, txid, signal))
    },
    feeRates: (read) => rest.run(read, (signal) => readFeeRates(rest, signal)),
    async broadcast(raw, read) {
      checkRaw(raw)
      const answer = await rest.post('/tx', raw, read)
      return readBroadcast(answer, origin)
    },
    heads: (read) =>
      pollHeads({ pollInterval, closed: rest.closed, read: (signal) => tip({ signal }) }, read),
    close: rest.close,
  }
}

async function readTip(rest: Rest, signal: AbortSignal): Promise<Head> {
  const { status, text } = await rest.get('/blocks/tip/hash', signal)
  if (status !== 200) throw statusError(rest.origin, status)
  const hash = text.trim()
  if (!HASH.test(hash)) throw badResponse(rest.origin, 'does not tell its latest block.')
  const { id, height } = ((await rest.json(`/block/${hash}`, signal)) ?? {}) as {
    id?: unknown
    height?: unknown
  }
  if (id !== hash || !Number.isSafeInteger(height) || (height as number) < 0)
    throw badResponse(rest.origin, 'sent a block without a height.')
  return { height: height as number, hash }
}

/** The id of the block at a height; `undefined` above the tip. */
async function blockAt(rest: Rest, height: number, signal: AbortSignal): Promise<string | undefined> {
  const answer = await rest.get(`/block-height/${height}`, signal)
  if (isUnknown(answer)) return undefined
  if (answer.status !== 200) throw statusError(rest.origin, answer.status)
  const hash = answer.text.trim()
  if (!HASH.test(hash)) throw badResponse(rest.origin, 'sent a block without a hash.')
  return hash
}

async function readHeader(rest: Rest, height: number, signal: AbortSignal): Promise<string | undefined> {
  // The block may be replaced between the two questions.
  for (let tries = 0; tries < 3; tries++) {
    const hash = await blockAt(rest, height, signal)
    if (hash === undefined) return undefined
    const answer = await rest.get(`/block/${hash}/header`, signal)
    if (isUnknown(answer)) continue
    if (answer.status !== 200) throw statusError(rest.origin, answer.status)
    const header = answer.text.trim()
    if (!HEADER.test(header) || headerHash(header) !== hash)
      throw badResponse(rest.origin, `sent a header that is not the one of block ${height}.`)
    return header
  }
  throw networkError(rest.origin, 'replaced blocks while they were read. Try again.')
}

async function readTransaction(rest: Rest, txid: string, signal: AbortSignal): Promise<TxRecord | undefined> {
  const answer = await rest.get(`/tx/${txid}`, signal)
  if (isUnknown(answer)) return undefined
  if (answer.status !== 200) throw statusError(rest.origin, answer.status)
  const row = readRow(rest.parse(answer.text), rest.origin)
  if (row.txid !== txid) throw badResponse(rest.origin, 'sent another transaction than was asked for.')
  return { raw: rawOf(row, rest.origin), height: row.height }
}

async function readFeeRates(rest: Rest, signal: AbortSignal): Promise<FeeEstimate[]> {
  const json = await rest.json('/fee-estimates', signal)
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw badResponse(rest.origin, 'sent no fee estimates.')
  const estimates = Object.entries(json).map(([target, rate]) => {
    // Satoshi for one virtual byte.
    const satPerKvb = scaledUp(rate, 3)
    if (!/^[1-9][0-9]{0,3}$/.test(target) || satPerKvb === undefined)
      throw badResponse(rest.origin, 'sent fee estimates that cannot be read.')
    return { blocks: Number(target), satPerKvb }
  })
  return estimates.sort((a, b) => a.blocks - b.blocks)
}

function readBroadcast({ status, text }: Answer, origin: string): string {
  const said = text.trim()
  if (status === 200) {
    if (HASH.test(said)) return said
    throw badResponse(origin, 'does not tell whether it took the transaction.')
  }
  // The server answers 400 for whatever its node said.
  if (status !== 400 || isPage(text)) throw statusError(origin, status)
  throw refusalOf(said, origin)
}

/** "Not found" in the words of the server, and not a page of whatever stands before it. */
function isUnknown({ status, text }: Answer): boolean {
  return status === 404 && /not found/i.test(text) && !isPage(text)
}

function isPage(text: string): boolean {
  return /^\s*</.test(text)
}
