import { describe, expect, it } from 'vitest'
import type { Draft } from './draft.ts'
import { CofferError } from './error.ts'
import { createOfflineWallet, findAccount, type OfflineConfig } from './offline.ts'
import { digestOf } from './policy-windows.ts'
import type { Signer, SignOptions } from './signer.ts'
import { memoryStore, type Store } from './store.ts'
import { type FakeChain, fakeChain, fakeDraft, signedOf } from './testing/fake-chain.ts'

const chain = fakeChain()
const asset = chain.coin.id
const refused = (code: string) => expect.objectContaining({ code })

function walletOf(
  config: Partial<OfflineConfig> = {},
  options: { keys?: Signer['keys']; fails?: boolean } = {},
) {
  const log: string[] = []
  const signals: (AbortSignal | undefined)[] = []
  const heard = ({ signal }: SignOptions = {}) => signals.push(signal)
  const signer: Signer = {
    name: 'fake',
    keys: options.keys ?? 'hd',
    publicKey: async (path, options) => {
      heard(options)
      return { publicKey: new Uint8Array(33), fingerprint: '00000000', path }
    },
    sign: async ({ draft }, given) => {
      heard(given)
      log.push('sign')
      if (options.fails) throw new CofferError({ code: 'SIGNER_REFUSED', message: 'No.' })
      return signedOf(draft)
    },
    dispose: () => log.push('dispose'),
  }
  return { log, signals, wallet: createOfflineWallet({ chains: [chain], signer, ...config }) }
}

describe('the path of an account', () => {
  it('is the chain’s for its index and type, or the caller’s own', async () => {
    const typed: FakeChain = {
      ...chain,
      path: (index, type = 'usual') => `m/${type}/${index}`,
      describe: ({ path }, type = 'usual') => `${type} ${path}`,
    }
    const { wallet } = walletOf({ chains: [typed] })
    expect(await wallet.describe('fake')).toBe('usual m/usual/0')
    expect(await wallet.describe('fake', { index: 5, type: 'rare' })).toBe('rare m/rare/5')
    expect(await wallet.describe('fake:1', { index: 0x7fffffff })).toBe('usual m/usual/2147483647')
    expect(await wallet.describe('fake', { path: 'm/7' })).toBe('usual m/7')
  })

  it.each([-1, 0x80000000, 0x80000001, 1.5, Number.NaN])('has no index %s', async (index) => {
    const { wallet } = walletOf()
    await expect(wallet.describe('fake', { index })).rejects.toEqual(refused('INVALID_PATH'))
    await expect(wallet.describe('fake', { index, path: 'm/0' })).rejects.toEqual(refused('INVALID_PATH'))
  })

  it('is m alone where the signer holds one key', async () => {
    const telling: FakeChain = { ...chain, describe: ({ path }) => path }
    const { wallet } = walletOf({ chains: [telling] }, { keys: 'single' })
    expect(await wallet.describe('fake')).toBe('m')
    expect(await wallet.describe('fake', { index: 0, path: 'm' })).toBe('m')
    for (const options of [{ index: 1 }, { path: 'm/0' }, { path: '' }, { index: 1, path: 'm' }])
      await expect(wallet.describe('fake', options), JSON.stringify(options)).rejects.toEqual(
        refused('INVALID_PATH'),
      )
  })
})

describe('a wallet without a network', () => {
  it('takes each chain once, by id and by name, and wipes its signer', () => {
    const twin = (fields: object) => () => walletOf({ chains: [chain, { ...chain, ...fields }] })
    expect(twin({ id: 'fake:2' })).toThrow(refused('INVALID_CHAIN'))
    expect(twin({ name: 'other' })).toThrow(refused('INVALID_CHAIN'))
    expect(twin({ id: 'fake:2', name: 'other' })).not.toThrow()
    const { wallet, log } = walletOf()
    wallet.dispose()
    expect(log).toEqual(['dispose'])
  })

  it('takes no policy that could not be held', () => {
    expect(() => walletOf({ policy: { maxFeePercent: -1 } })).toThrow(refused('INVALID_REQUEST'))
  })

  it('says which chains there are', async () => {
    const { wallet } = walletOf({ chains: [chain, { ...chain, id: 'fake:2', name: 'other' }] })
    await expect(wallet.describe('x')).rejects.toMatchObject({
      code: 'UNKNOWN_CHAIN',
      message: 'This wallet has no chain "x". It has: fake (fake:1), other (fake:2).',
    })
  })

  it('hands the signal on to whoever holds the keys', async () => {
    const { wallet, signals } = walletOf()
    const { signal } = new AbortController()
    await wallet.describe('fake', { signal })
    await wallet.sign(fakeDraft(chain), { signal })
    expect(signals).toEqual([signal, signal])
    expect(signals[0]).toBe(signal)
  })

  it('signs the same bytes one at a time, and others beside them', async () => {
    const names: string[] = []
    const store: Store = {
      ...memoryStore(),
      lock: async (key, task) => {
        names.push(key)
        return task()
      },
    }
    const { wallet } = walletOf({ store })
    await wallet.sign(fakeDraft(chain))
    expect(names[0]).toBe(`sign/${digestOf('bob:25:3')}`)
  })
})

describe('what a draft holds on its chain', () => {
  const limits = [{ asset, amount: 100n, seconds: 60 }]

  /** A chain that claims a nonce, and a store that tells when amounts are written. */
  function claiming(fields: Partial<FakeChain> = {}, fails = true) {
    const events: string[] = []
    const own: FakeChain = {
      ...chain,
      claim: async (draft) => {
        events.push(`claim ${draft.payload}`)
        return async () => void events.push('give back')
      },
      release: async (draft: Draft) => void events.push(`release ${draft.payload}`),
      ...fields,
    }
    const store = memoryStore()
    const telling: Store = {
      ...store,
      set: async (key, value) => {
        if (key.startsWith('policy/')) events.push(value.includes('"rows":[]') ? 'uncount' : 'count')
        return store.set(key, value)
      },
    }
    const { wallet } = walletOf({ chains: [own], store: telling, policy: { limits } }, { fails })
    return { wallet, events }
  }

  it('is claimed before it is signed, and kept', async () => {
    const { wallet, events } = claiming({}, false)
    await wallet.sign(fakeDraft(chain))
    expect(events).toEqual(['count', 'claim bob:25:3'])
  })

  it('is given back when no signature was made, the last first, and what else the draft held', async () => {
    const { wallet, events } = claiming()
    await expect(wallet.sign(fakeDraft(chain))).rejects.toMatchObject({ code: 'SIGNER_REFUSED' })
    expect(events).toEqual(['count', 'claim bob:25:3', 'give back', 'uncount', 'release bob:25:3'])
  })

  it('that cannot be claimed is not signed, and what was counted goes back', async () => {
    const taken = new CofferError({ code: 'NONCE_TAKEN' as never, message: 'Taken.' })
    const { wallet, events } = claiming({ claim: () => Promise.reject(taken) }, false)
    await expect(wallet.sign(fakeDraft(chain))).rejects.toBe(taken)
    expect(events).toEqual(['count', 'uncount', 'release bob:25:3'])
  })

  it('and that cannot be given back hides no reason, and keeps nothing else', async () => {
    const broken = () => Promise.reject(new Error('The disk is broken.'))
    const { wallet, events } = claiming({ claim: async () => broken, release: broken })
    await expect(wallet.sign(fakeDraft(chain))).rejects.toMatchObject({ code: 'SIGNER_REFUSED' })
    expect(events).toEqual(['count', 'uncount'])
  })
})

describe('the chain of an account', () => {
  const readsAll = (id: string, name: string) => ({ ...chain, id, name }) as unknown as FakeChain
  const one = readsAll('fake:1', 'one')
  const long = readsAll('fakefake:aB-_9', 'long')
  const idOf = (text: string, name?: string, chains = [one, long]) =>
    findAccount(chains, text, ...(name === undefined ? [] : [name])).chain.name

  it('is the one that its text begins with, after the origin of its key', () => {
    expect(idOf('fake:1:me')).toBe('one')
    expect(idOf('fakefake:aB-_9:me')).toBe('long')
    expect(idOf('[00000000/84h/0h]fakefake:aB-_9:me')).toBe('long')
    expect(idOf('[]fakefake:aB-_9:me')).toBe('long')
    expect(() => idOf('fake:2:me')).toThrow(refused('UNKNOWN_CHAIN'))
    const wide = readsAll(`fake:${'a'.repeat(32)}`, 'wide')
    expect(idOf(`fake:${'a'.repeat(32)}:me`, undefined, [one, wide])).toBe('wide')
  })

  it('is not one that is named further on', () => {
    for (const text of ['me fake:1:me', 'x[0]fake:1:me', '[0] fake:1:me', '[0]]fake:1:me', 'me'])
      expect(() => idOf(text), text).toThrow(refused('INVALID_ACCOUNT'))
  })

  it('is the one that the caller names, whatever the text says', () => {
    expect(idOf('fake:1:me', 'long')).toBe('long')
    expect(idOf('me', 'fake:1')).toBe('one')
    expect(() => idOf('me', 'none')).toThrow(refused('UNKNOWN_CHAIN'))
  })

  it('is the only one, or the only one that can read it; several or none are refused, with different words', () => {
    const picky = {
      ...long,
      parseAccount: (text: string) => {
        if (text !== 'xpub') throw new CofferError({ code: 'INVALID_ACCOUNT', message: 'No.' })
        return `canonical ${text}`
      },
    }
    const third = { ...picky, name: 'third', parseAccount: (text: string) => `third ${text}` }
    expect(findAccount([picky], 'xpub')).toEqual({ chain: picky, descriptor: 'canonical xpub' })
    expect(() => findAccount([picky], 'me')).toThrow('No.')
    expect(findAccount([picky, third], 'me')).toEqual({ chain: third, descriptor: 'third me' })
    expect(() => findAccount([one, picky, third], 'xpub')).toThrow(
      expect.objectContaining({
        code: 'INVALID_ACCOUNT',
        message: 'This account could be of one or long or third. Say which.',
      }),
    )
    expect(() => findAccount([picky, { ...picky }], 'me')).toThrow(
      expect.objectContaining({
        code: 'INVALID_ACCOUNT',
        message:
          'No chain of this wallet can read this account. Give it with its chain, such as "eip155:1:0x…".',
      }),
    )
  })
})
