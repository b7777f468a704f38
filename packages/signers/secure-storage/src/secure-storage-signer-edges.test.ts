import { memoryStore, nobleEngine, type Secret, type SignOptions } from '@coffer/core'
import { approvedKeyChainDraft, keyChain } from '@coffer/core/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  type CreateVaultOptions,
  createVault,
  type SecureStorageSignerOptions,
  secureStorageSigner,
  type Vault,
} from './index.ts'
import { CHEAP, MNEMONIC, OTHER, PASSWORD } from './vault.fixture.ts'

const stands = vi.hoisted(() => new WeakMap<Vault, Vault>())

vi.mock('./argon2.ts', () => import('./quick-argon2.fixture.ts'))
// A vault is frozen, and its signer takes no other object; here one may stand for it that counts its listeners.
vi.mock('./keeper.ts', async (original) => {
  const keeper = await original<typeof import('./keeper.ts')>()
  return { ...keeper, insideOf: (vault: Vault) => keeper.insideOf(stands.get(vault) ?? vault) }
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const words: Secret = { kind: 'mnemonic', mnemonic: MNEMONIC }
const make = (more: Partial<CreateVaultOptions> = {}): Promise<Vault> =>
  createVault({ store: memoryStore(), password: PASSWORD, secrets: [words], cost: CHEAP, ...more })

describe('the signer of a vault', () => {
  const base = keyChain(nobleEngine)
  const chain: typeof base = {
    ...base,
    cosign: async (draft, keys) => [(await base.sign(draft, keys)).raw],
  }
  const path = chain.path(0)
  const typedData = { a: 1 }

  /** A signer whose public key was asked for once, another that keeps its vault open, and all that it can be asked. */
  const begin = async (
    more: Partial<CreateVaultOptions> = {},
    unlock?: SecureStorageSignerOptions['unlock'],
  ) => {
    const vault = await make(more)
    const other = secureStorageSigner({ vault })
    const signer = secureStorageSigner({ vault, unlock })
    const key = await signer.publicKey(path)
    const draft = await approvedKeyChainDraft(key)
    const account = chain.describe(key)
    const calls = {
      publicKey: (options?: SignOptions) => signer.publicKey(path, options),
      sign: (options?: SignOptions) => signer.sign({ chain, draft }, options),
      cosign: (options?: SignOptions) => signer.cosign!({ chain, draft }, options),
      signMessage: (options?: SignOptions) => signer.signMessage!({ chain, account, message: 'a' }, options),
      signTypedData: (options?: SignOptions) => signer.signTypedData!({ chain, account, typedData }, options),
    }
    return { vault, other, signer, key, draft, calls }
  }

  it('signs in each way what that way signs', async () => {
    const { key, draft, calls } = await begin()
    const address = Buffer.from(key.publicKey).toString('hex')
    const signed = await calls.sign()
    chain.checkSigned(signed)
    const [signature = '', ...rest] = await calls.cosign()
    expect(rest).toEqual([])
    chain.checkSigned({ ...signed, raw: signature })
    expect(signed.txid).toBe(draft.payload)
    const verifies = (message: string, signature: string) =>
      chain.verifyMessage!({ address, message, signature })
    expect(verifies('a', await calls.signMessage())).toBe(true)
    expect(verifies(JSON.stringify(typedData), await calls.signTypedData())).toBe(true)
  })

  it('is disposed for good, while another keeps the vault open', async () => {
    const { vault, other, signer, calls } = await begin()
    signer.dispose()
    expect(vault.state).toBe('unlocked')
    for (const [name, call] of Object.entries(calls))
      await expect(call(), name).rejects.toMatchObject({ code: 'SIGNER_DISPOSED' })
    await other.publicKey(path)
    other.dispose()
    expect(vault.state).toBe('locked')
  })

  it('asks nobody to unlock once it is disposed', async () => {
    const unlock = vi.fn((vault: Vault) => vault.unlock({ password: PASSWORD }))
    const { vault, signer, calls } = await begin({}, unlock)
    vault.lock()
    signer.dispose()
    for (const [name, call] of Object.entries(calls))
      await expect(call(), name).rejects.toMatchObject({ code: 'SIGNER_DISPOSED' })
    expect(unlock).not.toHaveBeenCalled()
  })

  it('asks nobody to unlock for who has cancelled, nor says what it knows', async () => {
    const unlock = vi.fn((vault: Vault) => vault.unlock({ password: PASSWORD }))
    const { vault, calls } = await begin({}, unlock)
    vault.lock()
    for (const [name, call] of Object.entries(calls))
      await expect(call({ signal: AbortSignal.abort() }), name).rejects.toMatchObject({ code: 'ABORTED' })
    expect(unlock).not.toHaveBeenCalled()
    expect(vault.state).toBe('locked')
  })

  it('hands its signal on to the keys', async () => {
    const { calls } = await begin()
    for (const [name, call] of Object.entries(calls)) {
      const controller = new AbortController()
      const asked = call({ signal: controller.signal })
      controller.abort()
      await expect(asked, name).rejects.toMatchObject({ code: 'ABORTED' })
    }
  })

  it('says that the caller cancelled when that ends the question, which leaves the vault locked', async () => {
    const controller = new AbortController()
    const { vault, calls } = await begin({}, async () => controller.abort())
    vault.lock()
    await expect(calls.signMessage({ signal: controller.signal })).rejects.toMatchObject({ code: 'ABORTED' })
  })

  it('signs nothing when it is disposed while somebody unlocks', async () => {
    const { vault, signer, calls } = await begin({}, async (vault) => {
      await vault.unlock({ password: PASSWORD })
      signer.dispose()
    })
    vault.lock()
    await expect(calls.signMessage()).rejects.toMatchObject({ code: 'SIGNER_DISPOSED' })
    expect(vault.state).toBe('unlocked')
  })

  it('signs nothing when it is disposed in the meantime', async () => {
    const { vault, signer, calls } = await begin()
    const signing = calls.signMessage()
    signer.dispose()
    await expect(signing).rejects.toMatchObject({ code: 'SIGNER_DISPOSED' })
    expect(vault.state).toBe('unlocked')
  })

  it('gives no key when it is disposed while that is kept', async () => {
    const store = memoryStore()
    const { signer } = await begin({ store })
    const { set: write } = store
    const set = vi.spyOn(store, 'set').mockImplementationOnce((name, value) => {
      signer.dispose()
      return write(name, value)
    })
    await expect(signer.publicKey(chain.path(1))).rejects.toMatchObject({ code: 'SIGNER_DISPOSED' })
    expect(set).toHaveBeenCalled()
  })

  it('has a single key over a private key, and many over anything else', async () => {
    const privateKey = new Uint8Array(32).fill(9)
    const vault = await make({ secrets: [{ kind: 'private-key', privateKey }, words] })
    const [single, many] = vault.secrets
    expect(secureStorageSigner({ vault }).keys).toBe('single')
    expect(secureStorageSigner({ vault, secret: single!.id }).keys).toBe('single')
    expect(secureStorageSigner({ vault, secret: many!.id }).keys).toBe('hd')
    expect(secureStorageSigner({ vault: await make({ secrets: [] }) }).keys).toBe('hd')
    expect(secureStorageSigner({ vault, secret: '00' }).keys).toBe('hd')
  })

  it('puts idle time off whenever it is used', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true })
    const { vault, calls } = await begin({ autoLock: { idle: 60_000 } })
    for (const [name, call] of Object.entries(calls)) {
      vault.touch()
      await vi.advanceTimersByTimeAsync(40_000)
      await call()
      await vi.advanceTimersByTimeAsync(40_000)
      expect(vault.state, name).toBe('unlocked')
    }
    await vi.advanceTimersByTimeAsync(60_000)
    expect(vault.state).toBe('locked')
  })

  it('listens to the vault until it is disposed', async () => {
    const vault = await make()
    const listening = new Set<unknown>()
    const watched: Vault = Object.create(vault, {
      on: {
        value: (...[event, listener]: Parameters<Vault['on']>) => {
          listening.add(listener)
          const end = vault.on(event, listener as () => void)
          return () => {
            listening.delete(listener)
            end()
          }
        },
      },
    })
    stands.set(watched, vault)
    const signer = secureStorageSigner({ vault: watched })
    await signer.publicKey('m')
    expect(listening.size).toBe(1)
    signer.dispose()
    expect(listening.size).toBe(0)
  })

  it('is made where the platform has no Symbol.dispose', async () => {
    const vault = await make()
    vi.stubGlobal('Symbol', {})
    const signer = secureStorageSigner({ vault })
    vi.unstubAllGlobals()
    expect(Reflect.ownKeys(signer).sort()).toEqual(
      ['cosign', 'dispose', 'keys', 'name', 'publicKey', 'sign', 'signMessage', 'signTypedData'].sort(),
    )
    await signer.publicKey('m')
  })

  it('signs with the secret that it was made for', async () => {
    const vault = await make({ secrets: [words, { kind: 'mnemonic', mnemonic: OTHER }] })
    for (const { id, fingerprint } of vault.secrets)
      expect((await secureStorageSigner({ vault, secret: id }).publicKey(path)).fingerprint).toBe(fingerprint)
    expect(vault.secrets[0]!.fingerprint).not.toBe(vault.secrets[1]!.fingerprint)
  })
})
