import { type ChainRules, CofferError, isCofferError, type PublicKey, type Signer } from '@coffer/core'
import { privateKeySigner, softwareSigner, type Wordlist, xprvSigner } from '@coffer/signer-software'
import { type Decryption, decryptBackup } from './encrypted.ts'
import type { BackupTarget } from './target.ts'
import type { BackupAccount, BackupSecret, WalletBackup } from './wallet-backup.ts'

export interface VerifyOptions {
  /** Where it lies, and its name there. A text at hand is in a place as well: `{ name: 'memory', read: async () => text }`. */
  readonly target: Pick<BackupTarget, 'name' | 'read'>
  readonly name: string
  readonly decryption: Decryption
  readonly chains: readonly ChainRules[]
  /** What the wallet has now: each must be in the backup, with its key. */
  readonly accounts?: readonly BackupAccount[] | undefined
  /** Lists of words other than English, by language. */
  readonly wordlists?: Readonly<Record<string, Wordlist>> | undefined
}

export interface Verified {
  /** ISO 8601. To be kept, for {@link backupStaleness}. */
  readonly verifiedAt: string
  /** Chain and descriptor of each that was derived, or that is only watched. */
  readonly accounts: readonly string[]
  readonly secrets: number
}

/**
 * Reads what was written, decrypts it, derives every account from the secrets in it, and compares: a backup that was never opened is
 * a hope. Accounts of chains that are not in `chains` are not derived, and count as not verified. Throws `BACKUP_MISMATCH`, which names
 * the account, `UNLOCK_FAILED`, `INVALID_BACKUP`, `INVALID_REQUEST` when the chain or the words' list of something is not given.
 *
 * @example
 * const { verifiedAt } = await verifyBackup({ target, name: 'wallet.age', decryption: { passphrase }, chains, accounts })
 */
export async function verifyBackup(options: VerifyOptions): Promise<Verified> {
  const { target, name, decryption, chains, accounts = [], wordlists } = options
  for (const { chain, secret } of accounts)
    if (secret !== undefined && !chains.some(({ id }) => id === chain))
      throw invalid(`Give the rules of ${chain} in chains, to verify its accounts.`)
  const text = await target.read(name)
  if (text === undefined)
    throw new CofferError({
      code: 'BACKUP_MISMATCH',
      message: `${target.name} has no backup ${name}. Write it anew.`,
    })
  const backup = await decryptBackup(text, decryption)
  const proven = await derive(backup, chains, wordlists)
  const listed = new Set(backup.accounts.map(keyOf))
  for (const account of accounts) {
    // One that has a key must have it in the backup; a line that only names it is no way back.
    const isKept = proven.has(keyOf(account)) || (account.secret === undefined && listed.has(keyOf(account)))
    if (!isKept) throw mismatch(account, 'is not in the backup')
  }
  const watched = backup.accounts.filter(({ secret }) => secret === undefined).map(keyOf)
  return {
    verifiedAt: new Date().toISOString(),
    accounts: [...new Set([...watched, ...proven])],
    secrets: backup.secrets.length,
  }
}

/** The first account of each secret on every chain, after a look at each that the backup lists. */
async function derive(
  backup: WalletBackup,
  chains: readonly ChainRules[],
  wordlists: VerifyOptions['wordlists'],
): Promise<Set<string>> {
  const signers: Signer[] = []
  const found = new Set<string>()
  try {
    for (const secret of backup.secrets) signers.push(signerOf(secret, wordlists))
    for (const chain of chains)
      for (const signer of signers) {
        const key = await keyAt(signer, chain, {})
        if (key) found.add(keyOf({ chain: chain.id, descriptor: chain.describe(key) }))
      }
    for (const account of backup.accounts) {
      const at = backup.secrets.findIndex(({ id }) => id !== undefined && id === account.secret)
      const chain = chains.find(({ id }) => id === account.chain)
      if (account.secret === undefined || !chain) continue
      const key = at < 0 ? undefined : await keyAt(signers[at]!, chain, account)
      if (!key || chain.describe(key, account.type) !== account.descriptor)
        throw mismatch(account, 'does not come from the secrets in the backup')
      found.add(keyOf(account))
    }
    return found
  } finally {
    for (const signer of signers) signer.dispose()
  }
}

async function keyAt(
  signer: Signer,
  chain: ChainRules,
  { index = 0, type }: Pick<BackupAccount, 'index' | 'type'>,
): Promise<PublicKey | undefined> {
  try {
    return await signer.publicKey(signer.keys === 'single' ? 'm' : chain.path(index, type))
  } catch (error) {
    // A key that begins below the root has no keys beside its own.
    if (isCofferError(error, 'INVALID_PATH')) return undefined
    throw error
  }
}

/**
 * A software signer over a secret of a backup. Throws `INVALID_MNEMONIC`, `INVALID_KEY`, and `INVALID_REQUEST` when the list of its
 * words is not given.
 */
export function signerOf(secret: BackupSecret, wordlists: Readonly<Record<string, Wordlist>> = {}): Signer {
  switch (secret.kind) {
    case 'mnemonic': {
      const { language = 'english' } = secret
      const wordlist = Object.hasOwn(wordlists, language) ? wordlists[language] : undefined
      if (!wordlist && language !== 'english')
        throw invalid('The words are not English. Give their list: wordlists: { [language]: wordlist }.')
      return softwareSigner({ ...secret, wordlist })
    }
    case 'xprv':
      return xprvSigner(secret)
    case 'private-key':
      return privateKeySigner(secret)
  }
}

const keyOf = ({ chain, descriptor }: Pick<BackupAccount, 'chain' | 'descriptor'>): string =>
  `${chain} ${descriptor}`

function invalid(message: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message })
}

function mismatch({ chain, descriptor }: BackupAccount, why: string): CofferError {
  return new CofferError({
    code: 'BACKUP_MISMATCH',
    message: `The account ${descriptor.slice(0, 100)} on ${chain} ${why}. Make a new backup and verify it.`,
    details: { chain, descriptor },
  })
}
