import { execFile, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const bin = fileURLToPath(new URL('./bin.ts', import.meta.url))
const address = '0x00000000000000000000000000000000000f5e4d'
const tronAddress = 'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8'
const bitcoinAddress = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'

/** Runs until it has printed `until`, then interrupts it. */
async function run(args: string[], until: string): Promise<{ output: string; code: number | null }> {
  const child = spawn(process.execPath, ['--import', 'tsx', bin, ...args], { cwd: root })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
    if (output.includes(until)) child.kill('SIGINT')
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { output, code }
}

test('prints where the chains are, until Ctrl-C', async () => {
  const { output, code } = await run(
    ['--fund', address, '--fund', bitcoinAddress, '--fund', tronAddress],
    'Ctrl-C',
  )
  expect(code).toBe(0)
  expect(
    output.replaceAll(/:\d{4,5}\b/g, ':PORT').replace(/[0-9a-f]{48}/, 'PASSWORD'),
  ).toMatchInlineSnapshot(`
    "
    bitcoin (bip122:0f9188f13cb7b2c71f2a335e3a4fc328)
      RPC        http://127.0.0.1:PORT
                 user coffer, password PASSWORD
      Esplora    http://127.0.0.1:PORT
                 http://127.0.0.1:PORT (with the pages of mempool.space)
      Electrum   tcp://127.0.0.1:PORT
                 ws://127.0.0.1:PORT
      Blockbook  http://127.0.0.1:PORT

    ethereum (eip155:1)
      http://127.0.0.1:PORT
      ws://127.0.0.1:PORT
      USDT 0xdAC17F958D2ee523a2206206994597C13D831ec7  6 decimals
      USDC 0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48  6 decimals
      DAI  0x6B175474E89094C44Da98b954EedeAC495271d0F  18 decimals
      LIAR 0xC0ffe20000000000000000000000000000000001  18 decimals

    bnb (eip155:56)
      http://127.0.0.1:PORT
      ws://127.0.0.1:PORT
      USDT 0x55d398326f99059fF775485246999027B3197955  18 decimals
      USDC 0x8AC76a51cc950d9822D68b83fE1Ad97B32Cd580d  18 decimals
      DAI  0x1AF3F329e8BE154074D8769D1FFa4eE058B1DBc3  18 decimals
      LIAR 0xC0ffe20000000000000000000000000000000001  18 decimals

    tron (tron:0xc0ffe001)
      http://127.0.0.1:PORT
      USDT TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t  6 decimals
      USDC TEkxiTehnzSmSe2XqrBj4w32RUN966rdz8  6 decimals
      TEX  TSSCQUojAtfM4Uh16RCoHFqGgqYDuBxrai  18 decimals
      LIAR TYmrW2CG1HRndEguwWWN3nnSaWszeUq4GS  6 decimals

    Funded 0x00000000000000000000000000000000000f5e4d, bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080, TJRabPrwbZy45sbavfcjinPJC18kjpRTv8.

    Ctrl-C stops it; nothing is kept.
    "
  `)
})

test('prints JSON for programs', async () => {
  const { output, code } = await run(['--chains', 'bnb', '--json'], '\n')
  expect(code).toBe(0)
  expect(JSON.parse(output)).toEqual({
    bnb: {
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      wsUrl: expect.stringMatching(/^ws:\/\/127\.0\.0\.1:\d+$/),
      chain: 'eip155:56',
      tokens: expect.objectContaining({
        USDT: { address: '0x55d398326f99059fF775485246999027B3197955', symbol: 'USDT', decimals: 18 },
      }),
      contracts: expect.objectContaining({ multicall3: '0xcA11bde05977b3631167028862bE2a173976CA11' }),
    },
  })
})

test('prints JSON of Bitcoin too', async () => {
  const { output, code } = await run(['--chains', 'bitcoin', '--json'], '\n')
  expect(code).toBe(0)
  const http = expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/)
  const { bitcoin } = JSON.parse(output)
  expect(bitcoin).toEqual({
    url: http,
    chain: 'bip122:0f9188f13cb7b2c71f2a335e3a4fc328',
    access: { url: bitcoin.url, username: 'coffer', password: expect.stringMatching(/^[0-9a-f]{48}$/) },
    esploraUrl: http,
    mempoolSpaceUrl: http,
    electrumUrl: expect.stringMatching(/^tcp:\/\/127\.0\.0\.1:\d+$/),
    electrumWsUrl: expect.stringMatching(/^ws:\/\/127\.0\.0\.1:\d+$/),
    blockbookUrl: http,
  })
})

test('prints JSON of Tron, and gives an address of it money', async () => {
  const { output, code } = await run(['--chains', 'tron', '--fund', tronAddress, '--json'], '\n')
  expect(code).toBe(0)
  expect(JSON.parse(output)).toEqual({
    tron: {
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      chain: 'tron:0xc0ffe001',
      tokens: expect.objectContaining({
        USDT: { address: 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t', symbol: 'USDT', decimals: 6 },
      }),
      witnesses: expect.arrayContaining([expect.stringMatching(/^T\w{33}$/)]),
    },
  })
})

test.each([
  [['--chains', 'dogecoin'], 'There is no devnet for "dogecoin". Choose from: bitcoin, ethereum, bnb, tron.'],
  [['--chains', 'ethereum', '--fund', '0xme'], '"0xme" is not an address'],
  [['--chains', 'bitcoin', '--fund', 'me'], '"me" is not an address of regtest'],
  [['--chains', 'tron', '--fund', 'Tme'], '"Tme" is not an address of Tron'],
  [['--chains', 'ethereum', '--fund', 'bcrt1q'], '"bcrt1q" is not an address of a chain that was started'],
  [['--nonsense'], "Unknown option '--nonsense'"],
])('says what is wrong with %j', async (args, message) => {
  const failed = promisify(execFile)(process.execPath, ['--import', 'tsx', bin, ...args], { cwd: root })
  await expect(failed).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(message) })
})
