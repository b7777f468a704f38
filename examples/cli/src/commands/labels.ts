import { CofferError } from '@coffer/core'
import { Argument, type Command } from 'commander'
import { type Cli, chosenChain, openCoins, withContext } from '../context.ts'
import { readNamed, writeWhole } from '../files.ts'
import { withHomeLock } from '../home-lock.ts'
import { readStdin } from '../io.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'
import { oneLine } from '../output.ts'

export function labelsCommand(program: Command, cli: Cli): void {
  const command = withOptions(program.command('labels'), 'chain')
    .description('carry labels and frozen coins of a Bitcoin account from wallet to wallet (BIP-329)')
    .addArgument(new Argument('<action>', 'what to do').choices(['export', 'import']))
    .argument('[file]', 'a file of JSON lines, or "-"; to export, standard output when not given')
  withExamples(
    withOptions(command, 'account', 'address', 'network', 'json'),
    'coffer labels export labels.jsonl --chain bitcoin',
    'coffer labels import labels.jsonl --chain bitcoin',
  ).action((action: 'export' | 'import', path: string | undefined, options: CommonOptions) =>
    withContext(cli, options, async (context) => {
      const { io, home, output } = context
      const account = await openCoins(context, chosenChain(context))
      if (action === 'export') {
        const text = await account.exportLabels()
        if (path === undefined || path === '-') return void io.stdout.write(text)
        await writeWhole(path, text)
        const labels = text.split('\n').filter((line) => line !== '').length
        return output.result(`${labelCount(labels)}: ${path}`, { file: path, labels })
      }
      if (path === undefined)
        throw new CofferError({ code: 'INVALID_REQUEST', message: 'Say which file to import, or "-".' })
      const text = path === '-' ? await readStdin(io) : await readNamed(path)
      const { read, skipped } = await withHomeLock(home, io.signal, () => account.importLabels(text))
      for (const { line, reason } of skipped) output.say(`Passed over line ${line}: ${oneLine(reason)}`)
      output.result(`Read ${labelCount(read)}.`, { read, skipped })
    }),
  )
}

function labelCount(count: number): string {
  return `${count} label${count === 1 ? '' : 's'}`
}
