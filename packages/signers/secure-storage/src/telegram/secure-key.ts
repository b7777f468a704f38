import { CofferError, isCofferError } from '@coffer/core'
import type { DeviceKey, DeviceKeyData } from '../device-key.ts'
import { newDeviceSecret, readDeviceSecret } from '../device-secret.ts'
import { inTurn } from '../turns.ts'
import { storageItems } from './device-store.ts'
import type { TelegramPort } from './port.ts'

/** Items of a bot. On Android an item that was removed goes on taking one of them, so that their names must be used again. */
const PLACES = 10

/** What a round trip writes where nothing is. */
const PROBE = 'probe'

/**
 * A device key in Telegram's secure storage (Bot API 9.0): the keystore of Android or the keychain of iOS, on phones alone, and on
 * iPhones with a passcode. It holds a random secret and nothing of the wallet, for a PIN beside it. Any page of the bot's can read it,
 * and an Android phone that cannot decrypt one item throws all of them away: keep a password as well. There is room for ten:
 * `STORE_FULL`.
 *
 * @example
 * await vault.addSlot({ pin, key: telegramSecureKey(port) })
 * @see https://core.telegram.org/bots/webapps#securestorage
 */
export function telegramSecureKey(port: TelegramPort): DeviceKey {
  const items = storageItems(port, 'secure')
  const after = <T>(task: () => Promise<T>): Promise<T> => inTurn(items.name, task)

  /** True when it holds what it was given, where there is anything to try it with. */
  const isWorking = async (): Promise<boolean> => {
    const before = await items.get(nameOf('0'))
    if (before !== undefined && before !== PROBE) return true
    await items.set(nameOf('0'), PROBE)
    const isKept = (await items.get(nameOf('0'))) === PROBE
    await items.remove(nameOf('0'))
    return isKept
  }
  const freePlace = async (): Promise<string> => {
    for (let place = 0; place < PLACES; place++) {
      const held = await items.get(nameOf(String(place)))
      if (held === undefined || held === PROBE) return String(place)
    }
    throw new CofferError({
      code: 'STORE_FULL',
      message: `There is no more room in ${items.name}. Remove a PIN of another vault of this app first.`,
      details: { places: PLACES },
    })
  }

  return {
    name: 'telegram-secure-storage',
    gate: 'device',
    hardware: true,
    available: () => after(isWorking).catch(() => false),
    create: () =>
      after(async () => {
        const id = await freePlace()
        const made = newDeviceSecret()
        const data: DeviceKeyData = { ...made.data, id }
        try {
          await items.set(nameOf(id), made.text)
          readDeviceSecret(data, await items.get(nameOf(id)), items.name).fill(0)
        } catch (error) {
          made.secret.fill(0)
          throw error
        }
        return { data, secret: made.secret }
      }),
    get: async (data) => readDeviceSecret(data, await items.get(nameOf(data['id'])), items.name),
    delete: (data) =>
      after(async () => {
        const name = nameOf(data['id'])
        // The place may be another's by now.
        if (!isSecretOf(data, await items.get(name))) return
        await items.remove(name)
        if (isSecretOf(data, await items.get(name)))
          throw new CofferError({
            code: 'STORE_FAILED',
            message: `${items.name} still holds what was removed. Try again.`,
          })
      }),
  }

  function isSecretOf(data: DeviceKeyData, text: string | undefined): boolean {
    try {
      readDeviceSecret(data, text, items.name).fill(0)
      return true
    } catch (error) {
      if (isCofferError(error, 'STORE_INVALIDATED')) return false
      throw error
    }
  }
}

const nameOf = (id = ''): string => `coffer_${id}`
