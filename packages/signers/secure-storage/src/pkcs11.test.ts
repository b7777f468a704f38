import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { memoryStore } from '@coffer/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createVault, openVault, wrappedKey } from './index.ts'
import { pkcs11Key } from './pkcs11.ts'
import { deviceKeyConformance } from './testing/index.ts'
import { CHEAP, MNEMONIC, PASSWORD } from './vault.fixture.ts'

const library = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so'].find(
  existsSync,
)
const isCompiled = existsSync(
  join(createRequire(import.meta.url).resolve('pkcs11js'), '../build/Release/pkcs11.node'),
)
const isThere = library !== undefined && isCompiled && spawnSync('softhsm2-util', ['--version']).status === 0
const isRequired = process.env['COFFER_REQUIRE_TOOLS'] === '1'

/** A wrapper like a cloud's KMS, in memory. */
function kms() {
  const known = new Map<string, { secret: Uint8Array; context: string }>()
  return {
    name: 'memory-kms',
    wrap: async (secret: Uint8Array, context: string) => {
      const blob = new Uint8Array(40).fill(known.size + 1)
      known.set(blob.join(), { secret: secret.slice(), context })
      return blob
    },
    unwrap: async (blob: Uint8Array, context: string) => {
      const found = known.get(blob.join())
      if (!found || found.context !== context) throw new Error('InvalidCiphertextException')
      return found.secret
    },
  }
}

describe('wrappedKey', () => {
  it('is a device key over anything that encrypts and decrypts', async () => {
    const key = wrappedKey(kms())
    expect(await key.available()).toBe(true)
    const { data, secret } = await key.create()
    expect(await key.get(data)).toEqual(secret)
    await expect(key.get({ ...data, id: 'other' })).rejects.toMatchObject({ code: 'STORE_FAILED' })
    await expect(key.get({ ...data, wrapped: '=' })).rejects.toMatchObject({ code: 'STORE_INVALIDATED' })
    await expect(
      wrappedKey({ ...kms(), unwrap: async () => new Uint8Array(5) }).get(data),
    ).rejects.toMatchObject({
      code: 'STORE_INVALIDATED',
    })
  })
})

describe.skipIf(!isThere && !isRequired)('SoftHSM (skipped where it or pkcs11js is not installed)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-hsm-'))
  const pin = '271828'
  let tokens = 0
  const make = (more = {}) => {
    const token = `token-${tokens++}`
    execFileSync('softhsm2-util', [
      '--init-token',
      '--free',
      '--label',
      token,
      '--pin',
      pin,
      '--so-pin',
      '1234',
    ])
    return { key: pkcs11Key({ library: library!, token, pin: () => pin, ...more }), token }
  }

  beforeAll(() => {
    mkdirSync(join(folder, 'tokens'))
    writeFileSync(
      join(folder, 'softhsm2.conf'),
      `directories.tokendir = ${join(folder, 'tokens')}\nlog.level = ERROR\n`,
    )
    process.env['SOFTHSM2_CONF'] = join(folder, 'softhsm2.conf')
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const tokenOf = new WeakMap<object, string>()
  deviceKeyConformance(
    {
      describe,
      // A server's slot holds what was wrapped: it is forgotten when the slot is.
      it: (title, body) => void (title.startsWith('forgets') ? it.skip(title, body) : it(title, body)),
    },
    {
      name: 'pkcs11Key',
      make: () => {
        const { key, token } = make()
        tokenOf.set(key, token)
        return key
      },
      reopen: (key) => pkcs11Key({ library: library!, token: tokenOf.get(key)!, pin: () => pin }),
    },
  )

  it('opens a vault', async () => {
    const store = memoryStore()
    const { key } = make()
    const secrets = [{ kind: 'mnemonic', mnemonic: MNEMONIC } as const]
    const vault = await createVault({ store, password: PASSWORD, secrets, cost: CHEAP })
    await vault.addSlot({ key })
    const again = await openVault({ store, cost: CHEAP })
    await again.unlock({ key })
    expect(again.secrets).toHaveLength(1)
  })

  it('keeps a key that cannot be taken out', async () => {
    const { key, token } = make()
    await key.create()
    const listed = execFileSync(
      'pkcs11-tool',
      [
        '--module',
        library!,
        '--token-label',
        token,
        '--login',
        '--pin',
        pin,
        '--list-objects',
        '--type',
        'secrkey',
      ],
      { encoding: 'utf8' },
    )
    expect(listed).toMatch(/AES length 32/)
    expect(listed).toMatch(/sensitive, always sensitive, never extractable/)
  })

  it('tells apart a missing module, token and key, and a wrong PIN', async () => {
    const { key, token } = make()
    const { data } = await key.create()
    const other = (more: object) => pkcs11Key({ library: library!, token, pin: () => pin, ...more })
    for (const [more, code] of [
      [{ library: '/nonexistent.so' }, 'STORE_UNAVAILABLE'],
      [{ token: 'no such token' }, 'STORE_UNAVAILABLE'],
      [{ pin: () => '000000' }, 'STORE_UNAVAILABLE'],
      [{ label: 'another' }, 'STORE_INVALIDATED'],
    ] as const) {
      const error = await other(more)
        .get(data)
        .catch((error: unknown) => error)
      expect(error, JSON.stringify(more)).toMatchObject({ code })
      expect(inspect(error, { depth: 9 })).not.toContain(pin)
    }
    // Another key under the same label.
    await other({ label: 'another' }).create()
    await expect(other({ label: 'another' }).get(data)).rejects.toMatchObject({ code: 'STORE_INVALIDATED' })
    expect(await other({ pin: () => '000000' }).available()).toBe(false)
    expect(await key.available()).toBe(true)
  })

  it('serves many at once', async () => {
    const { key } = make()
    const made = await Promise.all(Array.from({ length: 10 }, () => key.create()))
    const found = await Promise.all(made.map(({ data }) => key.get(data)))
    for (const [i, secret] of found.entries()) expect(secret).toEqual(made[i]!.secret)
  })
})
