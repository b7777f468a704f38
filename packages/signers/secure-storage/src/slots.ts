import { CofferError, isCofferError, randomBytes } from '@coffer/core'
import type { Argon2Options } from './argon2.ts'
import { concat, fromBase64, toBase64 } from './bytes.ts'
import type { DeviceKey } from './device-key.ts'
import { type DeviceSlot, type Envelope, type Slot, slotContextOf, toHex } from './envelope.ts'
import { type Kdf, type KdfCost, newKdf, stretch } from './kdf.ts'
import { newRecoveryCode, readRecoveryCode } from './recovery-code.ts'
import { unwrap, wrap } from './sealed.ts'

/** A way to open a vault. */
export type Unlock =
  | { readonly password: string }
  | { readonly pin: string; readonly key: DeviceKey }
  | { readonly key: DeviceKey }
  | { readonly recoveryCode: string }

/** A way to open a vault, to be added. A recovery code is made, and shown once. */
export type NewSlot =
  | { readonly password: string }
  | { readonly pin: string; readonly key: DeviceKey }
  | { readonly key: DeviceKey }
  | { readonly recoveryCode: true }

export interface MadeSlot {
  readonly slot: Slot
  readonly recoveryCode?: string
}

const SHORTEST_PASSWORD = 8
const SHORTEST_PIN = 6

/** Stretches passwords; each one with each salt only once. */
export interface Stretcher {
  stretch(password: string, kdf: Kdf): Promise<Uint8Array>
  wipe(): void
}

export function stretcher(options: Argon2Options): Stretcher {
  const known = new Map<string, Uint8Array>()
  return {
    stretch: async (password, kdf) => {
      const { memory, passes, lanes, salt } = kdf
      const name = [memory, passes, lanes, salt, password].join('/')
      const material = known.get(name) ?? (await stretch(password, kdf, options))
      known.set(name, material)
      return Uint8Array.from(material)
    },
    wipe: () => {
      for (const material of known.values()) material.fill(0)
      known.clear()
    },
  }
}

/** Wraps the data key in a new way, at a cost or with the salt that it has. Throws `WEAK_PASSWORD` and what the device throws. */
export async function makeSlot(
  vault: string,
  dataKey: Uint8Array,
  wanted: NewSlot,
  cost: KdfCost | Kdf,
  options: Argon2Options,
): Promise<MadeSlot> {
  const { signal } = options
  const id = toHex(randomBytes(8))
  const finish = <S extends Omit<Slot, 'wrapped'>>(fields: S, material: Uint8Array): Slot => {
    try {
      const wrapped = wrap(material, dataKey, slotContextOf(vault, fields))
      return { ...fields, wrapped: toBase64(wrapped) } as unknown as Slot
    } finally {
      material.fill(0)
    }
  }
  if ('password' in wanted) {
    checkPassword(wanted.password)
    const kdf = 'salt' in cost ? cost : newKdf(cost)
    return { slot: finish({ id, type: 'password', kdf }, await stretch(wanted.password, kdf, options)) }
  }
  if ('recoveryCode' in wanted) {
    const { code, material } = newRecoveryCode()
    return { slot: finish({ id, type: 'recovery' }, material), recoveryCode: code }
  }
  const { key } = wanted
  if ('pin' in wanted) checkPin(wanted.pin, key)
  const { data, secret } = await key.create({ signal })
  const device: DeviceSlot = { name: key.name, gate: key.gate, data: { ...data } }
  try {
    checkSecret(secret)
    if (!('pin' in wanted)) return { slot: finish({ id, type: 'device', device }, Uint8Array.from(secret)) }
    const kdf = newKdf(cost)
    const stretched = await stretch(wanted.pin, kdf, options)
    const material = concat(stretched, secret)
    stretched.fill(0)
    return { slot: finish({ id, type: 'pin', kdf, device }, material) }
  } catch (error) {
    await key.delete(data).catch(() => {})
    throw error
  } finally {
    if (secret instanceof Uint8Array) secret.fill(0)
  }
}

/** A slot that was opened. The caller wipes material and data key. */
interface OpenedSlot {
  readonly slot: Slot
  readonly material: Uint8Array
  readonly dataKey: Uint8Array
}

/**
 * The data key of a vault from what a person or device gives, and the slot that it opened; `undefined` when it is wrong. Throws
 * what the device throws.
 */
export async function openSlots(
  envelope: Envelope,
  how: Unlock,
  passwords: Stretcher,
  signal?: AbortSignal,
): Promise<Omit<OpenedSlot, 'material'> | undefined> {
  const opened = await findSlot(envelope, how, passwords, signal)
  if (!opened) return undefined
  const { material, ...rest } = opened
  material.fill(0)
  return rest
}

/** The slot that `how` opens, as it stands and with another data key in it; `undefined` when it opens none. */
export async function rewrapSlot(
  envelope: Envelope,
  how: Unlock,
  dataKey: Uint8Array,
  passwords: Stretcher,
  signal?: AbortSignal,
): Promise<{ readonly before: Slot; readonly slot: Slot } | undefined> {
  const opened = await findSlot(envelope, how, passwords, signal)
  if (!opened) return undefined
  const { slot, material } = opened
  opened.dataKey.fill(0)
  const wrapped = toBase64(wrap(material, dataKey, slotContextOf(envelope.id, slot)))
  material.fill(0)
  return { before: slot, slot: { ...slot, wrapped } }
}

async function findSlot(
  { id, slots }: Envelope,
  how: Unlock,
  passwords: Stretcher,
  signal: AbortSignal | undefined,
): Promise<OpenedSlot | undefined> {
  let failed: unknown
  for (const slot of slots) {
    let material: Uint8Array | undefined
    try {
      material = await materialOf(slot, how, passwords, signal)
    } catch (error) {
      if (isCofferError(error, 'ABORTED', 'STORE_CANCELLED')) throw error
      // Of several slots of one kind another may still work: a device that was replaced, a second passkey.
      failed ??= error
      continue
    }
    if (!material) continue
    const dataKey = unwrap(material, fromBase64(slot.wrapped), slotContextOf(id, slot))
    if (dataKey) return { slot, material, dataKey }
    material.fill(0)
  }
  if (failed) throw failed
  return undefined
}

/** Throws `UNSUPPORTED` when the vault has no slot that could be opened so. */
export function checkHas({ slots }: Envelope, how: Unlock): void {
  if ('password' in how || slots.some((slot) => fits(slot, how))) return
  throw new CofferError({
    code: 'UNSUPPORTED',
    message: `This vault cannot be opened ${'recoveryCode' in how ? 'with a recovery code' : `with ${how.key.name}`}. Unlock it in another way and add this one.`,
  })
}

function fits(slot: Slot, how: Unlock): boolean {
  if ('password' in how) return slot.type === 'password'
  if ('recoveryCode' in how) return slot.type === 'recovery'
  if ('pin' in how) return slot.type === 'pin' && slot.device.name === how.key.name
  return slot.type === 'device' && slot.device.name === how.key.name
}

async function materialOf(
  slot: Slot,
  how: Unlock,
  passwords: Stretcher,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  if (!fits(slot, how)) return undefined
  if ('password' in how && slot.type === 'password') return passwords.stretch(how.password, slot.kdf)
  if ('recoveryCode' in how) return readRecoveryCode(how.recoveryCode)
  if ('pin' in how && slot.type === 'pin') {
    const secret = await how.key.get(slot.device.data, { signal })
    try {
      const stretched = await passwords.stretch(how.pin, slot.kdf)
      const material = concat(stretched, secret)
      stretched.fill(0)
      return material
    } finally {
      secret.fill(0)
    }
  }
  if ('key' in how && slot.type === 'device') return how.key.get(slot.device.data, { signal })
  return undefined
}

/** Throws `WEAK_PASSWORD`: whoever copies the file tries millions of short ones. */
export function checkPassword(password: string): void {
  if (typeof password === 'string' && [...password].length >= SHORTEST_PASSWORD) return
  throw new CofferError({
    code: 'WEAK_PASSWORD',
    message: `The password needs ${SHORTEST_PASSWORD} characters or more: whoever copies the vault can try millions of short ones. Five random words are good.`,
  })
}

function checkPin(pin: string, key: DeviceKey): void {
  if (!key.hardware)
    throw new CofferError({
      code: 'WEAK_PASSWORD',
      message: `A PIN needs a secret that hardware holds, and ${key.name} is none: a copy of the storage would be enough to try every PIN. Take a password.`,
    })
  if (new RegExp(`^[0-9]{${SHORTEST_PIN},}$`).test(pin) && new Set(pin).size > 1) return
  throw new CofferError({
    code: 'WEAK_PASSWORD',
    message: `A PIN has ${SHORTEST_PIN} digits or more, not all of them the same.`,
  })
}

function checkSecret(secret: Uint8Array): void {
  if (secret instanceof Uint8Array && secret.length === 32) return
  throw new CofferError({ code: 'STORE_FAILED', message: 'The device gave no secret of 32 bytes.' })
}
