import { hmac } from '@noble/hashes/hmac.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import { HDKey } from '@scure/bip32'
import { StatusWord } from '../apdu.ts'
import type { AppContext } from '../app.ts'
import { bytesOfNumber, concat, hex, utf8 } from '../byte-strings.ts'
import { hardened } from '../secp-key.ts'
import type { DeviceNetwork } from './networks.ts'
import type { Reader } from './reader.ts'

/** The keys of the seed, as the app of one network derives them. */
export interface DeviceKeys {
  readonly fingerprint: Uint8Array
  at(path: readonly number[]): HDKey
  /** The device's own proof that its owner has registered the policy of this id. */
  registration(id: Uint8Array): Uint8Array
}

const REGISTRATION_LABEL = 'LEDGER-Wallet policy'
export const LONGEST_PATH = 8
const HIGHEST_ACCOUNT = 100

export function deviceKeys({ seed }: AppContext, { versions }: DeviceNetwork): DeviceKeys {
  const root = HDKey.fromMasterSeed(seed, versions)
  return {
    fingerprint: bytesOfNumber(root.fingerprint, 4),
    at: (path) => path.reduce((key, step) => key.deriveChild(step), root),
    registration: (id) => hmac(sha256, symmetricKey(seed, REGISTRATION_LABEL), id),
  }
}

/** SLIP-21. */
function symmetricKey(seed: Uint8Array, label: string): Uint8Array {
  const master = hmac(sha512, utf8('Symmetric key seed'), seed)
  return hmac(sha512, master.slice(0, 32), concat(Uint8Array.of(0), utf8(label))).slice(32)
}

/** A path: how many steps, then each in four bytes. */
export function readPath(read: Reader): number[] {
  const length = read.byte()
  if (length > LONGEST_PATH) throw new StatusWord(0x6a80)
  return Array.from({ length }, () => read.uint32(false))
}

/** `84'/0'/0'`. */
export function pathText(path: readonly number[]): string {
  if (!path.length) return '(Master key)'
  return path.map((step) => (step >= hardened(0) ? `${step - hardened(0)}'` : `${step}`)).join('/')
}

/** Whether the app gives the extended key of a path without asking its owner. */
export function isExportable(path: readonly number[], { coinType }: DeviceNetwork): boolean {
  const [purpose = 0, coin, account = 0, script] = path
  // Electrum encrypts its files with this key.
  if (path.length === 2 && purpose === hardened(4541509) && coin === hardened(1112098098)) return true
  const fixed = [44, 45, 49, 84, 86].map(hardened).includes(purpose) ? 3 : purpose === hardened(48) ? 4 : 0
  if (fixed === 0 || path.length < fixed) return false
  if (path.some((step, at) => step >= hardened(0) !== at < fixed)) return false
  if (coin !== coinType || account > hardened(HIGHEST_ACCOUNT)) return false
  return fixed === 3 || script === hardened(1) || script === hardened(2)
}

/** Whether a key of a policy is of this device: its origin says so, and the same key is derived there. */
export const isOwn = (
  { origin, key }: { origin?: { fingerprint: Uint8Array; path: readonly number[] } | undefined; key: HDKey },
  keys: DeviceKeys,
): boolean =>
  origin !== undefined &&
  hex(origin.fingerprint) === hex(keys.fingerprint) &&
  keys.at(origin.path).publicExtendedKey === key.publicExtendedKey

export const isStandardAccount = (path: readonly number[], purpose: number, coinType: number): boolean =>
  path.length === 3 &&
  path[0] === hardened(purpose) &&
  path[1] === coinType &&
  path[2]! >= hardened(0) &&
  path[2]! <= hardened(HIGHEST_ACCOUNT)
