import { memoryStore, type Store } from '@coffer/core'
import { describe, expect, it, vi } from 'vitest'
import { createVault, hasVault, openVault, type Vault } from './index.ts'
import { CHEAP, MNEMONIC, memoryKey, PASSWORD } from './vault.fixture.ts'

// The power goes at every write, in stores that keep a key whole and in stores that tear it. file-power-cut.test.ts does the same to
// processes and files. Passwords become keys quickly: it is of no account here how.
vi.mock('./argon2.ts', () => import('./quick-argon2.fixture.ts'))

const NEW = 'a new password'
class PowerCut extends Error {}

/** What a write leaves when the power goes in the middle of it. */
const TORN: Record<string, (before: string | undefined, value: string) => string | undefined> = {
  'before it': (before) => before,
  'after it': (_, value) => value,
  'with the first half written': (_, value) => value.slice(0, value.length / 2),
  'with the old one gone': () => undefined,
  'with rubbish written': (before, value) => (before ?? '').slice(0, 40) + value.slice(40),
  'with nothing written': () => '',
}

/** A store whose power goes at write number `at`; nothing works after it. */
function dying(
  inner: Store,
  at: number,
  torn: (before: string | undefined, value: string) => string | undefined,
) {
  let writes = 0
  let isDead = false
  const alive = (): void => {
    if (isDead) throw new PowerCut()
  }
  const write = async (key: string, value: string | undefined): Promise<void> => {
    alive()
    if (writes++ < at) return value === undefined ? inner.delete(key) : inner.set(key, value)
    isDead = true
    const left = value === undefined ? await inner.get(key) : torn(await inner.get(key), value)
    if (left === undefined) await inner.delete(key)
    else await inner.set(key, left)
    throw new PowerCut()
  }
  const store: Store = {
    get: async (key) => {
      alive()
      return inner.get(key)
    },
    keys: inner.keys,
    set: write,
    delete: (key) => write(key, undefined),
  }
  return { store, isDead: () => isDead }
}

const key = memoryKey()
const changes: Record<string, (vault: Vault) => Promise<unknown>> = {
  'changing the password': (vault) => vault.changePassword({ password: PASSWORD, newPassword: NEW }),
  'adding a secret': (vault) => vault.add({ kind: 'private-key', privateKey: new Uint8Array(32).fill(1) }),
  'adding a slot': (vault) => vault.addSlot({ password: NEW }),
  'a new data key': (vault) => vault.rotate([{ key }, { password: PASSWORD }]),
}

async function opens(store: Store, password: string, generation?: 'previous'): Promise<boolean> {
  for (const name of await store.keys('vault/attempts')) await store.delete(name)
  const vault = await openVault({ store, cost: CHEAP, generation })
  return vault.unlock({ password }).then(
    () => vault.secrets.length >= 1,
    () => false,
  )
}

async function copyOf(store: Store): Promise<Store> {
  const copy = memoryStore()
  for (const name of await store.keys()) await copy.set(name, (await store.get(name))!)
  return copy
}

/** Of changes other than that of the password, in these ways: the others differ in nothing. */
const SOME = ['before it', 'with the first half written', 'with the old one gone']

describe.each(Object.entries(TORN))('G6: a power cut at a write, %s', (how, torn) => {
  it.each(Object.entries(changes).filter(([name]) => name === 'changing the password' || SOME.includes(how)))(
    'leaves a vault that opens after %s',
    async (name, change) => {
      const made = memoryStore()
      const vault = await createVault({
        store: made,
        password: PASSWORD,
        secrets: [{ kind: 'mnemonic', mnemonic: MNEMONIC }],
        cost: CHEAP,
      })
      await vault.addSlot({ key })
      let cuts = 0
      for (let at = 0; ; at++) {
        const inner = await copyOf(made)
        const { store, isDead } = dying(inner, at, torn)
        const opened = await openVault({ store, cost: CHEAP })
        await opened.unlock({ key }).catch(() => {})
        if (opened.state === 'unlocked') await change(opened).catch(() => {})
        if (!isDead()) break
        cuts++
        const old = await opens(inner, PASSWORD)
        const fresh = name === 'changing the password' ? await opens(inner, NEW) : false
        expect(old || fresh, `write ${at}: old ${old}, new ${fresh}`).toBe(true)
        // A password that is no longer that of the vault opens what was before it no more.
        if (fresh) expect(await opens(inner, PASSWORD, 'previous'), `write ${at}`).toBe(false)
        // And it can be changed on.
        const again = await openVault({ store: inner, cost: CHEAP })
        await again.unlock({ key })
        await again.add({ kind: 'private-key', privateKey: new Uint8Array(32).fill(2) })
        expect(await opens(inner, old ? PASSWORD : NEW)).toBe(true)
      }
      expect(cuts).toBeGreaterThanOrEqual(4)
    },
    60_000,
  )

  it('leaves no vault or a whole one when it is made', async () => {
    for (let at = 0; ; at++) {
      const inner = memoryStore()
      const { store, isDead } = dying(inner, at, torn)
      const make = (store: Store) => createVault({ store, password: PASSWORD, cost: CHEAP })
      await make(store).catch(() => {})
      if (!isDead()) break
      if (await hasVault({ store: inner }))
        await (await openVault({ store: inner, cost: CHEAP })).unlock({ password: PASSWORD })
      else await make(inner)
    }
  })
})
