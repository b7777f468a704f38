import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Wallet } from 'ethers'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Ran, runIn } from './fake-io.fixture.ts'

const WORDS = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
const KEY = '4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318'
const WATCHED = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'

let home = ''
let file = (name: string): string => name
const coffer = (line: string, given: Parameters<typeof runIn>[2] = {}): Promise<Ran> =>
  runIn(home, line, given)
const newHome = (): Promise<string> => mkdtemp(join(tmpdir(), 'coffer-backup-'))
const opening = (line: string): Promise<Ran> => coffer(`${line} --passphrase-file ${file('passphrase')}`)
const create = (more: string): Promise<Ran> =>
  opening(`backup create --backup-passphrase-file ${file('backup-passphrase')} ${more}`)

beforeAll(async () => {
  home = await newHome()
  file = (name) => join(home, name)
  await writeFile(file('passphrase'), 'quiet lamp over hills\n')
  await writeFile(file('backup-passphrase'), 'seven rivers run east of here\n')
  await writeFile(file('words'), WORDS)
  await writeFile(file('key'), KEY)
  expect((await opening(`restore --words-file ${file('words')}`)).code).toBe(0)
  expect((await opening(`vault add --label single --key ${file('key')}`)).code).toBe(0)
  expect((await opening('accounts --add --chain bitcoin --type p2tr')).code).toBe(0)
  await writeFile(
    file('labels'),
    '{"type":"tx","ref":"f91d0a8a78462bc59398f2c5d7a84fcff491c26ba54c4833478b202796c8aafd","label":"Rent"}\n',
  )
  expect((await coffer(`labels import ${file('labels')} --chain bitcoin`)).code).toBe(0)
  for (const line of [
    `watch add ${WATCHED} --label cold,_old --group savings`,
    'watch add bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu',
  ])
    expect((await coffer(line)).code).toBe(0)
})

describe('a backup', () => {
  it('is missed until there is one', async () => {
    expect((await coffer('vault status')).stdout).toContain('Backup: none is verified.')
  })

  it('goes to several places, each opened once more', async () => {
    const ran = await create(`--to ${file('stick')} --to ${file('disk')} --name wallet.age`)
    expect(ran.stderr).toBe(
      'Encrypting the backup; slow on purpose …\nOpening what was written once more, as a check …\n',
    )
    expect(ran.stdout).toContain('Verified: it gives 2 secrets and every account.')
    expect((await stat(join(file('stick'), 'wallet.age'))).mode & 0o777).toBe(0o600)
    expect(await readFile(join(file('disk'), 'wallet.age'), 'utf8')).toMatch(
      /^-----BEGIN AGE ENCRYPTED FILE-----\n/,
    )
    expect((await coffer('vault status')).stdout).toContain('Backup: verified')
  })

  it('says where it could not be written', async () => {
    await writeFile(file('a-file'), '')
    const ran = await create(`--to ${file('stick')} --to ${file('a-file')} --json`)
    expect(ran.code).toBe(1)
    expect(ran.stderr).toContain(`Not written to ${file('a-file')}`)
    const none = await create(`--to ${file('a-file')}`)
    expect([none.code, none.stdout]).toEqual([1, ''])
    expect((await create('--to s3://bucket')).stderr).toContain('AWS_ACCESS_KEY_ID')
    expect((await opening(`backup create --to ${file('stick')} --name other.age`)).stderr).toContain(
      '--backup-passphrase-file',
    )
  })

  it('says of a keystore and of descriptors, too, where they could not be written', async () => {
    for (const what of ['--keystore m/44h/60h/0h/0/0', '--descriptors']) {
      const ran = await create(`--to ${file('a-file')} --to ${file('half')} --name half ${what}`)
      expect([ran.code, ran.stdout]).toEqual([1, `${file('half')}: half\n`])
      expect(ran.stderr).toContain(`Not written to ${file('a-file')}: Could not read`)
      expect(ran.stderr).toContain('Error [STORE_FAILED]: The backup is in 1 of 2 places.')
      const json = await create(
        `--to ${file('a-file')} --to ${file('half')} --name half ${what} --force --json`,
      )
      expect(JSON.parse(json.stdout.split('\n{')[0]!)).toMatchObject({
        written: [
          { target: file('a-file'), ok: false },
          { target: file('half'), ok: true },
        ],
      })
      await rm(file('half'), { recursive: true })
    }
  }, 60_000)

  it('replaces no file unasked, in any place', async () => {
    await mkdir(file('taken'))
    const kinds: readonly (readonly [name: string, line: string])[] = [
      ['one.age', '--name one.age'],
      ['keystore-m-44h-60h-0h-0-0.json', '--keystore m/44h/60h/0h/0/0'],
      ['accounts.txt', '--descriptors'],
    ]
    for (const [name, line] of kinds) {
      await writeFile(join(file('taken'), name), 'of another')
      const ran = await create(`--to ${file('free')} --to ${file('taken')} ${line}`)
      expect([ran.code, ran.stdout]).toEqual([2, ''])
      expect(ran.stderr).toBe(
        `Error [INVALID_REQUEST]: There is a ${name} in ${file('taken')} already, of this wallet or of another. Take another --name, or replace it with --force.\n`,
      )
      await expect(stat(file('free'))).rejects.toThrow('ENOENT')
    }
    for (const [name, line] of [
      ['share-2-of-2.txt', '--shares 2/2'],
      ['secret.txt', '--in-the-clear'],
    ]) {
      await writeFile(join(file('taken'), `${name}`), 'of another')
      const ran = await opening(`backup create --to ${file('taken')} ${line}`)
      expect([ran.code, ran.stdout]).toEqual([2, ''])
      expect(ran.stderr).toContain(`There is a ${name} in ${file('taken')} already`)
    }
    expect(await readdir(file('taken'))).not.toContain('share-1-of-2.txt')
    for (const name of await readdir(file('taken')))
      expect(await readFile(join(file('taken'), name), 'utf8')).toBe('of another')
    for (const line of ['--name one.age', '--descriptors', '--shares 2/2', '--in-the-clear'])
      expect((await create(`--to ${file('taken')} ${line} --force`)).code).toBe(0)
    for (const name of ['one.age', 'accounts.txt', 'share-2-of-2.txt', 'secret.txt'])
      expect(await readFile(join(file('taken'), name), 'utf8')).not.toBe('of another')
  }, 60_000)

  it('is not made of an account whose keys are nowhere', async () => {
    const other = await newHome()
    await cp(file('vault'), join(other, 'vault'), { recursive: true })
    const text = await readFile(file('accounts.json'), 'utf8')
    await writeFile(join(other, 'accounts.json'), text.replace('"secret": "single"', '"secret": "gone"'))
    const ran = await runIn(
      other,
      `backup create --to ${join(other, 'stick')} --backup-passphrase-file ${file('backup-passphrase')} --passphrase-file ${file('passphrase')}`,
    )
    expect([ran.code, ran.stdout]).toEqual([2, ''])
    expect(ran.stderr).toMatch(
      /^Error \[NO_SIGNER\]: The account .+ is of a secret "gone", which the vault does not have\./,
    )
    await expect(stat(join(other, 'stick'))).rejects.toThrow('ENOENT')
  })

  it('counts as verified no more after one that does not match', async () => {
    const clean = await newHome()
    await writeFile(join(clean, 'other'), `${'abandon '.repeat(11)}about`)
    const on = (line: string): Promise<Ran> => runIn(clean, `${line} --passphrase-file ${file('passphrase')}`)
    const verify = (name: string, phrase = 'backup-passphrase'): Promise<Ran> =>
      runIn(clean, `backup verify ${name} --backup-passphrase-file ${file(phrase)}`)
    expect((await on(`restore --words-file ${join(clean, 'other')}`)).code).toBe(0)
    const made = await on(
      `backup create --to ${clean} --name own.age --backup-passphrase-file ${file('backup-passphrase')}`,
    )
    expect(made.code).toBe(0)
    const status = async (): Promise<string> => (await runIn(clean, 'vault status')).stdout
    expect((await verify(join(clean, 'own.age'), 'passphrase')).stderr).toContain('UNLOCK_FAILED')
    expect(await status()).toContain('Backup: verified')
    expect((await verify(join(file('stick'), 'wallet.age'))).stderr).toContain('BACKUP_MISMATCH')
    expect(await status()).toContain('Backup: none is verified.')
  })

  it('is opened and compared', async () => {
    const verify = (path: string, phrase = 'backup-passphrase'): Promise<Ran> =>
      coffer(`backup verify ${path} --backup-passphrase-file ${file(phrase)}`)
    expect((await verify(join(file('stick'), 'wallet.age'))).stdout).toContain('every account of this wallet')
    expect(await verify(join(file('stick'), 'wallet.age'), 'passphrase')).toMatchObject({ code: 2 })
    expect((await opening('accounts --add --chain ethereum')).code).toBe(0)
    const stale = await verify(join(file('stick'), 'wallet.age'))
    expect([stale.code, stale.stdout]).toEqual([1, ''])
    expect(stale.stderr).toMatch(
      /^Error \[BACKUP_MISMATCH\]: The account .+0x.+ on eip155:1 is not in the backup\./,
    )
    expect((await coffer('vault status')).stdout).toContain('Backup: none is verified.')
    expect((await create(`--to ${file('stick')} --name wallet.age --force`)).code).toBe(0)
  })

  it('brings everything back on a clean machine', async () => {
    const clean = await newHome()
    const on = (line: string, given = {}): Promise<Ran> => runIn(clean, line, given)
    const restored = await on(
      `backup restore ${join(file('stick'), 'wallet.age')} --backup-passphrase-file ${file('backup-passphrase')} --passphrase-file ${file('passphrase')}`,
    )
    expect([restored.code, restored.stderr.split('\n')[0]]).toEqual([
      0,
      'Encrypting the wallet, and opening it once more as a check; slow on purpose …',
    ])
    const accounts = async (home: string) =>
      (await runIn(home, 'accounts --json'))
        .json<{ accounts: { descriptor: string }[] }>()
        .accounts.map(({ descriptor }) => descriptor)
        .sort()
    expect(await accounts(clean)).toEqual(await accounts(home))
    expect((await on('labels export --chain bitcoin')).stdout).toContain('Rent')
    const watched = async (home: string) =>
      (await runIn(home, 'watch list --json'))
        .json<{ entries: { addedAt: string }[] }>()
        .entries.map(({ addedAt: _, ...entry }) => entry)
    expect(await watched(clean)).toEqual(await watched(home))
    expect(await watched(clean)).toContainEqual(
      expect.objectContaining({ label: 'cold,_old', group: 'savings' }),
    )
    expect((await on(`accounts --verify --passphrase-file ${file('passphrase')}`)).code).toBe(0)
    const again = await on(
      `backup restore ${join(file('stick'), 'wallet.age')} --backup-passphrase-file ${file('backup-passphrase')} --passphrase-file ${file('passphrase')}`,
    )
    expect(again.stderr).toContain('VAULT_EXISTS')
  })

  it('is made of the keys all the same when the list of what is watched is damaged', async () => {
    const other = await newHome()
    for (const name of ['vault', 'store', 'accounts.json'])
      await cp(file(name), join(other, name), { recursive: true })
    const list = (await readdir(join(other, 'store'))).find((name) => /^watch\.[0-9a-f]{32}$/.test(name))!
    await writeFile(join(other, 'store', list), 'half')
    const ran = await runIn(
      other,
      `backup create --to ${join(other, 'stick')} --backup-passphrase-file ${file('backup-passphrase')} --passphrase-file ${file('passphrase')}`,
    )
    expect(ran.stderr).toMatch(/^What is watched is not in the backup: .+damaged/m)
    expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('Verified: it gives 2 secrets')])
  })

  it('is made of shares, any two of three', async () => {
    const ran = await opening(`backup create --to ${file('shares')} --shares 2/3`)
    expect(ran.code).toBe(0)
    expect(ran.stderr).toContain(
      'This is of the mnemonic without a label alone. Not in it: "single". Name one with --secret',
    )
    expect((await readdir(file('shares'))).sort()).toEqual([1, 2, 3].map((i) => `share-${i}-of-3.txt`))
    const clean = await newHome()
    const share = (i: number): string => join(file('shares'), `share-${i}-of-3.txt`)
    const one = await runIn(clean, `backup restore ${share(1)} --passphrase-file ${file('passphrase')}`)
    expect(one.stderr).toMatch(/^Error \[INVALID_BACKUP\]: .+there are 1 of group 1, and it takes 2\.\n$/)
    const two = await runIn(
      clean,
      `backup restore ${share(3)} ${share(1)} --passphrase-file ${file('passphrase')}`,
    )
    const [, ours = ''] = /(0x[0-9a-fA-F]{40})/.exec((await coffer('accounts --chain ethereum')).stdout) ?? []
    expect(two.stdout).toContain(ours)
  })

  it('is a keystore of one key, which other programs open and we take back', async () => {
    const ran = await create(`--to ${file('keys')} --keystore m/44h/60h/0h/0/0 --name key.json`)
    expect(ran.code).toBe(0)
    const text = await readFile(join(file('keys'), 'key.json'), 'utf8')
    const { address } = await Wallet.fromEncryptedJson(text, 'seven rivers run east of here')
    expect((await coffer('accounts --chain ethereum')).stdout).toContain(address)
    const clean = await newHome()
    const back = await runIn(
      clean,
      `backup restore ${join(file('keys'), 'key.json')} --backup-passphrase-file ${file('backup-passphrase')} --passphrase-file ${file('passphrase')}`,
    )
    expect(back.stdout).toContain(address)
  }, 60_000)

  it('is a secret in the clear where that is asked for', async () => {
    const ran = await opening(`backup create --to ${file('clear')} --in-the-clear`)
    expect(ran.stdout).toContain('Whoever reads it has the money')
    expect(await readFile(join(file('clear'), 'secret.txt'), 'utf8')).toBe(`${WORDS}\n`)
    const clean = await newHome()
    const back = await runIn(
      clean,
      `backup restore ${join(file('clear'), 'secret.txt')} --passphrase-file ${file('passphrase')}`,
    )
    expect(back.stdout).toContain('0x58A57ed9d8d624cBD12e2C467D34787555bB1b25')
  })

  it('is the public side of every account, to be watched elsewhere', async () => {
    expect((await coffer(`backup create --to ${file('public')} --descriptors`)).code).toBe(0)
    const clean = await newHome()
    const added = await runIn(clean, `watch add --file ${join(file('public'), 'accounts.txt')} --json`)
    const { accounts } = (await coffer('accounts --json')).json<{ accounts: { descriptor: string }[] }>()
    expect(
      added.json<{ entries: { descriptor: string }[] }>().entries.map(({ descriptor }) => descriptor),
    ).toEqual(accounts.map(({ descriptor }) => descriptor))
  })

  it('shows a passphrase of its own at a terminal', async () => {
    const ran = await coffer(`backup create --to ${file('stick')} --name own.age`, {
      answers: [['Passphrase of the wallet', 'quiet lamp over hills']],
    })
    const [, passphrase = ''] = /apart from the backup:\n\n {2}([a-z ]+)\n/.exec(ran.stderr) ?? []
    expect(passphrase.split(' ')).toHaveLength(6)
    const verified = await coffer(`backup verify ${join(file('stick'), 'own.age')}`, {
      answers: [['Passphrase of the backup', passphrase]],
    })
    expect(verified.stdout).toContain('It opens')
  })

  it('refuses what is none', async () => {
    const clean = await newHome()
    const restore = (path: string): Promise<Ran> =>
      runIn(
        clean,
        `backup restore ${path} --backup-passphrase-file ${file('passphrase')} --passphrase-file ${file('passphrase')}`,
      )
    await writeFile(file('nonsense'), 'not a backup')
    expect((await restore(file('nonsense'))).stderr).toContain('INVALID_BACKUP')
    await writeFile(file('json'), '{}')
    expect((await restore(file('json'))).stderr).toContain('INVALID_BACKUP')
    expect((await restore(file('missing'))).stderr).toContain('INVALID_REQUEST')
    expect(await readdir(clean)).toEqual([])
  })
})
