// One file: a wallet and its devnet are made here once, and each part builds on what the ones before it left.
import { cp, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateMnemonic } from '@coffer/signer-software'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ran, runIn, written } from './fake-io.fixture.ts'

const PASSPHRASE = 'quiet lamp over seven hills'
const STRANGER = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const mnemonic = generateMnemonic()

let home = ''
let passphraseFile = ''
const ctrlC = new AbortController()
let devnet: Promise<Ran> | undefined

/** Runs a line of words, none of which holds a blank. */
const coffer = (line: string): Promise<Ran> => runIn(home, line)
const online = (line: string): Promise<Ran> => coffer(`${line} --devnet`)
const signing = (line: string): Promise<Ran> => coffer(`${line} --passphrase-file ${passphraseFile}`)
const paying = (line: string): Promise<Ran> => signing(`${line} --devnet --yes`)
const file = (name: string): string => join(home, name)

/** Asserts an error in both its forms: an exit code, and the code of the error. */
function failedWith(ran: Ran, exit: number, code: string): void {
  expect(ran.stderr).toMatch(new RegExp(`^Error \\[${code}\\]: .+\\.\\n$`))
  expect([ran.code, ran.stdout]).toEqual([exit, ''])
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'coffer-cli-'))
  passphraseFile = file('passphrase')
  await writeFile(passphraseFile, `${PASSPHRASE}\n`)
})

afterAll(async () => {
  ctrlC.abort()
  await devnet
})

describe('making a wallet', () => {
  it('new keeps the words to itself where there is no terminal', async () => {
    const other = await mkdtemp(join(tmpdir(), 'coffer-cli-'))
    const ran = await runIn(other, `new --passphrase-file ${passphraseFile}`)
    expect(ran.code).toBe(0)
    expect(ran.stdout).toMatch(/^0 {2}ethereum {5}0x[0-9a-fA-F]{40}\n0 {2}bnb/)
    expect(ran.stderr).toContain('The words were not shown.')
    const json = (await runIn(other, `new --passphrase-file ${passphraseFile} --force --json`)).json<object>()
    expect(Object.keys(json)).toEqual(['vault', 'accounts'])
    expect((await readdir(other)).sort()).toEqual([
      'accounts.json',
      'vault',
      expect.stringMatching(/^vault\.replaced-\d+$/),
    ])
  })

  it('new prints the words when told to, as many as wanted, and they restore the same wallet', async () => {
    const [first, second] = [
      await mkdtemp(join(tmpdir(), 'coffer-cli-')),
      await mkdtemp(join(tmpdir(), 'coffer-cli-')),
    ]
    const made = await runIn(first, `new --words 24 --show-words --json --passphrase-file ${passphraseFile}`)
    const { mnemonic, accounts } = made.json<{ mnemonic: string; accounts: unknown }>()
    written.length = 0
    expect(mnemonic.split(' ')).toHaveLength(24)
    const back = await runIn(second, `restore --json --passphrase-file ${passphraseFile}`, {
      stdin: ` ${mnemonic.toUpperCase()}\n`,
    })
    expect(back.json<{ accounts: unknown }>().accounts).toEqual(accounts)
  })

  it('restore says which word is wrong, and not what it was', async () => {
    const wrong = mnemonic.replace(/^((?:\w+ ){6})\w+/, '$1sosage')
    const ran = await runIn(home, `restore --passphrase-file ${passphraseFile}`, { stdin: wrong })
    failedWith(ran, 2, 'INVALID_MNEMONIC')
    expect(ran.stderr).toContain('Word 7')
    expect(ran.stderr).not.toContain('sosage')
    expect(await readdir(home)).toEqual(['passphrase'])
  })

  it('refuses a short passphrase, and an empty file of one', async () => {
    await writeFile(file('short'), '1234567\n')
    await writeFile(file('empty'), '\n')
    failedWith(await coffer(`new --passphrase-file ${file('short')}`), 2, 'WEAK_PASSWORD')
    failedWith(await coffer(`new --passphrase-file ${file('empty')}`), 2, 'INVALID_REQUEST')
    failedWith(await coffer('new'), 2, 'INVALID_REQUEST')
    await writeFile(file('blank'), `${' '.repeat(12)}\n`)
    failedWith(await coffer(`new --passphrase-file ${file('blank')}`), 2, 'WEAK_PASSWORD')
  })

  it.each([
    ['of Windows', Buffer.from('eff0eef1f2eee920effff2fcf1eef20af1ebeee20a', 'hex')],
    ['of two bytes a letter', Buffer.from('a long passphrase\n', 'utf16le')],
    ['of two bytes a letter, with a mark', Buffer.from('\ufeffa long passphrase\n', 'utf16le')],
  ])('refuses a passphrase in an encoding %s, which would be read as another', async (_, bytes) => {
    await writeFile(file('strange'), bytes)
    const ran = await coffer(`new --passphrase-file ${file('strange')}`)
    failedWith(ran, 2, 'INVALID_REQUEST')
    expect(ran.stderr).toContain('UTF-8')
  })

  it('restore takes the words from a file, and the passphrase’s file from the environment', async () => {
    await writeFile(file('words'), mnemonic.replaceAll(' ', '\n'))
    const ran = await runIn(home, `restore --words-file ${file('words')}`, {
      env: { COFFER_PASSPHRASE_FILE: passphraseFile },
    })
    expect(ran.code).toBe(0)
    await writeFile(file('words'), '')
  })

  it('never overwrites words by itself', async () => {
    failedWith(await signing('new'), 2, 'VAULT_EXISTS')
    failedWith(await signing(`restore --words-file ${file('words')}`), 2, 'VAULT_EXISTS')
  })

  it('accounts needs no passphrase; adding and verifying do', async () => {
    const { accounts } = (await coffer('accounts --json')).json<{
      accounts: { chain: string; address: string }[]
    }>()
    expect(accounts.map(({ chain }) => chain)).toEqual([
      'eip155:1',
      'eip155:56',
      'bip122:000000000019d6689c085ae165831e93',
      'tron:0x2b6653dc',
      'eip155:11155111',
      'eip155:97',
      'bip122:00000000da84f2bafbbc53dee25a72ae',
      'bip122:00000008819873e925422c1ff0f99f7c',
      'bip122:0f9188f13cb7b2c71f2a335e3a4fc328',
      'tron:0x94a9059e',
      'tron:0xcd8690dc',
      'tron:0xc0ffe001',
    ])
    failedWith(await coffer('accounts --add'), 2, 'INVALID_REQUEST')
    const added = await signing('accounts --add --verify')
    expect(added.stdout.match(/^1 {2}/gm)).toHaveLength(12)
  })

  it('accounts --verify notices a planted account', async () => {
    const honest = await readFile(file('accounts.json'), 'utf8')
    await writeFile(file('accounts.json'), honest.replace(/0x[0-9a-fA-F]{40}/, STRANGER))
    failedWith(await signing('accounts --verify'), 3, 'WRONG_ACCOUNT')
    await writeFile(file('accounts.json'), honest)
  })

  it('a wrong passphrase and a changed file look alike', async () => {
    await writeFile(file('wrong'), 'not the passphrase\n')
    const wrong = await coffer(`accounts --verify --passphrase-file ${file('wrong')}`)
    let changed: Ran | undefined
    failedWith(wrong, 2, 'UNLOCK_FAILED')
    for (const name of await readdir(file('vault'))) {
      const path = join(file('vault'), name)
      const honest = await readFile(path, 'utf8')
      if (!honest.startsWith('"vault"\t') || name.endsWith('.previous')) continue
      await writeFile(
        path,
        honest.replace(/"box":".{8}/, (text) => `${text.slice(0, 7)}AAAAAAAA`),
      )
      changed = await signing('accounts --verify')
      await writeFile(path, honest)
    }
    expect(changed).toMatchObject({ code: wrong.code, stderr: wrong.stderr })
  })
})

describe('without a network', () => {
  it('receive shows address, link and code', async () => {
    const ran = await coffer('receive --chain ethereum')
    expect(ran.stdout).toMatch(/^0x[0-9a-fA-F]{40}\nethereum:0x[0-9a-fA-F]{40}@1\n\n[█▀▄ \n]+$/)
    const asked = (await coffer('receive --chain eip155:56 --asset usdt --amount 25 --json')).json()
    expect(asked).toMatchObject({
      uri: expect.stringMatching(
        /^ethereum:0x55d398326f99059fF775485246999027B3197955@56\/transfer\?address=0x[0-9a-fA-F]{40}&uint256=25000000000000000000$/,
      ),
    })
  })

  it('says how to name a node', async () => {
    const ran = await coffer('balance --chain bnb')
    failedWith(ran, 2, 'NO_SOURCE')
    expect(ran.stderr).toContain('COFFER_RPC_BNB=https://…')
    failedWith(await coffer('balance'), 2, 'NO_SOURCE')
    failedWith(await online('balance'), 1, 'DEVNET_UNAVAILABLE')
  })

  it.each([
    ['an unknown command', 'pay', 'INVALID_REQUEST'],
    ['an unknown option', 'balance --chian bnb', 'INVALID_REQUEST'],
    ['a passphrase as an argument', 'send --passphrase secret', 'INVALID_REQUEST'],
    ['no chain', 'receive', 'INVALID_REQUEST'],
    ['an unknown chain', 'receive --chain polygon', 'UNKNOWN_CHAIN'],
    ['an unknown asset', 'receive --chain ethereum --asset USDX', 'UNKNOWN_ASSET'],
    ['an unknown speed', `send --chain bnb --to ${STRANGER} --fee warp`, 'INVALID_REQUEST'],
    ['no recipient', 'send --chain ethereum --amount 1', 'INVALID_REQUEST'],
    ['no amount', `send --chain ethereum --to ${STRANGER}`, 'INVALID_REQUEST'],
    ['a broken address', `balance --chain ethereum --address ${STRANGER.slice(0, -1)}9`, 'INVALID_ADDRESS'],
    ['a node without its chain', 'balance --rpc http://127.0.0.1:1', 'INVALID_REQUEST'],
    ['a node of an unknown chain', 'balance --rpc polygon=http://127.0.0.1:1', 'UNKNOWN_CHAIN'],
    ['a URL that is none', 'balance --rpc bnb=127.0.0.1', 'INVALID_REQUEST'],
    ['an account that is not there', 'receive --chain bnb --account 7', 'INVALID_ACCOUNT'],
    ['an account that is no number', 'receive --chain bnb --account -1', 'INVALID_REQUEST'],
    ['a file that is not there', 'inspect /nonexistent', 'INVALID_REQUEST'],
    ['a cursor without a chain', 'history --cursor block:1', 'INVALID_REQUEST'],
    ['a link of another chain', `send --chain bnb --to ethereum:${STRANGER}@1`, 'INVALID_REQUEST'],
    [
      'a link that calls a contract',
      `send --to ethereum:${STRANGER}@1/approve?address=${STRANGER}`,
      'INVALID_URI',
    ],
  ])('refuses %s', async (_, line, code) => failedWith(await coffer(line), 2, code))

  it('refuses a node that does not answer with exit code 1, and shows nothing of its URL but the origin', async () => {
    const ran = await coffer('balance --chain bnb --rpc bnb=http://127.0.0.1:1/secret-key')
    expect(ran.code).toBe(1)
    expect(ran.stderr).not.toContain('secret-key')
  })

  it.each([
    ['what is no JSON', 'hello', 'INVALID_JSON'],
    ['a key twice', '{"kind":"draft","kind":"draft"}', 'INVALID_JSON'],
    ['no chain', '{"kind":"draft"}', 'INVALID_DRAFT'],
    ['an unknown chain', '{"kind":"draft","chain":"eip155:137"}', 'UNKNOWN_CHAIN'],
    ['a draft with nothing in it', '{"kind":"draft","version":1,"chain":"eip155:1"}', 'INVALID_DRAFT'],
    ['a signature with nothing in it', '{"kind":"signed","version":1,"chain":"eip155:1"}', 'INVALID_SIGNED'],
  ])('inspect refuses %s', async (_, text, code) => {
    failedWith(await runIn(home, 'inspect -', { stdin: text }), 2, code)
  })

  it('reports errors as JSON where JSON was asked for', async () => {
    const ran = await coffer('receive --chain polygon --json')
    expect(ran.json()).toMatchObject({ error: { code: 'UNKNOWN_CHAIN', retryable: false } })
    expect([ran.code, ran.stderr]).toEqual([2, ''])
  })

  it('explains itself', async () => {
    const help = await coffer('--help')
    expect(help.code).toBe(0)
    const commands = [...help.stdout.matchAll(/^ {2}([a-z][a-z-]*)(?: (?:<[\w.]+>|\[\w+\]))* {2,}\S/gm)].map(
      (match) => match[1]!,
    )
    expect(commands).toEqual([
      'new',
      'restore',
      'vault',
      'backup',
      'accounts',
      'ledger',
      'second-factor',
      'receive',
      'balance',
      'history',
      'coins',
      'labels',
      'watch',
      'send',
      'payments',
      'speed-up',
      'cancel',
      'retry',
      'waiting',
      'resources',
      'stake',
      'permissions',
      'payout',
      'inspect',
      'sign',
      'cosign',
      'finish',
      'publish',
      'discard',
      'devnet',
    ])
    for (const command of commands) {
      const { code, stdout } = await coffer(`${command} --help`)
      expect([code, stdout]).toEqual([0, expect.stringContaining(`Examples:\n  $ coffer ${command}`)])
    }
    expect((await coffer('')).stdout).toBe(help.stdout)
    expect((await coffer('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it('says what is wrong with a configuration', async () => {
    await writeFile(file('config.json'), '{"rcp":{}}')
    failedWith(await coffer('balance'), 2, 'INVALID_REQUEST')
    await writeFile(file('config.json'), '{"rpc":{"ethereum":["http://127.0.0.1:1"]}}')
    expect((await coffer('balance')).code).toBe(1)
    await writeFile(file('config.json'), '{}')
  })
})

describe('on a devnet', () => {
  beforeAll(async () => {
    devnet = runIn(home, `devnet --chains ethereum bnb --json --fund ${STRANGER}`, { signal: ctrlC.signal })
    for (const end = Date.now() + 30_000; !(await readdir(home)).includes('devnet.json'); ) {
      if (Date.now() > end) throw new Error(`The devnet did not come up: ${(await devnet).stderr}`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  })

  /** Balances of the wallet by chain and symbol, in base units. */
  async function balances(more = ''): Promise<Record<string, bigint>> {
    const rows = (await online(`balance --json ${more}`)).json<
      { chain: string; symbol: string; amount: string }[]
    >()
    return Object.fromEntries(rows.map(({ chain, symbol, amount }) => [`${chain} ${symbol}`, BigInt(amount)]))
  }

  it('runs once, and pays the wallet', async () => {
    failedWith(await coffer('devnet'), 2, 'INVALID_REQUEST')
    expect(await balances()).toEqual({
      'eip155:1 ETH': 10n ** 19n,
      'eip155:1 USDT': 10n ** 9n,
      'eip155:1 USDC': 10n ** 9n,
      'eip155:1 DAI': 10n ** 21n,
      'eip155:56 BNB': 10n ** 19n,
      'eip155:56 USDT': 10n ** 21n,
      'eip155:56 USDC': 10n ** 21n,
      'eip155:56 DAI': 10n ** 21n,
    })
    const text = (await online('balance --chain ethereum')).stdout
    expect(text).toMatch(/^ethereum 0x[0-9a-fA-F]{40}\n {4}10 {2}ETH\n {2}1000 {2}USDT\n/)
    expect((await balances(`--address ${STRANGER}`))['eip155:1 ETH']).toBe(10n ** 19n)
  })

  it('finds nodes in options, environment and configuration, and goes on to the next when one is down', async () => {
    const { rpc } = JSON.parse(await readFile(file('devnet.json'), 'utf8'))
    const live = rpc['eip155:1']
    const dead = 'http://127.0.0.1:1'
    const env = { COFFER_RPC_ETHEREUM: `${dead}, ${live}` }
    await writeFile(file('config.json'), JSON.stringify({ rpc: { ethereum: [dead, live] } }))
    for (const ran of [
      await coffer(`balance --rpc ethereum=${dead} --rpc eip155:1=${live}`),
      await runIn(home, 'balance', { env }),
      await coffer('balance'),
    ])
      expect(ran).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^ethereum 0x\w+\n {4}10 {2}ETH\n/),
      })
    // What is nearer wins: an option over the environment, and that over the file.
    expect((await runIn(home, `balance --rpc ethereum=${dead}`, { env })).code).toBe(1)
    await writeFile(file('config.json'), '{}')
  })

  it('shows a token that cannot be read as unreadable, and never as 0', async () => {
    const ran = await online(`balance --chain ethereum --token ${STRANGER}`)
    expect(ran.code).toBe(0)
    expect(ran.stdout).toMatch(new RegExp(`^ +unreadable +${STRANGER}$`, 'm'))
    const rows = (await online(`balance --chain ethereum --token ${STRANGER} --json`)).json<object[]>()
    expect(rows.at(-1)).toMatchObject({ symbol: STRANGER, error: { code: 'TOKEN_UNREADABLE' } })
    expect(rows.at(-1)).not.toHaveProperty('amount')
  })

  it('sends coins and tokens to the base unit, and shows them in the history', async () => {
    const before = await balances()
    const eth = (await paying(`send --chain ethereum --to ${STRANGER} --amount 0.25 --json`)).json<Sent>()
    const usdt = (
      await paying(`send --chain ethereum --to ${STRANGER} --amount 25.5 --asset USDT --json`)
    ).json<Sent>()
    const bnb = (await paying(`send --chain bnb --to ${STRANGER} --amount 1 --fee fast --json`)).json<Sent>()
    for (const { status } of [eth, usdt, bnb])
      expect(status).toMatchObject({ state: 'confirmed', confirmations: 1 })

    expect(await balances()).toEqual({
      ...before,
      'eip155:1 ETH':
        before['eip155:1 ETH']! - 25n * 10n ** 16n - BigInt(eth.status.fee) - BigInt(usdt.status.fee),
      'eip155:1 USDT': before['eip155:1 USDT']! - 25_500_000n,
      'eip155:56 BNB': before['eip155:56 BNB']! - 10n ** 18n - BigInt(bnb.status.fee),
    })

    const text = (await online('history --chain ethereum --txids')).stdout
    expect(text).toMatch(new RegExp(` -25\\.5 +USDT +to +${STRANGER} +${usdt.txid}$`, 'm'))
    expect(text).toMatch(new RegExp(` -0\\.25 +ETH +to +${STRANGER} +${eth.txid}$`, 'm'))
    expect(text).toMatch(/ \+10 +ETH +from 0x/)
    const [page] = (await online('history --chain bnb --json')).json<[{ items: object[] }]>()
    expect(page.items[0]).toMatchObject({
      txid: bnb.txid,
      direction: 'out',
      amount: '1000000000000000000',
      fee: bnb.status.fee,
    })
  })

  it('says what it does, step by step', async () => {
    const ran = await paying(`send --chain ethereum --to ${STRANGER} --amount 0.01`)
    expect(ran.stderr.split('\n')).toEqual([
      expect.stringMatching(/^From 0x[0-9a-fA-F]{40} on ethereum$/),
      `  Send 0.01 ETH to ${STRANGER}`,
      expect.stringMatching(/^ {2}Fee about 0\.\d+ ETH, at most 0\.\d+ ETH$/),
      expect.stringMatching(/^Confirmed in block \d+, 1 confirmation, fee 0\.\d+ ETH$/),
      '',
    ])
    expect(ran.stdout).toMatch(/^0x[0-9a-f]{64}\n$/)
  })

  it('pays a link', async () => {
    const before = await balances(`--address ${STRANGER}`)
    const link = (await online('receive --chain bnb --asset DAI --amount 3 --json')).json<{ uri: string }>()
    const uri = link.uri.replace(/address=0x[0-9a-fA-F]{40}/, `address=${STRANGER}`)
    failedWithEffects(await paying(`send --to ${uri} --amount 4`), 2, 'INVALID_REQUEST')
    expect((await paying(`send --to ${uri}`)).code).toBe(0)
    const after = await balances(`--address ${STRANGER}`)
    expect(after['eip155:56 DAI']! - before['eip155:56 DAI']!).toBe(3n * 10n ** 18n)
  })

  it('crosses an air gap: draft, inspect, sign, publish, publish again', async () => {
    const draft = file('draft.json')
    const signed = file('signed.json')
    await online(`send --chain ethereum --to ${STRANGER} --amount 2 --asset USDC --draft-out ${draft}`)
    // Nothing but the words and the draft is needed on the machine that signs.
    const cold = await mkdtemp(join(tmpdir(), 'coffer-cli-'))
    await cp(file('vault'), join(cold, 'vault'), { recursive: true })

    const seen = await runIn(cold, `inspect ${draft}`)
    expect(seen.code).toBe(0)
    expect(seen.stdout).toContain(`Send 2 USDC to ${STRANGER}`)
    const asked = await runIn(cold, `sign ${draft} -o ${signed} --passphrase-file ${passphraseFile}`)
    failedWithEffects(asked, 2, 'INVALID_REQUEST')
    const ran = await runIn(
      cold,
      `sign ${draft} -o ${signed} --passphrase-file ${passphraseFile} --yes --json`,
    )
    expect([ran.code, ran.stderr.split('\n')[1]]).toEqual([0, `  Send 2 USDC to ${STRANGER}`])
    expect((await runIn(cold, `inspect ${signed}`)).stdout).toContain(`Send 2 USDC to ${STRANGER}`)

    const { txid } = ran.json<{ txid: string }>()
    const before = await balances()
    for (const what of [signed, signed, txid]) {
      const published = (await online(`publish ${what} --json`)).json<Sent>()
      expect(published).toMatchObject({ txid, status: { state: 'confirmed' } })
    }
    expect((await balances())['eip155:1 USDC']).toBe(before['eip155:1 USDC']! - 2_000_000n)
    failedWithEffects(await coffer(`publish ${draft}`), 2, 'INVALID_SIGNED')
    failedWithEffects(await signing(`sign ${signed} --yes`), 2, 'INVALID_DRAFT')
  })

  it('sees through a draft that was changed on the way', async () => {
    const draft = file('draft.json')
    const evil = file('evil.json')
    await online(`send --chain ethereum --to ${STRANGER} --amount 1 --draft-out ${draft}`)
    const honest = await readFile(draft, 'utf8')
    // The words stay, the bytes pay somebody else.
    const other = 'c0ffee254729296a45a3885639ac7e10f9d54979'
    await writeFile(evil, honest.replace(STRANGER.slice(2).toLowerCase(), other))
    for (const ran of [await coffer(`inspect ${evil}`), await signing(`sign ${evil} --yes`)]) {
      failedWithEffects(ran, 3, 'DRAFT_MISMATCH')
      expect(ran.stderr.toLowerCase()).toContain(`send 1 eth to 0x${other}`)
    }
    expect((await online(`discard ${draft}`)).code).toBe(0)
  })

  it('asks before it signs, and takes no for an answer', async () => {
    const before = await balances()
    const ran = await runIn(home, `send --chain ethereum --to ${STRANGER} --amount 1 --devnet`, {
      answers: [['Sign this?', 'n']],
    })
    failedWithEffects(ran, 3, 'SIGNER_REFUSED')
    expect(ran.stderr).toContain('Sign this?')
    expect(await balances()).toEqual(before)
  })

  it('asks for the passphrase without showing it', async () => {
    const ran = await runIn(home, `send --chain ethereum --to ${STRANGER} --amount 0.001 --devnet`, {
      answers: [
        ['Sign this?', 'y'],
        ['Passphrase', PASSPHRASE],
      ],
    })
    expect(ran.code).toBe(0)
  })

  it('holds payments against the policy, before it asks anything', async () => {
    await writeFile(
      file('policy.json'),
      JSON.stringify({
        limits: [{ asset: 'eip155:1/slip44:60', amount: (3n * 10n ** 18n).toString(), seconds: 3600 }],
      }),
    )
    failedWithEffects(
      await paying(`send --chain ethereum --to ${STRANGER} --amount 3.1`),
      3,
      'POLICY_REFUSED',
    )
    expect((await paying(`send --chain ethereum --to ${STRANGER} --amount 2`)).code).toBe(0)
    failedWithEffects(
      await paying(`send --chain ethereum --to ${STRANGER} --amount 1.1`),
      3,
      'POLICY_REFUSED',
    )

    const own = (await coffer('receive --chain ethereum --json')).json<{ address: string }>().address
    await writeFile(file('policy.json'), JSON.stringify({ recipients: [`eip155:1:${own}`] }))
    const refused = await online(`send --chain ethereum --to ${STRANGER} --amount 1`)
    failedWithEffects(refused, 3, 'POLICY_REFUSED')
    await writeFile(file('policy.json'), JSON.stringify({ recipients: ['me'] }))
    failedWithEffects(await paying(`send --chain ethereum --to ${STRANGER} --amount 1`), 2, 'INVALID_REQUEST')
    await writeFile(file('policy.json'), '{}')
  })

  it('wants an explicit yes for an approval without end', async () => {
    const draft = file('approve.json')
    await online(`send --chain ethereum --to ${STRANGER} --amount 1 --asset DAI --draft-out ${draft}`)
    const fields = JSON.parse(await readFile(draft, 'utf8'))
    const spender = STRANGER.slice(2).toLowerCase()
    // transfer(to, 1e18) becomes approve(spender, 2^256 − 1), in the words and in the bytes.
    const payload = fields.payload.replace(
      /a9059cbb[0-9a-f]{128}/,
      `095ea7b3${spender.padStart(64, '0')}${'f'.repeat(64)}`,
    )
    const { asset } = fields.intent
    const intent = { kind: 'approve', asset, spender: STRANGER, amount: ((1n << 256n) - 1n).toString() }
    await writeFile(draft, JSON.stringify({ ...fields, intent, payload }))
    const ran = await signing(`sign ${draft} --yes --devnet`)
    failedWithEffects(ran, 3, 'POLICY_REFUSED')
    expect(ran.stderr).toContain(`Let ${STRANGER} take ANY amount`)
    expect(
      (await signing(`sign ${draft} --yes --devnet --accept unlimited-approval -o ${file('approved.json')}`))
        .code,
    ).toBe(0)
    // It was given the gas of a transfer, so that it runs out: that is said, too.
    const published = await online(`publish ${file('approved.json')}`)
    expect(published.stderr).toMatch(/^Error \[PAYMENT_FAILED\]/m)
    expect([published.code, published.stdout.length]).toEqual([1, 67])
  })

  it('fails for want of money or under a ceiling, and gives the nonce back', async () => {
    failedWith(await paying(`send --chain bnb --to ${STRANGER} --amount 1000`), 1, 'INSUFFICIENT_FUNDS')
    failedWith(
      await paying(`send --chain bnb --to ${STRANGER} --amount 1 --max-fee 0.000000001`),
      3,
      'FEE_TOO_HIGH',
    )
    expect((await paying(`send --chain bnb --to ${STRANGER} --amount 0.1`)).code).toBe(0)
  })

  it('lists payments until they are final, and replaces those that wait', async () => {
    const rpc = async (method: string, ...params: unknown[]): Promise<unknown> => {
      const { rpc } = JSON.parse(await readFile(file('devnet.json'), 'utf8'))
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
      const answer = await fetch(rpc['eip155:1'], {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      })
      return answer.json()
    }
    await rpc('evm_setAutomine', false)
    const slow = (
      await paying(`send --chain ethereum --to ${STRANGER} --amount 0.5 --wait 0 --json`)
    ).json<Sent>()
    const fast = (await paying(`speed-up ${slow.txid} --wait 0 --json`)).json<Sent>()
    const none = (await paying(`cancel ${fast.txid} --wait 0 --json`)).json<Sent>()
    expect((await online('payments')).stdout).toContain(`${none.txid}  Waiting for a block`)
    const before = await balances(`--address ${STRANGER}`)
    await rpc('anvil_mine', '0x10')
    await rpc('evm_setAutomine', true)
    expect(await balances(`--address ${STRANGER}`)).toEqual(before)

    failedWithEffects(await paying(`cancel ${slow.txid}`), 1, 'NONCE_TAKEN')
    expect((await online('payments --json')).json<Sent[]>().map(({ status }) => status.state)).toContain(
      'replaced',
    )
    const left = (await online('payments')).stdout
    for (const { txid } of [slow, fast, none]) expect(left).not.toContain(txid)
    failedWith(await paying(`cancel ${slow.txid}`), 2, 'INVALID_REQUEST')
  })

  it('stops waiting at Ctrl-C; the payment goes on', async () => {
    const impatient = new AbortController()
    const running = runIn(
      home,
      `send --chain ethereum --to ${STRANGER} --amount 0.1 --wait 1000 --devnet --yes --passphrase-file ${passphraseFile}`,
      {
        signal: impatient.signal,
        // It was sent, and is followed.
        hear: (text) => /^(Waiting for|Confirmed in) /.test(text) && impatient.abort(),
      },
    )
    const ran = await running
    expect(ran.code).toBe(130)
    expect(ran.stderr).toContain('The payment goes on by itself.')
  })

  it('pays several times at once without taking a nonce twice', async () => {
    const sent = await Promise.all(
      Array.from({ length: 4 }, () => paying(`send --chain bnb --to ${STRANGER} --amount 0.01 --json`)),
    )
    expect(new Set(sent.map((ran) => ran.json<Sent>().txid)).size).toBe(4)
  })

  it('keeps what it knows of the devnet apart, and forgets it with the devnet', async () => {
    expect(await readdir(home)).not.toContain('store')
    ctrlC.abort()
    const ran = await devnet!
    expect([ran.code, ran.json<{ chain: string }[]>().map(({ chain }) => chain)]).toEqual([
      0,
      ['eip155:1', 'eip155:56'],
    ])
    expect((await readdir(home)).filter((name) => name.startsWith('devnet') || name === 'lock')).toEqual([])
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

interface Sent {
  readonly txid: string
  readonly status: { readonly state: string; readonly fee: string }
}

/** Like `failedWith`, for commands that say what they were about to do before they fail. */
function failedWithEffects(ran: Ran, exit: number, code: string): void {
  expect(ran.stderr).toMatch(new RegExp(`^Error \\[${code}\\]: .+\\.$`, 'm'))
  expect([ran.code, ran.stdout]).toEqual([exit, ''])
}
