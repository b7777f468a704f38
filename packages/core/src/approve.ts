import type { ChainRules } from './chain.ts'
import { readContacts } from './contacts.ts'
import type { Draft, DraftFields } from './draft.ts'
import type { Effects } from './effects.ts'
import { CofferError } from './error.ts'
import { sealDraft } from './forms.ts'
import { copyPlain } from './plain.ts'
import { type Acceptance, checkEffects, type Policy, spend } from './policy.ts'
import type { Store } from './store.ts'

/** Registered, so that two copies of this package in one program agree. It guards against mistakes, not against code. */
const APPROVED = Symbol.for('@coffer/core:approved')

export interface Authorisation {
  /** The draft, marked as approved. The mark does not survive a change or JSON. */
  readonly draft: Draft
  /** Takes the draft's amounts out of the policy's windows again: for a signature that was not made. */
  undo(): Promise<void>
}

/**
 * Recomputes what the draft's bytes do and refuses them unless they are exactly what its intent makes. Pure.
 * Throws `DRAFT_MISMATCH`, or what `chain.inspect` throws.
 */
export function verifyDraft(chain: ChainRules, draft: Draft): Effects {
  const effects = chain.inspect(draft)
  if (draft.chain !== chain.id || chain.rebuild(draft) !== draft.payload)
    throw new CofferError({
      code: 'DRAFT_MISMATCH',
      message: 'The bytes of this draft are not what its intent asks for. Do not sign it; make a new draft.',
      details: { chain: chain.id },
    })
  return effects
}

/** Verifies the draft, holds it against the policy, counts it in the policy's windows, and marks it for signing. */
export async function authorise(request: {
  readonly chain: ChainRules
  readonly draft: Draft
  readonly policy: Policy
  readonly accept: readonly Acceptance[]
  readonly store: Store
}): Promise<Authorisation> {
  const { chain, policy, accept, store } = request
  const draft = copyPlain(request.draft)
  const effects = verifyDraft(chain, draft)
  const contacts = await readContacts(store, chain.id)
  checkEffects(effects, { chain, policy, accept, contacts })
  const undo = await spend(effects, { chain, policy, store, id: `${draft.chain}|${draft.payload}` })
  return { draft: sealDraft(draft, effects, [APPROVED, mark(draft)]), undo }
}

/** Throws `NOT_APPROVED` unless {@link authorise} returned this very draft. Every signer calls it first. */
export function assertApproved(draft: Draft): void {
  const found = (draft as unknown as Record<symbol, unknown>)[APPROVED]
  if (typeof found !== 'string' || found !== mark(draft))
    throw new CofferError({
      code: 'NOT_APPROVED',
      message: 'This draft was not inspected and approved. Sign it through the wallet: wallet.sign(draft).',
    })
}

function mark(draft: DraftFields): string {
  return `${draft.chain}|${draft.account}|${draft.payload}`
}
