import { assertAllowed, type Draft, verify } from '@coffer/core'
import type { Command } from 'commander'
import { type Cli, withContext } from '../context.ts'
import { readDocument } from '../documents.ts'
import { effectsOf, showEffects } from '../effects.ts'
import type { AppChain } from '../families/family.ts'
import { familyOf } from '../families/index.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'
import { oneLine } from '../output.ts'

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
      const { account } = document
      const family = familyOf(chain)
      const effects = document.kind === 'draft' ? document.effects : family.inspectSigned(chain, document)
      const sentences = effectsOf(chain, { effects })
      const shown = showEffects(output, chain, account, sentences)
      if (document.kind === 'draft') check(chain, document, () => output.say(shown))
      // Some of them are what a file says.
      const fields = Object.entries(effects.fields).map(([name, value]) => `  ${oneLine(`${name} ${value}`)}`)
      const verdict =
        document.kind === 'draft'
          ? `The bytes do what the draft says they should. ${signaturesOf(document)}`
          : `Signed by ${family.label(account)}. Transaction ${document.txid}.`
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

function signaturesOf({ signatures = [] }: Draft): string {
  if (signatures.length === 0) return 'Not signed yet.'
  return signatures.length === 1 ? 'One signature so far.' : `${signatures.length} signatures so far.`
}

/** Who is told that a draft does something else than it says wants to see what it does. */
function check(chain: AppChain, draft: Draft, show: () => void): void {
  try {
    assertAllowed(verify(chain, draft).refusals.filter(({ rule }) => rule === 'mismatch'))
  } catch (error) {
    show()
    throw error
  }
}
