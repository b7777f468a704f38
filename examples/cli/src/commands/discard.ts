import type { Command } from 'commander'
import { type Cli, withContext } from '../context.ts'
import { readDocument, wantDraft } from '../documents.ts'
import { withHomeLock } from '../lock.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'

export function discardCommand(program: Command, cli: Cli): void {
  const command = program
    .command('discard')
    .description('give back the nonce of a draft that will not be sent, so that later payments need not wait')
    .argument('<file>', 'what "coffer send --draft-out" wrote, or "-"')
  withExamples(withOptions(command, 'devnet', 'json'), 'coffer discard draft.json').action(
    (file: string, options: CommonOptions) =>
      withContext(cli, options, async (context) => {
        const draft = wantDraft((await readDocument(context, file)).document)
        const account = await context.wallet.watch(draft.account)
        await withHomeLock(context.home, context.io.signal, () => account.discard(draft))
        context.output.result('Its nonce is free again.', { discarded: true })
      }),
  )
}
