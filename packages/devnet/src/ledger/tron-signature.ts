import type { AppContext } from './app.ts'
import { concat } from './byte-strings.ts'
import { signHash } from './secp-key.ts'
import { tronKey } from './tron-address.ts'

export interface TronSettings {
  readonly data: boolean
  readonly customContract: boolean
  readonly signByHash: boolean
}

/** r‖s‖v, v being 0 or 1. */
export function signWith(context: AppContext, path: readonly number[], hash: Uint8Array): Uint8Array {
  const { rs, parity } = signHash(tronKey(context.root, path), hash)
  return concat(rs, Uint8Array.of(parity))
}
