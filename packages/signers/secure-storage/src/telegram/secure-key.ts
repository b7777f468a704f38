import type { DeviceKey } from '../device-key.ts'
import { newDeviceSecret, readDeviceSecret, works } from '../device-secret.ts'
import { storageItems } from './device-store.ts'
import type { TelegramPort } from './port.ts'

/**
 * A device key in Telegram's secure storage (Bot API 9.0): the keystore of Android or the keychain of iOS, on phones alone. It holds a random
 * secret and nothing of the wallet, for a PIN beside it. Any page of the bot's can read it, and an Android phone that cannot decrypt
 * one item throws all of them away: keep a password as well.
 *
 * @example
 * await vault.addSlot({ pin, key: telegramSecureKey(port) })
 * @see https://core.telegram.org/bots/webapps#securestorage
 */
export function telegramSecureKey(port: TelegramPort): DeviceKey {
  const items = storageItems(port, 'secure')
  const nameOf = (id = ''): string => `coffer_${id}`
  const key: DeviceKey = {
    name: 'telegram-secure-storage',
    gate: 'device',
    hardware: true,
    available: () => works(key),
    create: async () => {
      const { data, secret, text } = newDeviceSecret()
      await items.set(nameOf(data.id), text)
      readDeviceSecret(data, await items.get(nameOf(data.id)), items.name).fill(0)
      return { data, secret }
    },
    get: async (data) => readDeviceSecret(data, await items.get(nameOf(data['id'])), items.name),
    delete: (data) => items.remove(nameOf(data['id'])),
  }
  return key
}
