import type { ChainRules } from './chain.ts'
import type { Known } from './contacts.ts'
import type { DraftFields, Intent } from './draft.ts'
import type { Effects } from './effects.ts'
import { CofferError, isCofferError } from './error.ts'
import type { Acceptance, Policy, PolicyStep } from './policy.ts'
import { type Refusal, refusalsOf, stepsOf } from './policy-rules.ts'

/** What the bytes of a draft do, and whether they may be signed. */
export interface Verdict {
  readonly effects: Effects
  /** Every reason why not. Empty when it may be signed, once the steps were passed and the windows have room. */
  readonly refusals: readonly Refusal[]
  /** What the policy wants before: somebody's yes, time. */
  readonly steps: readonly PolicyStep[]
}

export interface VerifyOptions {
  /** What the bytes are held against; the draft's own intent when not given. */
  readonly intent?: Intent | undefined
  readonly policy?: Policy | undefined
  readonly accept?: readonly Acceptance[] | undefined
  /** Addresses that the wallet knows; see `readKnown`. */
  readonly known?: Known | undefined
}

/**
 * From bytes to effects and verdict: what a draft does, recomputed from its payload, and everything that speaks against
 * signing it: that its intent would make other bytes, and each rule of the policy that it breaks. Pure: windows and steps,
 * which need a store, a clock or a person, are counted where it is signed.
 *
 * Throws `INVALID_DRAFT` for bytes that are no transaction of this account and chain.
 *
 * @example
 * const { effects, refusals } = verify(chain, draft, { policy })
 * refusals // [{ rule: 'max-fee', message: 'The fee could reach 0.3 ETH; …', details: { … } }]
 */
export function verify(chain: ChainRules, draft: DraftFields, options: VerifyOptions = {}): Verdict {
  const { intent = draft.intent, policy = {}, accept = [], known = NOBODY } = options
  const effects = chain.inspect(draft)
  const context = { chain, policy, accept, known }
  return {
    effects,
    refusals: [...mismatches(chain, { ...draft, intent }), ...refusalsOf(effects, context)],
    steps: stepsOf(effects.list, context),
  }
}

/** Throws for the first refusal: `DRAFT_MISMATCH`, or `POLICY_REFUSED` with `details.rule`, and all in `details.refusals`. */
export function assertAllowed(refusals: readonly Refusal[]): void {
  const [first] = refusals
  if (!first) return
  const { rule, message, details } = first
  throw new CofferError({
    code: rule === 'mismatch' ? 'DRAFT_MISMATCH' : 'POLICY_REFUSED',
    message,
    details: {
      rule,
      ...details,
      ...(refusals.length > 1 && { refusals: refusals.map(({ rule, message }) => ({ rule, message })) }),
    },
  })
}

const NOBODY: Known = { contacts: [], seen: [] }

/** Bytes that are not exactly what the intent makes. */
function mismatches(chain: ChainRules, draft: DraftFields): Refusal[] {
  const refusal = (message: string): Refusal => ({ rule: 'mismatch', message, details: { chain: chain.id } })
  if (draft.chain !== chain.id) return [refusal(`This draft is for ${draft.chain}, not for ${chain.id}.`)]
  try {
    if (chain.rebuild(draft) === draft.payload) return []
    return [
      refusal('The bytes of this draft are not what its intent asks for. Do not sign it; make a new draft.'),
    ]
  } catch (error) {
    if (!isCofferError(error)) throw error
    return [refusal(error.message)]
  }
}
