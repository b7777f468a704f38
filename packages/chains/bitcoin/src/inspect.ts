import {
  type DraftFields,
  type Effect,
  type Effects,
  type Engine,
  formatAmount,
  lookalikeWarnings,
  type Warning,
} from '@coffer/core'
import { bytesToHex } from '@noble/hashes/utils.js'
import { formatAddress, isAddress } from './address.ts'
import type { BitcoinNetwork } from './networks.ts'
import { feeOf, type Plan, type PlannedOutput, readPayload, sumOf, unsignedTx } from './payload.ts'
import { planWeight } from './plan-weight.ts'
import { nullDataOf } from './script.ts'
import { txidOf } from './transaction.ts'
import { dustOf } from './weight.ts'

/**
 * What the payload of a draft does, from its bytes and the account's descriptor alone: who gets what, what comes back (proved by
 * rebuilding the script), the exact fee (the amounts of the inputs are proved by the transactions that made them), its rate over
 * the weight that the signed transaction has at most. Throws `INVALID_DRAFT` as {@link readPayload} does.
 */
export function inspect(draft: DraftFields, network: BitcoinNetwork, engine?: Engine): Effects {
  const effects = inspectPlan(readPayload(draft, network, engine), network)
  const twins = lookalikeWarnings(draft.hints, (text) => isAddress(text, network))
  return { ...effects, warnings: [...effects.warnings, ...twins] }
}

/** What an unsigned transaction does. */
export function inspectPlan(plan: Plan, network: BitcoinNetwork): Effects {
  // Scripts of accounts are of kinds that have addresses.
  const from = formatAddress(plan.inputs[0]!.script.script, network)!
  const list = plan.outputs.map((output) => effectOf(output, from, network))
  const fee = feeOf(plan)
  const vsize = BigInt(Math.ceil(planWeight(plan) / 4))
  const rate = (fee * 1000n) / vsize
  return {
    list,
    fee: {
      asset: network.coin.id,
      expected: fee,
      ceiling: fee,
      rate: { value: rate, unit: 'satPerKvb' },
      detail: `${formatAmount(rate, 3)} sat/vB for ${vsize} vB`,
    },
    warnings: warningsOf(plan, fee, network),
    fields: fieldsOf(plan, vsize),
  }
}

function effectOf({ amount, script, own }: PlannedOutput, from: string, network: BitcoinNetwork): Effect {
  const asset = network.coin.id
  const to = formatAddress(script, network) ?? `script:${bytesToHex(script)}`
  if (own) return { kind: 'change', asset, to, amount, path: `${own.keychain}/${own.index}` }
  const data = nullDataOf(script)
  if (data && amount === 0n) return { kind: 'memo', data: bytesToHex(data) }
  return { kind: 'transfer', asset, from, to, amount }
}

function warningsOf(plan: Plan, fee: bigint, network: BitcoinNetwork): readonly Warning[] {
  const warnings: Warning[] = []
  const paid = plan.outputs.filter(({ own, script }) => !own && !nullDataOf(script))
  const amount = sumOf(paid)
  if (amount > 0n && fee > amount)
    warnings.push({ code: 'fee-above-amount', message: 'The fee costs more than the amount that is sent.' })
  if (plan.outputs.some(({ amount, script }) => amount < dustOf(script)))
    warnings.push({
      code: 'dust',
      message: 'An output is so small that nodes will not pass the transaction on.',
    })
  if (plan.outputs.some(({ amount, script }) => amount > 0n && nullDataOf(script)))
    warnings.push({
      code: 'unknown-script',
      message: 'It destroys coins: an output that nobody can spend holds some.',
    })
  if (paid.some(({ script }) => formatAddress(script, network) === undefined))
    warnings.push({ code: 'unknown-script', message: 'It pays to a script that no address stands for.' })
  return warnings
}

/** Everything that the bytes hold, so that no change of them can stay unseen: the id covers each field. */
function fieldsOf(plan: Plan, vsize: bigint): Record<string, string> {
  const sequence = plan.inputs[0]!.sequence
  return {
    unsignedId: txidOf(unsignedTx(plan)),
    inputs: plan.inputs.length.toString(),
    outputs: plan.outputs.length.toString(),
    spent: sumOf(plan.inputs).toString(),
    locktime: plan.locktime.toString(),
    sequence: sequence.toString(16),
    replaceable: plan.inputs.some((input) => input.sequence <= 0xfffffffd) ? 'yes' : 'no',
    vsize: vsize.toString(),
  }
}
