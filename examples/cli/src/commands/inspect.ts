import { type Draft, verifyDraft } from '@coffer/core'
import type { EvmChain } from '@coffer/evm'
import type { Command } from 'commander'
import { type Cli, withContext } from '../context.ts'
import { readDocument, unsigned } from '../documents.ts'
import { addressOf, effectsOf, showEffects } from '../effects.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'

export function inspectCommand(program: Command, cli: Cli): void {
  withExamples(
    withOptions(program.command('inspect'), 'json')
      .description(
        'say what a draft or a signed transaction does, from its bytes; without network or passphrase',
      )
      .argument('<file>', 'what "coffer send --draft-out" or "coffer sign" wrote, or "-"'),
    'coffer inspect draft.json',
    'cat signed.json | coffer inspect -',
  ).action((file: string, options: CommonOptions) =>
    withContext(cli, options, async (context) => {
      const { output } = context
      const { chain, document } = await readDocument(context, file)
      const { effects, account } = document.kind === 'draft' ? document : unsigned(chain, document)
      const sentences = effectsOf(chain, { effects })
      const shown = showEffects(output, chain, account, sentences)
      if (document.kind === 'draft') check(chain, document, () => output.say(shown))
      const fields = Object.entries(effects.fields).map(([name, value]) => `  ${name} ${value}`)
      const verdict =
        document.kind === 'draft'
          ? 'The bytes do what the draft says they should. Not signed yet.'
          : `Signed by ${addressOf(account)}. Transaction ${document.txid}.`
      output.result([shown, '', ...fields, '', verdict].join('\n'), {
        kind: document.kind,
        chain: chain.id,
        account,
        ...(document.kind === 'draft' ? { intent: document.intent } : { txid: document.txid }),
        sentences,
        effects,
      })
    }),
  )
}

/** Who is told that a draft does something else than it says wants to see what it does. */
function check(chain: EvmChain, draft: Draft, show: () => void): void {
  try {
    verifyDraft(chain, draft)
  } catch (error) {
    show()
    throw error
  }
}
