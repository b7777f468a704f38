import { CofferError, parseJson } from '@coffer/core'
import type { TelegramPort } from './port.ts'

/** What is used of `window`. */
export interface TelegramPage {
  readonly location: { readonly hash: string }
  readonly parent?: unknown
  readonly external?: unknown
  addEventListener(
    type: 'message',
    listener: (event: { readonly data: unknown; readonly origin: string; readonly source: unknown }) => void,
  ): void
}

export interface BridgeOptions {
  /** Of the Bot API; from the address of the page when not given, which a router may have cut short. */
  readonly version?: string | undefined
  readonly platform?: string | undefined
  /** Who may stand around the page on the web; `https://web.telegram.org` when not given. */
  readonly origin?: string | undefined
}

type Listener = (data: unknown) => void
type Hearing = (event: unknown, data?: unknown) => void

/**
 * A port over what clients put into a page by themselves, for apps that load neither their script nor an SDK. Make one, at the
 * start: from then on it hears what comes in, beside others that do.
 *
 * @example
 * const port = bridgePort(window)
 * @see https://docs.telegram-mini-apps.com/platform/methods
 */
export function bridgePort(page: TelegramPage, options: BridgeOptions = {}): TelegramPort {
  const params = new URLSearchParams(page.location.hash.replace(/^#/, ''))
  const { origin = 'https://web.telegram.org' } = options
  const listeners = new Map<string, Set<Listener>>()
  const hear: Hearing = (event, data) => {
    for (const listener of [...(listeners.get(String(event)) ?? [])]) listener(data)
  }
  hearPage(page, hear)
  hearFrame(page, origin, hear)
  return {
    version: options.version ?? params.get('tgWebAppVersion') ?? '6.0',
    platform: options.platform ?? params.get('tgWebAppPlatform') ?? 'unknown',
    post: (event, data) => post(page, origin, event, data),
    on: (event, listener) => {
      const set = listeners.get(event) ?? new Set<Listener>()
      listeners.set(event, set.add(listener))
      return () => void set.delete(listener)
    },
  }
}

/** Clients on phones and desktops call functions of the page, each under a name of its time. */
function hearPage(page: object, hear: Hearing): void {
  const holders = page as Record<string, Record<string, unknown> | undefined>
  const telegram = (holders['Telegram'] ??= {}) as Record<string, Record<string, unknown> | undefined>
  const view = (telegram['WebView'] ??= {})
  const proxy = (holders['TelegramGameProxy'] ??= {})
  join(view, 'receiveEvent', hear)
  // The client's own script makes one object of the two.
  if (proxy !== view) join(proxy, 'receiveEvent', hear)
  join(holders, 'TelegramGameProxy_receiveEvent', hear)
}

function join(holder: Record<string, unknown>, name: string, hear: Hearing): void {
  const before = holder[name]
  holder[name] = (event: unknown, data: unknown): void => {
    if (typeof before === 'function') before.call(holder, event, data)
    hear(event, data)
  }
}

/** The web client stands around the page and sends messages. Anyone else who does is not heard. */
function hearFrame(page: TelegramPage, origin: string, hear: Hearing): void {
  page.addEventListener('message', ({ data, origin: from, source }) => {
    if (source !== page.parent || source === page || from !== origin || typeof data !== 'string') return
    let message: unknown
    try {
      message = parseJson(data)
    } catch {
      return
    }
    const { eventType, eventData } = (message ?? {}) as Readonly<Record<string, unknown>>
    hear(eventType, eventData)
  })
}

function post(page: TelegramPage, origin: string, eventType: string, eventData: object = {}): void {
  const { TelegramWebviewProxy: proxy } = page as {
    readonly TelegramWebviewProxy?: { postEvent?(event: string, data: string): void }
  }
  const external = page.external as { notify?(message: string): void } | undefined
  const parent = page.parent as { postMessage?(message: string, origin: string): void } | undefined
  const message = JSON.stringify({ eventType, eventData })
  if (typeof proxy?.postEvent === 'function') proxy.postEvent(eventType, JSON.stringify(eventData))
  else if (typeof external?.notify === 'function') external.notify(message)
  // Only to Telegram: what is sent may be a secret.
  else if (parent !== undefined && parent !== page && typeof parent?.postMessage === 'function')
    parent.postMessage(message, origin)
  else
    throw new CofferError({
      code: 'STORE_UNAVAILABLE',
      message: 'This page was not opened by Telegram. Open it from a bot.',
    })
}
