import { CofferError, cancelDelay, readDelays } from '@coffer/core'
import type { Command } from 'commander'
import { type Cli, withContext } from '../context.ts'
import { effectsOf } from '../effects.ts'
import { withHomeLock } from '../home-lock.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'
import { dateOf, oneLine } from '../output.ts'
import { findChain } from '../sources.ts'

interface WaitingOptions extends CommonOptions {
  readonly cancel?: readonly string[]
}

export function waitingCommand(program: Command, cli: Cli): void {
  const command = program
    .command('waiting')
    .description('show what the policy lets be signed only after a while, and since when it waits')
    .option('--cancel <id...>', 'forget that it waits: who asks again waits from the beginning')
  withExamples(
    withOptions(command, 'devnet', 'json'),
    'coffer waiting',
    'coffer waiting --cancel 3f1c',
  ).action((options: WaitingOptions) =>
    withContext(cli, options, async ({ io, home, chains, store, output }) => {
      await withHomeLock(home, io.signal, async () => {
        for (const start of options.cancel ?? []) {
          const found = (await readDelays(store)).filter(({ id }) => id.startsWith(start.toLowerCase()))
          if (found.length !== 1)
            throw new CofferError({
              code: 'INVALID_REQUEST',
              message: `${found.length === 0 ? 'Nothing that waits begins' : 'Several that wait begin'} with ${JSON.stringify(start.slice(0, 20))}. See "coffer waiting".`,
            })
          await cancelDelay(store, found[0]!.id)
        }
      })
      const delays = await readDelays(store)
      const lines = delays.flatMap(({ id, chain: chainId, list, message, since, until }) => {
        const chain = findChain(chains, chainId)
        return [
          output.colors.bold(`${id.slice(0, 12)} on ${chain.name}`),
          ...(message === undefined ? [] : [`  ${oneLine(message)}`]),
          ...effectsOf(chain, { effects: { list, warnings: [] } }).map((line) => `  ${line}`),
          `  asked for ${dateOf(since)}, may be signed from ${dateOf(until)} on`,
        ]
      })
      output.result(lines.length > 0 ? lines.join('\n') : 'Nothing waits.', delays)
    }),
  )
}
