import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { armor, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import fc from 'fast-check'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { CHEAP, fullBackup, MNEMONIC, PASSPHRASE } from './backup.fixture.ts'
import {
  decryptBackup,
  encryptBackup,
  generatePassphrase,
  readWalletBackup,
  type WalletBackup,
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
    expect(await decryptBackup(` \n${file} \n`, { passphrase: PASSPHRASE })).toEqual(backup)
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
    for (const passphrase of ['', '1234', '123456789012345', '12-34-56-78-90', 'two words'])
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

  it('is made with no more work than it may be opened with', async () => {
    for (const workFactor of [0, 1.5, 21, 64])
      await expect(encryptBackup(backup, { passphrase: PASSPHRASE, workFactor })).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
      })
  })

  it('is not made when it would be too long to be opened', async () => {
    const labels = { a: 'x'.repeat(9_000_000) }
    await expect(
      encryptBackup({ ...backup, labels }, { passphrase: PASSPHRASE, workFactor: CHEAP }),
    ).rejects.toMatchObject({ code: 'INVALID_BACKUP' })
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

describe('a platform that lacks something', () => {
  const { crypto } = globalThis
  const getRandomValues = crypto.getRandomValues.bind(crypto)
  afterEach(() => void vi.unstubAllGlobals())

  it('needs WebCrypto for keys alone, and says so', async () => {
    const identity = await generateX25519Identity()
    const recipients = [await identityToRecipient(identity)]
    const text = await encryptBackup(backup, { recipients })
    vi.stubGlobal('crypto', { getRandomValues })
    const plain = await encryptBackup(backup, { passphrase: PASSPHRASE, workFactor: CHEAP })
    expect(await decryptBackup(plain, { passphrase: PASSPHRASE })).toEqual(backup)
    await expect(encryptBackup(backup, { recipients })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await expect(decryptBackup(text, { identity })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })

  it('needs streams, and says so rather than that the passphrase is wrong', async () => {
    vi.stubGlobal('TransformStream', undefined)
    await expect(decryptBackup(file, { passphrase: PASSPHRASE })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    })
  })

  it('G4: makes no backup with weak randomness or none', async () => {
    const make = (): Promise<string> => encryptBackup(backup, { passphrase: PASSPHRASE, workFactor: CHEAP })
    vi.stubGlobal('crypto', {})
    await expect(make()).rejects.toMatchObject({ code: 'NO_RANDOMNESS' })
    expect(() => generatePassphrase()).toThrow(expect.objectContaining({ code: 'NO_RANDOMNESS' }))
    vi.stubGlobal('crypto', { getRandomValues: (bytes: Uint8Array) => bytes.fill(0) })
    await expect(make()).rejects.toMatchObject({ code: 'WEAK_RANDOMNESS' })
    expect(() => generatePassphrase()).toThrow(expect.objectContaining({ code: 'WEAK_RANDOMNESS' }))
  })
})

describe('the wallet backup in it', () => {
  it('loses nothing, whatever it holds', () => {
    const text = fc.string({ unit: 'grapheme' })
    const common = {
      label: text,
      birth: fc.dictionary(fc.constantFrom('eip155:1', 'tron:0x2b6653dc'), fc.nat()),
    }
    const optional = <T extends object>(needed: readonly (keyof T)[], model: object) =>
      fc.record(model as Record<string, fc.Arbitrary<unknown>>, { requiredKeys: needed.map(String) })
    const secrets = fc.array(
      fc.oneof(
        optional(['kind', 'mnemonic'], {
          kind: fc.constant('mnemonic'),
          mnemonic: text,
          passphrase: text,
          language: text,
          ...common,
        }),
        optional(['kind', 'xprv'], {
          kind: fc.constant('xprv'),
          xprv: text,
          origin: fc.record({ fingerprint: text, path: text }, { noNullPrototype: true }),
          testnet: fc.boolean(),
          ...common,
        }),
        optional(['kind', 'privateKey'], {
          kind: fc.constant('private-key'),
          privateKey: fc.uint8Array({ minLength: 32, maxLength: 32 }),
          ...common,
        }),
      ),
    )
    const accounts = fc.array(
      optional(['chain', 'descriptor'], {
        chain: fc.constant('eip155:1'),
        index: fc.nat(2 ** 31 - 1),
        type: text,
        secret: text,
        label: text,
        group: text,
        descriptor: text,
      }),
    )
    fc.assert(
      fc.property(secrets, accounts, text, (secrets, accounts, createdAt) => {
        const whole = {
          v: 1,
          createdAt,
          secrets: secrets.map((secret, i) => ({ ...secret, ...(i % 2 === 0 && { id: `${i}` }) })),
          accounts: accounts.map((account) => ({ ...account })),
          labels: { [`of ${createdAt}`]: createdAt },
        } as unknown as WalletBackup
        expect(readWalletBackup(writeWalletBackup(whole))).toEqual(whole)
      }),
      { numRuns: 200 },
    )
  })

  it('is not written when it could not be read again', () => {
    const [words] = backup.secrets
    const [account] = backup.accounts
    for (const other of [
      { accounts: undefined },
      { createdAt: undefined },
      { accounts: [{ ...account, balance: 5 }] },
      { accounts: [{ ...account, index: -1 }] },
      { accounts: [{ ...account, index: 2 ** 31 }] },
      { secrets: [words, words] },
      { secrets: [{ ...words, birth: { 'eip155:1': -1 } }] },
      { secrets: [{ kind: 'private-key', privateKey: new Uint8Array(31) }] },
      { secrets: [{ kind: 'private-key', privateKey: new Uint8Array(32), note: 'x' }] },
      { labels: { constructor: 'x' } },
    ])
      expect(
        () => writeWalletBackup({ ...backup, ...other } as unknown as WalletBackup),
        JSON.stringify(other),
      ).toThrow(expect.objectContaining({ code: 'INVALID_BACKUP' }))
  })

  it('G7: is in no regular expression afterwards, nor is its passphrase', async () => {
    const seen: string[] = []
    const look = (): void => void seen.push((RegExp as unknown as { input: string }).input)
    ;/^/.test('')
    writeWalletBackup(backup)
    look()
    const text = await encryptBackup(backup, { passphrase: PASSPHRASE, workFactor: CHEAP })
    look()
    await decryptBackup(text, { passphrase: PASSPHRASE })
    look()
    const secrets = backup.secrets.flatMap((secret) =>
      secret.kind === 'private-key'
        ? [Buffer.from(secret.privateKey).toString('hex')]
        : Object.values(secret),
    )
    for (const secret of [PASSPHRASE, ...secrets.filter((one) => typeof one === 'string' && one.length > 8)])
      for (const met of seen)
        expect(met).not.toContain(secret)
        // The look would see it.
    ;/./.test(PASSPHRASE)
    look()
    expect(seen.at(-1)).toBe(PASSPHRASE)
  })

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
