import { CofferError } from '@coffer/core'
import { isTotpCode, newTotp } from '@coffer/core/totp'
import type { Command } from 'commander'
import { type Cli, withContext } from '../context.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'
import { prompts } from '../prompts.ts'
import { qrCode } from '../qr-code.ts'
import { hasSecondFactor, writeSecondFactor } from '../second-factor.ts'

export function secondFactorCommand(program: Command, cli: Cli): void {
  const command = program
    .command('second-factor')
    .description('set up an authenticator app, whose codes policy.json can ask for before a signature')
    .option('--label <name>', 'what the app calls it', 'wallet')
  withExamples(withOptions(command, 'json'), 'coffer second-factor --label "my wallet"').action(
    (options: CommonOptions & { readonly label: string }) =>
      withContext(cli, options, async ({ io, home, output }) => {
        if (await hasSecondFactor(home))
          throw new CofferError({
            code: 'INVALID_REQUEST',
            message: `There is a second factor already. To set up another, remove ${home}/second-factor first.`,
          })
        const { secret, uri } = newTotp({ issuer: 'Coffer', label: options.label })
        // To the eye alone: it is a secret.
        output.say(qrCode(uri, output.colors.isColorSupported))
        output.say(`Scan it with an authenticator app, or type this into it: ${secret}`)
        const code = await prompts(io, 'Set it up at a terminal.').line('The code that the app shows now')
        if (!isTotpCode(secret, code))
          throw new CofferError({
            code: 'INVALID_REQUEST',
            message:
              'That is not the code of this moment. Compare the clocks of both devices; nothing was kept.',
          })
        await writeSecondFactor(home, secret)
        output.result('Set up. policy.json may say { "steps": [{ "ask": "code" }] } now.', { done: true })
      }),
  )
}
