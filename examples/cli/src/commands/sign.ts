import type { Draft, Signed } from '@coffer/core'
import type { Command } from 'commander'
import { type Cli, withContext } from '../context.ts'
import { readDocument, wantDraft, writeDocument } from '../documents.ts'
import { effectsOf, showEffects } from '../effects.ts'
import { withHomeLock } from '../home-lock.ts'
import { withKeys } from '../keys.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'
import { type Agreement, agree, checkAllowed } from '../pay.ts'

interface SignOptions extends CommonOptions, Agreement {
  readonly out: string
}

/** `sign` makes a transaction; `cosign` adds a signature to a draft that others sign as well. */
export function signCommand(program: Command, cli: Cli, action: 'sign' | 'cosign'): void {
  const command = program
    .command(action)
    .description(
      action === 'sign'
        ? 'sign a draft after showing what it does; without network'
        : 'add a signature to a draft of an account of several keys; without network',
    )
    .argument('<file>', 'what "coffer send --draft-out" wrote, or "-"')
    .option(
      '-o, --out <file>',
      action === 'sign' ? 'where the signed transaction goes' : 'where the draft goes, for the next signer',
      '-',
    )
  withExamples(
    withOptions(command, 'agreement', 'devnet', 'passphrase', 'json'),
    ...(action === 'sign'
      ? [
          'coffer sign draft.json -o signed.json',
          'coffer sign approve.json --accept unlimited-approval -o signed.json',
        ]
      : ['coffer cosign draft.json -o draft-ann.json']),
  ).action((file: string, options: SignOptions) =>
    withContext(cli, options, async (context) => {
      const { output, home, io } = context
      const { chain, document } = await readDocument(context, file)
      const draft = wantDraft(document)
      output.say(showEffects(output, chain, draft.account, effectsOf(chain, draft)))
      // Refused before anybody is asked to say yes.
      const { accept, out } = options
      await checkAllowed(context, chain, [draft], accept)
      await agree(context, options)
      const signed = await withHomeLock(home, io.signal, () =>
        withKeys<Signed | Draft>(context, { account: draft.account }, (wallet) =>
          wallet[action](draft, { accept, signal: io.signal }),
        ),
      )
      await writeDocument(context, out, signed)
      if (out === '-') return
      if (signed.kind === 'signed')
        output.result(`Signed: ${out}\n${signed.txid}`, { signed: out, txid: signed.txid })
      else output.result(`Draft: ${out}`, { draft: out, signatures: signed.signatures?.length ?? 0 })
    }),
  )
}
