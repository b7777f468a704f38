import { CofferError, type KeyOrigin, type Secret, splitOrigin } from '@coffer/core'
import {
  type SecretInfo,
  type SlotInfo,
  secureStorageSigner,
  type Vault,
} from '@coffer/signer-secure-storage'
import { type Command, Option } from 'commander'
import { readAccountsIfThere, writeAccounts } from '../accounts-file.ts'
import { backupSaid, staleReasons } from '../backup.ts'
import { type Cli, type Context, withContext } from '../context.ts'
import { readNamed } from '../files.ts'
import { withHomeLock } from '../home-lock.ts'
import { isInteractive, readStdin } from '../io.ts'
import { deriveAccounts, withVault } from '../keys.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'
import { table } from '../output.ts'
import { askOtherPassphrase, askPassphrase } from '../passphrase.ts'
import { prompts } from '../prompts.ts'
import { checkReadable, openWalletVault, vaultPath } from '../vault-file.ts'
import { accountJson, accountTable } from '../words.ts'
import { newCommand } from './new.ts'

export function vaultCommand(program: Command, cli: Cli): void {
  const vault = program
    .command('vault')
    .description('where the keys rest: encrypted, under a passphrase')
    .helpCommand(false)
    .action(() => vault.help())
  withExamples(vault, 'coffer vault status', 'coffer vault create', 'coffer vault passwd')
  newCommand(vault, cli, 'create')
  unlockCommand(vault, cli)
  passwdCommand(vault, cli)
  addCommand(vault, cli)
  statusCommand(vault, cli)
}

function statusCommand(vault: Command, cli: Cli): void {
  const command = vault.command('status').description('what is in the vault; asks for no passphrase')
  withExamples(withOptions(command, 'json'), 'coffer vault status').action((options: CommonOptions) =>
    withContext(cli, options, async (context) => {
      const opened = await openWalletVault(context)
      checkReadable(opened)
      const attempts = await opened.attempts()
      const { secrets, slots } = opened
      const path = vaultPath(context.home)
      const stale = await staleReasons(context, secrets.length)
      const wrong =
        attempts.failures > 0 ? [`Wrong passphrases since the last right one: ${attempts.failures}`] : []
      const wait = attempts.retryAfter > 0 ? [`The next may be tried in ${attempts.retryAfter} seconds.`] : []
      context.output.result(
        [
          secretTable(secrets),
          '',
          `Opens with: ${slotsSaid(slots)}`,
          backupSaid(stale),
          ...wrong,
          ...wait,
          `Vault: ${path}`,
        ].join('\n'),
        { vault: path, id: opened.id, secrets, slots, attempts, backup: stale },
      )
    }),
  )
}

function unlockCommand(vault: Command, cli: Cli): void {
  const command = vault
    .command('unlock')
    .description(
      'see that the passphrase opens the vault, and say what is in it; it is locked again at the end',
    )
    .option(
      '--previous',
      'bring back the vault as it was before its last change, when the current one is damaged',
    )
  withExamples(
    withOptions(command, 'passphrase', 'json'),
    'coffer vault unlock',
    'coffer vault unlock --previous',
  ).action((options: CommonOptions & { readonly previous?: boolean }) =>
    withContext(cli, options, async (context) => {
      const { home, io, output } = context
      await withHomeLock(home, io.signal, async () => {
        const show = ({ secrets, slots }: Vault): void =>
          output.result(`${secretTable(secrets)}\n\nIt opens. It is locked again.`, { secrets, slots })
        if (!options.previous) return withVault(context, async (opened) => show(opened))
        const before = await openWalletVault(context, 'previous')
        await before.unlock({ password: await askPassphrase(io, options.passphraseFile) })
        output.say('The vault is what it was before its last change.')
        show(before)
        before.lock()
      })
    }),
  )
}

function passwdCommand(vault: Command, cli: Cli): void {
  const command = vault
    .command('passwd')
    .description('change the passphrase; the old one opens nothing any more')
    .option('--new-passphrase-file <path>', 'take the new passphrase from the first line of a file')
  withExamples(withOptions(command, 'passphrase', 'json'), 'coffer vault passwd').action(
    (options: CommonOptions & { readonly newPassphraseFile?: string }) =>
      withContext(cli, options, async (context) => {
        const { home, io, output } = context
        const file = options.newPassphraseFile
        if (file === undefined && !isInteractive(io))
          throw new CofferError({
            code: 'INVALID_REQUEST',
            message:
              'There is no terminal to ask at. Name the file of the new passphrase with --new-passphrase-file.',
          })
        await withHomeLock(home, io.signal, async () => {
          const opened = await openWalletVault(context)
          const password = await askPassphrase(io, options.passphraseFile)
          await opened.unlock({ password })
          const newPassword = await askOtherPassphrase(io, file)
          if (newPassword.normalize('NFKC') === password.normalize('NFKC'))
            throw new CofferError({
              code: 'INVALID_REQUEST',
              message: 'The new passphrase is the old one. Nothing was changed.',
            })
          await opened.changePassword({ password, newPassword })
          opened.lock()
        })
        output.result(
          'The passphrase is changed. Copies of the vault from before still open with the old one.',
          {
            changed: true,
          },
        )
      }),
  )
}

interface AddOptions extends CommonOptions {
  readonly label: string
  readonly words?: string
  readonly xprv?: string
  readonly key?: string
  readonly origin?: string
}

function addCommand(vault: Command, cli: Cli): void {
  const command = vault
    .command('add')
    .description(
      'keep one more secret, from a file or typed unseen: words, an extended key, or one private key',
    )
    .requiredOption('--label <name>', 'what it is called, for --secret')
    .addOption(new Option('--words <path>', 'a file of words, or "-"').conflicts(['xprv', 'key']))
    .addOption(new Option('--xprv <path>', 'a file of an xprv or tprv, or "-"').conflicts(['words', 'key']))
    .addOption(
      new Option('--key <path>', 'a file of a private key in hex, or "-"').conflicts(['words', 'xprv']),
    )
    .option('--origin <origin>', 'where an xprv stands in its tree, such as [d34db33f/84h/0h/0h]')
  withExamples(
    withOptions(command, 'passphrase', 'json'),
    'coffer vault add --label savings --words savings.txt',
    'coffer vault add --label old --key old-key.txt',
    'coffer balance --secret old --chain ethereum',
  ).action((options: AddOptions) =>
    withContext(cli, options, async (context) => {
      const { home, io, output, chains } = context
      await withHomeLock(home, io.signal, async () => {
        const known = (await readAccountsIfThere(home)) ?? []
        await openWalletVault(context)
        const { label } = options
        const mustBeFree = (isTaken: boolean): void => {
          if (isTaken)
            throw new CofferError({
              code: 'INVALID_REQUEST',
              message: `Take another label than ${JSON.stringify(label)}.`,
            })
        }
        mustBeFree(label === '' || known.some(({ secret }) => secret === label))
        const secret = await readSecret(context, options)
        const added = await withVault(context, async (opened) => {
          // One whose accounts were not written any more, or that another program added.
          mustBeFree(opened.secrets.some((secret) => secret.label === label))
          const { id } = await opened.add({ ...secret, label })
          return deriveAccounts(secureStorageSigner({ vault: opened, secret: id }), chains, label)
        })
        await writeAccounts(home, [...known, ...added])
        output.result(accountTable(added), { label, accounts: accountJson(added) })
      })
    }),
  )
}

async function readSecret({ io }: Context, options: AddOptions): Promise<Secret> {
  const read = async (path: string): Promise<string> =>
    (path === '-' ? await readStdin(io) : await readNamed(path)).trim()
  if (options.xprv !== undefined) {
    const xprv = await read(options.xprv)
    return { kind: 'xprv', xprv, origin: originOf(options.origin), testnet: xprv.startsWith('tprv') }
  }
  if (options.key !== undefined) return { kind: 'private-key', privateKey: keyOf(await read(options.key)) }
  const words =
    options.words === undefined
      ? await prompts(io, 'Name a file with --words, --xprv or --key.').secret(
          'The words, in one line (they are not shown)',
        )
      : await read(options.words)
  return { kind: 'mnemonic', mnemonic: words.trim().split(/\s+/).join(' ') }
}

function originOf(text: string | undefined): KeyOrigin | undefined {
  if (text === undefined) return undefined
  const { origin } = splitOrigin(text)
  if (origin) return origin
  throw new CofferError({ code: 'INVALID_REQUEST', message: 'Write --origin as [d34db33f/84h/0h/0h].' })
}

function keyOf(text: string): Uint8Array {
  const hex = text.replace(/^0x/, '')
  if (/^[0-9a-fA-F]{64}$/.test(hex)) return Uint8Array.from(Buffer.from(hex, 'hex'))
  throw new CofferError({
    code: 'INVALID_KEY',
    message: 'A private key is 64 hex digits, with or without 0x.',
  })
}

const KINDS = { mnemonic: 'words', xprv: 'extended key', 'private-key': 'one key' } as const

function secretTable(secrets: readonly SecretInfo[]): string {
  if (secrets.length === 0) return 'There is nothing in it yet.'
  return table(
    secrets.map(({ kind, label, addedAt, fingerprint }, i) => [
      label || (i === 0 ? '(the first)' : ''),
      KINDS[kind],
      fingerprint,
      `since ${addedAt.slice(0, 10)}`,
    ]),
  )
}

function slotsSaid(slots: readonly SlotInfo[]): string {
  const said = { password: 'a passphrase', pin: 'a PIN', device: 'a device', recovery: 'a recovery code' }
  return slots.map(({ type }) => said[type]).join(', ') || 'nothing'
}
