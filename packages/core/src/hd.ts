import { hmac } from '@noble/hashes/hmac.js'
import { ripemd160 } from '@noble/hashes/legacy.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import { decodeBase58check, encodeBase58check } from './base58check.ts'
import type { Engine } from './engine.ts'
import { CofferError } from './error.ts'
import { type HdKey, type Inner, innerOf, inners, invalid, mix, noKey, secretOf } from './hd-key.ts'
import { formatPath, HARDENED, parsePath } from './path.ts'

export type { HdKey }

export interface ExtendedKeyOptions {
  /** Read or write `tprv` / `tpub` instead of `xprv` / `xpub`. */
  readonly testnet?: boolean | undefined
}

/**
 * The root of the tree that `seed` (16 to 64 bytes) makes. The seed stays the caller's, to wipe.
 * Throws `INVALID_KEY`.
 *
 * @example
 * const root = hdFromSeed(seed, nobleEngine)
 * hdDerive(root, 'm/44h/60h/0h/0/0').publicKey
 */
export function hdFromSeed(seed: Uint8Array, engine: Engine): HdKey {
  if (!(seed instanceof Uint8Array) || seed.length < 16 || seed.length > 64)
    throw invalid('A seed has 16 to 64 bytes in a Uint8Array.')
  const mixed = hmac(sha512, new TextEncoder().encode('Bitcoin seed'), seed)
  try {
    if (!engine.isSecret(mixed.subarray(0, 32))) throw invalid('This seed makes no key. Use another one.')
    const secret = mixed.slice(0, 32)
    return node(
      { depth: 0, index: 0, parentFingerprint: '00000000', chainCode: mixed.slice(32) },
      { engine, secret },
    )
  } finally {
    mixed.fill(0)
  }
}

/**
 * Derives a private node; `m` is `key` itself, and `path` goes on from there. Nodes on the way are wiped.
 * Throws `INVALID_PATH`, or `INVALID_KEY` when `key` is public or wiped.
 *
 * @example
 * hdDerive(root, 'm/84h/0h/0h')
 */
export function hdDerive(key: HdKey, path: string | readonly number[]): HdKey {
  const { engine, secret: own } = secretOf(key)
  const indexes = indexesOf(key, path)
  let secret: Uint8Array = new Uint8Array(own)
  let chainCode: Uint8Array = new Uint8Array(key.chainCode)
  let publicKey: Uint8Array | undefined = key.publicKey
  let parent: { publicKey: Uint8Array } | undefined
  try {
    indexes.forEach((index, level) => {
      if (index < HARDENED || level === indexes.length - 1) publicKey ??= engine.publicKey(secret)
      const mixed = mix(chainCode, index < HARDENED ? publicKey! : Uint8Array.of(0, ...secret), index)
      try {
        const tweak = mixed.subarray(0, 32)
        // The same point that a holder of the xpub computes; found without touching the private key.
        const point = index < HARDENED ? engine.publicAdd(publicKey!, tweak) : undefined
        const child = engine.secretAdd(secret, tweak)
        if (!child) throw noKey(indexes.slice(0, level + 1))
        parent = publicKey && { publicKey }
        publicKey = point
        secret.fill(0)
        chainCode.fill(0)
        secret = child
        chainCode = mixed.slice(32)
      } finally {
        mixed.fill(0)
      }
    })
  } catch (error) {
    secret.fill(0)
    chainCode.fill(0)
    throw error
  }
  return node(
    {
      depth: key.depth + indexes.length,
      index: indexes.at(-1) ?? key.index,
      parentFingerprint: parent ? fingerprintOf(parent.publicKey) : key.parentFingerprint,
      chainCode,
    },
    { engine, secret },
    indexes.length === 0 ? new Uint8Array(key.publicKey) : publicKey,
  )
}

/**
 * Derives a public node, from a public or a private one; `m` is `key` itself. Throws `INVALID_PATH`, also for hardened
 * steps, which need the private key.
 *
 * @example
 * hdDerivePublic(account, 'm/0/7').publicKey // address 7 of the account
 */
export function hdDerivePublic(key: HdKey, path: string | readonly number[]): HdKey {
  const { engine } = innerOf(key)
  return indexesOf(key, path).reduce<HdKey>((parent, index, level, indexes) => {
    if (index >= HARDENED)
      throw new CofferError({
        code: 'INVALID_PATH',
        message: `${formatPath([index])} is hardened: it can be derived from the private key only.`,
      })
    const mixed = mix(parent.chainCode, parent.publicKey, index)
    const publicKey = engine.publicAdd(parent.publicKey, mixed.subarray(0, 32))
    if (!publicKey) throw noKey(indexes.slice(0, level + 1))
    const { depth, fingerprint: parentFingerprint } = parent
    return node(
      { depth: depth + 1, index, parentFingerprint, chainCode: mixed.slice(32) },
      { engine },
      publicKey,
    )
  }, hdNeuter(key))
}

/** The public side of a node, which knows no private key. A copy: wiping the node leaves it whole. */
export function hdNeuter(key: HdKey): HdKey {
  const { depth, index, parentFingerprint, chainCode, publicKey } = key
  const { engine } = innerOf(key)
  return node(
    { depth, index, parentFingerprint, chainCode: new Uint8Array(chainCode) },
    { engine },
    new Uint8Array(publicKey),
  )
}

/** A copy of the private key, 32 bytes, for the caller to wipe. Throws `INVALID_KEY` when the node is public or wiped. */
export function hdSecret(key: HdKey): Uint8Array {
  return new Uint8Array(secretOf(key).secret)
}

/** Overwrites the private key and the chain code with zeros. The node can be used no more; wiping it again does nothing. */
export function hdWipe(key: HdKey): void {
  const inner = inners.get(key)
  if (!inner) return
  inner.secret?.fill(0)
  inner.wiped = true
  key.chainCode.fill(0)
}

/** The first four bytes of HASH160 of a public key, as eight hex digits. */
export function fingerprintOf(publicKey: Uint8Array): string {
  return hex(ripemd160(sha256(publicKey)).subarray(0, 4))
}

// ---- the text forms ----

const VERSIONS = {
  xprv: 0x0488ade4,
  xpub: 0x0488b21e,
  tprv: 0x04358394,
  tpub: 0x043587cf,
}

/**
 * Reads an extended private key. Throws `INVALID_KEY` for anything that BIP-32 does not allow, and for a key of the
 * other network.
 */
export function hdFromXprv(text: string, engine: Engine, options: ExtendedKeyOptions = {}): HdKey {
  const { fields, key } = read(text, options.testnet ? 'tprv' : 'xprv')
  const secret = key.slice(1)
  const whole = key[0] === 0 && engine.isSecret(secret)
  key.fill(0)
  if (whole) return node(fields, { engine, secret })
  secret.fill(0)
  fields.chainCode.fill(0)
  throw invalid('This extended private key holds no valid private key. Check that it was copied whole.')
}

/** Reads an extended public key. Throws `INVALID_KEY`, as {@link hdFromXprv} does. */
export function hdFromXpub(text: string, engine: Engine, options: ExtendedKeyOptions = {}): HdKey {
  const { fields, key } = read(text, options.testnet ? 'tpub' : 'xpub')
  engine.uncompressed(key) // throws when it is not on the curve
  return node(fields, { engine }, key)
}

/**
 * A public node of its parts, as a signer or a device gives them. Throws `INVALID_KEY` for parts that BIP-32 does not allow.
 *
 * @example
 * hdFromPublic({ publicKey, chainCode, depth: 3, index: HARDENED, parentFingerprint: '7ef32bdb' }, nobleEngine)
 */
export function hdFromPublic(
  parts: Pick<HdKey, 'publicKey' | 'chainCode' | 'depth' | 'index' | 'parentFingerprint'>,
  engine: Engine,
): HdKey {
  const { publicKey, chainCode, depth, index, parentFingerprint } = parts
  const isWhole =
    isLong(publicKey, 33) &&
    isLong(chainCode, 32) &&
    isBelow(depth, 256) &&
    isBelow(index, 2 * HARDENED) &&
    /^[0-9a-f]{8}$/.test(parentFingerprint) &&
    (depth > 0 || (index === 0 && parentFingerprint === '00000000'))
  if (!isWhole) throw invalid('These parts make no extended key.')
  engine.uncompressed(publicKey) // throws when it is not on the curve
  return node(
    { depth, index, parentFingerprint, chainCode: new Uint8Array(chainCode) },
    { engine },
    new Uint8Array(publicKey),
  )
}

/** Writes the node as `xprv…`, which is as secret as the key itself. Throws `INVALID_KEY` when it is public or wiped. */
export function hdToXprv(key: HdKey, options: ExtendedKeyOptions = {}): string {
  const { secret } = secretOf(key)
  return write(key, options.testnet ? 'tprv' : 'xprv', Uint8Array.of(0, ...secret))
}

/**
 * Writes the node's public side as `xpub…`. Whoever has it sees every address below, and with one unhardened private
 * key below it can compute the private key of the node: share it with care.
 */
export function hdToXpub(key: HdKey, options: ExtendedKeyOptions = {}): string {
  innerOf(key)
  return write(key, options.testnet ? 'tpub' : 'xpub', key.publicKey)
}

type Fields = Pick<HdKey, 'depth' | 'index' | 'parentFingerprint' | 'chainCode'>

function read(text: string, kind: keyof typeof VERSIONS): { fields: Fields; key: Uint8Array } {
  let data: Uint8Array
  try {
    if (text.length > 120) throw new Error('too long')
    data = decodeBase58check(text)
  } catch {
    // Without the cause: it may repeat a part of the key.
    throw invalid(
      `This text is no ${kind}: a length, letter or checksum is wrong. Check that it was copied whole.`,
    )
  }
  try {
    if (data.length !== 78)
      throw invalid(`This text is no ${kind}: its length is wrong. Check that it was copied whole.`)
    const view = new DataView(data.buffer, data.byteOffset)
    const found = Object.entries(VERSIONS).find(([, version]) => version === view.getUint32(0))?.[0]
    if (found !== kind)
      throw invalid(`This text is no ${kind}, but ${found ?? 'another kind of key'}. Give the ${kind}.`)
    const [depth, parent, index] = [data[4]!, view.getUint32(5), view.getUint32(9)]
    if (depth === 0 && (parent !== 0 || index !== 0))
      throw invalid(`This ${kind} contradicts itself: a root key has no parent and no index.`)
    return {
      fields: { depth, index, parentFingerprint: hex(data.subarray(5, 9)), chainCode: data.slice(13, 45) },
      key: data.slice(45),
    }
  } finally {
    data.fill(0)
  }
}

function write(node: HdKey, kind: keyof typeof VERSIONS, key: Uint8Array): string {
  const data = new Uint8Array(78)
  const view = new DataView(data.buffer)
  view.setUint32(0, VERSIONS[kind])
  data[4] = node.depth
  view.setUint32(5, Number.parseInt(node.parentFingerprint, 16))
  view.setUint32(9, node.index)
  data.set(node.chainCode, 13)
  data.set(key, 45)
  const text = encodeBase58check(data)
  data.fill(0)
  if (kind === 'xprv' || kind === 'tprv') key.fill(0)
  return text
}

// ---- inside ----

/** Takes the secret and the chain code over: where no node comes of them they are wiped. */
function node(fields: Fields, inner: Inner, known?: Uint8Array): HdKey {
  let publicKey: Uint8Array
  try {
    publicKey = known ?? inner.engine.publicKey(inner.secret!)
  } catch (error) {
    inner.secret?.fill(0)
    fields.chainCode.fill(0)
    throw error
  }
  const isPrivate = inner.secret !== undefined
  const key: HdKey = { ...fields, publicKey, fingerprint: fingerprintOf(publicKey), isPrivate }
  inners.set(Object.freeze(key), inner)
  return key
}

function indexesOf(key: HdKey, path: string | readonly number[]): readonly number[] {
  const indexes = typeof path === 'string' ? parsePath(path) : parsePath(formatPath(path))
  if (key.depth + indexes.length > 255)
    throw new CofferError({ code: 'INVALID_PATH', message: 'A key path has at most 255 levels.' })
  return indexes
}

const isLong = (bytes: Uint8Array, length: number): boolean =>
  bytes instanceof Uint8Array && bytes.length === length
const isBelow = (value: number, limit: number): boolean =>
  Number.isInteger(value) && value >= 0 && value < limit

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
