import type { Command } from 'commander'
import { type Cli, openAccount, payingChain, withContext } from '../context.ts'
import { writeDocument } from '../documents.ts'
import { effectsOf, showEffects } from '../effects.ts'
import type { PayWords } from '../families/family.ts'
import { familyOf } from '../families/index.ts'
import { withHomeLock } from '../lock.ts'
import { type CommonOptions, repeated, withExamples, withOptions } from '../options.ts'
import { type Agreement, finish, pay } from '../pay.ts'

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
      'an address, or a payment link (ERC-681, BIP-321); on Bitcoin repeat it as address=amount for several',
      repeated,
    )
    .option('--amount <amount>', 'in whole coins or tokens, such as 0.25; "max" for all there is')
    .option('--asset <asset>', 'a symbol, a CAIP-19 id or the address of a token; the coin when not given')
    .option(
      '--fee <speed>',
      'slow, normal or fast, on Bitcoin also sat/vB such as 12.5; "normal" when not given',
    )
    .option('--max-fee <amount>', 'the most that the fee may reach, in the coin')
    .option('--batch <file>', 'on Bitcoin: pay everybody in a table of "address,amount" lines at once')
    .option('--memo <text>', 'on Bitcoin: up to 80 bytes that stay readable for all, for ever')
    .option('--coin <txid:vout>', 'on Bitcoin: spend exactly the coins named; repeat it', repeated)
    .option('--unconfirmed', 'on Bitcoin: spend also what others sent and no block holds yet')
    .option(
      '--draft-out <file>',
      'stop with the draft, for "coffer sign" on another machine; "-" writes it out',
    )
  withExamples(
    withOptions(command, 'agreement', 'wait', 'account', 'address', 'network', 'passphrase', 'json'),
    'coffer send --chain ethereum --to 0x7099…79C8 --amount 0.25',
    'coffer send --chain bnb --to 0x7099…79C8 --amount 25 --asset USDT --fee fast',
    'coffer send --to "ethereum:0x7099…79C8@1?value=2.5e17"',
    'coffer send --chain ethereum --to 0x7099…79C8 --amount max --draft-out draft.json',
    'coffer send --chain bitcoin --to bc1q…6fyu --amount 0.01 --fee 12.5',
    'coffer send --chain bitcoin --to bc1q…6fyu=0.01 --to bc1p…v9qx=0.02 --memo "invoice 7"',
    'coffer send --to "bitcoin:bc1q…6fyu?amount=0.01"',
  ).action((options: SendOptions) =>
    withContext(cli, options, async (context) => {
      const { home, io, output } = context
      const { signal } = io
      const { to = [], batch, amount, asset, fee, maxFee, memo, coin, unconfirmed, draftOut } = options
      const chain = payingChain(context, to)
      const account = await openAccount(context, chain)
      const words = { to, batch, amount, asset, fee, maxFee, memo, coin, unconfirmed }
      const order = await account.order(words, { signal, say: output.say })
      const payment = await withHomeLock(home, signal, async () => {
        const draft = await order.create({ signal })
        const { tokens } = order
        if (draftOut === undefined) return pay(context, { chain, account, draft, tokens, agreement: options })
        await writeDocument(context, draftOut, draft)
        output.say(showEffects(output, chain, draft.account, effectsOf(chain, draft, tokens)))
        output.say(familyOf(chain).meanwhile)
        if (draftOut !== '-') output.result(`Draft: ${draftOut}`, { draft: draftOut, effects: draft.effects })
        return undefined
      })
      if (payment) await finish(context, chain, payment, options.wait)
    }),
  )
}
