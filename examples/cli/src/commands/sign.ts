import { type Acceptance, verifyDraft } from '@coffer/core'
import { type Command, Option } from 'commander'
import { type Cli, withContext } from '../context.ts'
import { readDocument, wantDraft, writeDocument } from '../documents.ts'
import { effectsOf, showEffects } from '../effects.ts'
import { withKeys } from '../keys.ts'
import { withHomeLock } from '../lock.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'
import { agree } from '../pay.ts'

interface SignOptions extends CommonOptions {
  readonly out: string
  readonly accept?: readonly Acceptance[]
  readonly yes?: boolean
}

const DANGERS: readonly Acceptance[] = ['unlimited-approval', 'approval-for-all']

export function signCommand(program: Command, cli: Cli): void {
  const command = program
    .command('sign')
    .description('sign a draft after showing what it does; without network')
    .argument('<file>', 'what "coffer send --draft-out" wrote, or "-"')
    .option('-o, --out <file>', 'where the signed transaction goes', '-')
    .addOption(new Option('--accept <danger...>', 'say yes to a danger, for this signature').choices(DANGERS))
    .option('-y, --yes', 'do not ask before signing')
  withExamples(
    withOptions(command, 'passphrase', 'json'),
    'coffer sign draft.json -o signed.json',
    'coffer sign approve.json --accept unlimited-approval -o signed.json',
  ).action((file: string, options: SignOptions) =>
    withContext(cli, options, async (context) => {
      const { output, home, io } = context
      const { chain, document } = await readDocument(context, file)
      const draft = wantDraft(document)
      output.say(showEffects(output, chain, draft.account, effectsOf(chain, draft)))
      // Refused before anybody is asked to say yes.
      verifyDraft(chain, draft)
      await agree(context, options.yes ?? false)
      const { accept, out } = options
      const signed = await withHomeLock(home, io.signal, () =>
        withKeys(context, (wallet) => wallet.sign(draft, { accept, signal: io.signal })),
      )
      await writeDocument(context, out, signed)
      if (out !== '-') output.result(`Signed: ${out}\n${signed.txid}`, { signed: out, txid: signed.txid })
    }),
  )
}
