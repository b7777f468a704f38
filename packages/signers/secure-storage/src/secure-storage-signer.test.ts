import { createWallet, memoryStore, nobleEngine } from '@coffer/core'
import { keyChain, keyChainDraft, signerConformance } from '@coffer/core/testing'
import { ethereum } from '@coffer/evm'
import { softwareSigner } from '@coffer/signer-software'
import { describe, expect, it, vi } from 'vitest'
import { createVault, openVault, secureStorageSigner, type Vault } from './index.ts'
import { CHEAP, MNEMONIC, PASSWORD } from './vault.fixture.ts'

vi.mock('./argon2.ts', () => import('./quick-argon2.fixture.ts'))

const chain = keyChain(nobleEngine)
const draft = keyChainDraft

const make = (store = memoryStore(), more = {}): Promise<Vault> =>
  createVault({
    store,
    password: PASSWORD,
    secrets: [
      { kind: 'mnemonic', mnemonic: MNEMONIC },
      { kind: 'private-key', privateKey: new Uint8Array(32).fill(9) },
    ],
    cost: CHEAP,
    ...more,
  })

signerConformance(
  { describe, it },
  {
    name: 'secureStorageSigner over words',
    make: async () => secureStorageSigner({ vault: await make() }),
    chain,
    paths: [chain.path(0), chain.path(1)],
    draft,
    address: ({ publicKey }) => Buffer.from(publicKey).toString('hex'),
    typedData: { a: 1 },
  },
)

signerConformance(
  { describe, it },
  {
    name: 'secureStorageSigner over a key',
    make: async () => {
      const vault = await make()
      return secureStorageSigner({ vault, secret: vault.secrets[1]!.id })
    },
    chain,
    paths: ['m'],
    draft,
  },
)

describe('secureStorageSigner', () => {
  it('gives the keys that a software signer gives', async () => {
    const software = softwareSigner({ mnemonic: MNEMONIC })
    const signer = secureStorageSigner({ vault: await make() })
    for (const path of ['m', 'm/84h/0h/0h', 'm/44h/60h/0h/0/0'])
      expect(await signer.publicKey(path)).toEqual(await software.publicKey(path))
  })

  it('knows what was asked for once while the vault is locked, so that accounts open', async () => {
    const store = memoryStore()
    const first = await make(store)
    const wallet = createWallet({ chains: [ethereum()], signer: secureStorageSigner({ vault: first }) })
    const descriptor = await wallet.describe('ethereum')
    wallet.dispose()
    expect(first.state).toBe('locked')

    const vault = await openVault({ store, cost: CHEAP })
    const later = createWallet({ chains: [ethereum()], signer: secureStorageSigner({ vault }) })
    expect(await later.describe('ethereum')).toBe(descriptor)
    expect(vault.state).toBe('locked')
    await expect(later.describe('ethereum', { index: 1 })).rejects.toMatchObject({ code: 'VAULT_LOCKED' })
  })

  it('shows nothing while it is locked when it was made so', async () => {
    const store = memoryStore()
    const made = await make(store, { showWhileLocked: false })
    await secureStorageSigner({ vault: made }).publicKey('m/44h/60h/0h/0/0')
    const vault = await openVault({ store, cost: CHEAP })
    expect(vault.secrets).toEqual([])
    expect((await store.get('vault'))!).not.toContain('44h')
    await expect(secureStorageSigner({ vault }).publicKey('m')).rejects.toMatchObject({
      code: 'VAULT_LOCKED',
    })
    await vault.unlock({ password: PASSWORD })
    expect(vault.secrets).toHaveLength(2)
    await secureStorageSigner({ vault }).publicKey('m')
  })

  it('asks to unlock when a key is needed, once', async () => {
    const store = memoryStore()
    await make(store)
    const vault = await openVault({ store, cost: CHEAP })
    let asked = 0
    const signer = secureStorageSigner({
      vault,
      unlock: async (vault) => {
        asked++
        await vault.unlock({ password: PASSWORD })
      },
    })
    const key = await signer.publicKey(chain.path(0))
    await signer.publicKey(chain.path(1))
    expect(asked).toBe(1)
    vault.lock()
    expect(await signer.publicKey(chain.path(0))).toEqual(key)
    expect(asked).toBe(1)
    await signer.signMessage!({ chain, account: chain.describe(key), message: 'a' })
    expect(asked).toBe(2)
  })

  it('says when the vault locks before it is done, and signs again after it was unlocked', async () => {
    const vault = await make()
    const signer = secureStorageSigner({ vault })
    const account = chain.describe(await signer.publicKey(chain.path(0)))
    const signing = signer.signMessage!({ chain, account, message: 'a' })
    vault.lock()
    await expect(signing).rejects.toMatchObject({ code: 'VAULT_LOCKED' })
    await expect(signer.signMessage!({ chain, account, message: 'a' })).rejects.toMatchObject({
      code: 'VAULT_LOCKED',
    })
    await vault.unlock({ password: PASSWORD })
    await signer.signMessage!({ chain, account, message: 'a' })
  })

  it('locks the vault when the last of its signers is disposed', async () => {
    const vault = await make()
    const [one, two] = [secureStorageSigner({ vault }), secureStorageSigner({ vault })]
    one.dispose()
    one.dispose()
    expect(vault.state).toBe('unlocked')
    two.dispose()
    expect(vault.state).toBe('locked')
  })

  it('writes many new keys at once', async () => {
    let writes = 0
    const memory = memoryStore()
    const store = {
      ...memory,
      set: (key: string, value: string) => {
        writes++
        return memory.set(key, value)
      },
    }
    const vault = await make(store)
    const signer = secureStorageSigner({ vault })
    writes = 0
    await Promise.all(Array.from({ length: 50 }, (_, i) => signer.publicKey(chain.path(i))))
    expect(writes).toBeLessThan(12)
    const again = secureStorageSigner({ vault: await openVault({ store, cost: CHEAP }) })
    expect(await again.publicKey(chain.path(49))).toEqual(await signer.publicKey(chain.path(49)))
  })

  it('needs a vault and one of its secrets', async () => {
    expect(() => secureStorageSigner({ vault: {} as Vault })).toThrow(/no vault/)
    const vault = await make()
    await expect(secureStorageSigner({ vault, secret: '00' }).publicKey('m')).rejects.toMatchObject({
      code: 'NO_SIGNER',
    })
  })
})
