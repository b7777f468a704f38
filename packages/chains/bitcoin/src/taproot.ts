import { CofferError, type Engine, nobleEngine } from '@coffer/core'
import { taggedHash } from './bytes.ts'
import { scriptKind } from './script.ts'

/**
 * What is added to an internal key (x-only, 32 bytes) to make the output key, for a tree of scripts or for none.
 *
 * @see https://github.com/bitcoin/bips/blob/master/bip-0341.mediawiki
 * @see https://github.com/bitcoin/bips/blob/master/bip-0086.mediawiki
 */
export function tapTweakHash(internalKey: Uint8Array, merkleRoot?: Uint8Array): Uint8Array {
  if (internalKey.length !== 32 || (merkleRoot && merkleRoot.length !== 32))
    throw new CofferError({
      code: 'INVALID_KEY',
      message: 'A taproot key and the root of its scripts are of 32 bytes each.',
    })
  return merkleRoot ? taggedHash('TapTweak', internalKey, merkleRoot) : taggedHash('TapTweak', internalKey)
}

/** An x-only key as a compressed one: that of its two points whose y is even. */
export function evenKey(xOnly: Uint8Array): Uint8Array {
  const key = new Uint8Array(33)
  key[0] = 2
  key.set(xOnly, 1)
  return key
}

/**
 * The output key (x-only, 32 bytes) of an internal key, without scripts when `merkleRoot` is left out. Throws `INVALID_KEY` when
 * the internal key is no point of the curve.
 */
export function tapOutputKey(
  internalKey: Uint8Array,
  merkleRoot?: Uint8Array,
  engine: Engine = nobleEngine,
): Uint8Array {
  const tweak = tapTweakHash(internalKey, merkleRoot)
  const key = engine.publicAdd(evenKey(internalKey), tweak)
  if (key) return key.slice(1)
  throw new CofferError({
    code: 'INVALID_KEY',
    message: 'This key makes no taproot output. Take another one.',
  })
}

/** The output key that a taproot output script pays to. Throws `INVALID_REQUEST` for other scripts. */
export function outputKey(script: Uint8Array): Uint8Array {
  if (scriptKind(script) === 'p2tr') return script.slice(2)
  throw new CofferError({ code: 'INVALID_REQUEST', message: 'This is not a taproot output script.' })
}
