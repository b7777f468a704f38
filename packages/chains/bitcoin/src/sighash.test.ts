import { isCofferError } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, hexToBytes, randomBytes } from '@noble/hashes/utils.js'
import { Transaction } from 'bitcoinjs-lib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hash256 } from './bytes.ts'
import { p2pkhScript, p2trScript } from './script.ts'
import { makeSighash, SIGHASH } from './sighash.ts'
import { decodeTx, encodeTx, type Tx } from './transaction.ts'
import { anyScript, anyTx } from './tx.fixture.ts'
import { coreVectors } from './vectors.fixture.ts'

const TYPES = [1, 2, 3, 0x81, 0x82, 0x83]

test("Core's legacy vectors: any type, any script, separators, SINGLE without its output", () => {
  const [, ...vectors] = coreVectors('sighash.json') as [string, string, number, number, string][]
  expect(vectors).toHaveLength(500)
  for (const [raw, script, input, type, hash] of vectors) {
    const { legacy } = makeSighash(decodeTx(hexToBytes(raw)), [])
    expect(bytesToHex(legacy(input, hexToBytes(script), type).reverse())).toBe(hash)
  }
})

describe('as bitcoinjs-lib', () => {
  test('legacy', () => {
    fc.assert(
      fc.property(anyTx, anyScript, fc.constantFrom(...TYPES), (tx, script, type) => {
        const peer = Transaction.fromBuffer(encodeTx(tx))
        const { legacy } = makeSighash(tx, [])
        // Out of order, so that what was hashed before cannot be carried on.
        for (const i of [...tx.inputs.keys(), ...tx.inputs.keys()].reverse()) {
          // Where Core signs the number one, the peer has its bytes in the other order.
          if ((type & 0x1f) === SIGHASH.SINGLE && i >= tx.outputs.length) continue
          expect(bytesToHex(legacy(i, script, type))).toBe(bytesToHex(peer.hashForSignature(i, script, type)))
        }
      }),
      { numRuns: 150 },
    )
  })

  test('segwit', () => {
    fc.assert(
      fc.property(
        anyTx,
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom(...TYPES),
        fc.bigInt(0n, (1n << 63n) - 1n),
        (tx, script, type, amount) => {
          const peer = Transaction.fromBuffer(encodeTx(tx))
          const { segwit } = makeSighash(tx, [])
          for (const i of tx.inputs.keys())
            expect(bytesToHex(segwit(i, script, amount, type))).toBe(
              bytesToHex(peer.hashForWitnessV0(i, script, amount, type)),
            )
        },
      ),
      { numRuns: 150 },
    )
  })

  test('taproot, with and without annex and leaf', () => {
    const optional = (length: number) =>
      fc.option(fc.uint8Array({ minLength: length, maxLength: length }), { nil: undefined })
    fc.assert(
      fc.property(
        anyTx,
        fc.constantFrom(0, ...TYPES),
        optional(32),
        optional(300),
        (tx, type, leafHash, tail) => {
          const peer = Transaction.fromBuffer(encodeTx(tx))
          const annex = tail && Uint8Array.of(0x50, ...tail)
          const prevouts = tx.inputs.map(({ txid }, i) => ({
            amount: BigInt(i) << 20n,
            script: p2trScript(hexToBytes(txid)),
          }))
          const { taproot } = makeSighash(tx, prevouts)
          for (const i of tx.inputs.keys()) {
            if ((type & 3) === SIGHASH.SINGLE && i >= tx.outputs.length) continue
            const options = { ...(annex ? { annex } : {}), ...(leafHash ? { leafHash } : {}) }
            const theirs = peer.hashForWitnessV1(
              i,
              prevouts.map(({ script }) => script),
              prevouts.map(({ amount }) => amount),
              type,
              leafHash,
              annex,
            )
            expect(bytesToHex(taproot(i, type, options))).toBe(bytesToHex(theirs))
          }
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('what the types leave open', () => {
  const tx = unsigned(3)
  const prevouts = tx.inputs.map(() => ({ amount: 1000n, script: p2trScript(sha256(Uint8Array.of(1))) }))
  const code = p2pkhScript(new Uint8Array(20))

  test('SINGLE without its output signs the number one before segwit', () => {
    const few = { ...tx, outputs: tx.outputs.slice(0, 1) }
    const one = `01${'00'.repeat(31)}`
    expect(bytesToHex(makeSighash(few, []).legacy(1, code, 3))).toBe(one)
    expect(bytesToHex(makeSighash(few, []).legacy(1, code, 0x83))).toBe(one)
    expect(bytesToHex(makeSighash(few, []).legacy(0, code, 3))).not.toBe(one)
  })

  test('ALL covers every field, of every input and output', () => {
    const { legacy, segwit, taproot } = makeSighash(tx, prevouts)
    const before = [legacy(1, code, 1), segwit(1, code, 1000n, 1), taproot(1, 0)].map(bytesToHex)
    const [first, ...inputs] = tx.inputs as [Tx['inputs'][0], ...Tx['inputs']]
    const [pays, ...outputs] = tx.outputs as [Tx['outputs'][0], ...Tx['outputs']]
    const changed: Tx[] = [
      { ...tx, version: 1 },
      { ...tx, locktime: 1 },
      { ...tx, inputs: [{ ...first, txid: 'ff'.repeat(32) }, ...inputs] },
      { ...tx, inputs: [{ ...first, vout: 9 }, ...inputs] },
      { ...tx, inputs: [{ ...first, sequence: 9 }, ...inputs] },
      { ...tx, outputs: [{ ...pays, amount: 9n }, ...outputs] },
      { ...tx, outputs: [{ ...pays, script: Uint8Array.of(0x51) }, ...outputs] },
      { ...tx, outputs },
    ]
    for (const other of changed) {
      const hashes = makeSighash(other, prevouts)
      const after = [hashes.legacy(1, code, 1), hashes.segwit(1, code, 1000n, 1), hashes.taproot(1, 0)].map(
        bytesToHex,
      )
      for (const [i, hash] of after.entries()) expect(hash).not.toBe(before[i])
    }
    // B1: segwit covers the own amount, taproot the amounts and scripts of all.
    expect(bytesToHex(segwit(1, code, 1001n, 1))).not.toBe(before[1])
    for (const lie of [{ amount: 1n }, { script: code }]) {
      const lied = prevouts.map((prevout, i) => (i === 2 ? { ...prevout, ...lie } : prevout))
      expect(bytesToHex(makeSighash(tx, lied).taproot(1, 0))).not.toBe(before[2])
    }
  })

  test.each<[string, () => unknown]>([
    ['an input that does not exist', () => makeSighash(tx, []).legacy(3, code, 1)],
    ['a segwit input that does not exist', () => makeSighash(tx, []).segwit(-1, code, 1n, 1)],
    ['a taproot input that does not exist', () => makeSighash(tx, prevouts).taproot(3, 0)],
    ['unknown types', () => makeSighash(tx, prevouts).taproot(0, 4)],
    ['ANYONECANPAY alone', () => makeSighash(tx, prevouts).taproot(0, 0x80)],
    ['missing prevouts', () => makeSighash(tx, prevouts.slice(1)).taproot(0, 0)],
    ['SINGLE without its output', () => makeSighash({ ...tx, outputs: [] }, prevouts).taproot(0, 3)],
    ['an annex that is none', () => makeSighash(tx, prevouts).taproot(0, 0, { annex: Uint8Array.of(0x51) })],
    ['a short leaf hash', () => makeSighash(tx, prevouts).taproot(0, 0, { leafHash: new Uint8Array(31) })],
  ])('refuses %s', (_, hash) => {
    try {
      hash()
    } catch (error) {
      expect(isCofferError(error, 'INVALID_REQUEST')).toBe(true)
      return
    }
    expect.unreachable()
  })
})

describe('separators before segwit', () => {
  const tx = unsigned(2)
  /** What a legacy signature of all covers: the transaction with the script in its input, and the type. */
  const covered = (script: Uint8Array) => {
    const inputs = tx.inputs.map((input, i) => (i === 1 ? { ...input, scriptSig: script } : input))
    return bytesToHex(hash256(Uint8Array.of(...encodeTx({ ...tx, inputs }, { witness: false }), 1, 0, 0, 0)))
  }
  const push = (head: string, length: number) => `${head}${'ab'.repeat(length)}`

  test.each([
    ['ab', ''],
    ['51ab52abab53', '515253'],
    [`ab${push('02', 2)}ab`, push('02', 2)],
    [`${push('4b', 75)}ab51`, `${push('4b', 75)}51`],
    [`${push('4c4c', 76)}ab51`, `${push('4c4c', 76)}51`],
    [`${push('4d0001', 256)}ab51`, `${push('4d0001', 256)}51`],
    [`${push('4d0201', 258)}ab51`, `${push('4d0201', 258)}51`],
    [`${push('4e02010000', 258)}ab51`, `${push('4e02010000', 258)}51`],
    [`${push('4e01000100', 65_537)}ab51`, `${push('4e01000100', 65_537)}51`],
    ['4fab50ab', '4f50'],
    // Pushes that reach past the end.
    ['51ab4cff51ab', '514cff51ab'],
    ['51ab4d51', '514d51'],
    ['ab05abab', '05abab'],
    ['ab4e000000', '4e000000'],
    ['ab4e00000001ab', '4e00000001ab'],
  ])('%s leaves %s', (script, kept) => {
    const { legacy } = makeSighash(tx, [])
    expect(bytesToHex(legacy(1, hexToBytes(script), 1))).toBe(covered(hexToBytes(kept)))
  })
})

test('the types have the numbers of the network', () => {
  expect(SIGHASH).toEqual({ DEFAULT: 0, ALL: 1, NONE: 2, SINGLE: 3, ANYONECANPAY: 0x80 })
})

test('500 inputs before segwit are hashed from where they differ', () => {
  const tx = unsigned(500)
  const code = p2pkhScript(new Uint8Array(20))
  const { legacy } = makeSighash(tx, [])
  const work = (): number => process.cpuUsage().user
  const started = work()
  for (const i of tx.inputs.keys()) legacy(i, code, SIGHASH.ALL)
  const shared = work() - started
  const again = work()
  for (const i of [0, 125, 250, 375, 499]) makeSighash(tx, []).legacy(i, code, SIGHASH.ALL)
  const alone = (work() - again) * 100
  expect(shared).toBeLessThan(alone)
})

function unsigned(inputs: number): Tx {
  return {
    version: 2,
    locktime: 0,
    inputs: Array.from({ length: inputs }, (_, vout) => ({
      txid: bytesToHex(randomBytes(32)),
      vout,
      sequence: 0xfffffffd,
      scriptSig: new Uint8Array(),
      witness: [],
    })),
    outputs: [1n, 2n, 3n].map((amount) => ({ amount, script: p2pkhScript(new Uint8Array(20)) })),
  }
}
