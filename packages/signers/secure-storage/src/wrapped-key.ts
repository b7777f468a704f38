import { CofferError, isCofferError, randomBytes } from '@coffer/core'
import { fromBase64, toBase64 } from './bytes.ts'
import type { DeviceKey, DeviceKeyOptions } from './device-key.ts'

/**
 * A service that encrypts small secrets under a key that never leaves it: an HSM, or a cloud's KMS (its Encrypt and Decrypt). The
 * context is authenticated beside them and must be the same both times.
 *
 * Throws `STORE_UNAVAILABLE` when it cannot be reached or does not allow it, `STORE_INVALIDATED` when its key is gone, `STORE_FAILED`
 * otherwise.
 */
export interface KeyWrapper {
  /** Lower-case with dashes, such as `pkcs11` or `aws-kms`. */
  readonly name: string
  wrap(secret: Uint8Array, context: string, options?: DeviceKeyOptions): Promise<Uint8Array>
  unwrap(wrapped: Uint8Array, context: string, options?: DeviceKeyOptions): Promise<Uint8Array>
}

/**
 * A device key for servers: a random secret that a {@link KeyWrapper} has encrypted. What it wrapped lies in the vault.
 *
 * @example
 * const key = wrappedKey({
 *   name: 'aws-kms',
 *   wrap: async (Plaintext, wallet) =>
 *     (await kms.send(new EncryptCommand({ KeyId, Plaintext, EncryptionContext: { wallet } }))).CiphertextBlob,
 *   unwrap: async (CiphertextBlob, wallet) =>
 *     (await kms.send(new DecryptCommand({ KeyId, CiphertextBlob, EncryptionContext: { wallet } }))).Plaintext,
 * })
 */
export function wrappedKey(wrapper: KeyWrapper): DeviceKey {
  const guarded = async <T>(task: () => Promise<T>): Promise<T> => {
    try {
      return await task()
    } catch (error) {
      if (isCofferError(error)) throw error
      throw new CofferError({
        code: 'STORE_FAILED',
        message: `${wrapper.name} failed. Check it, and try again.`,
        cause: error,
      })
    }
  }
  const key: DeviceKey = {
    name: wrapper.name,
    gate: 'hsm',
    hardware: true,
    available: async (options) => {
      try {
        const { data, secret } = await key.create(options)
        secret.fill(0)
        const found = await key.get(data, options)
        found.fill(0)
        return true
      } catch {
        return false
      }
    },
    create: (options) =>
      guarded(async () => {
        const secret = randomBytes(32)
        const id = toBase64(randomBytes(12))
        const wrapped = await wrapper.wrap(secret.slice(), contextOf(id), options)
        return { data: { id, wrapped: toBase64(wrapped) }, secret }
      }),
    get: ({ id = '', wrapped = '' }, options) =>
      guarded(async () => {
        let bytes: Uint8Array
        try {
          bytes = fromBase64(wrapped)
        } catch {
          throw changed(wrapper)
        }
        const secret = await wrapper.unwrap(bytes, contextOf(id), options)
        if (secret.length === 32) return secret.slice()
        throw changed(wrapper)
      }),
    // Nothing of it lies elsewhere: who cannot read the slot any more has nothing to unwrap.
    delete: async () => {},
  }
  return key
}

const contextOf = (id: string): string => `coffer vault ${id}`

function changed({ name }: KeyWrapper): CofferError {
  return new CofferError({
    code: 'STORE_INVALIDATED',
    message: `What ${name} wrapped was changed. Unlock in another way, and add this one anew.`,
  })
}
