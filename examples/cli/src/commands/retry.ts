import { CofferError, type Signed } from '@coffer/core'
import type { Command } from 'commander'
import { type Cli, type Context, watch, withContext } from '../context.ts'
import { readDocument, wantSigned } from '../documents.ts'
import { type CostWords, costsOf, created } from '../families/tron-costs.ts'
import { sentence } from '../follow.ts'
import { type CommonOptions, count, withExamples, withOptions } from '../options.ts'
import { type Agreement, carryOut } from '../pay.ts'
import { expiredPayments, findPayment, forgetExpired, isOfPayout, statusOf } from '../sent.ts'
import { findChain } from '../sources.ts'

const TXID = /^[0-9a-f]{64}$/i

interface RetryOptions extends CommonOptions, Agreement, CostWords {
  readonly draftOut?: string
  readonly wait: number
}

export function retryCommand(program: Command, cli: Cli): void {
  const command = program
    .command('retry')
    .description('pay again what no block took in time on Tron, once it is certain that none can any more')
    .argument('<payment>', 'the id of a payment, as "coffer payments" lists it, or a file of "coffer sign"')
    .option('--max-fee <amount>', 'the most that the fee may reach, in TRX')
    .option('--fee-limit <amount>', 'the most that the energy may cost, in TRX; an estimate when not given')
    .option('--expires <seconds>', 'how long it may wait for a block; 600 when not given', count)
  withExamples(
    withOptions(command, 'draft', 'agreement', 'wait', 'network', 'passphrase', 'json'),
    'coffer retry 9f2c…51aa',
    'coffer retry signed.json --draft-out draft.json',
  ).action((what: string, options: RetryOptions) =>
    withContext(cli, options, async (context) => {
      const { draftOut, wait, maxFee, feeLimit, expires } = options
      const signed = await find(context, what)
      const chain = findChain(context.chains, signed.chain)
      const account = await watch(context, chain, signed.account)
      const { tron } = account
      if (!tron)
        throw new CofferError({
          code: 'UNSUPPORTED',
          message: `Payments on ${chain.name} do not expire. See "coffer speed-up" and "coffer cancel".`,
        })
      const { again: _, memo: __, ...costs } = costsOf({ maxFee, feeLimit, expires })
      await carryOut(context, {
        chain,
        account,
        create: (reading) => created(() => tron.retry(signed, costs, reading)),
        agreement: options,
        draftOut,
        wait,
        done: () => forgetExpired(context, signed),
      })
    }),
  )
}

/** What expired, from a file or as this wallet remembers it. Throws `INVALID_REQUEST` for what has not expired. */
async function find(context: Context, what: string): Promise<Signed> {
  const given = TXID.test(what) ? undefined : wantSigned((await readDocument(context, what)).document)
  const txid = given?.txid ?? what.toLowerCase()
  const payment = await findPayment(context, txid)
  // What has expired leaves the list of what goes on, lest it be offered once more.
  const status = payment && (await statusOf(context, payment))
  const signed = given ?? (await expiredPayments(context)).find((one) => one.txid === txid)
  const refused = (message: string): CofferError => new CofferError({ code: 'INVALID_REQUEST', message })
  const over = signed ?? (status?.state === 'expired' ? payment?.signed : undefined)
  if (over && (await isOfPayout(context, over)))
    throw refused('It is one of a payout: run "coffer payout" again, which pays it.')
  if (signed) return signed
  if (!payment || !status)
    throw refused('This wallet remembers no such payment. "coffer payments" lists those that have expired.')
  const chain = findChain(context.chains, payment.chain)
  const stands = sentence(chain, status).replace(/ …$/, '')
  throw refused(`It has not expired on ${chain.name}: ${stands.charAt(0).toLowerCase()}${stands.slice(1)}.`)
}
