#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { CofferError, isCofferError } from '@coffer/core'
import type { EvmNode } from './anvil.ts'
import type { BitcoinNode } from './bitcoin-node.ts'
import { type DevnetChain, startDevnet } from './devnet.ts'
import type { TronNode } from './tron/node.ts'

const help = `Real local chains for wallets, until Ctrl-C.

  coffer-devnet [options]

  --chains bitcoin,bnb    which chains to start (default: bitcoin, ethereum, bnb, tron)
  --fund ADDRESS          gives 100 coins (10,000 TRX) and 10,000 of each stablecoin on every chain of that kind of
                          address; may be repeated
  --block-time SECONDS    a block every so often (default: one at once for every transaction)
  --json                  prints one line of JSON instead of text
  --help
`

const abort = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => abort.abort())

try {
  await main()
} catch (error) {
  if (!isCofferError(error, 'ABORTED')) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      chains: { type: 'string' },
      fund: { type: 'string', multiple: true, default: [] },
      'block-time': { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    console.log(help)
    return
  }
  const blockTime = values['block-time']
  const devnet = await startDevnet({
    ...(values.chains && { chains: values.chains.split(',') as DevnetChain[] }),
    ...(blockTime && { blockTime: Number(blockTime) }),
    signal: abort.signal,
    onProgress: (step) => values.json || console.error(step),
  })
  try {
    const { stop: _, ...nodes } = devnet
    for (const address of values.fund) await fund(Object.values(nodes), address)
    if (values.json) {
      const facts = Object.entries(nodes).map(([name, node]) => [name, factsOf(node)])
      console.log(JSON.stringify(Object.fromEntries(facts)))
    } else {
      for (const [name, node] of Object.entries(nodes))
        console.log(`\n${name} (${node.chain})\n${linesOf(node)}`)
      if (values.fund.length > 0) console.log(`\nFunded ${values.fund.join(', ')}.`)
      console.log('\nCtrl-C stops it; nothing is kept.')
    }
    const hold = setInterval(() => {}, 2 ** 30)
    if (!abort.signal.aborted) {
      await new Promise((resolve) => abort.signal.addEventListener('abort', resolve, { once: true }))
    }
    clearInterval(hold)
  } finally {
    await devnet.stop()
  }
}

type Node = BitcoinNode | EvmNode | TronNode

async function fund(nodes: readonly Node[], address: string): Promise<void> {
  const isKind = address.startsWith('0x') ? isEvm : address.startsWith('T') ? isTron : isBitcoin
  const takers = nodes.filter(isKind)
  if (takers.length === 0) {
    throw new CofferError({
      code: 'INVALID_ADDRESS',
      message: `"${address}" is not an address of a chain that was started.`,
    })
  }
  for (const node of takers) {
    if (isTron(node)) {
      await node.fund(address, { amount: 10_000n * 10n ** 6n })
      await fundTokens(node, address, [node.tokens.USDT, node.tokens.USDC])
    } else if (isEvm(node)) {
      await node.fund(address, { amount: 100n * 10n ** 18n })
      await fundTokens(node, address, [node.tokens.USDT, node.tokens.USDC, node.tokens.DAI])
    } else {
      await node.fund(address, { amount: 100n * 10n ** 8n })
    }
  }
}

async function fundTokens(
  node: EvmNode | TronNode,
  address: string,
  tokens: readonly { readonly address: string; readonly decimals: number }[],
): Promise<void> {
  for (const token of tokens) {
    await node.fund(address, { token: token.address, amount: 10_000n * 10n ** BigInt(token.decimals) })
  }
}

function isTron(node: Node): node is TronNode {
  return 'witnesses' in node
}

function isEvm(node: Node): node is EvmNode {
  return 'wsUrl' in node
}

function isBitcoin(node: Node): node is BitcoinNode {
  return 'access' in node
}

function factsOf(node: Node): object {
  if (isTron(node)) {
    const { url, chain, tokens, witnesses } = node
    return { url, chain, tokens, witnesses }
  }
  if (isEvm(node)) {
    const { url, wsUrl, chain, tokens, contracts } = node
    return { url, wsUrl, chain, tokens, contracts }
  }
  const { url, chain, access, esploraUrl, mempoolSpaceUrl, electrumUrl, electrumWsUrl, blockbookUrl } = node
  return { url, chain, access, esploraUrl, mempoolSpaceUrl, electrumUrl, electrumWsUrl, blockbookUrl }
}

function linesOf(node: Node): string {
  if (isTron(node) || isEvm(node)) {
    const tokens = Object.values(node.tokens).map(
      ({ symbol, address, decimals }) => `  ${symbol.padEnd(5)}${address}  ${decimals} decimals`,
    )
    return [`  ${node.url}`, ...(isEvm(node) ? [`  ${node.wsUrl}`] : []), ...tokens].join('\n')
  }
  const { username, password } = node.access
  return [
    `  RPC        ${node.url}`,
    `             user ${username}, password ${password}`,
    `  Esplora    ${node.esploraUrl}`,
    `             ${node.mempoolSpaceUrl} (with the pages of mempool.space)`,
    `  Electrum   ${node.electrumUrl}`,
    `             ${node.electrumWsUrl}`,
    `  Blockbook  ${node.blockbookUrl}`,
  ].join('\n')
}
