import type { Host } from './bitcoin-host.ts'
import { LONGEST_BITCOIN_PATH } from './bitcoin-keys.ts'
import { listElement, type MerkleMap } from './bitcoin-merkle.ts'
import { byteReader } from './bitcoin-reader.ts'
import type { Place } from './bitcoin-script.ts'
import { incorrect } from './bitcoin-status.ts'
import type { KeyExpression } from './bitcoin-template.ts'

/** A key of the policy that this device has. */
export interface OwnKey {
  readonly expression: KeyExpression
  readonly fingerprint: number
  readonly path: readonly number[]
}

/** Where a key of an input or output comes from, as the PSBT says. */
interface Derivation {
  readonly fingerprint: number
  readonly path: readonly number[]
}

/** Reads a BIP32_DERIVATION or TAP_BIP32_DERIVATION; `undefined` for a path that no policy has. */
export async function readDerivation(
  host: Host,
  map: MerkleMap,
  key: Uint8Array,
  index: number,
  isTaproot: boolean,
): Promise<Derivation | undefined> {
  if (key.length !== (isTaproot ? 33 : 34)) throw incorrect()
  const reader = byteReader(await listElement(host, map.values, index), 0x6a80)
  if (isTaproot) {
    const hashes = reader.u8()
    if (hashes > 128) throw incorrect()
    reader.bytes(32 * hashes)
  }
  const steps = reader.left / 4 - 1
  if (steps < 0 || !Number.isInteger(steps) || steps > LONGEST_BITCOIN_PATH) throw incorrect()
  const fingerprint = reader.u32be()
  const path = Array.from({ length: steps }, () => reader.u32le())
  return steps < 2 ? undefined : { fingerprint, path }
}

/** The place in the policy of a derivation from one of its keys. */
export function placeOf(own: OwnKey, { fingerprint, path }: Derivation): Place | undefined {
  if (own.fingerprint !== fingerprint || own.path.length + 2 !== path.length) return undefined
  if (!own.path.every((step, at) => step === path[at])) return undefined
  const [step, index] = path.slice(-2) as [number, number]
  if (step !== own.expression.receive && step !== own.expression.change) return undefined
  return { isChange: step === own.expression.change, index }
}
