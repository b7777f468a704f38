import {
  type Acceptance,
  type Asset,
  CofferError,
  checkEffects,
  type Draft,
  isCofferError,
  type Payment,
  readContacts,
} from '@coffer/core'
import type { Context } from './context.ts'
import { effectsOf, showEffects } from './effects.ts'
import type { AppAccount, AppChain } from './families/family.ts'
import { follow } from './follow.ts'
import { withKeys } from './keys.ts'
import { readPolicy } from './policy-file.ts'
import { prompts } from './prompts.ts'

/** What the person agreed to on the command line. */
export interface Agreement {
  /** Do not ask. */
  readonly yes?: boolean
  readonly accept?: readonly Acceptance[]
}

export interface PayRequest {
  readonly chain: AppChain
  readonly account: AppAccount
  readonly draft: Draft
  /** Tokens beside the chain's list, whose amounts are then shown with their decimals. */
  readonly tokens?: readonly Asset[]
  readonly agreement: Agreement
}

/**
 * From a draft to a payment: show, ask, sign, publish. A draft that is not signed gives back what it holds. Throws
 * `POLICY_REFUSED` before it asks anything, `SIGNER_REFUSED` when the person says no.
 */
export async function pay(context: Context, request: PayRequest): Promise<Payment> {
  const { wallet, home, output, chains, store, io } = context
  const { chain, account, draft, tokens, agreement } = request
  const { accept = [] } = agreement
  try {
    output.say(showEffects(output, chain, draft.account, effectsOf(chain, draft, tokens)))
    const policy = await readPolicy(home, chains)
    checkEffects(draft.effects, { chain, policy, accept, contacts: await readContacts(store, chain.id) })
    await agree(context, agreement)
    const signed = await withKeys(context, (keys) => keys.sign(draft, { accept, signal: io.signal }))
    return await wallet.publish(signed, { signal: io.signal }).catch((error: unknown) => {
      if (isCofferError(error, 'BROADCAST_UNKNOWN'))
        output.say(`To send it again: coffer publish ${signed.txid}`)
      throw error
    })
  } catch (error) {
    // Without it what is held comes back by itself after a while; the first error is the one to tell.
    await account.discard(draft).catch(() => {})
    throw error
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
