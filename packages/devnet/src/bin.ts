#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { isCofferError } from '@coffer/core'
import { type DevnetChain, startDevnet } from './devnet.ts'

const help = `Real local chains for wallets, until Ctrl-C.

  coffer-devnet [options]

  --chains ethereum,bnb   which chains to start (default: all)
  --fund 0xADDRESS        gives 100 coins and 10,000 of each stablecoin, on every chain; may be repeated
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
    for (const node of Object.values(nodes)) {
      for (const address of values.fund) {
        await node.fund(address, { amount: 100n * 10n ** 18n })
        for (const token of [node.tokens.USDT, node.tokens.USDC, node.tokens.DAI]) {
          await node.fund(address, { token: token.address, amount: 10_000n * 10n ** BigInt(token.decimals) })
        }
      }
    }
    if (values.json) {
      const facts = Object.entries(nodes).map(([name, { url, wsUrl, chain, tokens, contracts }]) => [
        name,
        { url, wsUrl, chain, tokens, contracts },
      ])
      console.log(JSON.stringify(Object.fromEntries(facts)))
    } else {
      for (const [name, node] of Object.entries(nodes)) {
        console.log(`\n${name} (${node.chain})\n  ${node.url}\n  ${node.wsUrl}`)
        for (const { symbol, address, decimals } of Object.values(node.tokens)) {
          console.log(`  ${symbol.padEnd(5)}${address}  ${decimals} decimals`)
        }
      }
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
