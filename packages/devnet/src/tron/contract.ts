import { demand, invalid } from './refusal.ts'
import type { Account, Head, State } from './state.ts'

/** Where a contract runs: it changes `state`, and the newest block says what time it is. */
export interface ContractContext {
  readonly state: State
  readonly head: Head
  /** A node is asked to build this transaction, and only checks whether it could run. */
  readonly isDraft: boolean
}

/** What a contract leaves in the information about its transaction. Amounts in sun. */
export interface ContractOutcome {
  /** Burnt on top of bandwidth. */
  readonly fee: bigint
  readonly withdrawn?: bigint
  readonly expiredWithdrawn?: bigint
  readonly cancelled?: ReadonlyMap<string, bigint>
}

const MAX_INT64 = 2n ** 63n - 1n

export function requireAddress(address: string, sentence: string): void {
  demand(/^41[0-9a-f]{40}$/.test(address), sentence)
}

/** The account, or java-tron's sentence about one that is not there. */
export function requireAccount({ state }: ContractContext, address: string): Account {
  requireAddress(address, 'Invalid address')
  const account = state.accounts.get(address)
  if (!account) throw invalid(`Account[${address}] not exists`)
  return account
}

export function addExact(a: bigint, b: bigint): bigint {
  const sum = a + b
  demand(sum <= MAX_INT64 && sum >= -MAX_INT64 - 1n, 'long overflow')
  return sum
}
