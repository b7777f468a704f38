import type { Command } from 'commander'
import { type Cli, withContext } from '../context.ts'
import { readDocument, wantSigned } from '../documents.ts'
import { effectsOf, showEffects } from '../effects.ts'
import { familyOf } from '../families/index.ts'
import { withHomeLock } from '../home-lock.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'
import { finish } from '../pay.ts'
import { sentPayment } from '../sent.ts'
import { findChain } from '../sources.ts'

const TXID = /^(?:0x)?[0-9a-f]{64}$/i

interface PublishOptions extends CommonOptions {
  readonly wait: number
}

export function publishCommand(program: Command, cli: Cli): void {
  const command = program
    .command('publish')
    .description('send a signed transaction; doing it twice never pays twice')
    .argument(
      '<file>',
      'what "coffer sign" wrote, or "-", or the id of a payment that "coffer payments" lists',
    )
  withExamples(
    withOptions(command, 'wait', 'network', 'json'),
    'coffer publish signed.json',
    'coffer publish 0x9f2c…51aa',
  ).action((file: string, options: PublishOptions) =>
    withContext(cli, options, async (context) => {
      const { output, wallet, io } = context
      const signed = TXID.test(file)
        ? (await sentPayment(context, file)).signed
        : wantSigned((await readDocument(context, file)).document)
      const chain = findChain(context.chains, signed.chain)
      const effects = familyOf(chain).inspectSigned(chain, signed)
      output.say(showEffects(output, chain, signed.account, effectsOf(chain, { effects })))
      const payment = await withHomeLock(context.home, io.signal, () =>
        wallet.publish(signed, { signal: io.signal }),
      )
      await finish(context, chain, payment, options.wait)
    }),
  )
}
