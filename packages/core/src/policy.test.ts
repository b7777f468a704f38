import { describe, expect, it } from 'vitest'
import type { Effect } from './effects.ts'
import { checkPolicy, type Policy } from './policy.ts'

const asset = 'fake:1/slip44:1'
const ask = async () => true

/** What a policy is refused for: the rule that its message names. */
function wrongIn(policy: object): string {
  try {
    checkPolicy(policy as Policy)
  } catch (error) {
    expect(error).toMatchObject({ code: 'INVALID_REQUEST' })
    return /^The policy's (.*) cannot be held: /.exec((error as Error).message)![1]!
  }
  return 'nothing'
}

describe('a policy', () => {
  it('may be as strict as can be', () => {
    expect(wrongIn({})).toBe('nothing')
    expect(wrongIn({ maxFee: { 'fake:1': 0n }, maxFeeRate: { 'fake:1': 0n }, maxFeePercent: 0 })).toBe(
      'nothing',
    )
    expect(wrongIn({ recipients: [], limits: [{ asset, amount: 0n, seconds: 1 }] })).toBe('nothing')
    expect(wrongIn({ limits: [{ asset, amount: 0n, seconds: 0.5 }] })).toBe('nothing')
  })

  it('that could not be held is refused, and the rule is named', () => {
    for (const rule of ['maxFee', 'maxFeeRate'])
      for (const most of [-1n, 5, '5', null]) expect(wrongIn({ [rule]: { 'fake:1': most } })).toBe(rule)
    for (const maxFeePercent of [-1, 0.5, Number.NaN, '5'])
      expect(wrongIn({ maxFeePercent })).toBe('maxFeePercent')
    for (const limit of [
      { amount: -1n, seconds: 1 },
      { amount: 1, seconds: 1 },
      { amount: 1n, seconds: 0 },
      { amount: 1n, seconds: -1 },
      { amount: 1n, seconds: Number.NaN },
    ])
      expect(wrongIn({ limits: [{ asset, ...limit }] })).toBe('limits')
  })

  it.each(['unlimitedApprovals', 'approvalForAll', 'unknownCalls', 'permissionChanges'])(
    'has a switch %s, true or false: "no" would be a yes',
    (rule) => {
      for (const value of [true, false, undefined]) expect(wrongIn({ [rule]: value })).toBe('nothing')
      for (const value of ['no', 0, null]) expect(wrongIn({ [rule]: value })).toBe(rule)
    },
  )
})

describe('a step', () => {
  it('may be due for kinds of effects, each of them a known one', () => {
    const of = (effects: unknown) => wrongIn({ steps: [{ ask, when: { effects } }] })
    expect(of(['call'])).toBe('nothing')
    expect(of(['call', 'approve'])).toBe('nothing')
    for (const effects of [[], ['calls'], ['call', 'calls'], ['calls', 'call'], 'call', { length: 1 }])
      expect(of(effects)).toBe('steps')
  })

  it.each<Effect['kind']>([
    'transfer',
    'nft-transfer',
    'approve',
    'approve-all',
    'call',
    'deploy',
    'delegate',
    'cancel',
    'change',
    'memo',
    'freeze',
    'unfreeze',
    'cancel-unfreeze',
    'withdraw',
    'claim',
    'delegate-resource',
    'undelegate-resource',
    'vote',
    'activate',
    'permissions',
  ])('may be due for effects of the kind %s', (kind) => {
    expect(wrongIn({ steps: [{ ask, when: { effects: [kind] } }] })).toBe('nothing')
  })

  it('asks or waits, above an amount that may be nothing, for somebody new', () => {
    const of = (step: object) => wrongIn({ steps: [step] })
    expect(of({ ask, when: { above: { asset, amount: 0n }, newRecipient: true } })).toBe('nothing')
    expect(of({ delay: 0.5 })).toBe('nothing')
    expect(of({ ask, when: { above: { asset, amount: -1n } } })).toBe('steps')
    expect(of({ when: {} })).toBe('steps')
    expect(of({ ask, when: { newRecipient: false } })).toBe('steps')
  })
})
