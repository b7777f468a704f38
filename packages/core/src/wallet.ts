import { authorise } from './approve.ts'
import type { Chain } from './chain.ts'
import { addContacts } from './contacts.ts'
import type { AccountDescriptor, Draft } from './draft.ts'
import { CofferError, isCofferError } from './error.ts'
import { chainOfJson, createSigned, readDraft, readSigned } from './forms.ts'
import type { ChainId } from './ids.ts'
import { followPayment, type Payment } from './payment.ts'
import { type Acceptance, checkGrants, checkRecipients, type Policy } from './policy.ts'
import type { Signed } from './signed.ts'
import type { Signer, SignOptions } from './signer.ts'
import type { ReadOptions, Source, Sources } from './source.ts'
import { memoryStore, type Store } from './store.ts'

// biome-ignore lint/suspicious/noExplicitAny: a wallet holds chains of every account type; each call gets its own back
type AnyChain = Chain<ChainId, string, any>
type NameOf<C extends AnyChain> = C['id'] | C['name']
type AccountOf<C extends AnyChain, N extends string> = C extends AnyChain
  ? N extends C['id'] | C['name']
    ? ReturnType<C['open']>
    : never
  : never
type AnyAccountOf<C extends AnyChain> = ReturnType<C['open']>

export interface WalletConfig<C extends readonly AnyChain[]> {
  readonly chains: C
  /** Where chain data comes from. Without one the wallet still inspects and signs. */
  readonly source?: Sources | undefined
  /** Where nonces, spending windows and unfinished payments rest. In memory when not given: then a restart forgets them. */
  readonly store?: Store | undefined
}

export interface SigningConfig {
  readonly signer: Signer
  readonly policy?: Policy | undefined
}

/** What a wallet does with payments, whoever signed them. */
export interface Publishing {
  /** Reads a draft from JSON; believes nothing in it. */
  draft(json: unknown): Draft
  /** Reads a signed transaction from JSON and checks it. */
  signed(json: unknown): Signed
  /** Broadcasts. Idempotent: publishing the same again is the way to retry, and never pays twice. */
  publish(signed: Signed, options?: ReadOptions): Promise<Payment>
  /** Follows a payment without publishing it. */
  payment(signed: Signed): Payment
  /** The published payments that the store remembers and that were not followed to their end. */
  payments(): Promise<readonly Payment[]>
}

/** What a wallet does with its signer. */
export interface Signing {
  /**
   * Signs a draft after checking, from its bytes, that it does what its intent says and that the policy allows it.
   * Throws `DRAFT_MISMATCH`, `POLICY_REFUSED`, `SIGNER_REFUSED` and what the signer throws. Never touches the network.
   */
  sign(draft: Draft, options?: WalletSignOptions): Promise<Signed>
  /** Signs a message in the chain's usual way (EIP-191 …). */
  signMessage(account: AccountText, message: string | Uint8Array, options?: SignOptions): Promise<string>
  /** Signs typed data (EIP-712 …). Permits are held against the policy like approvals. */
  signTypedData(account: AccountText, typedData: unknown, options?: WalletSignOptions): Promise<string>
}

/** A wallet without a signer: it watches, inspects, publishes what others signed, and has no way to send. */
export interface WatchWallet<C extends readonly AnyChain[] = readonly AnyChain[]> extends Publishing {
  readonly chains: C
  /** The chain of an id or short name; throws `UNKNOWN_CHAIN`. */
  chain<N extends NameOf<C[number]>>(name: N): Extract<C[number], { id: N } | { name: N }>
  /** Opens an account from its public text: a descriptor, or a CAIP-10 id such as `eip155:1:0x…`. */
  watch(account: string): Promise<AnyAccountOf<C[number]>>
  /** Closes sources and wipes the signer, if any. */
  dispose(): void
}

export interface Wallet<C extends readonly AnyChain[] = readonly AnyChain[]> extends WatchWallet<C>, Signing {
  /** Account `index` (0 when not given) of the signer on a chain, by its id or short name. */
  account<const N extends NameOf<C[number]>>(chain: N, options?: AccountOptions): Promise<AccountOf<C[number], N>>
}

export interface AccountOptions extends SignOptions {
  readonly index?: number | undefined
  /** A key path of your own instead of the chain's path for `index`. */
  readonly path?: string | undefined
}

export interface WalletSignOptions extends SignOptions {
  /** Dangers that you say yes to for this one signature. */
  readonly accept?: readonly Acceptance[] | undefined
}

/** An account, or its descriptor. */
export type AccountText = AccountDescriptor | { readonly descriptor: AccountDescriptor; readonly chain: ChainId }

/**
 * Puts chains, sources and a signer together. Does nothing by itself: no network, no key, no file until it is used.
 *
 * @example
 * const wallet = createWallet({
 *   chains: [ethereum()],
 *   source: cluster({ 'eip155:1': [jsonRpc(url)] }),
 *   signer: softwareSigner({ mnemonic }),
 * })
 * const account = await wallet.account('ethereum')
 */
export function createWallet<const C extends readonly AnyChain[]>(config: WalletConfig<C> & SigningConfig): Wallet<C>
export function createWallet<const C extends readonly AnyChain[]>(config: WalletConfig<C>): WatchWallet<C>
export function createWallet<const C extends readonly AnyChain[]>(
  config: WalletConfig<C> & Partial<SigningConfig>,
): Wallet<C> | WatchWallet<C> {
  const { chains, source: sources, signer, policy = {}, store = memoryStore() } = config
  checkUnique(chains)

  const find = (name: string): AnyChain => {
    const chain = chains.find((chain) => chain.id === name || chain.name === name)
    if (chain) return chain
    const known = chains.map((chain) => `${chain.name} (${chain.id})`).join(', ')
    throw new CofferError({
      code: 'UNKNOWN_CHAIN',
      message: `This wallet has no chain ${JSON.stringify(String(name).slice(0, 60))}. It has: ${known}.`,
    })
  }
  const sourceOf = (chain: AnyChain): Source => {
    if (sources) return sources.for(chain.id)
    throw new CofferError({
      code: 'NO_SOURCE',
      message: 'This wallet has no source of chain data. Pass one: createWallet({ source: cluster({ … }) }).',
    })
  }
  const open = (chain: AnyChain, descriptor: AccountDescriptor): AnyAccountOf<C[number]> =>
    chain.open({ descriptor, source: sourceOf(chain), store })
  const follow = (signed: Signed): Payment => {
    const chain = find(signed.chain)
    return forgetWhenDone(followPayment(chain, sourceOf(chain), signed), store)
  }

  const watching: WatchWallet<C> = {
    chains,
    chain: (name) => find(name) as never,
    watch: async (text) => {
      const chain = find(chainOfAccount(text))
      return open(chain, chain.parseAccount(text))
    },
    draft: (json) => readDraft(find(chainOfJson(json)), json),
    signed: (json) => readSigned(find(chainOfJson(json)), json),
    publish: async (given, options = {}) => {
      const chain = find(given.chain)
      const signed = createSigned(chain, given)
      const source = sourceOf(chain)
      // Remembered before it is sent: a crash in between leaves something to follow, never an unknown payment.
      await store.set(paymentKey(signed), JSON.stringify(signed))
      try {
        await chain.publish(signed, { source, store, signal: options.signal })
      } catch (error) {
        if (!isCofferError(error, 'BROADCAST_UNKNOWN', 'NETWORK', 'TIMEOUT', 'ABORTED', 'BAD_RESPONSE'))
          await store.delete(paymentKey(signed))
        throw error
      }
      return follow(signed)
    },
    payment: (given) => follow(createSigned(find(given.chain), given)),
    payments: async () => {
      const texts = await Promise.all((await store.keys('payment/')).map((key) => store.get(key)))
      return texts
        .filter((text) => text !== undefined)
        .filter((text) => chains.some((chain) => chain.id === chainOfJson(text)))
        .map((text) => follow(watching.signed(text)))
    },
    dispose: () => {
      sources?.close?.()
      signer?.dispose()
    },
  }
  if (!signer) return watching

  const wallet: Wallet<C> = {
    ...watching,
    account: async (name, { index = 0, path, signal } = {}) => {
      const chain = find(name)
      const key = await signer.publicKey(pathOf(chain, signer, index, path), { signal })
      return open(chain, chain.describe(key)) as never
    },
    sign: async (draft, { accept = [], signal } = {}) => {
      const chain = find(draft.chain)
      const undo: (() => Promise<void>)[] = [async () => chain.release?.(draft, store)]
      try {
        const approved = await authorise({ chain, draft, policy, accept, store })
        undo.push(approved.undo)
        await chain.claim?.(approved.draft, store)
        const signed = createSigned(chain, await signer.sign({ chain, draft: approved.draft }, { signal }))
        await addContacts(store, chain.id, approved.draft.effects.list)
        return signed
      } catch (error) {
        await Promise.allSettled(undo.map((step) => step()))
        throw error
      }
    },
    signMessage: async (account, message, { signal } = {}) => {
      const { chain, descriptor } = accountOf(account, find)
      if (!signer.signMessage) throw unable(signer, 'messages')
      return signer.signMessage({ chain, account: descriptor, message }, { signal })
    },
    signTypedData: async (account, typedData, { accept = [], signal } = {}) => {
      const { chain, descriptor } = accountOf(account, find)
      if (!signer.signTypedData || !chain.inspectTypedData) throw unable(signer, 'typed data')
      const effects = chain.inspectTypedData({ account: descriptor, typedData })
      checkGrants(effects.list, { policy, accept })
      checkRecipients(effects.list, { chain, policy })
      return signer.signTypedData({ chain, account: descriptor, typedData }, { signal })
    },
  }
  return wallet
}

/** The chain of an account's text: of a CAIP-10 id with or without key origin, or of a BIP-380 descriptor's wallet. */
function chainOfAccount(text: string): string {
  const caip10 = /^(?:\[[^\]]*\])?([-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}):/.exec(text)
  if (caip10) return caip10[1]!
  throw new CofferError({
    code: 'INVALID_ACCOUNT',
    message: 'Give the account with its chain, such as "eip155:1:0x…".',
  })
}

function accountOf(account: AccountText, find: (name: string) => AnyChain): { chain: AnyChain; descriptor: AccountDescriptor } {
  if (typeof account !== 'string') return { chain: find(account.chain), descriptor: account.descriptor }
  const chain = find(chainOfAccount(account))
  return { chain, descriptor: chain.parseAccount(account) }
}

function pathOf(chain: AnyChain, signer: Signer, index: number, path: string | undefined): string {
  if (!Number.isInteger(index) || index < 0 || index >= 0x80000000)
    throw new CofferError({ code: 'INVALID_PATH', message: 'An account index is a whole number from 0 to 2147483647.' })
  if (signer.keys === 'hd') return path ?? chain.path(index)
  if (index !== 0 || (path !== undefined && path !== 'm'))
    throw new CofferError({ code: 'INVALID_PATH', message: 'This signer holds one key, so it has only account 0.' })
  return 'm'
}

function checkUnique(chains: readonly AnyChain[]): void {
  const twice = chains.find((chain, i) => chains.findIndex((c) => c.id === chain.id || c.name === chain.name) !== i)
  if (twice)
    throw new CofferError({ code: 'INVALID_CHAIN', message: `The wallet names the chain ${twice.name} (${twice.id}) twice.` })
}

const paymentKey = (signed: Signed): string => `payment/${signed.chain}/${signed.txid}`

/** The same payment, which leaves the store's list of unfinished ones once it was watched to its end. */
function forgetWhenDone(payment: Payment, store: Store): Payment {
  const watch: Payment['watch'] = async function* (options) {
    for await (const status of payment.watch(options)) {
      if (status.state === 'final' || status.state === 'replaced') await store.delete(paymentKey(payment.signed))
      yield status
    }
  }
  return { ...payment, watch }
}

function unable(signer: Signer, what: string): CofferError {
  return new CofferError({ code: 'UNSUPPORTED', message: `The signer "${signer.name}" cannot sign ${what} for this chain.` })
}
