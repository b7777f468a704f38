import type { Command } from 'commander'
import { renderUnicodeCompact } from 'uqr'
import { type Cli, chosenChain, openAccount, withContext } from '../context.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'
import { findAsset } from '../target.ts'

interface ReceiveOptions extends CommonOptions {
  readonly asset?: string
  readonly amount?: string
}

export function receiveCommand(program: Command, cli: Cli): void {
  const command = withOptions(program.command('receive'), 'chain')
    .description('show where to be paid: address, payment link, QR code')
    .option('--asset <asset>', 'a symbol, a CAIP-19 id or the address of a token; the coin when not given')
    .option('--amount <amount>', 'how much is asked for; then the QR code holds the payment link')
  withExamples(
    withOptions(command, 'account', 'network', 'json'),
    'coffer receive --chain ethereum',
    'coffer receive --chain bnb --asset USDT --amount 25',
  ).action((options: ReceiveOptions) =>
    withContext(cli, options, async (context) => {
      const chain = chosenChain(context)
      const account = await openAccount(context, chain)
      const asset = await findAsset(context, account, chain, options.asset)
      const { address, uri } = await account.receive({ asset: asset.id, amount: options.amount })
      const { bold, dim } = context.output.colors
      // Every wallet reads a bare address; links are for those that ask for an amount.
      const code = qr(options.amount === undefined ? address : uri, context.output.colors.isColorSupported)
      context.output.result([bold(address), dim(uri), '', code].join('\n'), { chain: chain.id, address, uri })
    }),
  )
}

/** White on black whatever the colours of the terminal are, where it has colours. */
function qr(text: string, colors: boolean): string {
  const lines = renderUnicodeCompact(text, { border: 2 }).split('\n')
  return (colors ? lines.map((line) => `\x1b[97;40m${line}\x1b[0m`) : lines).join('\n')
}
