import { type ChainRules, CofferError, type PublicKey, type Signer } from '@coffer/core'
import { privateKeySigner, softwareSigner, type Wordlist, xprvSigner } from '@coffer/signer-software'
import { type Decryption, decryptBackup } from './encrypted.ts'
import type { BackupTarget } from './target.ts'
import type { BackupAccount, BackupSecret, WalletBackup } from './wallet-backup.ts'

export interface VerifyOptions {
  /** Where it lies, and its name there. */
  readonly target: BackupTarget
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
  readonly accounts: readonly string[]
  readonly secrets: number
}

/**
 * Reads what was written, decrypts it, derives every account from the secrets in it, and compares: a backup that was never opened is
 * a hope. Throws `BACKUP_MISMATCH`, which names the account, `UNLOCK_FAILED`, `INVALID_BACKUP`.
 *
 * @example
 * const { verifiedAt } = await verifyBackup({ target, name: 'wallet.age', decryption: { passphrase }, chains, accounts })
 */
export async function verifyBackup(options: VerifyOptions): Promise<Verified> {
  const { target, name, decryption, chains, accounts = [], wordlists } = options
  const text = await target.read(name)
  if (text === undefined)
    throw new CofferError({
      code: 'BACKUP_MISMATCH',
      message: `${target.name} has no backup ${name}. Write it anew.`,
    })
  const backup = await decryptBackup(text, decryption)
  const proven = await derive(backup, chains, wordlists)
  const known = new Set([...backup.accounts.map(keyOf), ...proven])
  for (const account of accounts) {
    // One that has a key must have it in the backup; a line that only names it is no way back.
    const isKept = account.secret === undefined ? known.has(keyOf(account)) : proven.has(keyOf(account))
    if (!isKept) throw mismatch(account, 'is not in the backup')
  }
  return { verifiedAt: new Date().toISOString(), accounts: [...known], secrets: backup.secrets.length }
}

/** The first account of each secret on every chain, after a look at each that the backup lists. */
async function derive(
  backup: WalletBackup,
  chains: readonly ChainRules[],
  wordlists: VerifyOptions['wordlists'],
): Promise<Set<string>> {
  const signers = backup.secrets.map((secret) => signerOf(secret, wordlists))
  const found = new Set<string>()
  try {
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
  } catch {
    // A key that begins below the root has no keys beside its own.
    return undefined
  }
}

/** A software signer over a secret of a backup. Throws `INVALID_MNEMONIC`, `INVALID_KEY`. */
export function signerOf(secret: BackupSecret, wordlists: Readonly<Record<string, Wordlist>> = {}): Signer {
  switch (secret.kind) {
    case 'mnemonic':
      return softwareSigner({ ...secret, wordlist: wordlists[secret.language ?? 'english'] })
    case 'xprv':
      return xprvSigner(secret)
    case 'private-key':
      return privateKeySigner(secret)
  }
}

const keyOf = ({ chain, descriptor }: Pick<BackupAccount, 'chain' | 'descriptor'>): string =>
  `${chain} ${descriptor}`

function mismatch({ chain, descriptor }: BackupAccount, why: string): CofferError {
  return new CofferError({
    code: 'BACKUP_MISMATCH',
    message: `The account ${descriptor.slice(0, 100)} on ${chain} ${why}. Make a new backup and verify it.`,
    details: { chain, descriptor },
  })
}
