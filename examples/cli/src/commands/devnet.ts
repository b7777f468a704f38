import { once } from 'node:events'
import { CofferError } from '@coffer/core'
import { type DevnetChain, startDevnet } from '@coffer/devnet'
import type { Command } from 'commander'
import { readAccountsIfThere } from '../accounts-file.ts'
import type { Cli } from '../context.ts'
import { announceDevnet, checkAlone, forgetDevnet } from '../devnet-file.ts'
import { allChains, familyOf } from '../families/index.ts'
import { homeOf, type Io, isInteractive } from '../io.ts'
import { COINS, type LocalNode, localNodes, TOKENS, TRON_COINS } from '../local-node.ts'
import { type CommonOptions, count, withExamples, withOptions } from '../options.ts'
import { createOutput, table } from '../output.ts'
import { findChain } from '../sources.ts'

interface DevnetOptions extends CommonOptions {
  readonly fund?: readonly string[]
  readonly chains?: readonly DevnetChain[]
  readonly blockTime?: number
}

export function devnetCommand(program: Command, cli: Cli): void {
  const command = program
    .command('devnet')
    .description('run local chains until Ctrl-C, with money for the wallet’s accounts; Enter mines a block')
    .option('--fund <address...>', 'pay these addresses as well')
    .option(
      '--chains <name...>',
      'which chains: ethereum, bnb, bitcoin, tron; all that can be had when not given',
    )
    .option(
      '--block-time <seconds>',
      'a block every so often; one for every transaction when not given',
      count,
    )
  withExamples(
    withOptions(command, 'json'),
    'coffer devnet',
    'coffer devnet --chains ethereum --fund 0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
    'coffer devnet --chains bitcoin --block-time 600',
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
    const nodes = localNodes(devnet)
    const gifts = giftsTo(fund, nodes)
    const own = [
      ...((await readAccountsIfThere(home)) ?? []),
      ...((await readAccountsIfThere(home, 'ledger')) ?? []),
    ]
    for (const node of nodes) {
      const chain = findChain(allChains(), node.chain)
      for (const { descriptor } of own.filter((account) => account.chain === node.chain))
        await node.pay(familyOf(chain).firstAddress(chain, descriptor))
    }
    for (const { node, address } of gifts) await node.pay(address)
    await announceDevnet(home, Object.fromEntries(nodes.map(({ chain, url }) => [chain, url])))
    output.result(
      table(nodes.map((node) => [nameOf(node), node.chain, node.url])),
      nodes.map((node) => node.json),
    )
    const onTron = nodes.some(({ name }) => name === 'tron') ? ` (${TRON_COINS} on Tron)` : ''
    output.say(
      `Paid ${COINS} coins${onTron} and ${TOKENS} of each stablecoin to ${own.length > 0 ? 'the wallet’s accounts' : 'nobody yet: there is no wallet here'}.`,
    )
    output.say('Use these chains from another terminal with --devnet; Ctrl-C here ends them.')
    if (nodes.some(({ chain }) => !findChain(allChains(), chain).testnet))
      output.say(
        'Ethereum and BNB carry the ids of the real chains, so that what is signed for them would hold there too: play with a wallet of its own.',
      )
    await aborted(io, () => mineEverywhere(nodes, output.say))
  } finally {
    await forgetDevnet(home)
    await devnet.stop()
  }
}

/** As `--chain` takes it. */
const nameOf = ({ chain }: LocalNode): string => findChain(allChains(), chain).name

/** Each address on every chain that has such. */
function giftsTo(
  addresses: readonly string[],
  nodes: readonly LocalNode[],
): readonly { readonly node: LocalNode; readonly address: string }[] {
  return addresses.flatMap((address) => {
    const found = nodes.filter(({ chain }) => isAddressOf(chain, address))
    if (found.length > 0) return found.map((node) => ({ node, address }))
    throw new CofferError({
      code: 'INVALID_ADDRESS',
      message: `${JSON.stringify(address.slice(0, 100))} is no address of the chains that run.`,
    })
  })
}

function isAddressOf(id: string, address: string): boolean {
  try {
    findChain(allChains(), id).parseAddress(address)
    return true
  } catch {
    return false
  }
}

async function mineEverywhere(nodes: readonly LocalNode[], say: (line: string) => void): Promise<void> {
  for (const node of nodes) await node.mine(1)
  say(`Mined a block on ${nodes.map(nameOf).join(' and ')}.`)
}

/** Waits for Ctrl-C, and hears Enter until then. The timer holds the process, which nothing else would. */
async function aborted(io: Io, onEnter: () => Promise<void>): Promise<void> {
  const hold = setInterval(() => {}, 2 ** 30)
  const failed = new AbortController()
  let error: unknown
  const hear = (): void => {
    onEnter().catch((caught: unknown) => {
      error = caught
      failed.abort()
    })
  }
  if (isInteractive(io)) io.stdin.on('data', hear)
  try {
    const ended = AbortSignal.any([io.signal, failed.signal])
    if (!ended.aborted) await once(ended, 'abort')
    if (error !== undefined) throw error
  } finally {
    clearInterval(hold)
    if (isInteractive(io)) io.stdin.off('data', hear).pause()
  }
}
