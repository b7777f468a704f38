import { type ChainId, CofferError, type Head, isCofferError, type TronResult } from '@coffer/core'

/* What comes out of a TronWeb, and what goes wrong there, as answers and errors of a source. */

export const NAME = 'TronWeb'

export function refusal(said: unknown, status?: number): TronResult {
  const text = typeof said === 'string' && !/^\s*</.test(said) ? clean(said) : ''
  const message = text || (status === undefined ? 'no reason given' : `HTTP ${status}`)
  return { ok: false, error: { message, ...(status === undefined ? {} : { status }) } }
}

/** Refuses what `JSON.parse` lets through: numbers that have lost digits, and keys that poison objects. */
export function checkAnswer(value: unknown, depth: number): void {
  if (depth > 64) throw badResponse('passed on an answer that nests too deep.')
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))
    throw badResponse('passed on a number that has lost digits. Use tronHttp, which keeps them.')
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const item of value) checkAnswer(item, depth + 1)
    return
  }
  for (const key of Object.keys(value)) {
    if (key === '__proto__' || key === 'constructor' || key === 'prototype')
      throw badResponse('passed on an answer with a forbidden key.')
    checkAnswer((value as Record<string, unknown>)[key], depth + 1)
  }
}

const REFUSES_CALL = new Set([400, 404, 405, 501])
/** Where an axios error holds the status and the body; their texts repeat URLs and headers, and are not passed on. */
export function readFailure(failure: unknown): TronResult {
  const { response, code } = (failure ?? {}) as { response?: unknown; code?: unknown }
  const { status, data } = (response ?? {}) as { status?: unknown; data?: unknown }
  if (typeof status !== 'number') {
    if (code === 'ECONNABORTED' || code === 'ETIMEDOUT')
      throw new CofferError({ code: 'TIMEOUT', message: `${NAME} gave no answer in time.`, retryable: true })
    const known = typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,60}$/.test(code) ? code : undefined
    throw networkError(
      `cannot reach its node, or lost the connection${known === undefined ? '' : ` (${known})`}. Try again later.`,
      {
        ...(known === undefined ? {} : { reason: known }),
        ...(known !== undefined && /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN)$/.test(known)
          ? { sent: false }
          : {}),
      },
    )
  }
  const fields = (typeof data === 'object' && data !== null ? data : {}) as Record<string, unknown>
  const said = fields.Error ?? fields.error ?? data
  const plea = pleaIn(said)
  if (plea || status === 429) throw rateLimited({ ...plea, sent: false })
  if (status === 503) throw rateLimited({})
  if (REFUSES_CALL.has(status)) return refusal(said, status)
  const reason = `HTTP ${status}`
  if (status === 401 || status === 403 || status === 407)
    throw networkError(
      `has no access to its node (${reason}). Check its API key.`,
      { reason, sent: false },
      false,
    )
  throw networkError(`got an error from its node (${reason}). Try again later.`, { reason }, status >= 500)
}

/** TronGrid's and java-tron's ways to ask for fewer requests; what they answered so was not carried out. */
export function pleaIn(said: unknown): { retryAfter?: number; sent: false } | undefined {
  const text = typeof said === 'string' ? said.slice(0, 4_096) : ''
  if (!/exceeds the frequency limit|lack of computing resources|too many requests/i.test(text))
    return undefined
  const seconds = /suspended for\s{0,3}([0-9]{1,5})\s{0,3}s/i.exec(text)?.[1]
  return { sent: false, ...(seconds === undefined ? {} : { retryAfter: Number(seconds) }) }
}

export function checkGenesis(chain: ChainId, result: TronResult): void {
  const { blockID } = ((result.ok ? result.value : undefined) ?? {}) as { blockID?: unknown }
  if (typeof blockID !== 'string' || !/^0{16}[0-9a-f]{48}$/.test(blockID))
    throw badResponse(`does not tell its first block${result.ok ? '' : `: ${result.error.message}`}.`)
  const actual = `tron:0x${blockID.slice(-8)}`
  if (actual === chain) return
  throw new CofferError({
    code: 'CHAIN_MISMATCH',
    message: `${NAME} serves ${actual} and not ${chain}. Its answers were thrown away.`,
    details: { origin: NAME, expected: chain, actual, sent: false },
  })
}

export function toHead(result: TronResult | undefined): Head {
  const { blockID } = ((result?.ok ? result.value : undefined) ?? {}) as { blockID?: unknown }
  // The first eight bytes of a block's id are its height.
  const height = typeof blockID === 'string' && HASH.test(blockID) ? Number(`0x${blockID.slice(0, 16)}`) : -1
  if (!Number.isSafeInteger(height) || height < 0) throw badResponse('does not tell its latest block.')
  return { height, hash: blockID as string }
}

const HASH = /^[0-9a-f]{64}$/

/** Without control, bidirectional and invisible characters, URLs cut to their origin, at most 500 characters. */
function clean(text: string): string {
  return text
    .slice(0, 2_000)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu, ' ')
    .replace(/\b(https?:\/\/)(?:[^\s/?#]*@)?([^\s/?#"'<>]*)[^\s"'<>]*/gi, '$1$2')
    .replace(/ +/g, ' ')
    .trim()
    .slice(0, 500)
}

/** As an error of a request with a broadcast: certainly not sent, or perhaps in part. */
export function asWriteError(error: unknown, when: 'before' | 'after'): unknown {
  if (!isCofferError(error)) return error
  const { code, message, details, retryable } = error
  const { sent: _, ...others } = details
  return new CofferError({
    code,
    message,
    details: when === 'before' ? { ...others, sent: false } : others,
    retryable,
  })
}

export function rateLimited(details: { retryAfter?: number; sent?: false }): CofferError {
  const { retryAfter } = details
  return new CofferError({
    code: 'RATE_LIMITED',
    message: `The node of ${NAME} asks for fewer requests. Try again ${retryAfter === undefined ? 'later' : `in ${retryAfter} s`}.`,
    details: { origin: NAME, ...details },
    retryable: true,
  })
}

function networkError(
  what: string,
  details: Readonly<Record<string, unknown>>,
  retryable = true,
): CofferError {
  return new CofferError({
    code: 'NETWORK',
    message: `${NAME} ${what}`,
    details: { origin: NAME, ...details },
    retryable,
  })
}

export function badResponse(what: string): CofferError {
  return new CofferError({ code: 'BAD_RESPONSE', message: `${NAME} ${what}`, details: { origin: NAME } })
}

export function wrongCall(what: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message: `A call of this request ${what}.` })
}
