import { CofferError, parseJson, randomBytes } from '@coffer/core'
import { ctr } from '@noble/ciphers/aes.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { pbkdf2Async } from '@noble/hashes/pbkdf2.js'
import { scryptAsync } from '@noble/hashes/scrypt.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { areEqual, formsOf } from './text.ts'

export interface KeystoreOptions {
  readonly password: string
  /** The cost of scrypt; `n` 131,072, `r` 8, `p` 1 when not given. */
  readonly scrypt?: { readonly n: number; readonly r: number; readonly p: number } | undefined
}

const DEFAULT = { n: 131_072, r: 8, p: 1 }
const MOST_MEMORY = 2 ** 30
const MOST_ITERATIONS = 10_000_000

/**
 * A private key as a keystore file of version 3, which geth, ethers and MetaMask open. It protects one key with one password;
 * for a whole wallet there is `encryptBackup`. Throws `WEAK_PASSWORD`, `INVALID_KEY`,
 * `INVALID_REQUEST` for a cost that {@link decryptKeystore} would refuse.
 *
 * @example
 * const text = await encryptKeystore(privateKey, { password })
 * @see https://ethereum.org/developers/docs/data-structures-and-encoding/web3-secret-storage
 */
export async function encryptKeystore(privateKey: Uint8Array, options: KeystoreOptions): Promise<string> {
  const { password, scrypt = DEFAULT } = options
  if (typeof password !== 'string' || [...password].length < 8)
    throw new CofferError({
      code: 'WEAK_PASSWORD',
      message:
        'A keystore needs a password of 8 characters or more: whoever copies it can try millions of short ones.',
    })
  if (!secp256k1.utils.isValidSecretKey(privateKey))
    throw new CofferError({
      code: 'INVALID_KEY',
      message: 'This is no private key: 32 bytes, from 1 to n − 1 of secp256k1.',
    })
  if (!isSound(scrypt))
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'The cost of scrypt is n, a power of two of 2^20 at most, r, and p, within a gibibyte.',
    })
  const salt = randomBytes(32)
  const iv = randomBytes(16)
  // Before anything is waited for: the caller may wipe it, or use the bytes for another.
  const secret = Uint8Array.from(privateKey)
  const address = addressOf(secret)
  let key: Uint8Array | undefined
  let ciphertext: Uint8Array
  let mac: Uint8Array
  try {
    key = await byScrypt(password.normalize('NFKC'), salt, scrypt)
    ciphertext = ctr(key.subarray(0, 16), iv).encrypt(secret)
    mac = macOf(key, ciphertext)
  } finally {
    secret.fill(0)
    key?.fill(0)
  }
  return JSON.stringify({
    version: 3,
    id: uuid(),
    address,
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: bytesToHex(iv) },
      ciphertext: bytesToHex(ciphertext),
      kdf: 'scrypt',
      kdfparams: { dklen: 32, ...scrypt, salt: bytesToHex(salt) },
      mac: bytesToHex(mac),
    },
  })
}

/**
 * Opens a keystore file of version 3, by scrypt or PBKDF2, of any program. 32 bytes, for the caller to wipe. A wrong password and
 * a changed file look alike: `UNLOCK_FAILED`. Throws `INVALID_BACKUP` for what is no such file, or asks for more than a gibibyte
 * or ten million iterations.
 */
export async function decryptKeystore(
  text: string,
  { password }: { readonly password: string },
): Promise<Uint8Array> {
  const file = readKeystore(text)
  if (typeof password !== 'string')
    throw new CofferError({ code: 'INVALID_REQUEST', message: 'A keystore opens with a password.' })
  // Most programs take the password in the form NFKC, geth as it was typed, which another system types in another form.
  for (const form of new Set([password.normalize('NFKC'), password, ...formsOf(password)])) {
    const key = await file.derive(form)
    try {
      if (!areEqual(macOf(key, file.ciphertext), file.mac)) continue
      const privateKey = padded(ctr(key.subarray(0, 16), file.iv).decrypt(file.ciphertext))
      if (secp256k1.utils.isValidSecretKey(privateKey) && isOf(privateKey, file.address)) return privateKey
      privateKey.fill(0)
    } finally {
      key.fill(0)
    }
  }
  throw new CofferError({
    code: 'UNLOCK_FAILED',
    message: 'The keystore does not open: the password is wrong, or the file was changed or damaged.',
  })
}

interface Keystore {
  readonly ciphertext: Uint8Array
  readonly iv: Uint8Array
  readonly mac: Uint8Array
  readonly address: string | undefined
  derive(password: string): Promise<Uint8Array>
}

function readKeystore(text: string): Keystore {
  let file: Record<string, unknown>
  try {
    file = lowered(parseJson(text.replace(/^\uFEFF/, ''), { maxBytes: 100_000, maxDepth: 8 }))
  } catch {
    throw wrong('it is no JSON')
  }
  if (Number(file['version']) !== 3) throw wrong('it is not of version 3')
  const crypto = objectOf(file['crypto'])
  const params = objectOf(crypto['kdfparams'])
  if (crypto['cipher'] !== 'aes-128-ctr') throw wrong('its cipher is unknown')
  const { address } = file
  return {
    ciphertext: ciphertextOf(crypto['ciphertext']),
    iv: bytesOf(objectOf(crypto['cipherparams'])['iv'], 16),
    mac: bytesOf(crypto['mac'], 32),
    address:
      typeof address === 'string' && address !== '' ? address.toLowerCase().replace(/^0x/, '') : undefined,
    derive: deriver(crypto['kdf'], params),
  }
}

function deriver(kdf: unknown, params: Record<string, unknown>): Keystore['derive'] {
  const salt = bytesOf(params['salt'])
  if (params['dklen'] !== 32) throw wrong('its derived key has a strange length')
  if (kdf === 'scrypt') {
    const { n, r, p } = params as { n: number; r: number; p: number }
    if (!isSound({ n, r, p })) throw wrong('it asks for more work than a keystore needs')
    return (password) => byScrypt(password, salt, { n, r, p })
  }
  if (kdf === 'pbkdf2' && params['prf'] === 'hmac-sha256') {
    const c = params['c'] as number
    if (!Number.isSafeInteger(c) || c < 1 || c > MOST_ITERATIONS)
      throw wrong('it asks for more work than a keystore needs')
    return (password) => pbkdf2Async(sha256, password, salt, { c, dkLen: 32 })
  }
  throw wrong('its key derivation is unknown')
}

function isSound({ n, r, p }: { readonly n: number; readonly r: number; readonly p: number }): boolean {
  return (
    [n, r, p].every((value) => Number.isSafeInteger(value) && value > 0) &&
    n > 1 &&
    (n & (n - 1)) === 0 &&
    n <= 2 ** 20 &&
    p <= 16 &&
    128 * n * r <= MOST_MEMORY
  )
}

function byScrypt(
  password: string,
  salt: Uint8Array,
  { n, r, p }: { readonly n: number; readonly r: number; readonly p: number },
): Promise<Uint8Array> {
  return scryptAsync(password, salt, { N: n, r, p, dkLen: 32, maxmem: MOST_MEMORY + 2 ** 27 })
}

/** Old programs left the zeros at the beginning of a key away. */
function ciphertextOf(value: unknown): Uint8Array {
  const bytes = bytesOf(value)
  if (bytes.length <= 32) return bytes
  throw wrong('a part has a strange length')
}

function padded(key: Uint8Array): Uint8Array {
  const whole = new Uint8Array(32)
  whole.set(key, 32 - key.length)
  key.fill(0)
  return whole
}

function macOf(key: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  return keccak_256(Uint8Array.of(...key.subarray(16, 32), ...ciphertext))
}

/** Lower-case hex without 0x, as geth writes it. */
function addressOf(privateKey: Uint8Array): string {
  const publicKey = secp256k1.getPublicKey(privateKey, false)
  return bytesToHex(keccak_256(publicKey.subarray(1)).subarray(12))
}

function isOf(privateKey: Uint8Array, address: string | undefined): boolean {
  // Of other chains it is written otherwise.
  return address === undefined || !/^[0-9a-f]{40}$/.test(address) || address === addressOf(privateKey)
}

/** Random, of version 4. */
function uuid(): string {
  const bytes = randomBytes(16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return bytesToHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** Some programs wrote `Crypto` and `KDFParams`; in lists is nothing that is read. */
function lowered(value: unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(objectOf(value)).map(([key, inner]) => [
      key.toLowerCase(),
      typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? lowered(inner) : inner,
    ]),
  )
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw wrong('a part is missing')
}

function bytesOf(value: unknown, length?: number): Uint8Array {
  const hex = typeof value === 'string' ? value.replace(/^0x/, '') : ''
  if (
    /^([0-9a-fA-F]{2})+$/.test(hex) &&
    hex.length <= 512 &&
    (length === undefined || hex.length === 2 * length)
  )
    return hexToBytes(hex.toLowerCase())
  throw wrong('a part has a strange length')
}

function wrong(why: string): CofferError {
  return new CofferError({ code: 'INVALID_BACKUP', message: `This is no keystore that can be read: ${why}.` })
}
