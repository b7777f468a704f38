import type { AccountScript } from './derive.ts'
import type { Plan } from './payload.ts'
import { scriptKind } from './script.ts'
import { estimateWeight, outputWeight, spendingWeight, txOverheadWeight } from './weight.ts'

/** The weight that the signed transaction of a plan has at most, in weight units. */
export function planWeight({ inputs, outputs }: Plan): number {
  const scripts = inputs.map(({ script }) => script)
  return (
    estimateWeight({ inputs: scripts, outputs }) + scripts.reduce((sum, script) => sum + longKey(script), 0)
  )
}

/** What spending a coin of this script weighs at most. */
export function coinWeight(script: AccountScript): number {
  return spendingWeight(script) + longKey(script)
}

/** An uncompressed key is 32 bytes longer, in the scriptSig. */
function longKey({ keys: [key] }: AccountScript): number {
  return key?.uncompressed ? 32 * 4 : 0
}

/** What everything but the inputs weighs, by the number of inputs and with or without change, for one account's coins. */
export function baseWeight(
  outputs: readonly Uint8Array[],
  change: AccountScript,
): (inputs: number, withChange: boolean) => number {
  const fixed = outputs.reduce((sum, script) => sum + outputWeight(script), 0)
  const ofChange = outputWeight(change.script)
  const isSegwit = scriptKind(change.script) !== 'p2pkh'
  return (inputs, withChange) =>
    fixed +
    (withChange ? ofChange : 0) +
    txOverheadWeight(inputs, outputs.length + (withChange ? 1 : 0), isSegwit)
}
