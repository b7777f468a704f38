import { bytesToHex } from '@noble/hashes/utils.js'
import fc from 'fast-check'
import { pushes } from './script.ts'
import type { Tx } from './transaction.ts'

const u32 = fc.oneof(fc.nat(0xffffffff), fc.constantFrom(0, 0x7fffffff, 0x80000000, 0xffffffff))
const bytes = (maxLength: number) => fc.uint8Array({ maxLength })

/** Transactions that the network could carry, with and without witnesses, signed by nobody. */
export const anyTx: fc.Arbitrary<Tx> = fc.record({
  version: fc.nat(0x7fffffff),
  locktime: u32,
  inputs: fc.array(
    fc.record({
      txid: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytesToHex),
      vout: u32,
      sequence: u32,
      scriptSig: bytes(120),
      witness: fc.oneof(fc.constant([]), fc.array(bytes(300), { maxLength: 4 })),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  outputs: fc.array(fc.record({ amount: fc.bigInt(0n, 2_100_000_000_000_000n), script: bytes(300) }), {
    minLength: 1,
    maxLength: 6,
  }),
})

/** Scripts whose pushes do not reach past their end: minimal pushes and any other opcodes, separators among them. */
export const anyScript: fc.Arbitrary<Uint8Array> = fc
  .array(
    fc.oneof(
      fc.uint8Array({ minLength: 2, maxLength: 90 }).map((item) => pushes([item])),
      fc.integer({ min: 0x4f, max: 0xff }).map((op) => Uint8Array.of(op)),
      fc.constant(Uint8Array.of(0xab)),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])))

/** One text for equal values, whatever the order of their keys: quick to compare where there are many bytes. */
export function shown(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (item instanceof Uint8Array) return bytesToHex(item)
    if (typeof item === 'bigint') return `${item}n`
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item
    return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
