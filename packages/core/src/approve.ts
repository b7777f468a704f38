import type { ChainRules } from './chain.ts'
import { readKnown } from './contacts.ts'
import type { Draft, DraftFields, Intent } from './draft.ts'
import { CofferError } from './error.ts'
import { sealDraft } from './forms.ts'
import { jsonable } from './jsonable.ts'
import { copyPlain } from './plain.ts'
import type { Acceptance, Policy } from './policy.ts'
import { askAll } from './policy-ask.ts'
import { deedOf, passDelays } from './policy-delay.ts'
import { digestOf, spend } from './policy-windows.ts'
import type { Store } from './store.ts'
import { assertAllowed, verify } from './verify.ts'

/** Registered, so that two copies of this package in one program agree. It guards against mistakes, not against code. */
const APPROVED = Symbol.for('@coffer/core:approved')

declare const approved: unique symbol

/**
 * A draft that was verified, allowed by the policy and counted: the only kind that a signer takes. {@link authorise} makes
 * it; the wallet calls that.
 */
export type ApprovedDraft<I extends Intent = Intent> = Draft<I> & { readonly [approved]: true }

export interface Authorisation {
  /** The draft, marked as approved. The mark does not survive a change or JSON. */
  readonly draft: ApprovedDraft
  /** Takes the draft's amounts out of the policy's windows again: for a signature that was not made. */
  undo(): Promise<void>
}

/**
 * Verifies a draft, holds it against the policy, counts it in the policy's windows, waits and asks as the policy wants, and
 * marks it for signing. Throws `INVALID_DRAFT`, `DRAFT_MISMATCH`, `POLICY_REFUSED`, `POLICY_DELAYED`, and what a step throws;
 * then nothing stays counted.
 */
export async function authorise(request: {
  readonly chain: ChainRules
  readonly draft: Draft
  readonly policy: Policy
  readonly accept: readonly Acceptance[]
  readonly store: Store
  readonly signal?: AbortSignal | undefined
}): Promise<Authorisation> {
  const { chain, policy, accept, store, signal } = request
  const draft = copyPlain(request.draft)
  const known = await readKnown(store, chain.id)
  const { effects, refusals, steps } = verify(chain, draft, { policy, accept, known })
  assertAllowed(refusals)
  const { account, payload } = draft
  // Bytes of account chains do not say whose they are.
  const id = `${chain.id}|${account}|${payload}`
  const undo = [await spend(effects, { chain, policy, store, id })]
  const undoAll = async (): Promise<void> => {
    // One that fails keeps no other from its turn.
    for (const step of undo) await step().catch(() => {})
  }
  try {
    const deed = { chain: chain.id, account, ...deedOf(effects.list), list: effects.list }
    undo.push(await passDelays(steps, deed, store))
    const question = { chain: chain.id, account, effects, id: digestOf(id) }
    await askAll(steps, question, { signal, store })
  } catch (error) {
    await undoAll()
    throw error
  }
  return {
    draft: sealDraft(draft, effects, [APPROVED, mark(draft)]) as ApprovedDraft,
    undo: undoAll,
  }
}

/** Throws `NOT_APPROVED` unless {@link authorise} returned this very draft. Every signer calls it first. */
export function assertApproved(draft: Draft): asserts draft is ApprovedDraft {
  const found = (draft as unknown as Record<symbol, unknown>)[APPROVED]
  if (typeof found !== 'string' || found !== mark(draft))
    throw new CofferError({
      code: 'NOT_APPROVED',
      message: 'This draft was not inspected and approved. Sign it through the wallet: wallet.sign(draft).',
    })
}

/** The same for a draft of `chain`; throws `DRAFT_MISMATCH` when it is of another. */
export function assertApprovedFor(chain: ChainRules, draft: Draft): asserts draft is ApprovedDraft {
  assertApproved(draft)
  if (draft.chain !== chain.id)
    throw new CofferError({
      code: 'DRAFT_MISMATCH',
      message: `This draft is for ${draft.chain}, not for ${chain.id}.`,
    })
}

/** Everything that decides what a signer does. */
function mark({ chain, account, payload, intent, signatures = [] }: DraftFields): string {
  return `${chain}|${account}|${payload}|${JSON.stringify(jsonable({ intent, signatures }))}`
}
