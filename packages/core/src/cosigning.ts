import type { ChainRules } from './chain.ts'
import type { Draft } from './draft.ts'
import { CofferError } from './error.ts'
import { createDraft, createSigned } from './forms.ts'
import { findChain, type OfflineConfig, storeOf, type WalletSignOptions, withApproval } from './offline.ts'
import { checkPolicy } from './policy.ts'
import type { Signed } from './signed.ts'

/** What a wallet does with accounts of several keys. */
export interface Cosigning {
  /**
   * Adds this signer's signatures to a draft, under the same checks as `sign`, and returns the draft with them, to be passed on.
   * The last signer may use `sign` instead, which puts all together. Throws what `sign` throws, and `UNSUPPORTED`.
   */
  cosign(draft: Draft, options?: WalletSignOptions): Promise<Draft>
  /**
   * Puts the signatures of one draft, or of several copies of it that were signed side by side, together. Throws
   * `SIGNATURES_MISSING` while there are too few, `INVALID_REQUEST` for drafts of different bytes.
   */
  finish(drafts: Draft | readonly Draft[]): Signed
}

/**
 * The part of a wallet for accounts of several keys, by itself; `createWallet` has it in.
 *
 * @example
 * const wallet = { ...createOfflineWallet(config), ...cosigning(config) }
 */
export function cosigning(config: OfflineConfig): Cosigning {
  const { chains, signer, policy = {} } = config
  const store = storeOf(config)
  checkPolicy(policy)
  return {
    cosign: (draft, options = {}) =>
      withApproval({ chains, signer, policy, store }, draft, options, async (chain, approved) => {
        if (!chain.cosign || !signer.cosign) throw unable(chain)
        const signatures = await signer.cosign({ chain, draft: approved }, { signal: options.signal })
        return createDraft(chain, { ...approved, signatures })
      }),
    finish: (given) => {
      const drafts = Array.isArray(given) ? (given as readonly Draft[]) : [given as Draft]
      const [first] = drafts
      if (!first || drafts.some((draft) => !isSame(draft, first)))
        throw new CofferError({
          code: 'INVALID_REQUEST',
          message: 'Only signatures of one and the same draft can be put together.',
        })
      const chain = findChain(chains, first.chain)
      if (!chain.finish) throw unable(chain)
      const signatures = [...new Set(drafts.flatMap((draft) => draft.signatures ?? []))]
      return createSigned(chain, chain.finish({ ...first, signatures }))
    },
  }
}

function isSame(a: Draft, b: Draft): boolean {
  return a.chain === b.chain && a.account === b.account && a.payload === b.payload
}

function unable(chain: ChainRules): CofferError {
  return new CofferError({
    code: 'UNSUPPORTED',
    message: `${chain.name}, or this signer, knows no accounts of several keys.`,
  })
}
