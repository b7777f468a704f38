import {
  type AccountDescriptor,
  type Engine,
  hdFromPublic,
  isCofferError,
  nobleEngine,
  type PublicKey,
  parsePath,
} from '@coffer/core'
import { bytesToHex } from '@noble/hashes/utils.js'
import { formatAddress, parseAddress } from './address.ts'
import { descriptorChecksum, withoutChecksum } from './checksum.ts'
import {
  BROKEN_ORIGIN,
  type DescriptorKey,
  formatKey,
  hasPurpose,
  parseKey,
  refusePrivate,
  SINGLE,
  typeOfPath,
  wrong,
} from './descriptor-key.ts'
import type { BitcoinNetwork } from './networks.ts'
import type { ScriptType } from './script-type.ts'
import { normaliseXpub } from './slip132.ts'

export { type DescriptorKey, typeOfPath } from './descriptor-key.ts'
export type { ScriptType } from './script-type.ts'

export interface Descriptor {
  /** Canonical, with its checksum. Several addresses of a group are separated by one space. */
  readonly text: string
  readonly type: ScriptType
  readonly keys: readonly DescriptorKey[]
  /** How many signatures a sortedmulti needs; 1 otherwise. */
  readonly threshold: number
  /** Output scripts of `addr(…)`, in their order; for type `address` alone. */
  readonly scripts: readonly Uint8Array[]
  /** 2 when receiving and change have keychains of their own (multipath), else 1. */
  readonly keychains: 1 | 2
  /** False when there is one fixed script (or one per address of a group). */
  readonly ranged: boolean
  /** What derives its keys. */
  readonly engine: Engine
}

export interface DescriptorOptions {
  /** What kind of account an extended key has that comes alone and does not say it. */
  readonly type?: ScriptType | undefined
}

/** Longest text, and most addresses of a group. */
const LONGEST = 1_000_000
const LONGEST_SCRIPT = 20_000
const MOST_ADDRESSES = 10_000
/** Keys that one CHECKMULTISIG takes. */
const MOST_KEYS = 20

/**
 * Reads an account: `pkh(KEY)`, `sh(wpkh(KEY))`, `wpkh(KEY)`, `tr(KEY)`, `wsh(sortedmulti(k,KEY,…))`,
 * `sh(wsh(sortedmulti(k,KEY,…)))` and `addr(ADDRESS)`. Keys are public: single ones, or extended ones
 * followed by unhardened steps, one of which may be a pair (`<0;1>`, receiving and change) and the last one
 * `*`. The checksum may be missing and is verified when it is there.
 *
 * For watching alone it also takes what people have at hand: an address, several of them, or an extended key
 * whose form, origin or `options.type` says what kind of account it is of (SLIP-132's `ypub` and `zpub` do).
 *
 * Throws `INVALID_ACCOUNT`, with its own reason for each thing that is wrong or not supported, for keys of
 * another network and for private keys; `INVALID_ADDRESS` for addresses. No error repeats the text.
 *
 * @example
 * const { text, type } = parseDescriptor('zpub6rFR7y4Q2Aij…', bitcoinNetwork)
 * // text 'wpkh(xpub6CatWdiZiodm…/<0;1>/*)#…', type 'p2wpkh'
 * @see https://github.com/bitcoin/bips/blob/master/bip-0380.mediawiki
 * @see https://github.com/bitcoin/bips/blob/master/bip-0389.mediawiki
 */
export function parseDescriptor(
  text: string,
  network: BitcoinNetwork,
  engine: Engine = nobleEngine,
  options: DescriptorOptions = {},
): Descriptor {
  if (typeof text !== 'string' || text.length > LONGEST) throw wrong('It is not a text of sensible length.')
  refusePrivate(text)
  const trimmed = text.trim()
  if (/^(?!addr\()[^\s,(]*\(/.test(trimmed)) return parseScript(trimmed, network, engine)
  const items = trimmed.split(/[\s,]+/)
  const [first = ''] = items
  if (items.length === 1 && BARE_KEY.test(first)) return parseBareKey(first, network, engine, options)
  return parseAddresses(items, network, engine)
}

/**
 * The same for the text of an opened account, which is met many times: what was read stays known, and so do
 * the scripts that were derived from it.
 */
export function readDescriptor(
  account: AccountDescriptor,
  network: BitcoinNetwork,
  engine: Engine = nobleEngine,
): Descriptor {
  let known = read.get(engine)
  if (!known) read.set(engine, (known = new Map()))
  const name = `${network.id} ${account}`
  const descriptor = known.get(name) ?? parseDescriptor(account, network, engine)
  known.delete(name)
  known.set(name, descriptor)
  if (known.size > KEPT) {
    for (const oldest of known.keys()) {
      known.delete(oldest)
      break
    }
  }
  return descriptor
}

/** So many accounts stay known. */
const KEPT = 32
const read = new WeakMap<Engine, Map<string, Descriptor>>()

/**
 * Writes a descriptor in its one canonical form: `h` for hardened steps, `xpub` or `tpub` for extended keys,
 * with its checksum.
 */
export function formatDescriptor(
  { type, keys, threshold, scripts }: Pick<Descriptor, 'type' | 'keys' | 'threshold' | 'scripts'>,
  network: BitcoinNetwork,
): AccountDescriptor {
  if (type === 'address')
    return scripts
      .map((script) => {
        const address = formatAddress(script, network)
        if (address === undefined) throw wrong('One of its scripts has no address.')
        return checksummed(`addr(${address})`)
      })
      .join(' ')
  const [first = '', ...more] = keys.map((key) => formatKey(key, network))
  switch (type) {
    case 'p2pkh':
      return checksummed(`pkh(${first})`)
    case 'p2sh-p2wpkh':
      return checksummed(`sh(wpkh(${first}))`)
    case 'p2wpkh':
      return checksummed(`wpkh(${first})`)
    case 'p2tr':
      return checksummed(`tr(${first})`)
    case 'p2wsh-sortedmulti':
      return checksummed(`wsh(sortedmulti(${[threshold, first, ...more].join(',')}))`)
    case 'p2sh-p2wsh-sortedmulti':
      return checksummed(`sh(wsh(sortedmulti(${[threshold, first, ...more].join(',')})))`)
  }
}

/**
 * The descriptor of the account whose keys begin at the path of `key` (BIP-44, 49, 84, 86), with a keychain
 * for receiving and one for change. Throws `INVALID_ACCOUNT` for keys of another coin, of another kind of
 * account, or without chain code.
 *
 * @example
 * accountDescriptor(await signer.publicKey('m/84h/0h/0h'), 'p2wpkh', bitcoinNetwork)
 * // 'wpkh([73c5da0a/84h/0h/0h]xpub6CatWdiZiodm…/<0;1>/*)#…'
 */
export function accountDescriptor(
  key: PublicKey,
  type: ScriptType,
  network: BitcoinNetwork,
  engine: Engine = nobleEngine,
): AccountDescriptor {
  if (!SINGLE.includes(type)) throw wrong('One key makes an account of one key only.')
  // A path of one's own may lead to any kind of account; one that a standard names, to that kind alone.
  if (hasPurpose(key.path) && typeOfPath(key.path, network) !== type)
    throw wrong(
      'The path of its key does not fit the kind of account. Write the descriptor out where that is meant.',
    )
  return formatDescriptor({ type, keys: [accountKey(key, engine)], threshold: 1, scripts: [] }, network)
}

/**
 * The descriptor of an account that several people hold together, of which `threshold` sign each payment. Its
 * text is the same in whatever order the keys come. Throws `INVALID_ACCOUNT`.
 *
 * @example
 * const keys = await Promise.all(signers.map((signer) => signer.publicKey('m/48h/0h/0h/2h')))
 * multisigDescriptor({ threshold: 2, keys }, bitcoinNetwork)
 * // 'wsh(sortedmulti(2,[73c5da0a/48h/0h/0h/2h]xpub…/<0;1>/*,…))#…'
 * @see https://github.com/bitcoin/bips/blob/master/bip-0048.mediawiki
 */
export function multisigDescriptor(
  {
    threshold,
    keys,
    type = 'p2wsh-sortedmulti',
  }: {
    readonly threshold: number
    readonly keys: readonly PublicKey[]
    readonly type?: 'p2wsh-sortedmulti' | 'p2sh-p2wsh-sortedmulti' | undefined
  },
  network: BitcoinNetwork,
  engine: Engine = nobleEngine,
): AccountDescriptor {
  const sorted = keys
    .map((key) => formatKey(accountKey(key, engine), network))
    .sort()
    .join(',')
  const body = `sortedmulti(${threshold},${sorted})`
  return parseDescriptor(type === 'p2wsh-sortedmulti' ? `wsh(${body})` : `sh(wsh(${body}))`, network, engine)
    .text
}

function accountKey(key: PublicKey, engine: Engine): DescriptorKey {
  const { publicKey, chainCode, fingerprint, path } = key
  const indexes = parsePath(path)
  const depth = indexes.length
  if (!chainCode) throw wrong('It takes an extended key, and this signer gives single keys only.')
  if (!/^[0-9a-f]{8}$/.test(fingerprint)) throw wrong('The fingerprint of its key is not eight hex digits.')
  // Of a root's child it is the root's; of others only the signer can tell, and nothing but the look of the
  // text depends on it.
  const parentFingerprint = key.parentFingerprint ?? (depth === 1 ? fingerprint : '00000000')
  const hd = hdFromPublic(
    { publicKey, chainCode, depth, index: indexes.at(-1) ?? 0, parentFingerprint },
    engine,
  )
  return { origin: { fingerprint, path }, hd, publicKey: hd.publicKey, steps: [[0, 1]], ranged: true }
}

// ---- scripts ----

function parseScript(text: string, network: BitcoinNetwork, engine: Engine): Descriptor {
  if (text.length > LONGEST_SCRIPT) throw wrong('It is not a text of sensible length.')
  if (/\s/.test(text))
    throw wrong('It holds white space. An account has one descriptor, with <0;1> for receiving and change.')
  const { type, inside } = scriptOf(withoutChecksum(text))
  if (type !== 'p2wsh-sortedmulti' && type !== 'p2sh-p2wsh-sortedmulti') {
    if (inside.startsWith('musig(')) throw wrong(REFUSED.get('musig')!)
    if (inside.includes(','))
      throw wrong(type === 'p2tr' ? 'Taproot accounts with scripts are not supported.' : 'It takes one key.')
    return make(type, [parseKey(inside, type, network, engine)], 1, network, engine)
  }
  const [first = '', ...texts] = inside.split(',')
  const threshold = /^[1-9][0-9]?$/.test(first) ? Number(first) : 0
  if (texts.length > MOST_KEYS) throw wrong(`It has more than ${MOST_KEYS} keys.`)
  if (threshold < 1 || threshold > texts.length)
    throw wrong('It begins with the number of signatures that it takes, from 1 to the number of its keys.')
  const keys = texts.map((key) => parseKey(key, type, network, engine))
  const seen = new Set(keys.map(({ publicKey }) => bytesToHex(publicKey)))
  if (seen.size < keys.length)
    throw wrong('A key is named twice, so that its holder would count as several people.')
  return make(type, keys, threshold, network, engine)
}

function make(
  type: ScriptType,
  keys: readonly DescriptorKey[],
  threshold: number,
  network: BitcoinNetwork,
  engine: Engine,
): Descriptor {
  const scripts: readonly Uint8Array[] = []
  const isPair = keys.some(({ steps }) => steps.some((step) => typeof step !== 'number'))
  return Object.freeze({
    text: formatDescriptor({ type, keys, threshold, scripts }, network),
    type,
    keys,
    threshold,
    scripts,
    keychains: isPair ? 2 : 1,
    ranged: keys.some(({ ranged }) => ranged),
    engine,
  })
}

/** What is not supported, and why or what to do instead. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['pk', 'pk() pays to a bare key, which has no address. Use pkh(), wpkh() or tr().'],
  ['combo', 'combo() stands for several kinds of address at once. Choose one, such as wpkh().'],
  [
    'multi',
    'multi() makes other addresses when its keys come in another order. Use sortedmulti() inside wsh().',
  ],
  ['sortedmulti', 'sortedmulti() stands inside wsh() only.'],
  ['raw', 'raw() is a bare script, for which nobody can be asked by address. Use addr().'],
  ['rawtr', 'rawtr() does not tell how its key was made. Use tr() or addr().'],
  ['addr', 'addr() stands alone, or beside other addr() only.'],
  ['multi_a', 'Taproot accounts of several keys are not supported.'],
  ['sortedmulti_a', 'Taproot accounts of several keys are not supported.'],
  ['musig', 'Keys put together by musig() are not supported.'],
])

function scriptOf(text: string): { readonly type: ScriptType; readonly inside: string } {
  const outer = call(text)
  switch (outer.name) {
    case 'pkh':
      return { type: 'p2pkh', inside: outer.inside }
    case 'wpkh':
      return { type: 'p2wpkh', inside: outer.inside }
    case 'tr':
      return { type: 'p2tr', inside: outer.inside }
    case 'wsh':
      return { type: 'p2wsh-sortedmulti', inside: sortedMulti(outer.inside) }
    case 'sh': {
      const inner = call(outer.inside)
      if (inner.name === 'wpkh') return { type: 'p2sh-p2wpkh', inside: inner.inside }
      if (inner.name === 'wsh') return { type: 'p2sh-p2wsh-sortedmulti', inside: sortedMulti(inner.inside) }
      if (inner.name === 'sortedmulti' || inner.name === 'multi')
        throw wrong(
          'Several keys in sh() alone are not supported. Use wsh(sortedmulti()) or sh(wsh(sortedmulti())).',
        )
      throw wrong('In sh() there is wpkh() or wsh() only.')
    }
    default:
      throw wrong(REFUSED.get(outer.name) ?? 'It begins with a function that is not known.')
  }
}

function sortedMulti(text: string): string {
  const { name, inside } = call(text)
  if (name === 'sortedmulti') return inside
  const reason = name === 'multi' ? REFUSED.get(name) : undefined
  throw wrong(reason ?? 'In wsh() there is sortedmulti() only; other scripts are not supported.')
}

function call(text: string): { readonly name: string; readonly inside: string } {
  const [, name, inside] = /^([a-z_]{1,20})\((.*)\)$/s.exec(text) ?? []
  if (name !== undefined && inside !== undefined) return { name, inside }
  throw wrong('It is not of the form wpkh(KEY), or a bracket is missing. Check that it was copied whole.')
}

function checksummed(text: string): string {
  return `${text}#${descriptorChecksum(text)}`
}

// ---- what people have at hand ----

const BARE_KEY = /^(?:\[[^\]]*\])?[xyztuvYZUV]pub[1-9A-Za-z]{50,}/

function parseBareKey(
  text: string,
  network: BitcoinNetwork,
  engine: Engine,
  options: DescriptorOptions,
): Descriptor {
  const [, origin = '', key = ''] = /^(\[[^\]]*\])?([1-9A-Za-z]+)$/.exec(text) ?? []
  const spoken = key === '' ? undefined : spokenType(key)
  const type = spoken ?? (origin === '' ? undefined : originType(origin, network)) ?? options.type
  if (key === '' || type === undefined)
    throw wrong(
      'An extended key alone does not say what kind of addresses it has. Write wpkh(xpub…/<0;1>/*), or pkh(…), sh(wpkh(…)), tr(…).',
    )
  if (!SINGLE.includes(type))
    throw wrong('It is one of several keys. Write wsh(sortedmulti(2,KEY,KEY,…)) with all of them.')
  if (options.type !== undefined && options.type !== type)
    throw wrong('Its key stands for another kind of account than was asked for.')
  return make(type, [parseKey(`${origin}${key}/<0;1>/*`, type, network, engine)], 1, network, engine)
}

function spokenType(key: string): ScriptType | undefined {
  try {
    return normaliseXpub(key).type
  } catch {
    throw wrong('A key is broken: a length, letter or checksum is wrong. Check that it was copied whole.')
  }
}

function originType(origin: string, network: BitcoinNetwork): ScriptType | undefined {
  try {
    return typeOfPath(`m${origin.slice(9, -1)}`, network)
  } catch (error) {
    if (isCofferError(error, 'INVALID_PATH')) throw wrong(BROKEN_ORIGIN)
    throw error
  }
}

function parseAddresses(items: readonly string[], network: BitcoinNetwork, engine: Engine): Descriptor {
  if (items.length > MOST_ADDRESSES) throw wrong('It has more than 10,000 addresses.')
  const scripts = new Map<string, Uint8Array>()
  for (const item of items) {
    const { script } = parseAddress(item.includes('(') ? insideAddr(item) : item, network, engine)
    scripts.set(bytesToHex(script), script)
  }
  const all = { type: 'address', keys: [], threshold: 1, scripts: [...scripts.values()] } as const
  return Object.freeze({ ...all, text: formatDescriptor(all, network), keychains: 1, ranged: false, engine })
}

function insideAddr(text: string): string {
  const { name, inside } = call(withoutChecksum(text))
  if (name !== 'addr') throw wrong('Only addresses can be put together.')
  return inside
}
