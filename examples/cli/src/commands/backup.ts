import { join } from 'node:path'
import {
  type BackupTarget,
  encryptBackup,
  exportDescriptors,
  exportSecret,
  generatePassphrase,
  signerOf,
  writeBackup,
} from '@coffer/backup'
import { encryptKeystore } from '@coffer/backup/keystore'
import { splitSlip39 } from '@coffer/backup/slip39'
import { CofferError, isCofferError } from '@coffer/core'
import type { SecretInfo } from '@coffer/signer-secure-storage'
import { exportPrivateKey, mnemonicToSeed } from '@coffer/signer-software'
import type { Command } from 'commander'
import { readAccounts, readAccountsIfThere } from '../accounts-file.ts'
import {
  backupSaid,
  collectBackup,
  labelAt,
  readBackup,
  restoreRest,
  staleReasons,
  targetOf,
  toBackup,
  verifyAndRemember,
} from '../backup.ts'
import { type Cli, type Context, withContext } from '../context.ts'
import { readIfThere, readNamed, writeWhole } from '../files.ts'
import { withHomeLock } from '../home-lock.ts'
import { isInteractive } from '../io.ts'
import { findSecret } from '../keys.ts'
import { type CommonOptions, repeated, withExamples, withOptions } from '../options.ts'
import { oneLine } from '../output.ts'
import { askBackupPassphrase, askNewPassphrase, askPassphrase, firstLine } from '../passphrase.ts'
import { checkFree, checkReadable, openWalletVault, vaultPath } from '../vault-file.ts'
import { accountJson, accountTable, keepSecrets } from '../words.ts'

export function backupCommand(program: Command, cli: Cli): void {
  const backup = program
    .command('backup')
    .description('copies of the wallet for when this machine is gone')
    .helpCommand(false)
    .action(() => backup.help())
  withExamples(backup, 'coffer backup create --to /media/stick', 'coffer backup restore wallet.age')
  createCommand(backup, cli)
  verifyCommand(backup, cli)
  restoreCommand(backup, cli)
}

interface CreateOptions extends CommonOptions {
  readonly to: readonly string[]
  readonly name?: string
  readonly backupPassphraseFile?: string
  readonly shares?: string
  readonly keystore?: string
  readonly inTheClear?: boolean
  readonly descriptors?: boolean
  readonly force?: boolean
}

function createCommand(backup: Command, cli: Cli): void {
  const command = backup
    .command('create')
    .description(
      'write everything to an encrypted file in one or more places, and open each again as a check',
    )
    .requiredOption('--to <place>', 'a folder, or s3://bucket/prefix; repeat it for several places', repeated)
    .option('--name <file>', 'what it is called; wallet-<date>.age when not given')
    .option('--backup-passphrase-file <path>', 'take its passphrase from the first line of a file')
    .option('--shares <n/m>', 'instead, share the keys among m people of which n bring them back (SLIP-39)')
    .option('--keystore <path>', 'instead, write the one key at this path as a keystore of version 3')
  command
    .option('--in-the-clear', 'instead, write the secret as it is: whoever reads the file has the money')
    .option('--descriptors', 'instead, write the public side of every account, to be watched elsewhere')
    .option('--force', 'replace what bears that name in a place')
  withExamples(
    withOptions(command, 'secret', 'passphrase', 'json'),
    'coffer backup create --to /media/stick --to s3://my-bucket/wallets',
    'coffer backup create --to ./shares --shares 2/3',
    'coffer backup create --to . --keystore m/44h/60h/0h/0/0',
  ).action((options: CreateOptions) =>
    withContext(cli, options, async (context) => {
      if (options.shares !== undefined) return createShares(context, options, options.shares)
      if (options.keystore !== undefined) return createKeystore(context, options, options.keystore)
      if (options.inTheClear) return createClear(context, options)
      if (options.descriptors) return createDescriptors(context, options)
      return createFile(context, options)
    }),
  )
}

async function createFile(context: Context, options: CreateOptions): Promise<void> {
  const { cli, io, output } = context
  const { name = `wallet-${new Date().toISOString().slice(0, 10)}.age` } = options
  const targets = await freeTargets(context, options, name)
  const vault = await openWalletVault(context)
  const password = await askPassphrase(io, options.passphraseFile)
  await vault.unlock({ password }, { signal: io.signal })
  const passphrase = await passphraseFor(context, options.backupPassphraseFile)
  const collected = await collectBackup(context, vault, password)
  vault.lock()
  output.say('Encrypting the backup; slow on purpose …')
  const text = await encryptBackup(collected, { passphrase, workFactor: cli.workFactor })
  const { written, good } = await writeAll(context, { name, text, targets })
  output.say('Opening what was written once more, as a check …')
  // The places hold the same bytes, as they were read back; one is enough to open.
  const [target] = good as [BackupTarget]
  const verified = await verifyAndRemember(context, {
    target,
    name,
    decryption: { passphrase },
    accounts: collected.accounts,
  })
  output.result(
    [
      ...good.map((place) => `${place.name}: ${name}`),
      `Verified: it gives ${verified.secrets === 1 ? 'the secret' : `${verified.secrets} secrets`} and every account.`,
    ].join('\n'),
    { name, written, verified },
  )
  checkEverywhere(written)
}

/** The places, of which none has anything of that name, unless that may be replaced. Throws `INVALID_REQUEST`. */
async function freeTargets(
  { io }: Context,
  { to, force }: CreateOptions,
  name: string,
): Promise<readonly BackupTarget[]> {
  const targets = to.map((place) => targetOf(io, place))
  if (force) return targets
  return Promise.all(
    targets.map(async (target) => {
      const found = await target.read(name, { signal: io.signal }).catch((error: unknown) => {
        if (!isCofferError(error) || error.code === 'ABORTED') throw error
        return error
      })
      if (found === undefined) return target
      if (typeof found === 'string') throw taken(name, target.name, 'Take another --name')
      const error = new CofferError({
        code: found.code,
        message: `${found.message} Without --force nothing is written where that cannot be seen.`,
        cause: found,
        retryable: found.retryable,
      })
      // A place that fails, like one that cannot be written.
      return { ...target, write: () => Promise.reject(error) }
    }),
  )
}

/** Throws `INVALID_REQUEST` when one of the files is there, unless it may be replaced. */
async function checkFreeFiles(
  folder: string,
  names: readonly string[],
  { force }: CreateOptions,
  instead: string,
): Promise<void> {
  if (force) return
  for (const name of names)
    if ((await readIfThere(join(folder, name))) !== undefined) throw taken(name, folder, instead)
}

function taken(name: string, place: string, instead: string): CofferError {
  return new CofferError({
    code: 'INVALID_REQUEST',
    message: `There is a ${name} in ${place} already, of this wallet or of another. ${instead}, or replace it with --force.`,
  })
}

/** Writes to all places, and says which of them failed. */
async function writeAll(
  { io, output }: Context,
  file: { readonly name: string; readonly text: string; readonly targets: readonly BackupTarget[] },
) {
  const written = await writeBackup({ ...file, signal: io.signal })
  for (const place of written)
    if (!place.ok) output.say(`Not written to ${place.target}: ${oneLine(place.error.message)}`)
  return {
    written: written.map(({ target, ok }) => ({ target, ok })),
    good: file.targets.filter((_, i) => written[i]!.ok),
  }
}

/** Throws `STORE_FAILED` when a place failed. */
function checkEverywhere(written: readonly { readonly ok: boolean }[]): void {
  const good = written.filter(({ ok }) => ok)
  if (good.length === written.length) return
  throw new CofferError({
    code: 'STORE_FAILED',
    message: `The backup is in ${good.length} of ${written.length} places. See above.`,
  })
}

/** From a file, or made here and shown once. */
async function passphraseFor({ io, output }: Context, file: string | undefined): Promise<string> {
  if (file !== undefined) return firstLine(file)
  if (!isInteractive(io))
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message:
        'There is no terminal to show a passphrase at. Name the file of one with --backup-passphrase-file.',
    })
  const passphrase = generatePassphrase()
  output.say(`The passphrase of the backup. Write it on paper, apart from the backup:\n\n  ${passphrase}\n`)
  return passphrase
}

async function createShares(context: Context, options: CreateOptions, text: string): Promise<void> {
  const { output } = context
  const [, threshold, count] = /^([1-9][0-9]?)\/([1-9][0-9]?)$/.exec(text) ?? []
  if (threshold === undefined)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'Write --shares as 2/3: two of three are needed.',
    })
  const folder = oneFolder(options)
  const names = Array.from({ length: Number(count) }, (_, i) => `share-${i + 1}-of-${count}.txt`)
  await checkFreeFiles(folder, names, options, 'Take another folder')
  const secret = await revealOne(context, options)
  if (secret.kind !== 'mnemonic')
    throw new CofferError({
      code: 'UNSUPPORTED',
      message: 'Only words can be shared. Use the encrypted file for others.',
    })
  const seed = await mnemonicToSeed(secret.mnemonic, { passphrase: secret.passphrase })
  const groups = [{ threshold: Number(threshold), count: Number(count) }]
  const [shares = []] = await splitSlip39(seed, { groups })
  seed.fill(0)
  const paths = names.map((name) => join(folder, name))
  for (const [i, path] of paths.entries()) await writeWhole(path, `${shares[i]}\n`)
  output.result(
    `${paths.join('\n')}\n\nAny ${threshold} of them bring the keys back: coffer backup restore <files>. Keep them apart.`,
    { shares: paths, threshold: Number(threshold) },
  )
}

async function createKeystore(context: Context, options: CreateOptions, path: string): Promise<void> {
  const { output } = context
  const name = options.name ?? `keystore-${path.replace(/[^0-9a-z]+/gi, '-')}.json`
  const targets = await freeTargets(context, options, name)
  const secret = await revealOne(context, options)
  const password = await passphraseFor(context, options.backupPassphraseFile)
  const signer = signerOf(secret)
  const key = await exportPrivateKey(signer, path, { yesExportTheKey: true })
  try {
    const text = await encryptKeystore(key, { password })
    const { written, good } = await writeAll(context, { name, text, targets })
    output.result(good.map((place) => `${place.name}: ${name}`).join('\n'), { name, written })
    checkEverywhere(written)
  } finally {
    key.fill(0)
    signer.dispose()
  }
}

async function createClear(context: Context, options: CreateOptions): Promise<void> {
  const { name = 'secret.txt' } = options
  const folder = oneFolder(options)
  await checkFreeFiles(folder, [name], options, 'Take another --name')
  const secret = await revealOne(context, options)
  const path = join(folder, name)
  await writeWhole(path, exportSecret(secret, { yesExportTheSecret: true }))
  context.output.result(`${path}: in the clear. Whoever reads it has the money.`, { file: path })
}

async function createDescriptors(context: Context, options: CreateOptions): Promise<void> {
  const { home, output } = context
  const { name = 'accounts.txt' } = options
  const targets = await freeTargets(context, options, name)
  const accounts = await readAccounts(home)
  const text = exportDescriptors(accounts)
  const { written, good } = await writeAll(context, { name, text, targets })
  output.result(good.map((place) => `${place.name}: ${name}`).join('\n'), {
    name,
    written,
    accounts: accounts.length,
  })
  checkEverywhere(written)
}

const named = ({ label, kind }: SecretInfo): string =>
  label === '' ? `the ${kind} without a label` : JSON.stringify(label)

async function revealOne(context: Context, options: CreateOptions) {
  const { io, output } = context
  const vault = await openWalletVault(context)
  const password = await askPassphrase(io, options.passphraseFile)
  await vault.unlock({ password })
  const found = findSecret(vault.secrets, { secret: options.secret }) ?? vault.secrets[0]
  if (!found) throw new CofferError({ code: 'NO_SIGNER', message: 'There is nothing in the vault yet.' })
  const secret = await vault.reveal(found.id, { password })
  vault.lock()
  const others = vault.secrets.filter(({ id }) => id !== found.id)
  if (others.length > 0)
    output.say(
      `This is of ${named(found)} alone. Not in it: ${others.map(named).join(', ')}. Name one with --secret, and make one of each.`,
    )
  return secret
}

function oneFolder({ to }: CreateOptions): string {
  const [folder = '.'] = to
  if (to.length === 1 && !folder.startsWith('s3://')) return folder
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message:
      'Shares go to one folder, from which each is carried elsewhere: together they are no better than one.',
  })
}

function verifyCommand(backup: Command, cli: Cli): void {
  const command = backup
    .command('verify')
    .description('open a backup and compare it with the wallet, account by account')
    .argument('<file>', 'what "coffer backup create" wrote')
    .option('--backup-passphrase-file <path>', 'take its passphrase from the first line of a file')
  withExamples(
    withOptions(command, 'json'),
    'coffer backup verify /media/stick/wallet-2026-01-31.age',
  ).action((path: string, options: CommonOptions & { readonly backupPassphraseFile?: string }) =>
    withContext(cli, options, async (context) => {
      const { io, home, output } = context
      const vault = await openWalletVault(context)
      checkReadable(vault)
      const passphrase = await askBackupPassphrase(io, options.backupPassphraseFile)
      const target: BackupTarget = { name: path, read: () => readNamed(path), write: async () => {} }
      const known = (await readAccountsIfThere(home)) ?? []
      const accounts = toBackup(known, vault)
      const verified = await verifyAndRemember(context, {
        target,
        name: path,
        decryption: { passphrase },
        accounts,
      })
      output.result(
        `It opens, and gives every account of this wallet. ${backupSaid(await staleReasons(context, vault.secrets.length))}`,
        {
          verified,
        },
      )
    }),
  )
}

interface RestoreOptions extends CommonOptions {
  readonly backupPassphraseFile?: string
  readonly force?: boolean
}

function restoreCommand(backup: Command, cli: Cli): void {
  const command = backup
    .command('restore')
    .description(
      'bring a wallet back: from an encrypted backup, a keystore, shares of SLIP-39, or a secret in the clear',
    )
    .argument('<files...>', 'one backup or keystore, or as many shares as are needed')
    .option('--backup-passphrase-file <path>', 'take its passphrase from the first line of a file')
    .option('--force', 'replace a wallet; its vault is kept under another name')
  withExamples(
    withOptions(command, 'passphrase', 'json'),
    'coffer backup restore wallet-2026-01-31.age',
    'coffer backup restore share-1-of-3.txt share-3-of-3.txt',
  ).action((paths: string[], options: RestoreOptions) =>
    withContext(cli, options, async (context) => {
      const { io, home, output } = context
      await withHomeLock(home, io.signal, async () => {
        await checkFree(home, options.force ?? false)
        const read = await readBackup(paths, () => askBackupPassphrase(io, options.backupPassphraseFile))
        const passphrase = await askNewPassphrase(io, options.passphraseFile)
        const secrets = read.secrets.map((secret, i) => ({ ...secret, label: labelAt(read.secrets, i) }))
        const first = await keepSecrets(context, secrets, passphrase)
        const accounts = await restoreRest(context, read, first)
        output.result([accountTable(accounts), '', `Vault: ${vaultPath(home)}`].join('\n'), {
          vault: vaultPath(home),
          accounts: accountJson(accounts),
        })
      })
    }),
  )
}
