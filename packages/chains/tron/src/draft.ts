import { type AccountDescriptor, createDraft, type Draft } from '@coffer/core'
import { accountAddress } from './address.ts'
import { inspect } from './inspect.ts'
import type { TronIntent, TronNetwork } from './intent.ts'
import { writePayload } from './payload.ts'
import { buildTransaction, type TxNumbers } from './rebuild.ts'

/**
 * A draft from numbers that you bring: reference block, times in Unix milliseconds, fee limit in sun. What
 * `account.create` does at its end, for a machine that asks no node. Throws what `buildTransaction` and `inspect` throw.
 *
 * @example
 * makeDraft(tronNetwork, descriptor, { kind: 'pay', asset, to, amount }, {
 *   refBlockBytes: '1a2b', refBlockHash: '00112233aabbccdd', timestamp, expiration: timestamp + 600_000n, feeLimit: 0n,
 * })
 */
export function makeDraft(
  network: TronNetwork,
  account: AccountDescriptor,
  intent: TronIntent,
  numbers: TxNumbers,
  hints: Readonly<Record<string, string>> = {},
): Draft<TronIntent> {
  const tx = buildTransaction(intent, numbers, network, accountAddress(account, network))
  return createDraft(
    { inspect: (draft) => inspect(draft, network) },
    { chain: network.id, account, intent, payload: writePayload(tx), hints },
  )
}
