import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { assertApproved } from './approve.ts'
import { cosigning } from './cosigning.ts'
import { CofferError } from './error.ts'
import { createOfflineWallet } from './offline.ts'
import type { Policy } from './policy.ts'
import type { Ask, Question } from './policy-ask.ts'
import { cancelDelay, readDelays } from './policy-delay.ts'
import type { Signer } from './signer.ts'
import type { Source, Sources } from './source.ts'
import { memoryStore, type Store } from './store.ts'
import { fakeChain, fakeDraft, signedOf } from './testing/fake-chain.ts'
import { createWallet } from './wallet.ts'

const chain = fakeChain()
const asset = chain.coin.id
const source: Sources = { for: (id) => ({ family: 'fake', chain: id }) as Source }
const DAY = 86_400

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-01-01T00:00:00Z') })
})
afterEach(() => {
  vi.useRealTimers()
})

function walletOf(policy: Policy, options: { store?: Store; fails?: () => boolean } = {}) {
  const { store = memoryStore(), fails = () => false } = options
  const signer: Signer & { signed: number } = {
    name: 'fake',
    keys: 'hd',
    signed: 0,
    publicKey: async (path) => ({ publicKey: new Uint8Array(33), fingerprint: '00000000', path }),
    sign: async ({ draft }) => {
      assertApproved(draft)
      if (fails()) throw new CofferError({ code: 'SIGNER_REFUSED', message: 'The person said no.' })
      signer.signed++
      return signedOf(draft)
    },
    signMessage: async () => {
      if (fails()) throw new CofferError({ code: 'SIGNER_REFUSED', message: 'The person said no.' })
      signer.signed++
      return 'signature'
    },
    dispose: () => {},
  }
  return { store, signer, wallet: createWallet({ chains: [chain], source, signer, policy, store }) }
}

const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000)

describe('a step that asks', () => {
  it('shows what would be signed, in sentences, and signs after a yes', async () => {
    const questions: Question[] = []
    const ask: Ask = async (question) => {
      questions.push(question)
      return true
    }
    const { wallet, signer } = walletOf({ steps: [{ ask }] })
    const draft = fakeDraft(chain)
    await wallet.sign(draft)
    expect(signer.signed).toBe(1)
    expect(questions).toMatchObject([
      {
        chain: 'fake:1',
        account: draft.account,
        effects: draft.effects,
      },
    ])
    await wallet.sign(fakeDraft(chain, { fee: 4n }))
    expect(questions[0]!.id).toMatch(/^[0-9a-f]{64}$/)
    expect(questions[1]!.id).not.toBe(questions[0]!.id)
  })

  it.each([false, 1, 'true', undefined, {}])(
    'takes %s for a no, and gives back what was counted',
    async (answer) => {
      const policy: Policy = {
        limits: [{ asset, amount: 34n, seconds: DAY }],
        steps: [{ ask: (async () => answer) as unknown as Ask }],
      }
      const { wallet, signer, store } = walletOf(policy)
      await expect(wallet.sign(fakeDraft(chain))).rejects.toMatchObject({
        code: 'POLICY_REFUSED',
        details: { rule: 'ask' },
      })
      expect(signer.signed).toBe(0)
      await walletOf({ limits: policy.limits! }, { store }).wallet.sign(fakeDraft(chain, { fee: 9n }))
    },
  )

  it('throws on what it throws, hears of an abort, and is not asked for what the rules refuse', async () => {
    const own = new Error('the server is down')
    let asked = 0
    const { wallet } = walletOf({
      recipients: ['fake:1:bob'],
      steps: [
        {
          ask: async (_, { signal }) => {
            asked++
            if (signal?.aborted) throw new CofferError({ code: 'ABORTED', message: 'Cancelled.' })
            throw own
          },
        },
      ],
    })
    await expect(wallet.sign(fakeDraft(chain))).rejects.toBe(own)
    await expect(wallet.sign(fakeDraft(chain), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    })
    await expect(wallet.sign(fakeDraft(chain, { to: 'eve' }))).rejects.toMatchObject({
      details: { rule: 'recipients' },
    })
    expect(asked).toBe(2)
  })

  it('asks each step that is due, in order, and stops at the first no', async () => {
    const asked: number[] = []
    const step = (n: number, answer: boolean) => ({ ask: async () => asked.push(n) > 0 && answer })
    await walletOf({ steps: [step(1, true), { delay: 0.001 }, step(2, true)] })
      .wallet.sign(fakeDraft(chain))
      .catch(() => {})
    expect(asked).toEqual([])
    const { wallet } = walletOf({ steps: [step(1, true), step(2, false), step(3, true)] })
    await expect(wallet.sign(fakeDraft(chain))).rejects.toMatchObject({ details: { rule: 'ask' } })
    expect(asked).toEqual([1, 2])
  })

  it('asks who stands in several steps once', async () => {
    let asked = 0
    const ask: Ask = async () => ++asked > 0
    await walletOf({ steps: [{ ask }, { ask, when: { newRecipient: true } }] }).wallet.sign(fakeDraft(chain))
    expect(asked).toBe(1)
  })

  it('asks before a message, too, and shows it', async () => {
    const questions: Question[] = []
    const ask: Ask = async (question) => questions.push(question) < 3
    const { wallet, signer } = walletOf({ steps: [{ ask }, { when: { newRecipient: true }, delay: 9 }] })
    const account = { descriptor: 'fake:1:me', chain: chain.id }
    await wallet.signMessage(account, 'log in as "me"')
    await wallet.signMessage(account, new Uint8Array([1, 2, 3]))
    await expect(wallet.signMessage(account, 'third')).rejects.toMatchObject({ details: { rule: 'ask' } })
    expect(questions.map(({ message }) => message)).toEqual([
      'Sign the message "log in as "me""',
      'Sign the message of 3 bytes',
      'Sign the message "third"',
    ])
    expect(new Set(questions.map(({ id }) => id)).size).toBe(3)
    expect(signer.signed).toBe(2)
  })

  it('works in a wallet without a network', async () => {
    const { signer } = walletOf({})
    const wallet = createOfflineWallet({
      chains: [chain],
      signer,
      policy: { steps: [{ ask: async () => false }] },
    })
    await expect(wallet.sign(fakeDraft(chain))).rejects.toMatchObject({ details: { rule: 'ask' } })
  })
})

describe('a step that waits', () => {
  const policy: Policy = { steps: [{ when: { above: { asset, amount: 20n } }, delay: DAY }] }

  it('signs only after its time, counted from when it was first asked for, whatever the fee', async () => {
    const { wallet, store, signer } = walletOf(policy)
    await wallet.sign(fakeDraft(chain, { amount: 20n }))
    await expect(wallet.sign(fakeDraft(chain))).rejects.toMatchObject({
      code: 'POLICY_DELAYED',
      retryable: true,
      message:
        'The policy lets this be signed 86400 s after it was first asked for: ask again after 2026-01-02T00:00:00.000Z. Nothing was signed.',
      details: { since: 1_767_225_600, until: 1_767_225_600 + DAY },
    })
    pass(DAY - 1)
    await expect(wallet.sign(fakeDraft(chain, { fee: 7n }))).rejects.toMatchObject({
      code: 'POLICY_DELAYED',
    })
    pass(1)
    // Another process, after a restart.
    await walletOf(policy, { store }).wallet.sign(fakeDraft(chain, { fee: 9n }))
    expect(signer.signed).toBe(1)
    expect(await readDelays(store)).toEqual([])
  })

  it('lets one pass and no second, nor another amount or recipient', async () => {
    const { wallet } = walletOf(policy)
    const delayed = { code: 'POLICY_DELAYED' }
    await expect(wallet.sign(fakeDraft(chain))).rejects.toMatchObject(delayed)
    pass(DAY)
    await expect(wallet.sign(fakeDraft(chain, { amount: 26n }))).rejects.toMatchObject(delayed)
    await expect(wallet.sign(fakeDraft(chain, { to: 'eve' }))).rejects.toMatchObject(delayed)
    await expect(
      wallet.sign(fakeDraft(chain, { descriptor: '[00000000/1]fake:1:me' })),
    ).rejects.toMatchObject(delayed)
    const results = await Promise.allSettled([
      wallet.sign(fakeDraft(chain)),
      wallet.sign(fakeDraft(chain, { fee: 5n })),
    ])
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  it('is not used up by a signature that was not made', async () => {
    let fails = true
    const { wallet, store } = walletOf(policy, { fails: () => fails })
    await expect(wallet.sign(fakeDraft(chain))).rejects.toMatchObject({ code: 'POLICY_DELAYED' })
    pass(DAY)
    await expect(wallet.sign(fakeDraft(chain))).rejects.toMatchObject({ code: 'SIGNER_REFUSED' })
    expect(await readDelays(store)).toHaveLength(1)
    fails = false
    await wallet.sign(fakeDraft(chain))
  })

  it('shows its owner what waits, and forgets it when told to', async () => {
    const { wallet, store } = walletOf(policy)
    await expect(wallet.sign(fakeDraft(chain, { to: 'eve' }))).rejects.toThrow()
    pass(10)
    await expect(wallet.sign(fakeDraft(chain))).rejects.toThrow()
    const [first, second] = await readDelays(store)
    expect(first).toMatchObject({ chain: 'fake:1', list: fakeDraft(chain, { to: 'eve' }).effects.list })
    expect(second!.until).toBe(first!.until + 10)
    await cancelDelay(store, first!.id)
    pass(2 * DAY)
    await expect(wallet.sign(fakeDraft(chain, { to: 'eve' }))).rejects.toMatchObject({
      code: 'POLICY_DELAYED',
    })
    await wallet.sign(fakeDraft(chain))
  })

  it('is for so much at most: a sweep may pay less after it, and never more', async () => {
    const { wallet, store } = walletOf({ steps: [{ delay: DAY }] })
    await expect(wallet.sign(fakeDraft(chain, { amount: 20n }))).rejects.toMatchObject({
      code: 'POLICY_DELAYED',
    })
    pass(DAY)
    await expect(wallet.sign(fakeDraft(chain, { amount: 21n }))).rejects.toMatchObject({
      code: 'POLICY_DELAYED',
      details: { since: Math.floor(Date.now() / 1000) },
    })
    expect(await readDelays(store)).toHaveLength(2)
    await wallet.sign(fakeDraft(chain, { amount: 19n }))
    expect(await readDelays(store)).toHaveLength(1)
    pass(DAY)
    await wallet.sign(fakeDraft(chain, { amount: 21n }))
    expect(await readDelays(store)).toEqual([])
  })

  it('is of what is done, whatever an intent holds beside: many writings of one deed make one wait', async () => {
    const { wallet, store } = walletOf({ steps: [{ delay: DAY }] })
    for (let junk = 0; junk < 5; junk++) {
      const draft = fakeDraft(chain)
      const more = { ...draft, intent: { ...draft.intent, junk } }
      await expect(wallet.sign(more)).rejects.toMatchObject({ code: 'POLICY_DELAYED' })
    }
    expect(await readDelays(store)).toHaveLength(1)
    pass(DAY)
    await wallet.sign(fakeDraft(chain))
    await expect(wallet.sign(fakeDraft(chain, { fee: 9n }))).rejects.toMatchObject({ code: 'POLICY_DELAYED' })
  })

  it('takes a longer delay that the policy has got meanwhile', async () => {
    const { wallet, store } = walletOf({ steps: [{ delay: DAY }] })
    await expect(wallet.sign(fakeDraft(chain))).rejects.toThrow()
    pass(DAY)
    const strict = walletOf({ steps: [{ delay: 3 * DAY }] }, { store })
    await expect(strict.wallet.sign(fakeDraft(chain))).rejects.toMatchObject({ code: 'POLICY_DELAYED' })
    pass(2 * DAY)
    await strict.wallet.sign(fakeDraft(chain))
  })

  it('lapses when it is not used for a week, and cannot be kept ready for years', async () => {
    const { wallet } = walletOf(policy)
    await expect(wallet.sign(fakeDraft(chain))).rejects.toThrow()
    pass(DAY + 7 * DAY + 1)
    await expect(wallet.sign(fakeDraft(chain))).rejects.toMatchObject({ code: 'POLICY_DELAYED' })
    pass(DAY + 7 * DAY)
    await wallet.sign(fakeDraft(chain))
  })

  it('G13: a clock that was set back begins anew instead of waiting for years; one that is spoilt proves nothing', async () => {
    const { wallet, store } = walletOf(policy)
    pass(365 * DAY)
    await expect(wallet.sign(fakeDraft(chain))).rejects.toThrow()
    pass(-365 * DAY)
    await expect(wallet.sign(fakeDraft(chain))).rejects.toMatchObject({
      details: { until: Math.floor(Date.now() / 1000) + DAY },
    })
    pass(DAY)
    const [key] = await store.keys('policy/delay/')
    for (const spoilt of ['{', '{"since":"0"}', '[]']) {
      await store.set(key!, spoilt)
      await expect(wallet.sign(fakeDraft(chain))).rejects.toMatchObject({ code: 'POLICY_DELAYED' })
    }
  })

  it('waits for the longest of the steps that are due, and for messages as well', async () => {
    const { wallet } = walletOf({ steps: [{ delay: 5 }, { delay: 50 }, { delay: 20 }] })
    const account = { descriptor: 'fake:1:me', chain: chain.id }
    await expect(wallet.signMessage(account, 'hi')).rejects.toMatchObject({ code: 'POLICY_DELAYED' })
    pass(49)
    await expect(wallet.signMessage(account, 'hi')).rejects.toMatchObject({ code: 'POLICY_DELAYED' })
    await expect(wallet.signMessage(account, 'ho')).rejects.toMatchObject({ code: 'POLICY_DELAYED' })
    pass(1)
    expect(await wallet.signMessage(account, 'hi')).toBe('signature')
  })

  it('counts nothing in the windows while it waits', async () => {
    const { wallet } = walletOf({ ...policy, limits: [{ asset, amount: 28n, seconds: 10 * DAY }] })
    await expect(wallet.sign(fakeDraft(chain))).rejects.toMatchObject({ code: 'POLICY_DELAYED' })
    await wallet.sign(fakeDraft(chain, { amount: 20n }))
    pass(DAY)
    await expect(wallet.sign(fakeDraft(chain))).rejects.toMatchObject({ details: { rule: 'limit' } })
  })
})

describe('G1: paying a new recipient a little first', () => {
  it('does not make him known to a step that wants time for more', async () => {
    const step = { when: { newRecipient: true, above: { asset, amount: 20n } }, delay: DAY } as const
    const { wallet } = walletOf({ steps: [step] })
    await wallet.sign(fakeDraft(chain, { amount: 1n }))
    await expect(wallet.sign(fakeDraft(chain, { amount: 21n }))).rejects.toMatchObject({
      code: 'POLICY_DELAYED',
    })
    pass(DAY)
    await wallet.sign(fakeDraft(chain, { amount: 21n }))
    await wallet.sign(fakeDraft(chain, { amount: 30n }))
  })
})

describe('counting', () => {
  const limits = [{ asset, amount: 60n, seconds: DAY }]

  it('is by account: the same bytes of two accounts are two payments', async () => {
    const { wallet } = walletOf({ limits })
    await wallet.sign(fakeDraft(chain))
    await wallet.sign(fakeDraft(chain, { descriptor: '[00000000/1]fake:1:me' }))
    await expect(
      wallet.sign(fakeDraft(chain, { descriptor: '[00000000/2]fake:1:me' })),
    ).rejects.toMatchObject({ details: { rule: 'limit' } })
  })

  it('shares one store among the parts of one configuration', async () => {
    const { signer } = walletOf({})
    const config = {
      chains: [{ ...chain, cosign: async () => ['signature'] }],
      signer: { ...signer, cosign: async () => ['signature'] },
      policy: { limits },
    }
    const wallet = { ...createOfflineWallet(config), ...cosigning(config) }
    await wallet.cosign(fakeDraft(chain))
    await wallet.cosign(fakeDraft(chain, { fee: 4n }))
    await expect(wallet.cosign(fakeDraft(chain, { fee: 5n }))).rejects.toMatchObject({
      details: { rule: 'limit' },
    })
    await expect(wallet.sign(fakeDraft(chain, { fee: 5n }))).rejects.toMatchObject({
      details: { rule: 'limit' },
    })
    expect(() => cosigning({ ...config, policy: { maxFeePercent: 0.5 } })).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    )
  })

  it('takes out only what was not signed, also of one message that is signed twice at once', async () => {
    const { list } = fakeDraft(chain, { amount: 50n }).effects
    const typed = { ...chain, inspectTypedData: () => ({ list, warnings: [] }) }
    const signer: Signer = {
      ...walletOf({}).signer,
      signTypedData: async (_, { signal } = {}) => {
        if (signal?.aborted) throw new CofferError({ code: 'ABORTED', message: 'Cancelled.' })
        return 'signature'
      },
    }
    const wallet = createWallet({ chains: [typed], signer, policy: { limits } })
    const account = { descriptor: 'fake:1:me', chain: chain.id }
    const results = await Promise.allSettled([
      wallet.signTypedData(account, { permit: 1 }, { signal: AbortSignal.abort() }),
      wallet.signTypedData(account, { permit: 1 }),
    ])
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
    await expect(wallet.signTypedData(account, { permit: 2 })).rejects.toMatchObject({
      details: { rule: 'limit' },
    })
  })

  it('keeps what was signed when the store fails afterwards', async () => {
    const store = memoryStore()
    const failing: Store = {
      ...store,
      set: async (key, value) => {
        if (key.startsWith('contacts/')) throw new CofferError({ code: 'STORE_FAILED', message: 'Full.' })
        return store.set(key, value)
      },
    }
    const { wallet } = walletOf({ limits }, { store: failing })
    await wallet.sign(fakeDraft(chain))
    await wallet.sign(fakeDraft(chain, { fee: 4n }))
    await expect(wallet.sign(fakeDraft(chain, { fee: 5n }))).rejects.toMatchObject({
      details: { rule: 'limit' },
    })
  })
})

it('shows a message as it is, without what hides or turns text, and not without end', async () => {
  const said: string[] = []
  const ask: Ask = async ({ message }) => said.push(message!) > 0
  const { wallet } = walletOf({ steps: [{ ask }] })
  const account = { descriptor: 'fake:1:me', chain: chain.id }
  await wallet.signMessage(account, 'pay \u202eevil\u2028\u200b\n')
  await wallet.signMessage(account, 'x'.repeat(5_000), { address: 'second' })
  expect(said).toEqual([
    'Sign the message "pay \\u{202e}evil\\u{2028}\\u{200b}\\u{a}"',
    `Sign the message "${'x'.repeat(1_000)}" and 4000 more characters as second`,
  ])
})

it('refuses steps that could not be held', () => {
  const steps: unknown[] = [
    {},
    { when: { newRecipient: true } },
    { delay: 0 },
    { delay: Number.POSITIVE_INFINITY },
    { delay: -1 },
    { ask: true },
    { ask: async () => true, delay: '5' },
    { delay: 5, when: { above: { asset, amount: 5 } } },
    { delay: 5, when: { above: { asset, amount: -5n } } },
    { delay: 5, when: { newRecipient: false } },
    { delay: 5, when: { effects: [] } },
    { delay: 5, when: { effects: 'call' } },
    { delay: 5, when: { effects: ['calls'] } },
  ]
  for (const step of steps)
    expect(
      () => walletOf({ steps: [step as never] }),
      JSON.stringify(step, (_, v) => String(v)),
    ).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  expect(() =>
    walletOf({ steps: [{ delay: 5, when: { above: { asset: 'x' as never, amount: 5n } } }] }),
  ).toThrow(expect.objectContaining({ code: 'INVALID_ASSET' }))
})
