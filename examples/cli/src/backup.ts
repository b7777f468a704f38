import {
  type BackupAccount,
  type BackupSecret,
  type BackupTarget,
  backupStaleness,
  decryptBackup,
  importSecret,
  type StaleReason,
  s3Target,
  type Verified,
  type VerifyOptions,
  verifyBackup,
  type WalletBackup,
} from '@coffer/backup'
import { fileTarget } from '@coffer/backup/file'
import { decryptKeystore } from '@coffer/backup/keystore'
import { combineSlip39 } from '@coffer/backup/slip39'
import { CofferError, hdFromSeed, hdToXprv, isCofferError, nobleEngine, type Secret } from '@coffer/core'
import { watchList } from '@coffer/core/watch'
import type { Vault } from '@coffer/signer-secure-storage'
import { type KnownAccount, readAccountsIfThere, writeAccounts } from './accounts-file.ts'
import { type Context, watch } from './context.ts'
import { readNamed } from './files.ts'
import type { Io } from './io.ts'
import { oneLine } from './output.ts'

/** Everything that brings the wallet of an open vault back. */
export async function collectBackup(context: Context, vault: Vault, password: string): Promise<WalletBackup> {
  const { home } = context
  const known = (await readAccountsIfThere(home)) ?? []
  const secrets: BackupSecret[] = []
  for (const { id, label } of vault.secrets)
    secrets.push({ ...(await vault.reveal(id, { password })), id, ...(label !== '' && { label }) })
  const labels: Record<string, string> = {}
  for (const account of known) {
    const text = await (await open(context, account))?.exportLabels()
    if (text) labels[account.descriptor] = text
  }
  return {
    v: 1,
    createdAt: new Date().toISOString(),
    secrets,
    accounts: [...toBackup(known, vault), ...(await watched(context))],
    ...(Object.keys(labels).length > 0 && { labels }),
  }
}

/** What is watched, whose keys are elsewhere. A list that cannot be read is no reason to have no backup of the keys. */
async function watched({ store, chains, output }: Context): Promise<readonly BackupAccount[]> {
  try {
    const entries = await watchList({ store, chains }).entries()
    return entries.map(({ chain, descriptor, label, group }) => ({ chain, descriptor, label, group }))
  } catch (error) {
    if (!isCofferError(error)) throw error
    output.say(`What is watched is not in the backup: ${oneLine(error.message)}`)
    return []
  }
}

/**
 * The accounts of the program as a backup has them: by the id of their secret. Throws `NO_SIGNER` for one whose keys are not in the
 * vault: a backup would have none for it.
 */
export function toBackup(known: readonly KnownAccount[], { secrets }: Vault): readonly BackupAccount[] {
  return known.map(({ secret: label, ...account }) => {
    const found = label === undefined ? secrets[0] : secrets.find((secret) => secret.label === label)
    if (found) return { ...account, secret: found.id }
    throw new CofferError({
      code: 'NO_SIGNER',
      message: `The account ${account.descriptor.slice(0, 100)} on ${account.chain} is of ${label === undefined ? 'the first secret' : `a secret ${JSON.stringify(label.slice(0, 40))}`}, which the vault does not have. Its keys are not here to be backed up: bring them with "coffer vault add", or take the account out of accounts.json.`,
    })
  })
}

/** Puts back what a backup knew beside its secrets: further accounts, labels, and what is watched. */
export async function restoreRest(
  context: Context,
  backup: WalletBackup,
  first: readonly KnownAccount[],
): Promise<readonly KnownAccount[]> {
  const { home, chains, store, output } = context
  const isHere = ({ chain }: Pick<BackupAccount, 'chain'>): boolean => chains.some(({ id }) => id === chain)
  const labelOf = new Map(backup.secrets.map(({ id }, i) => [id, labelAt(backup.secrets, i)]))
  const further = backup.accounts.flatMap(({ chain, index, type, secret, descriptor }): KnownAccount[] => {
    const isKnown = first.some((one) => one.chain === chain && one.descriptor === descriptor)
    if (isKnown || index === undefined || secret === undefined || !labelOf.has(secret)) return []
    const label = labelOf.get(secret)
    return [
      {
        chain,
        index,
        ...(type === undefined ? {} : { type }),
        ...(label === undefined ? {} : { secret: label }),
        descriptor,
      },
    ]
  })
  const accounts = [...first, ...further.filter(isHere)]
  await writeAccounts(home, accounts)
  for (const [descriptor, text] of Object.entries(backup.labels ?? {})) {
    const account = accounts.find((account) => account.descriptor === descriptor)
    await (account && (await open(context, account)))?.importLabels(text)
  }
  const toWatch = backup.accounts.filter(({ secret }) => secret === undefined).filter(isHere)
  await watchList({ store, chains })
    .addEntries(toWatch)
    .catch((error: unknown) => {
      // The keys are back by now, and can be used.
      if (!isCofferError(error)) throw error
      output.say(`What was watched is not put back: ${oneLine(error.message)}`)
    })
  const unknown = backup.accounts.filter((account) => !isHere(account))
  for (const chain of new Set(unknown.map(({ chain }) => chain)))
    output.say(`Left out what is on ${oneLine(chain)}: this program does not know that chain.`)
  return accounts
}

/** What a secret is called in the vault; the first one bears no name. */
export function labelAt(secrets: readonly BackupSecret[], i: number): string | undefined {
  return i === 0 ? undefined : (secrets[i]?.label ?? `secret ${i + 1}`)
}

/** A Bitcoin account, whose labels are kept. */
async function open(context: Context, { chain, descriptor }: KnownAccount) {
  const found = context.chains.find(({ id }) => id === chain)
  return found && (await watch(context, found, descriptor)).utxo
}

/**
 * Reads whatever a backup may be: an age file, a keystore, a secret in the clear, or shares of SLIP-39, one for each file. Throws
 * `UNLOCK_FAILED`, `INVALID_BACKUP`.
 */
export async function readBackup(
  paths: readonly string[],
  passphrase: () => Promise<string>,
): Promise<WalletBackup> {
  const texts = await Promise.all(paths.map(readNamed))
  const [text = ''] = texts.map((one) => one.trimStart())
  const single = (secret: Secret): WalletBackup => ({
    v: 1,
    createdAt: new Date().toISOString(),
    secrets: [secret],
    accounts: [],
  })
  if (texts.length === 1 && text.startsWith('-----BEGIN AGE'))
    return decryptBackup(texts[0]!, { passphrase: await passphrase() })
  if (texts.length === 1 && text.startsWith('{'))
    return single({
      kind: 'private-key',
      privateKey: await decryptKeystore(text, { password: await passphrase() }),
    })
  // One text alone may be a secret in the clear; a share is of other words.
  if (texts.length === 1 && !isShare(text)) return single(importSecret(text))
  const seed = await combineSlip39(texts)
  try {
    return single({ kind: 'xprv', xprv: hdToXprv(hdFromSeed(seed, nobleEngine)) })
  } finally {
    seed.fill(0)
  }
}

/** Shares have 20 words and more, of a list of their own. */
function isShare(text: string): boolean {
  try {
    importSecret(text)
    return false
  } catch (error) {
    return isCofferError(error, 'INVALID_MNEMONIC') || text.trim().split(/\s+/).length > 24
  }
}

/** A place as a person writes it: a folder, or `s3://bucket/prefix` with the usual variables of AWS around it. */
export function targetOf(io: Io, place: string): BackupTarget {
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(place) ?? []
  if (bucket === undefined) return fileTarget(place)
  const { env } = io
  const region = env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || 'us-east-1'
  const accessKeyId = env['AWS_ACCESS_KEY_ID']
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY']
  if (!accessKeyId || !secretAccessKey)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message:
        'For s3:// set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_ENDPOINT_URL for another service.',
    })
  return s3Target({
    endpoint: env['AWS_ENDPOINT_URL'] || `https://s3.${region}.amazonaws.com`,
    bucket,
    prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`,
    region,
    accessKeyId,
    secretAccessKey,
    sessionToken: env['AWS_SESSION_TOKEN'],
  })
}

const VERIFIED = 'backup/verified'

/** Opens a backup, compares it, and keeps what came of it; after a `BACKUP_MISMATCH` none counts as verified. */
export async function verifyAndRemember(
  { store, chains }: Context,
  options: Omit<VerifyOptions, 'chains'>,
): Promise<Verified> {
  try {
    const verified = await verifyBackup({ ...options, chains })
    await store.set(VERIFIED, JSON.stringify(verified))
    return verified
  } catch (error) {
    if (isCofferError(error, 'BACKUP_MISMATCH')) await store.delete(VERIFIED)
    throw error
  }
}

/** Why the wallet should be backed up again; empty when all is well. */
export async function staleReasons(context: Context, secrets: number): Promise<readonly StaleReason[]> {
  const text = await context.store.get(VERIFIED)
  const accounts = (await readAccountsIfThere(context.home)) ?? []
  return backupStaleness(text === undefined ? undefined : (JSON.parse(text) as Verified), {
    accounts,
    secrets,
  })
}

const REASONS: Readonly<Record<StaleReason, string>> = {
  'never-verified': 'none is verified',
  old: 'the last one was verified long ago',
  'accounts-added': 'accounts were added since the last one',
  'secrets-added': 'secrets were added since the last one',
}

export function backupSaid(reasons: readonly StaleReason[]): string {
  if (reasons.length === 0) return 'Backup: verified'
  return `Backup: ${reasons.map((reason) => REASONS[reason]).join(', ')}. Make one with "coffer backup create".`
}
