import { type OwnKey, placeOf, readDerivation } from './bitcoin-derivation.ts'
import { listedMap, type MerkleMap } from './bitcoin-merkle.ts'
import type { PreviousOutput } from './bitcoin-previous-output.ts'
import type { Place } from './bitcoin-script.ts'
import { outputOfMap } from './bitcoin-sighash.ts'
import { isOfPolicy, type Signing } from './bitcoin-signing.ts'
import { incorrect, orUndefined, unsupported } from './bitcoin-status.ts'

const MOST_CHANGE = 10
/** Outputs beyond these are asked for again when they are shown. */
const REMEMBERED_OUTPUTS = 16
const ALL_MONEY = 21_000_000n * 100_000_000n

const OUTPUT = { derivation: 0x02, taprootDerivation: 0x07 } as const

/** The first place in the policy that an output's derivations tell. */
async function readOutput(
  { host, parts }: Signing,
  own: readonly OwnKey[],
  index: number,
): Promise<{ readonly map: MerkleMap; readonly place: Place | undefined }> {
  let place: Place | undefined
  let isBad = false
  const map = await listedMap(host, parts.outputs, index, async (map, key, at) => {
    const [type] = key
    if (place || (type !== OUTPUT.derivation && type !== OUTPUT.taprootDerivation)) return
    const isTaproot = type === OUTPUT.taprootDerivation
    const read = await orUndefined(readDerivation(host, map, key, at, isTaproot).then((found) => ({ found })))
    isBad ||= read === undefined
    for (const key of own) place ??= read?.found && placeOf(key, read.found)
  })
  if (isBad) throw incorrect()
  return { map, place }
}

/** What the outputs are found to be: their sum, and those that are not change. */
interface CheckedOutputs {
  readonly sum: bigint
  readonly shown: readonly { readonly index: number; readonly output: PreviousOutput }[]
}

/** Checks all outputs; throws where they are more than is spent. */
export async function checkOutputs(
  signing: Signing,
  own: readonly OwnKey[],
  spent: bigint,
): Promise<CheckedOutputs> {
  const { host, parts } = signing
  const shown: { readonly index: number; readonly output: PreviousOutput }[] = []
  let sum = 0n
  for (let index = 0; index < parts.outputs.size; index++) {
    const { map, place } = await readOutput(signing, own, index)
    const output = await outputOfMap(host, map)
    if (output.amount > ALL_MONEY) throw incorrect()
    sum += output.amount
    if (!(place?.isChange && (await isOfPolicy(signing, place, output.script)))) shown.push({ index, output })
  }
  if (spent < sum) throw incorrect()
  if (parts.outputs.size - shown.length > MOST_CHANGE) throw unsupported(9)
  return { sum, shown }
}

/** The outputs to show, as the device asks for them: most of them it remembers. */
export async function shownOutputs(
  { host, parts }: Signing,
  { shown }: CheckedOutputs,
): Promise<PreviousOutput[]> {
  const outputs = shown.slice(0, REMEMBERED_OUTPUTS).map(({ output }) => output)
  for (const { index } of shown.slice(REMEMBERED_OUTPUTS))
    outputs.push(await outputOfMap(host, await listedMap(host, parts.outputs, index)))
  return outputs
}
