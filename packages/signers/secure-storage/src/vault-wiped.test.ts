import { memoryStore, type Secret, type Store } from '@coffer/core'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createVault, openVault, secureStorageSigner, type Unlock, type Vault } from './index.ts'
import { CHEAP, MNEMONIC, memoryKey, OTHER, PASSWORD } from './vault.fixture.ts'

// After a vault is locked, no bytes that it worked with still hold a secret: not those that it was given by what stands in its way
// here, nor any copy that it made.

const seen = vi.hoisted(() => {
  /** All bytes that passed by, and what was secret in them then. */
  const arrays = new Map<Uint8Array, string>()
  const secrets: { readonly what: string; readonly bytes: Uint8Array }[] = []
  const copy = Uint8Array.prototype.slice
  const from = Uint8Array.from.bind(Uint8Array)
  const secret = (what: string, bytes: Uint8Array): Uint8Array => {
    arrays.set(bytes, what)
    if (bytes.some((byte) => byte !== 0)) secrets.push({ what, bytes: copy.call(bytes) })
    return bytes
  }
  const made = (what: string, bytes: Uint8Array): Uint8Array => {
    arrays.set(bytes, what)
    return bytes
  }
  return { arrays, secrets, secret, made, copy, from }
})

vi.mock('./argon2.ts', async () => {
  const { argon2id } = await import('./quick-argon2.fixture.ts')
  return {
    argon2id: async (...[request, options]: Parameters<typeof argon2id>) => {
      seen.secret('a password', request.password)
      return seen.secret('a stretched password', await argon2id(request, options))
    },
  }
})
vi.mock('@noble/hashes/hkdf.js', async (importOriginal) => {
  const { hkdf } = await importOriginal<typeof import('@noble/hashes/hkdf.js')>()
  return { hkdf: (...given: Parameters<typeof hkdf>) => seen.secret('a key of a slot', hkdf(...given)) }
})
vi.mock('@scure/base', async (importOriginal) => {
  const real = await importOriginal<typeof import('@scure/base')>()
  const { base32crockford: code } = real
  const decode = (text: string) => seen.secret('a recovery code', code.decode(text))
  return { ...real, base32crockford: { ...code, decode } }
})
vi.mock('./bytes.ts', async (importOriginal) => {
  const real = await importOriginal<typeof import('./bytes.ts')>()
  return {
    ...real,
    concat: (...parts: Uint8Array[]) => seen.made('bytes put together', real.concat(...parts)),
    utf8: (text: string) => seen.made('the bytes of a text', real.utf8(text)),
  }
})
vi.mock('./sealed.ts', async (importOriginal) => {
  const real = await importOriginal<typeof import('./sealed.ts')>()
  return {
    ...real,
    seal: (...[key, plain, context]: Parameters<typeof real.seal>) =>
      real.seal(seen.secret('a data key', key), seen.secret('contents', plain), context),
    unseal: (...[key, box, context]: Parameters<typeof real.unseal>) =>
      seen.secret('contents', real.unseal(seen.secret('a data key', key), box, context)),
    wrap: (...[material, dataKey, context]: Parameters<typeof real.wrap>) =>
      real.wrap(seen.secret('material', material), seen.secret('a data key', dataKey), context),
    unwrap: (...[material, wrapped, context]: Parameters<typeof real.unwrap>) => {
      const dataKey = real.unwrap(seen.secret('material', material), wrapped, context)
      return dataKey && seen.secret('a data key', dataKey)
    },
  }
})
vi.mock('./body.ts', async (importOriginal) => {
  const real = await importOriginal<typeof import('./body.ts')>()
  return {
    ...real,
    readBody: (body: Uint8Array) => {
      const secrets = real.readBody(body)
      for (const { parts } of secrets)
        for (const [name, bytes] of Object.entries(parts)) seen.secret(`the ${name}`, bytes)
      return secrets
    },
  }
})

const words: Secret = { kind: 'mnemonic', mnemonic: MNEMONIC, passphrase: 'a long passphrase' }
const key: Secret = { kind: 'private-key', privateKey: new Uint8Array(32).fill(7) }
const NEW = 'a new password'

let store: Store
let device: ReturnType<typeof memoryKey>

beforeEach(() => {
  store = memoryStore()
  device = memoryKey()
  const { create } = device
  device.create = async () => {
    const made = await create()
    seen.secret('what a device made', made.secret)
    return made
  }
  vi.spyOn(Uint8Array.prototype, 'slice').mockImplementation(function (this: Uint8Array, ...range) {
    return seen.made('a copy', seen.copy.apply(this, range)) as Uint8Array<ArrayBuffer>
  })
  vi.spyOn(Uint8Array, 'from').mockImplementation(
    (...given: unknown[]) =>
      seen.made(
        'a copy',
        (seen.from as (...given: unknown[]) => Uint8Array)(...given),
      ) as Uint8Array<ArrayBuffer>,
  )
})
afterEach(() => {
  vi.restoreAllMocks()
  seen.arrays.clear()
  seen.secrets.length = 0
})

const make = (more: Partial<Parameters<typeof createVault>[0]> = {}): Promise<Vault> =>
  createVault({ store, password: PASSWORD, secrets: [words, key], cost: CHEAP, ...more })

async function unlocked(how: Unlock = { password: PASSWORD }): Promise<Vault> {
  const vault = await openVault({ store, cost: CHEAP })
  await vault.unlock(how)
  return vault
}

/** What still holds a secret: its place, and whose secret it is. */
function leftovers(): string[] {
  expect(seen.secrets.length).toBeGreaterThan(0)
  const held = new Set<Uint8Array>(device.held.values())
  const texts = new Map<string, string>()
  // A slip of a byte or two is found everywhere.
  for (const { what, bytes } of seen.secrets)
    if (bytes.length >= 8) texts.set(Buffer.from(bytes).toString('latin1'), what)
  const found = new Set<string>()
  for (const [array, place] of seen.arrays) {
    if (held.has(array)) continue
    const text = Buffer.from(array).toString('latin1')
    for (const [secret, what] of texts) if (text.includes(secret)) found.add(`${place} holds ${what}`)
  }
  return [...found]
}

const refused = (code: string) => ({ code })

/** Each begins with a vault that was made and is locked. */
const uses: [string, (vault: Vault) => Promise<unknown>][] = [
  ['is opened', (vault) => vault.unlock({ password: PASSWORD })],
  [
    'is not opened by a wrong password',
    (vault) =>
      expect(vault.unlock({ password: 'a wrong password' })).rejects.toMatchObject(refused('UNLOCK_FAILED')),
  ],
  [
    'is opened and was changed by somebody',
    async () => {
      const text = JSON.parse((await store.get('vault'))!)
      const { writeEnvelope } = await import('./envelope.ts')
      const { sum: _, ...envelope } = text
      await store.set('vault', writeEnvelope({ ...envelope, createdAt: 'another time' }))
      await expect(unlocked()).rejects.toMatchObject(refused('UNLOCK_FAILED'))
    },
  ],
  [
    'takes a secret and forgets one',
    async (vault) => {
      await vault.unlock({ password: PASSWORD })
      const { id } = await vault.add({ kind: 'mnemonic', mnemonic: OTHER })
      await vault.remove(id)
      await expect(vault.remove('00')).rejects.toMatchObject(refused('INVALID_REQUEST'))
    },
  ],
  [
    'takes no secret while it is locked',
    (vault) => expect(vault.add(key)).rejects.toMatchObject(refused('VAULT_LOCKED')),
  ],
  ['shows its words', async (vault) => vault.reveal(vault.secrets[0]!.id, { password: PASSWORD })],
  [
    'shows nothing that it does not have',
    (vault) =>
      expect(vault.reveal('00', { password: PASSWORD })).rejects.toMatchObject(refused('INVALID_REQUEST')),
  ],
  [
    'changes its password',
    async (vault) => {
      await vault.unlock({ password: PASSWORD })
      await vault.changePassword({ password: PASSWORD, newPassword: NEW })
      await expect(vault.changePassword({ password: PASSWORD, newPassword: NEW })).rejects.toMatchObject(
        refused('UNLOCK_FAILED'),
      )
    },
  ],
  [
    'gets a password that is dearer to try',
    async () => {
      const dearer = await openVault({ store, cost: { ...CHEAP, passes: 3 } })
      await dearer.unlock({ password: PASSWORD })
      dearer.lock()
    },
  ],
  [
    'is opened in every other way',
    async (vault) => {
      await vault.unlock({ password: PASSWORD })
      await vault.addSlot({ password: NEW })
      await vault.addSlot({ key: device })
      await vault.addSlot({ pin: '271828', key: device })
      const { recoveryCode = '' } = await vault.addSlot({ recoveryCode: true })
      const ways: Unlock[] = [
        { password: NEW },
        { key: device },
        { pin: '271828', key: device },
        { recoveryCode },
      ]
      for (const way of ways) (await unlocked(way)).lock()
      const slip = recoveryCode.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
      await expect(unlocked({ recoveryCode: slip })).rejects.toMatchObject(refused('INVALID_KEY'))
      await expect(unlocked({ pin: '271829', key: device })).rejects.toMatchObject(refused('UNLOCK_FAILED'))
      for (const { id, type } of vault.slots) if (type !== 'password') await vault.removeSlot(id)
    },
  ],
  [
    'takes no way of a device that gives too little',
    async (vault) => {
      await vault.unlock({ password: PASSWORD })
      const short = { ...device, create: async () => ({ data: {}, secret: new Uint8Array(31).fill(3) }) }
      await expect(vault.addSlot({ key: short })).rejects.toMatchObject(refused('STORE_FAILED'))
    },
  ],
  [
    'gets a new data key',
    async (vault) => {
      await vault.unlock({ password: PASSWORD })
      await vault.rotate([{ password: PASSWORD }])
      await vault.add({ ...key, label: 'after it' })
      await expect(vault.rotate([{ password: NEW }])).rejects.toMatchObject(refused('UNLOCK_FAILED'))
    },
  ],
  [
    'was given a new data key elsewhere',
    async (vault) => {
      await vault.unlock({ password: PASSWORD })
      const other = await unlocked()
      await other.rotate([{ password: PASSWORD }])
      other.lock()
      await expect(vault.add(key)).rejects.toMatchObject(refused('VAULT_CHANGED'))
    },
  ],
  [
    'is unlocked twice',
    async (vault) => {
      await vault.unlock({ password: PASSWORD })
      await vault.unlock({ password: PASSWORD })
    },
  ],
  [
    'gives keys to a signer',
    async (vault) => {
      await vault.unlock({ password: PASSWORD })
      const signer = secureStorageSigner({ vault })
      await signer.publicKey('m/84h/0h/0h')
      signer.dispose()
      const none = secureStorageSigner({ vault, secret: '00' })
      await vault.unlock({ password: PASSWORD })
      await expect(none.publicKey('m')).rejects.toMatchObject(refused('NO_SIGNER'))
      none.dispose()
    },
  ],
  ['is not made twice', () => expect(make()).rejects.toMatchObject(refused('VAULT_EXISTS'))],
]

it.each(uses)('leaves nothing secret behind when it %s', async (_, use) => {
  const vault = await make()
  vault.lock()
  await use(vault)
  vault.lock()
  expect(leftovers()).toEqual([])
})

it('leaves nothing secret behind where there is a hidden one', async () => {
  const vault = await make({ hiddenRoom: 2048 })
  await vault.hide({ password: NEW, secrets: [key] })
  await expect(vault.hide({ password: PASSWORD, secrets: [key] })).rejects.toMatchObject(
    refused('INVALID_REQUEST'),
  )
  vault.lock()
  const hidden = await unlocked({ password: NEW })
  expect(hidden.part).toBe('hidden')
  await hidden.add({ kind: 'mnemonic', mnemonic: OTHER })
  await hidden.changePassword({ password: NEW, newPassword: 'the third password' })
  hidden.lock()
  await expect(unlocked({ password: NEW })).rejects.toMatchObject(refused('UNLOCK_FAILED'))
  expect(leftovers()).toEqual([])
})

it('keeps its key while it is open', async () => {
  const vault = await make()
  expect(leftovers().length).toBeGreaterThan(0)
  vault.lock()
  expect(leftovers()).toEqual([])
})
