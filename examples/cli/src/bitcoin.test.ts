import { cp, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { regtestNetwork } from '@coffer/bitcoin'
import { type Devnet, startDevnet } from '@coffer/devnet'
import { generateMnemonic } from '@coffer/signer-software'
import { HDNodeWallet, Wallet } from 'ethers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { announceDevnet } from './devnet-file.ts'
import { type Ran, runIn, written } from './fake-io.fixture.ts'

const PASSPHRASE = 'quiet lamp over seven hills'
/** Nobody's, and of bitcoind's own wallet. */
const STRANGER = regtestNetwork.sample
const MAINNET = 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu'
const TXID = /^[0-9a-f]{64}$/
const BTC = 100_000_000n
const mnemonic = generateMnemonic()

let home = ''
let passphraseFile = ''
let devnet: Devnet<'bitcoin'>

const coffer = (line: string): Promise<Ran> => runIn(home, line)
const online = (line: string): Promise<Ran> => coffer(`${line} --devnet`)
const signing = (line: string): Promise<Ran> => coffer(`${line} --passphrase-file ${passphraseFile}`)
const paying = (line: string): Promise<Ran> => signing(`${line} --devnet --yes`)
const sending = (line: string): Promise<Ran> => paying(`send --chain regtest ${line}`)
const file = (name: string): string => join(home, name)

interface Sent {
  readonly txid: string
  readonly status: { readonly state: string; readonly fee: string }
}
interface Coin {
  readonly outpoint: string
  readonly amount: string
  readonly path: string
  readonly frozen: boolean
  readonly own: boolean
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

async function balance(more = ''): Promise<Record<string, bigint>> {
  const [row] = (await online(`balance --chain regtest --json ${more}`)).json<[Record<string, string>]>()
  const { amount, confirmed, pendingOwn, pendingIncoming } = row
  return Object.fromEntries(
    Object.entries({ amount, confirmed, pendingOwn, pendingIncoming }).map(([name, text]) => [
      name,
      BigInt(text ?? ''),
    ]),
  )
}

async function address(more = ''): Promise<string> {
  return (await online(`receive --chain regtest --json ${more}`)).json<{ address: string }>().address
}

const coins = async (more = ''): Promise<readonly Coin[]> =>
  (await online(`coins --chain regtest --json ${more}`)).json<Coin[]>()

beforeAll(async () => {
  home = await makeWallet(mnemonic)
  passphraseFile = file('passphrase')
  devnet = await startDevnet({ chains: ['bitcoin'] })
  await announceDevnet(home, { [devnet.bitcoin.chain]: devnet.bitcoin.esploraUrl })
})

afterAll(() => devnet?.stop())

describe('without a network', () => {
  it('lists accounts by their descriptors, and adds those of other types', async () => {
    const { stdout } = await coffer('accounts --chain bitcoin')
    expect(stdout).toMatch(/^0 {2}bitcoin {2}wpkh\(\[[0-9a-f]{8}\/84h\/0h\/0h\]…\)#\w{8}\n$/)
    const added = await signing('accounts --add --chain bitcoin --type p2tr --json')
    const { accounts } = added.json<{ accounts: object[] }>()
    expect(accounts).toEqual([
      {
        chain: 'bip122:000000000019d6689c085ae165831e93',
        index: 0,
        type: 'p2tr',
        descriptor: expect.stringMatching(/^tr\(\[\w{8}\/86h\/0h\/0h\]xpub\w+\/<0;1>\/\*\)#\w{8}$/),
      },
    ])
    expect((await signing('accounts --verify')).code).toBe(0)
  })

  it('adds what is missing below the next account', async () => {
    const path = file('accounts.json')
    const before = await readFile(path, 'utf8')
    const { v, accounts } = JSON.parse(before)
    const old = accounts.filter(({ chain }: { chain: string }) => chain.startsWith('eip155:'))
    await writeFile(path, JSON.stringify({ v, accounts: old }))
    failedWith(await coffer('receive --chain bitcoin'), 2, 'INVALID_ACCOUNT')
    await signing('accounts --add --chain bitcoin')
    const ran = (await signing('accounts --add --json')).json<{
      accounts: { chain: string; index: number }[]
    }>()
    const found = ran.accounts.map(({ chain, index }) => `${chain.slice(0, 12)} ${index}`)
    expect(found.filter((one) => one.startsWith('bip122:00000'))).toHaveLength(6)
    expect(new Set(found).size).toBe(20)
    await writeFile(path, before)
  })

  it.each([
    ['a token', `send --chain bitcoin --to ${MAINNET} --amount 1 --asset USDT`, 'UNKNOWN_ASSET'],
    ['a token’s balance', 'balance --chain bitcoin --token 0x00', 'INVALID_REQUEST'],
    ['no recipient', 'send --chain bitcoin --amount 1', 'INVALID_REQUEST'],
    ['no amount', `send --chain bitcoin --to ${MAINNET}`, 'INVALID_REQUEST'],
    ['an unknown speed', `send --chain bitcoin --to ${MAINNET} --amount 1 --fee warp`, 'INVALID_REQUEST'],
    [
      'a rate of two points',
      `send --chain bitcoin --to ${MAINNET} --amount 1 --fee 1.2.3`,
      'INVALID_REQUEST',
    ],
    ['one amount for several', `send --chain bitcoin --to ${MAINNET}=1 --amount 2`, 'INVALID_REQUEST'],
    ['several without amounts', `send --chain bitcoin --to ${MAINNET} --to ${MAINNET}`, 'INVALID_REQUEST'],
    ['a pair of three', `send --chain bitcoin --to ${MAINNET}=1=2`, 'INVALID_REQUEST'],
    ['a table that is not there', 'send --chain bitcoin --batch /nonexistent', 'INVALID_REQUEST'],
    [
      'a link of another network',
      `send --chain bitcoin --to bitcoin:${STRANGER}?amount=1`,
      'INVALID_ADDRESS',
    ],
    ['a link that contradicts', `send --to bitcoin:${MAINNET}?amount=1 --amount 2`, 'INVALID_REQUEST'],
    [
      'a link that requires what is not known',
      `send --to bitcoin:${MAINNET}?amount=1&req-x=1`,
      'INVALID_URI',
    ],
    ['a link without an amount', `send --to bitcoin:${MAINNET}`, 'INVALID_REQUEST'],
    [
      'a link of two networks',
      'send --to bitcoin:tb1q6rz28mcfaxtmd6v789l9rrlrusdprr9pqcpvkl?amount=1',
      'INVALID_REQUEST',
    ],
    ['a link that only offers lightning', 'send --to bitcoin:?lightning=lnbc1 --amount 1', 'INVALID_REQUEST'],
    ['a type that is none', 'receive --chain bitcoin --type p2wsh', 'INVALID_REQUEST'],
    ['an account of a type that is not there', 'receive --chain signet --type p2tr', 'INVALID_ACCOUNT'],
    ['an address of another network', `balance --chain bitcoin --address ${STRANGER}`, 'INVALID_ADDRESS'],
    ['labels from nowhere', 'labels import --chain bitcoin', 'INVALID_REQUEST'],
    ['labels that are to be burnt', 'labels burn --chain bitcoin', 'INVALID_REQUEST'],
    [
      'a password in an argument',
      'balance --rpc bitcoin=core+http://ann:pass@127.0.0.1:1',
      'INVALID_REQUEST',
    ],
    ['a type on Ethereum', 'receive --chain ethereum --type p2tr', 'INVALID_REQUEST'],
    ['a fresh address on Ethereum', 'receive --chain ethereum --fresh', 'INVALID_REQUEST'],
    ['a memo on Ethereum', 'send --chain ethereum --to 0x00 --amount 1 --memo hi', 'INVALID_REQUEST'],
    ['several recipients on Ethereum', 'send --chain ethereum --to 0x00 --to 0x01', 'INVALID_REQUEST'],
    ['a rate on Ethereum', 'send --chain ethereum --to 0x00 --amount 1 --fee 12.5', 'INVALID_REQUEST'],
    ['coins of Ethereum', 'coins --chain ethereum', 'UNSUPPORTED'],
    ['to push what nobody sent', `speed-up ${'0'.repeat(64)}`, 'INVALID_REQUEST'],
  ])('refuses %s', async (_, line, code) => failedWith(await coffer(line), 2, code))

  it('takes a link of two networks for the one of which a node is named', async () => {
    const line = 'send --to bitcoin:tb1q6rz28mcfaxtmd6v789l9rrlrusdprr9pqcpvkl?amount=1'
    const [signet, testnet4] = ['--rpc signet=http://127.0.0.1:1', '--rpc testnet4=http://127.0.0.1:1']
    const both = await coffer(`${line} ${signet} ${testnet4}`)
    failedWith(both, 2, 'INVALID_REQUEST')
    expect(both.stderr).toContain('testnet4 or signet')
    failedWith(await coffer(`${line} ${signet}`), 1, 'SOURCES_FAILED')
  })

  it('refuses a private key, and does not repeat it', async () => {
    const key =
      'xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi'
    const ran = await coffer(`balance --chain bitcoin --address wpkh(${key})`)
    failedWith(ran, 2, 'INVALID_ACCOUNT')
    expect(ran.stderr).not.toContain(key.slice(0, 12))
  })

  it('says how to name a node', async () => {
    const ran = await coffer('receive --chain bitcoin')
    failedWith(ran, 2, 'NO_SOURCE')
    expect(ran.stderr).toContain('COFFER_RPC_BITCOIN=https://…')
  })

  it('holds a Bitcoin policy to its words', async () => {
    const most = { [devnet.bitcoin.chain]: '20000' }
    for (const policy of [{ maxFeeRate: { bitcoin: '1' } }, { maxFeeRate: { [devnet.bitcoin.chain]: 1 } }]) {
      await writeFile(file('policy.json'), JSON.stringify(policy))
      failedWith(await signing('accounts --verify'), 2, 'INVALID_REQUEST')
    }
    await writeFile(file('policy.json'), JSON.stringify({ maxFeeRate: most }))
    expect((await signing('accounts --verify')).code).toBe(0)
    await writeFile(file('policy.json'), '{}')
  })
})

describe('on a devnet', () => {
  it('shows a fresh address only when asked, and its link as a code', async () => {
    const first = await address()
    expect(await address()).toBe(first)
    const second = await address('--fresh')
    expect(second).not.toBe(first)
    const ran = await online('receive --chain regtest --amount 0.5')
    expect(ran.stdout).toMatch(/^(bcrt1\w+)\nbitcoin:\1\?amount=0\.5\n\n[█▀▄ \n]+$/)
    await devnet.bitcoin.fund(first, { amount: 2n * BTC })
    expect([first, second]).not.toContain(await address('--fresh'))
  })

  it('tells what waits from what a block holds', async () => {
    await devnet.bitcoin.setAutomine(false)
    await devnet.bitcoin.fund(await address(), { amount: BTC / 2n })
    await sending(`--to ${STRANGER} --amount 0.25 --wait 0`)
    expect(await balance()).toMatchObject({ confirmed: 0n, pendingIncoming: BTC / 2n })
    const text = (await online('balance --chain regtest')).stdout
    expect(text.split('\n').map((line) => line.replace(/[0-9.]+/, 'n'))).toEqual([
      expect.stringMatching(/^regtest wpkh/),
      '  n  rBTC',
      '  n  rBTC  waiting, own change',
      '  n         rBTC  waiting, from others',
      '',
    ])
    await devnet.bitcoin.setAutomine(true)
    await devnet.bitcoin.mine(1)
    expect(await balance()).toMatchObject({ pendingOwn: 0n, pendingIncoming: 0n })
    expect((await online('balance --chain regtest')).stdout).toMatch(/^\S+ \S+\n {2}[0-9.]+ {2}rBTC\n$/)
  })

  it('sends to the satoshi, and says what it does, step by step', async () => {
    const before = await balance()
    const ran = await sending(`--to ${STRANGER} --amount 0.1 --fee 12.5`)
    expect(ran.stderr.split('\n').sort()).toEqual([
      '',
      expect.stringMatching(/^ {2}Fee 0\.\d+ rBTC \(12\.5\d{0,2} sat\/vB for \d+ vB\)$/),
      expect.stringMatching(/^ {2}Get back [0-9.]+ rBTC at bcrt1\w+, your own address 1\/\d+$/),
      `  Send 0.1 rBTC to ${STRANGER}`,
      expect.stringMatching(/^Confirmed in block \d+, 1 confirmation, fee 0\.\d+ rBTC$/),
      expect.stringMatching(/^From wpkh\(\[\w+\/84h\/1h\/0h\]…\)#\w{8} on regtest$/),
    ])
    const txid = ran.stdout.trim()
    expect(txid).toMatch(TXID)
    const history = (await online('history --chain regtest --txids')).stdout
    expect(history).toMatch(new RegExp(` -0\\.1 +rBTC +to +${STRANGER} +${txid}$`, 'm'))
    expect(history).toMatch(/ \+2 +rBTC +at +bcrt1/)
    const [page] = (await online('history --chain regtest --json')).json<
      [{ account: string; items: Sent[] }]
    >()
    expect(page.account).toMatch(/^wpkh\(/)
    const { fee } = page.items[0] as unknown as { fee: string }
    expect((await balance())['amount']).toBe(before['amount']! - BTC / 10n - BigInt(fee))
  })

  it('pays many at once, from options, links and a table, with a memo', async () => {
    const node = devnet.bitcoin
    const [ann, ben, cat] = await Promise.all(
      [0, 1, 2].map(() => node.walletRpc<string>('faucet', 'getnewaddress')),
    )
    await writeFile(file('salaries.csv'), `address,amount\n${cat},0.03\n${STRANGER},0.04\n`)
    const sent = await sending(
      `--to ${ann}=0.01 --to bitcoin:${ben}?amount=0.02 --batch ${file('salaries.csv')} --memo thanks --json`,
    )
    const { txid } = sent.json<Sent>()
    expect(sent.stderr).toContain('Write 6 bytes into the chain for all to read: 7468616e6b73')
    const { vout } = await node.rpc<{ vout: { value: number; scriptPubKey: { address?: string } }[] }>(
      'getrawtransaction',
      [txid, true],
    )
    const paid = Object.fromEntries(vout.map(({ value, scriptPubKey }) => [scriptPubKey.address, value]))
    expect(paid).toMatchObject({ [ann!]: 0.01, [ben!]: 0.02, [cat!]: 0.03, [STRANGER]: 0.04 })
  })

  it('pays a link, whose address names the chain', async () => {
    const before = await balance(`--address ${STRANGER}`)
    failedWith(await paying(`send --to bitcoin:${STRANGER}?amount=0.3 --amount 0.4`), 2, 'INVALID_REQUEST')
    const ran = await paying(`send --to BITCOIN:${STRANGER.toUpperCase()}?amount=0.3&label=Tea --amount 0.30`)
    expect(ran.code).toBe(0)
    expect((await balance(`--address ${STRANGER}`))['amount']).toBe(before['amount']! + (3n * BTC) / 10n)
  })

  it('leaves frozen coins alone, spends those that are named, and carries both as labels', async () => {
    await devnet.bitcoin.fund(await address('--fresh'), { amount: 40_000_000n })
    const coin = (await coins()).find(({ amount }) => amount === '40000000')!
    const frozen = await online(`coins --chain regtest --freeze ${coin.outpoint}`)
    expect(frozen.stdout).toMatch(new RegExp(`^ +0\\.4 +rBTC .* ${coin.outpoint} +frozen$`, 'm'))
    const draft = file('draft.json')
    await online(`send --chain regtest --to ${STRANGER} --amount max --draft-out ${draft}`)
    const all = (await balance())['amount']!
    const seen = (await coffer(`inspect ${draft} --json`)).json<{ effects: { fields: { spent: string } } }>()
    expect(BigInt(seen.effects.fields.spent)).toBe(all - 40_000_000n)
    expect((await coffer(`discard ${draft} --devnet`)).stdout).toBe('Its coins are free again.\n')

    const labels = file('labels.jsonl')
    expect((await online(`labels export ${labels} --chain regtest`)).stdout).toBe(`1 label: ${labels}\n`)
    expect(JSON.parse(await readFile(labels, 'utf8'))).toMatchObject({ ref: coin.outpoint, spendable: false })
    await online(`coins --chain regtest --thaw ${coin.outpoint}`)
    expect((await coins()).every((one) => !one.frozen)).toBe(true)
    const label = JSON.stringify({
      type: 'output',
      ref: coin.outpoint,
      label: 'from\u202eAnn',
      spendable: false,
    })
    const read = await runIn(home, 'labels import - --chain regtest --devnet', {
      stdin: `${label}\n{"type":"galaxy","ref":"m31"}\n`,
    })
    expect(read.stdout).toBe('Read 1 label.\n')
    expect(read.stderr).toMatch(/^Passed over line 2: .+\n$/)
    const { stdout } = await online('coins --chain regtest')
    expect(stdout).toContain(`${coin.outpoint}  frozen  from Ann\n`)

    const before = await balance(`--address ${STRANGER}`)
    const spent = await sending(`--to ${STRANGER} --amount 0.39 --coin ${coin.outpoint}`)
    expect(spent.code).toBe(0)
    expect((await coins()).map(({ outpoint }) => outpoint)).not.toContain(coin.outpoint)
    expect((await balance(`--address ${STRANGER}`))['amount']).toBe(before['amount']! + 39_000_000n)
    failedWith(await sending(`--to ${STRANGER} --amount 0.1 --coin ${coin.outpoint}`), 2, 'INVALID_REQUEST')
  })

  it('has an account of taproot, and empties it', async () => {
    await signing('accounts --add --chain regtest --type p2tr')
    const to = await address('--type p2tr')
    expect(to).toMatch(/^bcrt1p/)
    await devnet.bitcoin.fund(to, { amount: BTC })
    const sent = (await sending(`--type p2tr --to ${STRANGER} --amount max --json`)).json<Sent>()
    expect(sent.status.state).toBe('confirmed')
    expect((await balance('--type p2tr'))['amount']).toBe(0n)
    expect((await online('coins --chain regtest --type p2tr')).stdout).toMatch(/\n {2}no coins\n$/)
  })

  it('replaces a payment that waits, and lists it until it is final', async () => {
    await devnet.bitcoin.setAutomine(false)
    const before = await balance(`--address ${STRANGER}`)
    const slow = (await sending(`--to ${STRANGER} --amount 0.05 --fee 1 --wait 0 --json`)).json<Sent>()
    const fast = (await paying(`speed-up ${slow.txid} --fee 5 --wait 0 --json`)).json<Sent>()
    const none = await paying(`cancel ${fast.txid} --fee 9.5 --wait 0 --json`)
    expect(none.stderr).toMatch(/ Fee 0\.\d+ rBTC \(9\.5\d* sat\/vB/)
    expect(none.stderr).toContain('  Pay nobody: all but the fee comes back\n')
    const { txid } = none.json<Sent>()
    expect((await online('payments')).stdout).toContain(`regtest  ${txid}  Waiting for a block`)
    await devnet.bitcoin.mine(1)
    await devnet.bitcoin.setAutomine(true)
    expect(await balance(`--address ${STRANGER}`)).toEqual(before)
    failedWith(await paying(`cancel ${txid}`), 1, 'COIN_TAKEN')
    await devnet.bitcoin.mine(6)
    const states = (await online('payments --json')).json<Sent[]>()
    expect(states.find((one) => one.txid === txid)?.status.state).toBe('final')
    const left = (await online('payments')).stdout
    for (const gone of [slow.txid, fast.txid, txid]) expect(left).not.toContain(gone)
    failedWith(await paying(`cancel ${slow.txid}`), 2, 'INVALID_REQUEST')
  })

  it('pushes a payment of somebody else by spending it', async () => {
    const node = devnet.bitcoin
    await node.setAutomine(false)
    const to = await address('--fresh')
    const parent = await node.walletRpc<string>('faucet', 'sendtoaddress', [
      to,
      0.2,
      '',
      '',
      false,
      true,
      null,
      'unset',
      null,
      1,
    ])
    failedWith(await paying(`speed-up ${parent}`), 2, 'INVALID_REQUEST')
    failedWith(await paying(`speed-up ${parent} --cpfp`), 2, 'INVALID_REQUEST')
    const child = await paying(`speed-up ${parent} --cpfp --chain regtest --fee 20 --wait 0 --json`)
    expect(child.stderr).toMatch(/^ {2}Get back 0\.19\d+ rBTC at/m)
    const entry = await node.rpc<{ depends: string[] }>('getmempoolentry', [child.json<Sent>().txid])
    expect(entry.depends).toEqual([parent])
    await node.setAutomine(true)
    await node.mine(1)
  })

  it('crosses an air gap: draft, inspect, sign, publish, publish again', async () => {
    const draft = file('draft.json')
    const signed = file('signed.json')
    const made = await online(`send --chain regtest --to ${STRANGER} --amount 0.02 --draft-out ${draft}`)
    expect(made.stderr).toContain('Its coins are kept for it for ten minutes')
    const cold = await mkdtemp(join(tmpdir(), 'coffer-cli-'))
    await cp(file('vault'), join(cold, 'vault'), { recursive: true })
    const seen = await runIn(cold, `inspect ${draft}`)
    expect(seen.stdout).toContain(`Send 0.02 rBTC to ${STRANGER}`)
    expect(seen.stdout).toContain('Not signed yet.')
    const line = `sign ${draft} -o ${signed} --passphrase-file ${passphraseFile} --yes --json`
    const { txid } = (await runIn(cold, line)).json<Sent>()
    const again = await runIn(cold, `inspect ${signed}`)
    expect(again.stdout).toMatch(/^ {2}Get back .+ your own address 1\/\d+$/m)
    expect(again.stdout.split('\n').slice(0, 4).sort()).toEqual(seen.stdout.split('\n').slice(0, 4).sort())
    for (const what of [signed, signed, txid]) {
      const published = (await online(`publish ${what} --json`)).json<Sent>()
      expect(published).toMatchObject({ txid, status: { state: 'confirmed' } })
    }
    const forged = (await readFile(signed, 'utf8')).replace(/(?<="txid": ")../, 'ff')
    await writeFile(signed, forged)
    failedWith(await coffer(`inspect ${signed}`), 2, 'INVALID_SIGNED')
  })

  it('sees through a draft that was changed on the way', async () => {
    const [draft, evil] = [file('draft.json'), file('evil.json')]
    await online(`send --chain regtest --to ${STRANGER} --amount 0.01 --draft-out ${draft}`)
    const thief = await devnet.bitcoin.walletRpc<string>('faucet', 'getnewaddress')
    await writeFile(evil, (await readFile(draft, 'utf8')).replace(STRANGER, thief))
    for (const ran of [await coffer(`inspect ${evil}`), await signing(`sign ${evil} --yes`)]) {
      failedWith(ran, 3, 'DRAFT_MISMATCH')
      expect(ran.stderr).toContain(`Send 0.01 rBTC to ${STRANGER}`)
    }
    expect((await coffer(`discard ${draft} --devnet`)).code).toBe(0)
  })

  it('holds payments against the policy and the fee that was named', async () => {
    const id = devnet.bitcoin.chain
    const cases = [
      [{ maxFeeRate: { [id]: '5000' } }, '--amount 0.01 --fee 6'],
      [{ maxFee: { [id]: '1000' } }, '--amount 0.01 --fee 20'],
      [{ limits: [{ asset: `${id}/slip44:1`, amount: '1000000', seconds: 3600 }] }, '--amount 0.011'],
      [{ recipients: [`${id}:${await address()}`] }, '--amount 0.01'],
    ] as const
    for (const [policy, words] of cases) {
      await writeFile(file('policy.json'), JSON.stringify(policy))
      failedWith(await sending(`--to ${STRANGER} ${words}`), 3, 'POLICY_REFUSED')
    }
    await writeFile(file('policy.json'), '{}')
    failedWith(await sending(`--to ${STRANGER} --amount 0.01 --fee 0.5`), 1, 'FEE_TOO_LOW')
    failedWith(await sending(`--to ${STRANGER} --amount 0.01 --fee 50 --max-fee 0.00001`), 3, 'FEE_TOO_HIGH')
    failedWith(await sending(`--to ${STRANGER} --amount 1000`), 1, 'INSUFFICIENT_FUNDS')
    expect((await coins()).length).toBeGreaterThan(0)
    expect((await sending(`--to ${STRANGER} --amount 0.01`)).code).toBe(0)
  })

  it('asks before it signs, and gives the coins back at a no', async () => {
    const before = await balance()
    const ran = await runIn(home, `send --chain regtest --to ${STRANGER} --amount max --devnet`, {
      answers: [['Sign this?', 'n']],
    })
    failedWith(ran, 3, 'SIGNER_REFUSED')
    expect(await balance()).toEqual(before)
    expect((await sending(`--to ${STRANGER} --amount 0.01`)).code).toBe(0)
  })

  it('pays several times at once without taking a coin twice', async () => {
    for (let i = 0; i < 3; i++) await devnet.bitcoin.fund(await address('--fresh'), { amount: BTC })
    const sent = await Promise.all(
      Array.from({ length: 4 }, () => sending(`--to ${STRANGER} --amount 0.3 --json`)),
    )
    expect(new Set(sent.map((ran) => ran.json<Sent>().txid)).size).toBe(4)
  })

  it('pays from each secret of the vault: a single key, and two extended keys of one root', async () => {
    const root = HDNodeWallet.fromPhrase(generateMnemonic(), '', 'm')
    const origin = root.fingerprint.slice(2)
    const keys = ['84h/1h/0h', '86h/1h/0h'] as const
    await writeFile(file('single'), Wallet.createRandom().privateKey)
    expect((await signing(`vault add --label single --key ${file('single')}`)).code).toBe(0)
    for (const path of keys) {
      await writeFile(file('xprv'), root.derivePath(path.replaceAll('h', "'")).extendedKey)
      const line = `vault add --label ${path.slice(0, 3)} --xprv ${file('xprv')} --origin [${origin}/${path}]`
      expect((await signing(line)).code).toBe(0)
    }
    expect((await signing('accounts --add --secret 86h --chain regtest --type p2tr')).code).toBe(0)
    for (const own of ['--secret single', '--secret 84h', '--secret 86h --type p2tr']) {
      await devnet.bitcoin.fund(await address(own), { amount: BTC })
      const ran = await sending(`${own} --to ${STRANGER} --amount 0.3 --json`)
      expect([own, ran.code, ran.json<Sent>().status.state]).toEqual([own, 0, 'confirmed'])
    }
    // A list that somebody changed gets nothing signed.
    const list = await readFile(file('accounts.json'), 'utf8')
    await writeFile(file('accounts.json'), list.replaceAll('"secret": "86h"', '"secret": "single"'))
    failedWith(await sending(`--secret single --type p2tr --to ${STRANGER} --amount 0.1`), 3, 'WRONG_ACCOUNT')
    await writeFile(file('accounts.json'), list)
  })

  it('pays from an account of two keys: cosign, cosign, finish, publish', async () => {
    const other = await makeWallet(generateMnemonic())
    const keyOf = async (folder: string): Promise<string> => {
      const { accounts } = (await runIn(folder, 'accounts --chain regtest --json')).json<{
        accounts: { descriptor: string }[]
      }>()
      return /^wpkh\((.+)\)#/.exec(accounts[0]!.descriptor)![1]!
    }
    const vault = `wsh(sortedmulti(2,${await keyOf(home)},${await keyOf(other)}))`
    const [row] = (await online(`balance --chain regtest --json --address ${vault}`)).json<
      [{ account: string }]
    >()
    expect(row.account.startsWith(vault)).toBe(true)
    await devnet.bitcoin.fund(
      (await online(`receive --chain regtest --json --address ${vault}`)).json<{ address: string }>().address,
      { amount: BTC },
    )
    const [draft, ann, ben, signed] = ['draft.json', 'ann.json', 'ben.json', 'signed.json'].map(file)
    await online(`send --chain regtest --address ${vault} --to ${STRANGER} --amount 0.5 --draft-out ${draft}`)
    failedWith(await signing(`sign ${draft} --yes`), 2, 'SIGNATURES_MISSING')
    const yes = `--yes --passphrase-file ${passphraseFile}`
    expect((await coffer(`cosign ${draft} -o ${ann} ${yes}`)).stdout).toBe(`Draft: ${ann}\n`)
    expect((await coffer(`inspect ${ann}`)).stdout).toContain('One signature so far.')
    failedWith(await coffer(`finish ${ann} -o ${signed}`), 2, 'SIGNATURES_MISSING')
    expect((await runIn(other, `cosign ${draft} -o ${ben} ${yes}`)).code).toBe(0)
    expect((await coffer(`finish ${ann} ${ben} -o ${signed}`)).code).toBe(0)
    const published = (await online(`publish ${signed} --json`)).json<Sent>()
    expect(published.status.state).toBe('confirmed')

    await online(`send --chain regtest --address ${vault} --to ${STRANGER} --amount 0.1 --draft-out ${draft}`)
    failedWith(await coffer(`finish ${ann} ${draft} -o ${signed}`), 2, 'INVALID_REQUEST')
    // The last signer may put it together at once.
    await coffer(`cosign ${draft} -o ${ann} ${yes}`)
    expect((await runIn(other, `sign ${ann} -o ${signed} ${yes}`)).code).toBe(0)
    expect((await online(`publish ${signed} --json`)).json<Sent>().status.state).toBe('confirmed')
  })

  it('works over every kind of server, and goes on to the next when one is down', async () => {
    const { esploraUrl, electrumUrl, electrumWsUrl, blockbookUrl, mempoolSpaceUrl, access } = devnet.bitcoin
    const own = `core+http://${access.username}:${access.password}@${new URL(access.url).host}`
    const before = (await balance())['amount']
    const urls = [
      esploraUrl,
      `esplora+${mempoolSpaceUrl}`,
      electrumUrl,
      electrumWsUrl,
      `blockbook+${blockbookUrl}`,
      own,
      `http://127.0.0.1:1,${electrumUrl}`,
    ]
    for (const url of urls) {
      const ran = await runIn(home, 'balance --chain regtest --json', { env: { COFFER_RPC_REGTEST: url } })
      expect([url.split(':')[0], ran.code, ran.stderr]).toEqual([url.split(':')[0], 0, ''])
      expect(BigInt(ran.json<[{ amount: string }]>()[0].amount)).toBe(before)
    }
    const dead = await coffer('balance --chain regtest --rpc regtest=esplora+http://127.0.0.1:1/secret-key')
    expect([dead.code, dead.stderr.includes('secret-key')]).toEqual([1, false])
  })

  it('refuses a server of another network', async () => {
    const ran = await coffer(`balance --chain signet --rpc signet=${devnet.bitcoin.esploraUrl}`)
    expect(ran.code).toBe(1)
    expect(ran.stderr).toMatch(/^Error \[/)
  })
})

describe('the devnet of the program', () => {
  it('pays the wallet and whom it is told to, and mines at Enter', async () => {
    const own = await makeWallet(generateMnemonic())
    failedWith(await runIn(own, `devnet --chains bitcoin --fund ${MAINNET}`), 2, 'INVALID_ADDRESS')
    expect((await readdir(own)).filter((name) => name.startsWith('devnet'))).toEqual([])

    const ctrlC = new AbortController()
    const running = runIn(own, `devnet --chains bitcoin --fund ${STRANGER}`, {
      signal: ctrlC.signal,
      answers: [['Ctrl-C here ends them', '']],
    })
    for (const end = Date.now() + 30_000; !(await readdir(own)).includes('devnet.json'); ) {
      if (Date.now() > end) throw new Error('The devnet did not come up.')
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    for (const more of ['', `--address ${STRANGER}`])
      expect((await runIn(own, `balance --devnet ${more}`)).stdout).toMatch(/^regtest \S+\n {2}10 {2}rBTC\n$/)
    await expect
      .poll(async () => (await runIn(own, 'coins --devnet --chain regtest')).stdout)
      // One block for each gift, and one at Enter.
      .toContain('3 confirmations')
    ctrlC.abort()
    const ran = await running
    expect(ran.stdout).toMatch(
      /^regtest {2}bip122:0f9188f13cb7b2c71f2a335e3a4fc328 {2}http:\/\/127\.0\.0\.1:\d+\n$/,
    )
    expect(ran.stderr).toContain('Mined a block on regtest.')
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
