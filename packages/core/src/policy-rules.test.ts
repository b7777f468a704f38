import { describe, expect, it } from 'vitest'
import type { Effect, Effects } from './effects.ts'
import type { Acceptance, Policy } from './policy.ts'
import {
  contactsOf,
  messageRefusals,
  type RulesContext,
  refusalsOf,
  spentOf,
  stepsOf,
} from './policy-rules.ts'
import { fakeChain } from './testing/fake-chain.ts'

const chain = fakeChain()
const coin = chain.coin.id
const token = 'fake:1/erc20:Abc' as const
const collection = 'fake:1/erc721:c' as const

const context = (policy: Policy = {}, accept: readonly Acceptance[] = []): RulesContext => ({
  chain,
  policy,
  accept,
  known: { contacts: [], seen: [] },
})

const transfer = (fields: object = {}): Effect => ({
  kind: 'transfer',
  asset: coin,
  from: 'me',
  to: 'bob',
  amount: 100n,
  ...fields,
})
const approve = (fields: object = {}): Effect => ({
  kind: 'approve',
  asset: token,
  owner: 'me',
  spender: 'dex',
  amount: 5n,
  unlimited: false,
  ...fields,
})
const approveAll = (approved: boolean): Effect => ({
  kind: 'approve-all',
  collection,
  owner: 'me',
  operator: 'market',
  approved,
})
const call: Effect = { kind: 'call', to: 'dex', selector: '0x12345678', data: '0x12345678' }
const permissions: Effect = { kind: 'permissions', account: 'me', permissions: [] }

function effects(list: readonly Effect[], ceiling = 10n, rate = 3n): Effects {
  const fee = { asset: coin, expected: 1n, ceiling, rate: { value: rate, unit: 'weiPerGas' } } as const
  return { list, fee, warnings: [], fields: {} }
}

const rulesOf = (list: readonly Effect[], policy: Policy = {}, accept: readonly Acceptance[] = []) =>
  messageRefusals(list, context(policy, accept)).map(({ rule }) => rule)

describe('the fee (B6, E6, T4)', () => {
  it('may reach the most that is allowed, and not one unit more', () => {
    const policy: Policy = { maxFee: { 'fake:1': 10n } }
    expect(refusalsOf(effects([], 10n), context(policy))).toEqual([])
    expect(refusalsOf(effects([], 11n), context(policy))).toMatchObject([
      { rule: 'max-fee', details: { ceiling: 11n, most: 10n } },
    ])
  })

  it('is held against the chain’s own ceiling where the policy has none, and for other chains alone', () => {
    const policy: Policy = { maxFee: { 'fake:2': 1n }, maxFeeRate: { 'fake:2': 1n } }
    expect(refusalsOf(effects([], 1000n), context(policy))).toEqual([])
    expect(refusalsOf(effects([], 1001n), context(policy))).toMatchObject([
      { rule: 'max-fee', details: { ceiling: 1001n, most: 1000n } },
    ])
    expect(refusalsOf(effects([], 1001n), context({ maxFee: { 'fake:1': 2000n } }))).toEqual([])
  })

  it('has a rate with a limit of the policy, else of the chain, else none', () => {
    const policy: Policy = { maxFeeRate: { 'fake:1': 3n } }
    expect(refusalsOf(effects([], 1n, 3n), context(policy))).toEqual([])
    expect(refusalsOf(effects([], 1n, 4n), context(policy))).toMatchObject([
      { rule: 'max-fee-rate', details: { most: 3n } },
    ])
    expect(refusalsOf(effects([], 1n, 10n ** 30n), context())).toEqual([])
    const capped = { ...context(), chain: { ...chain, maxFeeRate: 5n } }
    expect(refusalsOf(effects([], 1n, 5n), capped)).toEqual([])
    expect(refusalsOf(effects([], 1n, 6n), capped)).toMatchObject([{ details: { most: 5n } }])
  })

  it('may be a share of what leaves in the coin, to the unit; of nothing there is no share', () => {
    const policy: Policy = { maxFeePercent: 10 }
    const broken = (list: readonly Effect[], ceiling: bigint) =>
      refusalsOf(effects(list, ceiling), context(policy))
    expect(broken([transfer()], 10n)).toEqual([])
    expect(broken([transfer()], 11n)).toMatchObject([
      { rule: 'max-fee-percent', details: { ceiling: 11n, amount: 100n, percent: 10 } },
    ])
    expect(broken([transfer({ amount: 1n })], 1n)).toMatchObject([{ rule: 'max-fee-percent' }])
    for (const list of [[], [transfer({ amount: 0n })], [transfer({ asset: token })]])
      expect(broken(list, 1000n)).toEqual([])
    expect(refusalsOf(effects([transfer()], 1000n), context())).toEqual([])
    expect(refusalsOf(effects([transfer()], 1n), context({ maxFeePercent: 0 }))).toHaveLength(1)
  })
})

describe('grants (E4, T3)', () => {
  const unlimited = approve({ unlimited: true, amount: 1n << 255n })
  const cases: [name: string, Effect, rule: Acceptance, Policy, details: object][] = [
    [
      'unlimited approvals',
      unlimited,
      'unlimited-approval',
      { unlimitedApprovals: true },
      { spender: 'dex', asset: token },
    ],
    [
      'approvals for all',
      approveAll(true),
      'approval-for-all',
      { approvalForAll: true },
      { operator: 'market', collection },
    ],
    ['other keys', permissions, 'permission-change', { permissionChanges: true }, { account: 'me' }],
  ]

  it.each(cases)(
    '%s are refused, unless the policy or the caller says yes to just them',
    (_, effect, rule, allowing, details) => {
      expect(messageRefusals([effect], context())).toMatchObject([{ rule, details }])
      expect(rulesOf([effect], allowing)).toEqual([])
      expect(rulesOf([effect], {}, [rule])).toEqual([])
      const others = cases.filter(([, , other]) => other !== rule)
      const all: Policy = Object.assign({}, ...others.map(([, , , policy]) => policy))
      expect(rulesOf([effect], all, [...others.map(([, , other]) => other), 'lookalike'])).toEqual([rule])
    },
  )

  it('limited approvals and the taking back of control pass', () => {
    expect(rulesOf([approve(), approve({ amount: 0n }), approveAll(false)])).toEqual([])
  })

  it('calls that are not understood pass unless the policy forbids them; nothing else is such a call', () => {
    const policy: Policy = { unknownCalls: false }
    expect(rulesOf([call])).toEqual([])
    expect(rulesOf([call], { unknownCalls: true })).toEqual([])
    expect(messageRefusals([call], context(policy))).toMatchObject([
      { rule: 'unknown-call', details: { to: 'dex', selector: '0x12345678' } },
    ])
    expect(rulesOf([transfer(), approve(), { kind: 'cancel' }], policy)).toEqual([])
  })

  it('calls that could be a known one in another writing, or move a known token, are refused until accepted', () => {
    const known = 'fake:1/erc20:0xAbC' as const
    const listed = { id: known, symbol: 'T', name: 'T', decimals: 0 }
    const of = (effect: Effect, policy: Policy = {}, accept: readonly Acceptance[] = []) =>
      messageRefusals([effect], { ...context(policy, accept), chain: { ...chain, assets: [listed] } }).map(
        ({ rule }) => rule,
      )
    const suspects: [Effect, Policy][] = [
      [{ ...call, disguised: true }, {}],
      [{ ...call, to: '0xabc' }, {}],
      [call, { limits: [{ asset: 'fake:1/erc20:dex', amount: 1n, seconds: 1 }] }],
      [call, { steps: [{ delay: 1, when: { above: { asset: 'fake:1/erc20:DEX', amount: 1n } } }] }],
    ]
    for (const [effect, policy] of suspects) {
      expect(of(effect, policy)).toEqual(['unknown-call'])
      expect(of(effect, policy, ['unlimited-approval'])).toEqual(['unknown-call'])
      expect(of(effect, policy, ['unknown-call'])).toEqual([])
      expect(of(effect, { ...policy, unknownCalls: true })).toEqual([])
      expect(of(effect, { ...policy, unknownCalls: false }, ['unknown-call'])).toEqual(['unknown-call'])
    }
    expect(of(call, { steps: [{ delay: 1 }], limits: [{ asset: coin, amount: 1n, seconds: 1 }] })).toEqual([])
    expect(of(call, { steps: [{ delay: 1, when: { newRecipient: true } }] })).toEqual([])
  })

  it('calls that are not understood are refused with the reason, and with what to do where one may say yes', () => {
    const say = (effect: Effect, policy: Policy = {}) =>
      messageRefusals([effect], context(policy))[0]!.message
    const accept = "If you know what it does, use accept: ['unknown-call']."
    expect(say(call, { unknownCalls: false })).toBe(
      'The call to dex is not understood, and the policy allows no unknown calls.',
    )
    expect(say({ ...call, disguised: true })).toBe(
      `The call to dex is not understood, and it begins like one that is, whose limits it would pass by. ${accept}`,
    )
    expect(say(call, { limits: [{ asset: 'fake:1/erc20:dex', amount: 1n, seconds: 1 }] })).toBe(
      `The call to dex is not understood, and it may move a token that this wallet knows. ${accept}`,
    )
  })

  it('are told one by one when there are several', () => {
    expect(rulesOf([unlimited, approveAll(true), permissions, call], { unknownCalls: false })).toEqual([
      'unlimited-approval',
      'approval-for-all',
      'permission-change',
      'unknown-call',
    ])
  })
})

describe('the allow-list', () => {
  const policy: Policy = { recipients: ['fake:1:bob', 'fake:2:eve'] }
  const strangersIn = (...list: Effect[]) =>
    messageRefusals(list, context({ ...policy, permissionChanges: true, approvalForAll: true }))
      .filter(({ rule }) => rule === 'recipients')
      .map(({ details }) => details['address'])

  it('holds for whoever gains something, by whatever effect', () => {
    const asset = coin
    const gains: [Effect, string][] = [
      [transfer({ to: 'eve' }), 'eve'],
      [transfer({ to: 'eve', amount: 0n }), 'eve'],
      [{ kind: 'nft-transfer', collection, tokenId: 1n, from: 'me', to: 'eve', amount: 1n }, 'eve'],
      [call, 'dex'],
      [approve(), 'dex'],
      [approve({ amount: 1n }), 'dex'],
      [approveAll(true), 'market'],
      [{ kind: 'delegate', authority: 'me', to: 'code', nonce: 0n }, 'code'],
      [{ kind: 'deploy', codeSize: 1, codeHash: '0x' }, 'a new contract'],
      [{ kind: 'activate', to: 'eve' }, 'eve'],
      [{ kind: 'delegate-resource', asset, amount: 1n, resource: 'energy', to: 'eve' }, 'eve'],
    ]
    for (const [effect, party] of gains) expect(strangersIn(effect), effect.kind).toEqual([party])
  })

  it('holds for those who get the keys of the account, each once, and not for the account itself', () => {
    const holders = (...addresses: string[]) => addresses.map((address) => ({ address, weight: 1n }))
    const keys: Effect = {
      kind: 'permissions',
      account: 'me',
      permissions: [
        { role: 'owner', threshold: 1n, keys: holders('me', 'eve') },
        { role: 'active', threshold: 1n, keys: holders('eve', 'mallory', 'bob') },
      ],
    }
    expect(strangersIn(keys)).toEqual(['eve', 'mallory'])
    const steps = [{ when: { newRecipient: true }, delay: 1 }] as const
    const due = (contacts: string[]) =>
      stepsOf([keys], { chain, policy: { steps }, known: { contacts, seen: [] } }).length
    expect([due([]), due(['eve', 'bob']), due(['eve', 'bob', 'mallory'])]).toEqual([1, 1, 0])
  })

  it('lets pass what gives nobody anything', () => {
    const asset = coin
    expect(
      strangersIn(
        transfer(),
        approve({ amount: 0n }),
        approveAll(false),
        { kind: 'delegate', authority: 'me', to: null, nonce: 0n },
        { kind: 'cancel' },
        { kind: 'change', asset, to: 'own', amount: 1n, path: '1/0' },
        { kind: 'memo', data: '00' },
        { kind: 'freeze', asset, amount: 1n, resource: 'energy' },
        { kind: 'claim' },
        { kind: 'undelegate-resource', asset, amount: 1n, resource: 'energy', to: 'eve' },
        { kind: 'vote', votes: [] },
      ),
    ).toEqual([])
  })

  it('names each stranger once, and an empty list allows nobody', () => {
    expect(
      strangersIn(transfer({ to: 'eve' }), transfer({ to: 'eve' }), transfer({ to: 'mallory' })),
    ).toEqual(['eve', 'mallory'])
    expect(rulesOf([transfer()], { recipients: [] })).toEqual(['recipients'])
    expect(rulesOf([transfer()])).toEqual([])
  })

  it('reads addresses as the chain writes them', () => {
    const shouting = {
      ...context(policy),
      chain: { ...chain, parseAddress: (text: string) => text.toUpperCase() },
    }
    expect(messageRefusals([transfer({ to: 'BOB' })], shouting)).toEqual([])
    expect(messageRefusals([transfer()], shouting)).toMatchObject([{ rule: 'recipients' }, {}])
  })
})

describe('look-alikes (G1)', () => {
  const known = 'abcdmmmmwxyz'
  const twin = 'abcdnnnnwxyz'

  it('of contacts, of what histories tell, of the allow-list and of the account itself are refused until accepted', () => {
    const to = transfer({ to: twin })
    const of = (fields: Partial<RulesContext>, effect = to) =>
      messageRefusals([effect], { ...context(), ...fields })
    const found = [{ rule: 'lookalike', details: { address: twin, known } }]
    expect(of({ known: { contacts: [known], seen: [] } })).toMatchObject(found)
    expect(of({ known: { contacts: [], seen: [known] } })).toMatchObject(found)
    expect(of({}, transfer({ to: twin, from: known }))).toMatchObject(found)
    expect(of({}, approve({ spender: twin, owner: known }))).toMatchObject(found)
    const listed = of({ policy: { recipients: [`fake:1:${known}`] } })
    expect(listed.map(({ rule }) => rule)).toEqual(['recipients', 'lookalike'])
    expect(of({ policy: { recipients: [`fake:1:${known}`, `fake:1:${twin}`] } })).toEqual([])
    expect(of({ known: { contacts: [known], seen: [] }, accept: ['lookalike'] })).toEqual([])
    expect(of({ known: { contacts: [known, twin], seen: [] } })).toEqual([])
    expect(of({ known: { contacts: [known], seen: [] }, accept: ['permission-change'] })).toHaveLength(1)
  })

  it('are looked for in every effect that names somebody, and effects without a sender are no trouble', () => {
    const fields = { known: { contacts: [known], seen: [] } }
    const list: Effect[] = [
      approve({ spender: twin, owner: 'me' }),
      { kind: 'nft-transfer', collection, tokenId: 1n, from: 'me', to: twin, amount: 1n },
      { ...call, to: twin },
    ]
    for (const effect of list)
      expect(messageRefusals([effect], { ...context(), ...fields })).toMatchObject([{ rule: 'lookalike' }])
    expect(messageRefusals([call, { kind: 'cancel' }], { ...context(), ...fields })).toEqual([])
  })
})

describe('who becomes known', () => {
  const of = (list: readonly Effect[], policy: Policy = {}, account: string | undefined = 'me') =>
    contactsOf(
      { list, ...(account && { account }) },
      { chain, policy, known: { contacts: ['old'], seen: [] } },
    )

  it('is who is paid something of the coin or of a listed token, by the account itself', () => {
    expect(of([transfer(), transfer({ to: 'old' }), transfer({ to: 'x', amount: 0n })])).toEqual([
      'bob',
      'old',
    ])
    expect(of([transfer({ asset: token }), transfer({ from: 'victim' }), call, approve()])).toEqual([])
    expect(of([transfer({ from: 'coin of the account' })], {}, '')).toEqual(['bob'])
    expect(of([transfer({ amount: 1n })])).toEqual(['bob'])
  })

  it('is nobody to whom nothing is paid: neither where change goes nor who is lent something', () => {
    const list: Effect[] = [
      { kind: 'change', asset: coin, to: 'own', amount: 5n, path: '1/0' },
      { kind: 'delegate-resource', asset: coin, amount: 5n, resource: 'energy', to: 'eve' },
      transfer(),
    ]
    expect(of(list, {}, '')).toEqual(['bob'])
  })

  it('G1: is nobody new whom a step on new recipients let pass only since the payment was small', () => {
    const step = (when: object): Policy => ({ steps: [{ delay: 1, when: { newRecipient: true, ...when } }] })
    const above = step({ above: { asset: coin, amount: 100n } })
    expect(of([transfer(), transfer({ to: 'old', amount: 0n })], above)).toEqual([])
    expect(of([transfer({ to: 'old' })], above)).toEqual(['old'])
    expect(of([transfer({ amount: 101n })], above)).toEqual(['bob'])
    expect(of([transfer()], step({}))).toEqual(['bob'])
    expect(of([transfer()], { steps: [{ delay: 1 }] })).toEqual(['bob'])
    expect(of([transfer()], { steps: [{ delay: 1 }, ...step({}).steps!, ...above.steps!] })).toEqual([])
    expect(of([transfer()], step({ effects: ['call'] }))).toEqual([])
    expect(
      of([transfer()], { steps: [{ delay: 1, when: { above: { asset: coin, amount: 100n } } }] }),
    ).toEqual(['bob'])
  })
})

describe('what leaves', () => {
  it('is what is transferred and what others may take, of one asset in whatever case', () => {
    const list: Effect[] = [
      transfer({ amount: 1n }),
      transfer({ asset: token, amount: 10n }),
      transfer({ asset: token.toUpperCase(), amount: 100n }),
      approve({ amount: 1_000n }),
      approve({ amount: 10_000n, change: 'increase' }),
      approve({ amount: 100_000n, change: 'decrease' }),
      { kind: 'change', asset: token, to: 'own', amount: 1_000_000n, path: '1/0' },
      { kind: 'freeze', asset: coin, amount: 10_000_000n, resource: 'energy' },
    ]
    expect(spentOf(list, token)).toBe(11_110n)
    expect(spentOf(list, 'fake:1/erc20:aBC')).toBe(11_110n)
    expect(spentOf(list, coin)).toBe(1n)
    expect(spentOf([], coin)).toBe(0n)
  })
})

describe('steps', () => {
  it('are due when one of several effects is of the kind, or one of several parties is new', () => {
    const delay = 1
    const due = (list: readonly Effect[], when: object, contacts = ['bob']) =>
      stepsOf(list, { chain, policy: { steps: [{ when, delay }] }, known: { contacts, seen: [] } }).length
    expect(due([transfer(), call], { effects: ['call'] })).toBe(1)
    expect(due([transfer(), { kind: 'cancel' }], { effects: ['call', 'deploy'] })).toBe(0)
    expect(due([transfer(), transfer({ to: 'eve' })], { newRecipient: true })).toBe(1)
    expect(due([transfer(), transfer()], { newRecipient: true })).toBe(0)
    expect(due([{ kind: 'cancel' }], { newRecipient: true }, [])).toBe(0)
    expect(
      due([transfer({ amount: 50n }), transfer({ amount: 51n })], { above: { asset: coin, amount: 100n } }),
    ).toBe(1)
    expect(stepsOf([transfer()], { chain, policy: {}, known: { contacts: [], seen: [] } })).toEqual([])
  })
})
