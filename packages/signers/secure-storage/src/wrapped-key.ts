import { CofferError, isCofferError, randomBytes } from '@coffer/core'
import { fromBase64, isEqual, toBase64 } from './bytes.ts'
import type { DeviceKey, DeviceKeyOptions } from './device-key.ts'

/**
 * A service that encrypts small secrets under a key that never leaves it: an HSM, or a cloud's KMS (its Encrypt and Decrypt). The
 * context is authenticated beside them and must be the same both times.
 *
 * Throws `STORE_UNAVAILABLE` when it cannot be reached or does not allow it, `STORE_INVALIDATED` when its key is gone or what it
 * wrapped was changed. Errors of other kinds become `STORE_FAILED` with their name alone, since they may quote what was sent.
 */
export interface KeyWrapper {
  /** Lower-case with dashes, such as `pkcs11` or `aws-kms`. */
  readonly name: string
  /** Encrypts 32 bytes, which are wiped when it is done. */
  wrap(secret: Uint8Array, context: string, options?: DeviceKeyOptions): Promise<Uint8Array>
  /** Gives out bytes of its own, which are wiped when they were read. */
  unwrap(wrapped: Uint8Array, context: string, options?: DeviceKeyOptions): Promise<Uint8Array>
  /** True when it works here and now. Without it, something is wrapped and unwrapped to see. */
  available?(options?: DeviceKeyOptions): Promise<boolean>
}

/**
 * A device key for servers: a random secret that a {@link KeyWrapper} has encrypted. What it wrapped lies in the vault, and is
 * unwrapped once before it is used, so that no vault relies on what cannot be read again.
 *
 * Deleting forgets nothing outside the vault: an old copy of the vault opens as long as the service's own key is there.
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
  const get: DeviceKey['get'] = async ({ id = '', wrapped = '' }, options) => {
    const bytes = bytesOf(wrapped)
    if (!bytes) throw changed(wrapper)
    const given = await asked(wrapper, options, () => wrapper.unwrap(bytes, contextOf(id), options))
    const secret = Uint8Array.from(given)
    given.fill(0)
    if (secret.length === SECRET) return secret
    secret.fill(0)
    throw changed(wrapper)
  }

  const create: DeviceKey['create'] = async (options) => {
    const secret = randomBytes(SECRET)
    const copy = Uint8Array.from(secret)
    let found: Uint8Array | undefined
    try {
      const id = toBase64(randomBytes(12))
      const wrapped = await asked(wrapper, options, () => wrapper.wrap(copy, contextOf(id), options))
      const data = { id, wrapped: toBase64(wrapped) }
      found = await get(data, options)
      if (isEqual(found, secret)) return { data, secret }
      throw failed(wrapper, 'it gives back something else than it was given')
    } catch (error) {
      secret.fill(0)
      throw error
    } finally {
      copy.fill(0)
      found?.fill(0)
    }
  }

  return {
    name: wrapper.name,
    gate: 'hsm',
    hardware: true,
    available: async (options) => {
      try {
        if (wrapper.available) return await wrapper.available(options)
        const { secret } = await create(options)
        secret.fill(0)
        return true
      } catch {
        return false
      }
    },
    create,
    get,
    // Nothing of it lies elsewhere: who cannot read the slot any more has nothing to unwrap.
    delete: async () => {},
  }
}

const SECRET = 32

const contextOf = (id: string): string => `coffer vault ${id}`

function bytesOf(text: string): Uint8Array | undefined {
  try {
    return fromBase64(text)
  } catch {
    return undefined
  }
}

/** Asks the service. Of a foreign error no more than its name is kept: those of HTTP clients hold the request. */
async function asked(
  wrapper: KeyWrapper,
  options: DeviceKeyOptions | undefined,
  task: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const abort = (): void => {
    if (options?.signal?.aborted)
      throw new CofferError({ code: 'ABORTED', message: `The call to ${wrapper.name} was cancelled.` })
  }
  abort()
  try {
    const answer = await task()
    if (answer instanceof Uint8Array) return answer
    throw failed(wrapper, 'it answers with no bytes')
  } catch (error) {
    if (isCofferError(error)) throw error
    abort()
    const name = (error as { readonly name?: unknown } | null)?.name
    throw failed(
      wrapper,
      typeof name === 'string' && /^[A-Za-z][A-Za-z0-9]{0,63}$/.test(name) ? name : 'unknown error',
    )
  }
}

function failed({ name }: KeyWrapper, why: string): CofferError {
  return new CofferError({
    code: 'STORE_FAILED',
    message: `${name} failed (${why}). Check it, and try again.`,
  })
}

function changed({ name }: KeyWrapper): CofferError {
  return new CofferError({
    code: 'STORE_INVALIDATED',
    message: `What ${name} wrapped was changed. Unlock in another way, and add this one anew.`,
  })
}
