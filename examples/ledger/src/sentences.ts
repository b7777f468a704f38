import { type Asset, formatAmount, isCofferError, type PaymentStatus } from '@coffer/core'
import type { LedgerPrompt } from '@coffer/signer-ledger'

/** What a person has to do at the device. */
export function promptSentence(prompt: LedgerPrompt): string {
  if (prompt.kind === 'open-app') return `Check your Ledger: allow the ${prompt.app} app to open.`
  const { what, blind } = prompt
  return blind
    ? `Check your Ledger: it cannot show this ${what} in full. Compare what is shown here, then confirm there.`
    : `Check your Ledger: read the ${what} on its screen, then confirm or refuse it there.`
}

/** How a payment stands. */
export function statusSentence(status: PaymentStatus, coin: Asset): string {
  switch (status.state) {
    case 'pending':
      return 'Waiting for a block …'
    case 'reorged':
      return 'Its block was undone; waiting for another one …'
    case 'replaced':
      return 'Another transaction took its place.'
    case 'dropped':
      return 'No node knows it any more: publish it again.'
    case 'expired':
      return 'No block took it in time; it paid nothing.'
    case 'failed':
      return `It failed in block ${status.height}; the fee was ${amountText(status.fee, coin)}.`
    default:
      return `Confirmed in block ${status.height}, fee ${amountText(status.fee, coin)}.`
  }
}

/** What went wrong and what to do: every error of Coffer says so itself. */
export function errorSentence(error: unknown): string {
  if (isCofferError(error)) return error.message
  return `Something unexpected went wrong: ${error instanceof Error ? error.message : String(error)}`
}

export function amountText(amount: bigint, { decimals, symbol }: Asset): string {
  return `${formatAmount(amount, decimals)} ${symbol}`
}
