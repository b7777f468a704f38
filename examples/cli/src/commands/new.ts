import { randomInt } from 'node:crypto'
import { generateMnemonic } from '@coffer/signer-software'
import { type Command, Option } from 'commander'
import { type Cli, type Context, withContext } from '../context.ts'
import { isInteractive } from '../io.ts'
import { withHomeLock } from '../lock.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'
import { table } from '../output.ts'
import { askNewPassphrase } from '../passphrase.ts'
import { prompts } from '../prompts.ts'
import { accountJson, accountTable, keepWords } from '../words.ts'
import { checkFree, wordsPath } from '../words-file.ts'

interface NewOptions extends CommonOptions {
  readonly words: '12' | '24'
  readonly quiz: boolean
  readonly showWords?: boolean
  readonly force?: boolean
}

export function newCommand(program: Command, cli: Cli): void {
  const command = program
    .command('new')
    .description('make a wallet: new words, shown once and kept in one encrypted file')
    .addOption(new Option('--words <count>', 'how many words').choices(['12', '24']).default('12'))
    .option('--no-quiz', 'do not ask for three of the words')
    .option(
      '--show-words',
      'print the words even where they are not shown by themselves: not a terminal, or --json',
    )
    .option('--force', 'replace a wallet; its encrypted file is kept under another name')
  withExamples(
    withOptions(command, 'passphrase', 'json'),
    'coffer new',
    'coffer new --passphrase-file ~/passphrase --json',
  ).action((options: NewOptions) =>
    withContext(cli, options, async (context) => {
      const { io, home, output } = context
      await withHomeLock(home, io.signal, async () => {
        await checkFree(home, options.force ?? false)
        const passphrase = await askNewPassphrase(io, options.passphraseFile)
        const mnemonic = generateMnemonic(options.words === '24' ? { words: 24 } : {})
        const shown = isInteractive(io) && io.isTTY.stdout && !options.json && !options.showWords
        if (shown) await teach(context, mnemonic.split(' '), options.quiz)
        const accounts = await keepWords(context, mnemonic, passphrase)
        if (!shown && !options.showWords)
          output.say(
            `The words were not shown. They are in ${wordsPath(home)}, encrypted: keep a copy of it.`,
          )
        const text = [
          ...(options.showWords ? [mnemonic, ''] : []),
          accountTable(context, accounts),
          '',
          `Encrypted words: ${wordsPath(home)}`,
        ]
        output.result(text.join('\n'), {
          ...(options.showWords ? { mnemonic } : {}),
          wordsFile: wordsPath(home),
          accounts: accountJson(accounts),
        })
      })
    }),
  )
}

/** Shows the words on a screen of their own, which is gone afterwards, and asks for three of them. */
async function teach({ io, output }: Context, words: readonly string[], quiz: boolean): Promise<void> {
  const ask = prompts(io, '')
  const { bold } = output.colors
  const rows = Array.from({ length: words.length / 4 }, (_, row) =>
    words
      .slice(row * 4, row * 4 + 4)
      .map((word, i) => `${String(row * 4 + i + 1).padStart(2)} ${bold(word)}`),
  )
  for (;;) {
    io.stdout.write('\x1b[?1049h\x1b[2J\x1b[H')
    try {
      io.stdout.write(`${bold('Your words, in this order')}\n\n${table(rows, '  ')}\n\n`)
      io.stdout.write(
        'Write them on paper. Who has them has the money; without them and the file it is lost.\n\n',
      )
      await ask.line('Press Enter when they are written down')
    } finally {
      io.stdout.write('\x1b[2J\x1b[?1049l')
    }
    if (!quiz || (await knows(ask, words))) return
    output.say('That was not the word at this place. Look at them again.')
  }
}

/** Asks for the words at three places. */
async function knows(ask: ReturnType<typeof prompts>, words: readonly string[]): Promise<boolean> {
  const places = new Set<number>()
  while (places.size < 3) places.add(randomInt(words.length))
  for (const place of [...places].sort((a, b) => a - b)) {
    const answer = await ask.secret(`Word number ${place + 1}`)
    if (answer.trim().toLowerCase() !== words[place]) return false
  }
  return true
}
