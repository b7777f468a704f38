/*
 * How servers of Tron ask for fewer requests. TronGrid does so under 403, 429, 503 and 200, java-tron under 200, and mostly
 * the text alone tells it from a wrong key or a failure. None of them carried the request out.
 */

const BUSY =
  /exceeds the frequency limit|lack of computing resources|too many requests|request rate exceeded/i
const WAIT = /suspended for\s{0,3}([0-9]{1,5})\s{0,3}s/i
/** The longest text of a refusal that is looked at, in bytes. */
const MOST = 4_096

/** Whether `text` asks for fewer requests, and for how many seconds where it says so. */
export function pleaIn(text: string): { readonly retryAfter?: number } | undefined {
  if (!BUSY.test(text)) return undefined
  const seconds = WAIT.exec(text)?.[1]
  return seconds === undefined ? {} : { retryAfter: Number(seconds) }
}

/** `fetch`, with refusals that only their text tells for what they are turned into status 429. */
export function tellingFetch(send: typeof fetch): typeof fetch {
  return async (input, init) => {
    const response = await send(input, init)
    const { status, headers } = response
    if (status !== 403 && status !== 503) return response
    const plea = pleaIn(await beginningOf(response, init?.signal))
    if (!plea) return new Response(null, { status, headers })
    const { retryAfter } = plea
    return new Response(null, {
      status: 429,
      headers: retryAfter === undefined ? headers : { 'retry-after': String(retryAfter) },
    })
  }
}

async function beginningOf(response: Response, signal: AbortSignal | null | undefined): Promise<string> {
  try {
    if (!response.body) return (await response.text()).slice(0, MOST)
    const reader = response.body.getReader()
    const decoder = new TextDecoder()
    let text = ''
    while (text.length < MOST) {
      const { done, value } = await reader.read()
      if (done) return text
      text += decoder.decode(value, { stream: true })
    }
    reader.cancel().catch(() => {})
    return text.slice(0, MOST)
  } catch (failure) {
    if (signal?.aborted) throw failure
    return ''
  }
}
