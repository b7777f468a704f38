import { type Asset, CofferError, checkEffects, type Draft, type Payment } from '@coffer/core'
import type { EvmAccount, EvmChain } from '@coffer/evm'
import type { Context } from './context.ts'
import { effectsOf, showEffects } from './effects.ts'
import { follow } from './follow.ts'
import { withKeys } from './keys.ts'
import { readPolicy } from './policy-file.ts'
import { prompts } from './prompts.ts'

export interface PayRequest {
  readonly chain: EvmChain
  readonly account: EvmAccount
  readonly draft: Draft
  /** Tokens beside the chain's list, whose amounts are then shown with their decimals. */
  readonly tokens?: readonly Asset[]
  /** Do not ask. */
  readonly yes: boolean
}

/**
 * From a draft to a payment: show, ask, sign, publish. A draft that is not signed gives its nonce back. Throws
 * `POLICY_REFUSED` before it asks anything, `SIGNER_REFUSED` when the person says no.
 */
export async function pay(context: Context, request: PayRequest): Promise<Payment> {
  const { wallet, home, output, chains } = context
  const { chain, account, draft, tokens, yes } = request
  try {
    output.say(showEffects(output, chain, draft.account, effectsOf(chain, draft, tokens)))
    checkEffects(draft.effects, { chain, policy: await readPolicy(home, chains), accept: [] })
    await agree(context, yes)
    const signed = await withKeys(context, (keys) => keys.sign(draft, { signal: context.io.signal }))
    return await wallet.publish(signed, { signal: context.io.signal })
  } catch (error) {
    await account.discard(draft)
    throw error
  }
}

/** Follows what was published, and writes the result of the command. */
export async function finish(
  context: Context,
  chain: EvmChain,
  payment: Payment,
  wait: number,
): Promise<void> {
  const { output } = context
  output.say(`Published ${payment.txid}`)
  const status = await follow(context, chain, payment, wait)
  output.result(payment.txid, { chain: chain.id, txid: payment.txid, status })
}

/** Throws `SIGNER_REFUSED` unless the person says yes. */
export async function agree({ io }: Context, yes: boolean): Promise<void> {
  if (yes || (await prompts(io, 'Look at the effects above, then say yes with --yes.').yes('Sign this?')))
    return
  throw new CofferError({ code: 'SIGNER_REFUSED', message: 'You said no. Nothing was signed.' })
}
