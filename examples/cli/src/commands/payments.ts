import type { Payment, PaymentStatus } from '@coffer/core'
import type { Command } from 'commander'
import { type Cli, type Context, withContext } from '../context.ts'
import type { AppChain } from '../families/family.ts'
import { sentence } from '../follow.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'
import { table } from '../output.ts'
import { findChain } from '../sources.ts'

export function paymentsCommand(program: Command, cli: Cli): void {
  withExamples(
    withOptions(program.command('payments'), 'network', 'json').description(
      'show the payments sent from here that are not final yet; final ones are forgotten',
    ),
    'coffer payments',
  ).action((options: CommonOptions) =>
    withContext(cli, options, async (context) => {
      const { wallet, chains, output } = context
      const rows = await Promise.all(
        (await wallet.payments()).map(async (payment) => ({
          chain: findChain(chains, payment.chain),
          payment,
          status: await statusOf(context, payment),
        })),
      )
      output.result(
        rows.length > 0 ? table(rows.map(toRow)) : 'Every payment sent from here is final.',
        rows.map(({ chain, payment, status }) => ({ chain: chain.id, txid: payment.txid, status })),
      )
    }),
  )
}

/** The first thing that following a payment tells; one that is final leaves the list by it. */
async function statusOf({ io }: Context, payment: Payment): Promise<PaymentStatus> {
  for await (const status of payment.watch({ signal: io.signal })) return status
  return { state: 'pending' }
}

function toRow({
  chain,
  payment,
  status,
}: {
  chain: AppChain
  payment: Payment
  status: PaymentStatus
}): string[] {
  return [chain.name, payment.txid, sentence(chain, status)]
}
