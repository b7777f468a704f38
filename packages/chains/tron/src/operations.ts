import { contracts } from './contracts.ts'
import { hexToBytes } from './hex.ts'

/** What the bits of an active permission allow, by the names of contracts; those that are not signed here by number. */
export function operationsOf(operations: string): string[] {
  const names = new Map(
    Object.entries(contracts).map(([name, [type]]) => [type, name.replace(/Contract$/, '')]),
  )
  const bytes = hexToBytes(operations)
  return Array.from({ length: bytes.length * 8 }, (_, type) => type)
    .filter((type) => ((bytes[type >> 3] ?? 0) >> (type & 7)) & 1)
    .map((type) => names.get(type) ?? `contract ${type}`)
}
