import { CofferError, type ErrorCode, isCofferError } from '@coffer/core'
import type * as Pkcs11 from 'pkcs11js'

/** A session of a user who has logged in. */
export interface Session {
  readonly api: Pkcs11.PKCS11
  readonly pkcs11: typeof Pkcs11
  readonly handle: Buffer
  readonly slot: Buffer
}

/**
 * Opens a session, logs in, and ends both whatever happens. Nothing in between waits, so no two calls of one thread meet.
 */
export function withSession<T>(
  pkcs11: typeof Pkcs11,
  { library, token, pin }: { readonly library: string; readonly token: string; readonly pin: string },
  use: (session: Session) => T,
): T {
  return withModule(pkcs11, library, (api) => {
    const { slot, flags } = tokenOf(api, token)
    const handle = api.C_OpenSession(slot, pkcs11.CKF_SERIAL_SESSION | pkcs11.CKF_RW_SESSION)
    let isLoggedIn = false
    try {
      isLoggedIn = login(api, pkcs11, handle, flags, pin)
      return use({ api, pkcs11, handle, slot })
    } finally {
      // What ends badly here has done its work already. Other sessions of this program would stay logged in.
      if (isLoggedIn) quietly(() => api.C_Logout(handle))
      quietly(() => api.C_CloseSession(handle))
    }
  })
}

/** True when the token is there and can be logged in to; does not try. */
export function isUsable(pkcs11: typeof Pkcs11, library: string, token: string): boolean {
  return withModule(pkcs11, library, (api) => {
    const { slot, flags } = tokenOf(api, token)
    const mechanisms = api.C_GetMechanismList(slot)
    return (
      (flags & pkcs11.CKF_USER_PIN_INITIALIZED) !== 0 &&
      (flags & (pkcs11.CKF_USER_PIN_LOCKED | pkcs11.CKF_USER_PIN_FINAL_TRY)) === 0 &&
      (mechanisms.includes(pkcs11.CKM_AES_GCM) || mechanisms.includes(pkcs11.CKM_AES_CBC_PAD))
    )
  })
}

function withModule<T>(pkcs11: typeof Pkcs11, library: string, use: (api: Pkcs11.PKCS11) => T): T {
  const api = new pkcs11.PKCS11()
  try {
    api.load(library)
  } catch {
    throw unavailable(`its module ${library} cannot be loaded`)
  }
  let isOurs = false
  try {
    isOurs = initialize(api, pkcs11)
    return use(api)
  } catch (error) {
    throw translated(error)
  } finally {
    if (isOurs) quietly(() => api.C_Finalize())
    quietly(() => api.close())
  }
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

/** The one token of that label or serial number. */
function tokenOf(api: Pkcs11.PKCS11, name: string): { readonly slot: Buffer; readonly flags: number } {
  const found = api.C_GetSlotList(true).flatMap((slot) => {
    const info = infoOf(api, slot)
    const isIt = info && (info.label.trim() === name || info.serialNumber.trim() === name)
    return isIt ? [{ slot, flags: info.flags }] : []
  })
  const [only] = found
  if (!only) throw unavailable(`there is no token ${JSON.stringify(name)}`)
  if (found.length === 1) return only
  throw new CofferError({
    code: 'STORE_FAILED',
    message: `There are ${found.length} tokens ${JSON.stringify(name)}. Name the one by its serial number.`,
  })
}

/** Of a token that can be read; a neighbour that cannot is no reason to fail. */
function infoOf(api: Pkcs11.PKCS11, slot: Buffer): Pkcs11.TokenInfo | undefined {
  try {
    return api.C_GetTokenInfo(slot)
  } catch {
    return undefined
  }
}

/** True when it was us who logged in. */
function login(
  api: Pkcs11.PKCS11,
  pkcs11: typeof Pkcs11,
  handle: Buffer,
  flags: number,
  pin: string,
): boolean {
  // A server that starts again and again with a wrong PIN must not lock the token for good.
  if ((flags & pkcs11.CKF_USER_PIN_FINAL_TRY) !== 0)
    throw unavailable(
      'one more wrong PIN would lock it. Log in once with the tool of its maker, then try again',
    )
  try {
    api.C_Login(handle, pkcs11.CKU_USER, pin)
    return true
  } catch (error) {
    if (codeOf(error) === pkcs11.CKR_USER_ALREADY_LOGGED_IN) return false
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

const UNAVAILABLE: Readonly<Record<string, string>> = {
  CKR_PIN_INCORRECT: 'its PIN is wrong',
  CKR_PIN_INVALID: 'its PIN is wrong',
  CKR_PIN_LEN_RANGE: 'its PIN is wrong',
  CKR_PIN_LOCKED: 'its PIN is locked after too many wrong ones. Its security officer can set a new one',
  CKR_PIN_EXPIRED: 'its PIN has expired. Set a new one',
  CKR_USER_PIN_NOT_INITIALIZED: 'it has no PIN yet. Set one',
  CKR_TOKEN_NOT_PRESENT: 'the token was taken away',
  CKR_TOKEN_NOT_RECOGNIZED: 'the token cannot be read',
  CKR_DEVICE_REMOVED: 'the token was taken away',
  CKR_TOKEN_WRITE_PROTECTED: 'the token cannot be written to, and has no key yet',
}

/** The module was ended by another part of the program, or has no room for one more. */
const PASSING = new Set([
  'CKR_CRYPTOKI_NOT_INITIALIZED',
  'CKR_SESSION_CLOSED',
  'CKR_SESSION_COUNT',
  'CKR_SESSION_HANDLE_INVALID',
])

/** Without the cause: no message of a module is known to be free of secrets. */
function translated(error: unknown): CofferError {
  if (isCofferError(error)) return error
  const text = String((error as { readonly message?: unknown } | null)?.message ?? '')
  const reason = /CKR_[A-Z0-9_]+/.exec(text)?.[0] ?? 'unknown error'
  const why = UNAVAILABLE[reason]
  if (why !== undefined) return unavailable(why, { reason })
  return new CofferError({
    code: 'STORE_FAILED',
    message: `The HSM failed (${reason}). Check it, and try again.`,
    details: { reason },
    retryable: PASSING.has(reason),
  })
}

function unavailable(why: string, details: Readonly<Record<string, string>> = {}): CofferError {
  const code: ErrorCode = 'STORE_UNAVAILABLE'
  return new CofferError({ code, message: `The HSM cannot be used: ${why}.`, details })
}
