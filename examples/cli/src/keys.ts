import {
  type ChainId,
  CofferError,
  createWallet,
  isCofferError,
  type Signer,
  type Sources,
  type Wallet,
} from '@coffer/core'
import { type SecretInfo, secureStorageSigner, type Vault } from '@coffer/signer-secure-storage'
import { type KnownAccount, readAccountsIfThere } from './accounts-file.ts'
import type { Context } from './context.ts'
import type { AppChain } from './families/family.ts'
import { familyOf } from './families/index.ts'
import { isInteractive } from './io.ts'
import { withLedger } from './ledger.ts'
import { askPassphrase } from './passphrase.ts'
import { readPolicy } from './policy-file.ts'
import { askForCode } from './second-factor.ts'
import { findChain } from './sources.ts'
import { openWalletVault } from './vault-file.ts'

/** Which of the vault's secrets is meant: the one that has the keys of an account, or the one of a label; else the first. */
export interface Wanted {
  readonly account?: string | undefined
  readonly secret?: string | undefined
}

/** Opens the vault with the passphrase, lends it to `task`, and locks it. */
export async function withVault<T>(context: Context, task: (vault: Vault) => Promise<T>): Promise<T> {
  const { io, home, chains, options, output } = context
  // One that cannot be read is told before anybody types a passphrase.
  await readPolicy(home, chains, askForCode(io, home))
  const vault = await openWalletVault(context)
  const password = await askPassphrase(io, options.passphraseFile)
  if (isInteractive(io)) output.say('Opening the vault; slow on purpose …')
  await vault.unlock({ password }, { signal: io.signal })
  try {
    return await task(vault)
  } finally {
    vault.lock()
  }
}

/**
 * Opens the vault or the Ledger, lends a wallet that can sign to `task`, and wipes its keys. That wallet has no source: what
 * holds keys has no way to the network.
 */
export async function withKeys<T>(
  context: Context,
  wanted: Wanted,
  task: (wallet: Wallet<readonly AppChain[]>) => Promise<T>,
): Promise<T> {
  const { io, home, chains, store, options } = context
  const policy = await readPolicy(home, chains, askForCode(io, home))
  const lend = async (signer: Signer): Promise<T> => {
    const wallet = createWallet({ chains, store, policy, source: offline(chains), signer })
    try {
      return await task(wallet)
    } finally {
      wallet.dispose()
    }
  }
  if (options.signer === 'ledger') return withLedger(context, lend)
  const known = (await readAccountsIfThere(home)) ?? []
  return withVault(context, (vault) =>
    lend(secureStorageSigner({ vault, secret: findSecret(vault.secrets, wanted, known)?.id })),
  )
}

/**
 * The secret that is meant; `undefined` for the first. Throws `INVALID_REQUEST` for a label that there is not. Which secret an
 * account is of, `known` says where it has it, since two may be of one root, and a single key names none. Whoever changes that list
 * gets nothing signed: a signer refuses accounts that are not its own.
 */
export function findSecret(
  secrets: readonly SecretInfo[],
  { account, secret }: Wanted,
  known: readonly KnownAccount[] = [],
): SecretInfo | undefined {
  if (secret !== undefined) {
    const found = secrets.find(({ label }) => label === secret)
    if (found) return found
    const labels = secrets.map(({ label }) => label).filter((label) => label !== '')
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: `The vault has no secret ${JSON.stringify(secret.slice(0, 40))}. ${labels.length > 0 ? `It has: ${labels.join(', ')}.` : 'Add one with "coffer vault add".'}`,
    })
  }
  const listed = known.find(({ descriptor }) => descriptor === account)?.secret
  const named = listed === undefined ? undefined : secrets.find(({ label }) => label === listed)
  if (named) return named
  // An account of several keys names several roots; the vault may have one of them.
  const fingerprints = [...(account ?? '').matchAll(/\[([0-9a-f]{8})[/\]]/g)].map(([, found]) => found)
  return secrets.find(({ fingerprint }) => fingerprints.includes(fingerprint))
}

/** The first account on every chain on which a signer has one. */
export async function deriveAccounts(
  signer: Signer,
  chains: readonly AppChain[],
  secret?: string,
): Promise<readonly KnownAccount[]> {
  const wallet = createWallet({ chains, source: offline(chains), signer })
  const wanted = chains.map(({ id }) => ({ chain: id, index: 0, secret }))
  const found = await Promise.all(
    wanted.map((one) =>
      accountsOf(wallet, [one]).catch((error: unknown) => {
        // A key that begins below the root has no keys beside its own.
        if (isCofferError(error, 'INVALID_PATH', 'UNSUPPORTED')) return []
        throw error
      }),
    ),
  )
  return found.flat()
}

/** Accounts of a wallet, by chain, index and, where it is not the usual one, type. */
export function accountsOf(
  wallet: Wallet<readonly AppChain[]>,
  wanted: readonly {
    readonly chain: ChainId
    readonly index: number
    readonly type?: string | undefined
    readonly secret?: string | undefined
  }[],
): Promise<readonly KnownAccount[]> {
  return Promise.all(
    wanted.map(async ({ chain, index, type, secret }) => {
      const descriptor = await wallet.describe(chain, { index, type })
      return {
        chain,
        index,
        ...(type === undefined ? {} : { type }),
        ...(secret === undefined ? {} : { secret }),
        descriptor,
      }
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
