import { EFFECT_KINDS, type Effect } from './effects.ts'
import { CofferError } from './error.ts'
import {
  type AccountId,
  type AssetId,
  type ChainId,
  parseAccountId,
  parseAssetId,
  parseChainId,
} from './ids.ts'
import type { Ask } from './policy-ask.ts'

/** The owner's limits, enforced where signing happens. Amounts are base units. What is left out is not limited, but for fees and approvals. */
export interface Policy {
  /** The highest fee ceiling per chain, in base units of its coin. A chain that is not named keeps its built-in `maxFee`. */
  readonly maxFee?: Readonly<Partial<Record<ChainId, bigint>>>
  /** The highest fee rate per chain, in the chain's unit (`satPerKvb` on Bitcoin). A chain that is not named keeps its own. */
  readonly maxFeeRate?: Readonly<Partial<Record<ChainId, bigint>>>
  /** The highest fee ceiling as a share of the coin amount that leaves, in whole percent. For payments in the coin. */
  readonly maxFeePercent?: number
  /** When given, nothing may go to, be approved for, or call anybody else. CAIP-10. */
  readonly recipients?: readonly AccountId[]
  /**
   * The most that may leave of an asset, or be approved, within any `seconds`; of the coin, fees at their ceilings among it.
   * Windows rest in the wallet's store.
   */
  readonly limits?: readonly { readonly asset: AssetId; readonly amount: bigint; readonly seconds: number }[]
  /** Off unless set: approvals that never run out. */
  readonly unlimitedApprovals?: boolean
  /** Off unless set: control over every token of a collection. */
  readonly approvalForAll?: boolean
  /**
   * Contract calls that inspection does not understand: none when false, all when true. When not given, all but those that could
   * be a known one in another writing, and those to tokens of the chain's list and of this policy.
   */
  readonly unknownCalls?: boolean
  /** Off unless set: other keys for an account. */
  readonly permissionChanges?: boolean
  /** What needs more than an allowing policy: somebody's yes, a second factor, time. Every step that is due must be passed. */
  readonly steps?: readonly PolicyStep[]
}

/**
 * Something that has to happen before a signature: `ask` must answer yes, `delay` seconds must have passed since the very
 * same thing was first asked for, or both.
 *
 * @example
 * // more than 0.1 ETH to somebody new: after a day, and with a code
 * { when: { above: { asset: ETH, amount: 10n ** 17n }, newRecipient: true }, delay: 86_400, ask: totp({ … }) }
 */
export interface PolicyStep {
  /** Due for every signature when not given, those of messages too. */
  readonly when?: StepCondition
  readonly ask?: Ask
  /** Seconds. The clock is this machine's. */
  readonly delay?: number
}

/** All of what is given must hold. */
export interface StepCondition {
  /** More than `amount` of `asset` leaves, or is approved. */
  readonly above?: { readonly asset: AssetId; readonly amount: bigint }
  /** Somebody gains by it whom this wallet has not paid before, under this step where it was due, and the policy does not name. */
  readonly newRecipient?: true
  /** One of its effects is of one of these kinds, such as `call`, `approve-all` or `permissions`. */
  readonly effects?: readonly Effect['kind'][]
}

/** A danger that the caller says yes to, for one signature, at the call site. */
export type Acceptance =
  | 'unlimited-approval'
  | 'approval-for-all'
  | 'lookalike'
  | 'permission-change'
  | 'unknown-call'

/**
 * Refuses a policy that could not be held: ids that are none, amounts that are no bigints. A rule that nobody can break
 * is worse than none. Throws `INVALID_CHAIN`, `INVALID_ASSET`, `INVALID_ACCOUNT` or `INVALID_REQUEST`.
 */
export function checkPolicy(policy: Policy): void {
  const { maxFeePercent, recipients = [], limits = [], steps = [] } = policy
  for (const rule of ['maxFee', 'maxFeeRate'] as const)
    for (const [chain, most] of Object.entries(policy[rule] ?? {})) {
      parseChainId(chain)
      if (!isAmount(most)) throw invalidPolicy(rule)
    }
  if (maxFeePercent !== undefined && (!Number.isInteger(maxFeePercent) || maxFeePercent < 0))
    throw invalidPolicy('maxFeePercent')
  for (const rule of ['unlimitedApprovals', 'approvalForAll', 'unknownCalls', 'permissionChanges'] as const)
    if (policy[rule] !== undefined && typeof policy[rule] !== 'boolean') throw invalidPolicy(rule)
  for (const recipient of recipients) parseAccountId(recipient)
  for (const { asset, amount, seconds } of limits) {
    parseAssetId(asset)
    if (!isAmount(amount) || !(seconds > 0)) throw invalidPolicy('limits')
  }
  for (const step of steps) checkStep(step)
}

function checkStep({ when = {}, ask, delay }: PolicyStep): void {
  const { above, newRecipient, effects } = when
  if (above) parseAssetId(above.asset)
  const isSound =
    (ask !== undefined || delay !== undefined) &&
    (ask === undefined || typeof ask === 'function') &&
    (delay === undefined || (Number.isFinite(delay) && delay > 0)) &&
    (above === undefined || isAmount(above.amount)) &&
    (newRecipient === undefined || newRecipient === true) &&
    (effects === undefined ||
      (Array.isArray(effects) && effects.length > 0 && effects.every((kind) => EFFECT_KINDS.includes(kind))))
  if (!isSound) throw invalidPolicy('steps')
}

const isAmount = (value: unknown): boolean => typeof value === 'bigint' && value >= 0n

function invalidPolicy(rule: string): CofferError {
  return new CofferError({
    code: 'INVALID_REQUEST',
    message: `The policy's ${rule} cannot be held: amounts are bigints, shares whole percents, switches true or false, windows and delays seconds, and a step asks or waits.`,
  })
}
