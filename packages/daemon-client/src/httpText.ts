import { abortError, CofferError } from '@coffer/core'
import type { Endpoint } from './endpoint.ts'
import { badResponse, connectionError, networkError, statusError } from './transportErrors.ts'

export interface HttpRequest {
  readonly endpoint: Endpoint
  /** What follows `endpoint.url`, for a GET. */
  readonly query?: string
  /** Makes it a POST of JSON. */
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** The longest body that is read, in bytes after decompression. */
  readonly maxBytes: number
  readonly signal: AbortSignal
  readonly fetch?: typeof fetch | undefined
}

/**
 * One HTTP request, without cookies, redirects or retries. Statuses that refuse access or ask to slow down throw; any
 * other comes back with its text. Throws `NETWORK`, `RATE_LIMITED`, `BAD_RESPONSE` (too long, not UTF-8), or the reason
 * of the signal, which must carry the time limit: it holds for the body too.
 */
export async function httpText(request: HttpRequest): Promise<{ status: number; text: string }> {
  const { endpoint, query = '', body, maxBytes, signal } = request
  const { origin } = endpoint
  const send = request.fetch ?? globalThis.fetch
  if (typeof send !== 'function')
    throw new CofferError({
      code: 'MISSING_DEPENDENCY',
      message: 'This platform has no fetch. Pass one as the option `fetch`.',
    })
  let response: Response
  try {
    response = await send(endpoint.url + query, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...endpoint.headers,
        ...request.headers,
      },
      ...(body === undefined ? {} : { body }),
      redirect: 'manual',
      credentials: 'omit',
      cache: 'no-store',
      referrerPolicy: 'no-referrer',
      signal,
    })
  } catch (failure) {
    if (signal.aborted) throw abortError(signal)
    throw connectionError(origin, failure)
  }
  const refusal = refusalOf(response, origin)
  if (refusal) {
    discard(response)
    throw refusal
  }
  try {
    return { status: response.status, text: await readText(response, maxBytes, origin) }
  } catch (failure) {
    if (signal.aborted) throw abortError(signal)
    if (failure instanceof CofferError) throw failure
    throw connectionError(origin, failure)
  }
}

function refusalOf(response: Response, origin: string): CofferError | undefined {
  const { status } = response
  // `redirected`: a platform that follows redirects unasked, as React Native does.
  if (response.type === 'opaqueredirect' || (status >= 300 && status < 400) || response.redirected)
    return networkError(origin, 'answers with a redirect, which is not followed. Use the final URL.', {
      retryable: false,
      reason: 'redirect',
    })
  if ([401, 403, 407, 429, 503].includes(status))
    return statusError(origin, status, retryAfter(response.headers.get('retry-after')))
  return undefined
}

/** `Retry-After` in seconds: a number or a date (RFC 9110, 10.2.3), at most a day. */
function retryAfter(header: string | null): number | undefined {
  if (header === null || header.length > 40) return undefined
  const seconds = /^[0-9]{1,9}$/.test(header)
    ? Number(header)
    : Math.ceil((Date.parse(header) - Date.now()) / 1000)
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), 86_400) : undefined
}

async function readText(response: Response, maxBytes: number, origin: string): Promise<string> {
  const tooLong = (): CofferError =>
    badResponse(origin, `sent more than ${maxBytes} bytes, which are not read.`)
  if (Number(response.headers.get('content-length')) > maxBytes) {
    discard(response)
    throw tooLong()
  }
  if (!response.body) {
    // No streams (React Native): the length can only be known afterwards.
    const text = await response.text()
    if (text.length > maxBytes) throw tooLong()
    return text
  }
  const reader = response.body.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.length
    if (size > maxBytes) {
      // Ends the connection too. Not awaited: a server may keep that waiting.
      reader.cancel().catch(() => {})
      throw tooLong()
    }
    chunks.push(value)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(joined(chunks, size))
  } catch {
    throw badResponse(origin, 'sent bytes that are no UTF-8.')
  }
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  if (chunks.length === 1 && chunks[0]) return chunks[0]
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

function discard(response: Response): void {
  response.body?.cancel().catch(() => {})
}
