import {
  CofferError,
  formatPath,
  HARDENED,
  type HdKey,
  hdDerive,
  hdSecret,
  hdWipe,
  type KeyOrigin,
  parsePath,
} from '@coffer/core'
import type { OpenKeys } from './signer.ts'

/** So many parents are kept, so that the addresses of an account cost one step each. */
const KEPT = 8

/** The keys at and below a node of a BIP-32 tree. Takes the node over: `wipe` ends it. */
export function hdKeys(
  top: HdKey,
  origin: KeyOrigin = { fingerprint: top.fingerprint, path: 'm' },
): OpenKeys {
  const base = parsePath(origin.path)
  const parents = new Map<string, HdKey>()

  const parentAt = (path: readonly number[]): HdKey => {
    if (path.length === 0) return top
    const name = formatPath(path)
    const known = parents.get(name)
    if (known) parents.delete(name)
    const parent = known ?? hdDerive(top, path)
    parents.set(name, parent)
    if (parents.size > KEPT) {
      const [oldest] = parents
      if (oldest) forget(parents, ...oldest)
    }
    return parent
  }

  return {
    derive: (path) => {
      const rest = path.slice(base.length)
      if (path.length < base.length || base.some((index, i) => path[i] !== index))
        throw new CofferError({
          code: 'INVALID_PATH',
          message: `${formatPath(path)} is not below ${origin.path}, where the keys of this signer begin.`,
        })
      // A hardened last step is rare and shares its parent with nothing: not worth a place.
      const near = rest.length > 0 && rest.at(-1)! < HARDENED
      const key = near ? hdDerive(parentAt(rest.slice(0, -1)), rest.slice(-1)) : hdDerive(top, rest)
      const { publicKey, chainCode, depth, parentFingerprint } = key
      const { fingerprint } = origin
      const result = {
        secret: hdSecret(key),
        publicKey,
        public: {
          publicKey,
          chainCode: Uint8Array.from(chainCode),
          fingerprint,
          path: formatPath(path),
          ...(depth > 0 && { parentFingerprint }),
        },
      }
      hdWipe(key)
      return result
    },
    wipe: () => {
      for (const entry of [...parents]) forget(parents, ...entry)
      hdWipe(top)
    },
  }
}

function forget(parents: Map<string, HdKey>, name: string, parent: HdKey): void {
  parents.delete(name)
  hdWipe(parent)
}
