import type { Store } from '@coffer/core'
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
    if (data['error'] !== undefined) throw refused("Telegram's cloud", data['error'])
    return data['result']
  }
  return chunkedStore({
    name: "Telegram's cloud",
    maxValue: 4096,
    maxName: 128,
    get: async (key) => {
      const values = (await invoke('getStorageValues', { keys: [key] })) as Record<string, unknown> | null
      const value = values?.[key]
      // What is not there reads as an empty text.
      return typeof value === 'string' && value !== '' ? value : undefined
    },
    set: async (key, value) => void (await invoke('saveStorageValue', { key, value })),
    remove: async (key) => void (await invoke('deleteStorageValues', { keys: [key] })),
    names: async () => {
      const names = await invoke('getStorageKeys', {})
      return Array.isArray(names) ? names.map(String) : []
    },
  })
}
