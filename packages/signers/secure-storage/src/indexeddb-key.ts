import { CofferError, randomBytes } from '@coffer/core'
import { fromBase64, toBase64, utf8 } from './bytes.ts'
import type { DeviceKey } from './device-key.ts'
import { database } from './indexeddb-open.ts'

/**
 * A device key of the browser: an AES key in IndexedDB that no script can export, only use. It stops who copies the storage of the
 * page, and not who runs a script in it; so it is no hardware, and takes no PIN.
 *
 * @example
 * await vault.addSlot({ key: indexedDbKey() }) // opens without a question, on this browser alone
 */
export function indexedDbKey({ name = 'coffer' }: { readonly name?: string | undefined } = {}): DeviceKey {
  const db = database(name)
  const find = (id: string): Promise<CryptoKey | undefined> =>
    db.read('keys', (keys) => keys.get(id)) as Promise<CryptoKey | undefined>
  return {
    name: 'indexeddb',
    gate: 'device',
    hardware: false,
    available: async () => {
      try {
        subtle()
        await find('probe')
        return true
      } catch {
        return false
      }
    },
    create: async () => {
      const key = await subtle().generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
      const id = toBase64(randomBytes(16))
      const iv = bytes(randomBytes(12))
      const secret = randomBytes(32)
      const wrapped = await subtle().encrypt(cipher(iv, id), key, bytes(secret))
      await db.write('keys', (keys) => keys.put(key, id))
      return { data: { id, iv: toBase64(iv), wrapped: toBase64(new Uint8Array(wrapped)) }, secret }
    },
    get: async ({ id = '', iv = '', wrapped = '' }) => {
      const key = await find(id)
      if (!key) throw gone()
      const webCrypto = subtle()
      try {
        const [nonce, box] = [bytes(fromBase64(iv)), bytes(fromBase64(wrapped))]
        return new Uint8Array(await webCrypto.decrypt(cipher(nonce, id), key, box))
      } catch {
        // The key is another one, or its wrapping was changed.
        throw gone()
      }
    },
    delete: ({ id = '' }) => db.write('keys', (keys) => keys.delete(id)),
  }
}

const cipher = (iv: Uint8Array<ArrayBuffer>, id: string) => ({
  name: 'AES-GCM',
  iv,
  additionalData: bytes(utf8(`coffer indexeddb key ${id}`)),
})

const bytes = (given: Uint8Array): Uint8Array<ArrayBuffer> => given as Uint8Array<ArrayBuffer>

function subtle(): SubtleCrypto {
  const found = (globalThis.crypto as Crypto | undefined)?.subtle as SubtleCrypto | undefined
  if (found) return found
  throw new CofferError({
    code: 'STORE_UNAVAILABLE',
    message: 'This page has no WebCrypto: it must be served over https.',
  })
}

function gone(): CofferError {
  return new CofferError({
    code: 'STORE_INVALIDATED',
    message:
      'The browser no longer has the key of this vault: its storage was cleared. Unlock in another way.',
  })
}
