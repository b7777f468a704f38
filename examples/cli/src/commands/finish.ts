import { CofferError, createSigned, type Draft, type Signed } from '@coffer/core'
import type { Command } from 'commander'
import { type Cli, type Context, withContext } from '../context.ts'
import { readDocument, wantDraft, writeDocument } from '../documents.ts'
import { effectsOf, showEffects } from '../effects.ts'
import type { AppChain } from '../families/family.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'

interface FinishOptions extends CommonOptions {
  readonly out: string
}

export function finishCommand(program: Command, cli: Cli): void {
  const command = program
    .command('finish')
    .description('put the signatures of an account of several keys together; without keys or network')
    .argument(
      '<files...>',
      'what "coffer cosign" wrote: one draft, or copies of it that were signed side by side',
    )
    .option('-o, --out <file>', 'where the signed transaction goes', '-')
  withExamples(
    withOptions(command, 'json'),
    'coffer finish draft-ann.json draft-ben.json -o signed.json',
  ).action((files: readonly string[], options: FinishOptions) =>
    withContext(cli, options, async (context) => {
      const { output } = context
      const { out } = options
      const read = await Promise.all(files.map((file) => readDocument(context, file)))
      const signed = together(
        context,
        read.map(({ chain, document }) => ({ chain, draft: wantDraft(document) })),
      )
      await writeDocument(context, out, signed)
      if (out !== '-') output.result(`Signed: ${out}\n${signed.txid}`, { signed: out, txid: signed.txid })
    }),
  )
}

function together(
  { output }: Context,
  copies: readonly { readonly chain: AppChain; readonly draft: Draft }[],
): Signed {
  const [first] = copies
  if (!first || copies.some(({ draft }) => !isSame(draft, first.draft)))
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'Only signatures of one and the same draft can be put together.',
    })
  const { chain, draft } = first
  output.say(showEffects(output, chain, draft.account, effectsOf(chain, draft)))
  if (!chain.finish)
    throw new CofferError({
      code: 'UNSUPPORTED',
      message: `${chain.name} knows no accounts of several keys here.`,
    })
  const signatures = [...new Set(copies.flatMap(({ draft }) => draft.signatures ?? []))]
  return createSigned(chain, chain.finish({ ...draft, signatures }))
}

function isSame(a: Draft, b: Draft): boolean {
  return a.chain === b.chain && a.account === b.account && a.payload === b.payload
}
