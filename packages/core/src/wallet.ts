import type { Chain } from './chain.ts'
import { type Cosigning, cosigning } from './cosigning.ts'
import type { AccountDescriptor } from './draft.ts'
import { CofferError, isCofferError } from './error.ts'
import { createSigned } from './forms.ts'
import type { ChainId } from './ids.ts'
import { type SigningMessages, signingMessages } from './messages.ts'
import {
  type AccountOptions,
  checkUnique,
  findAccount,
  findChain,
  type Reading,
  reading,
  type Signing,
  type SigningConfig,
  signing,
} from './offline.ts'
import { followPayment, type Payment } from './payment.ts'
import type { Signed } from './signed.ts'
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

/** What a wallet does with payments, whoever signed them. */
export interface Publishing {
  /** Broadcasts. Idempotent: publishing the same again is the way to retry, and never pays twice. */
  publish(signed: Signed, options?: ReadOptions): Promise<Payment>
  /** Follows a payment without publishing it. */
  payment(signed: Signed): Payment
  /** The published payments that the store remembers and that were not followed to their end. */
  payments(): Promise<readonly Payment[]>
}

/** A wallet without a signer: it watches, inspects, publishes what others signed, and has no way to send. */
export interface WatchWallet<C extends readonly AnyChain[] = readonly AnyChain[]>
  extends Reading,
    Publishing {
  readonly chains: C
  /** The chain of an id or short name; throws `UNKNOWN_CHAIN`. */
  chain<N extends NameOf<C[number]>>(name: N): Extract<C[number], { id: N } | { name: N }>
  /**
   * Opens an account from its public text: a CAIP-10 id such as `eip155:1:0x…`, a descriptor, or what the chain reads as an
   * account. Say which `chain` where several of the wallet could have it.
   */
  watch(
    account: string,
    options?: { readonly chain?: NameOf<C[number]> | undefined },
  ): Promise<AnyAccountOf<C[number]>>
  /** Closes sources and wipes the signer, if any. */
  dispose(): void
}

export interface Wallet<C extends readonly AnyChain[] = readonly AnyChain[]>
  extends WatchWallet<C>,
    Signing,
    Cosigning,
    SigningMessages {
  /** Account `index` (0 when not given) of the signer on a chain, by its id or short name. */
  account<const N extends NameOf<C[number]>>(
    chain: N,
    options?: AccountOptions,
  ): Promise<AccountOf<C[number], N>>
}

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
export function createWallet<const C extends readonly AnyChain[]>(
  config: WalletConfig<C> & SigningConfig,
): Wallet<C>
export function createWallet<const C extends readonly AnyChain[]>(config: WalletConfig<C>): WatchWallet<C>
export function createWallet<const C extends readonly AnyChain[]>(
  config: WalletConfig<C> & Partial<SigningConfig>,
): Wallet<C> | WatchWallet<C> {
  const { chains, source: sources, signer, policy, store = memoryStore() } = config
  checkUnique(chains)

  const find = (name: string): AnyChain => findChain(chains, name)
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
    return followPayment(chain, sourceOf(chain), signed, () => store.delete(paymentKey(signed)))
  }

  const watching: WatchWallet<C> = {
    chains,
    chain: (name) => find(name) as never,
    watch: async (text, { chain: name } = {}) => {
      const { chain, descriptor } = findAccount(chains, text, name)
      return open(chain, descriptor)
    },
    ...reading(chains),
    publish: async (given, options = {}) => {
      const chain = find(given.chain)
      const signed = createSigned(chain, given)
      const source = sourceOf(chain)
      // Remembered before it is sent: a crash in between leaves something to follow, never an unknown payment.
      const known = await store.get(paymentKey(signed))
      if (known === undefined) await store.set(paymentKey(signed), JSON.stringify(signed))
      try {
        await chain.publish(signed, { source, store, signal: options.signal })
      } catch (error) {
        // What an earlier call published may live, whatever this one was told.
        if (known === undefined && isDefinite(error)) await store.delete(paymentKey(signed))
        throw error
      }
      return follow(signed)
    },
    payment: (given) => follow(createSigned(find(given.chain), given)),
    payments: async () => {
      const texts = await Promise.all((await store.keys('payment/')).map((key) => store.get(key)))
      // A record that cannot be read, or is of a chain that this wallet lacks, stays where it is and hides no other.
      return texts.flatMap((text) => {
        try {
          return text === undefined ? [] : [follow(watching.signed(text))]
        } catch {
          return []
        }
      })
    },
    dispose: () => {
      sources?.close?.()
      signer?.dispose()
    },
  }
  if (!signer) return watching

  const signs = {
    ...signing({ chains, signer, policy, store }),
    ...cosigning({ chains, signer, policy, store }),
    ...signingMessages({ chains, signer, policy, store }),
  }
  const wallet: Wallet<C> = {
    ...watching,
    ...signs,
    account: async (name, options) => open(find(name), await signs.describe(name, options)) as never,
  }
  return wallet
}

const paymentKey = (signed: Signed): string => `payment/${signed.chain}/${signed.txid}`

/** Refusals after which the network cannot have the transaction. */
function isDefinite(error: unknown): boolean {
  if (isCofferError(error) && error.details['sent'] === false) return true
  // The chain says that it rests on one node's word alone.
  if (isCofferError(error) && error.details['definite'] === false) return false
  return isCofferError(error, 'BROADCAST_REJECTED', 'FEE_TOO_LOW', 'INSUFFICIENT_FUNDS', 'CHAIN_MISMATCH')
}
