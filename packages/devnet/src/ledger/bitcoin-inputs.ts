import { type OwnKey, placeOf, readDerivation } from './bitcoin-derivation.ts'
import type { Host } from './bitcoin-host.ts'
import { fixedValue, listedMap, type MerkleMap, mapValue } from './bitcoin-merkle.ts'
import { claimedOutput, outputFromTransaction, type PreviousOutput } from './bitcoin-previous-output.ts'
import { byteReader, sameBytes } from './bitcoin-reader.ts'
import type { Place } from './bitcoin-script.ts'
import { SIGHASH } from './bitcoin-sighash.ts'
import { isOfPolicy, type Signing } from './bitcoin-signing.ts'
import { incorrect, orUndefined, unsupported } from './bitcoin-status.ts'
import { witnessVersion } from './bitcoin-template.ts'

const ALL_MONEY = 21_000_000n * 100_000_000n

/** Keys of an input's map. */
export const INPUT = {
  nonWitnessUtxo: 0x00,
  witnessUtxo: 0x01,
  sighash: 0x03,
  redeemScript: 0x04,
  derivation: 0x06,
  txid: 0x0e,
  taprootDerivation: 0x16,
} as const

/** An input as its map's keys tell. */
export interface Input {
  readonly map: MerkleMap
  readonly types: ReadonlySet<number>
  readonly place: Place | undefined
  /** The keys of this device that it may be signed with. */
  readonly signers: readonly OwnKey[]
}

export async function readInput(
  { host, parts }: Signing,
  own: readonly OwnKey[],
  index: number,
): Promise<Input> {
  const types = new Set<number>()
  const signers: OwnKey[] = []
  let place: Place | undefined
  let isBad = false
  const map = await listedMap(host, parts.inputs, index, async (map, key, at) => {
    const [type] = key
    if (type === undefined) return
    types.add(type)
    if (type !== INPUT.derivation && type !== INPUT.taprootDerivation) return
    const isTaproot = type === INPUT.taprootDerivation
    const read = await orUndefined(readDerivation(host, map, key, at, isTaproot).then((found) => ({ found })))
    isBad ||= read === undefined
    for (const key of own) {
      const found = read?.found && placeOf(key, read.found)
      if (!found) continue
      place = found
      signers.push(key)
    }
  })
  if (isBad) throw incorrect()
  return { map, types, place, signers }
}

/** Checks what an input spends, and returns it. */
async function spentOutput(host: Host, { map, types }: Input): Promise<PreviousOutput> {
  const [hasTransaction, hasClaim] = [types.has(INPUT.nonWitnessUtxo), types.has(INPUT.witnessUtxo)]
  if (!hasTransaction && !hasClaim) throw incorrect(3)
  let real: PreviousOutput | undefined
  if (hasTransaction) {
    const txid = await mapValue(host, map, INPUT.txid, 32)
    real = await orUndefined(outputFromTransaction(host, map, txid))
    if (!real) throw incorrect(4)
  }
  const claimed = hasClaim ? await claimedOutput(host, map) : undefined
  if (real && claimed && (real.amount !== claimed.amount || !sameBytes(real.script, claimed.script)))
    throw incorrect(5)
  const spent = real ?? claimed!
  if (spent.amount > ALL_MONEY) throw incorrect()
  return spent
}

/** The type of signature that the input asks for. */
export async function sighashType(host: Host, { map, types }: Input): Promise<number | undefined> {
  if (!types.has(INPUT.sighash)) return undefined
  return byteReader(await fixedValue(host, map, INPUT.sighash, 4), 0x6a80).u32le()
}

/** Throws 0x6a82 for a type that is never signed; whether it is one that is signed without a warning. */
function isUsualSighash(type: number, version: 0 | 1 | undefined): boolean {
  if (type === SIGHASH.all || (version === 1 && type === SIGHASH.default)) return true
  const base = type & ~SIGHASH.anyoneCanPay
  if (version === undefined || base < SIGHASH.all || base > SIGHASH.single) throw unsupported()
  return false
}

/** What the inputs are found to be. */
interface CheckedInputs {
  /** The sum of what they spend. */
  readonly spent: bigint
  /** Those of the policy. */
  readonly indices: readonly number[]
  /** The keys of this device that sign. */
  readonly toSign: ReadonlySet<OwnKey>
  readonly hasUnverifiedInputs: boolean
  readonly hasOtherSighash: boolean
  readonly hasExternalInputs: boolean
}

/** Checks all inputs; throws where none is of the policy. */
export async function checkInputs(signing: Signing, own: readonly OwnKey[]): Promise<CheckedInputs> {
  const { host, parts, policy } = signing
  const version = witnessVersion(policy.template)
  const toSign = new Set<OwnKey>()
  const indices: number[] = []
  let spent = 0n
  let hasUnverifiedInputs = false
  let hasOtherSighash = false
  for (let index = 0; index < parts.inputs.size; index++) {
    const input = await readInput(signing, own, index)
    for (const key of input.signers) toSign.add(key)
    const { amount, script } = await spentOutput(host, input)
    spent += amount
    if (!(await isOfPolicy(signing, input.place, script))) continue
    indices.push(index)
    const hasTransaction = input.types.has(INPUT.nonWitnessUtxo)
    const hasClaim = input.types.has(INPUT.witnessUtxo)
    if (version === undefined && (!hasTransaction || hasClaim)) throw incorrect(6)
    if (version === 0 && !hasTransaction) hasUnverifiedInputs = true
    if (version !== undefined && !hasClaim) throw incorrect(7)
    const type = await sighashType(host, input)
    if (type === undefined) continue
    if (!isUsualSighash(type, version)) hasOtherSighash = true
    if ((type & SIGHASH.single) === SIGHASH.single && index >= parts.outputs.size) throw unsupported(8)
  }
  if (indices.length === 0) throw incorrect()
  const hasExternalInputs = indices.length < parts.inputs.size
  return { spent, indices, toSign, hasUnverifiedInputs, hasOtherSighash, hasExternalInputs }
}
