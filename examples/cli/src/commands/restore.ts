import { checkMnemonic } from '@coffer/signer-software'
import type { Command } from 'commander'
import { type Cli, type Context, withContext } from '../context.ts'
import { readNamed } from '../files.ts'
import { withHomeLock } from '../home-lock.ts'
import { readStdin } from '../io.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'
import { askNewPassphrase } from '../passphrase.ts'
import { prompts } from '../prompts.ts'
import { checkFree, vaultPath } from '../vault-file.ts'
import { accountJson, accountTable, keepSecrets } from '../words.ts'

interface RestoreOptions extends CommonOptions {
  readonly wordsFile?: string
  readonly force?: boolean
}

export function restoreCommand(program: Command, cli: Cli): void {
  const command = program
    .command('restore')
    .description('bring a wallet back from its words')
    .option('--words-file <path>', 'take the words from a file, or from standard input with "-"')
    .option('--force', 'replace a wallet; its vault is kept under another name')
  withExamples(
    withOptions(command, 'passphrase', 'json'),
    'coffer restore',
    'coffer restore --words-file words.txt --passphrase-file ~/passphrase',
  ).action((options: RestoreOptions) =>
    withContext(cli, options, async (context) => {
      const { io, home, output } = context
      await withHomeLock(home, io.signal, async () => {
        await checkFree(home, options.force ?? false)
        const mnemonic = await readWords(context, options)
        // Before a passphrase is asked for: a wrong word is said at once.
        checkMnemonic(mnemonic)
        const passphrase = await askNewPassphrase(io, options.passphraseFile)
        const accounts = await keepSecrets(context, [{ kind: 'mnemonic', mnemonic }], passphrase)
        output.result([accountTable(accounts), '', `Vault: ${vaultPath(home)}`].join('\n'), {
          vault: vaultPath(home),
          accounts: accountJson(accounts),
        })
      })
    }),
  )
}

async function readWords({ io }: Context, { wordsFile }: RestoreOptions): Promise<string> {
  const read = async (): Promise<string> => {
    if (wordsFile !== undefined && wordsFile !== '-') return readNamed(wordsFile)
    if (wordsFile === '-' || !io.isTTY.stdin) return readStdin(io)
    return prompts(io, 'Name a file with --words-file.').secret('The words, in one line (they are not shown)')
  }
  return (await read()).normalize('NFKD').trim().toLowerCase().split(/\s+/).join(' ')
}
