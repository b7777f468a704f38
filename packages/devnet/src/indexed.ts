import { createHash } from 'node:crypto'

export interface IndexedOutput {
  /** Satoshi. */
  readonly value: bigint
  readonly script: string
  /** SHA-256 of the script, in hexadecimal as it comes. */
  readonly scriptHash: string
  readonly asm: string
  /** As bitcoind calls it, such as `witness_v0_keyhash`. */
  readonly type: string
  readonly address: string | undefined
}

export interface IndexedInput {
  readonly txid: string
  readonly vout: number
  readonly isCoinbase: boolean
  readonly script: string
  readonly asm: string
  readonly witness: readonly string[]
  readonly sequence: number
  /** Absent in a coinbase. */
  prevout: IndexedOutput | undefined
}

export interface IndexedTx {
  readonly txid: string
  readonly raw: string
  readonly version: number
  readonly locktime: number
  readonly size: number
  readonly weight: number
  readonly inputs: readonly IndexedInput[]
  readonly outputs: readonly IndexedOutput[]
  /** Unix seconds at which this index heard of it. */
  readonly firstSeen: number
  /** Absent while it waits. */
  block: IndexedBlock | undefined
  /** In its block. */
  position: number
  /** Whether the outputs that it spends have been found. */
  isLinked: boolean
}

export interface IndexedBlock {
  readonly hash: string
  readonly height: number
  /** 80 bytes. */
  readonly header: string
  readonly version: number
  readonly time: number
  readonly medianTime: number
  readonly merkleRoot: string
  readonly previous: string | undefined
  readonly nonce: number
  readonly bits: string
  readonly difficulty: number
  readonly size: number
  readonly weight: number
  readonly txids: readonly string[]
}

/** What bitcoind answers to `getblock <hash> 2`, and the header to it. */
export interface NodeBlock {
  readonly hash: string
  readonly height: number
  readonly header: string
  readonly version: number
  readonly time: number
  readonly mediantime: number
  readonly merkleroot: string
  readonly previousblockhash?: string
  readonly nonce: number
  readonly bits: string
  readonly difficulty: number
  readonly size: number
  readonly weight: number
  readonly tx: readonly NodeTx[]
}

export interface NodeTx {
  readonly txid: string
  readonly hex: string
  readonly version: number
  readonly locktime: number
  readonly size: number
  readonly weight: number
  readonly vin: readonly {
    readonly coinbase?: string
    readonly txid?: string
    readonly vout?: number
    readonly scriptSig?: { readonly hex: string; readonly asm: string }
    readonly txinwitness?: readonly string[]
    readonly sequence: number
  }[]
  readonly vout: readonly {
    readonly value: number
    readonly scriptPubKey: {
      readonly hex: string
      readonly asm: string
      readonly type: string
      readonly address?: string
    }
  }[]
}

const NO_TXID = '0'.repeat(64)

export function readBlock(node: NodeBlock): IndexedBlock {
  const { hash, height, header, version, time, nonce, bits, difficulty, size, weight } = node
  return {
    ...{ hash, height, header, version, time, nonce, bits, difficulty, size, weight },
    medianTime: node.mediantime,
    merkleRoot: node.merkleroot,
    previous: node.previousblockhash,
    txids: node.tx.map(({ txid }) => txid),
  }
}

export function readTx(node: NodeTx): IndexedTx {
  const { txid, version, locktime, size, weight } = node
  return {
    ...{ txid, raw: node.hex, version, locktime, size, weight },
    inputs: node.vin.map((input) => ({
      txid: input.txid ?? NO_TXID,
      vout: input.vout ?? 0xffffffff,
      isCoinbase: input.coinbase !== undefined,
      script: input.coinbase ?? input.scriptSig?.hex ?? '',
      asm: input.scriptSig?.asm ?? '',
      witness: input.txinwitness ?? [],
      sequence: input.sequence,
      prevout: undefined,
    })),
    outputs: node.vout.map(({ value, scriptPubKey: { hex, asm, type, address } }) => ({
      value: toSatoshi(value),
      script: hex,
      scriptHash: createHash('sha256').update(hex, 'hex').digest('hex'),
      ...{ asm, type, address },
    })),
    firstSeen: Math.floor(Date.now() / 1000),
    block: undefined,
    position: 0,
    isLinked: false,
  }
}

/** What a transaction leaves to the miner, in satoshi; 0 for a coinbase. */
export function feeOf({ inputs, outputs }: IndexedTx): bigint {
  if (inputs.some(({ isCoinbase }) => isCoinbase)) return 0n
  const sum = (found: readonly (IndexedOutput | undefined)[]): bigint =>
    found.reduce((total, output) => total + (output?.value ?? 0n), 0n)
  return sum(inputs.map(({ prevout }) => prevout)) - sum(outputs)
}

/** bitcoind writes bitcoin with 8 decimals. A double holds each such number up to 21 million exactly enough for this. */
function toSatoshi(bitcoin: number): bigint {
  return BigInt(bitcoin.toFixed(8).replace('.', ''))
}

/** Bitcoin with 8 decimals, as bitcoind reads it. */
export function toBitcoin(satoshi: bigint): string {
  const digits = satoshi.toString().padStart(9, '0')
  return `${digits.slice(0, -8)}.${digits.slice(-8)}`
}
