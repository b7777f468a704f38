import { randomInt } from 'node:crypto'
import { generateMnemonic } from '@coffer/signer-software'
import { type Command, Option } from 'commander'
import { type Cli, type Context, withContext } from '../context.ts'
import { withHomeLock } from '../home-lock.ts'
import { isInteractive } from '../io.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'
import { table } from '../output.ts'
import { askNewPassphrase } from '../passphrase.ts'
import { type Prompts, prompts } from '../prompts.ts'
import { checkFree, vaultPath } from '../vault-file.ts'
import { accountJson, accountTable, keepSecrets } from '../words.ts'

interface NewOptions extends CommonOptions {
  readonly words: '12' | '24'
  readonly quiz: boolean
  readonly showWords?: boolean
  readonly force?: boolean
}

/** `coffer new`, and the same as `coffer vault create`. */
export function newCommand(program: Command, cli: Cli, name: 'new' | 'create' = 'new'): void {
  const command = program
    .command(name)
    .description('make a wallet: new words, shown once and kept in an encrypted vault')
    .addOption(new Option('--words <count>', 'how many words').choices(['12', '24']).default('12'))
    .option('--no-quiz', 'do not ask for three of the words')
    .option(
      '--show-words',
      'print the words even where they are not shown by themselves: not a terminal, or --json',
    )
    .option('--force', 'replace a wallet; its vault is kept under another name')
  withExamples(
    withOptions(command, 'passphrase', 'json'),
    `coffer ${name === 'new' ? 'new' : 'vault create'}`,
    `coffer ${name === 'new' ? 'new' : 'vault create'} --passphrase-file ~/passphrase --json`,
  ).action((options: NewOptions) =>
    withContext(cli, options, async (context) => {
      const { io, home, output } = context
      await withHomeLock(home, io.signal, async () => {
        await checkFree(home, options.force ?? false)
        const passphrase = await askNewPassphrase(io, options.passphraseFile)
        const mnemonic = generateMnemonic(options.words === '24' ? { words: 24 } : {})
        const shown = isInteractive(io) && io.isTTY.stdout && !options.json && !options.showWords
        if (shown) await teach(context, mnemonic.split(' '), options.quiz)
        const accounts = await keepSecrets(context, [{ kind: 'mnemonic', mnemonic }], passphrase)
        if (!shown && !options.showWords)
          output.say(
            `The words were not shown. They are in ${vaultPath(home)}, encrypted: make a backup with "coffer backup create".`,
          )
        const text = [
          ...(options.showWords ? [mnemonic, ''] : []),
          accountTable(accounts),
          '',
          `Vault: ${vaultPath(home)}`,
        ]
        output.result(text.join('\n'), {
          ...(options.showWords ? { mnemonic } : {}),
          vault: vaultPath(home),
          accounts: accountJson(accounts),
        })
      })
    }),
  )
}

/** Shows the words, and asks for three of them, on a screen of its own that is gone afterwards. */
async function teach({ io, output }: Context, words: readonly string[], quiz: boolean): Promise<void> {
  const ask = prompts(io, '')
  const { bold } = output.colors
  const rows = Array.from({ length: words.length / 4 }, (_, row) =>
    words
      .slice(row * 4, row * 4 + 4)
      .map((word, i) => `${String(row * 4 + i + 1).padStart(2)} ${bold(word)}`),
  )
  const page = (text: string): boolean => io.stdout.write(`${CLEAR}${text}\n\n`)
  io.stdout.write(OTHER_SCREEN)
  try {
    for (let title = 'Your words, in this order'; ; title = 'That was another word. Look at them once more') {
      page(`${bold(title)}\n\n${table(rows, '  ')}\n\n${ADVICE}`)
      await ask.line('Press Enter when they are written down')
      if (!quiz) return
      page(bold('Now from the paper'))
      if (await knows(ask, words)) return
    }
  } finally {
    io.stdout.write(`${CLEAR}${FIRST_SCREEN}`)
  }
}

const OTHER_SCREEN = '\x1b[?1049h'
const FIRST_SCREEN = '\x1b[?1049l'
const CLEAR = '\x1b[2J\x1b[H'
const ADVICE =
  'Write them on paper. Whoever has them has the money; when they and the file are lost, so is the money.'

/** Asks for the words at three places. */
async function knows(ask: Prompts, words: readonly string[]): Promise<boolean> {
  const places = new Set<number>()
  while (places.size < 3) places.add(randomInt(words.length))
  for (const place of [...places].sort((a, b) => a - b)) {
    const answer = await ask.line(`Word number ${place + 1}`)
    if (answer.trim().toLowerCase() !== words[place]) return false
  }
  return true
}
