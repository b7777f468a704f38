import { setMaxListeners } from 'node:events'
import { readFileSync } from 'node:fs'
import { CofferError, isCofferError } from '@coffer/core'
import { Command, CommanderError } from 'commander'
import { accountsCommand } from './commands/accounts.ts'
import { backupCommand } from './commands/backup.ts'
import { balanceCommand } from './commands/balance.ts'
import { coinsCommand } from './commands/coins.ts'
import { devnetCommand } from './commands/devnet.ts'
import { discardCommand } from './commands/discard.ts'
import { finishCommand } from './commands/finish.ts'
import { historyCommand } from './commands/history.ts'
import { inspectCommand } from './commands/inspect.ts'
import { labelsCommand } from './commands/labels.ts'
import { ledgerCommand } from './commands/ledger.ts'
import { newCommand } from './commands/new.ts'
import { paymentsCommand } from './commands/payments.ts'
import { payoutCommand } from './commands/payout.ts'
import { permissionsCommand } from './commands/permissions.ts'
import { publishCommand } from './commands/publish.ts'
import { receiveCommand } from './commands/receive.ts'
import { replaceCommand } from './commands/replace.ts'
import { resourcesCommand } from './commands/resources.ts'
import { restoreCommand } from './commands/restore.ts'
import { retryCommand } from './commands/retry.ts'
import { secondFactorCommand } from './commands/second-factor.ts'
import { sendCommand } from './commands/send.ts'
import { signCommand } from './commands/sign.ts'
import { stakeCommand } from './commands/stake.ts'
import { vaultCommand } from './commands/vault.ts'
import { waitingCommand } from './commands/waiting.ts'
import { watchCommand } from './commands/watch.ts'
import type { Cli } from './context.ts'
import { EXIT_CODES, exitCodeOf } from './exit-codes.ts'
import type { Io } from './io.ts'
import { withSignerOptions } from './options.ts'
import { hasColors, oneLine, writeForPrograms } from './output.ts'

/**
 * Runs one command and returns its exit code. Everything it needs of its surroundings is in `io`.
 *
 * @param argv the words after the program's name
 * @param internals what tests change: the costs of passphrases
 */
export async function run(
  argv: readonly string[],
  io: Io,
  internals: Pick<Cli, 'workFactor' | 'cost'> = {},
): Promise<number> {
  // One signal stops everything that goes on, and that may be many things.
  setMaxListeners(0, io.signal)
  try {
    await program({ io, ...internals }).parseAsync([...argv], { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    const known = translate(error, io)
    report(known, argv, io)
    return exitCodeOf(known)
  }
}

function program(cli: Cli): Command {
  const { io } = cli
  const program = new Command('coffer')
    .description(
      'A wallet for several chains. Looking and preparing need no passphrase, signing needs no network.',
    )
    .version(version())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      // Errors of the command line are reported like all others.
      outputError: () => {},
      getOutHasColors: () => hasColors(io, 'stdout'),
      getErrHasColors: () => hasColors(io, 'stderr'),
    })
    .configureHelp({
      subcommandTerm: (command) =>
        [
          command.name(),
          ...command.registeredArguments.map((one) => (one.required ? `<${one.name()}>` : `[${one.name()}]`)),
        ].join(' '),
    })
    .helpCommand(false)
    .action(() => program.help())
  withSignerOptions(program)

  program.commandsGroup('Wallet:')
  newCommand(program, cli)
  restoreCommand(program, cli)
  vaultCommand(program, cli)
  backupCommand(program, cli)
  accountsCommand(program, cli)
  ledgerCommand(program, cli)
  secondFactorCommand(program, cli)
  program.commandsGroup('Look, without the passphrase:')
  receiveCommand(program, cli)
  balanceCommand(program, cli)
  historyCommand(program, cli)
  coinsCommand(program, cli)
  labelsCommand(program, cli)
  watchCommand(program, cli)
  program.commandsGroup('Pay:')
  sendCommand(program, cli)
  paymentsCommand(program, cli)
  replaceCommand(program, cli, 'speed-up')
  replaceCommand(program, cli, 'cancel')
  retryCommand(program, cli)
  waitingCommand(program, cli)
  program.commandsGroup('Tron, more than payments:')
  resourcesCommand(program, cli)
  stakeCommand(program, cli)
  permissionsCommand(program, cli)
  payoutCommand(program, cli)
  program.commandsGroup('Pay in steps, across an air gap:')
  inspectCommand(program, cli)
  signCommand(program, cli, 'sign')
  signCommand(program, cli, 'cosign')
  finishCommand(program, cli)
  publishCommand(program, cli)
  discardCommand(program, cli)
  program.commandsGroup('Try out:')
  devnetCommand(program, cli)

  return program.addHelpText('after', () => {
    const codes = Object.entries(EXIT_CODES).map(([code, meaning]) => `  ${code.padStart(3)}  ${meaning}`)
    return [
      '',
      'Examples:',
      '  $ coffer new',
      '  $ coffer balance --chain ethereum --rpc ethereum=http://127.0.0.1:8545',
      '  $ coffer send --chain ethereum --to 0x7099…79C8 --amount 0.25',
      '  $ coffer --signer ledger send --chain bitcoin --to bc1q… --amount 0.01',
      '  $ coffer <command> --help',
      '',
      'Nodes: --rpc, COFFER_RPC_ETHEREUM, COFFER_RPC_TRON … (several with commas), or "rpc" in config.json.',
      'Files: $COFFER_HOME, or ~/.coffer: vault/, accounts.json, ledger.json, policy.json, config.json, store/.',
      '',
      'Exit codes:',
      ...codes,
    ].join('\n')
  })
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return (manifest as { version: string }).version
}

/** Every error as one of ours. */
function translate(error: unknown, { signal }: Io): CofferError {
  if (isCofferError(error, 'ABORTED') && signal.aborted) return cancelled(error)
  if (isCofferError(error)) return error
  if (error instanceof CommanderError)
    return new CofferError({
      code: 'INVALID_REQUEST',
      message: `${capital(error.message.replace(/^error: /, ''))}. See coffer --help.`.replace('..', '.'),
    })
  if (signal.aborted) return cancelled(error)
  return new CofferError({
    code: 'INTERNAL',
    message: 'This is a defect of the program. Run it again with COFFER_DEBUG=1 and report what it says.',
    cause: error,
  })
}

function report(error: CofferError, argv: readonly string[], io: Io): void {
  if (argv.includes('--json')) io.stdout.write(`${writeForPrograms({ error: error.toJSON() })}\n`)
  else io.stderr.write(`Error [${error.code}]: ${oneLine(error.message)}\n`)
  if (io.env['COFFER_DEBUG'] !== '1') return
  // Where things happened, and of foreign errors nothing else: their messages may quote what must not be seen.
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const frames = cause.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? []
    io.stderr.write(`${[cause.name, ...frames].join('\n')}\n`)
  }
}

function cancelled(cause: unknown): CofferError {
  return new CofferError({ code: 'ABORTED', message: 'Cancelled.', cause })
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
