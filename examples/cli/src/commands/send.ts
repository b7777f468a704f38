import type { Command } from 'commander'
import { type Cli, openAccount, payingChain, withContext } from '../context.ts'
import type { PayWords } from '../families/family.ts'
import { type CommonOptions, repeated, withExamples, withOptions } from '../options.ts'
import { type Agreement, carryOut } from '../pay.ts'

interface SendOptions extends CommonOptions, Agreement, Omit<PayWords, 'to'> {
  readonly to?: readonly string[]
  readonly draftOut?: string
  readonly wait: number
}

export function sendCommand(program: Command, cli: Cli): void {
  const command = withOptions(program.command('send'), 'chain')
    .description('pay somebody: create, show, ask, sign, publish, follow')
    .option(
      '--to <address>',
      'an address, or a payment link (ERC-681, BIP-321, tron:); on Bitcoin repeat it as address=amount for several',
      repeated,
    )
    .option('--amount <amount>', 'in whole coins or tokens, such as 0.25; "max" for all there is')
    .option(
      '--asset <asset>',
      'a symbol, a CAIP-19 id, the address or the number of a token; the coin when not given',
    )
    .option(
      '--fee <speed>',
      'slow, normal or fast, on Bitcoin also sat/vB such as 12.5; "normal" when not given',
    )
    .option('--max-fee <amount>', 'the most that the fee may reach, in the coin')
    .option(
      '--batch <file>',
      'on Bitcoin: pay everybody in a table of "address,amount" lines at once; on Tron see "payout"',
    )
    .option(
      '--memo <text>',
      'up to 80 bytes on Bitcoin, 1000 on Tron (for a fee), that stay readable for all, for ever',
    )
    .option('--coin <txid:vout>', 'on Bitcoin: spend exactly the coins named; repeat it', repeated)
    .option('--unconfirmed', 'on Bitcoin: spend also what others sent and no block holds yet')
    .option(
      '--fee-limit <amount>',
      'on Tron: the most that the energy of a token transfer may cost, in TRX; an estimate and a quarter when not given',
    )
  withExamples(
    withOptions(
      command,
      'signing',
      'draft',
      'agreement',
      'wait',
      'account',
      'address',
      'network',
      'passphrase',
      'json',
    ),
    'coffer send --chain ethereum --to 0x7099…79C8 --amount 0.25',
    'coffer send --chain bnb --to 0x7099…79C8 --amount 25 --asset USDT --fee fast',
    'coffer send --to "ethereum:0x7099…79C8@1?value=2.5e17"',
    'coffer send --chain ethereum --to 0x7099…79C8 --amount max --draft-out draft.json',
    'coffer send --chain bitcoin --to bc1q…6fyu --amount 0.01 --fee 12.5',
    'coffer send --chain bitcoin --to bc1q…6fyu=0.01 --to bc1p…v9qx=0.02 --memo "invoice 7"',
    'coffer send --to "bitcoin:bc1q…6fyu?amount=0.01"',
    'coffer send --chain tron --to TUoH…uSuJM --amount 25 --asset USDT',
  ).action((options: SendOptions) =>
    withContext(cli, options, async (context) => {
      const { io, output } = context
      const { to = [], draftOut, wait } = options
      const { batch, amount, asset, fee, maxFee, memo, coin, unconfirmed } = options
      const { feeLimit, expires, permission, again } = options
      const chain = payingChain(context, to)
      const account = await openAccount(context, chain)
      const words = { to, batch, amount, asset, fee, maxFee, memo, coin, unconfirmed }
      const more = { feeLimit, expires, permission, again }
      const order = await account.order({ ...words, ...more }, { signal: io.signal, say: output.say })
      await carryOut(context, { chain, account, ...order, agreement: options, draftOut, wait })
    }),
  )
}
