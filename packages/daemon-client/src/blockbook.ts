import {
  type ChainId,
  CofferError,
  type FeeEstimate,
  type Head,
  type ReadOptions,
  type ScriptHistory,
  type ScriptQuery,
  type SourceFactory,
  type TxRecord,
  type UtxoSource,
} from '@coffer/core'
import { HASH, headerHash, reverseHex } from './bitcoinBytes.ts'
import { checkBitcoinChain } from './bitcoinChain.ts'
import { blockAt, readHeight, readHistory, readRow } from './blockbookHistory.ts'
import { scaledUp } from './decimal.ts'
import { pollHeads } from './heads.ts'
import { refusalOf } from './refusal.ts'
import { type Answer, checkRestOptions, openRest, parseRest, type Rest, type RestOptions } from './rest.ts'
import { addressForm, addressOf } from './scriptAddress.ts'
import { badResponse, networkError, statusError } from './transportErrors.ts'
import { checkHeight, checkRaw, checkScript, checkTxid } from './utxoQueries.ts'

export interface BlockbookOptions extends RestOptions {}

/**
 * A Bitcoin network through Blockbook's REST API, version 2: Trezor's servers and their like. The URL is the one below
 * which `/api/v2` stands.
 *
 * Blockbook knows scripts by their addresses. Of a script without one (but for `OP_RETURN`, where there is nothing to
 * know) `history` throws `NETWORK`. Where rows bring `raw` along it hashes to their ids. The server's first block must be
 * that of the chain. Nothing is retried: that is for `cluster`.
 *
 * Throws `INVALID_REQUEST` for a URL or options that cannot be used; the source throws `INVALID_CHAIN` for a chain whose
 * addresses it cannot write.
 *
 * @example
 * const source = blockbook('https://btc1.trezor.io')('bip122:000000000019d6689c085ae165831e93')
 * await source.tip() // { height: 957412, hash: '00000000000000000001…' }
 * @see https://github.com/trezor/blockbook/blob/master/docs/api.md
 */
export function blockbook(url: string, options: BlockbookOptions = {}): SourceFactory<UtxoSource> {
  checkRestOptions(options)
  parseRest(url)
  return (chain) => open(url, chain, options)
}

function open(url: string, chain: ChainId, options: BlockbookOptions): UtxoSource {
  checkBitcoinChain(chain, 'blockbook')
  const form = addressForm(chain)
  if (!form)
    throw new CofferError({
      code: 'INVALID_CHAIN',
      message: `blockbook does not know how ${chain} writes addresses. Use another source for it.`,
    })
  const rest = openRest(url, chain, options, (rest, signal) => blockAt(rest, 0, signal))
  const { origin } = rest
  const { pollInterval = 10_000 } = options
  const tip = (read?: ReadOptions): Promise<Head> => rest.run(read, (signal) => readTip(rest, signal))
  const history = async ({ script, status }: ScriptQuery, signal: AbortSignal): Promise<ScriptHistory> => {
    const address = addressOf(script, form)
    if (address !== undefined) return readHistory(rest, address, status, signal)
    if (script.startsWith('6a')) return status === NOTHING ? { status } : { status: NOTHING, entries: [] }
    throw networkError(origin, 'cannot look for a script that has no address. Use another source.', {
      retryable: false,
      reason: 'script',
    })
  }
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
      return rest.each(queries, read, history)
    },
    async transactions(queries, read) {
      for (const { txid } of queries) checkTxid(txid)
      return rest.each(queries, read, ({ txid }, signal) => readTransaction(rest, txid, signal))
    },
    async feeRates(read) {
      const rates = await rest.each(TARGETS, read, (blocks, signal) => readFeeRate(rest, blocks, signal))
      return rates.filter((rate) => rate !== undefined)
    },
    async broadcast(raw, read) {
      checkRaw(raw)
      // With the slash: without, the server answers with a redirect.
      return readBroadcast(await rest.post('/api/v2/sendtx/', raw, read), rest)
    },
    heads: (read) =>
      pollHeads({ pollInterval, closed: rest.closed, read: (signal) => tip({ signal }) }, read),
    close: rest.close,
  }
}

/** The status of a script that can have no history. */
const NOTHING = 'nothing'
const TARGETS = [1, 3, 6, 12, 144]

async function readTip(rest: Rest, signal: AbortSignal): Promise<Head> {
  for (let tries = 0; tries < 3; tries++) {
    const height = await readHeight(rest, signal)
    const hash = await blockAt(rest, height, signal)
    if (hash !== undefined) return { height, hash }
  }
  throw networkError(rest.origin, 'replaced blocks while they were read. Try again.')
}

/** Written from the fields of the block, and proven by its hash: the server has no call for the header alone. */
async function readHeader(rest: Rest, height: number, signal: AbortSignal): Promise<string | undefined> {
  const hash = await blockAt(rest, height, signal)
  if (hash === undefined) return undefined
  const json = ((await rest.json(`/api/v2/block/${hash}`, signal)) ?? {}) as Record<string, unknown>
  const { version, previousBlockHash: previous = '0'.repeat(64), merkleRoot, time, bits, nonce } = json
  const word = (value: unknown): string =>
    /^-?[0-9]{1,10}$/.test(String(value)) ? little((Number(value) >>> 0).toString(16)) : ''
  const id = (value: unknown): string =>
    typeof value === 'string' && HASH.test(value) ? reverseHex(value) : ''
  const target = typeof bits === 'string' && /^[0-9a-f]{8}$/.test(bits) ? little(bits) : ''
  const header = word(version) + id(previous) + id(merkleRoot) + word(time) + target + word(nonce)
  if (header.length !== 160 || headerHash(header) !== hash)
    throw badResponse(rest.origin, `sent a header that is not the one of block ${height}.`)
  return header
}

function little(digits: string): string {
  return reverseHex(digits.padStart(8, '0'))
}

async function readTransaction(rest: Rest, txid: string, signal: AbortSignal): Promise<TxRecord | undefined> {
  const { status, text } = await rest.get(`/api/v2/tx/${txid}`, signal)
  // With more words than these, the server could not ask its node.
  if ((status === 400 || status === 404) && errorOf(text, rest) === `Transaction '${txid}' not found`)
    return undefined
  if (status !== 200) throw statusError(rest.origin, status)
  const row = readRow(rest.parse(text), rest.origin)
  if (row.txid !== txid || row.raw === undefined)
    throw badResponse(rest.origin, 'sent another transaction than was asked for, or one without its bytes.')
  return { raw: row.raw, height: row.height }
}

async function readFeeRate(
  rest: Rest,
  blocks: number,
  signal: AbortSignal,
): Promise<FeeEstimate | undefined> {
  const json = (await rest.json(`/api/v2/estimatefee/${blocks}`, signal)) as { result?: unknown } | null
  const result = json?.result
  // Whole coins for 1,000 bytes; zero or below where the server cannot tell.
  if (/^(?:-[0-9.]+|0(?:\.0+)?)$/.test(String(result))) return undefined
  const satPerKvb = scaledUp(result, 8)
  if (satPerKvb === undefined) throw badResponse(rest.origin, 'sent fee estimates that cannot be read.')
  return { blocks, satPerKvb }
}

function readBroadcast({ status, text }: Answer, rest: Rest): string {
  if (status === 200) {
    const { result } = (rest.parse(text) ?? {}) as { result?: unknown }
    if (typeof result === 'string' && HASH.test(result)) return result
    throw badResponse(rest.origin, 'does not tell whether it took the transaction.')
  }
  const said = status === 400 ? errorOf(text, rest) : undefined
  if (said === undefined) throw statusError(rest.origin, status)
  const [, code, words] = /^(-[0-9]{1,5}): (.*)$/s.exec(said) ?? []
  throw refusalOf(words ?? said, rest.origin, code === undefined ? undefined : Number(code))
}

/** The words of an error, which stand bare or in an object. */
function errorOf(text: string, rest: Rest): string | undefined {
  if (/^\s*</.test(text)) return undefined
  const { error } = (rest.parse(text) ?? {}) as { error?: unknown }
  if (typeof error === 'string') return error
  const { message } = (error ?? {}) as { message?: unknown }
  return typeof message === 'string' ? message : undefined
}
