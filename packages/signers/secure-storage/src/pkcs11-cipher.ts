import { CofferError, isCofferError, randomBytes } from '@coffer/core'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type * as Pkcs11 from 'pkcs11js'
import { concat, isEqual, utf8 } from './bytes.ts'
import type { TokenKey } from './pkcs11-keys.ts'
import type { Session } from './pkcs11-session.ts'

/*
 * What was wrapped: version 1, the cipher, the length of the key's id, the id, the IV, the box.
 *
 * GCM authenticates the context. CBC authenticates nothing, so there an HMAC of the context under the secret goes into the box: a
 * box that was changed gives another secret, whose HMAC nobody knows.
 */

const VERSION = 1
const SECRET = 32
const TAG = 16

interface Cipher {
  readonly number: number
  readonly ivLength: number
  readonly boxLength: number
  mechanism(pkcs11: typeof Pkcs11): number
  parameter(pkcs11: typeof Pkcs11, iv: Buffer, context: string): Buffer | Pkcs11.IParams
  /** What is encrypted of a secret. */
  pack(secret: Uint8Array, context: string): Buffer
  /** The secret in what was decrypted; `undefined` when it is none of this context. */
  unpack(plain: Uint8Array, context: string): Uint8Array | undefined
}

const gcm: Cipher = {
  number: 1,
  ivLength: 12,
  boxLength: SECRET + TAG,
  mechanism: (pkcs11) => pkcs11.CKM_AES_GCM,
  parameter: (pkcs11, iv, context) =>
    ({
      type: pkcs11.CK_PARAMS_AES_GCM_v240,
      iv,
      ivBits: iv.length * 8,
      aad: Buffer.from(context),
      tagBits: TAG * 8,
    }) as Pkcs11.IParams,
  pack: (secret) => Buffer.from(secret),
  unpack: (plain) => (plain.length === SECRET ? Uint8Array.from(plain) : undefined),
}

const cbc: Cipher = {
  number: 2,
  ivLength: 16,
  // Two blocks of secret, two of HMAC, one of padding.
  boxLength: 80,
  mechanism: (pkcs11) => pkcs11.CKM_AES_CBC_PAD,
  parameter: (_, iv) => iv,
  pack: (secret, context) => Buffer.concat([secret, markOf(secret, context)]),
  unpack: (plain, context) => {
    const secret = Uint8Array.from(plain.subarray(0, SECRET))
    if (isEqual(markOf(secret, context), Uint8Array.from(plain.subarray(SECRET)))) return secret
    secret.fill(0)
    return undefined
  },
}

function markOf(secret: Uint8Array, context: string): Uint8Array {
  return hmac(sha256, secret, utf8(`pkcs11 ${context}`))
}

/** Wraps with the first cipher that the token has and that gives the secret back: some choose another IV than they are told. */
export function wrapWith(session: Session, key: TokenKey, secret: Uint8Array, context: string): Uint8Array {
  const { api, pkcs11, slot } = session
  const known = api.C_GetMechanismList(slot)
  let why: unknown
  for (const cipher of [gcm, cbc]) {
    if (!known.includes(cipher.mechanism(pkcs11))) continue
    try {
      return encryptChecked(session, cipher, key, secret, context)
    } catch (error) {
      why = error
    }
  }
  throw (
    why ??
    new CofferError({
      code: 'STORE_UNAVAILABLE',
      message: 'The HSM cannot be used: it knows neither AES-GCM nor AES-CBC.',
    })
  )
}

/** The secret; throws `STORE_INVALIDATED` when what was wrapped, or its context, was changed. */
export function unwrapWith(
  session: Session,
  keyOf: (id: Uint8Array) => TokenKey,
  wrapped: Uint8Array,
  context: string,
): Uint8Array {
  const parts = partsOf(wrapped)
  if (!parts) throw changed()
  const { cipher, iv, box } = parts
  const key = keyOf(parts.id)
  let why: unknown = changed()
  try {
    const secret = decrypt(session, cipher, key, iv, box, context)
    if (secret) return secret
  } catch (error) {
    why = error
  }
  if (isCofferError(why)) throw changed()
  // A token may call everything a general error. One that still works with this key, and fails again, says that it is not to blame.
  if (!works(session, cipher, key)) throw why
  try {
    const secret = decrypt(session, cipher, key, iv, box, context)
    if (secret) return secret
  } catch {
    // Told below.
  }
  throw changed()
}

function works(session: Session, cipher: Cipher, key: TokenKey): boolean {
  const sample = randomBytes(SECRET)
  try {
    encryptChecked(session, cipher, key, sample, 'sample')
    return true
  } catch {
    return false
  } finally {
    sample.fill(0)
  }
}

function encryptChecked(
  session: Session,
  cipher: Cipher,
  key: TokenKey,
  secret: Uint8Array,
  context: string,
): Uint8Array {
  const { api, pkcs11, handle } = session
  const iv = randomBytes(cipher.ivLength)
  const plain = cipher.pack(secret, context)
  let box: Uint8Array
  try {
    const mechanism = {
      mechanism: cipher.mechanism(pkcs11),
      parameter: cipher.parameter(pkcs11, Buffer.from(iv), context),
    }
    api.C_EncryptInit(handle, mechanism, key.object)
    box = Uint8Array.from(api.C_Encrypt(handle, plain, Buffer.alloc(cipher.boxLength)))
  } finally {
    plain.fill(0)
  }
  const found = box.length === cipher.boxLength && decrypt(session, cipher, key, iv, box, context)
  const isGood = found && isEqual(found, secret)
  if (found) found.fill(0)
  if (!isGood) throw new Error('CKR_FUNCTION_FAILED')
  return concat(Uint8Array.of(VERSION, cipher.number, key.id.length), key.id, iv, box)
}

function decrypt(
  { api, pkcs11, handle }: Session,
  cipher: Cipher,
  key: TokenKey,
  iv: Uint8Array,
  box: Uint8Array,
  context: string,
): Uint8Array | undefined {
  const room = Buffer.alloc(cipher.boxLength)
  try {
    const mechanism = {
      mechanism: cipher.mechanism(pkcs11),
      parameter: cipher.parameter(pkcs11, Buffer.from(iv), context),
    }
    api.C_DecryptInit(handle, mechanism, key.object)
    return cipher.unpack(api.C_Decrypt(handle, Buffer.from(box), room), context)
  } finally {
    room.fill(0)
  }
}

function partsOf(wrapped: Uint8Array):
  | {
      readonly cipher: Cipher
      readonly id: Uint8Array
      readonly iv: Uint8Array
      readonly box: Uint8Array
    }
  | undefined {
  const [version, number, idLength = 0] = wrapped
  const cipher = [gcm, cbc].find((cipher) => cipher.number === number)
  if (version !== VERSION || !cipher) return undefined
  const iv = 3 + idLength
  const box = iv + cipher.ivLength
  if (wrapped.length !== box + cipher.boxLength) return undefined
  return { cipher, id: wrapped.slice(3, iv), iv: wrapped.slice(iv, box), box: wrapped.slice(box) }
}

function changed(): CofferError {
  return new CofferError({
    code: 'STORE_INVALIDATED',
    message: 'What the HSM wrapped was changed. Unlock in another way, and add this one anew.',
  })
}
