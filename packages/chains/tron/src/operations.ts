import { contracts } from './contracts.ts'
import { hexToBytes } from './hex.ts'

const BITS = [0, 1, 2, 3, 4, 5, 6, 7]

/** What the bits of an active permission allow, by the names of contracts; those that are not signed here by number. */
export function operationsOf(operations: string): string[] {
  const names = new Map(
    Object.entries(contracts).map(([name, [type]]) => [type, name.replace('Contract', '')]),
  )
  return Array.from(hexToBytes(operations))
    .flatMap((byte, at) => BITS.filter((bit) => (byte >> bit) & 1).map((bit) => 8 * at + bit))
    .map((type) => names.get(type) ?? `contract ${type}`)
}
