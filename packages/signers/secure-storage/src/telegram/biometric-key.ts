import { CofferError } from '@coffer/core'
import type { DeviceKey, DeviceKeyOptions } from '../device-key.ts'
import { newDeviceSecret, readDeviceSecret } from '../device-secret.ts'
import { inTurn } from '../turns.ts'
import { type Answer, ask, isAbsent, type TelegramPort } from './port.ts'

export interface TelegramBiometricOptions {
  /** What the person is shown, 1 to 128 characters. */
  readonly reason: string
}

/** Milliseconds: for what only the client answers, and for what a person does. */
const CLIENT = 5_000
const PERSON = 120_000

/**
 * A device key behind Telegram's biometric check (Bot API 7.2, phones alone). A bot has one place for it on each device: another vault
 * of the same bot takes it over, and the first then says `STORE_INVALIDATED`. `delete` empties that place, whichever vault has it.
 *
 * A check that failed and one that was closed look alike: `STORE_CANCELLED`. So does, on Android, every check after another finger was
 * enrolled, since the client then goes on saying that it holds a token which nothing can decrypt: always offer a password as well.
 *
 * @example
 * await vault.addSlot({ key: telegramBiometricKey(port, { reason: 'Open the wallet' }) })
 * @see https://core.telegram.org/bots/webapps#biometricmanager
 */
export function telegramBiometricKey(port: TelegramPort, { reason }: TelegramBiometricOptions): DeviceKey {
  /** Its events bear no number, so that there may be one question at a time. */
  const after = <T>(task: () => Promise<T>): Promise<T> => inTurn(NAME, task)
  const put = (
    post: string,
    answer: string,
    data: Readonly<Record<string, unknown>>,
    timeout: number,
    { signal }: DeviceKeyOptions = {},
  ): Promise<Answer['data']> =>
    ask(port, { post, data, answers: [answer], timeout, signal }, { withId: false }).then(({ data }) => data)
  const info = (): Promise<Answer['data']> =>
    put('web_app_biometry_get_info', 'biometry_info_received', {}, CLIENT)

  /** Asks for permission where that was not done before. */
  const permitted = async (options: DeviceKeyOptions): Promise<void> => {
    const known = await info()
    if (known['available'] !== true) throw absent()
    if (known['access_granted'] === true) return
    const asked = await put(
      'web_app_biometry_request_access',
      'biometry_info_received',
      { reason },
      PERSON,
      options,
    )
    if (asked['access_granted'] === true) return
    throw new CofferError({
      code: 'STORE_CANCELLED',
      message: 'Biometrics were not allowed for this bot. They can be allowed in its settings.',
    })
  }
  const update = async (token: string, options: DeviceKeyOptions): Promise<void> => {
    const { status } = await put(
      'web_app_biometry_update_token',
      'biometry_token_updated',
      { token, reason },
      PERSON,
      options,
    )
    if (status !== (token === '' ? 'removed' : 'updated')) throw closed()
  }

  return {
    name: 'telegram-biometric',
    gate: 'biometric',
    hardware: true,
    available: () =>
      after(async () => {
        try {
          return (await info())['available'] === true
        } catch (error) {
          if (isAbsent(error)) return false
          throw error
        }
      }),
    create: (options = {}) =>
      after(async () => {
        await permitted(options)
        const { data, secret, text } = newDeviceSecret()
        try {
          await update(text, options)
          // As much as can be read back without a second check.
          if ((await info())['token_saved'] !== true)
            throw new CofferError({
              code: 'STORE_FAILED',
              message: `${NAME} did not keep what it was given. Try again, or use a password.`,
            })
        } catch (error) {
          secret.fill(0)
          throw error
        }
        return { data, secret }
      }),
    get: (data, options = {}) =>
      after(async () => {
        const known = await info()
        if (known['available'] !== true) throw absent()
        if (known['token_saved'] === false) return readDeviceSecret(data, undefined, NAME)
        await permitted(options)
        const { status, token } = await put(
          'web_app_biometry_request_auth',
          'biometry_auth_requested',
          { reason },
          PERSON,
          options,
        )
        if (status !== 'authorized') throw closed()
        return readDeviceSecret(data, typeof token === 'string' ? token : undefined, NAME)
      }),
    delete: (_, options = {}) =>
      after(async () => {
        const known = await info()
        if (known['available'] === true && known['token_saved'] === true) await update('', options)
      }),
  }
}

const NAME = "Telegram's biometric check"

function absent(): CofferError {
  return new CofferError({
    code: 'STORE_UNAVAILABLE',
    message: 'This device has no biometric check, or none is enrolled. Use a password.',
  })
}

function closed(): CofferError {
  return new CofferError({
    code: 'STORE_CANCELLED',
    message:
      'The biometric check failed or was closed. Ask again when you want; if it goes on failing, unlock in another way, since a finger may have been enrolled.',
  })
}
