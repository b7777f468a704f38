import { verifyDraft } from '@coffer/core'
import type { Command } from 'commander'
import { type Cli, withContext } from '../context.ts'
import { readDocument, wantDraft, writeDocument } from '../documents.ts'
import { effectsOf, showEffects } from '../effects.ts'
import { withKeys } from '../keys.ts'
import { withHomeLock } from '../lock.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'
import { type Agreement, agree } from '../pay.ts'

interface SignOptions extends CommonOptions, Agreement {
  readonly out: string
}

export function signCommand(program: Command, cli: Cli): void {
  const command = program
    .command('sign')
    .description('sign a draft after showing what it does; without network')
    .argument('<file>', 'what "coffer send --draft-out" wrote, or "-"')
    .option('-o, --out <file>', 'where the signed transaction goes', '-')
  withExamples(
    withOptions(command, 'agreement', 'devnet', 'passphrase', 'json'),
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
      await agree(context, options)
      const { accept, out } = options
      const signed = await withHomeLock(home, io.signal, () =>
        withKeys(context, (wallet) => wallet.sign(draft, { accept, signal: io.signal })),
      )
      await writeDocument(context, out, signed)
      if (out !== '-') output.result(`Signed: ${out}\n${signed.txid}`, { signed: out, txid: signed.txid })
    }),
  )
}
