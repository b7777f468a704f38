import { type AccountDescriptor, createDraft, type Draft } from '@coffer/core'
import { accountAddress } from './address.ts'
import { inspect } from './inspect.ts'
import type { EvmIntent, EvmNetwork } from './intent.ts'
import { buildTransaction, type TxNumbers } from './rebuild.ts'
import { encodeUnsigned } from './transaction.ts'

/**
 * A draft from numbers that you bring: nonce, gas limit and rates in wei per gas. What `account.create` does at its end, for a
 * machine that asks no node. Throws what `buildTransaction` and `inspect` throw.
 *
 * @example
 * makeDraft(ethereumNetwork, descriptor, { kind: 'pay', asset, to, amount }, {
 *   nonce: 7n, gasLimit: 21_000n, maxFeePerGas: 3_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n,
 * })
 */
export function makeDraft(
  network: EvmNetwork,
  account: AccountDescriptor,
  intent: EvmIntent,
  numbers: TxNumbers,
  hints: Readonly<Record<string, string>> = {},
): Draft<EvmIntent> {
  const payload = encodeUnsigned(buildTransaction(intent, numbers, network, accountAddress(account, network)))
  return createDraft(
    { inspect: (draft) => inspect(draft, network) },
    { chain: network.id, account, intent, payload, hints },
  )
}
