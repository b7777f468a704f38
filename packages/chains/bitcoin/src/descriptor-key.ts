import {
  CofferError,
  type Engine,
  formatPath,
  HARDENED,
  type HdKey,
  hdFromXpub,
  hdToXpub,
  isCofferError,
  type KeyOrigin,
  parsePath,
} from '@coffer/core'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { equalBytes } from './bytes.ts'
import type { BitcoinNetwork } from './networks.ts'
import type { ScriptType } from './script-type.ts'
import { normaliseXpub } from './slip132.ts'
import { evenKey } from './taproot.ts'

/** One key expression of a descriptor (BIP-380, BIP-389). */
export interface DescriptorKey {
  readonly origin?: KeyOrigin
  /** Present for an extended key. */
  readonly hd?: HdKey
  /** 33 bytes; the extended key's own, or the single key. */
  readonly publicKey: Uint8Array
  /** The same key in 65 bytes, where the account is of the oldest kind and its scripts are made of this form. */
  readonly uncompressed?: Uint8Array
  /** Unhardened steps between the extended key and the last one. A pair is a BIP-389 multipath step. */
  readonly steps: readonly (number | readonly [number, number])[]
  /** Ends in `/*`. */
  readonly ranged: boolean
}

const ORIGIN = /^\[([0-9a-fA-F]{8})((?:\/[0-9]{1,10}[h']?)*)\](.*)$/s
const STEP = /^(0|[1-9][0-9]{0,9})([h']?)$/
const PRIVATE =
  /(?:^|[^0-9A-Za-z])(?:[xyzYZtuvUV]prv[1-9A-Za-z]{20,}|[5KLc9][1-9A-HJ-NP-Za-km-z]{50,51}(?![0-9A-Za-z]))/
const DEEPEST = 255
export const BROKEN_ORIGIN = 'The origin of a key is broken. Write it like [d34db33f/84h/0h/0h].'

/**
 * What an account of each type of key path is called by the standards: the first step of its keys (BIP-43).
 */
const PURPOSES: ReadonlyMap<number, readonly ScriptType[]> = new Map([
  [44, ['p2pkh']],
  [49, ['p2sh-p2wpkh']],
  [84, ['p2wpkh']],
  [86, ['p2tr']],
  [48, ['p2sh-p2wsh-sortedmulti', 'p2wsh-sortedmulti']],
])

/** Throws when a text that ought to be public holds a private key. */
export function refusePrivate(text: string): void {
  if (PRIVATE.test(text))
    throw wrong(
      'It holds a private key, which an account never does. Give the public one, and keep the private one to yourself.',
    )
}

/**
 * Reads a key expression of an account of `type`. Throws `INVALID_ACCOUNT` with its own reason for each thing
 * that such an account cannot have; never repeats the text.
 */
export function parseKey(
  text: string,
  type: ScriptType,
  network: BitcoinNetwork,
  engine: Engine,
): DescriptorKey {
  refusePrivate(text)
  if (text === '') throw wrong('A key is missing.')
  if (/[(){}]/.test(text)) throw wrong('Where a key should stand there is a script.')
  const [, fingerprint, path, rest = text] = ORIGIN.exec(text) ?? []
  if (fingerprint === undefined && text.startsWith('[')) throw wrong(BROKEN_ORIGIN)
  const [head = '', ...steps] = rest.split('/')
  const origin = fingerprint === undefined ? {} : { origin: readOrigin(fingerprint, path ?? '', network) }
  if (/^[0-9a-fA-F]{50,}$/.test(head)) {
    if (steps.length > 0) throw wrong('Only an extended key (xpub) can be followed by steps.')
    return { ...origin, ...readSingle(head, type, engine), steps: [], ranged: false }
  }
  const hd = readExtended(head, type, network, engine)
  const ranged = steps.at(-1) === '*'
  const last = steps.at(-1) ?? ''
  if (/^\*[h']$/.test(last)) throw wrong(HARDENED_STEP)
  const read = (ranged ? steps.slice(0, -1) : steps).map(readStep)
  if (read.filter((step) => typeof step !== 'number').length > 1)
    throw wrong('Only one step of a key can have two values, such as <0;1>.')
  if (hd.depth + steps.length > DEEPEST) throw wrong('A key path has at most 255 levels.')
  return { ...origin, hd, publicKey: hd.publicKey, steps: read, ranged }
}

/** Writes a key expression in its one canonical form. */
export function formatKey(
  { origin, hd, publicKey, uncompressed, steps, ranged }: DescriptorKey,
  network: BitcoinNetwork,
): string {
  const head = hd ? hdToXpub(hd, { testnet: network.testnet }) : bytesToHex(uncompressed ?? publicKey)
  const tail = [
    ...steps.map((step) => (typeof step === 'number' ? `/${step}` : `/<${step[0]};${step[1]}>`)),
    ...(ranged ? ['/*'] : []),
  ].join('')
  return `${origin ? `[${origin.fingerprint}${origin.path.slice(1)}]` : ''}${head}${tail}`
}

/**
 * The type of account whose keys begin at this path (BIP-44, 48, 49, 84, 86); `undefined` for other paths.
 * Throws `INVALID_ACCOUNT` for the path of another coin.
 *
 * @example
 * typeOfPath('m/84h/0h/0h', bitcoinNetwork) // 'p2wpkh'
 */
export function typeOfPath(path: string, network: BitcoinNetwork): ScriptType | undefined {
  const [purpose = 0, coin = 0, account = 0, kind] = parsePath(path)
  const types = purpose >= HARDENED ? PURPOSES.get(purpose - HARDENED) : undefined
  if (!types || coin < HARDENED) return undefined
  if (coin - HARDENED !== network.coinType)
    throw wrong(
      `Its keys are of another coin: on ${network.name} their path begins with m/${purpose - HARDENED}h/${network.coinType}h.`,
    )
  if (account < HARDENED) return undefined
  if (types.length === 1) return kind === undefined ? types[0] : undefined
  return kind === undefined || kind < HARDENED ? undefined : types[kind - HARDENED - 1]
}

/** True when a standard says what kind of account begins with the first step of this path (BIP-43). */
export function hasPurpose(path: string): boolean {
  const [first = 0] = parsePath(path)
  return first >= HARDENED && PURPOSES.has(first - HARDENED)
}

function readOrigin(fingerprint: string, path: string, network: BitcoinNetwork): KeyOrigin {
  let canonical: string
  try {
    canonical = formatPath(parsePath(`m${path}`))
  } catch {
    throw wrong(BROKEN_ORIGIN)
  }
  typeOfPath(canonical, network) // throws for the path of another coin
  return { fingerprint: fingerprint.toLowerCase(), path: canonical }
}

/** Types of one key. */
export const SINGLE: readonly ScriptType[] = ['p2pkh', 'p2sh-p2wpkh', 'p2wpkh', 'p2tr']

function readSingle(
  hex: string,
  type: ScriptType,
  engine: Engine,
): Pick<DescriptorKey, 'publicKey' | 'uncompressed'> {
  if (hex.length === 130 && hex.startsWith('04')) return readUncompressed(hexToBytes(hex), type, engine)
  const isXOnly = hex.length === 64 && type === 'p2tr'
  if (!isXOnly && (hex.length !== 66 || !/^0[23]/.test(hex)))
    throw wrong(
      hex.length === 64
        ? 'A key of 32 bytes stands in tr() only; if it is a private key, keep it to yourself.'
        : 'A public key has 33 bytes, beginning with 02 or 03.',
    )
  const bytes = hexToBytes(hex)
  const publicKey = isXOnly ? evenKey(bytes) : bytes
  try {
    engine.uncompressed(publicKey)
  } catch {
    throw wrong('A public key is no point of the curve, so nobody holds it.')
  }
  return { publicKey }
}

function readUncompressed(
  uncompressed: Uint8Array,
  type: ScriptType,
  engine: Engine,
): Pick<DescriptorKey, 'publicKey' | 'uncompressed'> {
  if (type !== 'p2pkh') throw wrong('An uncompressed key (65 bytes) stands in pkh() only.')
  const publicKey = Uint8Array.of(2 + (uncompressed[64]! & 1), ...uncompressed.subarray(1, 33))
  try {
    if (equalBytes(engine.uncompressed(publicKey), uncompressed)) return { publicKey, uncompressed }
  } catch {
    // Told below.
  }
  throw wrong('A public key is no point of the curve, so nobody holds it.')
}

function readExtended(text: string, type: ScriptType, network: BitcoinNetwork, engine: Engine): HdKey {
  try {
    const { xpub, testnet, type: spoken, dialect } = normaliseXpub(text)
    if (testnet !== network.testnet)
      throw wrong(
        `Its key is of ${testnet ? 'a test network' : 'mainnet'}, and not of ${network.name}. Ask for one of ${network.name}.`,
      )
    if (spoken !== undefined && spoken !== type)
      throw wrong(`Its key begins with ${dialect}, which stands for another kind of account.`)
    return hdFromXpub(xpub, engine, { testnet })
  } catch (error) {
    if (isCofferError(error, 'INVALID_ACCOUNT')) throw error
    throw wrong('A key is broken: a length, letter or checksum is wrong. Check that it was copied whole.')
  }
}

const HARDENED_STEP =
  'A step after an extended key is hardened, which takes its private key. Give the extended key of that step.'

function readStep(text: string): number | readonly [number, number] {
  if (!text.startsWith('<')) return readIndex(text)
  const values = /^<([0-9h';]+)>$/.exec(text)?.[1]?.split(';').map(readIndex)
  if (!values) throw wrong('A step with several values is broken. Write it like <0;1>.')
  const [receive, change] = values
  if (values.length !== 2 || receive === undefined || change === undefined)
    throw wrong('A step has two values, receiving and change: <0;1>. One, three or more are not supported.')
  if (receive === change) throw wrong('The two values of a step are the same.')
  return [receive, change]
}

function readIndex(text: string): number {
  const [, digits, mark] = STEP.exec(text) ?? []
  const index = Number(digits)
  if (digits === undefined || index >= HARDENED)
    throw wrong('A step of a key is broken. Each is a number below 2147483648, and the last one may be *.')
  if (mark !== '') throw wrong(HARDENED_STEP)
  return index
}

export function wrong(reason: string): CofferError {
  return new CofferError({
    code: 'INVALID_ACCOUNT',
    message: `This Bitcoin account cannot be used. ${reason}`,
  })
}
