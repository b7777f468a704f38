import { type ChainId, CofferError, createWallet, type Sources, type Wallet } from '@coffer/core'
import { softwareSigner } from '@coffer/signer-software'
import type { KnownAccount } from './accounts-file.ts'
import type { Context } from './context.ts'
import type { AppChain } from './families/family.ts'
import { familyOf } from './families/index.ts'
import { isInteractive } from './io.ts'
import { askPassphrase } from './passphrase.ts'
import { readPolicy } from './policy-file.ts'
import { askForCode } from './second-factor.ts'
import { findChain } from './sources.ts'
import { decryptWords, readWordsFile } from './words-file.ts'

/**
 * Opens the words, lends a wallet that can sign to `task`, and wipes its keys. That wallet has no source: what holds keys
 * has no way to the network.
 */
export async function withKeys<T>(
  context: Context,
  task: (wallet: Wallet<readonly AppChain[]>) => Promise<T>,
): Promise<T> {
  const { cli, io, home, chains, store, options, output } = context
  const file = await readWordsFile(home)
  const policy = await readPolicy(home, chains, askForCode(io, home))
  const passphrase = await askPassphrase(io, options.passphraseFile)
  if (isInteractive(io)) output.say('Opening the words; slow on purpose …')
  const { mnemonic } = await decryptWords(file, passphrase, cli.workFactor)
  const wallet = createWallet({
    chains,
    store,
    policy,
    source: offline(chains),
    signer: softwareSigner({ mnemonic }),
  })
  try {
    return await task(wallet)
  } finally {
    wallet.dispose()
  }
}

/** The first account on every chain, as words make it. */
export async function deriveAccounts(
  mnemonic: string,
  chains: readonly AppChain[],
): Promise<readonly KnownAccount[]> {
  const wallet = createWallet({ chains, source: offline(chains), signer: softwareSigner({ mnemonic }) })
  try {
    return await accountsOf(
      wallet,
      chains.map(({ id }) => ({ chain: id, index: 0 })),
    )
  } finally {
    wallet.dispose()
  }
}

/** Accounts of a wallet, by chain, index and, where it is not the usual one, type. */
export function accountsOf(
  wallet: Wallet<readonly AppChain[]>,
  wanted: readonly { readonly chain: ChainId; readonly index: number; readonly type?: string | undefined }[],
): Promise<readonly KnownAccount[]> {
  return Promise.all(
    wanted.map(async ({ chain, index, type }) => {
      const descriptor = await wallet.describe(chain, { index, type })
      return { chain, index, ...(type === undefined ? {} : { type }), descriptor }
    }),
  )
}

/** What holds keys has no way to the network. */
function offline(chains: readonly AppChain[]): Sources {
  return {
    for: (id) =>
      familyOf(findChain(chains, id)).silent(
        id,
        () =>
          new CofferError({
            code: 'NO_SOURCE',
            message: 'Keys are never held by what talks to the network.',
          }),
      ),
  }
}
