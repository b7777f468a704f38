import { CofferError, randomBytes } from '@coffer/core'
import { splitWords } from './text.ts'
import type { Verified } from './verify.ts'
import type { BackupAccount } from './wallet-backup.ts'

export type StaleReason = 'never-verified' | 'old' | 'accounts-added' | 'secrets-added'

const DAY = 86_400_000

/**
 * Why a wallet should be backed up or verified again; empty when all is well.
 *
 * @example
 * const reasons = backupStaleness(lastVerified, { accounts, secrets: vault.secrets.length })
 * if (reasons.length > 0) remind(reasons)
 */
export function backupStaleness(
  last: Verified | undefined,
  now: {
    readonly accounts: readonly Pick<BackupAccount, 'chain' | 'descriptor'>[]
    readonly secrets: number
    /** Days after which it should be looked at again; 90 when not given. */
    readonly maxDays?: number | undefined
    /** Unix milliseconds; the clock when not given. */
    readonly time?: number | undefined
  },
): readonly StaleReason[] {
  if (!last) return ['never-verified']
  const { accounts, secrets, maxDays = 90, time = Date.now() } = now
  const age = time - Date.parse(last.verifiedAt)
  const known = new Set(last.accounts)
  const reasons: StaleReason[] = []
  // One that claims to be of tomorrow, or of no time at all, proves nothing.
  if (!(age <= maxDays * DAY && age >= -DAY)) reasons.push('old')
  if (accounts.some(({ chain, descriptor }) => !known.has(`${chain} ${descriptor}`)))
    reasons.push('accounts-added')
  if (secrets > last.secrets) reasons.push('secrets-added')
  return reasons
}

/**
 * Asks for words at random places, to see that they were written down. Places count from 1. Throws `INVALID_REQUEST` without words.
 *
 * @example
 * const { places, check } = wordQuiz(mnemonic)
 * places // [3, 7, 11]
 * check(['winner', …]) // true
 */
export function wordQuiz(
  mnemonic: string,
  count = 3,
): { readonly places: readonly number[]; check(answers: readonly string[]): boolean } {
  const words = splitWords(mnemonic.normalize('NFKD').toLowerCase())
  if (words.length === 0 || !(count >= 1))
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'A quiz needs words, and asks for one of them at least.',
    })
  const places = new Set<number>()
  while (places.size < Math.min(count, words.length)) {
    const random = randomBytes(16)
    // 240 and more would favour the first places.
    for (const byte of random) if (byte < 240 && places.size < count) places.add((byte % words.length) + 1)
  }
  const sorted = [...places].sort((a, b) => a - b)
  return {
    places: sorted,
    check: (answers) =>
      answers.length === sorted.length &&
      sorted.every(
        (place, i) => String(answers[i]).normalize('NFKD').trim().toLowerCase() === words[place - 1],
      ),
  }
}
