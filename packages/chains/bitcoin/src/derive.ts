import {
  CofferError,
  type Engine,
  fingerprintOf,
  HARDENED,
  type HdKey,
  hdDerivePublic,
  hdDerivePublicMany,
  parsePath,
  publicAddMany,
} from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { equalBytes, hash160 } from './bytes.ts'
import type { Descriptor, DescriptorKey } from './descriptor.ts'
import type { PsbtDerivation } from './psbt.ts'
import {
  p2pkhScript,
  p2shScript,
  p2trScript,
  p2wpkhScript,
  p2wshScript,
  sortedMultiScript,
} from './script.ts'
import { evenKey, tapTweakHash } from './taproot.ts'

/** Receiving addresses are of keychain 0, change of keychain 1. */
export type Keychain = 0 | 1

/** One output script of an account and all that spending it takes. */
export interface AccountScript {
  readonly keychain: Keychain
  readonly index: number
  /** The output script (scriptPubKey). */
  readonly script: Uint8Array
  readonly redeemScript?: Uint8Array
  readonly witnessScript?: Uint8Array
  /** Taproot: the internal key, x-only, 32 bytes. */
  readonly internalKey?: Uint8Array
  /** In the order of the descriptor; empty for type `address`. */
  readonly keys: readonly {
    /** 33 bytes, compressed. */
    readonly publicKey: Uint8Array
    /** The same key in 65 bytes, where the script is made of that form. */
    readonly uncompressed?: Uint8Array
    readonly fingerprint: string
    /** From the root of the fingerprint, indexes with 2^31 added for hardened ones. */
    readonly path: readonly number[]
  }[]
}

type AccountKey = AccountScript['keys'][number]

/**
 * The scripts of `count` indexes in a row, from `from` on. What is not ranged has index 0 only, a group of
 * addresses one index for each. Throws `INVALID_REQUEST` for a keychain or an index that the account does not
 * have.
 *
 * @example
 * deriveScripts(descriptor, 0, 0, 20).map(({ script }) => formatAddress(script, bitcoinNetwork))
 */
export function deriveScripts(
  descriptor: Descriptor,
  keychain: Keychain,
  from: number,
  count: number,
): readonly AccountScript[] {
  check(descriptor, keychain, from, count)
  const scripts: AccountScript[] = []
  for (let at = from; at < from + count; at += TOGETHER)
    scripts.push(...derive(descriptor, keychain, at, Math.min(TOGETHER, from + count - at)))
  const { found } = memoryOf(descriptor)
  for (let i = 0; i < scripts.length && found.size < KEPT; i++)
    found.set(nameOf(keychain, from + i), scripts[i]!)
  return scripts
}

/**
 * The script of one index. What was derived is kept, up to some thousands. Throws as {@link deriveScripts}
 * does.
 *
 * @example
 * scriptAt(descriptor, 1, 7) // change address 7
 */
export function scriptAt(descriptor: Descriptor, keychain: Keychain, index: number): AccountScript {
  check(descriptor, keychain, index, 1)
  const { found } = memoryOf(descriptor)
  const known = found.get(nameOf(keychain, index))
  if (known) return known
  if (found.size >= KEPT) found.clear()
  return deriveScripts(descriptor, keychain, index, 1)[0]!
}

/** Another number for each place. */
const nameOf = (keychain: Keychain, index: number): number => 2 * index + keychain

/**
 * Where in the account an output script stands, as the derivations of a PSBT claim. A claim counts only when
 * the account's own descriptor makes the very same script there: `undefined` for everything else.
 *
 * @example
 * locateScript(descriptor, output.script, output.derivations) // { keychain: 1, index: 7 }
 */
export function locateScript(
  descriptor: Descriptor,
  script: Uint8Array,
  derivations: readonly PsbtDerivation[],
): { readonly keychain: Keychain; readonly index: number } | undefined {
  const { type, ranged, scripts } = descriptor
  if (type === 'address') {
    const index = placesOf(descriptor, scripts).get(bytesToHex(script))
    return index === undefined ? undefined : { keychain: 0, index }
  }
  const isHere = (keychain: Keychain, index: number): boolean =>
    equalBytes(scriptAt(descriptor, keychain, index).script, script)
  if (!ranged) {
    const keychain = keychainsOf(descriptor).find((keychain) => isHere(keychain, 0))
    return keychain === undefined ? undefined : { keychain, index: 0 }
  }
  const claimed = new Set<string>()
  for (const derivation of derivations)
    for (const keychain of keychainsOf(descriptor))
      for (const { fingerprint, path } of basesOf(descriptor, keychain)) {
        const index = derivation.path[path.length]
        if (
          index === undefined ||
          index >= HARDENED ||
          derivation.path.length !== path.length + 1 ||
          derivation.fingerprint !== fingerprint ||
          !path.every((step, i) => derivation.path[i] === step)
        )
          continue
        // Each costs a derivation, and whoever wrote the PSBT chose how many there are.
        const place = `${keychain}/${index}`
        if (claimed.has(place)) continue
        if (claimed.add(place).size > MOST_CLAIMS) return undefined
        if (isHere(keychain, index)) return { keychain, index }
      }
  return undefined
}

/** So many scripts are derived at once, kept for each account, and claims followed for one script. */
const TOGETHER = 1_000
const KEPT = 4_096
const MOST_CLAIMS = 2

// ---- from one parent to its children ----

/** One key of a descriptor on one keychain: everything but the last step. */
interface Base {
  readonly parent?: HdKey
  readonly publicKey: Uint8Array
  readonly uncompressed?: Uint8Array
  readonly fingerprint: string
  readonly path: readonly number[]
}

interface Memory {
  readonly bases: [(readonly Base[])?, (readonly Base[])?]
  readonly found: Map<number, AccountScript>
  /** Of a group of addresses: where each script stands. */
  places?: ReadonlyMap<string, number>
}

const memories = new WeakMap<Descriptor, Memory>()

function memoryOf(descriptor: Descriptor): Memory {
  const known = memories.get(descriptor)
  if (known) return known
  const memory: Memory = { bases: [], found: new Map() }
  memories.set(descriptor, memory)
  return memory
}

function placesOf(descriptor: Descriptor, scripts: readonly Uint8Array[]): ReadonlyMap<string, number> {
  return (memoryOf(descriptor).places ??= new Map(scripts.map((script, i) => [bytesToHex(script), i])))
}

function basesOf(descriptor: Descriptor, keychain: Keychain): readonly Base[] {
  return (memoryOf(descriptor).bases[keychain] ??= descriptor.keys.map((key) => baseOf(key, keychain)))
}

function baseOf(
  { origin, hd, publicKey, uncompressed, steps, ranged }: DescriptorKey,
  keychain: Keychain,
): Base {
  const below = steps.map((step) => (typeof step === 'number' ? step : step[keychain]))
  const parent = hd && hdDerivePublic(hd, below)
  return {
    ...(parent && ranged ? { parent } : {}),
    publicKey: parent?.publicKey ?? publicKey,
    ...(uncompressed ? { uncompressed } : {}),
    fingerprint: origin?.fingerprint ?? fingerprintOf(publicKey),
    path: [...(origin ? parsePath(origin.path) : []), ...below],
  }
}

function keychainsOf({ keychains }: Descriptor): readonly Keychain[] {
  return keychains === 2 ? [0, 1] : [0]
}

function derive(
  descriptor: Descriptor,
  keychain: Keychain,
  from: number,
  count: number,
): readonly AccountScript[] {
  if (descriptor.type === 'address')
    return descriptor.scripts
      .slice(from, from + count)
      .map((script, i) => ({ keychain, index: from + i, script, keys: [] }))
  const rows = basesOf(descriptor, keychain).map(({ parent, fingerprint, path, ...own }) =>
    parent
      ? hdDerivePublicMany(parent, from, count).map(
          (child): AccountKey => ({
            publicKey: child.publicKey,
            fingerprint,
            path: [...path, child.index],
          }),
        )
      : Array.from({ length: count }, (): AccountKey => ({ ...own, fingerprint, path })),
  )
  const columns = Array.from({ length: count }, (_, i) => rows.map((row) => row[i] as AccountKey))
  const outputs = outputsOf(descriptor, columns)
  return columns.map((keys, i) => ({
    keychain,
    index: from + i,
    ...(outputs[i] as Output),
    keys,
  }))
}

type Output = Pick<AccountScript, 'script' | 'redeemScript' | 'witnessScript' | 'internalKey'>

function outputsOf(
  { type, threshold, engine }: Descriptor,
  columns: readonly (readonly AccountKey[])[],
): readonly Output[] {
  const keysOf = (column: readonly AccountKey[]): readonly Uint8Array[] =>
    column.map(({ publicKey }) => publicKey)
  switch (type) {
    case 'p2pkh':
      return columns.map(([key]) => ({ script: p2pkhScript(hash160(key!.uncompressed ?? key!.publicKey)) }))
    case 'p2wpkh':
      return columns.map(([key]) => ({ script: p2wpkhScript(hash160(key!.publicKey)) }))
    case 'p2sh-p2wpkh':
      return columns.map(([key]) => nested(p2wpkhScript(hash160(key!.publicKey))))
    case 'p2tr':
      return taproot(
        columns.map(([key]) => key!.publicKey.slice(1)),
        engine,
      )
    case 'p2wsh-sortedmulti':
      return columns.map((column) => {
        const witnessScript = sortedMultiScript(threshold, keysOf(column))
        return { script: p2wshScript(sha256(witnessScript)), witnessScript }
      })
    case 'p2sh-p2wsh-sortedmulti':
      return columns.map((column) => {
        const witnessScript = sortedMultiScript(threshold, keysOf(column))
        return { ...nested(p2wshScript(sha256(witnessScript))), witnessScript }
      })
    case 'address':
      return []
  }
}

function nested(redeemScript: Uint8Array): Output {
  return { script: p2shScript(hash160(redeemScript)), redeemScript }
}

/** Of many internal keys at once, since each takes a point multiplication. */
function taproot(internalKeys: readonly Uint8Array[], engine: Engine): readonly Output[] {
  const outputKeys = publicAddMany(
    engine,
    internalKeys.map(evenKey),
    internalKeys.map((key) => tapTweakHash(key)),
  )
  return internalKeys.map((internalKey, i) => {
    const key = outputKeys[i]
    if (!key) throw wrong('A key makes no taproot output, which happens once in 2^127. Use the next index.')
    return { script: p2trScript(key.slice(1)), internalKey }
  })
}

function check(descriptor: Descriptor, keychain: Keychain, from: number, count: number): void {
  const { keychains, ranged, scripts, type } = descriptor
  const limit = type === 'address' ? scripts.length : ranged ? HARDENED : 1
  const isRange = Number.isInteger(from) && Number.isInteger(count) && from >= 0 && count >= 0
  if (keychain !== 0 && (keychain !== 1 || keychains !== 2)) throw wrong('This account has no such keychain.')
  if (!isRange || from + count > limit)
    throw wrong(`This account has no address of that index: they go from 0 to ${limit - 1}.`)
}

function wrong(message: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message })
}
