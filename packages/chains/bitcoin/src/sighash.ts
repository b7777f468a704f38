import { CofferError } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { type ByteWriter, byteWriter, hash256, idBytes, sizeLength, taggedHash } from './bytes.ts'
import type { Tx, TxOutput } from './transaction.ts'

/** What of the transaction a signature covers. */
export const SIGHASH: {
  /** Taproot alone: as ALL, said without a byte. */
  readonly DEFAULT: 0
  readonly ALL: 1
  readonly NONE: 2
  readonly SINGLE: 3
  /** Added to the others. */
  readonly ANYONECANPAY: 0x80
} = { DEFAULT: 0, ALL: 1, NONE: 2, SINGLE: 3, ANYONECANPAY: 0x80 }

export interface TaprootOptions {
  /** With its leading 0x50. */
  readonly annex?: Uint8Array
  /** For the script path (BIP-342). */
  readonly leafHash?: Uint8Array
}

/** The hashes (32 bytes) that the inputs of one transaction sign. `i` is the position of the input. */
export interface Sighash {
  /** Before segwit. `scriptCode` is the output script, or the redeem script of P2SH. */
  legacy(i: number, scriptCode: Uint8Array, type: number): Uint8Array
  /**
   * BIP-143. For P2WPKH `scriptCode` is the P2PKH script of the same hash, for P2WSH the witness script.
   *
   * @see https://github.com/bitcoin/bips/blob/master/bip-0143.mediawiki
   */
  segwit(i: number, scriptCode: Uint8Array, amount: bigint, type: number): Uint8Array
  /**
   * BIP-341. Needs all prevouts.
   *
   * @see https://github.com/bitcoin/bips/blob/master/bip-0341.mediawiki
   */
  taproot(i: number, type: number, options?: TaprootOptions): Uint8Array
}

const NONE_BYTES = new Uint8Array()
const ZERO = new Uint8Array(32)

/**
 * Hashes to sign for a transaction, whose scripts and witnesses do not matter. What inputs share is hashed once, on first need, and
 * the transaction must not change meanwhile. `prevouts` are the outputs that the inputs spend, in their order; only taproot needs
 * them.
 *
 * The methods throw `INVALID_REQUEST` for an input that does not exist, for types that taproot does not have, and for a missing
 * output of SINGLE in taproot. Before segwit SINGLE without its output signs the number one, as the network has it: a signature
 * that is good for any transaction.
 */
export function makeSighash(tx: Tx, prevouts: readonly TxOutput[]): Sighash {
  const { inputs, outputs } = tx
  const allOutputs = once(() => each(outputs, writeOutput))
  const shaOutpoints = once(() => sha256(each(inputs, writeOutpoint)))
  const shaSequences = once(() => sha256(each(inputs, (w, { sequence }) => w.u32(sequence))))
  const shaOutputs = once(() => sha256(allOutputs()))
  const doubleOutpoints = once(() => sha256(shaOutpoints()))
  const doubleSequences = once(() => sha256(shaSequences()))
  const doubleOutputs = once(() => sha256(shaOutputs()))
  const shaAmounts = once(() => sha256(each(prevouts, (w, { amount }) => w.u64(amount))))
  const shaScripts = once(() => sha256(each(prevouts, (w, { script }) => w.varBytes(script))))
  const whole = once(() => wholeLegacy(tx, allOutputs()))

  const inputAt = (i: number) => {
    const input = inputs[i]
    if (!input) throw invalid('There is no such input to sign.')
    return input
  }
  const outputAt = (i: number): Uint8Array => written((w) => writeOutput(w, outputs[i]!))

  return {
    legacy: (i, scriptCode, type) => {
      inputAt(i)
      const base = type & 0x1f
      const script = withoutSeparators(scriptCode)
      if (base === SIGHASH.SINGLE && i >= outputs.length) {
        const one = new Uint8Array(32)
        one[0] = 1
        return one
      }
      if (base === SIGHASH.NONE || base === SIGHASH.SINGLE || type & SIGHASH.ANYONECANPAY)
        return hash256(partialLegacy(tx, i, script, type))
      return whole()(i, script, type)
    },

    segwit: (i, scriptCode, amount, type) => {
      const input = inputAt(i)
      const base = type & 0x1f
      const anyone = (type & SIGHASH.ANYONECANPAY) !== 0
      const some = base === SIGHASH.NONE || base === SIGHASH.SINGLE
      const w = byteWriter()
      w.u32(tx.version)
      w.bytes(anyone ? ZERO : doubleOutpoints())
      w.bytes(anyone || some ? ZERO : doubleSequences())
      writeOutpoint(w, input)
      w.varBytes(scriptCode)
      w.u64(amount)
      w.u32(input.sequence)
      if (base === SIGHASH.SINGLE) w.bytes(i < outputs.length ? hash256(outputAt(i)) : ZERO)
      else w.bytes(some ? ZERO : doubleOutputs())
      w.u32(tx.locktime)
      w.u32(type >>> 0)
      return hash256(w.done())
    },

    taproot: (i, type, { annex, leafHash } = {}) => {
      const input = inputAt(i)
      if (!TAPROOT_TYPES.includes(type)) throw invalid('Taproot has no such type of signature.')
      if (prevouts.length !== inputs.length)
        throw invalid('Taproot signatures need the outputs that all inputs spend.')
      if (annex && annex[0] !== 0x50) throw invalid('An annex begins with the byte 0x50.')
      if (leafHash && leafHash.length !== 32) throw invalid('A leaf hash is of 32 bytes.')
      const base = type & 3
      const anyone = (type & SIGHASH.ANYONECANPAY) !== 0
      if (base === SIGHASH.SINGLE && i >= outputs.length)
        throw invalid('This type of signature needs an output at the same place as the input.')
      const w = byteWriter()
      w.u8(0)
      w.u8(type)
      w.u32(tx.version)
      w.u32(tx.locktime)
      if (!anyone) {
        w.bytes(shaOutpoints())
        w.bytes(shaAmounts())
        w.bytes(shaScripts())
        w.bytes(shaSequences())
      }
      if (base < SIGHASH.NONE) w.bytes(shaOutputs())
      w.u8((leafHash ? 2 : 0) + (annex ? 1 : 0))
      if (anyone) {
        const { amount, script } = prevouts[i]!
        writeOutpoint(w, input)
        w.u64(amount)
        w.varBytes(script)
        w.u32(input.sequence)
      } else w.u32(i)
      if (annex) w.bytes(sha256(written((a) => a.varBytes(annex))))
      if (base === SIGHASH.SINGLE) w.bytes(sha256(outputAt(i)))
      if (leafHash) {
        w.bytes(leafHash)
        w.u8(0)
        w.u32(0xffffffff)
      }
      return taggedHash('TapSighash', w.done())
    },
  }
}

const TAPROOT_TYPES: readonly number[] = [0, 1, 2, 3, 0x81, 0x82, 0x83]

/**
 * The legacy hash over all inputs and outputs. Every input writes the same bytes but for where its script stands, so what comes
 * before that place is hashed once for all inputs that are asked after in ascending order.
 */
function wholeLegacy(
  tx: Tx,
  allOutputs: Uint8Array,
): (i: number, script: Uint8Array, type: number) => Uint8Array {
  const { inputs, outputs } = tx
  const head = 4 + sizeLength(inputs.length)
  const bytes = written((w) => {
    w.u32(tx.version)
    w.size(inputs.length)
    for (const input of inputs) {
      writeOutpoint(w, input)
      w.u8(0)
      w.u32(input.sequence)
    }
    w.size(outputs.length)
    w.bytes(allOutputs)
    w.u32(tx.locktime)
  })
  let state = sha256.create()
  let done = 0
  return (i, script, type) => {
    const place = head + i * 41 + 36
    if (place < done) {
      state = sha256.create()
      done = 0
    }
    state.update(bytes.subarray(done, place))
    done = place
    const middle = written((w) => w.varBytes(script))
    const end = written((w) => w.u32(type >>> 0))
    return sha256(
      state
        .clone()
        .update(middle)
        .update(bytes.subarray(place + 1))
        .update(end)
        .digest(),
    )
  }
}

/** What a legacy signature covers that leaves inputs or outputs open. */
function partialLegacy(
  { version, inputs, outputs, locktime }: Tx,
  i: number,
  script: Uint8Array,
  type: number,
): Uint8Array {
  const base = type & 0x1f
  const anyone = (type & SIGHASH.ANYONECANPAY) !== 0
  const first = anyone ? i : 0
  const last = anyone ? i : inputs.length - 1
  return written((w) => {
    w.u32(version)
    w.size(last - first + 1)
    for (let k = first; k <= last; k++) {
      const input = inputs[k]!
      writeOutpoint(w, input)
      w.varBytes(k === i ? script : NONE_BYTES)
      // With other inputs there, it is NONE or SINGLE.
      w.u32(k === i ? input.sequence : 0)
    }
    w.size(base === SIGHASH.NONE ? 0 : base === SIGHASH.SINGLE ? i + 1 : outputs.length)
    if (base === SIGHASH.SINGLE) {
      for (let k = 0; k < i; k++) {
        w.u64(0xffffffffffffffffn)
        w.u8(0)
      }
      writeOutput(w, outputs[i]!)
    } else if (base !== SIGHASH.NONE) for (const output of outputs) writeOutput(w, output)
    w.u32(locktime)
    w.u32(type >>> 0)
  })
}

const OP_CODESEPARATOR = 0xab

/** The script as legacy signatures cover it; what follows a push that reaches past the end stays as it is. */
function withoutSeparators(script: Uint8Array): Uint8Array {
  if (!script.includes(OP_CODESEPARATOR)) return script
  const kept = byteWriter(script.length)
  let from = 0
  for (let at = 0; at < script.length; ) {
    const op = script[at]!
    if (op === OP_CODESEPARATOR) {
      kept.bytes(script.subarray(from, at))
      from = at + 1
    }
    at += 1
    if (op < 0x4c) at += op
    else if (op <= 0x4e) {
      const width = op === 0x4c ? 1 : op === 0x4d ? 2 : 4
      let length = 0
      for (let k = width - 1; k >= 0; k--) length = length * 256 + (script[at + k] ?? 0)
      at += width + length
    }
  }
  kept.bytes(script.subarray(from))
  return kept.done()
}

function writeOutpoint(
  w: ByteWriter,
  { txid, vout }: { readonly txid: string; readonly vout: number },
): void {
  w.bytes(idBytes(txid))
  w.u32(vout)
}

function writeOutput(w: ByteWriter, { amount, script }: TxOutput): void {
  w.u64(amount)
  w.varBytes(script)
}

function written(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = byteWriter()
  write(writer)
  return writer.done()
}

function each<T>(items: readonly T[], write: (writer: ByteWriter, item: T) => void): Uint8Array {
  return written((writer) => {
    for (const item of items) write(writer, item)
  })
}

function once<T>(make: () => T): () => T {
  let value: { readonly made: T } | undefined
  return () => (value ??= { made: make() }).made
}

function invalid(message: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message })
}
