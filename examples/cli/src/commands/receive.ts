import type { Command } from 'commander'
import { type Cli, chosenChain, openAccount, withContext } from '../context.ts'
import { withHomeLock } from '../home-lock.ts'
import { withLedger } from '../ledger.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'
import { qrCode } from '../qr-code.ts'

interface ReceiveOptions extends CommonOptions {
  readonly asset?: string
  readonly amount?: string
  readonly fresh?: true
}

export function receiveCommand(program: Command, cli: Cli): void {
  const command = withOptions(program.command('receive'), 'chain')
    .description('show where to be paid: address, payment link, QR code')
    .option('--asset <asset>', 'a symbol, a CAIP-19 id or the address of a token; the coin when not given')
    .option('--amount <amount>', 'how much is asked for; then the QR code holds the payment link')
    .option('--fresh', 'on Bitcoin: another address than the last one that was shown')
  withExamples(
    withOptions(command, 'account', 'address', 'network', 'json'),
    'coffer receive --chain ethereum',
    'coffer receive --chain bnb --asset USDT --amount 25',
    'coffer receive --chain bitcoin --fresh --amount 0.01',
    'coffer --signer ledger receive --chain tron',
  ).action((options: ReceiveOptions) =>
    withContext(cli, options, async (context) => {
      const { io, home, output } = context
      const chain = chosenChain(context)
      const account = await openAccount(context, chain)
      const { asset, amount, fresh } = options
      const receive = () => account.receive({ asset, amount, fresh }, { signal: io.signal })
      // Which addresses were shown is written down.
      const { address, uri, code } = await (account.utxo ? withHomeLock(home, io.signal, receive) : receive())
      const { signer } = options
      if (signer === 'ledger' && !options.address)
        await withLedger(context, (ledger) =>
          ledger.showAddress({ chain, account: account.descriptor, address }, { signal: io.signal }),
        )
      const { bold, dim } = output.colors
      output.result([bold(address), dim(uri), '', qrCode(code, output.colors.isColorSupported)].join('\n'), {
        chain: chain.id,
        address,
        uri,
      })
    }),
  )
}
