import type { AppContext } from './app.ts'
import { outputText } from './bitcoin-address.ts'
import type { DeviceNetwork } from './bitcoin-network.ts'
import type { PreviousOutput } from './bitcoin-previous-output.ts'
import { unsupported } from './bitcoin-status.ts'
import { decimal } from './byte-strings.ts'

/** What its owner is shown of a transaction. */
interface Review {
  /** Of a registered policy alone. */
  readonly account: string | undefined
  /** Without the change. */
  readonly outputs: readonly PreviousOutput[]
  readonly spent: bigint
  readonly fee: bigint
  readonly hasExternalInputs: boolean
  readonly hasUnverifiedInputs: boolean
  readonly hasOtherSighash: boolean
}

function warningsOf(review: Review): string[] {
  const hasHighFee = 10n * review.fee >= review.spent && review.spent > 100_000n
  return [
    ...(review.hasOtherSighash ? ['Non-default sighash'] : []),
    ...(review.hasExternalInputs ? ['External inputs'] : []),
    ...(review.hasUnverifiedInputs ? ['Unverified inputs'] : []),
    ...(hasHighFee ? ['High fees'] : []),
  ]
}

/** Shows a transaction; returns when its owner approves. */
export async function reviewTransaction(
  review: Review,
  context: AppContext,
  network: DeviceNetwork,
): Promise<void> {
  const { account, outputs, fee } = review
  const amount = (value: bigint): string => `${decimal(value, 8)} ${network.ticker}`
  const fields: [string, string][] = account === undefined ? [] : [['From', account]]
  if (outputs.length === 0) fields.push(['Amount', `0 ${network.ticker} (self-transfer)`])
  for (const [at, output] of outputs.entries()) {
    const text = outputText(output.script, network)
    if (text === undefined) throw unsupported()
    if (outputs.length > 1) fields.push(['Transaction output', `${at + 1} of ${outputs.length}`])
    fields.push(['Amount', amount(output.amount)], ['To', text])
  }
  fields.push(['Fees', amount(fee)])
  await context.ask({ kind: 'transaction', fields, warnings: warningsOf(review) })
}
