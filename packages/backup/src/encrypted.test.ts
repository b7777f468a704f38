import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { armor, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { beforeAll, describe, expect, it } from 'vitest'
import { CHEAP, fullBackup, MNEMONIC, PASSPHRASE } from './backup.fixture.ts'
import {
  decryptBackup,
  encryptBackup,
  generatePassphrase,
  readWalletBackup,
  writeWalletBackup,
} from './index.ts'

const backup = fullBackup()
let file = ''
beforeAll(async () => {
  file = await encryptBackup(backup, { passphrase: PASSPHRASE, workFactor: CHEAP })
})

const refusal = async (text: string, passphrase = PASSPHRASE): Promise<unknown> =>
  decryptBackup(text, { passphrase }).then(
    () => 'it opened',
    ({ code, message, cause, details }) => ({ code, message, cause, details }),
  )
const same = {
  code: 'UNLOCK_FAILED',
  message: 'The backup does not open: the passphrase is wrong, or the file was changed or damaged.',
  cause: undefined,
  details: {},
}

describe('an encrypted backup', () => {
  it('gives everything back', async () => {
    expect(await decryptBackup(file, { passphrase: PASSPHRASE })).toEqual(backup)
    expect(await decryptBackup(file.replaceAll('\n', '\r\n'), { passphrase: PASSPHRASE })).toEqual(backup)
    expect(await refusal(file, `${PASSPHRASE} `)).toEqual(same)
  })

  it('is for recipients as well', async () => {
    const [mine, other] = [await generateX25519Identity(), await generateX25519Identity()]
    const recipients = [await identityToRecipient(mine)]
    const text = await encryptBackup(backup, { recipients })
    expect(await decryptBackup(text, { identity: mine })).toEqual(backup)
    await expect(decryptBackup(text, { identity: other })).rejects.toMatchObject({ code: 'UNLOCK_FAILED' })
    for (const wrong of [[], ['age1nonsense']])
      await expect(encryptBackup(backup, { recipients: wrong })).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
      })
  })

  it('refuses passphrases that can be tried', async () => {
    for (const passphrase of ['', '1234', '123456789012345', 'two words'])
      await expect(encryptBackup(backup, { passphrase })).rejects.toMatchObject({ code: 'WEAK_PASSWORD' })
    const made = generatePassphrase()
    expect(made.split(' ')).toHaveLength(6)
    expect(generatePassphrase()).not.toBe(made)
    await encryptBackup(backup, { passphrase: made, workFactor: CHEAP })
  })

  it('G6: is refused for every byte that was flipped, and for 1,000 truncations', async () => {
    const bytes = new TextEncoder().encode(file)
    for (let at = 0; at < bytes.length - 1; at++) {
      const changed = bytes.slice()
      changed[at]! ^= 1 << (at % 7)
      expect(await refusal(new TextDecoder().decode(changed)), `byte ${at}`).toEqual(same)
    }
    for (let i = 0; i < 1000; i++) {
      const length = (i * 7919) % (file.length - 1)
      expect(await refusal(file.slice(0, length)), `${length} characters`).toEqual(same)
    }
  }, 60_000)

  it('G6: asks for no more work than a machine can do', async () => {
    const bytes = armor.decode(file)
    const text = Buffer.from(bytes)
      .toString('latin1')
      .replace(/(-> scrypt \S+) 2\n/, '$1 30\n')
    const start = performance.now()
    expect(await refusal(armor.encode(Buffer.from(text, 'latin1')))).toEqual(same)
    expect(performance.now() - start).toBeLessThan(5_000)
  })

  it('reads the words that an earlier version of the command line kept', async () => {
    const encrypter = new Encrypter()
    encrypter.setPassphrase('short')
    encrypter.setScryptWorkFactor(CHEAP)
    const old = await encrypter.encrypt(JSON.stringify({ v: 1, mnemonic: MNEMONIC, createdAt: '2025-01-01' }))
    expect(await decryptBackup(armor.encode(old), { passphrase: 'short' })).toEqual({
      v: 1,
      createdAt: '2025-01-01',
      secrets: [{ kind: 'mnemonic', mnemonic: MNEMONIC }],
      accounts: [],
    })
  })
})

describe('the wallet backup in it', () => {
  it('is read strictly, and no error repeats what it holds', () => {
    const text = writeWalletBackup(backup)
    expect(readWalletBackup(text)).toEqual(backup)
    const value = JSON.parse(text)
    const [words, xprv, key] = value.secrets
    for (const other of [
      '{',
      'null',
      '[]',
      '{"v":1}',
      JSON.stringify({ ...value, more: 1 }),
      JSON.stringify({ ...value, createdAt: 5 }),
      JSON.stringify({ ...value, secrets: [{ ...words, mnemonic: 7 }] }),
      JSON.stringify({ ...value, secrets: [{ ...words, other: 7 }] }),
      JSON.stringify({ ...value, secrets: [{ ...xprv, origin: 'm' }] }),
      JSON.stringify({ ...value, secrets: [{ ...key, privateKey: 'zz' }] }),
      JSON.stringify({ ...value, secrets: [{ ...key, kind: 'other' }] }),
      JSON.stringify({ ...value, accounts: [{ chain: 'eip155:1' }] }),
      JSON.stringify({ ...value, accounts: [null] }),
      JSON.stringify({ ...value, labels: [1] }),
    ]) {
      try {
        readWalletBackup(other)
        expect.unreachable(other.slice(0, 60))
      } catch (error) {
        expect(error).toMatchObject({ code: 'INVALID_BACKUP' })
        expect((error as Error).message).not.toMatch(/winner|xprv9|zz/)
      }
    }
    expect(() => readWalletBackup(JSON.stringify({ ...value, v: 2 }))).toThrow(/another version/)
  })
})

const hasAge = spawnSync('age', ['--version']).status === 0
const isRequired = process.env['COFFER_REQUIRE_TOOLS'] === '1'

/** Another implementation of age, in Go. It asks for a passphrase at a terminal, which `script` gives it. */
describe.skipIf(!hasAge && !isRequired)('the age tool (skipped where it is not installed)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-age-'))
  const path = (name: string): string => join(folder, name)
  const typing = (command: string, typed: string): void => {
    execFileSync('script', ['-qec', command, '/dev/null'], { input: typed, timeout: 20_000 })
  }

  it('opens what we encrypted with a passphrase', () => {
    writeFileSync(path('ours.age'), file)
    typing(`age -d -o ${path('ours.json')} ${path('ours.age')}`, `${PASSPHRASE}\n`)
    expect(readFileSync(path('ours.json'), 'utf8')).toBe(writeWalletBackup(backup))
  })

  it('encrypts with a passphrase what we open', async () => {
    writeFileSync(path('theirs.json'), writeWalletBackup(backup))
    typing(`age -p -a -o ${path('theirs.age')} ${path('theirs.json')}`, `${PASSPHRASE}\n${PASSPHRASE}\n`)
    const text = readFileSync(path('theirs.age'), 'utf8')
    expect(await decryptBackup(text, { passphrase: PASSPHRASE })).toEqual(backup)
  }, 60_000)

  it('opens and encrypts for a key', async () => {
    const identity = await generateX25519Identity()
    const recipient = await identityToRecipient(identity)
    writeFileSync(path('key'), `${identity}\n`)
    writeFileSync(path('for-key.age'), await encryptBackup(backup, { recipients: [recipient] }))
    const opened = execFileSync('age', ['-d', '-i', path('key'), path('for-key.age')], { encoding: 'utf8' })
    expect(opened).toBe(writeWalletBackup(backup))
    const theirs = execFileSync('age', ['-a', '-r', recipient], { input: opened, encoding: 'utf8' })
    expect(await decryptBackup(theirs, { identity })).toEqual(backup)
  })
})
