import { sha256 } from '@noble/hashes/sha2.js'
import { RawOldTx, RawTx } from '@scure/btc-signer/script.js'
import { StatusWord } from '../apdu.ts'
import { hex } from '../byte-strings.ts'
import type { Host, MerkleList } from './host.ts'
import { type MapCommitment, type MerkleMap, readMap, readMapAt } from './merkle-map.ts'
import { reader } from './reader.ts'

/** Where a key comes from, as a PSBT says. */
export interface Derivation {
  readonly fingerprint: Uint8Array
  readonly path: readonly number[]
}

export interface Coin {
  readonly amount: bigint
  readonly script: Uint8Array
}

export interface PsbtInput {
  /** As it is hashed, not as it is shown. */
  readonly txid: Uint8Array
  readonly index: number
  readonly sequence: number
  readonly coin: Coin
  /** Whether there is the transaction that the coin is of. */
  readonly verified: boolean
  readonly hasWitnessUtxo: boolean
  readonly sighash: number | undefined
  readonly derivations: readonly Derivation[]
}

export interface PsbtOutput extends Coin {
  readonly derivations: readonly Derivation[]
}

export interface Psbt {
  readonly version: number
  readonly locktime: number
  readonly inputs: readonly PsbtInput[]
  readonly outputs: readonly PsbtOutput[]
}

const TX_VERSION = 0x02
const FALLBACK_LOCKTIME = 0x03
const IN = {
  nonWitnessUtxo: 0x00,
  witnessUtxo: 0x01,
  sighash: 0x03,
  derivation: 0x06,
  txid: 0x0e,
  index: 0x0f,
  sequence: 0x10,
  tapDerivation: 0x16,
}
const OUT = { derivation: 0x02, amount: 0x03, script: 0x04, tapDerivation: 0x07 }

const MOST_INPUTS = 512
const FINAL_SEQUENCE = 0xffffffff

const wrong = (): StatusWord => new StatusWord(0x6a80)

export async function readPsbt(
  host: Host,
  global: MapCommitment,
  inputs: MerkleList,
  outputs: MerkleList,
): Promise<Psbt> {
  if (inputs.size > MOST_INPUTS) throw new StatusWord(0x6a82)
  const map = await readMap(host, global)
  const version = await number(map, TX_VERSION)
  const locktime = await number(map, FALLBACK_LOCKTIME)
  if (version === undefined) throw wrong()
  const ins: PsbtInput[] = []
  for (let at = 0; at < inputs.size; at++) ins.push(await readInput(await readMapAt(host, inputs, at)))
  const outs: PsbtOutput[] = []
  for (let at = 0; at < outputs.size; at++) outs.push(await readOutput(await readMapAt(host, outputs, at)))
  return { version, locktime: locktime ?? 0, inputs: ins, outputs: outs }
}

const field = (map: MerkleMap, type: number): Promise<Uint8Array | undefined> =>
  map.value(Uint8Array.of(type))

async function number(map: MerkleMap, type: number): Promise<number | undefined> {
  const value = await field(map, type)
  if (value === undefined) return undefined
  const read = reader(value)
  const number = read.uint32()
  read.end()
  return number
}

async function readInput(map: MerkleMap): Promise<PsbtInput> {
  const txid = await field(map, IN.txid)
  const index = await number(map, IN.index)
  if (txid?.length !== 32 || index === undefined) throw wrong()
  const transaction = await field(map, IN.nonWitnessUtxo)
  const verified = transaction && coinOf(transaction, txid, index)
  const utxo = await field(map, IN.witnessUtxo)
  const claimed = utxo && readCoin(utxo)
  const coin = verified ?? claimed
  if (!coin) throw wrong()
  if (claimed && (claimed.amount !== coin.amount || hex(claimed.script) !== hex(coin.script))) throw wrong()
  return {
    txid,
    index,
    sequence: (await number(map, IN.sequence)) ?? FINAL_SEQUENCE,
    coin,
    verified: verified !== undefined,
    hasWitnessUtxo: claimed !== undefined,
    sighash: await number(map, IN.sighash),
    derivations: await readDerivations(map, IN.derivation, IN.tapDerivation),
  }
}

async function readOutput(map: MerkleMap): Promise<PsbtOutput> {
  const value = await field(map, OUT.amount)
  const script = await field(map, OUT.script)
  if (!value || !script) throw wrong()
  const read = reader(value)
  const amount = read.uint64()
  read.end()
  return { amount, script, derivations: await readDerivations(map, OUT.derivation, OUT.tapDerivation) }
}

function readCoin(utxo: Uint8Array): Coin {
  const read = reader(utxo)
  const amount = read.uint64()
  const script = read.bytes(read.varint())
  read.end()
  return { amount, script }
}

/** The coin of a transaction that is proven to be the one of this txid. */
function coinOf(bytes: Uint8Array, txid: Uint8Array, index: number): Coin {
  const transaction = decodeTransaction(bytes)
  if (hex(sha256(sha256(RawOldTx.encode(transaction)))) !== hex(txid)) throw wrong()
  const output = transaction.outputs[index]
  if (!output) throw wrong()
  return { amount: output.amount, script: output.script }
}

function decodeTransaction(bytes: Uint8Array): ReturnType<typeof RawTx.decode> {
  try {
    return RawTx.decode(bytes)
  } catch {
    throw wrong()
  }
}

async function readDerivations(map: MerkleMap, plain: number, taproot: number): Promise<Derivation[]> {
  const derivations: Derivation[] = []
  for (const key of map.keys) {
    const [type] = key
    if (type !== plain && type !== taproot) continue
    if (key.length !== 1 + (type === plain ? 33 : 32)) throw wrong()
    const read = reader((await map.value(key))!)
    if (type === taproot) read.bytes(32 * read.varint())
    const fingerprint = read.bytes(4)
    const path: number[] = []
    while (read.left > 0) path.push(read.uint32())
    derivations.push({ fingerprint, path })
  }
  return derivations
}
