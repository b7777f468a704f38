import { CofferError, randomBytes } from '@coffer/core'
import type * as Pkcs11 from 'pkcs11js'
import type { DeviceKey } from './device-key.ts'
import { peer } from './peer.ts'
import { wrappedKey } from './wrapped-key.ts'

export interface Pkcs11Options {
  /** The path of the module of the token's maker, such as `/usr/lib/softhsm/libsofthsm2.so`. */
  readonly library: string
  /** The label of the token. */
  readonly token: string
  /** Of its user. Called for each use, so that it can rest elsewhere in between. */
  readonly pin: () => string | Promise<string>
  /** The label of the key in the token; made there when it is missing. `coffer` when not given. */
  readonly label?: string | undefined
  /** The module `pkcs11js`, where it is not to be loaded by its name. */
  readonly module?: object | undefined
}

/**
 * A device key for servers in an HSM, through PKCS#11 and the peer `pkcs11js`: an AES key that never leaves the token wraps the secret
 * (AES-256-GCM, bound to its slot). Calls are made on this thread and block it while the token works.
 *
 * `STORE_UNAVAILABLE`: no such module or token, or a wrong or locked PIN. `STORE_INVALIDATED`: the key is gone, or another one bears its
 * label. SoftHSM is software: good for tests, no better than a file.
 *
 * @example
 * const key = pkcs11Key({ library: '/usr/lib/softhsm/libsofthsm2.so', token: 'wallet', pin: () => readPin() })
 * await vault.addSlot({ key })
 * @see https://docs.oasis-open.org/pkcs11/pkcs11-base/v2.40/pkcs11-base-v2.40.html
 */
export function pkcs11Key(options: Pkcs11Options): DeviceKey {
  const { library, token, pin, label = 'coffer' } = options
  const load = peer<typeof Pkcs11>('pkcs11js', options.module as typeof Pkcs11 | undefined, async () => {
    const loaded = (await import('pkcs11js')) as typeof Pkcs11 & { readonly default?: typeof Pkcs11 }
    return loaded.default ?? loaded
  })

  /** Opens a session, logs in, and ends both whatever happens. */
  const withKey = async <T>(
    make: boolean,
    use: (session: Session & { readonly key: Buffer }) => T,
  ): Promise<T> => {
    const pkcs11 = await load()
    const code = await pin()
    const api = new pkcs11.PKCS11()
    let handle: Buffer | undefined
    let isOurs = false
    try {
      api.load(library)
      isOurs = initialize(api, pkcs11)
      const slot = api.C_GetSlotList(true).find((slot) => api.C_GetTokenInfo(slot).label.trim() === token)
      if (!slot) throw unavailable(`there is no token ${JSON.stringify(token)}`)
      handle = api.C_OpenSession(slot, pkcs11.CKF_SERIAL_SESSION | pkcs11.CKF_RW_SESSION)
      login(api, pkcs11, handle, code)
      const session = { api, pkcs11, handle }
      const key = findKey(session, label) ?? (make ? makeKey(session, label) : undefined)
      if (!key) throw gone(label)
      return use({ ...session, key })
    } catch (error) {
      throw translated(error)
    } finally {
      // What ends badly here has done its work already.
      if (handle) quietly(() => api.C_CloseSession(handle as Buffer))
      if (isOurs) quietly(() => api.C_Finalize())
      quietly(() => api.close())
    }
  }

  return wrappedKey({
    name: 'pkcs11',
    wrap: (secret, context) =>
      withKey(true, ({ api, pkcs11, handle, key }) => {
        const iv = Buffer.from(randomBytes(IV))
        api.C_EncryptInit(handle, mechanism(pkcs11, iv, context), key)
        const box = api.C_Encrypt(handle, Buffer.from(secret), Buffer.alloc(secret.length + TAG))
        secret.fill(0)
        return Uint8Array.from(Buffer.concat([iv, box]))
      }),
    unwrap: (wrapped, context) =>
      withKey(false, ({ api, pkcs11, handle, key }) => {
        api.C_DecryptInit(handle, mechanism(pkcs11, Buffer.from(wrapped.subarray(0, IV)), context), key)
        try {
          const box = Buffer.from(wrapped.subarray(IV))
          const plain = api.C_Decrypt(handle, box, Buffer.alloc(wrapped.length))
          const secret = Uint8Array.from(plain)
          plain.fill(0)
          return secret
        } catch {
          // The key of this label is another one, or what it wrapped was changed.
          throw gone(label)
        }
      }),
  })
}

interface Session {
  readonly api: Pkcs11.PKCS11
  readonly pkcs11: typeof Pkcs11
  readonly handle: Buffer
}

const IV = 12
const TAG = 16

function mechanism(pkcs11: typeof Pkcs11, iv: Buffer, context: string): Pkcs11.Mechanism {
  return {
    mechanism: pkcs11.CKM_AES_GCM,
    parameter: {
      type: pkcs11.CK_PARAMS_AES_GCM_v240,
      iv,
      ivBits: iv.length * 8,
      aad: Buffer.from(context),
      tagBits: TAG * 8,
    } as Pkcs11.IParams,
  }
}

function findKey({ api, pkcs11, handle }: Session, label: string): Buffer | undefined {
  api.C_FindObjectsInit(handle, [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
    { type: pkcs11.CKA_LABEL, value: label },
  ])
  try {
    return api.C_FindObjects(handle, 1)[0]
  } finally {
    api.C_FindObjectsFinal(handle)
  }
}

/** Of 256 bits, kept in the token, never to leave it. */
function makeKey({ api, pkcs11, handle }: Session, label: string): Buffer {
  return api.C_GenerateKey(handle, { mechanism: pkcs11.CKM_AES_KEY_GEN }, [
    { type: pkcs11.CKA_LABEL, value: label },
    { type: pkcs11.CKA_TOKEN, value: true },
    { type: pkcs11.CKA_PRIVATE, value: true },
    { type: pkcs11.CKA_SENSITIVE, value: true },
    { type: pkcs11.CKA_EXTRACTABLE, value: false },
    { type: pkcs11.CKA_ENCRYPT, value: true },
    { type: pkcs11.CKA_DECRYPT, value: true },
    { type: pkcs11.CKA_VALUE_LEN, value: 32 },
  ])
}

/** True when it was us: another part of the program may use the module already. */
function initialize(api: Pkcs11.PKCS11, pkcs11: typeof Pkcs11): boolean {
  try {
    api.C_Initialize()
    return true
  } catch (error) {
    if (codeOf(error) === pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED) return false
    throw error
  }
}

function login(api: Pkcs11.PKCS11, pkcs11: typeof Pkcs11, handle: Buffer, pin: string): void {
  try {
    api.C_Login(handle, pkcs11.CKU_USER, pin)
  } catch (error) {
    const code = codeOf(error)
    if (code === pkcs11.CKR_USER_ALREADY_LOGGED_IN) return
    if (code === pkcs11.CKR_PIN_LOCKED) throw unavailable('its PIN is locked after too many wrong ones')
    if (
      code === pkcs11.CKR_PIN_INCORRECT ||
      code === pkcs11.CKR_PIN_LEN_RANGE ||
      code === pkcs11.CKR_PIN_INVALID
    )
      throw unavailable('its PIN is wrong')
    throw error
  }
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown } | null)?.code
}

function quietly(task: () => void): void {
  try {
    task()
  } catch {
    // It was over.
  }
}

/** Without the cause: no message of a module is known to be free of secrets. */
function translated(error: unknown): CofferError {
  if (error instanceof CofferError) return error
  const text = String((error as { readonly message?: unknown } | null)?.message ?? '')
  const reason = /CKR_[A-Z_]+/.exec(text)?.[0]
  if (reason === undefined) return unavailable('its module cannot be loaded')
  if (/TOKEN_NOT_PRESENT|DEVICE_REMOVED|TOKEN_NOT_RECOGNIZED/.test(reason))
    return unavailable(`the token is gone (${reason})`)
  return new CofferError({
    code: 'STORE_FAILED',
    message: `The HSM failed (${reason}). Check it, and try again.`,
  })
}

function unavailable(why: string): CofferError {
  return new CofferError({ code: 'STORE_UNAVAILABLE', message: `The HSM cannot be used: ${why}.` })
}

function gone(label: string): CofferError {
  return new CofferError({
    code: 'STORE_INVALIDATED',
    message: `The key ${JSON.stringify(label)} of the HSM is gone or another one. Unlock in another way, and add this one anew.`,
  })
}
