import type { Command } from 'commander'
import { type Cli, watch, withContext } from '../context.ts'
import { readDocument, wantDraft } from '../documents.ts'
import { familyOf } from '../families/index.ts'
import { withHomeLock } from '../home-lock.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'

export function discardCommand(program: Command, cli: Cli): void {
  const command = program
    .command('discard')
    .description(
      'give back the nonce or the coins of a draft that will not be sent, so that later payments need not wait',
    )
    .argument('<file>', 'what "coffer send --draft-out" wrote, or "-"')
  withExamples(withOptions(command, 'devnet', 'json'), 'coffer discard draft.json').action(
    (file: string, options: CommonOptions) =>
      withContext(cli, options, async (context) => {
        const { chain, document } = await readDocument(context, file)
        const draft = wantDraft(document)
        const account = await watch(context, chain, draft.account)
        await withHomeLock(context.home, context.io.signal, () => account.discard(draft))
        context.output.result(familyOf(chain).discarded, { discarded: true })
      }),
  )
}
