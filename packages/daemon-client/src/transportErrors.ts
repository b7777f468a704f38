import { type ChainId, CofferError, isCofferError } from '@coffer/core'

/*
 * What goes wrong between here and a server, as Coffer errors. `details.origin` names the server and never more of its
 * URL. `details.sent === false` says that the request is known not to have been carried out, so that even a write may
 * go to another server.
 */

/** No foreign error is attached as cause: their messages repeat URLs. */
export function networkError(
  origin: string,
  why: string,
  options: { retryable?: boolean; sent?: false; reason?: string } = {},
): CofferError {
  const { retryable = true, sent, reason } = options
  return new CofferError({
    code: 'NETWORK',
    message: `${origin} ${why}`,
    details: { origin, ...(reason === undefined ? {} : { reason }), ...(sent === undefined ? {} : { sent }) },
    retryable,
  })
}

export function badResponse(origin: string, why: string): CofferError {
  return new CofferError({ code: 'BAD_RESPONSE', message: `${origin} ${why}`, details: { origin } })
}

/** @param retryAfter seconds, where the server said how long. */
export function rateLimited(
  origin: string,
  options: { retryAfter?: number | undefined; sent?: false } = {},
): CofferError {
  const { retryAfter, sent } = options
  const wait = retryAfter === undefined ? 'later' : `in ${retryAfter} s`
  return new CofferError({
    code: 'RATE_LIMITED',
    message: `${origin} asks for fewer requests. Try again ${wait}.`,
    details: {
      origin,
      ...(retryAfter === undefined ? {} : { retryAfter }),
      ...(sent === undefined ? {} : { sent }),
    },
    retryable: true,
  })
}

/** The server of one chain was asked, and another chain's answered. */
export function chainMismatch(origin: string, expected: ChainId, actual: string): CofferError {
  return new CofferError({
    code: 'CHAIN_MISMATCH',
    message: `${origin} serves ${actual} and not ${expected}. Its answers were thrown away.`,
    details: { origin, expected, actual, sent: false },
  })
}

/** Of a source that may not be used again. */
export function closedError(origin: string): CofferError {
  return new CofferError({
    code: 'ABORTED',
    message: `The source at ${origin} was closed. Make a new one.`,
    details: { origin },
  })
}

/** What an HTTP status other than 2xx means. */
export function statusError(origin: string, status: number, retryAfter?: number): CofferError {
  if (status === 429) return rateLimited(origin, { retryAfter, sent: false })
  if (status === 503) return rateLimited(origin, { retryAfter })
  const reason = `HTTP ${status}`
  if (status === 401 || status === 403 || status === 407)
    return networkError(origin, `refused access (${reason}). Check the API key and its allowed origins.`, {
      retryable: false,
      sent: false,
      reason,
    })
  if (status >= 500) return networkError(origin, `failed (${reason}). Try again later.`, { reason })
  return networkError(origin, `refused the request (${reason}). Check the URL of the node.`, {
    retryable: false,
    reason,
  })
}

/** Why a connection was not made, where the platform says so (Node), and whether that was before anything was sent. */
export function connectionError(origin: string, failure: unknown): CofferError {
  const code = systemCode(failure)
  const what =
    code === undefined
      ? 'cannot be reached, or the connection was lost. Try again later.'
      : `cannot be reached, or the connection was lost (${code}). Try again later.`
  return networkError(origin, what, {
    ...(code === undefined ? {} : { reason: code }),
    ...(code !== undefined && BEFORE_SENDING.test(code) ? { sent: false as const } : {}),
  })
}

/**
 * The same error, as one of a request of several writes: it certainly was not carried out when the failure came before
 * the first of them, and in part it may have been when it came after.
 */
export function asWriteError(error: unknown, when: 'before-first' | 'after-first'): unknown {
  if (!isCofferError(error)) return error
  const { code, message, details, retryable } = error
  const { sent: _, ...others } = details
  const marked = when === 'before-first' ? { ...others, sent: false } : others
  return new CofferError({ code, message, details: marked, retryable })
}

/** Refused or impossible connections, unknown names, failed TLS: the request never left. */
const BEFORE_SENDING =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|CERT_\w+|ERR_TLS_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|UNABLE_TO_\w+)$/

/** The error code of Node under a `fetch` failure or a socket's error event; bare upper-case words only. */
function systemCode(failure: unknown): string | undefined {
  let error = failure
  for (let depth = 0; depth < 4 && typeof error === 'object' && error !== null; depth++) {
    const { code, cause } = error as { code?: unknown; cause?: unknown }
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,60}$/.test(code)) return code
    error = cause
  }
  return undefined
}
