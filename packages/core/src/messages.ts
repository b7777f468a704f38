import type { ChainRules } from './chain.ts'
import { readKnown } from './contacts.ts'
import type { AccountDescriptor } from './draft.ts'
import type { Effects } from './effects.ts'
import { CofferError } from './error.ts'
import type { ChainId } from './ids.ts'
import { jsonable } from './jsonable.ts'
import { findAccount, findChain, type OfflineConfig, storeOf, type WalletSignOptions } from './offline.ts'
import { copyPlain } from './plain.ts'
import type { Policy } from './policy.ts'
import { askAll } from './policy-ask.ts'
import { passDelays } from './policy-delay.ts'
import { messageRefusals, stepsOf } from './policy-rules.ts'
import { digestOf, spend } from './policy-windows.ts'
import type { Signer, SignOptions } from './signer.ts'
import { type Store, withLock } from './store.ts'
import { assertAllowed } from './verify.ts'

/** What a wallet signs beside transactions. */
export interface SigningMessages {
  /** Signs a message in the chain's usual way (EIP-191 …), after the steps of the policy that are due for every signature. */
  signMessage(account: AccountText, message: string | Uint8Array, options?: MessageOptions): Promise<string>
  /** Signs typed data (EIP-712 …). What it would allow or move is held against the policy. */
  signTypedData(account: AccountText, typedData: unknown, options?: WalletSignOptions): Promise<string>
}

export interface MessageOptions extends SignOptions {
  /** Which address of the account signs, where it has many; its first one when not given. */
  readonly address?: string | undefined
}

/** An account, or its descriptor. */
export type AccountText =
  | AccountDescriptor
  | { readonly descriptor: AccountDescriptor; readonly chain: ChainId }

export function signingMessages(given: OfflineConfig): SigningMessages {
  const { chains, signer, policy = {} } = given
  const config = { policy, store: storeOf(given) }
  return {
    signMessage: async (account, given, { address, signal } = {}) => {
      const { chain, descriptor } = accountOf(account, chains)
      if (!signer.signMessage) throw unable(signer, 'messages')
      const message = copyPlain(given)
      const text = typeof message === 'string' ? quoted(message) : `of ${message.length} bytes`
      const by = address === undefined ? '' : ` as ${address}`
      const what = ['message', message, address ?? '']
      const said = { what, list: [], warnings: [], message: `Sign the message ${text}${by}` }
      return allowed(config, { chain, account: descriptor, ...said }, { signal }, () =>
        signer.signMessage!({ chain, account: descriptor, message, address }, { signal }),
      )
    },
    signTypedData: async (account, given, options = {}) => {
      const { chain, descriptor } = accountOf(account, chains)
      if (!signer.signTypedData || !chain.inspectTypedData) throw unable(signer, 'typed data')
      // One copy for the policy and for the signer: the caller's object may change, or answer differently each time.
      const typedData = copyPlain(given)
      const { list, warnings } = chain.inspectTypedData({ account: descriptor, typedData })
      const text = `Sign the typed data ${quoted(JSON.stringify(jsonable(typedData)))}`
      const said = { what: ['typed data', typedData], list, warnings, message: text }
      return allowed(config, { chain, account: descriptor, ...said }, options, () =>
        signer.signTypedData!({ chain, account: descriptor, typedData }, { signal: options.signal }),
      )
    },
  }
}

interface Message extends Pick<Effects, 'list' | 'warnings'> {
  readonly chain: ChainRules
  readonly account: AccountDescriptor
  readonly what: unknown
  /** What it says, in one sentence. */
  readonly message: string
}

/** Signs what the policy allows: the rules, the windows, waiting, asking, as for a transaction. */
async function allowed(
  { policy, store }: { readonly policy: Policy; readonly store: Store },
  { chain, account, what, list, warnings, message }: Message,
  { accept = [], signal }: WalletSignOptions,
  sign: () => Promise<string>,
): Promise<string> {
  const id = `${chain.id}|${account}|${JSON.stringify(jsonable(what))}`
  // One at a time for each message: what one attempt is counted in, another that fails must not take out.
  return withLock(store, `sign/${digestOf(id)}`, async () => {
    const context = { chain, policy, accept, known: await readKnown(store, chain.id) }
    assertAllowed(messageRefusals(list, context))
    const undo = [await spend({ list }, { chain, policy, store, id })]
    try {
      const steps = stepsOf(list, context)
      const about = { chain: chain.id, account, message }
      undo.push(await passDelays(steps, { ...about, what, amounts: [], list }, store))
      const question = { ...about, effects: { list, warnings }, id: digestOf(id) }
      await askAll(steps, question, { signal, store })
      return await sign()
    } catch (error) {
      for (const step of undo) await step().catch(() => {})
      throw error
    }
  })
}

const LONGEST_QUOTE = 1_000

/** A text from outside as a part of a sentence: nothing in it is hidden, turns what stands beside it, or runs over the screen. */
function quoted(text: string): string {
  const seen = text
    .slice(0, LONGEST_QUOTE)
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (sign) => `\\u{${sign.codePointAt(0)!.toString(16)}}`)
  const left = text.length - LONGEST_QUOTE
  return `"${seen}"${left > 0 ? ` and ${left} more characters` : ''}`
}

function accountOf(
  account: AccountText,
  chains: readonly ChainRules[],
): { chain: ChainRules; descriptor: AccountDescriptor } {
  if (typeof account !== 'string')
    return { chain: findChain(chains, account.chain), descriptor: account.descriptor }
  return findAccount(chains, account)
}

function unable(signer: Signer, what: string): CofferError {
  return new CofferError({
    code: 'UNSUPPORTED',
    message: `The signer "${signer.name}" cannot sign ${what} for this chain.`,
  })
}
