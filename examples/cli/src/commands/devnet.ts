import { once } from 'node:events'
import { type DevnetChain, type EvmNode, startDevnet } from '@coffer/devnet'
import type { Command } from 'commander'
import { readAccountsIfThere } from '../accounts-file.ts'
import type { Cli } from '../context.ts'
import { announceDevnet, checkAlone, forgetDevnet } from '../devnet-file.ts'
import { addressOf } from '../effects.ts'
import { homeOf } from '../io.ts'
import { type CommonOptions, count, withExamples, withOptions } from '../options.ts'
import { createOutput, table } from '../output.ts'

interface DevnetOptions extends CommonOptions {
  readonly fund?: readonly string[]
  readonly chains?: readonly DevnetChain[]
  readonly blockTime?: number
}

const COINS = 10n
const TOKENS = 1000n

export function devnetCommand(program: Command, cli: Cli): void {
  const command = program
    .command('devnet')
    .description('run local chains until Ctrl-C, with money for the wallet’s accounts')
    .option('--fund <address...>', 'pay these addresses as well')
    .option('--chains <name...>', 'which chains; all when not given')
    .option(
      '--block-time <seconds>',
      'a block every so often; one for every transaction when not given',
      count,
    )
  withExamples(
    withOptions(command, 'json'),
    'coffer devnet',
    'coffer devnet --chains ethereum --fund 0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
  ).action((options: DevnetOptions) => run(cli, options))
}

async function run({ io }: Cli, options: DevnetOptions): Promise<void> {
  const { json = false, fund = [], chains, blockTime } = options
  const home = homeOf(io)
  const output = createOutput(io, json)
  await checkAlone(home)
  const devnet = await startDevnet({
    ...(chains ? { chains } : {}),
    ...(blockTime === undefined ? {} : { blockTime }),
    signal: io.signal,
    onProgress: (step) => output.say(step),
  })
  try {
    const nodes = Object.entries(devnet).filter(
      (entry): entry is [DevnetChain, EvmNode] => typeof entry[1] === 'object',
    )
    const own = (await readAccountsIfThere(home)) ?? []
    for (const [, node] of nodes) {
      const accounts = own
        .filter(({ chain }) => chain === node.chain)
        .map(({ descriptor }) => addressOf(descriptor))
      for (const address of [...accounts, ...fund]) await pay(node, address)
    }
    await announceDevnet(home, Object.fromEntries(nodes.map(([, { chain, url }]) => [chain, url])))
    output.result(
      table(nodes.map(([name, { chain, url }]) => [name, chain, url])),
      nodes.map(([name, { chain, url, wsUrl, tokens }]) => ({ name, chain, url, wsUrl, tokens })),
    )
    output.say(
      `Paid ${COINS} coins and ${TOKENS} of each stablecoin to ${own.length > 0 ? 'the wallet’s accounts' : 'nobody yet: there is no wallet here'}.`,
    )
    output.say(
      'Use these chains from another terminal with --devnet; Ctrl-C here ends them. They carry the ids of the',
    )
    output.say(
      'real chains, so that what is signed for them would hold there too: play with a wallet of its own.',
    )
    await aborted(io.signal)
  } finally {
    await forgetDevnet(home)
    await devnet.stop()
  }
}

/** The faucet's usual gift. */
async function pay(node: EvmNode, address: string): Promise<void> {
  await node.fund(address, { amount: COINS * 10n ** 18n })
  for (const token of ['USDT', 'USDC', 'DAI'] as const)
    await node.fund(address, { token, amount: TOKENS * 10n ** BigInt(node.tokens[token].decimals) })
}

/** Waits for Ctrl-C. The timer holds the process, which nothing else would. */
async function aborted(signal: AbortSignal): Promise<void> {
  const hold = setInterval(() => {}, 2 ** 30)
  try {
    if (!signal.aborted) await once(signal, 'abort')
  } finally {
    clearInterval(hold)
  }
}
