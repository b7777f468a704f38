import type { AccountDescriptor } from './draft.ts'
import type { Effects } from './effects.ts'
import { CofferError } from './error.ts'
import type { ChainId } from './ids.ts'
import type { Store } from './store.ts'

/** What a step of a policy asks about. */
export interface Question {
  readonly chain: ChainId
  readonly account: AccountDescriptor
  /** What the bytes do: `describeEffects` says it in sentences. A message pays no fee. */
  readonly effects: Pick<Effects, 'list' | 'warnings'> & Partial<Effects>
  /** Of a message, what it says: one sentence, in which nothing is hidden. */
  readonly message?: string
  /** SHA-256 of what will be signed, hexadecimal: the same question has the same id. */
  readonly id: string
}

export interface AskOptions {
  readonly signal?: AbortSignal | undefined
  /** The wallet's, for what has to survive a restart. */
  readonly store: Store
}

/**
 * Asks somebody, or something, before a signature: a person again, a server, an authenticator (`totp` of
 * `@coffer/core/totp`). Only `true` is a yes; what it throws is thrown on, and nothing is signed.
 */
export type Ask = (question: Question, options: AskOptions) => Promise<boolean>

/** Asks each who asks once, one after the other, for however many steps he stands. Throws `POLICY_REFUSED` at the first answer that is not `true`. */
export async function askAll(
  steps: readonly { readonly ask?: Ask }[],
  question: Question,
  options: AskOptions,
): Promise<void> {
  for (const ask of new Set(steps.flatMap(({ ask }) => ask ?? [])))
    if ((await ask(question, options)) !== true)
      throw new CofferError({
        code: 'POLICY_REFUSED',
        message: 'The policy asked for a yes before this signature and got none. Nothing was signed.',
        details: { rule: 'ask' },
      })
}
