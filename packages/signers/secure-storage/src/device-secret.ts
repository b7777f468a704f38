import { CofferError, randomBytes } from '@coffer/core'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { fromBase64, isEqual, toBase64, utf8 } from './bytes.ts'
import type { DeviceKey, DeviceKeyData } from './device-key.ts'

/** A random secret as the text that a platform keeps, and public data by which its slot knows it again. */
export function newDeviceSecret(): {
  readonly data: DeviceKeyData & { readonly id: string }
  readonly secret: Uint8Array
  readonly text: string
} {
  const secret = randomBytes(32)
  const id = toBase64(randomBytes(12))
  return { data: { id, check: checkOf(secret) }, secret, text: toBase64(secret) }
}

/** The secret in what a platform gave back; throws `STORE_INVALIDATED` when it is nothing, or that of another slot. */
export function readDeviceSecret(
  { check = '' }: DeviceKeyData,
  text: string | undefined,
  name: string,
): Uint8Array {
  let secret: Uint8Array | undefined
  try {
    secret = fromBase64(text ?? '')
  } catch {
    // Told below.
  }
  if (secret?.length === 32 && isEqual(utf8(checkOf(secret)), utf8(check))) return secret
  throw new CofferError({
    code: 'STORE_INVALIDATED',
    message: `${name} no longer holds the secret of this vault: it was thrown away or replaced. Unlock in another way, and add this one anew.`,
  })
}

/** Of the secret, and of no use to find it. */
function checkOf(secret: Uint8Array): string {
  return toBase64(hkdf(sha256, secret, undefined, utf8('coffer device check'), 12))
}

/** True when a device key works from end to end, with a secret that is forgotten again. */
export async function works(key: Pick<DeviceKey, 'create' | 'get' | 'delete'>): Promise<boolean> {
  try {
    const { data, secret } = await key.create()
    try {
      return isEqual(await key.get(data), secret)
    } finally {
      secret.fill(0)
      await key.delete(data)
    }
  } catch {
    return false
  }
}
