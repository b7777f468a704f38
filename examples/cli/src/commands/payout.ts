import {
  type Acceptance,
  type Asset,
  CofferError,
  type Draft,
  isCofferError,
  parseAmount,
  type ReadOptions,
  type Signed,
} from '@coffer/core'
import {
  type PayoutQueue,
  type PayoutStatus,
  payoutQueue,
  type TronAccount,
  type TronChain,
} from '@coffer/tron'
import type { Command } from 'commander'
import { type Cli, type Context, chosenChain, openTron, withContext } from '../context.ts'
import { readPayouts } from '../families/batch-file.ts'
import { findAsset } from '../families/tron.ts'
import { invalid } from '../families/words.ts'
import { withHomeLock } from '../home-lock.ts'
import { withKeys } from '../keys.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'
import { oneLine, showAmount, table } from '../output.ts'
import { type Agreement, agree, checkAllowed } from '../pay.ts'
import { markPayout } from '../sent.ts'

interface PayoutOptions extends CommonOptions, Agreement {
  readonly asset?: string
  readonly memo?: string
  readonly list?: true
  readonly final?: true
}

export function payoutCommand(program: Command, cli: Cli): void {
  const command = withOptions(program.command('payout'), 'chain')
    .description('pay a table of people on Tron, each once; after Ctrl-C the same command goes on')
    .argument(
      '[file]',
      'lines of "id,address,amount", where an id is paid once, for ever; what is left when not given',
    )
    .option(
      '--asset <asset>',
      'a symbol, a CAIP-19 id, the address or the number of a token; the coin when not given',
    )
    .option('--memo <text>', 'on each payment, for a fee on each')
    .option('--list', 'show how each payout stands, and pay nothing')
    .option('--final', 'follow them until none can be undone any more')
  withExamples(
    withOptions(command, 'agreement', 'account', 'network', 'passphrase', 'json'),
    'coffer payout salaries.csv --chain tron --asset USDT',
    'coffer payout --chain tron',
  ).action((file: string | undefined, options: PayoutOptions) =>
    withContext(cli, options, async (context) => {
      const chain = chosenChain(context)
      const { tron } = await openTron(context, chain)
      const payouts: Payouts = { context, chain: chain as TronChain, tron, options }
      const { home, io } = context
      if (options.list) {
        if (file !== undefined) throw invalid('--list shows what was added before. Leave the file out.')
        return tell(payouts, await watchingQueue(payouts).list())
      }
      // Two at once would pay twice; others may pay in between.
      await withHomeLock(home, io.signal, () => work(payouts, file), 'payout-lock')
    }),
  )
}

interface Payouts {
  readonly context: Context
  readonly chain: TronChain
  readonly tron: TronAccount
  readonly options: PayoutOptions
}

async function work(payouts: Payouts, file: string | undefined): Promise<void> {
  const { context, options } = payouts
  const watching = watchingQueue(payouts)
  if (file !== undefined) await add(payouts, watching, file)
  const before = await watching.list()
  const toPay = before.filter(({ state }) => state === 'waiting' || state === 'signed' || state === 'refused')
  const left = options.final ? before.filter(({ state }) => state !== 'final' && state !== 'failed') : toPay
  if (left.length > 0) {
    if (toPay.length === 0) await follow(payouts, watching)
    else {
      await ask(payouts, toPay)
      await withKeys(context, { account: payouts.tron.descriptor }, (keys) =>
        follow(
          payouts,
          queueOf(payouts, (draft, options) => keys.sign(draft, options)),
        ),
      )
    }
  }
  await tell(payouts, await watching.list())
}

function watchingQueue(payouts: Payouts): PayoutQueue {
  return queueOf(payouts, async () => {
    throw new CofferError({ code: 'NO_SIGNER', message: 'Run "coffer payout" again to pay what is left.' })
  })
}

/** The queue of the account, in the store of the wallet; whatever changes that store is done alone. */
function queueOf(
  { context, tron, options }: Payouts,
  sign: (draft: Draft, options: ReadOptions & { accept: readonly Acceptance[] }) => Promise<Signed>,
): PayoutQueue {
  const { home, io, store, wallet } = context
  const alone = <T>(task: () => Promise<T>): Promise<T> => withHomeLock(home, io.signal, task)
  const { accept = [] } = options
  return payoutQueue({
    account: { ...tron, create: (request, options) => alone(() => tron.create(request, options)) },
    store,
    wallet: {
      sign: (draft, options) => alone(() => sign(draft, { ...options, accept })),
      signed: wallet.signed,
      publish: async (signed, options) => {
        await markPayout(context, signed)
        return alone(() => wallet.publish(signed, options))
      },
      payment: wallet.payment,
    },
  })
}

/** Adds what stands in a file. An id that is there already must be the same payment. */
async function add(
  { context, chain, tron, options }: Payouts,
  queue: PayoutQueue,
  file: string,
): Promise<void> {
  const rows = await readPayouts(file)
  const asset = await findAsset(chain, tron, options.asset, { signal: context.io.signal })
  const known = new Map((await queue.list()).map((row) => [row.id, row]))
  const payouts = rows.map(({ id, to, amount }) => ({
    id,
    to: chain.parseAddress(to),
    amount: parseAmount(amount, asset.decimals),
    asset: asset.id,
    memo: options.memo,
  }))
  for (const { id, to, amount, memo } of payouts) {
    const row = known.get(id)
    if (!row || (row.to === to && row.amount === amount && row.asset === asset.id && row.memo === memo))
      continue
    throw invalid(
      `The payout ${id} was added before, and pays something else or has another memo. Give this one another id.`,
    )
  }
  await queue.add(payouts)
}

/** Shows what will be paid and what it costs, holds it against the policy, and asks. */
async function ask(
  { context, chain, tron, options }: Payouts,
  toPay: readonly PayoutStatus[],
): Promise<void> {
  const { output } = context
  const assets = await assetsOf({ context, chain, tron, options }, toPay)
  output.say(output.colors.bold(`From ${tron.address} on ${chain.name}`))
  output.say(
    table(
      toPay.map(({ id, memo, ...row }) => [
        id,
        `Send ${amountOf(row, assets)} to ${row.to}${memo === undefined ? '' : `, with the memo "${oneLine(memo)}"`}`,
      ]),
      '  ',
    ),
  )
  // Of what was signed before nothing is asked anew: it pays that, or nothing.
  const unsigned = toPay.filter(({ txid }) => txid === undefined)
  if (unsigned.length > 0) {
    const drafts = await price({ context, chain, tron, options }, unsigned.slice(0, MOST_PRICED))
    await checkAllowed(context, chain, drafts, options.accept)
    const sum = (of: 'expected' | 'ceiling'): bigint => drafts.reduce((sum, { fee }) => sum + fee[of], 0n)
    const which = drafts.length === toPay.length ? 'Fees' : `Fees of ${drafts.length} of them`
    if (drafts.length > 0)
      output.say(
        `  ${which} about ${showAmount(sum('expected'), chain.coin)}, at most ${showAmount(sum('ceiling'), chain.coin)}`,
      )
  }
  await agree(context, options)
}

/** As many as are priced together. */
const MOST_PRICED = 100

/** Drafts of those that can be paid now. Says of the others why not: the queue passes them over. */
async function price({ context, tron }: Payouts, rows: readonly PayoutStatus[]): Promise<readonly Draft[]> {
  const { home, io, output } = context
  const { signal } = io
  const requests = rows.map(({ id, to, amount, asset, memo }) => ({
    id,
    request: { to, amount, asset, memo, again: true },
  }))
  return withHomeLock(home, signal, async () => {
    const all = await unlessRefused(() =>
      tron.createBatch(
        requests.map(({ request }) => request),
        { signal },
      ),
    )
    if (!(all instanceof Error)) return all
    const payable = []
    for (const { id, request } of requests) {
      const alone = await unlessRefused(() => tron.estimate(request, { signal }))
      if (alone instanceof Error) output.say(`  ${id} cannot be paid now. ${oneLine(alone.message)}`)
      else payable.push(request)
    }
    return payable.length > 0 ? tron.createBatch(payable, { signal }) : []
  })
}

/** What makes the queue pass over one payout, and go on with the others. */
async function unlessRefused<T>(task: () => Promise<T>): Promise<T | CofferError> {
  try {
    return await task()
  } catch (error) {
    if (!isCofferError(error, 'EXECUTION_REVERTED', 'INVALID_REQUEST')) throw error
    return error
  }
}

/** Pays and follows until each is confirmed, or, with `--final`, settled. */
async function follow({ context, options, ...rest }: Payouts, queue: PayoutQueue): Promise<void> {
  const { io, output } = context
  const assets = await assetsOf({ context, options, ...rest }, await queue.list())
  try {
    for await (const status of queue.run({ signal: io.signal, interval: rest.chain.pollInterval })) {
      output.say(`${status.id}: ${STATES[status.state]}, ${amountOf(status, assets)} to ${status.to}`)
      const states = (await queue.list()).map(({ state }) => state)
      if (!options.final && states.every((state) => state === 'confirmed' || isSettled(state))) return
    }
  } catch (error) {
    if (isCofferError(error, 'ABORTED')) output.say('Nothing is lost: "coffer payout" goes on where it was.')
    throw error
  }
}

const STATES: Readonly<Record<PayoutStatus['state'], string>> = {
  waiting: 'waiting',
  signed: 'on its way',
  confirmed: 'confirmed',
  final: 'final',
  failed: 'failed',
  refused: 'refused',
}

function isSettled(state: PayoutStatus['state']): boolean {
  return state === 'final' || state === 'failed' || state === 'refused'
}

/** Writes the result. Throws `PAYMENT_FAILED` when somebody was not paid. */
async function tell(payouts: Payouts, rows: readonly PayoutStatus[]): Promise<void> {
  const { output } = payouts.context
  const assets = await assetsOf(payouts, rows)
  const unpaid = rows.filter(({ state }) => state === 'failed' || state === 'refused')
  const text = table(
    rows.map((row) => [
      row.id,
      STATES[row.state],
      amountOf(row, assets),
      row.to,
      row.reason === undefined ? (row.txid ?? '') : oneLine(row.reason),
    ]),
  )
  if (unpaid.length === 0 || !output.json)
    output.result(rows.length > 0 ? text : 'There are no payouts.', rows)
  if (unpaid.length === 0) return
  throw new CofferError({
    code: 'PAYMENT_FAILED',
    message: `${unpaid.length} of ${rows.length} payouts paid nothing: ${unpaid.map(({ id }) => id).join(', ')}. Those that were refused are tried again by a later "coffer payout", which signs anew only what can no longer be mined; those that failed need a new id.`,
    details: { payouts: rows },
  })
}

async function assetsOf({ context, chain, tron }: Payouts, rows: readonly PayoutStatus[]) {
  const { signal } = context.io
  const ids = [...new Set(rows.map(({ asset }) => asset))]
  const found = await Promise.all(
    ids.map(async (id) => [id, await findAsset(chain, tron, id, { signal })] as const),
  )
  return new Map<string, Asset>(found)
}

function amountOf(
  { amount, asset: id }: Pick<PayoutStatus, 'amount' | 'asset'>,
  assets: ReadonlyMap<string, Asset>,
): string {
  const asset = assets.get(id)
  return asset ? showAmount(amount, asset) : `${amount} base units of ${id}`
}
