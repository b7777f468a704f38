import { inspect } from 'node:util'
import { isCofferError, memoryStore, type Secret, type Store } from '@coffer/core'
import { softwareSigner } from '@coffer/signer-software'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  type CreateVaultOptions,
  createVault,
  deleteVault,
  hasVault,
  openVault,
  type Vault,
} from './index.ts'
import { CHEAP, MNEMONIC, memoryKey, OTHER, PASSWORD } from './vault.fixture.ts'

// What a vault does, whatever turns its passwords into keys; vault-tampered.test.ts and the tests of the stores open real ones.
vi.mock('./argon2.ts', () => import('./quick-argon2.fixture.ts'))

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const words: Secret = { kind: 'mnemonic', mnemonic: MNEMONIC }
const make = (store: Store, more: Partial<CreateVaultOptions> = {}): Promise<Vault> =>
  createVault({ store, password: PASSWORD, secrets: [words], cost: CHEAP, ...more })
const open = (store: Store): Promise<Vault> => openVault({ store, cost: CHEAP })
const opens = async (store: Store, password: string): Promise<boolean> => {
  const vault = await open(store)
  try {
    await vault.unlock({ password })
    return true
  } catch (error) {
    if (isCofferError(error, 'UNLOCK_FAILED')) return false
    throw error
  }
}

describe('a vault', () => {
  it('is made unlocked, and opens again with its password and no other', async () => {
    const store = memoryStore()
    expect(await hasVault({ store })).toBe(false)
    const vault = await make(store)
    expect(vault.state).toBe('unlocked')
    expect(await hasVault({ store })).toBe(true)

    const again = await open(store)
    expect(again.state).toBe('locked')
    await expect(again.unlock({ password: `${PASSWORD} ` })).rejects.toMatchObject({ code: 'UNLOCK_FAILED' })
    expect(again.state).toBe('locked')
    await expect(again.unlock({ password: '' })).rejects.toMatchObject({ code: 'UNLOCK_FAILED' })
    await expect(again.unlock({ password: undefined as never })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
    await again.unlock({ password: PASSWORD })
    expect(again.state).toBe('unlocked')
    expect(await again.reveal(again.secrets[0]!.id, { password: PASSWORD })).toEqual(words)
  })

  it('takes any Unicode writing of a password', async () => {
    const store = memoryStore()
    await make(store, { password: 'Pass\u00e9 compos\u00e9' })
    expect(await opens(store, 'Passe\u0301 compose\u0301')).toBe(true)
  })

  it('is there once', async () => {
    const store = memoryStore()
    await make(store)
    await expect(make(store)).rejects.toMatchObject({ code: 'VAULT_EXISTS' })
    await make(store, { name: 'other' })
    await expect(openVault({ store, name: 'third' })).rejects.toMatchObject({ code: 'VAULT_MISSING' })
  })

  it('is deleted with everything that belongs to it, when that is really meant', async () => {
    const store = memoryStore()
    await make(store)
    await make(store, { name: 'other' })
    await opens(store, 'a wrong password')
    await expect(deleteVault({ store }, {} as never)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await deleteVault({ store }, { yesDeleteTheVault: true })
    expect(await hasVault({ store })).toBe(false)
    expect((await store.keys()).filter((key) => !key.startsWith('other'))).toEqual([])
    expect(await hasVault({ store, name: 'other' })).toBe(true)
    await make(store)
  })

  it('refuses short passwords and what is no secret, and then leaves nothing behind', async () => {
    const store = memoryStore()
    await expect(make(store, { password: '1234567' })).rejects.toMatchObject({ code: 'WEAK_PASSWORD' })
    const wrong = { kind: 'mnemonic', mnemonic: MNEMONIC.replace('yellow', 'year') } as const
    await expect(make(store, { secrets: [wrong] })).rejects.toMatchObject({ code: 'INVALID_MNEMONIC' })
    await expect(
      make(store, { secrets: [{ kind: 'private-key', privateKey: new Uint8Array(32) }] }),
    ).rejects.toMatchObject({ code: 'INVALID_KEY' })
    expect(await store.keys()).toEqual([])
  })

  it('keeps words, extended keys and single keys, and gives each back as it was', async () => {
    const store = memoryStore()
    const xprv =
      'xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi'
    const secrets: Secret[] = [
      { kind: 'mnemonic', mnemonic: MNEMONIC, passphrase: 'TREZOR' },
      { kind: 'xprv', xprv },
      { kind: 'private-key', privateKey: new Uint8Array(32).fill(7) },
    ]
    const vault = await make(store, { secrets: secrets.slice(0, 1) })
    for (const secret of secrets.slice(1)) await vault.add({ ...secret, label: secret.kind })
    const again = await open(store)
    expect(again.secrets.map(({ kind, label }) => [kind, label])).toEqual([
      ['mnemonic', ''],
      ['xprv', 'xprv'],
      ['private-key', 'private-key'],
    ])
    await again.unlock({ password: PASSWORD })
    for (const [i, { id }] of again.secrets.entries())
      expect(await again.reveal(id, { password: PASSWORD })).toEqual(secrets[i])
    await again.remove(again.secrets[1]!.id)
    expect(again.secrets).toHaveLength(2)
    // Nor in the generation before.
    const earlier = await openVault({ store, cost: CHEAP, generation: 'previous' })
    await earlier.unlock({ password: PASSWORD })
    expect(earlier.secrets).toHaveLength(2)
  })

  it('says which root a secret has, as other wallets do', async () => {
    const vault = await make(memoryStore())
    const signer = softwareSigner({ mnemonic: MNEMONIC })
    expect(vault.secrets[0]!.fingerprint).toBe((await signer.publicKey('m')).fingerprint)
  })

  it('asks once more before it shows a secret', async () => {
    const vault = await make(memoryStore())
    const { id } = vault.secrets[0]!
    await expect(vault.reveal(id, { password: 'another one' })).rejects.toMatchObject({
      code: 'UNLOCK_FAILED',
    })
    await expect(vault.reveal('00', { password: PASSWORD })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
  })

  it('changes its password, and the old one opens neither this nor the generation before', async () => {
    const store = memoryStore()
    const vault = await make(store)
    await expect(
      vault.changePassword({ password: 'another one', newPassword: 'a new password' }),
    ).rejects.toMatchObject({ code: 'UNLOCK_FAILED' })
    await expect(vault.changePassword({ password: PASSWORD, newPassword: 'short' })).rejects.toMatchObject({
      code: 'WEAK_PASSWORD',
    })
    await vault.changePassword({ password: PASSWORD, newPassword: 'a new password' })
    expect(await opens(store, PASSWORD)).toBe(false)
    expect(await opens(store, 'a new password')).toBe(true)
    const earlier = await openVault({ store, cost: CHEAP, generation: 'previous' })
    await expect(earlier.unlock({ password: PASSWORD })).rejects.toMatchObject({ code: 'UNLOCK_FAILED' })
    await earlier.unlock({ password: 'a new password' })
  })

  it('writes a cheaper password anew when it is typed', async () => {
    const store = memoryStore()
    await make(store)
    const dearer = { ...CHEAP, passes: 3 }
    const vault = await openVault({ store, cost: dearer })
    await vault.unlock({ password: PASSWORD })
    expect(JSON.parse((await store.get('vault'))!).slots[0].kdf.passes).toBe(3)
    expect(await opens(store, PASSWORD)).toBe(true)
  })

  it('G7: shows nothing of what it holds', async () => {
    const store = memoryStore()
    const vault = await make(store)
    const texts = [JSON.stringify(vault), inspect(vault, { depth: 9, showHidden: true })]
    for (const key of await store.keys()) texts.push((await store.get(key))!)
    for (const text of texts) for (const word of MNEMONIC.split(' ')) expect(text).not.toContain(word)
  })
})

describe('ways to open a vault', () => {
  it('opens with what a device holds, and tells apart why it does not', async () => {
    const store = memoryStore()
    const key = memoryKey()
    const vault = await make(store)
    const slot = await vault.addSlot({ key })
    expect(slot).toEqual({ id: slot.id, type: 'device', key: 'memory' })
    const again = await open(store)
    key.answer = 'cancel'
    await expect(again.unlock({ key })).rejects.toMatchObject({ code: 'STORE_CANCELLED' })
    key.answer = 'unavailable'
    await expect(again.unlock({ key })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    key.answer = 'yes'
    await again.unlock({ key })
    expect(again.state).toBe('unlocked')
    key.held.clear()
    await expect(again.unlock({ key })).rejects.toMatchObject({ code: 'STORE_INVALIDATED' })
    await expect(again.unlock({ key: memoryKey({ name: 'other' }) })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    })
  })

  it('opens with another slot of the same kind when the first is gone', async () => {
    const store = memoryStore()
    const key = memoryKey()
    const vault = await make(store)
    await vault.addSlot({ key })
    await vault.addSlot({ key })
    key.held.delete('1')
    await (await open(store)).unlock({ key })
  })

  it('opens with a PIN and what hardware holds, and takes no PIN elsewhere', async () => {
    const store = memoryStore()
    const key = memoryKey()
    const vault = await make(store)
    await expect(vault.addSlot({ pin: '271828', key: memoryKey({ hardware: false }) })).rejects.toMatchObject(
      { code: 'WEAK_PASSWORD' },
    )
    for (const pin of ['27182', '111111', 'abcdef'])
      await expect(vault.addSlot({ pin, key })).rejects.toMatchObject({ code: 'WEAK_PASSWORD' })
    await vault.addSlot({ pin: '271828', key })
    const again = await open(store)
    await expect(again.unlock({ pin: '271829', key })).rejects.toMatchObject({ code: 'UNLOCK_FAILED' })
    await expect(again.unlock({ pin: '271828', key: memoryKey() })).rejects.toMatchObject({
      code: 'STORE_INVALIDATED',
    })
    await again.unlock({ pin: '271828', key })
  })

  it('opens with a recovery code, however it is written, and notices a slip', async () => {
    const store = memoryStore()
    const vault = await make(store)
    const { recoveryCode = '' } = await vault.addSlot({ recoveryCode: true })
    expect(recoveryCode).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){7}[0-9A-HJKMNP-TV-Z]{4}$/)
    const again = await open(store)
    const slip = recoveryCode.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
    await expect(again.unlock({ recoveryCode: slip })).rejects.toMatchObject({ code: 'INVALID_KEY' })
    await again.unlock({ recoveryCode: recoveryCode.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o') })
    // Found again by who has the code, after the password was lost.
    await again.addSlot({ password: 'a new password' })
    expect(await opens(store, 'a new password')).toBe(true)
  })

  it('takes ways away, but never the last that no device can lose', async () => {
    const store = memoryStore()
    const key = memoryKey()
    const vault = await make(store)
    await vault.addSlot({ key })
    const [password, device] = vault.slots
    await expect(vault.removeSlot(password!.id)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await vault.removeSlot(device!.id)
    await expect((await open(store)).unlock({ key })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await vault.addSlot({ recoveryCode: true })
    await vault.removeSlot(password!.id)
    expect(await opens(store, PASSWORD)).toBe(false)
  })

  it('has at most four passwords and PINs', async () => {
    const vault = await make(memoryStore())
    for (let i = 0; i < 3; i++) await vault.addSlot({ password: `password number ${i}` })
    await expect(vault.addSlot({ password: 'one too many' })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
  })

  it('takes a new data key for the ways that are kept, and the others are gone', async () => {
    const store = memoryStore()
    const [kept, lost] = [memoryKey({ name: 'kept' }), memoryKey({ name: 'lost' })]
    const vault = await make(store)
    await vault.addSlot({ key: kept })
    await vault.addSlot({ key: lost })
    const { recoveryCode = '' } = await vault.addSlot({ recoveryCode: true })
    const before = JSON.parse((await store.get('vault'))!)
    await expect(vault.rotate([{ key: kept }])).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await expect(vault.rotate([{ password: 'wrong one' }])).rejects.toMatchObject({ code: 'UNLOCK_FAILED' })
    await vault.rotate([{ password: PASSWORD }, { key: kept }, { recoveryCode }, { password: PASSWORD }])
    expect(vault.slots.map(({ type }) => type)).toEqual(['password', 'device', 'recovery'])
    expect(vault.state).toBe('unlocked')
    await vault.add({ kind: 'private-key', privateKey: new Uint8Array(32).fill(1) })
    for (const how of [{ password: PASSWORD }, { key: kept }, { recoveryCode }])
      await (await open(store)).unlock(how)
    await expect((await open(store)).unlock({ key: lost })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    const after = JSON.parse((await store.get('vault'))!)
    expect(after.slots[0].wrapped).not.toBe(before.slots[0].wrapped)
  })
})

describe('locking', () => {
  it('locks when it is asked to, and says why', async () => {
    const vault = await make(memoryStore())
    const heard: string[] = []
    const end = vault.on('lock', (reason) => heard.push(reason))
    vault.on('unlock', () => heard.push('unlock'))
    vault.lock()
    vault.lock()
    await vault.unlock({ password: PASSWORD })
    end()
    vault.lock()
    expect(heard).toEqual(['asked', 'unlock'])
    await expect(vault.add(words)).rejects.toMatchObject({ code: 'VAULT_LOCKED' })
    await expect(
      vault.changePassword({ password: PASSWORD, newPassword: 'a new password' }),
    ).rejects.toMatchObject({ code: 'VAULT_LOCKED' })
  })

  it('wipes keys whatever another listener does', async () => {
    const vault = await make(memoryStore())
    vault.on('lock', () => {
      throw new Error('a defect of the app')
    })
    const heard: string[] = []
    vault.on('lock', (reason) => heard.push(reason))
    expect(() => vault.lock()).toThrow('a defect of the app')
    expect(heard).toEqual(['asked'])
    expect(vault.state).toBe('locked')
  })

  it('opens where nothing can be written', async () => {
    const store = memoryStore()
    await make(store)
    await store.set('vault/next', 'half of a text')
    const reading: Store = {
      ...store,
      set: (key, value) =>
        key.includes('attempts') ? store.set(key, value) : Promise.reject(new Error('read-only')),
      delete: (key) =>
        key.includes('attempts') ? store.delete(key) : Promise.reject(new Error('read-only')),
    }
    const vault = await openVault({ store: reading, cost: { ...CHEAP, passes: 3 } })
    await vault.unlock({ password: PASSWORD })
    expect(vault.state).toBe('unlocked')
  })

  it('locks after idle time, which use puts off', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true })
    const vault = await make(memoryStore(), { autoLock: { idle: 60_000 } })
    const heard: string[] = []
    vault.on('lock', (reason) => heard.push(reason))
    await vi.advanceTimersByTimeAsync(59_000)
    vault.touch()
    await vi.advanceTimersByTimeAsync(59_000)
    expect(vault.state).toBe('unlocked')
    await vi.advanceTimersByTimeAsync(2_000)
    expect(vault.state).toBe('locked')
    expect(heard).toEqual(['idle'])
  })

  it('G13: is locked after a night in which timers slept, whatever the clock says', async () => {
    for (const [clock, steady] of [
      [3_600_000, 0],
      [-86_400_000, 3_600_000],
    ] as const) {
      const vault = await make(memoryStore(), { autoLock: { idle: 60_000 } })
      const [now, then] = [Date.now(), performance.now()]
      vi.spyOn(Date, 'now').mockReturnValue(now + clock)
      vi.spyOn(performance, 'now').mockReturnValue(then + steady)
      expect(vault.state).toBe('locked')
      vi.restoreAllMocks()
    }
  })

  it('locks when its page is hidden, and stops listening then', async () => {
    const listeners = new Set<() => void>()
    const document = {
      visibilityState: 'visible',
      addEventListener: (_: string, listener: () => void) => listeners.add(listener),
      removeEventListener: (_: string, listener: () => void) => listeners.delete(listener),
    }
    vi.stubGlobal('document', document)
    const vault = await make(memoryStore())
    for (const listener of listeners) listener()
    expect(vault.state).toBe('unlocked')
    document.visibilityState = 'hidden'
    for (const listener of listeners) listener()
    expect(vault.state).toBe('locked')
    expect(listeners.size).toBe(0)
  })

  it('locks when the app says so', async () => {
    let lock = (): void => {}
    const vault = await make(memoryStore(), {
      autoLock: {
        background: (given) => {
          lock = given
          return () => {}
        },
      },
    })
    lock()
    expect(vault.state).toBe('locked')
  })

  it('seals nothing under a wiped key when it locks during a change', async () => {
    const store = memoryStore()
    const vault = await make(store)
    const adding = vault.add({ kind: 'private-key', privateKey: new Uint8Array(32).fill(3) })
    vault.lock()
    await adding.catch(() => {})
    const again = await open(store)
    await again.unlock({ password: PASSWORD })
  })
})

describe('two at once', () => {
  it('loses nothing that two tabs add', async () => {
    const store = memoryStore()
    const one = await make(store)
    const two = await open(store)
    await two.unlock({ password: PASSWORD })
    const keys = Array.from({ length: 6 }, (_, i) => new Uint8Array(32).fill(i + 1))
    await Promise.all(
      keys.map((privateKey, i) => (i % 2 ? one : two).add({ kind: 'private-key', privateKey })),
    )
    const again = await open(store)
    await again.unlock({ password: PASSWORD })
    expect(again.secrets).toHaveLength(7)
  })

  it('locks a tab whose data key was changed by another', async () => {
    const store = memoryStore()
    const one = await make(store)
    const two = await open(store)
    await two.unlock({ password: PASSWORD })
    await one.rotate([{ password: PASSWORD }])
    await expect(
      two.add({ kind: 'private-key', privateKey: new Uint8Array(32).fill(1) }),
    ).rejects.toMatchObject({ code: 'VAULT_CHANGED' })
    expect(two.state).toBe('locked')
    await two.unlock({ password: PASSWORD })
  })
})

describe('wrong tries', () => {
  it('waits longer and longer after the fifth, also after a restart', async () => {
    const store = memoryStore()
    await make(store)
    const now = Date.now()
    let later = 0
    vi.spyOn(Date, 'now').mockImplementation(() => now + later)
    const wrong = async (): Promise<unknown> =>
      (await open(store)).unlock({ password: 'a wrong password' }).catch((error) => error)
    for (let i = 0; i < 5; i++) expect(await wrong()).toMatchObject({ code: 'UNLOCK_FAILED' })
    for (const minutes of [1, 5, 15, 60, 60]) {
      expect(await wrong()).toMatchObject({
        code: 'TOO_MANY_ATTEMPTS',
        details: { retryAfter: minutes * 60 },
        retryable: true,
      })
      const vault = await open(store)
      await expect(vault.unlock({ password: PASSWORD })).rejects.toMatchObject({ code: 'TOO_MANY_ATTEMPTS' })
      later += minutes * 60_000
      expect(await wrong()).toMatchObject({ code: 'UNLOCK_FAILED' })
    }
    later += 3_600_000
    expect(await opens(store, PASSWORD)).toBe(true)
    expect(await (await open(store)).attempts()).toEqual({ failures: 0, retryAfter: 0 })
    vi.restoreAllMocks()
  })

  it('G13: a clock that goes back begins the wait again, and makes it no longer', async () => {
    const store = memoryStore()
    await make(store)
    await store.set('vault/attempts/password', JSON.stringify({ failures: 5, last: Date.now() + 86_400_000 }))
    const vault = await open(store)
    await expect(vault.unlock({ password: PASSWORD })).rejects.toMatchObject({
      code: 'TOO_MANY_ATTEMPTS',
      details: { retryAfter: 60 },
    })
    const now = Date.now()
    vi.spyOn(Date, 'now').mockReturnValue(now + 61_000)
    await vault.unlock({ password: PASSWORD })
    vi.restoreAllMocks()
  })

  it('counts a try before it is made', async () => {
    const store = memoryStore()
    await make(store)
    const seen: string[] = []
    const watching: Store = {
      ...store,
      get: (key) => {
        if (key === 'vault') seen.push('the vault is read')
        return store.get(key)
      },
      set: (key, value) => {
        seen.push(`${key} is written`)
        return store.set(key, value)
      },
    }
    const vault = await openVault({ store: watching, cost: CHEAP })
    seen.length = 0
    await expect(vault.unlock({ password: 'a wrong password' })).rejects.toMatchObject({
      code: 'UNLOCK_FAILED',
    })
    expect(seen).toEqual(['vault/attempts/password is written', 'the vault is read'])
    expect((await vault.attempts()).failures).toBe(1)
  })

  it('does not count what was cancelled', async () => {
    const store = memoryStore()
    const key = memoryKey()
    const vault = await make(store)
    await vault.addSlot({ pin: '271828', key })
    key.answer = 'cancel'
    for (let i = 0; i < 8; i++)
      await expect(vault.unlock({ pin: '271828', key })).rejects.toMatchObject({ code: 'STORE_CANCELLED' })
    await expect(vault.unlock({ password: PASSWORD }, { signal: AbortSignal.abort() })).rejects.toMatchObject(
      { code: 'ABORTED' },
    )
    expect((await vault.attempts()).failures).toBe(0)
  })

  it('takes a count that was changed for five', async () => {
    const store = memoryStore()
    await make(store)
    await store.set('vault/attempts/password', 'nonsense')
    expect((await (await open(store)).attempts()).failures).toBe(5)
  })

  it('erases what hardware holds for a PIN at the tenth, and the password still opens', async () => {
    const store = memoryStore()
    const key = memoryKey()
    const vault = await make(store)
    await vault.addSlot({ pin: '271828', key })
    let later = 0
    const now = Date.now()
    vi.spyOn(Date, 'now').mockImplementation(() => now + later)
    const again = await openVault({ store, cost: CHEAP, autoLock: false })
    for (let i = 1; i < 10; i++) {
      await expect(again.unlock({ pin: '000001', key })).rejects.toMatchObject({ code: 'UNLOCK_FAILED' })
      later += 3_600_000
    }
    expect(key.held.size).toBe(1)
    await expect(again.unlock({ pin: '000001', key })).rejects.toMatchObject({
      code: 'TOO_MANY_ATTEMPTS',
      details: { erased: true },
    })
    expect(key.held.size).toBe(0)
    later += 3_600_000
    await expect(again.unlock({ pin: '271828', key })).rejects.toMatchObject({ code: 'STORE_INVALIDATED' })
    await again.unlock({ password: PASSWORD })
    vi.restoreAllMocks()
  })
})

describe('a hidden vault', () => {
  const room = { hiddenRoom: 4096 }
  const hidden = { password: 'another password', secrets: [{ kind: 'mnemonic', mnemonic: OTHER } as const] }

  it('opens with its own password, beside the one that is seen', async () => {
    const store = memoryStore()
    const vault = await make(store, room)
    await vault.hide(hidden)
    const again = await open(store)
    await again.unlock({ password: PASSWORD })
    expect(again.part).toBe('outer')
    expect(await again.reveal(again.secrets[0]!.id, { password: PASSWORD })).toEqual(words)
    again.lock()
    await again.unlock({ password: 'another password' })
    expect(again.part).toBe('hidden')
    const { id } = again.secrets[0]!
    expect(await again.reveal(id, { password: 'another password' })).toEqual(hidden.secrets[0])
    again.lock()
    expect(again.secrets).toHaveLength(1)
    expect(again.secrets[0]!.id).not.toBe(id)
  })

  it('leaves a text that looks the same with and without it', async () => {
    const shape = async (fill: boolean): Promise<unknown> => {
      const store = memoryStore()
      const vault = await make(store, room)
      if (fill) await vault.hide(hidden)
      const {
        v,
        generation,
        slots,
        shown,
        box,
        hidden: part,
        ...rest
      } = JSON.parse((await store.get('vault'))!)
      return [
        v,
        generation,
        slots.length,
        shown.secrets.length,
        box.length,
        Object.keys(rest).sort(),
        part.wrapped.length,
        part.box.length,
        part.kdf.salt === slots[0].kdf.salt,
      ]
    }
    expect(await shape(true)).toEqual(await shape(false))
  })

  it('changes without the other: secrets and passwords of each', async () => {
    const store = memoryStore()
    const vault = await make(store, room)
    await vault.hide(hidden)
    await vault.add({ kind: 'private-key', privateKey: new Uint8Array(32).fill(1) })
    await vault.changePassword({ password: PASSWORD, newPassword: 'a new password' })
    await vault.rotate([{ password: 'a new password' }])
    await vault.unlock({ password: 'another password' })
    await vault.add({ kind: 'private-key', privateKey: new Uint8Array(32).fill(2) })
    await vault.changePassword({ password: 'another password', newPassword: 'yet another one' })
    expect(await opens(store, 'another password')).toBe(false)
    await vault.unlock({ password: 'a new password' })
    expect(vault.secrets).toHaveLength(2)
    await vault.unlock({ password: 'yet another one' })
    expect(vault.secrets).toHaveLength(2)
    expect(vault.part).toBe('hidden')
    await expect(vault.hide(hidden)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await expect(vault.addSlot({ password: 'a third password' })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    })
  })

  it('needs room, and a password of its own', async () => {
    await expect((await make(memoryStore())).hide(hidden)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    const vault = await make(memoryStore(), room)
    await expect(vault.hide({ ...hidden, password: PASSWORD })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
    await expect(make(memoryStore(), { hiddenRoom: 10 })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })

  it('says when the room is full, and loses nothing', async () => {
    const store = memoryStore()
    const vault = await make(store, { hiddenRoom: 1024 })
    const add = (fill: number) =>
      vault.add({ kind: 'private-key', privateKey: new Uint8Array(32).fill(fill), label: 'x'.repeat(200) })
    await expect(
      (async () => {
        for (let i = 1; i < 20; i++) await add(i)
      })(),
    ).rejects.toMatchObject({ code: 'VAULT_FULL', details: { capacity: 1024 } })
    const known = vault.secrets.length
    const again = await open(store)
    await again.unlock({ password: PASSWORD })
    expect(again.secrets).toHaveLength(known)
  })
})
