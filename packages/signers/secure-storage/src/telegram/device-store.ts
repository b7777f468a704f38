import { CofferError, type Store } from '@coffer/core'
import { chunkedStore, type Items } from '../chunked-store.ts'
import { ask, refused, type TelegramPort } from './port.ts'

const PATIENCE = 5_000

/** Before each value: Android keeps the text `null` for what was removed, and says an empty text for what was never there. */
const MARK = '='

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
    if (answer.event !== `${kind}_storage_failed`) return answer.data
    const { error } = answer.data
    // An iPhone without a passcode keeps nothing, and gives no reason.
    if (kind === 'secure' && action === 'save' && port.platform === 'ios' && error === 'UNKNOWN_ERROR')
      throw new CofferError({
        code: 'STORE_UNAVAILABLE',
        message: `${what} keeps nothing on this phone. Set a passcode for the phone and try again.`,
      })
    throw refused(what, error)
  }
  return {
    name: what,
    get: async (key) => {
      const { value = null } = await request('get', { key })
      if (value === null || value === '' || value === 'null') return undefined
      if (typeof value === 'string' && value.startsWith(MARK)) return value.slice(MARK.length)
      throw new CofferError({
        code: 'STORE_FAILED',
        message: `${what} gives back something that was not written here. Restore it from a backup.`,
        details: { damaged: true },
      })
    },
    set: async (key, value) => void (await request('save', { key, value: MARK + value })),
    remove: async (key) => void (await request('save', { key, value: null })),
  }
}

/**
 * A store on the device, which Telegram keeps for a user and a bot (Bot API 9.0): a second copy beside IndexedDB, which a browser may
 * clear. Not encrypted. Some clients for the web have none (`STORE_UNAVAILABLE`), in others overwriting counts against a quota of
 * ten: `STORE_FULL`.
 *
 * @example
 * const vault = await openVault({ store: telegramDeviceStore(port) })
 * @see https://core.telegram.org/bots/webapps#devicestorage
 */
export function telegramDeviceStore(port: TelegramPort): Store {
  return chunkedStore({ ...storageItems(port, 'device'), maxValue: 100_000, maxName: 200 })
}
