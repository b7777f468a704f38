import { CofferError, randomBytes } from '@coffer/core'
import type { DeviceKey, DeviceKeyData } from './device-key.ts'
import type { KdfCost } from './kdf.ts'

/** The least that a vault takes, so that tests are quick. */
export const CHEAP: KdfCost = { memory: 19_456, passes: 2, lanes: 1 }

export const MNEMONIC = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
export const OTHER =
  'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about'
export const PASSWORD = 'correct horse battery'

/** A device in memory, and what can happen to it. */
export function memoryKey({
  name = 'memory',
  hardware = true,
}: {
  readonly name?: string
  readonly hardware?: boolean
} = {}): DeviceKey & { readonly held: Map<string, Uint8Array>; answer: 'yes' | 'cancel' | 'unavailable' } {
  const held = new Map<string, Uint8Array>()
  const key = {
    name,
    gate: 'biometric' as const,
    hardware,
    held,
    answer: 'yes' as 'yes' | 'cancel' | 'unavailable',
    available: async () => key.answer !== 'unavailable',
    create: async () => {
      const secret = randomBytes(32)
      const id = String(held.size + 1)
      held.set(id, secret.slice())
      return { data: { id }, secret }
    },
    get: async ({ id }: DeviceKeyData) => {
      if (key.answer === 'cancel')
        throw new CofferError({ code: 'STORE_CANCELLED', message: 'The question was closed.' })
      if (key.answer === 'unavailable')
        throw new CofferError({ code: 'STORE_UNAVAILABLE', message: 'There is no such device.' })
      const secret = held.get(String(id))
      if (secret) return secret.slice()
      throw new CofferError({ code: 'STORE_INVALIDATED', message: 'The secret is gone.' })
    },
    delete: async ({ id }: DeviceKeyData) => void held.delete(String(id)),
  }
  return key
}
