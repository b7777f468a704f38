import type { ChainRules } from './chain.ts'
import { readContacts } from './contacts.ts'
import type { AccountDescriptor } from './draft.ts'
import { CofferError } from './error.ts'
import type { ChainId } from './ids.ts'
import { jsonable } from './jsonable.ts'
import { findAccount, findChain, type OfflineConfig, type WalletSignOptions } from './offline.ts'
import { copyPlain } from './plain.ts'
import { checkMessage, spend } from './policy.ts'
import type { Signer, SignOptions } from './signer.ts'
import { memoryStore } from './store.ts'

/** What a wallet signs beside transactions. */
export interface SigningMessages {
  /** Signs a message in the chain's usual way (EIP-191 …). */
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

export function signingMessages({
  chains,
  signer,
  policy = {},
  store = memoryStore(),
}: OfflineConfig): SigningMessages {
  return {
    signMessage: async (account, message, { address, signal } = {}) => {
      const { chain, descriptor } = accountOf(account, chains)
      if (!signer.signMessage) throw unable(signer, 'messages')
      return signer.signMessage({ chain, account: descriptor, message, address }, { signal })
    },
    signTypedData: async (account, typedData, { accept = [], signal } = {}) => {
      const { chain, descriptor } = accountOf(account, chains)
      if (!signer.signTypedData || !chain.inspectTypedData) throw unable(signer, 'typed data')
      // One copy for the policy and for the signer: the caller's object may change, or answer differently each time.
      const copy = copyPlain(typedData)
      const { list } = chain.inspectTypedData({ account: descriptor, typedData: copy })
      checkMessage(list, { chain, policy, accept, contacts: await readContacts(store, chain.id) })
      const id = `${chain.id}|${descriptor}|${JSON.stringify(jsonable(copy))}`
      const undo = await spend({ list }, { chain, policy, store, id })
      try {
        return await signer.signTypedData({ chain, account: descriptor, typedData: copy }, { signal })
      } catch (error) {
        await undo()
        throw error
      }
    },
  }
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
