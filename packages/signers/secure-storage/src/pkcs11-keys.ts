import { CofferError, randomBytes } from '@coffer/core'
import type * as Pkcs11 from 'pkcs11js'
import type { Session } from './pkcs11-session.ts'

/** A key in the token, and the id by which it is known among others of its label. */
export interface TokenKey {
  readonly object: Buffer
  readonly id: Uint8Array
}

/**
 * A key that may wrap; made when there is none of that label. Two servers that make one at the same time make two, which their ids
 * tell apart. Throws `STORE_FAILED` when there are keys and none will do.
 */
export function keyForWrapping(session: Session, label: string): TokenKey {
  const found = keysOf(session, label)
  if (found.length === 0) return makeKey(session, label)
  const good = found.find(
    ({ object, id }) =>
      id.length < 256 &&
      found.filter((other) => isSame(other.id, id)).length === 1 &&
      staysInside(session, object),
  )
  if (good) return good
  throw new CofferError({
    code: 'STORE_FAILED',
    message: `The key ${JSON.stringify(label)} of the HSM will not do: it is no AES-256 key that stays inside, or shares its id with another. Take another label.`,
  })
}

/** The key that has wrapped; throws `STORE_INVALIDATED` when it is gone. */
export function keyOfId(session: Session, label: string, id: Uint8Array): TokenKey {
  const [only, ...more] = keysOf(session, label).filter((key) => isSame(key.id, id))
  if (only && more.length === 0) return only
  if (only)
    throw new CofferError({
      code: 'STORE_FAILED',
      message: `Several keys ${JSON.stringify(label)} of the HSM have one id. Take away those that were not there before.`,
    })
  throw new CofferError({
    code: 'STORE_INVALIDATED',
    message: `The key ${JSON.stringify(label)} of the HSM is gone or another one. Unlock in another way, and add this one anew.`,
  })
}

/**
 * Keys that only a user with the PIN can have put there: anyone can put public ones into a token, under any label and with a value
 * that they know.
 */
function keysOf({ api, pkcs11, handle }: Session, label: string): readonly TokenKey[] {
  api.C_FindObjectsInit(handle, [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
    { type: pkcs11.CKA_KEY_TYPE, value: pkcs11.CKK_AES },
    { type: pkcs11.CKA_LABEL, value: label },
    { type: pkcs11.CKA_TOKEN, value: true },
    { type: pkcs11.CKA_PRIVATE, value: true },
  ])
  let objects: readonly Buffer[]
  try {
    objects = api.C_FindObjects(handle, 100)
  } finally {
    api.C_FindObjectsFinal(handle)
  }
  return objects.map((object) => ({
    object,
    id: Uint8Array.from(attribute({ api, handle }, object, pkcs11.CKA_ID)),
  }))
}

function staysInside({ api, pkcs11, handle }: Session, object: Buffer): boolean {
  const is = (type: number): boolean => attribute({ api, handle }, object, type)[0] === 1
  // However the machine orders the bytes of a number.
  const length = attribute({ api, handle }, object, pkcs11.CKA_VALUE_LEN).reduce((sum, byte) => sum + byte, 0)
  return is(pkcs11.CKA_SENSITIVE) && !is(pkcs11.CKA_EXTRACTABLE) && length === 32
}

function attribute({ api, handle }: Pick<Session, 'api' | 'handle'>, object: Buffer, type: number): Buffer {
  const value = api.C_GetAttributeValue(handle, object, [{ type }])[0]?.value
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0)
}

/** Of 256 bits, kept in the token, never to leave it. */
function makeKey({ api, pkcs11, handle }: Session, label: string): TokenKey {
  const id = randomBytes(16)
  const template: Pkcs11.Template = [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
    { type: pkcs11.CKA_KEY_TYPE, value: pkcs11.CKK_AES },
    { type: pkcs11.CKA_LABEL, value: label },
    { type: pkcs11.CKA_ID, value: Buffer.from(id) },
    { type: pkcs11.CKA_TOKEN, value: true },
    { type: pkcs11.CKA_PRIVATE, value: true },
    { type: pkcs11.CKA_SENSITIVE, value: true },
    { type: pkcs11.CKA_EXTRACTABLE, value: false },
    { type: pkcs11.CKA_ENCRYPT, value: true },
    { type: pkcs11.CKA_DECRYPT, value: true },
    { type: pkcs11.CKA_VALUE_LEN, value: 32 },
  ]
  return { object: api.C_GenerateKey(handle, { mechanism: pkcs11.CKM_AES_KEY_GEN }, template), id }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
