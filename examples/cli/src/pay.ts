import {
  type Acceptance,
  type Asset,
  assertAllowed,
  CofferError,
  type Draft,
  isCofferError,
  type Payment,
  type ReadOptions,
  readKnown,
  type Signed,
  verify,
} from '@coffer/core'
import type { Context } from './context.ts'
import { writeDocument } from './documents.ts'
import { effectsOf, showEffects } from './effects.ts'
import type { AppAccount, AppChain } from './families/family.ts'
import { familyOf } from './families/index.ts'
import { follow } from './follow.ts'
import { withHomeLock } from './home-lock.ts'
import { withKeys } from './keys.ts'
import { oneLine } from './output.ts'
import { readPolicy } from './policy-file.ts'
import { prompts } from './prompts.ts'
import { askForCode } from './second-factor.ts'

/** What the person agreed to on the command line. */
export interface Agreement {
  /** Do not ask. */
  readonly yes?: boolean
  readonly accept?: readonly Acceptance[]
}

interface Paying {
  readonly chain: AppChain
  readonly account: AppAccount
  /** Tokens beside the chain's list, whose amounts are then shown with their decimals. */
  readonly tokens?: readonly Asset[]
  readonly agreement: Agreement
}

export interface CarryRequest extends Paying {
  create(options: ReadOptions): Promise<Draft>
  /** Where the draft goes instead of being signed. */
  readonly draftOut?: string | undefined
  /** Confirmations to wait for. */
  readonly wait: number
  /** Called once it was sent, or written down. */
  done?(): Promise<void>
}

/** Makes a draft and carries it out, all four steps, or writes it down for another machine to sign. */
export async function carryOut(context: Context, request: CarryRequest): Promise<void> {
  const { io, home, output } = context
  const { chain, tokens, create, draftOut, wait } = request
  const { signal } = io
  const payment = await withHomeLock(home, signal, async () => {
    const draft = await create({ signal })
    if (draftOut === undefined) {
      const payment = await pay(context, { ...request, draft })
      await request.done?.()
      return payment
    }
    await writeDocument(context, draftOut, draft)
    await request.done?.()
    output.say(showEffects(output, chain, draft.account, effectsOf(chain, draft, tokens)))
    output.say(familyOf(chain).meanwhile)
    if (draftOut !== '-') output.result(`Draft: ${draftOut}`, { draft: draftOut, effects: draft.effects })
    return undefined
  })
  if (payment) await finish(context, chain, payment, wait)
}

/**
 * From a draft to a payment: show, ask, sign, publish. A draft that is not signed gives back what it holds. Throws
 * `POLICY_REFUSED` before it asks anything, `SIGNER_REFUSED` when the person says no.
 */
async function pay(context: Context, request: Paying & { readonly draft: Draft }): Promise<Payment> {
  const { wallet, output, io } = context
  const { chain, account, draft, tokens, agreement } = request
  const { accept = [] } = agreement
  let signed: Signed | undefined
  try {
    output.say(showEffects(output, chain, draft.account, effectsOf(chain, draft, tokens)))
    await checkAllowed(context, chain, [draft], accept)
    await agree(context, agreement)
    signed = await withKeys(context, { account: draft.account }, (keys) =>
      keys.sign(draft, { accept, signal: io.signal }),
    )
    const { txid } = signed
    return await wallet.publish(signed, { signal: io.signal }).catch((error: unknown) => {
      // One node's refusal is not always the last word: the wallet keeps it, and others may take it.
      if (isCofferError(error) && (error.code === 'BROADCAST_UNKNOWN' || error.details['definite'] === false))
        output.say(`To send it again: coffer publish ${txid}`)
      throw error
    })
  } catch (error) {
    // What was signed may be mined, whatever a node said: it keeps what it holds. A draft gives it back, by itself after a while;
    // the first error is the one to tell.
    if (!signed) await account.discard(draft).catch(() => {})
    throw error
  }
}

/** Throws `DRAFT_MISMATCH` or `POLICY_REFUSED`, before anybody is asked, for drafts that would not be signed; says every reason. */
export async function checkAllowed(
  { io, home, chains, store, output }: Context,
  chain: AppChain,
  drafts: readonly Draft[],
  accept: readonly Acceptance[] = [],
): Promise<void> {
  const policy = await readPolicy(home, chains, askForCode(io, home))
  const known = await readKnown(store, chain.id)
  for (const draft of drafts) {
    const { refusals } = verify(chain, draft, { policy, accept, known })
    for (const { message } of refusals.slice(1)) output.say(`Refused, too: ${oneLine(message)}`)
    assertAllowed(refusals)
  }
}

/** Follows what was published, and writes the result of the command. */
export async function finish(
  context: Context,
  chain: AppChain,
  payment: Payment,
  wait: number,
): Promise<void> {
  const { output } = context
  const { txid } = payment
  // At once, so that it is known whatever becomes of the payment; programs get it with the end of the story.
  if (output.json) output.say(`Published ${txid}`)
  else output.result(txid, undefined)
  const status = await follow(context, chain, payment, wait)
  if (output.json) output.result('', { chain: chain.id, txid, status })
}

/** Throws `SIGNER_REFUSED` unless the person says yes. */
export async function agree({ io }: Context, { yes = false }: Agreement): Promise<void> {
  if (yes || (await prompts(io, 'Look at the effects above, then say yes with --yes.').yes('Sign this?')))
    return
  throw new CofferError({ code: 'SIGNER_REFUSED', message: 'You said no. Nothing was signed.' })
}
