import { inspect } from 'node:util'
import { serialize } from 'node:v8'
import { formatWif, regtestNetwork } from '@coffer/bitcoin'
import { HDKey } from '@scure/bip32'
import { mnemonicToEntropy, mnemonicToSeedSync } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'

/** A secret, and what must not be found anywhere. */
export interface Secret {
  readonly name: string
  readonly bytes?: Uint8Array
  /** Without blanks, as texts are compared. */
  readonly writings: readonly string[]
}

/** All that a mnemonic must keep to itself, for the paths in use: the nodes on the way to each, and the keys below. */
export function secretsOf(
  mnemonic: string,
  options: { readonly passphrase?: string; readonly paths: readonly string[] },
): readonly Secret[] {
  const { passphrase = '', paths } = options
  const words = mnemonic.split(' ')
  const seed = mnemonicToSeedSync(mnemonic, passphrase)
  const root = HDKey.fromMasterSeed(seed)
  const secrets: Secret[] = [
    text('the words', mnemonic),
    text('some of the words', words.slice(2, 6).join(' ')),
    text('the words as a list', JSON.stringify(words).slice(1, -1)),
    bytes('the words as bytes', new TextEncoder().encode(mnemonic)),
    bytes('the entropy', mnemonicToEntropy(mnemonic, wordlist)),
    bytes('the seed', seed),
    ...(passphrase ? [text('the passphrase', passphrase)] : []),
  ]
  const nodes = new Set(
    paths.flatMap((path) =>
      path.split('/').map((_, i, steps) =>
        steps
          .slice(0, i + 1)
          .join('/')
          .replaceAll('h', "'"),
      ),
    ),
  )
  for (const path of nodes) {
    const node = root.derive(path)
    secrets.push(...keySecrets(`the key at ${path}`, node.privateKey!))
    secrets.push(text(`the xprv at ${path}`, node.privateExtendedKey!))
    secrets.push(text(`the tprv at ${path}`, testnetXprv(node)))
    // Below the account it is in every xpub, and public.
    if (path.split('/').length < 4) secrets.push(bytes(`the chain code at ${path}`, node.chainCode!))
  }
  return secrets
}

export function keySecrets(name: string, key: Uint8Array): Secret[] {
  return [
    bytes(name, key),
    text(`${name} in WIF`, formatWif({ secret: key }, regtestNetwork)),
    text(`${name} in WIF, uncompressed`, formatWif({ secret: key, compressed: false }, regtestNetwork)),
  ]
}

/** The xprv of a node, as other wallets write it. */
export function testnetXprv(node: HDKey): string {
  const { privateKey, chainCode, depth, index, parentFingerprint } = node
  return new HDKey({
    versions: { private: 0x04358394, public: 0x043587cf },
    privateKey: privateKey!,
    chainCode: chainCode!,
    depth,
    index,
    parentFingerprint,
  }).privateExtendedKey!
}

function text(name: string, writing: string): Secret {
  return { name, writings: [flat(writing)] }
}

function bytes(name: string, key: Uint8Array): Secret {
  const copy = key.slice()
  const half = copy.length >> 1
  const writings = [copy.slice(0, half), copy.slice(half)].flatMap((part) => {
    const hex = Buffer.from(part).toString('hex')
    const list = part.join(',')
    return [
      hex,
      hex.toUpperCase(),
      Buffer.from(part.slice().reverse()).toString('hex'),
      list,
      Array.from(part, (byte) => `0x${byte.toString(16).padStart(2, '0')}`).join(','),
      Array.from(part, (byte) => byte.toString(16).padStart(2, '0')).join(':'),
      ...base64s(part),
    ]
  })
  const whole = [BigInt(`0x${Buffer.from(copy).toString('hex')}`).toString(), keyed(copy, 0), keyed(copy, 1)]
  return { name, bytes: copy, writings: [...writings, ...whole] }
}

/** As objects write arrays: `"0":17,"1":4` … */
function keyed(bytes: Uint8Array, from: number): string {
  return Array.from(bytes.subarray(0, 12), (byte, i) => `"${i + from}":${byte}`).join(',')
}

/** The letters that are the same whatever stands before, for each of the three places in a group. */
function base64s(part: Uint8Array): string[] {
  return [0, 1, 2].flatMap((shift) => {
    const shifted = Buffer.concat([new Uint8Array(shift), part, new Uint8Array(3)])
    const inner = (code: 'base64' | 'base64url') =>
      shifted.toString(code).slice(shift ? 4 : 0, 4 * Math.floor((shift + part.length) / 3))
    return [inner('base64'), inner('base64url')]
  })
}

/** What is found of `secrets` in anything that can be read from `value`, in whatever way. */
export function searchFor(secrets: readonly Secret[], value: unknown): readonly string[] {
  return searchText(secrets, [...new Set(textsOf(value))].join('\n'))
}

/** The same in a text. */
export function searchText(secrets: readonly Secret[], text: string): readonly string[] {
  const seen = flat(text)
  const index = indexes.get(secrets) ?? indexOf(secrets)
  indexes.set(secrets, index)
  const found = new Set<string>()
  for (let at = 0; at + PREFIX <= seen.length; at++)
    for (const { name, writing } of index.get(seen.slice(at, at + PREFIX)) ?? [])
      if (seen.startsWith(writing, at)) found.add(name)
  return [...found]
}

/** Thousands of writings, looked up by their first letters: one pass over a text finds all. */
type Index = ReadonlyMap<string, readonly { readonly name: string; readonly writing: string }[]>
const PREFIX = 8
const indexes = new WeakMap<readonly Secret[], Index>()

function indexOf(secrets: readonly Secret[]): Index {
  const index = new Map<string, { name: string; writing: string }[]>()
  for (const { name, writings } of secrets)
    for (const writing of writings) {
      if (writing.length < PREFIX)
        throw new Error(`A writing of ${name} is too short to be told from chance.`)
      const prefix = writing.slice(0, PREFIX)
      index.set(prefix, [...(index.get(prefix) ?? []), { name, writing }])
    }
  return index
}

function flat(text: string): string {
  const flattened = text.replace(/\s+/g, '')
  // Or the search would be the one that leaves texts in `RegExp.input`.
  return /^/.test('') ? flattened : ''
}

function* textsOf(value: unknown): Generator<string> {
  yield inspect(value, {
    depth: 12,
    showHidden: true,
    getters: true,
    maxArrayLength: null,
    maxStringLength: null,
    breakLength: Number.POSITIVE_INFINITY,
  })
  yield attempt(() => JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? one.toString() : one)))
  yield attempt(() => JSON.stringify(value, null, 2))
  for (const encoding of ['latin1', 'utf16le', 'hex'] as const)
    yield attempt(() => serialize(value).toString(encoding))
  yield attempt(() => inspect(structuredClone(value), { depth: 12, maxArrayLength: null }))
  yield attempt(() => Object.entries(value as object).join())
  yield* reached(value, new Set())
}

/** Every text and every byte that can be reached: by symbols, accessors, prototypes, maps, causes, code of functions. */
function* reached(value: unknown, met: Set<unknown>): Generator<string> {
  if (typeof value === 'bigint') yield `${value} ${value.toString(16)}`
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null)
    return yield attempt(() => String(value))
  if (met.has(value)) return
  met.add(value)
  yield attempt(() => String(value))
  if (value instanceof ArrayBuffer) return yield Buffer.from(value).toString('hex')
  if (ArrayBuffer.isView(value))
    // All of its buffer, not only the part that it shows.
    return yield `${Buffer.from(value.buffer).toString('hex')} ${Buffer.from(value.buffer).toString('latin1')}`
  if (value instanceof Map || value instanceof Set) for (const one of value) yield* reached(one, met)
  for (const name of Reflect.ownKeys(value)) {
    yield String(name)
    let inner: unknown
    try {
      inner = (value as Record<PropertyKey, unknown>)[name]
    } catch (error) {
      inner = error
    }
    yield* reached(inner, met)
  }
  const above = Object.getPrototypeOf(value) as unknown
  if (above !== null && !BUILT_IN.has(above)) yield* reached(above, met)
}

const BUILT_IN = new Set<unknown>(
  [Object, Function, Array, Map, Set, WeakMap, Promise, Error, Date, RegExp, Uint8Array].map(
    ({ prototype }) => prototype,
  ),
)

function attempt(write: () => string | undefined): string {
  try {
    return write() ?? ''
  } catch (error) {
    return String(error)
  }
}
