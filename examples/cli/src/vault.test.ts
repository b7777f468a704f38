import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Ran, runIn, written } from './fake-io.fixture.ts'

const WORDS = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
const OTHER = 'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about'
const KEY = '4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318'
const XPRV =
  'xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi'

let home = ''
const file = (name: string): string => join(home, name)
const coffer = (line: string, given: Parameters<typeof runIn>[2] = {}): Promise<Ran> =>
  runIn(home, line, given)
const opening = (line: string, passphrase = 'old'): Promise<Ran> =>
  coffer(`${line} --passphrase-file ${file(passphrase)}`)

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'coffer-vault-'))
  await writeFile(file('old'), 'quiet lamp over hills\n')
  await writeFile(file('new'), 'seven rivers run east\n')
  await writeFile(file('words'), WORDS)
  await writeFile(file('other'), OTHER.replaceAll(' ', '\n'))
  await writeFile(file('key'), `0x${KEY}\n`)
  await writeFile(file('xprv'), `${XPRV}\n`)
})

describe('the vault of the command line', () => {
  it('is asked for where there is none', async () => {
    const ran = await coffer('vault status')
    expect([ran.code, ran.stdout]).toEqual([2, ''])
    expect(ran.stderr).toMatch(/^Error \[VAULT_MISSING\]: .+coffer new.+\.\n$/)
    await writeFile(file('words.age'), 'old')
    expect((await opening('vault unlock')).stderr).toContain('coffer backup restore')
    await rm(file('words.age'))
  })

  it('shows what there is to do when nothing is said', async () => {
    for (const group of ['vault', 'backup', 'watch']) {
      const { code, stdout } = await coffer(group)
      expect([code, stdout]).toEqual([0, expect.stringContaining(`Usage: coffer ${group}`)])
      expect(await coffer(`${group} nonsense`)).toMatchObject({ code: 2, stdout: '' })
    }
  })

  it('create makes words and keeps them', async () => {
    const other = await mkdtemp(join(tmpdir(), 'coffer-vault-'))
    const ran = await runIn(other, `vault create --show-words --json --passphrase-file ${file('old')}`)
    expect(ran.json<{ mnemonic: string }>().mnemonic.split(' ')).toHaveLength(12)
    const { mode } = await stat(join(other, 'vault'))
    if (process.platform !== 'win32') expect(mode & 0o777).toBe(0o700)
  })

  it('status shows what is in it, without the passphrase', async () => {
    expect((await opening(`restore --words-file ${file('words')}`)).code).toBe(0)
    const ran = await coffer('vault status')
    expect(ran.stdout).toMatch(/^\(the first\) {2}words {2}[0-9a-f]{8} {2}since 20\d\d-\d\d-\d\d\n/)
    expect(ran.stdout).toContain('Opens with: a passphrase')
    const { secrets, attempts } = (await coffer('vault status --json')).json<{
      secrets: { kind: string }[]
      attempts: object
    }>()
    expect(secrets.map(({ kind }) => kind)).toEqual(['mnemonic'])
    expect(attempts).toEqual({ failures: 0, retryAfter: 0 })
  })

  it('unlock says whether the passphrase opens it, and status counts the wrong ones', async () => {
    expect((await opening('vault unlock')).stdout).toContain('It opens.')
    expect(await opening('vault unlock', 'new')).toMatchObject({ code: 2, stdout: '' })
    expect((await coffer('vault status')).stdout).toContain('Wrong passphrases since the last right one: 1')
    expect((await opening('vault unlock')).code).toBe(0)
    expect((await coffer('vault status')).stdout).not.toContain('Wrong')
  })

  it('refuses to try on after five wrong ones', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'coffer-vault-'))
    await cp(file('vault'), join(copy, 'vault'), { recursive: true })
    const wrong = (): Promise<Ran> => runIn(copy, `vault unlock --passphrase-file ${file('new')}`)
    for (let i = 0; i < 5; i++) expect((await wrong()).stderr).toContain('UNLOCK_FAILED')
    const refused = await runIn(copy, `vault unlock --passphrase-file ${file('old')}`)
    expect(refused.code).toBe(3)
    expect(refused.stderr).toMatch(
      /^Error \[TOO_MANY_ATTEMPTS\]: There were 5 wrong tries\. Try again in \d+ seconds\.\n$/,
    )
  })

  it('passwd changes the passphrase', async () => {
    const ran = await opening(`vault passwd --new-passphrase-file ${file('new')}`)
    expect(ran.code).toBe(0)
    expect(await opening('vault unlock')).toMatchObject({ code: 2 })
    expect((await opening('vault unlock', 'new')).code).toBe(0)
    const asked = await coffer('vault passwd', {
      answers: [
        ['Passphrase of the wallet', 'seven rivers run east'],
        ['New passphrase for the wallet', 'quiet lamp over hills'],
        ['The same once more', 'quiet lamp over hills'],
      ],
    })
    expect(asked.code).toBe(0)
    expect((await opening('vault unlock')).code).toBe(0)
    expect((await opening('vault passwd')).stderr).toContain('--new-passphrase-file')
  })

  it('passwd takes the new passphrase from no variable, and none that is the old one', async () => {
    const env = { COFFER_PASSPHRASE_FILE: file('old') }
    const answers = [
      ['New passphrase for the wallet', 'seven rivers run east'],
      ['The same once more', 'seven rivers run east'],
    ] as const
    const asked = await coffer('vault passwd', { env, answers })
    expect([asked.code, asked.stdout]).toEqual([
      0,
      expect.stringContaining('Copies of the vault from before still open with the old one.'),
    ])
    expect(await opening('vault unlock')).toMatchObject({ code: 2 })
    const same = await coffer(`vault passwd --new-passphrase-file ${file('new')}`, {
      env: { COFFER_PASSPHRASE_FILE: file('new') },
    })
    expect([same.code, same.stdout]).toEqual([2, ''])
    expect(same.stderr).toBe(
      'Error [INVALID_REQUEST]: The new passphrase is the old one. Nothing was changed.\n',
    )
    const back = await coffer(`vault passwd --new-passphrase-file ${file('old')}`, {
      env: { COFFER_PASSPHRASE_FILE: file('new') },
    })
    expect(back.code).toBe(0)
    expect((await opening('vault unlock')).code).toBe(0)
  })

  it('--force puts the vault back when the new one cannot be made', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'coffer-vault-'))
    await cp(file('vault'), join(copy, 'vault'), { recursive: true })
    // No list of accounts can be written there.
    await mkdir(join(copy, 'accounts.json'))
    const before = await opening('vault unlock --json')
    for (const line of ['new', `restore --words-file ${file('other')}`, `backup restore ${file('other')}`]) {
      const failed = await runIn(copy, `${line} --force --passphrase-file ${file('new')}`)
      expect([failed.code, failed.stdout]).toEqual([1, ''])
      expect(failed.stderr).toMatch(/is .+ again\.\nError \[STORE_FAILED\]: Could not write/)
      const after = await runIn(copy, `vault unlock --json --passphrase-file ${file('old')}`)
      expect(after.json()).toEqual(before.json())
    }
    expect((await readdir(copy)).filter((name) => name.startsWith('vault.replaced-'))).toEqual([])
  })

  it('add keeps other words, an extended key and a single key, each with its accounts', async () => {
    const add = async (line: string): Promise<{ accounts: { secret: string; descriptor: string }[] }> => {
      const ran = await opening(`vault add ${line} --json`)
      expect(ran.stderr).toBe('')
      return ran.json()
    }
    const words = await add(`--label other --words ${file('other')}`)
    expect(words.accounts.every(({ secret }) => secret === 'other')).toBe(true)
    expect(words.accounts.map(({ descriptor }) => descriptor).join()).toContain(
      '0x9858EfFD232B4033E47d90003D41EC34EcaEda94',
    )
    const key = await add(`--label single --key ${file('key')}`)
    expect(key.accounts.map(({ descriptor }) => descriptor).join()).toContain(
      '0x2c7536E3605D9C16a7a3D7b1898e529396a65c23',
    )
    await add(`--label tree --xprv ${file('xprv')}`)
    const { secrets } = (await coffer('vault status --json')).json<{ secrets: { label: string }[] }>()
    expect(secrets.map(({ label }) => label)).toEqual(['', 'other', 'single', 'tree'])
    expect(await opening(`vault add --label other --words ${file('other')}`)).toMatchObject({ code: 2 })
    expect(await opening(`vault add --label bad --key ${file('words')}`)).toMatchObject({ code: 2 })
  })

  it('makes a list of accounts anew that is gone, and takes no label twice', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'coffer-vault-'))
    await cp(file('vault'), join(copy, 'vault'), { recursive: true })
    const inCopy = (line: string): Promise<Ran> => runIn(copy, `${line} --passphrase-file ${file('old')}`)
    for (const line of ['accounts', 'receive --chain ethereum'])
      expect((await runIn(copy, line)).stderr).toContain('Make it anew with "coffer accounts --add"')
    const taken = await inCopy(`vault add --label single --key ${file('key')}`)
    expect([taken.code, taken.stderr]).toEqual([
      2,
      expect.stringContaining('Take another label than "single".'),
    ])
    expect((await inCopy('accounts --add --chain ethereum')).code).toBe(0)
    const single = await inCopy('accounts --add --secret single --chain ethereum --json')
    expect(single.json<{ accounts: object[] }>().accounts).toMatchObject([
      {
        index: 0,
        secret: 'single',
        descriptor: expect.stringContaining('0x2c7536E3605D9C16a7a3D7b1898e529396a65c23'),
      },
    ])
    const old = (await coffer('receive --chain ethereum')).stdout
    expect((await runIn(copy, 'receive --chain ethereum')).stdout).toBe(old)
    const empty = await mkdtemp(join(tmpdir(), 'coffer-vault-'))
    const none = await runIn(empty, `accounts --add --passphrase-file ${file('old')}`)
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('VAULT_MISSING')])
  })

  it('lists, adds and verifies the accounts of each secret', async () => {
    expect((await opening('accounts --verify')).code).toBe(0)
    const listed = (await coffer('accounts --secret single --chain ethereum')).stdout
    expect(listed).toMatch(/^0 {2}ethereum {2}0x2c7536E3605D9C16a7a3D7b1898e529396a65c23 {2}single\n$/)
    const added = await opening('accounts --add --secret other --chain ethereum --json')
    expect(added.json<{ accounts: { index: number }[] }>().accounts.map(({ index }) => index)).toEqual([0, 1])
    expect(await opening('accounts --add --secret nobody')).toMatchObject({ code: 2 })
    expect((await coffer('receive --chain ethereum --secret single')).stdout).toContain(
      '0x2c7536E3605D9C16a7a3D7b1898e529396a65c23',
    )
    expect((await opening('accounts --verify')).code).toBe(0)
  })

  it('verify notices an account that another secret has', async () => {
    const honest = await readFile(file('accounts.json'), 'utf8')
    await writeFile(file('accounts.json'), honest.replace('"secret": "single"', '"secret": "tree"'))
    expect((await opening('accounts --verify')).stderr).toContain('WRONG_ACCOUNT')
    await writeFile(file('accounts.json'), honest)
  })

  it('status does not take a damaged vault for an empty one', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'coffer-vault-'))
    await cp(file('vault'), join(copy, 'vault'), { recursive: true })
    for (const name of await readdir(join(copy, 'vault'))) {
      const path = join(copy, 'vault', name)
      const text = await readFile(path, 'utf8')
      if (text.startsWith('"vault"\t') && !name.endsWith('.previous'))
        await writeFile(path, text.slice(0, -40))
    }
    const ran = await runIn(copy, 'vault status')
    expect([ran.code, ran.stdout]).toEqual([1, ''])
    expect(ran.stderr).toMatch(/^Error \[STORE_FAILED\]: .+"coffer vault unlock --previous"/)
    expect((await runIn(copy, 'backup verify any-file')).stderr).toContain('STORE_FAILED')
  })

  it('unlock --previous brings back a vault whose text was damaged', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'coffer-vault-'))
    await cp(file('vault'), join(copy, 'vault'), { recursive: true })
    for (const name of await readdir(join(copy, 'vault'))) {
      const path = join(copy, 'vault', name)
      const text = await readFile(path, 'utf8')
      if (!text.startsWith('"vault"\t') || name.endsWith('.previous')) continue
      await writeFile(
        path,
        text.replace(/"box":".{8}/, (found) => `${found.slice(0, 7)}AAAAAAAA`),
      )
    }
    const unlock = (more: string): Promise<Ran> =>
      runIn(copy, `vault unlock ${more} --passphrase-file ${file('old')}`)
    expect((await unlock('')).stderr).toContain('UNLOCK_FAILED')
    const back = await unlock('--previous')
    expect(back.code).toBe(0)
    expect(back.stdout).toContain('other')
    expect((await unlock('')).code).toBe(0)
  })

  it('G7: wrote no secret anywhere but encrypted', async () => {
    const texts = [...written]
    for (const entry of await readdir(home, { recursive: true, withFileTypes: true }))
      if (entry.isFile() && !['old', 'new', 'words', 'other', 'key', 'xprv'].includes(entry.name))
        texts.push(await readFile(join(entry.parentPath, entry.name), 'utf8'))
    for (const text of texts)
      for (const secret of [
        KEY,
        XPRV.slice(20, 60),
        'winner thank',
        'quiet lamp over hills',
        'seven rivers run east',
      ])
        expect(text).not.toContain(secret)
  })
})
