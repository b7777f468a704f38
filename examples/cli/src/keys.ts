import { CofferError, createWallet, type EvmSource, type Sources, type Wallet } from '@coffer/core'
import type { EvmChain } from '@coffer/evm'
import { softwareSigner } from '@coffer/signer-software'
import type { KnownAccount } from './accounts-file.ts'
import type { Context } from './context.ts'
import { isInteractive } from './io.ts'
import { askPassphrase } from './passphrase.ts'
import { readPolicy } from './policy-file.ts'
import { decryptWords, readWordsFile } from './words-file.ts'

/**
 * Opens the words, lends a wallet that can sign to `task`, and wipes its keys. That wallet has no source: what holds keys
 * has no way to the network.
 */
export async function withKeys<T>(
  context: Context,
  task: (wallet: Wallet<readonly EvmChain[]>) => Promise<T>,
): Promise<T> {
  const { io, home, chains, store, options, output } = context
  const file = await readWordsFile(home)
  const policy = await readPolicy(home, chains)
  const passphrase = await askPassphrase(io, options.passphraseFile)
  if (isInteractive(io)) output.say('Opening the words; slow on purpose …')
  const { mnemonic } = await decryptWords(file, passphrase)
  const wallet = createWallet({
    chains,
    store,
    policy,
    source: offline,
    signer: softwareSigner({ mnemonic }),
  })
  try {
    return await task(wallet)
  } finally {
    wallet.dispose()
  }
}

/** Account `index` on every chain, as words make it. */
export async function deriveAccounts(
  mnemonic: string,
  chains: readonly EvmChain[],
  index: number,
): Promise<KnownAccount[]> {
  const wallet = createWallet({ chains, source: offline, signer: softwareSigner({ mnemonic }) })
  try {
    return await accountsOf(wallet, index)
  } finally {
    wallet.dispose()
  }
}

/** Account `index` on every chain of a wallet. */
export async function accountsOf(
  wallet: Wallet<readonly EvmChain[]>,
  index: number,
): Promise<KnownAccount[]> {
  const accounts: KnownAccount[] = []
  for (const { id } of wallet.chains) {
    const { descriptor } = await wallet.account(id, { index })
    accounts.push({ chain: id, index, descriptor })
  }
  return accounts
}

const offline: Sources = {
  for: (chain): EvmSource => ({
    family: 'evm',
    chain,
    request: async () => {
      throw new CofferError({
        code: 'NO_SOURCE',
        message: 'Keys are never held by what talks to the network.',
      })
    },
  }),
}
