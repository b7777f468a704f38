import { describe, expect, it } from 'vitest'
import type { PayIntent } from './draft.ts'
import { CofferError } from './error.ts'
import type { Policy } from './policy.ts'
import { fakeChain, fakeDraft } from './testing/fake-chain.ts'
import { assertAllowed, verify } from './verify.ts'

const chain = fakeChain()
const asset = chain.coin.id

describe('verify', () => {
  it('finds nothing against a sound draft, and says what it does', () => {
    expect(verify(chain, fakeDraft(chain))).toEqual({
      effects: chain.inspect(fakeDraft(chain)),
      refusals: [],
      steps: [],
    })
  })

  it('tells what the bytes do also when they are not what the intent makes', () => {
    const draft = { ...fakeDraft(chain), payload: 'eve:25:3' }
    const { effects, refusals } = verify(chain, draft)
    expect(effects.list).toMatchObject([{ to: 'eve', amount: 25n }])
    expect(refusals).toEqual([
      {
        rule: 'mismatch',
        message:
          'The bytes of this draft are not what its intent asks for. Do not sign it; make a new draft.',
        details: { chain: 'fake:1' },
      },
    ])
  })

  it('holds the bytes against an intent that the caller kept, whatever the draft says of itself', () => {
    const kept: PayIntent = { kind: 'pay', asset, to: 'bob', amount: 25n }
    expect(verify(chain, fakeDraft(chain), { intent: kept }).refusals).toEqual([])
    const swapped = fakeDraft(chain, { to: 'eve' })
    expect(verify(chain, swapped).refusals).toEqual([])
    expect(verify(chain, swapped, { intent: kept }).refusals).toMatchObject([{ rule: 'mismatch' }])
  })

  it('refuses a draft of another chain, and one whose intent cannot be rebuilt; no other error is swallowed', () => {
    const moved = { ...fakeDraft(chain), chain: 'fake:2' as const }
    expect(verify(chain, moved).refusals).toMatchObject([
      {
        rule: 'mismatch',
        message: 'This draft is for fake:2, not for fake:1.',
        details: { chain: 'fake:1' },
      },
    ])
    const failing = (error: Error) => ({
      ...chain,
      rebuild: () => {
        throw error
      },
    })
    const known = failing(new CofferError({ code: 'INVALID_ADDRESS', message: 'No address.' }))
    expect(verify(known, fakeDraft(chain)).refusals).toMatchObject([
      { rule: 'mismatch', message: 'No address.' },
    ])
    expect(() => verify(failing(new TypeError('broken')), fakeDraft(chain))).toThrow('broken')
  })

  it('throws for bytes that are no transaction', () => {
    expect(() => verify(chain, { ...fakeDraft(chain), payload: 'x' })).toThrow(
      expect.objectContaining({ code: 'INVALID_DRAFT' }),
    )
  })

  it('lists every rule that is broken, not the first alone', () => {
    const policy: Policy = {
      maxFee: { 'fake:1': 2n },
      maxFeeRate: { 'fake:1': 1n },
      maxFeePercent: 1,
      recipients: ['fake:1:abcdexxabcd'],
    }
    const draft = fakeDraft(chain, { to: 'abcdeyyabcd' })
    const { refusals } = verify(chain, draft, { policy })
    expect(refusals.map(({ rule }) => rule)).toEqual([
      'max-fee',
      'max-fee-rate',
      'max-fee-percent',
      'recipients',
      'lookalike',
    ])
    for (const { message } of refusals) expect(message).toMatch(/^[A-Z].{20,}\.$|^abcde/)
    expect(() => assertAllowed(refusals)).toThrow(
      expect.objectContaining({
        code: 'POLICY_REFUSED',
        details: expect.objectContaining({
          rule: 'max-fee',
          refusals: refusals.map(({ rule, message }) => ({ rule, message })),
        }),
      }),
    )
  })

  it('names the steps that are due, and no other', () => {
    const ask = async () => true
    const above = (amount: bigint) => ({ above: { asset, amount } })
    const policy: Policy = {
      steps: [
        { ask },
        { when: above(24n), delay: 1 },
        { when: above(25n), delay: 2 },
        { when: { newRecipient: true }, delay: 3 },
        { when: { effects: ['transfer'] }, delay: 4 },
        { when: { effects: ['call', 'approve'] }, delay: 5 },
        { when: { ...above(0n), newRecipient: true, effects: ['transfer'] }, delay: 6 },
      ],
    }
    const due = (known: string[], recipients?: readonly ['fake:1:bob']) =>
      verify(chain, fakeDraft(chain), {
        policy: { ...policy, ...(recipients && { recipients }) },
        known: { contacts: known, seen: ['bob'] },
      }).steps.map(({ delay = 0 }) => delay)
    expect(due([])).toEqual([0, 1, 3, 4, 6])
    expect(due(['bob'])).toEqual([0, 1, 4])
    expect(due([], ['fake:1:bob'])).toEqual([0, 1, 4])
  })
})

describe('assertAllowed', () => {
  it('lists the refusals from two on', () => {
    const refusal = { rule: 'limit', message: 'Too much.', details: {} } as const
    expect(() => assertAllowed([refusal, refusal])).toThrow(
      expect.objectContaining({
        details: {
          rule: 'limit',
          refusals: [
            { rule: 'limit', message: 'Too much.' },
            { rule: 'limit', message: 'Too much.' },
          ],
        },
      }),
    )
  })

  it('passes where there is no refusal, and tells a mismatch apart', () => {
    expect(() => assertAllowed([])).not.toThrow()
    const refusal = { rule: 'mismatch', message: 'Not the same.', details: { chain: 'fake:1' } } as const
    try {
      assertAllowed([refusal])
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({
        code: 'DRAFT_MISMATCH',
        message: 'Not the same.',
        details: { rule: 'mismatch', chain: 'fake:1' },
      })
      expect((error as CofferError).details).not.toHaveProperty('refusals')
    }
  })
})
