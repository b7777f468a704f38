import { type ApprovedDraft, authorise } from './approve.ts'
import type { ChainRules } from './chain.ts'
import { addContacts, readKnown } from './contacts.ts'
import type { AccountDescriptor, Draft } from './draft.ts'
import { CofferError } from './error.ts'
import { chainOfJson, createSigned, readDraft, readSigned } from './forms.ts'
import { copyPlain } from './plain.ts'
import { type Acceptance, checkPolicy, type Policy } from './policy.ts'
import { contactsOf } from './policy-rules.ts'
import { digestOf } from './policy-windows.ts'
import type { Signed } from './signed.ts'
import type { Signer, SignOptions } from './signer.ts'
import { memoryStore, type Store, withLock } from './store.ts'

/** What a wallet does without keys and without a network: it reads. */
export interface Reading {
  /** Reads a draft from JSON; believes nothing in it. */
  draft(json: unknown): Draft
  /** Reads a signed transaction from JSON and checks it. */
  signed(json: unknown): Signed
}

/** What a wallet does with its signer. */
export interface Signing {
  /** The public text of account `index` (0 when not given) on a chain, by the chain's id or short name. */
  describe(chain: string, options?: AccountOptions): Promise<AccountDescriptor>
  /**
   * Signs a draft after checking, from its bytes, that it does what its intent says and that the policy allows it.
   * Throws `DRAFT_MISMATCH`, `POLICY_REFUSED`, `POLICY_DELAYED`, `SIGNER_REFUSED` and what the signer throws. Never touches the network.
   */
  sign(draft: Draft, options?: WalletSignOptions): Promise<Signed>
}

export interface AccountOptions extends SignOptions {
  readonly index?: number | undefined
  /** A key path of your own instead of the chain's path for `index`. */
  readonly path?: string | undefined
  /** The type of account where the chain has several, such as `p2tr` on Bitcoin; the chain's usual one when not given. */
  readonly type?: string | undefined
}

export interface WalletSignOptions extends SignOptions {
  /** Dangers that you say yes to for this one signature. */
  readonly accept?: readonly Acceptance[] | undefined
}

export interface SigningConfig {
  readonly signer: Signer
  readonly policy?: Policy | undefined
}

export interface OfflineConfig extends SigningConfig {
  readonly chains: readonly ChainRules[]
  /** Where spending windows and contacts rest. In memory when not given. */
  readonly store?: Store | undefined
}

/** A wallet for a machine without a network: it reads drafts, shows what they do, and signs. */
export interface OfflineWallet extends Reading, Signing {
  readonly chains: readonly ChainRules[]
  /** Wipes the signer. */
  dispose(): void
}

/**
 * The signing half of a wallet by itself: the far side of an air gap, or the smallest bundle that signs. It knows no
 * source; drafts come in as JSON and signed transactions go out as JSON.
 *
 * @example
 * const wallet = createOfflineWallet({ chains: [evmRules(ethereumNetwork)], signer: softwareSigner({ mnemonic }) })
 * const draft = wallet.draft(textOfQrCode)
 * describeEffects(draft.effects, assets)
 * JSON.stringify(await wallet.sign(draft))
 */
export function createOfflineWallet(config: OfflineConfig): OfflineWallet {
  const { chains, signer, policy } = config
  const store = storeOf(config)
  checkUnique(chains)
  return {
    chains,
    ...reading(chains),
    ...signing({ chains, signer, policy, store }),
    dispose: () => signer.dispose(),
  }
}

export function reading(chains: readonly ChainRules[]): Reading {
  return {
    draft: (json) => readDraft(findChain(chains, chainOfJson(json)), json),
    signed: (json) => readSigned(findChain(chains, chainOfJson(json)), json),
  }
}

export function signing(config: OfflineConfig): Signing {
  const { chains, signer, policy = {} } = config
  const store = storeOf(config)
  checkPolicy(policy)
  const find = (name: string): ChainRules => findChain(chains, name)
  return {
    describe: async (name, options = {}) => {
      const chain = find(name)
      const key = await signer.publicKey(pathOf(chain, signer, options), { signal: options.signal })
      return chain.describe(key, options.type)
    },
    sign: (draft, options = {}) =>
      withApproval({ chains, signer, policy, store }, draft, options, async (chain, approved) => {
        const request = { chain, draft: approved }
        return createSigned(chain, await signer.sign(request, { signal: options.signal }))
      }),
  }
}

/**
 * Has a draft checked and approved, and hands it to `use`. When that fails, what it was counted in and what it held are
 * given back.
 */
export async function withApproval<T>(
  { chains, policy = {}, store }: OfflineConfig & { readonly store: Store },
  given: Draft,
  { accept = [], signal }: WalletSignOptions,
  use: (chain: ChainRules, approved: ApprovedDraft) => Promise<T>,
): Promise<T> {
  // Each field is read once, whatever the caller's object does.
  const draft = copyPlain(given)
  const chain = findChain(chains, draft.chain)
  // One at a time for each payload: what one attempt is counted in, another that fails must not take out.
  return withLock(store, `sign/${digestOf(String(draft.payload))}`, async () => {
    const undo: (() => Promise<void>)[] = []
    try {
      const approved = await authorise({ chain, draft, policy, accept, store, signal })
      undo.push(approved.undo)
      if (chain.claim) undo.push(await chain.claim(approved.draft, store))
      const result = await use(chain, approved.draft)
      await remember(chain, approved.draft, { policy, store })
      return result
    } catch (error) {
      for (const step of undo.reverse()) await step().catch(() => {})
      await chain.release?.(draft, store).catch(() => {})
      throw error
    }
  })
}

/** Who was paid is known from now on. It is signed already, so that a store that fails here undoes nothing. */
async function remember(
  chain: ChainRules,
  { effects }: Draft,
  { policy, store }: { readonly policy: Policy; readonly store: Store },
): Promise<void> {
  try {
    const known = await readKnown(store, chain.id)
    await addContacts(store, chain.id, contactsOf(effects, { chain, policy, known }))
  } catch {
    // Then it is a stranger the next time, too.
  }
}

const stores = new WeakMap<object, Store>()

/** Where a wallet keeps what must survive: one store for each configuration, also when it is used in several places. */
export function storeOf(config: OfflineConfig): Store {
  if (config.store) return config.store
  const store = stores.get(config) ?? memoryStore()
  stores.set(config, store)
  return store
}

/** The chain of an id or short name; throws `UNKNOWN_CHAIN` and says which there are. */
export function findChain<C extends ChainRules>(chains: readonly C[], name: string): C {
  const chain = chains.find((chain) => chain.id === name || chain.name === name)
  if (chain) return chain
  const known = chains.map((chain) => `${chain.name} (${chain.id})`).join(', ')
  throw new CofferError({
    code: 'UNKNOWN_CHAIN',
    message: `This wallet has no chain ${JSON.stringify(String(name).slice(0, 60))}. It has: ${known}.`,
  })
}

/**
 * The chain and the canonical form of an account's text: by the chain that is named, by its CAIP-10 id, or else by the one
 * chain that can read it. Throws `INVALID_ACCOUNT` when none can or several can, and `UNKNOWN_CHAIN`.
 */
export function findAccount<C extends ChainRules>(
  chains: readonly C[],
  text: string,
  name: string | undefined = /^(?:\[[^\]]*\])?([-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}):/.exec(text)?.[1],
): { readonly chain: C; readonly descriptor: AccountDescriptor } {
  const read = (chain: C) => ({ chain, descriptor: chain.parseAccount(text) })
  if (name !== undefined || chains.length === 1)
    return read(name === undefined ? chains[0]! : findChain(chains, name))
  const found = chains.flatMap((chain) => {
    try {
      return [read(chain)]
    } catch {
      return []
    }
  })
  if (found.length === 1) return found[0]!
  throw new CofferError({
    code: 'INVALID_ACCOUNT',
    message: found.length
      ? `This account could be of ${found.map(({ chain }) => chain.name).join(' or ')}. Say which.`
      : 'No chain of this wallet can read this account. Give it with its chain, such as "eip155:1:0x…".',
  })
}

function pathOf(chain: ChainRules, signer: Signer, { index = 0, path, type }: AccountOptions): string {
  if (!Number.isInteger(index) || index < 0 || index >= 0x80000000)
    throw new CofferError({
      code: 'INVALID_PATH',
      message: 'An account index is a whole number from 0 to 2147483647.',
    })
  if (signer.keys === 'hd') return path ?? signer.path?.(chain, index, type) ?? chain.path(index, type)
  if (index !== 0 || (path !== undefined && path !== 'm'))
    throw new CofferError({
      code: 'INVALID_PATH',
      message: 'This signer holds one key, so it has only account 0.',
    })
  return 'm'
}

export function checkUnique(chains: readonly ChainRules[]): void {
  const twice = chains.find(
    (chain, i) => chains.findIndex((c) => c.id === chain.id || c.name === chain.name) !== i,
  )
  if (twice)
    throw new CofferError({
      code: 'INVALID_CHAIN',
      message: `The wallet names the chain ${twice.name} (${twice.id}) twice.`,
    })
}
