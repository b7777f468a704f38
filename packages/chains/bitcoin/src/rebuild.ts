import { CofferError, type DraftFields, type Engine } from '@coffer/core'
import { hexToBytes } from '@noble/hashes/utils.js'
import { parseAddress } from './address.ts'
import { equalBytes } from './bytes.ts'
import type { BitcoinIntent } from './intent.ts'
import type { BitcoinNetwork } from './networks.ts'
import { type Plan, type PlannedOutput, readPayload, writePayload } from './payload.ts'
import { nullData } from './script.ts'

/**
 * The payload that the intent makes, with the coins, the order and the fee that the draft's payload holds. Each recipient gets
 * exactly its amount, at most one output comes back, and nothing else is paid. Throws `DRAFT_MISMATCH`, and `INVALID_DRAFT` as
 * reading does.
 */
export function rebuild(draft: DraftFields<BitcoinIntent>, network: BitcoinNetwork, engine?: Engine): string {
  const plan = readPayload(draft, network, engine)
  return writePayload({ ...plan, outputs: outputsOf(draft.intent, plan, network) })
}

/** An output that the intent asks for; without an amount it takes what remains. */
export interface Wanted {
  readonly script: Uint8Array
  readonly amount?: bigint
}

/** What an intent pays, in its own order. */
export function wantedOf(intent: BitcoinIntent, network: BitcoinNetwork): readonly Wanted[] {
  const to = (address: string): Uint8Array => parseAddress(address, network).script
  const memo = intent.memo === undefined ? [] : [{ script: nullData(hexToBytes(intent.memo)), amount: 0n }]
  switch (intent.kind) {
    case 'pay':
      return [{ script: to(intent.to), amount: intent.amount }, ...memo]
    case 'batch':
      return [
        ...intent.payments.map((payment) => ({ script: to(payment.to), amount: payment.amount })),
        ...(intent.rest === undefined ? [] : [{ script: to(intent.rest) }]),
        ...memo,
      ]
    case 'sweep':
      return [{ script: to(intent.to) }, ...memo]
    case 'cancel':
    case 'bump':
      return memo
  }
}

/** True when what remains goes to somebody the intent names, so that no change comes back. */
export function hasRest(intent: BitcoinIntent): boolean {
  return intent.kind === 'sweep' || (intent.kind === 'batch' && intent.rest !== undefined)
}

function outputsOf(intent: BitcoinIntent, plan: Plan, network: BitcoinNetwork): readonly PlannedOutput[] {
  if (intent.kind === 'bump' && !plan.inputs.some(({ txid }) => txid === intent.parent))
    throw mismatch('It does not spend from the transaction that it should push.')
  const left = [...wantedOf(intent, network)]
  let change = 0
  const outputs = plan.outputs.map((output): PlannedOutput => {
    const at = left.findIndex(
      ({ script, amount }) =>
        equalBytes(script, output.script) && (amount === undefined || amount === output.amount),
    )
    if (at >= 0) {
      const [{ script, amount = output.amount }] = left.splice(at, 1) as [Wanted]
      return { ...(output.own ? { own: output.own } : {}), script, amount }
    }
    if (!output.own || hasRest(intent) || change++ > 0)
      throw mismatch('It pays something that nobody asked for.')
    return { own: output.own, script: output.own.script, amount: output.amount }
  })
  if (left.length > 0) throw mismatch('It does not pay all that was asked for.')
  if ((intent.kind === 'cancel' || intent.kind === 'bump') && change !== 1)
    throw mismatch('It brings nothing back.')
  return outputs
}

function mismatch(hint: string): CofferError {
  return new CofferError({
    code: 'DRAFT_MISMATCH',
    message: `The bytes of this draft are not what its intent asks for. ${hint} Do not sign it; make a new draft.`,
  })
}
