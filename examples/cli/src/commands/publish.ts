import type { Command } from 'commander'
import { type Cli, withContext } from '../context.ts'
import { readDocument, unsigned, wantSigned } from '../documents.ts'
import { effectsOf, showEffects } from '../effects.ts'
import { withHomeLock } from '../lock.ts'
import { type CommonOptions, count, withExamples, withOptions } from '../options.ts'
import { finish } from '../pay.ts'

interface PublishOptions extends CommonOptions {
  readonly wait: number
}

export function publishCommand(program: Command, cli: Cli): void {
  const command = program
    .command('publish')
    .description('send a signed transaction; doing it twice never pays twice')
    .argument('<file>', 'what "coffer sign" wrote, or "-"')
    .option('--wait <confirmations>', 'how long to follow the payment; 0 to leave at once', count, 1)
  withExamples(withOptions(command, 'network', 'json'), 'coffer publish signed.json').action(
    (file: string, options: PublishOptions) =>
      withContext(cli, options, async (context) => {
        const { output, wallet, io } = context
        const { chain, document } = await readDocument(context, file)
        const signed = wantSigned(document)
        output.say(showEffects(output, chain, signed.account, effectsOf(chain, unsigned(chain, signed))))
        const payment = await withHomeLock(context.home, io.signal, () =>
          wallet.publish(signed, { signal: io.signal }),
        )
        await finish(context, chain, payment, options.wait)
      }),
  )
}
