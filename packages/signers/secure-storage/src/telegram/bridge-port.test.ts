import { describe, expect, it } from 'vitest'
import { telegramMock } from '../testing/index.ts'
import { bridgePort, type TelegramPage, telegramCloudStore } from './index.ts'

const HASH = '#tgWebAppData=x&tgWebAppVersion=9.1&tgWebAppPlatform=android'
const ORIGIN = 'https://web.telegram.org'

interface Page extends TelegramPage {
  readonly parent: unknown
  Telegram?: { WebView: { receiveEvent(event: string, data: unknown): void } }
  TelegramGameProxy?: { receiveEvent(event: string, data: unknown): void }
  TelegramGameProxy_receiveEvent?(event: string, data: unknown): void
  TelegramWebviewProxy?: { postEvent(event: string, data: string): void }
  external?: { notify(message: string): void }
  /** Brings a message in from outside. */
  message(event: { data: unknown; origin: string; source: unknown }): void
}

function pageOf(given: Partial<Page> = {}, parent?: unknown): Page {
  const listeners: Parameters<TelegramPage['addEventListener']>[1][] = []
  const page = {
    location: { hash: HASH },
    addEventListener: (_: 'message', listener: (typeof listeners)[number]) => void listeners.push(listener),
    message: (event: Parameters<Page['message']>[0]) => {
      for (const listener of listeners) listener(event)
    },
    ...given,
  } as Page
  return Object.assign(page, { parent: parent ?? page })
}

const EVENTS = ['custom_method_invoked']

describe('a port over the bridge of the client', () => {
  it('reads the version and the platform from the address, or takes what it is given', () => {
    expect(bridgePort(pageOf())).toMatchObject({ version: '9.1', platform: 'android' })
    const cut = pageOf({ location: { hash: '#/settings' } })
    expect(bridgePort(cut)).toMatchObject({ version: '6.0', platform: 'unknown' })
    expect(bridgePort(cut, { version: '9.0', platform: 'ios' })).toMatchObject({
      version: '9.0',
      platform: 'ios',
    })
  })

  it.each([
    [
      'Telegram.WebView',
      (page: Page, event: string, data: unknown) => page.Telegram!.WebView.receiveEvent(event, data),
    ],
    [
      'TelegramGameProxy',
      (page: Page, event: string, data: unknown) => page.TelegramGameProxy!.receiveEvent(event, data),
    ],
    [
      'one function',
      (page: Page, event: string, data: unknown) => page.TelegramGameProxy_receiveEvent!(event, data),
    ],
  ])('works in a webview that answers through %s', async (_, receive) => {
    const { port } = telegramMock()
    const page = pageOf({
      TelegramWebviewProxy: { postEvent: (event, data) => port.post(event, JSON.parse(data)) },
    })
    const store = telegramCloudStore(bridgePort(page))
    for (const event of EVENTS) port.on(event, (data) => receive(page, event, data))
    await store.set('a', '1')
    expect(await store.get('a')).toBe('1')
  })

  it('works where the client is notified', async () => {
    const { port } = telegramMock()
    const page = pageOf({
      external: {
        notify: (message) => {
          const { eventType, eventData } = JSON.parse(message)
          port.post(eventType, eventData)
        },
      },
    })
    const store = telegramCloudStore(bridgePort(page))
    for (const event of EVENTS) port.on(event, (data) => page.TelegramGameProxy_receiveEvent!(event, data))
    await store.set('a', '1')
    expect(await store.get('a')).toBe('1')
  })

  it('works in a frame of the web client, and speaks to nobody else', async () => {
    const { port } = telegramMock()
    const targets = new Set<string>()
    const parent = {
      postMessage: (message: string, target: string) => {
        targets.add(target)
        const { eventType, eventData } = JSON.parse(message)
        port.post(eventType, eventData)
      },
    }
    const page = pageOf({}, parent)
    const store = telegramCloudStore(bridgePort(page))
    for (const eventType of EVENTS)
      port.on(eventType, (eventData) =>
        page.message({ data: JSON.stringify({ eventType, eventData }), origin: ORIGIN, source: parent }),
      )
    await store.set('a', '1')
    expect(await store.get('a')).toBe('1')
    expect([...targets]).toEqual([ORIGIN])
  })

  it('hears no one but the web client, and nothing that is not an event', () => {
    const parent = { postMessage: () => {} }
    const page = pageOf({}, parent)
    const heard: unknown[] = []
    bridgePort(page).on('e', (data) => heard.push(data))
    const data = JSON.stringify({ eventType: 'e', eventData: 1 })
    page.message({ data, origin: 'https://evil.example', source: parent })
    page.message({ data, origin: ORIGIN, source: {} })
    page.message({ data: { eventType: 'e' }, origin: ORIGIN, source: parent })
    for (const text of ['', '{', 'null', '7', '[]', '{"__proto__":{"eventType":"e"}}'])
      page.message({ data: text, origin: ORIGIN, source: parent })
    expect(heard).toEqual([])
    page.message({ data, origin: ORIGIN, source: parent })
    expect(heard).toEqual([1])
    // A page that stands alone is its own parent.
    const alone = pageOf()
    bridgePort(alone).on('e', (value) => heard.push(value))
    alone.message({ data, origin: ORIGIN, source: alone })
    expect(heard).toEqual([1])
  })

  it('leaves those who listened before their events, and ends listening', () => {
    const before: unknown[] = []
    const view = { receiveEvent: (event: string, data: unknown) => before.push([event, data]) }
    const page = pageOf({ Telegram: { WebView: view }, TelegramGameProxy: view })
    const heard: unknown[] = []
    const end = bridgePort(page).on('e', (data) => heard.push(data))
    page.Telegram!.WebView.receiveEvent('e', 1)
    end()
    page.Telegram!.WebView.receiveEvent('e', 2)
    expect(heard).toEqual([1])
    expect(before).toEqual([
      ['e', 1],
      ['e', 2],
    ])
  })

  it('says that a page was not opened by Telegram', async () => {
    const store = telegramCloudStore(bridgePort(pageOf({ location: { hash: '' } })))
    await expect(store.get('a')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })
})
