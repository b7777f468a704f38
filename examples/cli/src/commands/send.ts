import type { FeeSpeed } from '@coffer/evm'
import { type Command, Option } from 'commander'
import { type Cli, withContext } from '../context.ts'
import { writeDocument } from '../documents.ts'
import { effectsOf, showEffects } from '../effects.ts'
import { withHomeLock } from '../lock.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'
import { type Agreement, finish, pay } from '../pay.ts'
import { readTarget, type TargetOptions } from '../target.ts'

interface SendOptions extends CommonOptions, TargetOptions, Agreement {
  readonly fee?: FeeSpeed
  readonly maxFee?: string
  readonly draftOut?: string
  readonly wait: number
}

export function sendCommand(program: Command, cli: Cli): void {
  const command = withOptions(program.command('send'), 'chain')
    .description('pay somebody: create, show, ask, sign, publish, follow')
    .requiredOption('--to <address>', 'an address, or an ERC-681 payment link')
    .option('--amount <amount>', 'in whole coins or tokens, such as 0.25; "max" for all there is')
    .option('--asset <asset>', 'a symbol, a CAIP-19 id or the address of a token; the coin when not given')
    .addOption(new Option('--fee <speed>', '"normal" when not given').choices(['slow', 'normal', 'fast']))
    .option('--max-fee <amount>', 'the most that the fee may reach, in the coin')
    .option(
      '--draft-out <file>',
      'stop with the draft, for "coffer sign" on another machine; "-" writes it out',
    )
  withExamples(
    withOptions(command, 'agreement', 'wait', 'account', 'network', 'passphrase', 'json'),
    'coffer send --chain ethereum --to 0x7099…79C8 --amount 0.25',
    'coffer send --chain bnb --to 0x7099…79C8 --amount 25 --asset USDT --fee fast',
    'coffer send --to "ethereum:0x7099…79C8@1?value=2.5e17"',
    'coffer send --chain ethereum --to 0x7099…79C8 --amount max --draft-out draft.json',
  ).action((options: SendOptions) =>
    withContext(cli, options, async (context) => {
      const { home, io, output } = context
      const { signal } = io
      const { chain, account, to, asset, amount } = await readTarget(context, options)
      const { fee, maxFee, draftOut } = options
      const payment = await withHomeLock(home, signal, async () => {
        const draft = await account.create({ to, amount, asset, fee, maxFee }, { signal })
        if (draftOut === undefined)
          return pay(context, { chain, account, draft, tokens: [asset], agreement: options })
        await writeDocument(context, draftOut, draft)
        output.say(showEffects(output, chain, draft.account, effectsOf(chain, draft, [asset])))
        output.say(
          'Payments made meanwhile wait for this one: publish it soon, or give it up with "coffer discard".',
        )
        if (draftOut !== '-') output.result(`Draft: ${draftOut}`, { draft: draftOut, effects: draft.effects })
        return undefined
      })
      if (payment) await finish(context, chain, payment, options.wait)
    }),
  )
}
