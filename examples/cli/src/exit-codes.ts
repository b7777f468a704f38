import { type CofferError, type ErrorCode, isCofferError } from '@coffer/core'

/** What the program tells the shell. */
export const EXIT_CODES: Readonly<Record<number, string>> = {
  0: 'it worked',
  1: 'it failed: network, chain, disk',
  2: 'what was given cannot be used (INVALID_…, UNKNOWN_…, no node, no wallet, wrong passphrase)',
  3: 'it was refused: by the policy, by you, by the signer, because a draft does not do what it says, or because the very same was signed already',
  4: 'it is not known whether the network has the payment; publish the same signed transaction again',
  130: 'Ctrl-C',
}

const REFUSED: readonly ErrorCode[] = [
  'ADDRESS_MISMATCH',
  'DRAFT_MISMATCH',
  'FEE_TOO_HIGH',
  'NOT_APPROVED',
  'PAYMENT_OPEN',
  'POLICY_DELAYED',
  'POLICY_REFUSED',
  'SIGNATURE_WRONG',
  'SIGNER_REFUSED',
  'TOO_MANY_ATTEMPTS',
  'WRONG_ACCOUNT',
]
const UNUSABLE: readonly ErrorCode[] = [
  'ACCOUNT_NOT_REGISTERED',
  'MISSING_DEPENDENCY',
  'NO_SIGNER',
  'NO_SOURCE',
  'SIGNATURES_MISSING',
  'UNLOCK_FAILED',
  'UNSUPPORTED',
  'VAULT_EXISTS',
  'VAULT_MISSING',
  'WATCH_ONLY',
  'WEAK_PASSWORD',
]

export function exitCodeOf(error: unknown): number {
  if (!isCofferError(error)) return 1
  const { code }: CofferError = error
  if (code === 'ABORTED') return 130
  if (code === 'BROADCAST_UNKNOWN') return 4
  if (REFUSED.includes(code)) return 3
  return /^(INVALID|UNKNOWN)_/.test(code) || UNUSABLE.includes(code) ? 2 : 1
}
