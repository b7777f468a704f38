import { type PublicKey, parseJson, writeJson } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { fromBase64, toBase64, utf8 } from './bytes.ts'
import type { DeviceKeyData } from './device-key.ts'
import { isKdf, type Kdf } from './kdf.ts'
import { SEAL_OVERHEAD, WRAPPED } from './sealed.ts'

/*
 * The text of a vault. Everything but the two boxes is readable; all of it is authenticated by the data key, so that nothing can be
 * changed unseen by whoever has none. The sum is for what writes only half: it tells a torn text from a whole one without a key.
 */

/** One way to the data key. */
export type Slot =
  | { readonly id: string; readonly type: 'password'; readonly kdf: Kdf; readonly wrapped: string }
  | {
      readonly id: string
      readonly type: 'pin'
      readonly kdf: Kdf
      readonly device: DeviceSlot
      readonly wrapped: string
    }
  | { readonly id: string; readonly type: 'device'; readonly device: DeviceSlot; readonly wrapped: string }
  | { readonly id: string; readonly type: 'recovery'; readonly wrapped: string }

export interface DeviceSlot {
  /** The `name` of the device key. */
  readonly name: string
  readonly gate: string
  readonly data: DeviceKeyData
}

/** What may be seen of a secret without a key. */
export interface SecretInfo {
  readonly id: string
  readonly kind: 'mnemonic' | 'xprv' | 'private-key'
  readonly label: string
  /** ISO 8601. */
  readonly addedAt: string
  /** The fingerprint of its root key, eight hex digits. */
  readonly fingerprint: string
}

/** A public key that was asked for before, so that it is known while the vault is locked. Bytes are hex. */
export interface KnownKey {
  readonly secret: string
  readonly path: string
  readonly publicKey: string
  readonly chainCode?: string
  readonly fingerprint: string
  readonly parentFingerprint?: string
}

export interface Shown {
  readonly secrets: readonly SecretInfo[]
  readonly keys: readonly KnownKey[]
}

/** A second vault, or random bytes that look like one. */
export interface Hidden {
  readonly kdf: Kdf
  readonly wrapped: string
  readonly box: string
}

export interface Envelope {
  readonly v: 1
  /** 16 random bytes, base64url. */
  readonly id: string
  readonly createdAt: string
  /** Counts the writes. */
  readonly generation: number
  readonly slots: readonly Slot[]
  /** Absent when nothing is to be seen of a locked vault. */
  readonly shown?: Shown
  /** The secrets, sealed under the data key. */
  readonly box: string
  readonly hidden?: Hidden
}

const MOST_SLOTS = 16
/** Each costs a person who types a wrong one a second. */
export const MOST_PASSWORDS = 4

export function writeEnvelope(envelope: Envelope): string {
  return writeJson({ ...envelope, sum: sumOf(envelope) })
}

/**
 * Reads what {@link writeEnvelope} wrote, in that very writing and whole; `undefined` for everything else. Believes nothing: what
 * it says is authenticated when the box is opened.
 */
export function readEnvelope(text: string): Envelope | undefined {
  try {
    const value = parseJson(text, { maxBytes: 8_000_000, maxDepth: 8 }) as Envelope & { sum: unknown }
    const { sum, ...envelope } = value
    if (writeJson(value) !== text || sum !== sumOf(envelope)) return undefined
    return isEnvelope(envelope) ? envelope : undefined
  } catch {
    return undefined
  }
}

/** What the box of a vault is bound to: everything else that it says, but for the hidden part, which changes by itself. */
export function contextOf({ box: _, hidden, ...rest }: Envelope): string {
  return writeJson({ ...rest, room: hidden !== undefined })
}

export function hiddenContextOf(id: string, { kdf, wrapped }: Omit<Hidden, 'box'>): string {
  return writeJson({ v: 1, id, hidden: { kdf, wrapped } })
}

/** What a wrapped key is bound to: its vault, and all that its slot says. */
export function slotContextOf(id: string, slot: Omit<Slot, 'wrapped'> | { readonly kdf: Kdf }): string {
  const { wrapped: _, ...rest } = slot as Slot
  return writeJson({ v: 1, id, slot: rest })
}

/** Hex of public keys, as {@link KnownKey} has it, and back. */
export const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16))

export function knownKey(secret: string, key: PublicKey): KnownKey {
  const { publicKey, chainCode, ...rest } = key
  return {
    secret,
    ...rest,
    publicKey: toHex(publicKey),
    ...(chainCode && { chainCode: toHex(chainCode) }),
  }
}

export function publicKeyOf({ secret: _, publicKey, chainCode, ...rest }: KnownKey): PublicKey {
  return {
    ...rest,
    publicKey: fromHex(publicKey),
    ...(chainCode !== undefined && { chainCode: fromHex(chainCode) }),
  }
}

function sumOf(envelope: object): string {
  return toBase64(sha256(utf8(writeJson(envelope))))
}

// ---- shapes ----

type Check = (value: unknown) => boolean

const text: Check = (value) => typeof value === 'string'
const bytes =
  (least: number, most = least): Check =>
  (value) => {
    if (typeof value !== 'string') return false
    const { length } = fromBase64(value)
    return length >= least && length <= most
  }
const matches =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value)
const list =
  (check: Check, most = Number.POSITIVE_INFINITY): Check =>
  (value) =>
    Array.isArray(value) && value.length <= most && value.every(check)
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)

/** An object with these members and no other. */
const object =
  (shape: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).every((key) => Object.hasOwn(shape, key)) &&
    Object.entries(shape).every(([key, check]) => check((value as Record<string, unknown>)[key]))

const kdf: Check = (value) => typeof value === 'object' && value !== null && isKdf(value)
const ID = matches(/^[0-9a-f]{16}$/)
const FINGERPRINT = matches(/^[0-9a-f]{8}$/)
const wrapped = bytes(WRAPPED)
const box = bytes(SEAL_OVERHEAD, 4_000_000)
const device = object({
  name: matches(/^[a-z0-9-]{1,40}$/),
  gate: text,
  data: (value) => typeof value === 'object' && value !== null && Object.values(value).every(text),
})

const slots: Readonly<Record<string, Check>> = {
  password: object({ id: ID, type: text, kdf, wrapped }),
  pin: object({ id: ID, type: text, kdf, device, wrapped }),
  device: object({ id: ID, type: text, device, wrapped }),
  recovery: object({ id: ID, type: text, wrapped }),
}
const slot: Check = (value) => {
  const { type } = (value ?? {}) as Slot
  return Object.hasOwn(slots, String(type)) && slots[type]!(value)
}

const shown = object({
  secrets: list(
    object({
      id: ID,
      kind: matches(/^(mnemonic|xprv|private-key)$/),
      label: text,
      addedAt: text,
      fingerprint: FINGERPRINT,
    }),
  ),
  keys: list(
    object({
      secret: ID,
      path: matches(/^m(\/[0-9]+h?)*$/),
      publicKey: matches(/^0[23][0-9a-f]{64}$/),
      chainCode: optional(matches(/^[0-9a-f]{64}$/)),
      fingerprint: FINGERPRINT,
      parentFingerprint: optional(FINGERPRINT),
    }),
  ),
})

const shape = object({
  v: (value) => value === 1,
  id: bytes(16),
  createdAt: text,
  generation: (value) => Number.isSafeInteger(value) && (value as number) > 0,
  slots: list(slot, MOST_SLOTS),
  shown: optional(shown),
  box,
  hidden: optional(object({ kdf, wrapped, box })),
})

function isEnvelope(value: object): value is Envelope {
  if (!shape(value)) return false
  const passwords = (value as Envelope).slots.filter(({ type }) => type === 'password' || type === 'pin')
  return passwords.length <= MOST_PASSWORDS
}
