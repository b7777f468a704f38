import type { FeeSpeed } from '@coffer/evm'
import { type Command, Option } from 'commander'
import { type Cli, withContext } from '../context.ts'
import { withHomeLock } from '../lock.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'
import { type Agreement, finish, pay } from '../pay.ts'
import { sentPayment } from '../sent.ts'
import { findChain } from '../sources.ts'

interface ReplaceOptions extends CommonOptions, Agreement {
  readonly fee?: FeeSpeed
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
    .addOption(new Option('--fee <speed>', '"fast" when not given').choices(['slow', 'normal', 'fast']))
  withExamples(
    withOptions(command, 'agreement', 'wait', 'network', 'passphrase', 'json'),
    `coffer ${action} 0x9f2c…51aa`,
  ).action((txid: string, options: ReplaceOptions) =>
    withContext(cli, options, async (context) => {
      const { signal } = context.io
      const sent = await sentPayment(context, txid)
      const chain = findChain(context.chains, sent.chain)
      const account = await context.wallet.watch(sent.signed.account)
      const payment = await withHomeLock(context.home, signal, async () => {
        const draft = await account.replace(sent, { action, fee: options.fee }, { signal })
        return pay(context, { chain, account, draft, agreement: options })
      })
      await finish(context, chain, payment, options.wait)
    }),
  )
}
