import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { BitcoinNode } from './bitcoin-node.ts'
import { type Devnet, startDevnet } from './devnet.ts'

let devnet: Devnet<'bitcoin'>
let node: BitcoinNode
beforeAll(async () => {
  devnet = await startDevnet({ chains: ['bitcoin'] })
  node = devnet.bitcoin
})
afterAll(() => devnet.stop())

const COIN = 100_000_000n
const newAddress = (kind = 'bech32'): Promise<string> => node.walletRpc('user', 'getnewaddress', ['', kind])
const height = (): Promise<number> => node.rpc('getblockcount')
const pool = (): Promise<string[]> => node.rpc('getrawmempool')
const statusOf = async (txid: string): Promise<{ confirmed: boolean; block_height?: number }> =>
  (await fetch(`${node.esploraUrl}/tx/${txid}/status`)).json() as Promise<{ confirmed: boolean }>
const isConfirmed = async (txid: string): Promise<boolean> => (await statusOf(txid)).confirmed

/** RPC as a stranger to the devnet sends it: nothing of ours sees the call. */
async function outside(method: string, params: unknown[] = [], { username, password } = node.access) {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const response = await fetch(node.url, { method: 'POST', headers: { authorization }, body })
  return { status: response.status, json: await response.json().catch(() => undefined) }
}

/** A signed transaction of the user's wallet that is not sent. */
async function signed(inputs: unknown[], outputs: Record<string, string>): Promise<string> {
  const raw = await node.rpc('createrawtransaction', [inputs, outputs])
  return (await node.walletRpc<{ hex: string }>('user', 'signrawtransactionwithwallet', [raw])).hex
}

/** A coin of the user's own: its outpoint and, with `spend`, a transaction that sends it on. */
async function coin(amount = COIN) {
  const address = await newAddress()
  const txid = await node.fund(address, { amount })
  const { vout } = await node.rpc<{ vout: { n: number; scriptPubKey: { address: string } }[] }>(
    'getrawtransaction',
    [txid, true],
  )
  const n = vout.find(({ scriptPubKey }) => scriptPubKey.address === address)?.n as number
  return { txid, vout: n }
}

async function withoutAutomine(work: () => Promise<void>): Promise<void> {
  await node.setAutomine(false)
  try {
    await work()
  } finally {
    await node.setAutomine(true)
  }
}

describe('a node', () => {
  test('is regtest, behind credentials that its URL does not show', async () => {
    const genesis = await node.rpc<string>('getblockhash', [0])
    expect(node.chain).toBe(`bip122:${genesis.slice(0, 32)}`)
    expect(node.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(node.access.url).toBe(node.url)
    expect((await outside('getblockcount')).json).toMatchObject({ result: await height() })
    const wrong = { ...node.access, password: 'guess' }
    expect(await outside('getblockcount', [], wrong)).toEqual({ status: 401, json: undefined })
    await expect(node.rpc('nonsense')).rejects.toMatchObject({
      code: 'DEVNET_FAILED',
      message: 'The devnet node refused nonsense: Method not found',
    })
  })

  test('keeps the rules of mainnet', async () => {
    const from = await coin()
    const to = await newAddress()
    const refusalOf = async (hex: string): Promise<string | undefined> => {
      const tests = await node.rpc<[{ 'reject-reason'?: string }]>('testmempoolaccept', [[hex], 0])
      return tests[0]['reject-reason']
    }
    const refusal = async (outputs: Record<string, string>): Promise<string | undefined> =>
      refusalOf(await signed([from], outputs))
    /** One of 110 virtual bytes: every hundredth or so has a shorter signature, and is of 109. */
    const usual = async (amount: string): Promise<string> => {
      const hex = await signed([from], { [await newAddress()]: amount })
      const { vsize } = await node.rpc<{ vsize: number }>('decoderawtransaction', [hex])
      return vsize === 110 ? hex : usual(amount)
    }
    expect(await refusal({ [to]: '0.999' })).toBeUndefined()
    expect(await refusal({ [to]: '0.00000293' })).toBe('dust')
    expect(await refusal({ [to]: '0.00000294' })).toBeUndefined()
    // 1 satoshi for each virtual byte, and one satoshi less.
    expect(await refusalOf(await usual('0.99999890'))).toBeUndefined()
    expect(await refusalOf(await usual('0.99999891'))).toBe('min relay fee not met')
    expect(await refusal({ data: '00'.repeat(80) })).toBeUndefined()
    expect(await refusal({ data: '00'.repeat(81) })).toMatch(/datacarrier|scriptpubkey/)
  })

  test('starts indexes that scans and proofs need', async () => {
    const address = await newAddress()
    await node.fund(address, { amount: 5_000n })
    expect(await node.rpc('getindexinfo')).toMatchObject({
      txindex: { synced: true },
      'basic block filter index': { synced: true },
    })
    const found = await node.rpc<{ relevant_blocks: string[] }>('scanblocks', ['start', [`addr(${address})`]])
    expect(found.relevant_blocks).toEqual([await node.rpc('getbestblockhash')])
    const rest = await fetch(`${node.url}/rest/chaininfo.json`)
    expect(await rest.json()).toMatchObject({ chain: 'regtest' })
  })
})

describe('fund', () => {
  test.each(['legacy', 'p2sh-segwit', 'bech32', 'bech32m'])('pays to %s, in a block', async (kind) => {
    const address = await newAddress(kind)
    const before = await height()
    const txid = await node.fund(address, { amount: 123_456_789n })
    expect(await statusOf(txid)).toMatchObject({ confirmed: true, block_height: before + 1 })
    expect(await node.walletRpc('user', 'getreceivedbyaddress', [address])).toBe(1.23456789)
  })

  test('shares a block among calls that come together', async () => {
    const addresses = await Promise.all(Array.from({ length: 8 }, () => newAddress()))
    const before = await height()
    const txids = await Promise.all(addresses.map((address) => node.fund(address, { amount: COIN })))
    expect(new Set(txids).size).toBe(8)
    expect(await height()).toBeLessThanOrEqual(before + 2)
    expect(await Promise.all(txids.map(isConfirmed))).toEqual(txids.map(() => true))
  })

  test('refuses what it cannot pay, and pays the others', async () => {
    const to = await newAddress()
    for (const amount of [0n, -1n, 2_100_000_000_000_001n, 1 as unknown as bigint]) {
      await expect(node.fund(to, { amount })).rejects.toMatchObject({ code: 'INVALID_AMOUNT' })
    }
    for (const address of ['me', '', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', '0x00', 'a b']) {
      await expect(node.fund(address, { amount: 1n })).rejects.toMatchObject({ code: 'INVALID_ADDRESS' })
    }
    const [good, poor] = await Promise.allSettled([
      node.fund(to, { amount: COIN }),
      node.fund(to, { amount: 100_000n * COIN }),
      node.fund(to, { amount: 1n }),
    ])
    expect(good.status).toBe('fulfilled')
    expect(poor).toMatchObject({
      reason: { code: 'DEVNET_FAILED', message: expect.stringContaining('Insufficient funds') },
    })
  })
})

describe('blocks', () => {
  test('come for each transaction, also when nothing of ours has sent it', async () => {
    const from = await coin()
    const before = await height()
    const { json } = await outside('sendrawtransaction', [
      await signed([from], { [await newAddress()]: '0.999' }),
    ])
    await expect.poll(() => isConfirmed(json.result), { timeout: 2_000, interval: 20 }).toBe(true)
    expect(await height()).toBe(before + 1)
  })

  test('come when told while automine is off, and for what waits when it is turned on', async () => {
    const to = await newAddress()
    const before = await height()
    await node.setAutomine(false)
    const first = await node.fund(to, { amount: COIN })
    expect(await isConfirmed(first)).toBe(false)
    expect(await pool()).toEqual([first])
    await node.mine()
    expect(await isConfirmed(first)).toBe(true)
    const second = await node.fund(to, { amount: COIN })
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(await height()).toBe(before + 1)
    await node.setAutomine(true)
    expect(await isConfirmed(second)).toBe(true)
    expect(await height()).toBe(before + 2)
  })

  test('pay whom they are told to', async () => {
    const to = await newAddress()
    const before = await height()
    await node.mine(3, { to })
    expect(await height()).toBe(before + 3)
    const { chain_stats } = (await (await fetch(`${node.esploraUrl}/address/${to}`)).json()) as {
      chain_stats: object
    }
    expect(chain_stats).toMatchObject({ funded_txo_count: 3 })
    await expect(node.mine(1, { to: 'me' })).rejects.toMatchObject({ code: 'INVALID_ADDRESS' })
    for (const blocks of [0, -1, 1.5, Number.NaN]) {
      await expect(node.mine(blocks)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    }
  })
})

describe('a reorganization', () => {
  test('makes transactions wait again, in a longer chain', async () => {
    const to = await newAddress()
    const before = await height()
    const txids = [await node.fund(to, { amount: COIN }), await node.fund(to, { amount: COIN })]
    const old = await node.rpc<string>('getbestblockhash')
    await node.reorg(2)
    expect(await height()).toBe(before + 3)
    expect((await pool()).sort()).toEqual([...txids].sort())
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(await Promise.all(txids.map(isConfirmed))).toEqual([false, false])
    expect((await node.rpc<{ confirmations: number }>('getblockheader', [old])).confirmations).toBe(-1)
    // The next transaction brings a block, and that takes them along.
    await node.fund(to, { amount: COIN })
    expect(await Promise.all(txids.map(isConfirmed))).toEqual([true, true])
  })

  test('loses nothing when it is deep, neither what is mined nor what waits for it', async () => {
    const from = await coin()
    await node.mine(14)
    await withoutAutomine(async () => {
      const txids = [from.txid]
      for (const [i, amount] of ['0.99', '0.98', '0.97', '0.96'].entries()) {
        const input = i === 0 ? from : { txid: txids.at(-1), vout: 0 }
        const raw = await signed([input], { [await newAddress()]: amount })
        txids.push(await node.rpc<string>('sendrawtransaction', [raw]))
      }
      await node.reorg(15)
      expect((await pool()).sort()).toEqual([...txids].sort())
      await node.mine()
      expect(await Promise.all(txids.map(isConfirmed))).toEqual(txids.map(() => true))
    })
  })

  test('drops transactions on request, and gives the faucet its money back', async () => {
    const balance = () => node.walletRpc<number>('faucet', 'getbalance')
    const before = await balance()
    const address = await newAddress()
    const txids = [await node.fund(address, { amount: COIN }), await node.fund(address, { amount: COIN })]
    await node.reorg(2, { drop: true })
    expect(await pool()).toEqual([])
    expect(await Promise.all(txids.map(isConfirmed))).toEqual([false, false])
    expect((await fetch(`${node.esploraUrl}/tx/${txids[0]}`)).status).toBe(404)
    expect(await balance()).toBe(before)
  })

  test('mines a double spend in the place of a payment', async () => {
    const from = await coin()
    const payment = await signed([from], { [await newAddress()]: '0.999' })
    const other = await signed([from], { [await newAddress()]: '0.998' })
    const paid = await node.rpc<string>('sendrawtransaction', [payment])
    expect(await isConfirmed(paid)).toBe(true)
    await node.reorg(1, { include: [other] })
    expect(await pool()).toEqual([])
    expect((await fetch(`${node.esploraUrl}/tx/${paid}`)).status).toBe(404)
    const spend = await (await fetch(`${node.esploraUrl}/tx/${from.txid}/outspend/${from.vout}`)).json()
    expect(spend).toMatchObject({ spent: true, status: { confirmed: true } })
    expect((spend as { txid: string }).txid).not.toBe(paid)
  })

  test('may come twice in the same second, and stays above where the devnet began', async () => {
    await node.mine(2)
    const before = await height()
    await node.reorg(1)
    await node.reorg(1)
    await node.reorg(2)
    expect(await height()).toBe(before + 3)
    await expect(node.reorg(10_000)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringMatching(/^Only the last \d+ blocks can be replaced/),
    })
    await expect(node.reorg(0)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })
})

test('a waiting transaction can be dropped, with what spends from it and nothing else', () =>
  withoutAutomine(async () => {
    await node.mine()
    const tip = await node.rpc('getbestblockhash')
    const from = await coin()
    await node.mine()
    const bystander = await node.fund(await newAddress(), { amount: COIN })
    const send = async (input: object, amount: string): Promise<{ txid: string; vout: number }> => {
      const raw = await signed([input], { [await newAddress()]: amount })
      return { txid: await node.rpc<string>('sendrawtransaction', [raw]), vout: 0 }
    }
    const parent = await send(from, '0.999')
    const doomed = await send(parent, '0.998')
    const child = await send(doomed, '0.997')
    expect(await pool()).toHaveLength(4)
    const before = await node.rpc('getbestblockhash')
    expect(before).not.toBe(tip)

    expect(await node.dropTransaction(doomed.txid)).toBe(true)
    expect((await pool()).sort()).toEqual([bystander, parent.txid].sort())
    expect(await node.rpc('getbestblockhash')).toBe(before)
    expect((await fetch(`${node.esploraUrl}/tx/${child.txid}`)).status).toBe(404)
    expect(await node.dropTransaction(doomed.txid)).toBe(false)
    expect(await node.dropTransaction('00'.repeat(32))).toBe(false)
    // What it spent is free again.
    await send(parent, '0.9975')
    await node.mine()
    expect(await pool()).toEqual([])
  }))

test('fee estimates are what they are set to', async () => {
  const rates = async (): Promise<unknown> => (await fetch(`${node.esploraUrl}/fee-estimates`)).json()
  expect(await rates()).toMatchObject({ 1: 12.5, 2: 12.5, 3: 8, 6: 4, 25: 2, 144: 1, 1008: 1 })
  node.setFeeEstimates({ 2: '30.25', 6: '4' })
  const set = (await rates()) as Record<string, number>
  expect(set).toMatchObject({ 2: 30.25, 5: 30.25, 6: 4, 25: 4, 1008: 4 })
  expect(set[1]).toBeUndefined()
  node.setFeeEstimates({})
  expect(await rates()).toEqual({})
  for (const wrong of [{ 1: 2 as unknown as string }, { 0: '1' }, { 1: '1e3' }, { 1: '-1' }, { 1.5: '1' }]) {
    expect(() => node.setFeeEstimates(wrong)).toThrow(/^A fee estimate is/)
  }
})

test('wallets are made when they are first asked for, once', async () => {
  const addresses = await Promise.all([1, 2].map(() => node.walletRpc<string>('späte/r', 'getnewaddress')))
  expect(new Set(addresses).size).toBe(2)
  expect(await node.rpc('listwallets')).toContain('späte/r')
})

describe('the end', () => {
  test('stops every server, twice if need be', async () => {
    const mine = await startDevnet({ chains: ['bitcoin'], blockTime: 1 })
    const { bitcoin } = mine
    const before = await bitcoin.rpc<number>('getblockcount')
    await expect
      .poll(() => bitcoin.rpc<number>('getblockcount'), { timeout: 4_000, interval: 50 })
      .toBeGreaterThan(before)
    const urls = [bitcoin.url, bitcoin.esploraUrl, bitcoin.mempoolSpaceUrl, bitcoin.blockbookUrl]
    const answers = () => Promise.all(urls.map((url) => fetch(url).then(Boolean, () => false)))
    expect(await answers()).toEqual([true, true, true, true])
    await mine.stop()
    await mine.stop()
    expect(await answers()).toEqual([false, false, false, false])
    await expect(bitcoin.mine()).rejects.toMatchObject({ code: 'DEVNET_FAILED' })
    const failed = bitcoin.fund('bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', { amount: 1n })
    await expect(failed).rejects.toMatchObject({ code: 'DEVNET_FAILED' })
    await expect(failed).rejects.not.toThrow(bitcoin.access.password)
  })

  test.skipIf(process.platform === 'win32').each([
    ['is killed', 'setInterval(() => {}, 1000); process.kill(process.pid, "SIGKILL")', 'SIGKILL'],
    ['forgets to stop and has nothing else to do', '', 0],
  ])('comes with that of the program that %s', async (_, more, how) => {
    const temp = mkdtempSync(join(tmpdir(), 'bitcoind-test-'))
    onTestFinished(() => rmSync(temp, { recursive: true, force: true, maxRetries: 5 }))
    const script = `import { startDevnet } from '${new URL('./devnet.ts', import.meta.url).href}'
      const devnet = await startDevnet({ chains: ['bitcoin'] })
      console.log(JSON.stringify(devnet.bitcoin))
      await new Promise((resolve) => process.stdin.once('data', resolve))
      process.stdin.destroy()
      ${more}`
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      cwd: fileURLToPath(new URL('../../../', import.meta.url)),
      env: { ...process.env, TMPDIR: temp, XDG_CACHE_HOME: process.env.XDG_CACHE_HOME ?? '' },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)))
    const { url, esploraUrl, electrumUrl } = await new Promise<BitcoinNode>((resolve, reject) => {
      child.stdout.once('data', (chunk) => resolve(JSON.parse(String(chunk)) as BitcoinNode))
      void ended.then((code) => reject(new Error(`ended with ${code}`)))
    })
    // Clients that stay keep nothing alive.
    expect((await fetch(`${esploraUrl}/blocks/tip/height`)).status).toBe(200)
    const client = connect(Number(electrumUrl.split(':').at(-1)), '127.0.0.1').on('error', () => {})
    onTestFinished(() => void client.destroy())
    await new Promise((resolve) => client.once('connect', resolve))
    const folders = () => readdirSync(temp).filter((name) => name.startsWith('coffer-devnet-'))
    const [folder = ''] = folders()
    // Nobody else on the machine can read the credentials.
    const pid = Number(
      readFileSync(join(temp, folder, 'pids'), 'utf8')
        .trim()
        .split(' ')[1],
    )
    if (process.platform === 'linux') {
      expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toMatch(/rpcpassword|rpcuser/)
    }
    expect(await fetch(url).then(({ status }) => status)).toBe(405)
    child.stdin.write('go')
    expect(await ended).toBe(how)
    await expect.poll(() => fetch(url).then(Boolean, () => false), { timeout: 3_000 }).toBe(false)
    await expect.poll(folders).toEqual([])
  })
})

describe('a machine without bitcoind', () => {
  test('goes on with the other chains, and says why', async () => {
    const temp = mkdtempSync(join(tmpdir(), 'bitcoind-test-'))
    onTestFinished(() => rmSync(temp, { recursive: true, force: true }))
    vi.stubEnv('PATH', '/nowhere')
    vi.stubEnv('BITCOIND', '')
    vi.stubEnv('XDG_CACHE_HOME', temp)
    onTestFinished(() => void vi.unstubAllEnvs())
    const steps: string[] = []
    const started = await startDevnet({ onProgress: (step) => steps.push(step) })
    try {
      expect(Object.keys(started).sort()).toEqual(['bnb', 'ethereum', 'stop', 'tron'])
      const told = steps.filter((step) => step.startsWith('bitcoin: bitcoind is missing'))
      expect(told).toHaveLength(1)
      expect(() => started.bitcoin).toThrow(expect.objectContaining({ code: 'DEVNET_UNAVAILABLE' }))
      expect(() => started.bitcoin).toThrow(told[0]?.replace('bitcoin: ', ''))
    } finally {
      await started.stop()
    }
    await expect(startDevnet({ chains: ['bitcoin'] })).rejects.toMatchObject({ code: 'DEVNET_UNAVAILABLE' })
    vi.stubEnv('BITCOIND', '/no/such/bitcoind')
    await expect(startDevnet()).rejects.toMatchObject({ code: 'DEVNET_UNAVAILABLE' })
  })

  test('says so when the program is not bitcoind', async () => {
    vi.stubEnv('BITCOIND', '/bin/false')
    onTestFinished(() => void vi.unstubAllEnvs())
    await expect(startDevnet({ chains: ['bitcoin'] })).rejects.toMatchObject({
      code: 'DEVNET_FAILED',
      message: 'bitcoind ended before it was ready.',
    })
  })

  test('an abort ends the start at any moment', async () => {
    for (const moment of ['bitcoin: starting bitcoind', 'bitcoin: filling the faucet']) {
      const abort = new AbortController()
      const onProgress = (step: string) => {
        if (step === moment) abort.abort()
      }
      const { signal } = abort
      await expect(startDevnet({ chains: ['bitcoin'], signal, onProgress })).rejects.toMatchObject({
        code: 'ABORTED',
      })
      expect(signal.aborted).toBe(true)
    }
  })
})
