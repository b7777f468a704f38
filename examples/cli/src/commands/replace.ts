import { CofferError } from '@coffer/core'
import type { FeeSpeed } from '@coffer/evm'
import { type Command, Option } from 'commander'
import { type Cli, type Context, withContext } from '../context.ts'
import { withHomeLock } from '../lock.ts'
import { type CommonOptions, count, withExamples, withOptions } from '../options.ts'
import { finish, pay } from '../pay.ts'
import { findChain } from '../sources.ts'

interface ReplaceOptions extends CommonOptions {
  readonly fee?: FeeSpeed
  readonly yes?: boolean
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
    .option('-y, --yes', 'do not ask before signing')
    .option('--wait <confirmations>', 'how long to follow the payment; 0 to leave at once', count, 1)
  withExamples(withOptions(command, 'network', 'passphrase', 'json'), `coffer ${action} 0x9f2c…51aa`).action(
    (txid: string, options: ReplaceOptions) =>
      withContext(cli, options, async (context) => {
        const { signal } = context.io
        const sent = await findPayment(context, txid)
        const chain = findChain(context.chains, sent.chain)
        const account = await context.wallet.watch(sent.signed.account)
        const payment = await withHomeLock(context.home, signal, async () => {
          const draft = await account.replace(sent, { action, fee: options.fee }, { signal })
          return pay(context, { chain, account, draft, yes: options.yes ?? false })
        })
        await finish(context, chain, payment, options.wait)
      }),
  )
}

async function findPayment({ wallet }: Context, txid: string) {
  const payment = (await wallet.payments()).find((payment) => payment.txid === txid.toLowerCase())
  if (payment) return payment
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message:
      'This wallet remembers no such payment. "coffer payments" lists those that may still be replaced.',
  })
}
