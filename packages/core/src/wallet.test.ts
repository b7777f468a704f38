import { describe, expect, expectTypeOf, it } from 'vitest'
import { assertApproved, authorise } from './approve.ts'
import type { Draft } from './draft.ts'
import { CofferError } from './error.ts'
import type { Policy } from './policy.ts'
import type { Signer } from './signer.ts'
import type { Source, Sources } from './source.ts'
import { memoryStore } from './store.ts'
import { type FakeWorld, fakeChain, fakeDraft, signedOf } from './testing/fake-chain.ts'
import { createWallet, type WatchWallet } from './wallet.ts'

const source: Sources = { for: (chain) => ({ family: 'fake', chain }) as Source }

function fakeSigner(change: (draft: Draft) => Draft = (draft) => draft): Signer & { signed: number } {
  const signer = {
    name: 'fake',
    keys: 'hd' as const,
    signed: 0,
    publicKey: async (path: string) => ({ publicKey: new Uint8Array(33), fingerprint: '00000000', path }),
    sign: async ({ draft }: { draft: Draft }) => {
      assertApproved(change(draft))
      signer.signed++
      return signedOf(draft)
    },
    dispose: () => {},
  }
  return signer
}

function world(policy: Policy = {}) {
  const state: FakeWorld = { published: [], states: [{ state: 'unknown' }] }
  const chain = fakeChain(state)
  const signer = fakeSigner()
  const store = memoryStore()
  return {
    state,
    chain,
    signer,
    store,
    wallet: createWallet({ chains: [chain], source, signer, policy, store }),
  }
}

describe('createWallet', () => {
  it('goes the four steps', async () => {
    const { wallet, state } = world()
    const account = await wallet.account('fake')
    const draft = await account.create({ to: 'bob', amount: 25n })
    expect(draft.effects.list).toEqual([
      { kind: 'transfer', asset: 'fake:1/slip44:1', from: 'me', to: 'bob', amount: 25n },
    ])
    const payment = await wallet.publish(await wallet.sign(draft))
    expect(state.published).toEqual(['bob:25:3'])
    expect(payment.txid).toBe('bob:25:3')
  })

  it('has no way to send without a signer, as a type and at run time', () => {
    const watching = createWallet({ chains: [fakeChain()], source })
    expectTypeOf(watching).toExtend<WatchWallet>()
    expectTypeOf(watching).not.toHaveProperty('sign')
    expect('sign' in watching).toBe(false)
    expect('account' in watching).toBe(false)
  })

  it('knows its chains by id and by name, and says which there are', async () => {
    const { wallet } = world()
    expect(wallet.chain('fake:1')).toBe(wallet.chain('fake'))
    await expect(wallet.account('bitcoin' as 'fake')).rejects.toThrow(
      'This wallet has no chain "bitcoin". It has: fake (fake:1).',
    )
    expect(() => createWallet({ chains: [fakeChain(), fakeChain()] })).toThrow(
      expect.objectContaining({ code: 'INVALID_CHAIN' }),
    )
  })

  it('G12: remembers a payment before it sends it, forgets a refused one, and keeps one whose fate is unknown', async () => {
    const { wallet, state, chain } = world()
    const signed = await wallet.sign(fakeDraft(chain))
    state.publishError = new CofferError({ code: 'BROADCAST_UNKNOWN', message: 'lost', retryable: true })
    await expect(wallet.publish(signed)).rejects.toMatchObject({ code: 'BROADCAST_UNKNOWN' })
    expect((await wallet.payments()).map((payment) => payment.txid)).toEqual([signed.txid])
    state.publishError = new CofferError({ code: 'BROADCAST_REJECTED', message: 'no' })
    await expect(wallet.publish(signed)).rejects.toMatchObject({ code: 'BROADCAST_REJECTED' })
    expect(await wallet.payments()).toHaveLength(1)
    const other = await wallet.sign(fakeDraft(chain, { fee: 2n }))
    await expect(wallet.publish(other)).rejects.toMatchObject({ code: 'BROADCAST_REJECTED' })
    expect((await wallet.payments()).map((payment) => payment.txid)).toEqual([signed.txid])
    delete state.publishError
    await wallet.publish(signed)
    await wallet.publish(signed)
    expect(state.published).toEqual([signed.txid, signed.txid])
    state.states = [
      { state: 'mined', height: 1, hash: 'a', confirmations: 3, ok: true, final: true, fee: 3n },
    ]
    const [payment] = await wallet.payments()
    await payment!.confirmed()
    expect(await wallet.payments()).toEqual([])
  })
})

describe('signing', () => {
  it('refuses a draft whose bytes are not what its intent makes', async () => {
    const { wallet, chain, signer } = world()
    const draft = fakeDraft(chain)
    const evil = { ...draft, payload: 'eve:25:3' }
    await expect(wallet.sign(evil)).rejects.toMatchObject({ code: 'DRAFT_MISMATCH' })
    const travelled = { ...(JSON.parse(JSON.stringify(draft)) as object), payload: 'bob:2500:3' }
    await expect(wallet.sign(wallet.draft(travelled))).rejects.toMatchObject({ code: 'DRAFT_MISMATCH' })
    expect(signer.signed).toBe(0)
  })

  it('signs from effects that it recomputed, whatever the draft says of itself', async () => {
    const { wallet, chain } = world({ recipients: ['fake:1:alice'] })
    const draft = fakeDraft(chain)
    const harmless = { ...draft, effects: { ...draft.effects, list: [] } }
    await expect(wallet.sign(harmless)).rejects.toMatchObject({
      code: 'POLICY_REFUSED',
      details: { rule: 'recipients' },
    })
  })

  it('refuses to pass an approval on to other bytes', async () => {
    const { chain, store } = world()
    const { draft } = await authorise({ chain, draft: fakeDraft(chain), policy: {}, accept: [], store })
    expect(() => assertApproved(draft)).not.toThrow()
    expect(() => assertApproved({ ...draft, payload: 'eve:25:3' })).toThrow(
      expect.objectContaining({ code: 'NOT_APPROVED' }),
    )
    expect(() => assertApproved({ ...draft })).toThrow(expect.objectContaining({ code: 'NOT_APPROVED' }))
    expect(() => assertApproved(fakeDraft(chain))).toThrow(expect.objectContaining({ code: 'NOT_APPROVED' }))
  })

  it('round-trips drafts and signed transactions through JSON, and refuses what was bent', async () => {
    const { wallet, chain } = world()
    const draft = fakeDraft(chain)
    expect(wallet.draft(JSON.stringify(draft))).toEqual(draft)
    const signed = await wallet.sign(draft)
    expect(wallet.signed(JSON.stringify(signed))).toEqual(signed)
    const json = JSON.parse(JSON.stringify(draft)) as Record<string, unknown>
    const bent: [unknown, string][] = [
      [{ ...json, version: 2 }, 'INVALID_DRAFT'],
      [{ ...json, extra: 1 }, 'INVALID_DRAFT'],
      [{ ...json, effects: {} }, 'INVALID_DRAFT'],
      [{ ...json, chain: 'fake:2' }, 'UNKNOWN_CHAIN'],
      [{ ...json, payload: 5 }, 'INVALID_DRAFT'],
      [{ ...json, hints: { a: 5 } }, 'INVALID_DRAFT'],
      ['{"kind":"draft","kind":"draft"}', 'INVALID_JSON'],
      ['{"__proto__":{}}', 'INVALID_JSON'],
      ['nonsense', 'INVALID_JSON'],
      [5, 'INVALID_DRAFT'],
      [null, 'INVALID_DRAFT'],
      [undefined, 'INVALID_JSON'],
    ]
    for (const [value, code] of bent)
      expect(() => wallet.draft(value), String(code)).toThrow(expect.objectContaining({ code }))
    expect(() => wallet.signed({ ...JSON.parse(JSON.stringify(signed)), raw: 'x' })).toThrow(
      expect.objectContaining({ code: 'INVALID_SIGNED' }),
    )
  })

  it('freezes drafts through and through', () => {
    const draft = fakeDraft(fakeChain())
    expect(
      Object.isFrozen(draft) && Object.isFrozen(draft.intent) && Object.isFrozen(draft.effects.list[0]),
    ).toBe(true)
  })
})

describe('policy', () => {
  it('caps the fee by the chain, by the policy and as a share', async () => {
    const { wallet, chain } = world()
    await expect(wallet.sign(fakeDraft(chain, { fee: 1001n }))).rejects.toMatchObject({
      details: { rule: 'max-fee' },
    })
    const strict = world({ maxFee: { 'fake:1': 2n } })
    await expect(strict.wallet.sign(fakeDraft(strict.chain))).rejects.toThrow(
      'The fee could reach 0.03 FAKE; the most allowed is 0.02 FAKE. Choose a lower fee rate, or raise policy.maxFee.',
    )
    const share = world({ maxFeePercent: 10 })
    await expect(share.wallet.sign(fakeDraft(share.chain))).rejects.toMatchObject({
      details: { rule: 'max-fee-percent' },
    })
    await share.wallet.sign(fakeDraft(share.chain, { amount: 30n }))
  })

  it('pays only those on the list', async () => {
    const { wallet, chain } = world({ recipients: ['fake:1:bob', 'other:1:eve'] })
    await wallet.sign(fakeDraft(chain))
    await expect(wallet.sign(fakeDraft(chain, { to: 'eve' }))).rejects.toMatchObject({
      details: { rule: 'recipients' },
    })
  })

  it('counts windows over many sends at once, across restarts, and each draft once', async () => {
    const policy: Policy = { limits: [{ asset: 'fake:1/slip44:1', amount: 110n, seconds: 3600 }] }
    const { wallet, chain, store, signer } = world(policy)
    const drafts = Array.from({ length: 10 }, (_, i) =>
      fakeDraft(chain, { amount: 30n + BigInt(i), fee: 3n - BigInt(i % 4) }),
    )
    const results = await Promise.allSettled(drafts.map((draft) => wallet.sign(draft)))
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(3)
    await wallet.sign(drafts[results.findIndex((result) => result.status === 'fulfilled')]!)
    const restarted = createWallet({ chains: [chain], source, signer, policy, store })
    await expect(restarted.sign(fakeDraft(chain, { amount: 30n, fee: 99n }))).rejects.toMatchObject({
      details: { rule: 'limit' },
    })
    await restarted.sign(fakeDraft(chain, { amount: 2n, fee: 1n }))
  })

  it('signs what it checked, also when the caller changes its objects or they answer differently', async () => {
    const { wallet, chain } = world()
    const draft = fakeDraft(chain)
    let reads = 0
    const shifty = { ...draft }
    Object.defineProperty(shifty, 'payload', {
      enumerable: true,
      get: () => (reads++ === 0 ? draft.payload : 'eve:25:3'),
    })
    expect((await wallet.sign(shifty)).txid).toBe('bob:25:3')
  })

  it('refuses a policy that could not be held', () => {
    const bad: [Policy, string][] = [
      [{ maxFee: { fake: 5n } as never }, 'INVALID_CHAIN'],
      [{ maxFee: { 'fake:1': 5 as never } }, 'INVALID_REQUEST'],
      [{ recipients: ['bob' as never] }, 'INVALID_ACCOUNT'],
      [{ limits: [{ asset: 'FAKE' as never, amount: 5n, seconds: 1 }] }, 'INVALID_ASSET'],
      [{ limits: [{ asset: 'fake:1/slip44:1', amount: 5n, seconds: 0 }] }, 'INVALID_REQUEST'],
      [{ maxFeePercent: 0.5 }, 'INVALID_REQUEST'],
    ]
    for (const [policy, code] of bad)
      expect(() => world(policy), code).toThrow(expect.objectContaining({ code }))
  })

  it('gives a window back when no signature was made', async () => {
    const policy: Policy = { limits: [{ asset: 'fake:1/slip44:1', amount: 40n, seconds: 3600 }] }
    const { chain, store } = world()
    const refusing = fakeSigner(() => {
      throw new CofferError({ code: 'SIGNER_REFUSED', message: 'The person said no.' })
    })
    const wallet = createWallet({ chains: [chain], signer: refusing, policy, store })
    await expect(wallet.sign(fakeDraft(chain, { amount: 30n }))).rejects.toMatchObject({
      code: 'SIGNER_REFUSED',
    })
    await createWallet({ chains: [chain], signer: fakeSigner(), policy, store }).sign(
      fakeDraft(chain, { amount: 30n, fee: 9n }),
    )
  })

  it('G1: refuses a stranger who looks like somebody known, until it is told otherwise', async () => {
    const { wallet, chain } = world()
    const friend = 'abcdefmmmmmmmmmmwxyz'
    const twin = 'abcdefnnnnnnnnnnwxyz'
    await wallet.sign(fakeDraft(chain, { to: friend }))
    await wallet.sign(fakeDraft(chain, { to: friend, fee: 2n }))
    const poisoned = fakeDraft(chain, { to: twin })
    await expect(wallet.sign(poisoned)).rejects.toMatchObject({
      details: { rule: 'lookalike', known: friend },
    })
    await wallet.sign(fakeDraft(chain, { to: 'abcdefmmmmmmmmmmwxya' }))
    await wallet.sign(poisoned, { accept: ['lookalike'] })
    const strict = world({ recipients: [`fake:1:${friend}`] })
    await expect(strict.wallet.sign(fakeDraft(strict.chain, { to: twin }))).rejects.toMatchObject({
      details: { rule: 'recipients' },
    })
  })
})
