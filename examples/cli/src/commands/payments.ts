import { CofferError, type PaymentStatus } from '@coffer/core'
import type { Command } from 'commander'
import { type Cli, type Context, withContext } from '../context.ts'
import { sentence } from '../follow.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'
import { table } from '../output.ts'
import { expiredPayments, forgetExpired, statusOf } from '../sent.ts'
import { findChain } from '../sources.ts'

interface PaymentsOptions extends CommonOptions {
  readonly forget?: readonly string[]
}

export function paymentsCommand(program: Command, cli: Cli): void {
  const command = program
    .command('payments')
    .description(
      'show the payments sent from here that are not final yet, or have expired; final ones are forgotten',
    )
    .option('--forget <txid...>', 'forget expired payments that are not to be paid again')
  withExamples(withOptions(command, 'network', 'json'), 'coffer payments').action(
    (options: PaymentsOptions) =>
      withContext(cli, options, async (context) => {
        const { chains, output } = context
        await forget(context, options.forget ?? [])
        const rows = await readRows(context)
        output.result(
          rows.length > 0
            ? table(rows.map((row) => toCells(context, row)))
            : 'Every payment sent from here is final.',
          rows.map(({ chain, txid, status }) => ({ chain: findChain(chains, chain).id, txid, status })),
        )
      }),
  )
}

interface Row {
  readonly chain: string
  readonly txid: string
  readonly status: PaymentStatus
  /** What pays it again, where it has expired. */
  readonly again: 'retry' | 'payout'
}

/** Those that go on, then those that have expired. One that expires now is kept, unless it is one of a payout. */
async function readRows(context: Context): Promise<readonly Row[]> {
  const { wallet } = context
  const going = await Promise.all(
    (await wallet.payments()).map(async (payment): Promise<Row> => {
      const { chain, txid } = payment
      return { chain, txid, status: await statusOf(context, payment), again: 'payout' }
    }),
  )
  const expired = (await expiredPayments(context)).map(
    ({ chain, txid }): Row => ({ chain, txid, status: { state: 'expired' }, again: 'retry' }),
  )
  const known = new Set(expired.map(({ txid }) => txid))
  return [...going.filter(({ txid }) => !known.has(txid)), ...expired]
}

async function forget(context: Context, txids: readonly string[]): Promise<void> {
  const expired = await expiredPayments(context)
  for (const txid of txids) {
    const signed = expired.find((one) => one.txid === txid.toLowerCase())
    if (!signed)
      throw new CofferError({
        code: 'INVALID_REQUEST',
        message:
          'Only expired payments can be forgotten, and none of them has this id. See "coffer payments".',
      })
    await forgetExpired(context, signed)
  }
}

function toCells({ chains }: Context, { chain: id, txid, status, again }: Row): string[] {
  const chain = findChain(chains, id)
  const more = status.state === 'expired' ? `: "coffer ${again}" pays it again` : ''
  return [chain.name, txid, sentence(chain, status) + more]
}
