import type { ReadOptions } from '@coffer/core'
import type { Command } from 'commander'
import { type Cli, type Context, chosenChain, openAccount, watch, withContext } from '../context.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'
import { type Agreement, carryOut } from '../pay.ts'
import { findPayment, sentPayment } from '../sent.ts'
import { findChain } from '../sources.ts'

interface ReplaceOptions extends CommonOptions, Agreement {
  readonly fee?: string
  readonly cpfp?: true
  readonly wait: number
}

/** `speed-up` and `cancel`: both take the place of a payment that waits for a block. */
export function replaceCommand(program: Command, cli: Cli, action: 'speed-up' | 'cancel'): void {
  const command = program
    .command(action)
    .description(
      action === 'cancel'
        ? 'send nothing in the place of a payment that still waits, for a higher fee'
        : 'send a payment that still waits again, for a higher fee',
    )
    .argument('<txid>', 'the payment, as "coffer payments" lists it')
    .option(
      '--fee <speed>',
      'slow, normal or fast, on Bitcoin also sat/vB such as 12.5; "fast" when not given',
    )
  if (action === 'speed-up')
    command.option(
      '--cpfp',
      'on Bitcoin: spend what it pays to this wallet, for a fee that pays for both; with --chain also for payments of others',
    )
  withExamples(
    withOptions(command, 'chain', 'agreement', 'wait', 'account', 'network', 'passphrase', 'json'),
    `coffer ${action} 0x9f2c…51aa`,
    ...(action === 'speed-up' ? ['coffer speed-up 9f2c…51aa --chain bitcoin --cpfp --fee 20'] : []),
  ).action((txid: string, options: ReplaceOptions) =>
    withContext(cli, options, async (context) => {
      const { fee, cpfp, wait } = options
      const { sent, chain, account } = await find(context, txid, cpfp === true)
      const create = (options: ReadOptions) => account.replace(sent, { action, fee, cpfp }, options)
      await carryOut(context, { chain, account, create, agreement: options, wait })
    }),
  )
}

/** A payment that was sent from here, or, where a child can pay for it, any that came in. */
async function find(context: Context, txid: string, cpfp: boolean) {
  const sent = cpfp ? await findPayment(context, txid) : await sentPayment(context, txid)
  if (sent) {
    const chain = findChain(context.chains, sent.chain)
    return { sent, chain, account: await watch(context, chain, sent.signed.account) }
  }
  const chain = chosenChain(context)
  return { sent: txid.toLowerCase(), chain, account: await openAccount(context, chain) }
}
