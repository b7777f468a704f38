import { CofferError, isCofferError } from '@coffer/core'

/** All that is needed of a Telegram client: events to it and events from it. Adapters make one of the SDK that an app has. */
export interface TelegramPort {
  /** Of the Bot API, such as `9.0`. */
  readonly version: string
  /** Such as `android`, `ios`, `tdesktop`, `web`. */
  readonly platform: string
  post(event: string, data?: Readonly<Record<string, unknown>>): void
  /** Returns a function that ends listening. */
  on(event: string, listener: (data: unknown) => void): () => void
}

/** The client's own script, `telegram-web-app.js`: `window.Telegram`. */
export interface TelegramScript {
  readonly WebApp: { readonly version: string; readonly platform: string }
  readonly WebView: {
    postEvent(event: string, callback: unknown, data?: unknown): void
    onEvent(event: string, listener: (event: string, data: unknown) => void): void
    offEvent(event: string, listener: (event: string, data: unknown) => void): void
  }
}

/**
 * A port over the client's own script.
 *
 * @example
 * const port = webAppPort(window.Telegram)
 */
export function webAppPort({ WebApp, WebView }: TelegramScript): TelegramPort {
  return {
    version: WebApp.version,
    platform: WebApp.platform,
    post: (event, data) => WebView.postEvent(event, false, data),
    on: (event, listener) => {
      const hear = (_: string, data: unknown): void => listener(data)
      WebView.onEvent(event, hear)
      return () => WebView.offEvent(event, hear)
    },
  }
}

/** What is used of `@tma.js/bridge`. */
export interface TmaBridge {
  // biome-ignore lint/suspicious/noExplicitAny: the bridge types each event by its name
  postEvent(event: any, data?: any): void
  // biome-ignore lint/suspicious/noExplicitAny: as above
  on(event: any, listener: (data: any) => void): () => void
  retrieveLaunchParams(): { readonly tgWebAppVersion: string; readonly tgWebAppPlatform: string }
}

/**
 * A port over `@tma.js/bridge`.
 *
 * @example
 * import * as bridge from '@tma.js/bridge'
 * const port = tmaPort(bridge)
 */
export function tmaPort(bridge: TmaBridge): TelegramPort {
  const { tgWebAppVersion: version, tgWebAppPlatform: platform } = bridge.retrieveLaunchParams()
  return {
    version,
    platform,
    post: (event, data) => bridge.postEvent(event, data),
    on: (event, listener) => bridge.on(event, listener),
  }
}

export interface Question {
  readonly post: string
  readonly data?: Readonly<Record<string, unknown>>
  /** Events that answer it; the name of the one that came is given back. */
  readonly answers: readonly string[]
  /** Milliseconds until it counts as never answered. */
  readonly timeout: number
  readonly signal?: AbortSignal | undefined
}

export interface Answer {
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
}

let asked = 0

/**
 * Asks the client and waits for its answer: the one with the same `req_id`, where the question has one. A client that knows no such
 * question never answers: `STORE_UNAVAILABLE`. Throws `ABORTED`.
 */
export function ask(
  port: TelegramPort,
  { post, data, answers, timeout, signal }: Question,
  { withId = true }: { readonly withId?: boolean } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const id = withId ? `coffer-${Date.now().toString(36)}-${asked++}` : undefined
    const ends: (() => void)[] = []
    const end = (result: () => void): void => {
      for (const stop of ends) stop()
      result()
    }
    const fail = (code: 'ABORTED' | 'STORE_UNAVAILABLE' | 'STORE_FAILED', message: string): void =>
      end(() => reject(new CofferError({ code, message })))
    for (const event of answers)
      ends.push(
        port.on(event, (given) => {
          const answer = (typeof given === 'object' && given !== null ? given : {}) as Answer['data']
          if (id === undefined || answer['req_id'] === id) end(() => resolve({ event, data: answer }))
        }),
      )
    const timer = setTimeout(
      () =>
        fail(
          'STORE_UNAVAILABLE',
          `This Telegram (${port.platform}, ${port.version}) does not answer ${post}.`,
        ),
      timeout,
    )
    ends.push(() => clearTimeout(timer))
    const onAbort = (): void => fail('ABORTED', 'Cancelled.')
    if (signal?.aborted) return onAbort()
    signal?.addEventListener('abort', onAbort, { once: true })
    ends.push(() => signal?.removeEventListener('abort', onAbort))
    try {
      port.post(post, { ...data, ...(id !== undefined && { req_id: id }) })
    } catch {
      // Some SDKs refuse what the client's version does not have.
      fail('STORE_UNAVAILABLE', `This Telegram (${port.platform}, ${port.version}) has no ${post}.`)
    }
  })
}

/** The error that a client names. */
export function refused(what: string, error: unknown): CofferError {
  const reason = /^[A-Z_]{1,40}$/.test(String(error)) ? String(error) : 'unknown error'
  if (reason === 'UNSUPPORTED' || reason === 'NOT_SUPPORTED')
    return new CofferError({
      code: 'STORE_UNAVAILABLE',
      message: `This Telegram has no ${what}. Use another way.`,
    })
  if (/QUOTA|LIMIT|TOO_MANY|TOO_MUCH|TOO_LONG|FULL/.test(reason))
    return new CofferError({ code: 'STORE_FULL', message: `There is no more room in ${what} (${reason}).` })
  return new CofferError({
    code: 'STORE_FAILED',
    message: `${what} failed (${reason}). Try again.`,
    details: { reason },
  })
}

/** True for what says that something is not here, and false for what went wrong. */
export const isAbsent = (error: unknown): boolean => isCofferError(error, 'STORE_UNAVAILABLE')
