import { type Acceptance, CofferError } from '@coffer/core'
import { type Command, Option } from 'commander'
import { allChains, allTypes } from './families/index.ts'

/** Who can sign for the wallet. */
export type SignerName = 'vault' | 'ledger'

/** What the commands have in common. */
export interface CommonOptions {
  /** Who signs; the vault when not given. */
  readonly signer?: SignerName
  /** Where the Ledger is: `hid`, `host:port`, `simulator`. */
  readonly ledger?: string
  readonly json?: boolean
  readonly chain?: string
  readonly rpc?: readonly string[]
  readonly devnet?: boolean
  readonly account?: number
  readonly type?: string
  readonly secret?: string
  readonly address?: string
  readonly passphraseFile?: string
}

const CHAINS = allChains().map(({ name }) => name)
const TYPES = allTypes()
const DANGERS: readonly Acceptance[] = [
  'unlimited-approval',
  'approval-for-all',
  'lookalike',
  'permission-change',
  'unknown-call',
]

const groups = {
  chain: () => [new Option('--chain <name>', `${CHAINS.join(', ')}, or a CAIP-2 id such as eip155:1`)],
  account: () => [
    new Option('--account <number>', 'which account of the wallet; 0 when not given').argParser(count),
    ...groups.type(),
    ...groups.secret(),
  ],
  secret: () => [
    new Option('--secret <label>', 'of another secret of the vault than the first, by its label'),
  ],
  type: () => [new Option('--type <type>', `on Bitcoin: ${TYPES.join(', ')}; the first when not given`)],
  address: () => [
    new Option('--address <address>', 'look at any address or descriptor instead, without a wallet'),
  ],
  network: () => [
    new Option(
      '--rpc <chain=url>',
      'a node of a chain; repeat it for more chains, or for more nodes of one',
    ).argParser(repeated),
    ...groups.devnet(),
  ],
  devnet: () => [new Option('--devnet', 'use the local chains of the running "coffer devnet"')],
  passphrase: () => [
    new Option(
      '--passphrase-file <path>',
      'take the passphrase from the first line of a file (or $COFFER_PASSPHRASE_FILE)',
    ),
  ],
  agreement: () => [
    new Option('-y, --yes', 'do not ask before signing'),
    new Option('--accept <danger...>', 'say yes to a danger, for this one signature').choices(DANGERS),
  ],
  wait: () => [
    new Option('--wait <confirmations>', 'how long to follow the payment; 0 to leave at once')
      .argParser(count)
      .default(1),
  ],
  costs: () => [
    new Option('--max-fee <amount>', 'the most that the fee may reach, in TRX'),
    ...groups.signing(),
  ],
  signing: () => [
    new Option(
      '--expires <seconds>',
      'on Tron: how long it may wait for a block, 60 to 86340; 600 when not given',
    ).argParser(count),
    new Option('--permission <number>', 'on Tron: sign by this permission of the account').argParser(count),
    new Option(
      '--again',
      'on Tron: in addition to the very same that was signed before and may still be mined',
    ),
  ],
  draft: () => [
    new Option(
      '--draft-out <file>',
      'stop with the draft, for "coffer sign" on another machine; "-" writes it out',
    ),
  ],
  json: () => [new Option('--json', 'write the result as JSON, amounts as strings of base units')],
}

/** Options that stand before or after any command, and are given to each. */
export function withSignerOptions(program: Command): Command {
  return program
    .addOption(
      new Option('--signer <signer>', 'who signs: the vault (when not given) or a Ledger').choices([
        'vault',
        'ledger',
      ]),
    )
    .addOption(
      new Option(
        '--ledger <where>',
        'a Ledger on USB ("hid", when not given), an emulator ("host:port"), or with --devnet a "simulator"',
      ),
    )
    .hook('preAction', (program, command) => {
      const { signer, ledger } = program.opts<CommonOptions>()
      command.setOptionValue('signer', signer)
      command.setOptionValue('ledger', ledger)
    })
}

/** Adds options in one writing for all commands. */
export function withOptions(command: Command, ...names: (keyof typeof groups)[]): Command {
  for (const name of names) for (const option of groups[name]()) command.addOption(option)
  return command
}

/** Adds examples below the help of a command. */
export function withExamples(command: Command, ...examples: string[]): Command {
  return command.addHelpText('after', `\nExamples:\n${examples.map((line) => `  $ ${line}`).join('\n')}`)
}

/** Collects an option that may be given several times. */
export function repeated(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

/** Reads an option that counts something. */
export function count(value: string): number {
  if (/^(0|[1-9][0-9]{0,8})$/.test(value)) return Number(value)
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: `${JSON.stringify(value.slice(0, 20))} is not a whole number.`,
  })
}
