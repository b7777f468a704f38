// One file: a devnet, a wallet and its history are made here once, and each part builds on what the ones before it left.
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Devnet, startDevnet } from '@coffer/devnet'
import { generateMnemonic } from '@coffer/signer-software'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { announceDevnet } from './devnet-file.ts'
import { type Ran, runIn, written } from './fake-io.fixture.ts'

const PASSPHRASE = 'quiet lamp over seven hills'
const STRANGER = 'TUoHaVjx7n5xz8LwPRDckgFrDWhMhuSuJM'
const OTHER = 'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8'
const USDT = 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t'
const TXID = /^[0-9a-f]{64}$/
const TRX = 1_000_000n
const mnemonic = generateMnemonic()

let home = ''
let passphraseFile = ''
let own = ''
let devnet: Devnet<'tron'>

const coffer = (line: string): Promise<Ran> => runIn(home, line)
const online = (line: string): Promise<Ran> => coffer(`${line} --devnet`)
const signing = (line: string): Promise<Ran> => coffer(`${line} --passphrase-file ${passphraseFile}`)
const paying = (line: string): Promise<Ran> => signing(`${line} --devnet --yes`)
const sending = (line: string): Promise<Ran> => paying(`send --chain tron-devnet ${line}`)
const staking = (line: string): Promise<Ran> => paying(`stake --chain tron-devnet ${line}`)
const file = (name: string): string => join(home, name)

interface Sent {
  readonly txid: string
  readonly status: { readonly state: string; readonly fee: string }
}

function failedWith(ran: Ran, exit: number, code: string): void {
  expect(ran.stderr).toMatch(new RegExp(`^Error \\[${code}\\]: .+\\.$`, 'm'))
  expect([ran.code, ran.stdout]).toEqual([exit, ''])
}

async function makeWallet(words: string): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'coffer-cli-'))
  await writeFile(join(made, 'passphrase'), `${PASSPHRASE}\n`)
  const ran = await runIn(made, `restore --passphrase-file ${join(made, 'passphrase')}`, { stdin: words })
  expect(ran.code).toBe(0)
  return made
}

async function addressIn(folder: string): Promise<string> {
  const ran = await runIn(folder, 'receive --chain tron-devnet --json')
  return ran.json<{ address: string }>().address
}

/** Balances by symbol, in base units. */
async function balances(more = ''): Promise<Record<string, bigint>> {
  const rows = (await online(`balance --chain tron-devnet --json ${more}`)).json<
    { symbol: string; amount?: string }[]
  >()
  return Object.fromEntries(
    rows.flatMap(({ symbol, amount }) => (amount === undefined ? [] : [[symbol, BigInt(amount)]])),
  )
}

interface Page {
  readonly items: readonly object[]
  readonly next?: string
}

interface Resources {
  readonly energy: { readonly limit: string; readonly used: string }
  readonly staked: { readonly energy: string; readonly bandwidth: string }
  readonly lent: { readonly energy: string }
  readonly unfreezing: readonly { readonly amount: string }[]
  readonly withdrawable: string
  readonly rewards: string
  readonly votes: { readonly total: string; readonly used: string; readonly list: readonly object[] }
}

const resources = async (): Promise<Resources> =>
  (await online('resources --chain tron-devnet --json')).json<Resources>()

/** A server that takes no transaction, and passes on every other question. */
async function refusingNode(url: string): Promise<{ readonly url: string; close(): void }> {
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const passOn = async (): Promise<string> =>
      (await fetch(`${url}${request.url}`, { method: 'POST', body })).text()
    const isBroadcast = request.url?.includes('broadcast')
    response.end(isBroadcast ? '{"code":"SIGERROR","message":"6e6f"}' : await passOn())
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() }
}

beforeAll(async () => {
  home = await makeWallet(mnemonic)
  passphraseFile = file('passphrase')
  own = await addressIn(home)
  devnet = await startDevnet({ chains: ['tron'] })
  await announceDevnet(home, { [devnet.tron.chain]: `trongrid+${devnet.tron.url}` })
  await devnet.tron.fund(own, { amount: 10_000n * TRX })
  await devnet.tron.fund(own, { token: 'USDT', amount: 1_000n * TRX })
  // Somebody's already, so that paying them opens no account.
  await devnet.tron.fund(STRANGER, { amount: TRX })
  await devnet.tron.fund(STRANGER, { token: 'USDT', amount: 1n })
  vi.spyOn(Date, 'now').mockImplementation(() => now() + passed)
})

// One that fails must not leave the others waiting.
afterEach(() => devnet.tron.setAutomine(true))

afterAll(async () => {
  vi.restoreAllMocks()
  await devnet?.stop()
})

const { now } = Date
let passed = 0

/** Lets time pass by the clock of this machine, by which the devnet runs as well. */
async function pass(seconds: number): Promise<void> {
  turnClock(seconds)
  await devnet.tron.mine(3)
}

function turnClock(seconds: number): void {
  passed += seconds * 1000
}

describe('without a network', () => {
  it('has one address on test networks, and another on the real one', async () => {
    const { accounts } = (await coffer('accounts --json')).json<{
      accounts: { chain: string; address: string; descriptor: string }[]
    }>()
    const onTron = accounts.filter(({ chain }) => chain.startsWith('tron:'))
    expect(onTron.map(({ chain }) => chain)).toEqual([
      'tron:0x2b6653dc',
      'tron:0x94a9059e',
      'tron:0xcd8690dc',
      'tron:0xc0ffe001',
    ])
    const [real, ...tests] = onTron.map(({ address }) => address)
    expect([new Set(tests).size, tests[0] === real]).toEqual([1, false])
    expect(onTron[0]!.descriptor).toMatch(/^\[[0-9a-f]{8}\/44h\/195h\/0h\/0\/0\]tron:0x2b6653dc:T\w{33}$/)
    expect((await signing('accounts --verify')).code).toBe(0)
  })

  it('receive shows the bare address, and a link where an amount is asked for', async () => {
    const bare = await coffer('receive --chain tron')
    expect(bare.stdout).toMatch(/^(T\w{33})\ntron:\1\n\n[█▀▄ \n]+$/)
    const asked = (await coffer('receive --chain tron --asset usdt --amount 2.5 --json')).json<{
      uri: string
    }>()
    expect(asked.uri).toMatch(/^tron:T\w{33}\?amount=2\.5&token=TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t$/)
  })

  it.each([
    [
      'an Ethereum address',
      'send --chain tron --to 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --amount 1',
      'INVALID_ADDRESS',
    ],
    ['a wrong checksum', `send --chain tron --to ${STRANGER.slice(0, -1)}N --amount 1`, 'INVALID_ADDRESS'],
    ['a Tron address on Ethereum', `send --chain ethereum --to ${STRANGER} --amount 1`, 'INVALID_ADDRESS'],
    [
      'the zero address',
      'send --chain tron --to T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb --amount 1',
      'INVALID_ADDRESS',
    ],
    ['seven decimals', `send --chain tron --to ${STRANGER} --amount 0.0000001`, 'INVALID_AMOUNT'],
    ['an amount with an exponent', `send --chain tron --to ${STRANGER} --amount 1e3`, 'INVALID_AMOUNT'],
    ['an amount of nothing', `send --chain tron --to ${STRANGER} --amount 0`, 'INVALID_AMOUNT'],
    ['an unknown symbol', `send --chain tron --to ${STRANGER} --amount 1 --asset DAI`, 'UNKNOWN_ASSET'],
    [
      'an asset of another chain',
      `send --chain tron --to ${STRANGER} --amount 1 --asset tron:0x94a9059e/trc10:1000001`,
      'UNKNOWN_ASSET',
    ],
    ['no recipient', 'send --chain tron --amount 1', 'INVALID_REQUEST'],
    ['no amount', `send --chain tron --to ${STRANGER}`, 'INVALID_REQUEST'],
    ['several recipients', `send --chain tron --to ${STRANGER} --to ${OTHER} --amount 1`, 'INVALID_REQUEST'],
    ['a table', `send --chain tron --batch /nonexistent`, 'INVALID_REQUEST'],
    ['coins', `send --chain tron --to ${STRANGER} --amount 1 --coin 00:0`, 'INVALID_REQUEST'],
    ['a rate', `send --chain tron --to ${STRANGER} --amount 1 --fee 12.5`, 'INVALID_REQUEST'],
    [
      'a fee limit for the coin',
      `send --chain tron --to ${STRANGER} --amount 1 --fee-limit 5`,
      'INVALID_REQUEST',
    ],
    [
      'an expiration of a second',
      `send --chain tron --to ${STRANGER} --amount 1 --expires 1`,
      'INVALID_REQUEST',
    ],
    [
      'an expiration on Ethereum',
      `send --chain ethereum --to 0x00 --amount 1 --expires 600`,
      'INVALID_REQUEST',
    ],
    [
      'a permission on Bitcoin',
      `send --chain bitcoin --to bc1q --amount 1 --permission 2`,
      'INVALID_REQUEST',
    ],
    ['a type of account', 'receive --chain tron --type p2tr', 'INVALID_REQUEST'],
    ['a fresh address', 'receive --chain tron --fresh', 'INVALID_REQUEST'],
    ['a link of a TRC-10 token', 'receive --chain tron --amount 1 --asset 1000001', 'NO_SOURCE'],
    ['a link of several networks', `send --to tron:${STRANGER}?amount=1`, 'INVALID_REQUEST'],
    [
      'a link that contradicts',
      `send --chain tron --to tron:${STRANGER}?amount=1 --amount 2`,
      'INVALID_REQUEST',
    ],
    [
      'a link of another token',
      `send --chain tron --to tron:${STRANGER}?token=TEkxiTehnzSmSe2XqrBj4w32RUN966rdz8 --amount 1 --asset USDT`,
      'INVALID_REQUEST',
    ],
    [
      'a link that requires what is not known',
      `send --chain tron --to tron:${STRANGER}?req-x=1 --amount 1`,
      'INVALID_URI',
    ],
    ['to freeze without an amount', 'stake freeze --chain tron --for energy', 'INVALID_REQUEST'],
    ['to freeze for nothing', 'stake freeze --chain tron --amount 10', 'INVALID_REQUEST'],
    ['to freeze for votes', 'stake freeze --chain tron --amount 10 --for votes', 'INVALID_REQUEST'],
    ['to freeze half a coin', 'stake freeze --chain tron --amount 0.5 --for energy', 'INVALID_AMOUNT'],
    [
      'to freeze for somebody',
      `stake freeze --chain tron --amount 1 --for energy --to ${STRANGER}`,
      'INVALID_REQUEST',
    ],
    [
      'to lend to two',
      `stake delegate --chain tron --amount 1 --for energy --to ${STRANGER} --to ${OTHER}`,
      'INVALID_REQUEST',
    ],
    ['a vote without a count', `stake vote --chain tron --to ${STRANGER}`, 'INVALID_REQUEST'],
    ['two votes for one', `stake vote --chain tron --to ${STRANGER}=1 --to ${STRANGER}=2`, 'INVALID_REQUEST'],
    ['an amount of rewards', 'stake claim --chain tron --amount 1', 'INVALID_REQUEST'],
    ['an unknown step', 'stake burn --chain tron', 'INVALID_REQUEST'],
    ['stake of Ethereum', 'stake claim --chain ethereum', 'UNSUPPORTED'],
    ['resources of Bitcoin', 'resources --chain bitcoin', 'UNSUPPORTED'],
    ['a change of keys without an owner', `permissions --chain tron --active ${STRANGER}`, 'INVALID_REQUEST'],
    ['keys that never suffice', `permissions --chain tron --owner 3:${STRANGER},${OTHER}`, 'INVALID_REQUEST'],
    ['keys that are none', 'permissions --chain tron --owner 2:ann,ben', 'INVALID_ADDRESS'],
    ['keys with a colon too many', `permissions --chain tron --owner 1:2:${STRANGER}`, 'INVALID_REQUEST'],
    ['a list with a table', 'payout /nonexistent --list --chain tron', 'INVALID_REQUEST'],
    ['a table that is not there', 'payout /nonexistent --chain tron', 'INVALID_REQUEST'],
    ['to retry what was never sent', `retry ${'0'.repeat(64)}`, 'INVALID_REQUEST'],
    ['to forget what never expired', `payments --forget ${'0'.repeat(64)}`, 'INVALID_REQUEST'],
    ['a key in an argument', 'balance --rpc tron=trongrid+https://secret@127.0.0.1:1', 'INVALID_REQUEST'],
    [
      'three nodes in one',
      'balance --rpc tron=http://127.0.0.1:1#http://127.0.0.1:2#http://127.0.0.1:3',
      'INVALID_REQUEST',
    ],
    ['what is no node', 'balance --rpc tron=ftp://127.0.0.1', 'INVALID_REQUEST'],
  ])('refuses %s', async (_, line, code) => failedWith(await coffer(line), 2, code))

  it('shows nothing of a key, and asks the server that the configuration names with it', async () => {
    const env = { COFFER_RPC_TRON: 'trongrid+http://a-secret-key@127.0.0.1:1' }
    const ran = await runIn(home, 'balance --chain tron', { env })
    expect([ran.code, ran.stderr.includes('a-secret-key')]).toEqual([1, false])
  })
})

describe('on a devnet', () => {
  it('sends the coin to the sun, and says what it does', async () => {
    const before = await balances()
    const ran = await sending(`--to ${STRANGER} --amount 12.5`)
    expect(ran.stderr.split('\n')).toEqual([
      `From ${own} on tron-devnet`,
      `  Send 12.5 TRX to ${STRANGER}`,
      '  Fee about 0 TRX (268 bytes of free bandwidth), at most 1.368 TRX',
      expect.stringMatching(/^Confirmed in block \d+, 1 confirmation, fee 0 TRX$/),
      '',
    ])
    expect(ran.stdout.trim()).toMatch(TXID)
    expect((await balances())['TRX']).toBe(before['TRX']! - 12_500_000n)
  })

  it('opens an account, and says that this costs', async () => {
    const ran = await sending(`--to ${OTHER} --amount 1 --json`)
    expect(ran.stderr).toContain('  Fee about 1.1 TRX (to open the account), at most 1.367 TRX\n')
    expect(ran.stderr).toContain('Warning: The address was never used')
    expect(ran.json<Sent>().status.fee).toBe('1100000')
  })

  it('sends tokens, for energy that is burnt, and for staked energy for less', async () => {
    const before = await balances()
    await devnet.tron.setAccount(own, { used: { freeBandwidth: 0n } })
    const burnt = await sending(`--to ${STRANGER} --amount 25 --asset USDT --json`)
    const [, energy] = /\(345 bytes of free bandwidth; ([0-9,]+) energy burnt\)/.exec(burnt.stderr)!
    const fee = BigInt(burnt.json<Sent>().status.fee)
    expect(fee).toBe(BigInt(energy!.replaceAll(',', '')) * 100n)
    expect(await balances()).toMatchObject({ TRX: before['TRX']! - fee, USDT: before['USDT']! - 25_000_000n })

    await devnet.tron.setAccount(own, { frozen: { energy: 600n * TRX } })
    const staked = await sending(`--to ${STRANGER} --amount 25.000001 --asset USDT --json`)
    expect(staked.stderr).toMatch(
      /\([0-9,]+ energy: [0-9,]+ staked, [0-9,]+ burnt; 0\.345 TRX for 345 bytes\)/,
    )
    expect(BigInt(staked.json<Sent>().status.fee)).toBeLessThan(fee)
  })

  it('sends tokens by address and by number', async () => {
    const token = await devnet.tron.deployToken({ name: 'Tea', symbol: 'TEA', decimals: 2 })
    await devnet.tron.setAccount(own, { tokens: { [token]: 5_000n }, trc10: { '1000001': 70n } })
    const shown = (await online(`balance --chain tron-devnet --token ${token} 1000001`)).stdout
    expect(shown).toMatch(new RegExp(`^ +50 +TEA tron:0xc0ffe001/trc20:${token}$`, 'm'))
    expect(shown).toMatch(/ tron:0xc0ffe001\/trc10:1000001$/m)
    const tea = await sending(`--to ${STRANGER} --amount 12.34 --asset ${token}`)
    expect(tea.stderr).toContain(`Send 12.34 TEA to ${STRANGER}`)
    expect(tea.stderr).toContain("is not on this wallet's list")
    const ten = await sending(`--to ${STRANGER} --amount max --asset 1000001`)
    expect([tea.code, ten.code]).toEqual([0, 0])
    expect(
      (await online(`balance --chain tron-devnet --token ${token} 1000001 --json`))
        .json<object[]>()
        .slice(-2),
    ).toMatchObject([{ symbol: 'TEA', amount: '3766' }, { amount: '0' }])
    const liar = await online(`balance --chain tron-devnet --token ${STRANGER}`)
    expect(liar.stdout).toMatch(new RegExp(`^ +unreadable +${STRANGER}$`, 'm'))
    failedWith(await sending(`--to ${STRANGER} --amount 1 --asset ${STRANGER}`), 1, 'TOKEN_UNREADABLE')
    failedWith(await online('receive --chain tron-devnet --amount 1 --asset 1000001'), 2, 'INVALID_REQUEST')
  })

  it('shows the history, with ids, and page by page', async () => {
    const text = (await online('history --chain tron-devnet --txids')).stdout
    expect(text).toMatch(new RegExp(`^tron-devnet ${own}\n`))
    expect(text).toMatch(new RegExp(` -25 +USDT +to +${STRANGER} +[0-9a-f]{64}$`, 'm'))
    expect(text).toMatch(new RegExp(` -12\\.5 +TRX +to +${STRANGER} +[0-9a-f]{64}$`, 'm'))
    expect(text).toMatch(/ \+10000 +TRX +from T/)
    const [whole] = (await online('history --chain tron-devnet --limit 100 --json')).json<[Page]>()
    const rows: object[] = []
    for (let cursor = ''; ; ) {
      const [page] = (await online(`history --chain tron-devnet --limit 2 --json ${cursor}`)).json<[Page]>()
      rows.push(...page.items)
      if (page.next === undefined) break
      cursor = `--cursor ${page.next}`
    }
    expect(rows.length).toBeGreaterThan(4)
    expect(rows).toEqual(whole.items)
    const plain = await coffer(`history --chain tron-devnet --rpc tron-devnet=${devnet.tron.url}`)
    failedWith(plain, 2, 'UNSUPPORTED')
    expect(plain.stderr).toContain('trongrid+https://')
  })

  it('finds nodes in every writing, and goes on to the next when one is down', async () => {
    const { url } = devnet.tron
    const { TRX: whole } = await balances()
    for (const node of [url, `${url}#${url}`, `trongrid+${url}`, `http://127.0.0.1:1,${url}`]) {
      const ran = await runIn(home, 'balance --chain tron-devnet --json', {
        env: { COFFER_RPC_TRON_DEVNET: node },
      })
      expect([node, ran.code, ran.stderr]).toEqual([node, 0, ''])
      expect(BigInt(ran.json<[{ amount: string }]>()[0].amount)).toBe(whole)
    }
    const history = { 'tron-devnet': { url, apiKey: 'a-secret-key' } }
    await writeFile(file('config.json'), JSON.stringify({ rpc: { 'tron-devnet': [url] }, history }))
    const ran = await coffer('history --chain tron-devnet')
    expect([ran.code, ran.stdout.includes('+10000')]).toEqual([0, true])
    await rm(file('config.json'))
    failedWith(await coffer(`balance --chain nile --rpc nile=${url}`), 1, 'SOURCES_FAILED')
  })

  it('pays a link, whose network is the one of which a node is known', async () => {
    const before = await balances(`--address ${STRANGER}`)
    failedWith(await paying(`send --to tron:${STRANGER}?amount=0.3 --amount 0.4`), 2, 'INVALID_REQUEST')
    expect((await paying(`send --to tron:${STRANGER}?amount=0.3 --amount 0.30`)).code).toBe(0)
    expect((await balances(`--address ${STRANGER}`))['TRX']).toBe(before['TRX']! + 300_000n)
  })

  it('carries a memo, and asks again before the very same is signed twice', async () => {
    await devnet.tron.setAutomine(false)
    const line = `--to ${STRANGER} --amount 2 --memo tea --wait 0`
    const first = await sending(line)
    expect(first.stderr).toContain('Write 3 bytes into the chain for all to read: 746561')
    expect(first.stderr).toMatch(/1 TRX for the memo/)
    const second = await sending(line)
    failedWith(second, 3, 'PAYMENT_OPEN')
    expect(second.stderr).toContain(`coffer publish ${first.stdout.trim()}`)
    expect((await sending(`${line} --again`)).code).toBe(0)
    await devnet.tron.setAutomine(true)
    expect((await sending(line)).code).toBe(0)
  })

  it('holds payments against ceilings, the policy and what there is', async () => {
    const id = devnet.tron.chain
    const cases = [
      [{ maxFee: { [id]: '1000' } }, '--amount 3'],
      [{ limits: [{ asset: `${id}/slip44:1`, amount: '2000000', seconds: 3600 }] }, '--amount 3'],
      [{ recipients: [`${id}:${OTHER}`] }, '--amount 3'],
    ] as const
    for (const [policy, words] of cases) {
      await writeFile(file('policy.json'), JSON.stringify(policy))
      failedWith(await sending(`--to ${STRANGER} ${words}`), 3, 'POLICY_REFUSED')
    }
    await writeFile(file('policy.json'), JSON.stringify({ permissionChanges: 'no' }))
    failedWith(await sending(`--to ${STRANGER} --amount 3`), 2, 'INVALID_REQUEST')
    await rm(file('policy.json'))
    failedWith(await sending(`--to ${STRANGER} --amount 3 --max-fee 1`), 3, 'FEE_TOO_HIGH')
    failedWith(await sending(`--to ${STRANGER} --amount 1000000`), 1, 'INSUFFICIENT_FUNDS')
    failedWith(await sending(`--to ${STRANGER} --amount 3 --permission 5`), 2, 'INVALID_REQUEST')
    // Its contract takes no coin.
    failedWith(await sending(`--to ${USDT} --amount 3`), 2, 'INVALID_REQUEST')
  })

  it('says when a call failed: the fee is paid, and nothing moved', async () => {
    const [draft, signed] = [file('draft.json'), file('signed.json')]
    await online(`send --chain tron-devnet --to ${STRANGER} --amount 1.5 --asset USDT --draft-out ${draft}`)
    await signing(`sign ${draft} -o ${signed} --yes`)
    const before = await balances()
    // What it pays is gone before it arrives.
    await devnet.tron.setAccount(own, { tokens: { [USDT]: 1n } })
    const ran = await online(`publish ${signed}`)
    const after = await balances()
    await devnet.tron.setAccount(own, { tokens: { [USDT]: before['USDT']! } })
    expect(ran.stderr).toMatch(/^Error \[PAYMENT_FAILED\]/m)
    expect([ran.code, ran.stdout.length]).toEqual([1, 65])
    expect([after['USDT'], after['TRX']! < before['TRX']!]).toEqual([1n, true])
  })

  it('crosses an air gap: draft, inspect, sign, publish, publish again', async () => {
    const [draft, signed] = [file('draft.json'), file('signed.json')]
    const made = await online(
      `send --chain tron-devnet --to ${STRANGER} --amount 2 --asset USDT --draft-out ${draft}`,
    )
    expect(made.stderr).toContain('It expires')
    const cold = await mkdtemp(join(tmpdir(), 'coffer-cli-'))
    await cp(file('vault'), join(cold, 'vault'), { recursive: true })
    const seen = await runIn(cold, `inspect ${draft}`)
    expect(seen.stdout).toContain(`Send 2 USDT to ${STRANGER}`)
    expect(seen.stdout).toMatch(/\(.*[0-9] energy.*\)/)
    const line = `sign ${draft} -o ${signed} --passphrase-file ${passphraseFile} --yes --json`
    const { txid } = (await runIn(cold, line)).json<Sent>()
    const again = await runIn(cold, `inspect ${signed}`)
    expect(again.stdout).toMatch(/^ {2}Fee at most [0-9.]+ TRX$/m)
    for (const what of [signed, signed, txid]) {
      const published = (await online(`publish ${what} --json`)).json<Sent>()
      expect(published).toMatchObject({ txid, status: { state: 'confirmed' } })
    }
    failedWith(await paying(`cancel ${txid}`), 2, 'UNSUPPORTED')
    expect((await coffer(`discard ${draft} --devnet`)).stdout).toMatch(/^Nothing was kept for it/)
  })

  it('keeps what a node refused: it may be paid all the same, and is sent again by its id', async () => {
    const node = await refusingNode(devnet.tron.url)
    const by = (url: string, line: string): Promise<Ran> =>
      runIn(home, line, { env: { COFFER_RPC_TRON_DEVNET: url } })
    const send = `send --chain tron-devnet --to ${STRANGER} --amount 1.75 --yes --passphrase-file ${passphraseFile}`
    try {
      const ran = await by(node.url, send)
      failedWith(ran, 1, 'BROADCAST_REJECTED')
      const [, txid] = /^To send it again: coffer publish ([0-9a-f]{64})$/m.exec(ran.stderr)!
      failedWith(await by(devnet.tron.url, send), 3, 'PAYMENT_OPEN')
      const published = (await by(devnet.tron.url, `publish ${txid} --json`)).json<Sent>()
      expect(published).toMatchObject({ txid, status: { state: 'confirmed' } })
    } finally {
      node.close()
    }
  })

  it('sees through a draft that was changed on the way', async () => {
    const [draft, evil] = [file('draft.json'), file('evil.json')]
    await online(`send --chain tron-devnet --to ${STRANGER} --amount 1.25 --draft-out ${draft}`)
    await writeFile(evil, (await readFile(draft, 'utf8')).replace(STRANGER, OTHER))
    for (const ran of [await coffer(`inspect ${evil}`), await signing(`sign ${evil} --yes`)]) {
      failedWith(ran, 3, 'DRAFT_MISMATCH')
      expect(ran.stderr).toContain(`Send 1.25 TRX to ${STRANGER}`)
    }
  })

  it('shows what a file says of the time before, and lets it neither break a line nor move the cursor', async () => {
    const draft = file('draft.json')
    await online(`permissions --chain tron-devnet --owner ${own} --draft-out ${draft}`)
    const fields = JSON.parse(await readFile(draft, 'utf8'))
    const before0 = 'owner\n  Send 1 TRX to \u001b[2KT\u202e'
    await writeFile(
      draft,
      JSON.stringify({ ...fields, hints: { ...fields.hints, before0, 'before\n  x': 'y' } }),
    )
    for (const { stdout, stderr } of [await coffer(`inspect ${draft}`), await signing(`sign ${draft}`)]) {
      const lines = `${stdout}${stderr}`.split('\n')
      expect(lines).toContain('    before: owner  Send 1 TRX to [2KT')
      expect(lines.filter((line) => /^ *(?:Send|x)|[\p{Cc}\p{Cf}]/u.test(line))).toEqual([])
    }
  })

  it('asks before it signs, and takes no for an answer', async () => {
    const before = await balances()
    const line = `send --chain tron-devnet --to ${STRANGER} --amount max --devnet`
    failedWith(await runIn(home, line, { answers: [['Sign this?', 'n']] }), 3, 'SIGNER_REFUSED')
    expect(await balances()).toEqual(before)
  })
})

describe('staking', () => {
  it('goes round: freeze, lend, take back, vote, unfreeze, wait, withdraw, claim', async () => {
    const node = devnet.tron
    const [witness = '', second = ''] = node.witnesses
    await node.setParameters({ getUnfreezeDelayDays: 1n })
    const frozen = await staking('freeze --amount 1000 --for energy')
    expect(frozen.stderr).toContain('  Stake 1000 TRX for energy\n')
    expect(await resources()).toMatchObject({
      staked: { energy: '1600000000' },
      votes: { total: '1600', used: '0' },
    })

    const lent = await staking(`delegate --amount 100 --for energy --to ${STRANGER}`)
    expect(lent.stderr).toContain(`  Lend the energy of 100 TRX to ${STRANGER}\n`)
    expect((await resources()).lent.energy).toBe('100000000')
    expect((await staking(`undelegate --amount 40 --for energy --to ${STRANGER}`)).code).toBe(0)
    expect((await resources()).lent.energy).toBe('60000000')
    failedWith(await staking(`delegate --amount 1600 --for energy --to ${STRANGER}`), 1, 'INSUFFICIENT_FUNDS')
    const locked = await staking(`delegate --amount 10 --for energy --to ${STRANGER} --lock 24`)
    expect(locked.stderr).toContain('for at least 86400 s')

    const vote = await staking(`vote --to ${witness}=60 --to ${second}=40`)
    expect(vote.stderr).toContain(`  Vote for ${witness} (60), ${second} (40)\n`)
    expect((await resources()).votes).toMatchObject({
      used: '100',
      list: [{ to: witness, count: '60' }, { to: second }],
    })
    failedWith(await staking(`vote --to ${witness}=5000`), 1, 'INSUFFICIENT_FUNDS')

    expect((await staking('unfreeze --amount 50 --for energy')).code).toBe(0)
    expect((await staking('unfreeze --amount 20 --for energy')).code).toBe(0)
    failedWith(await staking('withdraw'), 2, 'INVALID_REQUEST')
    const text = (await online('resources --chain tron-devnet')).stdout
    expect(text).toMatch(/^ {2}staked +1460 TRX for energy$/m)
    expect(text).toMatch(/^ {2}lent to others +70 TRX for energy$/m)
    expect(text).toMatch(/^ {2}coming back +50 TRX from energy, \d{4}-\d\d-\d\d \d\d:\d\d$/m)
    await pass(90_000)
    expect((await resources()).withdrawable).toBe('70000000')
    const before = await balances()
    expect((await staking('withdraw')).code).toBe(0)
    expect((await balances())['TRX']).toBe(before['TRX']! + 70n * TRX)

    expect((await staking('unfreeze --amount 30 --for energy')).code).toBe(0)
    expect((await staking('cancel-unfreeze')).code).toBe(0)
    expect(await resources()).toMatchObject({ unfreezing: [], staked: { energy: '1460000000' } })

    failedWith(await staking('claim'), 2, 'INVALID_REQUEST')
    await node.setAccount(own, { rewards: 7n * TRX })
    const claimed = await balances()
    const claim = (await staking('claim --json')).json<Sent>()
    expect((await balances())['TRX']).toBe(claimed['TRX']! + 7n * TRX - BigInt(claim.status.fee))
  })

  it('works across an air gap as well', async () => {
    const [draft, signed] = [file('draft.json'), file('signed.json')]
    await online(`stake freeze --chain tron-devnet --amount 5 --for bandwidth --draft-out ${draft}`)
    expect((await coffer(`inspect ${draft}`)).stdout).toContain('Stake 5 TRX for bandwidth')
    await signing(`sign ${draft} -o ${signed} --yes`)
    expect((await online(`publish ${signed}`)).code).toBe(0)
    expect((await resources()).staked.bandwidth).toBe('5000000')
  })
})

describe('payments that expire', () => {
  const waiting = async (): Promise<string[]> =>
    (await online('payments --json')).json<Sent[]>().map(({ txid }) => txid)

  it('are told of while they are followed, once this machine finds them late as well', async () => {
    const node = devnet.tron
    // Its blocks came faster than time passed.
    await pass(600)
    await node.setAutomine(false)
    const before = await waiting()
    const following = sending(`--to ${STRANGER} --amount 4.75 --expires 60`)
    let txid = ''
    await expect
      .poll(async () => {
        txid = (await waiting()).find((id) => !before.includes(id)) ?? ''
        return txid
      })
      .toMatch(TXID)
    // It is remembered before it is sent.
    await expect.poll(() => node.dropTransaction(txid)).toBe(true)
    await node.setAutomine(true)
    await node.advanceTime(300)
    await node.mine(3)
    const early = await paying(`retry ${txid}`)
    failedWith(early, 2, 'INVALID_REQUEST')
    expect(early.stderr).toContain('waiting for a block')
    turnClock(90)
    const ran = await following
    expect(ran.stderr).toMatch(/^Error \[PAYMENT_EXPIRED\]/m)
    expect(ran.stderr).toContain(`To pay it again: coffer retry ${txid}\n`)
    expect(ran.code).toBe(1)
    expect((await online(`payments --forget ${txid}`)).stdout).not.toContain(txid)
    failedWith(await paying(`retry ${txid}`), 2, 'INVALID_REQUEST')
  })

  it('are paid again once that is certain, and only once', async () => {
    const node = devnet.tron
    const before = await balances(`--address ${STRANGER}`)
    await node.setAutomine(false)
    const { txid } = (
      await sending(`--to ${STRANGER} --amount 4.5 --expires 60 --wait 0 --json`)
    ).json<Sent>()
    expect(await node.dropTransaction(txid)).toBe(true)
    await node.setAutomine(true)
    await pass(600)
    const listed = await online('payments')
    expect(listed.stdout).toContain(
      `${txid}  No block took it in time, and none can any more: "coffer retry" pays it again`,
    )
    // It stays on the list, though the wallet itself forgets it.
    expect((await online('payments --json')).json<Sent[]>()).toContainEqual({
      chain: 'tron:0xc0ffe001',
      txid,
      status: { state: 'expired' },
    })
    const again = await paying(`retry ${txid}`)
    expect(again.stderr).toContain(`  Send 4.5 TRX to ${STRANGER}\n`)
    expect(again.stdout.trim()).toMatch(TXID)
    expect(again.stdout).not.toContain(txid)
    expect((await balances(`--address ${STRANGER}`))['TRX']).toBe(before['TRX']! + 4_500_000n)
    failedWith(await paying(`retry ${txid}`), 2, 'INVALID_REQUEST')
  })

  it('are not paid again while they may still be mined', async () => {
    await devnet.tron.setAutomine(false)
    const { txid } = (await sending(`--to ${STRANGER} --amount 4.25 --wait 0 --json`)).json<Sent>()
    const early = await paying(`retry ${txid}`)
    failedWith(early, 2, 'INVALID_REQUEST')
    expect(early.stderr).toContain('waiting for a block')
    await devnet.tron.setAutomine(true)
    failedWith(await paying(`retry ${txid}`), 2, 'INVALID_REQUEST')
  })
})

describe('payouts', () => {
  const people = [STRANGER, OTHER, STRANGER]
  const table = (amount: string): string =>
    `id,address,amount\n# November\n${people.map((address, i) => `salary-${i},${address},${amount}`).join('\n')}\n`
  const payout = (line: string): Promise<Ran> => paying(`payout --chain tron-devnet ${line}`)

  it('pay each once, go on after Ctrl-C, and never again', async () => {
    const path = file('salaries.csv')
    await writeFile(path, table('10.5'))
    const before = await balances(`--address ${STRANGER}`)
    await devnet.tron.setAutomine(false)
    const ctrlC = new AbortController()
    const stopped = runIn(
      home,
      `payout ${path} --chain tron-devnet --asset USDT --devnet --yes --passphrase-file ${passphraseFile}`,
      { signal: ctrlC.signal },
    )
    await expect
      .poll(async () => (await online('payout --list --chain tron-devnet')).stdout)
      .toMatch(/^salary-2 +on its way/m)
    ctrlC.abort()
    const ran = await stopped
    expect([ran.code, ran.stdout]).toEqual([130, ''])
    expect(ran.stderr).toContain('Nothing is lost: "coffer payout" goes on where it was.')
    expect(ran.stderr).toContain(`  salary-0  Send 10.5 USDT to ${STRANGER}\n`)
    await devnet.tron.setAutomine(true)

    const rows = (await payout('--json')).json<{ id: string; state: string; txid: string; fee: string }[]>()
    expect(rows.map(({ id, state }) => [id, state])).toEqual([
      ['salary-0', expect.stringMatching(/^(confirmed|final)$/)],
      ['salary-1', expect.stringMatching(/^(confirmed|final)$/)],
      ['salary-2', expect.stringMatching(/^(confirmed|final)$/)],
    ])
    expect(new Set(rows.map(({ txid }) => txid)).size).toBe(3)
    const paid = { USDT: before['USDT']! + 21_000_000n }
    expect(await balances(`--address ${STRANGER}`)).toMatchObject(paid)

    await devnet.tron.mine(5)
    expect((await payout(`${path} --asset USDT --final`)).stdout).toMatch(
      /^salary-0 {2}final +10\.5 USDT {2}T/,
    )
    expect(await balances(`--address ${STRANGER}`)).toMatchObject(paid)
    await writeFile(path, table('11'))
    failedWith(await payout(`${path} --asset USDT`), 2, 'INVALID_REQUEST')
  })

  it('that expire are paid anew by the payout alone', async () => {
    const node = devnet.tron
    const before = await balances(`--address ${OTHER}`)
    await writeFile(file('late.csv'), `late-1,${OTHER},2\n`)
    await node.setAutomine(false)
    const ctrlC = new AbortController()
    const stopped = runIn(
      home,
      `payout ${file('late.csv')} --chain tron-devnet --devnet --yes --passphrase-file ${passphraseFile}`,
      { signal: ctrlC.signal },
    )
    let late = ''
    await expect
      .poll(async () => {
        const list = (await online('payout --list --chain tron-devnet --json')).json<
          { id: string; txid: string }[]
        >()
        late = list.find(({ id }) => id === 'late-1')?.txid ?? ''
        return late
      })
      .toMatch(TXID)
    // It is written down before it is sent, and what is dropped before it has arrived would be mined all the same.
    await expect.poll(() => node.dropTransaction(late)).toBe(true)
    ctrlC.abort()
    expect((await stopped).code).toBe(130)
    await node.setAutomine(true)
    await pass(1_800)
    expect((await online('payments')).stdout).toContain(
      `${late}  No block took it in time, and none can any more: "coffer payout" pays it again`,
    )
    failedWith(await paying(`retry ${late}`), 2, 'INVALID_REQUEST')
    expect((await online('payments')).stdout).not.toContain(late)
    // Two at once: one waits for the other, and finds nothing left to pay.
    const both = await Promise.all([payout('--json'), payout('--json')])
    for (const ran of both)
      expect([ran.code, ran.stderr, ran.code === 0 ? '' : ran.stdout]).toEqual([0, expect.any(String), ''])
    expect((await balances(`--address ${OTHER}`))['TRX']).toBe(before['TRX']! + 2n * TRX)
  })

  it('are held against the policy before anything is signed', async () => {
    await writeFile(file('more.csv'), `bonus-1,${STRANGER},3\n`)
    await writeFile(file('policy.json'), JSON.stringify({ recipients: [`${devnet.tron.chain}:${OTHER}`] }))
    failedWith(await payout(file('more.csv')), 3, 'POLICY_REFUSED')
    await rm(file('policy.json'))
    const listed = (await online('payout --list --chain tron-devnet')).stdout
    expect(listed).toMatch(new RegExp(`^bonus-1 +waiting +3 TRX +${STRANGER}$`, 'm'))
    expect((await payout('')).stdout).toMatch(/^bonus-1 +confirmed/m)
  })

  it.each([
    ['an id twice', `a,${STRANGER},1\na,${OTHER},1`, 'INVALID_REQUEST'],
    ['no id', `${STRANGER},1`, 'INVALID_REQUEST'],
    ['a wrong address', `a,${STRANGER.slice(0, -1)}N,1`, 'INVALID_ADDRESS'],
    ['a number with an exponent', `a,${STRANGER},1e3`, 'INVALID_REQUEST'],
    ['too many decimals', `a,${STRANGER},0.0000001`, 'INVALID_AMOUNT'],
    ['nothing', '# nobody', 'INVALID_REQUEST'],
  ])('refuse a table with %s as a whole', async (_, text, code) => {
    await writeFile(
      file('wrong.csv'),
      `first,${OTHER},1\n${text}\n`.replace('first', text.startsWith('#') ? '# first' : 'first'),
    )
    failedWith(await payout(file('wrong.csv')), 2, code)
    expect((await online('payout --list --chain tron-devnet')).stdout).not.toContain('first')
  })
})

describe('payouts of which one cannot be paid', () => {
  it('pay the others, say why, and try that one again later', async () => {
    await writeFile(file('some.csv'), `gift-1,${OTHER},1\ngift-2,${USDT},1\ngift-3,${OTHER},1.5\n`)
    const before = await balances(`--address ${OTHER}`)
    const line = `payout ${file('some.csv')} --chain tron-devnet`
    const ran = await paying(`${line} --memo tea`)
    expect(ran.stderr).toContain(`  gift-1  Send 1 TRX to ${OTHER}, with the memo "tea"\n`)
    expect(ran.stderr).toMatch(/^ {2}gift-2 cannot be paid now\. .*contract/m)
    expect(ran.stderr).toMatch(/^ {2}Fees of 2 of them about /m)
    expect(ran.stderr).toMatch(/^Error \[PAYMENT_FAILED\]: 1 of \d+ payouts paid nothing: gift-2\./m)
    expect(ran.stdout).toMatch(/^gift-2 +refused +1 TRX +T\w+ +.*contract/m)
    expect((await balances(`--address ${OTHER}`))['TRX']).toBe(before['TRX']! + 2_500_000n)
    const again = await paying('payout --chain tron-devnet')
    expect(again.stderr).toContain('gift-2: refused, 1 TRX')
    expect(again.code).toBe(1)
    const other = await paying(line)
    failedWith(other, 2, 'INVALID_REQUEST')
    expect(other.stderr).toContain('gift-1 was added before')
    expect((await balances(`--address ${OTHER}`))['TRX']).toBe(before['TRX']! + 2_500_000n)
  })
})

describe('an account of two keys', () => {
  it('is made, shown, and pays over files: cosign, cosign, finish, publish', async () => {
    const [ann, ben, shared] = [
      await makeWallet(generateMnemonic()),
      await makeWallet(generateMnemonic()),
      await makeWallet(generateMnemonic()),
    ]
    const [annsKey, bensKey, account] = (await Promise.all([ann, ben, shared].map(addressIn))) as [
      string,
      string,
      string,
    ]
    await devnet.tron.fund(account, { amount: 500n * TRX })
    await announceDevnet(shared, { [devnet.tron.chain]: `trongrid+${devnet.tron.url}` })
    const yes = `--yes --passphrase-file ${passphraseFile}`
    const change = `permissions --chain tron-devnet --devnet --owner 2:${annsKey},${bensKey}`
    failedWith(await runIn(shared, `${change} ${yes}`), 3, 'POLICY_REFUSED')
    const changed = await runIn(shared, `${change} ${yes} --accept permission-change --json`)
    expect(changed.stderr).toContain(`    before: owner, 1 of ${account} (1)\n`)
    expect(changed.stderr).toContain(`    after:  owner, 2 of ${annsKey} (1), ${bensKey} (1)\n`)
    expect(changed.stderr).toContain('100 TRX for the change of keys')
    expect(changed.json<Sent>().status.state).toBe('confirmed')

    expect((await online(`permissions --chain tron-devnet --address ${annsKey}`)).stdout).toMatch(
      new RegExp(`^  0  owner +1 of ${annsKey} \\(1\\) +everything$`, 'm'),
    )
    const shown = await online(`permissions --chain tron-devnet --address ${account}`)
    expect(shown.stdout).toMatch(
      new RegExp(`^  0  owner +2 of ${annsKey} \\(1\\), ${bensKey} \\(1\\) +everything$`, 'm'),
    )
    expect(shown.stdout).toMatch(/^ {2}2 {2}active +2 of .+ no change of keys among them$/m)

    const [draft, anns, bens, signed] = ['draft.json', 'ann.json', 'ben.json', 'signed.json'].map(file)
    const make = (more: string): Promise<Ran> =>
      online(`send --chain tron-devnet --address ${account} --to ${STRANGER} --draft-out ${draft} ${more}`)
    for (const more of ['--amount 20', '--amount 21 --permission 2']) {
      const made = await make(more)
      expect(made.stderr).toContain('1 TRX for several signatures')
      failedWith(await runIn(shared, `sign ${draft} ${yes}`), 3, 'WRONG_ACCOUNT')
      failedWith(await runIn(ann, `sign ${draft} ${yes}`), 2, 'SIGNATURES_MISSING')
      expect((await runIn(ann, `cosign ${draft} -o ${anns} ${yes}`)).stdout).toBe(`Draft: ${anns}\n`)
      expect((await coffer(`inspect ${anns}`)).stdout).toContain('One signature so far.')
      failedWith(await coffer(`finish ${anns} -o ${signed}`), 2, 'SIGNATURES_MISSING')
      expect((await runIn(ben, `cosign ${draft} -o ${bens} ${yes}`)).code).toBe(0)
      expect((await coffer(`finish ${anns} ${bens} -o ${signed}`)).code).toBe(0)
      const seen = (await coffer(`inspect ${signed}`)).stdout
      const ceiling = /at most ([0-9.]+ TRX)/.exec(made.stderr)![1]
      expect(seen).toContain(`Fee at most ${ceiling}`)
      expect((await online(`publish ${signed} --json`)).json<Sent>().status.state).toBe('confirmed')
    }
    // The last signer may put it together at once.
    await make('--amount 22')
    await runIn(ann, `cosign ${draft} -o ${anns} ${yes}`)
    expect((await runIn(ben, `sign ${anns} -o ${signed} ${yes}`)).code).toBe(0)
    expect((await online(`publish ${signed} --json`)).json<Sent>().status.state).toBe('confirmed')
  })
})

describe('the devnet of the program', () => {
  it('pays the wallet and whom it is told to', async () => {
    const mine = await makeWallet(generateMnemonic())
    const ctrlC = new AbortController()
    const running = runIn(mine, `devnet --chains tron --fund ${STRANGER} --json`, { signal: ctrlC.signal })
    await expect
      .poll(async () => (await readdir(mine)).includes('devnet.json'), { timeout: 10_000 })
      .toBe(true)
    for (const more of ['', `--address ${STRANGER}`])
      expect((await runIn(mine, `balance --devnet ${more}`)).stdout).toMatch(
        /^tron-devnet T\w+\n +10000 {2}TRX\n +1000 {2}USDT\n +1000 {2}USDC\n/,
      )
    ctrlC.abort()
    const [node] = (await running).json<[{ chain: string; url: string; witnesses: string[] }]>()
    expect([node.chain, node.witnesses.length]).toEqual(['tron:0xc0ffe001', 27])
    expect((await running).stderr).toContain('10000 on Tron')
  })
})

describe('secrets', () => {
  it('are in no output and in no file but the encrypted one', async () => {
    const words = mnemonic.split(' ')
    const texts = [...written]
    for (const entry of await readdir(home, { recursive: true, withFileTypes: true }))
      if (entry.isFile() && entry.name !== 'passphrase')
        texts.push(await readFile(join(entry.parentPath, entry.name), 'utf8'))
    expect(texts.length).toBeGreaterThan(100)
    for (const text of texts) {
      expect(text).not.toContain(PASSPHRASE)
      for (let i = 0; i + 2 <= words.length; i++) expect(text).not.toContain(words.slice(i, i + 2).join(' '))
    }
  })
})
