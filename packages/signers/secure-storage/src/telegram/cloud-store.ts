import { CofferError, type Store } from '@coffer/core'
import { chunkedStore } from '../chunked-store.ts'
import { ask, refused, type TelegramPort } from './port.ts'

/** Milliseconds: it asks a server. */
const PATIENCE = 15_000

/**
 * A store in the cloud that Telegram keeps for a user and a bot: 1,024 items of 4,096 characters, on all devices of the user. Telegram can read
 * it: keep what is encrypted, such as a vault or a backup.
 *
 * @example
 * const written = await writeBackup({ name, text, targets: [storeTarget(telegramCloudStore(port))] })
 * @see https://core.telegram.org/bots/webapps#cloudstorage
 */
export function telegramCloudStore(port: TelegramPort): Store {
  const invoke = async (method: string, params: Readonly<Record<string, unknown>>): Promise<unknown> => {
    const { data } = await ask(port, {
      post: 'web_app_invoke_custom_method',
      data: { method, params },
      answers: ['custom_method_invoked'],
      timeout: PATIENCE,
    })
    const { error = null, result } = data
    if (error !== null) throw refused(NAME, error)
    return result
  }
  return chunkedStore({
    name: NAME,
    maxValue: 4096,
    maxName: 128,
    get: async (key) => {
      const values = await invoke('getStorageValues', { keys: [key] })
      if (typeof values !== 'object' || values === null) throw unreadable()
      // What is not there reads as an empty text, or is left out.
      const value: unknown = Object.hasOwn(values, key) ? (values as Record<string, unknown>)[key] : ''
      if (typeof value !== 'string') throw unreadable()
      return value === '' ? undefined : value
    },
    set: async (key, value) => void (await invoke('saveStorageValue', { key, value })),
    remove: async (key) => void (await invoke('deleteStorageValues', { keys: [key] })),
    names: async () => {
      const names = await invoke('getStorageKeys', {})
      if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names as string[]
      throw unreadable()
    },
  })
}

const NAME = "Telegram's cloud"

function unreadable(): CofferError {
  return new CofferError({
    code: 'STORE_FAILED',
    message: `${NAME} gave an answer that cannot be read. Try again, or update Telegram.`,
  })
}
