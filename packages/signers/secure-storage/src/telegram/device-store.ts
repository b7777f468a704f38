import type { Store } from '@coffer/core'
import { chunkedStore, type Items } from '../chunked-store.ts'
import { ask, refused, type TelegramPort } from './port.ts'

const PATIENCE = 5_000

/** Reads and writes one of the two storages of the device, which speak alike. */
export function storageItems(
  port: TelegramPort,
  kind: 'device' | 'secure',
): Pick<Items, 'name' | 'get' | 'set' | 'remove'> {
  const what = kind === 'device' ? "Telegram's device storage" : "Telegram's secure storage"
  const request = async (action: 'get' | 'save', data: Readonly<Record<string, unknown>>) => {
    const answer = await ask(port, {
      post: `web_app_${kind}_storage_${action}_key`,
      data,
      answers: [`${kind}_storage_key_${action === 'get' ? 'received' : 'saved'}`, `${kind}_storage_failed`],
      timeout: PATIENCE,
    })
    if (answer.event === `${kind}_storage_failed`) throw refused(what, answer.data['error'])
    return answer.data
  }
  return {
    name: what,
    get: async (key: string): Promise<string | undefined> => {
      const { value } = await request('get', { key })
      // Android says an empty text for what is not there.
      return typeof value === 'string' && value !== '' ? value : undefined
    },
    set: async (key: string, value: string): Promise<void> => void (await request('save', { key, value })),
    remove: async (key: string): Promise<void> => void (await request('save', { key, value: null })),
  }
}

/**
 * A store on the device, which Telegram keeps for a user and a bot (Bot API 9.0): a second copy beside IndexedDB, which a browser may
 * clear. Not encrypted. On the web, overwriting counts against a quota of ten: `STORE_FULL`.
 *
 * @see https://core.telegram.org/bots/webapps#devicestorage
 */
export function telegramDeviceStore(port: TelegramPort): Store {
  return chunkedStore({ ...storageItems(port, 'device'), maxValue: 100_000, maxName: 200 })
}
