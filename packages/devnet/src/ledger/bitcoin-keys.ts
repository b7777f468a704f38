import { sha256 } from '@noble/hashes/sha2.js'
import { type BytesCoder, createBase58check } from '@scure/base'
import type { HDKey } from '@scure/bip32'
import type { DeviceNetwork } from './bitcoin-network.ts'
import type { ByteReader } from './bitcoin-reader.ts'
import { incorrect, unsupported } from './bitcoin-status.ts'
import { bytesOfNumber, concat } from './byte-strings.ts'
import { hardened } from './secp-key.ts'

export const base58check: BytesCoder = createBase58check(sha256)

export const LONGEST_BITCOIN_PATH = 10

const ELECTRUM = [hardened(4541509), hardened(1112098098)] as const
const HIGHEST_ACCOUNT = 100

/** What the operating system lets the app derive: paths of its coin, those of BIP-45, Electrum's. */
const mayDerive = (path: readonly number[], { coinType }: DeviceNetwork): boolean =>
  path[1] === hardened(coinType) || path[0] === ELECTRUM[0] || path[0] === hardened(45)

/** The key at a path; throws 0x6a82 for one that the app may not derive. */
export function bitcoinKey(root: HDKey, path: readonly number[], network: DeviceNetwork): HDKey {
  if (!mayDerive(path, network)) throw unsupported()
  return path.reduce((key, step) => key.deriveChild(step), root)
}

/** The 78 bytes of an extended public key. */
export const extendedKey = (key: HDKey, { xpub }: DeviceNetwork): Uint8Array =>
  concat(
    bytesOfNumber(xpub, 4),
    Uint8Array.of(key.depth),
    bytesOfNumber(key.parentFingerprint, 4),
    bytesOfNumber(key.index, 4),
    key.chainCode!,
    key.publicKey!,
  )

/** Whether an extended public key at this path is given without asking. */
export function isStandardPath(path: readonly number[], { coinType }: DeviceNetwork): boolean {
  if (path.length === 2 && path.every((step, at) => step === ELECTRUM[at])) return true
  const [purpose, coin, account] = path.map((step) => step - hardened(0))
  const steps = purpose === 48 ? 4 : 3
  if (path.length < steps || ![44, 45, 48, 49, 84, 86].includes(purpose!)) return false
  if (!path.every((step, at) => step >= hardened(0) === at < steps)) return false
  if (coin !== coinType || account! > HIGHEST_ACCOUNT) return false
  return purpose !== 48 || path[3] === hardened(1) || path[3] === hardened(2)
}

/** The account of a path `purpose'/coin'/account'` for which a policy needs no registration. */
export const isStandardAccount = (
  path: readonly number[],
  purpose: number,
  { coinType }: DeviceNetwork,
): boolean =>
  path.length === 3 &&
  path[0] === hardened(purpose) &&
  path[1] === hardened(coinType) &&
  path[2]! >= hardened(0) &&
  path[2]! <= hardened(HIGHEST_ACCOUNT)

/** A path as the device shows it. */
export const pathText = (path: readonly number[]): string =>
  path.length === 0
    ? '(Master key)'
    : ['m', ...path.map((step) => (step >= hardened(0) ? `${step - hardened(0)}'` : `${step}`))].join('/')

/** A path: how many steps, then each in four bytes. */
export function readBitcoinPath(reader: ByteReader): number[] {
  const steps = reader.u8()
  if (steps > LONGEST_BITCOIN_PATH) throw incorrect()
  return Array.from({ length: steps }, () => reader.u32be())
}
