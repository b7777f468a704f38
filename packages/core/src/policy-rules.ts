import { formatAmount } from './amount.ts'
import type { ChainRules } from './chain.ts'
import { type Known, lookalikeOf } from './contacts.ts'
import type { Effect, Effects } from './effects.ts'
import { type AssetId, parseAccountId } from './ids.ts'
import type { Acceptance, Policy, PolicyStep } from './policy.ts'

/** What a wallet refuses to sign by. `mismatch` is the bytes themselves, `limit` and `second-factor` are counted in the store. */
export type PolicyRule =
  | 'mismatch'
  | 'max-fee'
  | 'max-fee-rate'
  | 'max-fee-percent'
  | 'unlimited-approval'
  | 'approval-for-all'
  | 'permission-change'
  | 'unknown-call'
  | 'recipients'
  | 'lookalike'
  | 'limit'
  | 'ask'
  | 'second-factor'

/** Why something may not be signed. */
export interface Refusal {
  readonly rule: PolicyRule
  /** One sentence: what is wrong and what to do. */
  readonly message: string
  /** Public facts for programs. */
  readonly details: Readonly<Record<string, unknown>>
}

/** What the rules look at beside the effects. */
export interface RulesContext {
  readonly chain: ChainRules
  readonly policy: Policy
  readonly accept: readonly Acceptance[]
  readonly known: Known
}

/** Every rule that a transaction breaks, in the order in which they are told. Pure. */
export function refusalsOf(effects: Effects, context: RulesContext): readonly Refusal[] {
  return [...feeRefusals(effects, context), ...messageRefusals(effects.list, context)]
}

/** The same for a message, which pays no fee. */
export function messageRefusals(list: readonly Effect[], context: RulesContext): readonly Refusal[] {
  return [
    ...list.flatMap((effect) => grantRefusals(effect, context)),
    ...strangers(list, context),
    ...lookalikes(list, context),
  ]
}

/** The steps that are due before it may be signed. Pure. */
export function stepsOf(
  list: readonly Effect[],
  context: Omit<RulesContext, 'accept'>,
): readonly PolicyStep[] {
  const isNew = strangersOf(list, context).length > 0
  return (context.policy.steps ?? []).filter(
    (step) => isOtherwiseDue(step, list) && (!step.when?.newRecipient || isNew),
  )
}

/** Whether a step is due but for who gains. */
function isOtherwiseDue({ when: { above, effects } = {} }: PolicyStep, list: readonly Effect[]): boolean {
  if (above && spentOf(list, above.asset) <= above.amount) return false
  return !effects || list.some(({ kind }) => effects.includes(kind))
}

/** Who gains and was not paid before. */
function strangersOf(
  list: readonly Effect[],
  { chain, policy, known }: Omit<RulesContext, 'accept'>,
): readonly string[] {
  const old = new Set([...known.contacts, ...allowedOf(policy, chain)])
  return partiesOf(list).filter((party) => !old.has(party))
}

/**
 * To whom a signed draft makes the wallet's owner known: who was paid of his own coin or of listed tokens. Nobody new, where a
 * step on new recipients let it pass only since it was small: the next payment would pass by it.
 */
export function contactsOf(
  { account, list }: Pick<Effects, 'account' | 'list'>,
  context: Omit<RulesContext, 'accept'>,
): readonly string[] {
  const { chain, policy } = context
  const listed = [chain.coin, ...chain.assets].map(({ id }) => id)
  const paid = list.flatMap((effect) => {
    const isOwn = effect.kind === 'transfer' && (account === undefined || effect.from === account)
    return isOwn && effect.amount > 0n && listed.includes(effect.asset) ? [effect.to] : []
  })
  const isPassedBy = policy.steps?.some((step) => step.when?.newRecipient && !isOtherwiseDue(step, list))
  const strangers = isPassedBy ? strangersOf(list, context) : []
  return paid.filter((address) => !strangers.includes(address))
}

/**
 * What leaves of an asset, and what others are allowed to take: an approval is money that may leave. Ids are compared
 * without case: two writings of one token must not have two limits.
 */
export function spentOf(list: readonly Effect[], asset: AssetId): bigint {
  return list.reduce((sum, effect) => {
    const spends = effect.kind === 'transfer' || (effect.kind === 'approve' && effect.change !== 'decrease')
    return spends && effect.asset.toLowerCase() === asset.toLowerCase() ? sum + effect.amount : sum
  }, 0n)
}

// ---- the rules ----

function feeRefusals({ fee, list }: Effects, { chain, policy }: RulesContext): Refusal[] {
  const found: Refusal[] = []
  const show = (amount: bigint): string => `${formatAmount(amount, chain.coin.decimals)} ${chain.coin.symbol}`
  const most = policy.maxFee?.[chain.id] ?? chain.maxFee
  if (fee.ceiling > most)
    found.push({
      rule: 'max-fee',
      message: `The fee could reach ${show(fee.ceiling)}; the most allowed is ${show(most)}. Choose a lower fee rate, or raise policy.maxFee.`,
      details: { ceiling: fee.ceiling, most },
    })
  const mostRate = policy.maxFeeRate?.[chain.id] ?? chain.maxFeeRate
  if (mostRate !== undefined && fee.rate.value > mostRate)
    found.push({
      rule: 'max-fee-rate',
      message: `The fee rate is ${fee.rate.value} ${fee.rate.unit}; the most allowed is ${mostRate}. Choose a lower fee rate, or raise policy.maxFeeRate.`,
      details: { most: mostRate },
    })
  const percent = policy.maxFeePercent
  const amount = spentOf(list, chain.coin.id)
  if (percent !== undefined && amount > 0n && fee.ceiling * 100n > amount * BigInt(percent))
    found.push({
      rule: 'max-fee-percent',
      message: `The fee could reach ${show(fee.ceiling)}, more than ${percent}% of the ${show(amount)} that is sent.`,
      details: { ceiling: fee.ceiling, amount, percent },
    })
  return found
}

/** Approvals, other keys, and calls that are not understood. */
function grantRefusals(effect: Effect, { chain, policy, accept }: RulesContext): Refusal[] {
  const isAccepted = (danger: Acceptance): boolean => accept.includes(danger)
  if (effect.kind === 'approve' && effect.unlimited) {
    if (policy.unlimitedApprovals || isAccepted('unlimited-approval')) return []
    return [
      {
        rule: 'unlimited-approval',
        message: `This lets ${effect.spender} take any amount of the token, for ever. Approve less, or use accept: ['unlimited-approval'].`,
        details: { spender: effect.spender, asset: effect.asset },
      },
    ]
  }
  if (effect.kind === 'approve-all' && effect.approved) {
    if (policy.approvalForAll || isAccepted('approval-for-all')) return []
    return [
      {
        rule: 'approval-for-all',
        message: `This lets ${effect.operator} take every token of the collection. If you mean it, use accept: ['approval-for-all'].`,
        details: { operator: effect.operator, collection: effect.collection },
      },
    ]
  }
  if (effect.kind === 'permissions') {
    if (policy.permissionChanges || isAccepted('permission-change')) return []
    return [
      {
        rule: 'permission-change',
        message: `This gives ${effect.account} other keys: who holds the old ones may lose it for ever. If you mean it, use accept: ['permission-change'].`,
        details: { account: effect.account },
      },
    ]
  }
  if (effect.kind === 'call') {
    const why = suspicion(effect, policy, chain)
    if (why === undefined || (policy.unknownCalls !== false && isAccepted('unknown-call'))) return []
    return [
      {
        rule: 'unknown-call',
        message: `The call to ${effect.to} is not understood, and ${why}`,
        details: { to: effect.to, selector: effect.selector },
      },
    ]
  }
  return []
}

/** Why a call that is not understood is refused; `undefined` where it is not. */
function suspicion(
  { to, disguised }: Extract<Effect, { kind: 'call' }>,
  policy: Policy,
  chain: ChainRules,
): string | undefined {
  const { unknownCalls, limits = [], steps = [] } = policy
  if (unknownCalls === false) return 'the policy allows no unknown calls.'
  if (unknownCalls === true) return undefined
  const accept = `If you know what it does, use accept: ['unknown-call'].`
  if (disguised) return `it begins like one that is, whose limits it would pass by. ${accept}`
  const named = [...chain.assets, ...limits.map(({ asset: id }) => ({ id }))].map(({ id }) => id)
  const tokens = [...named, ...steps.flatMap(({ when }) => when?.above?.asset ?? [])]
  if (tokens.some((id) => id.toLowerCase().endsWith(`:${to.toLowerCase()}`)))
    return `it may move a token that this wallet knows. ${accept}`
  return undefined
}

/** The allow-list. */
function strangers(list: readonly Effect[], { chain, policy }: RulesContext): Refusal[] {
  if (!policy.recipients) return []
  const allowed = new Set(allowedOf(policy, chain))
  return partiesOf(list)
    .filter((party) => !allowed.has(party))
    .map((party) => ({
      rule: 'recipients',
      message: `${party} is not among policy.recipients. Check the address, or add it.`,
      details: { address: party },
    }))
}

/** Address poisoning: a stranger whose address looks like one that the wallet knows, the account's own among them. */
function lookalikes(list: readonly Effect[], { chain, policy, accept, known }: RulesContext): Refusal[] {
  if (accept.includes('lookalike')) return []
  const own = list.flatMap((effect) =>
    'from' in effect ? [effect.from] : 'owner' in effect ? [effect.owner] : [],
  )
  const contacts = [...known.contacts, ...own, ...allowedOf(policy, chain)]
  return partiesOf(list).flatMap((party) => {
    const twin = lookalikeOf(party, { contacts, seen: known.seen })
    if (twin === undefined) return []
    return [
      {
        rule: 'lookalike' as const,
        message: `${party} looks like ${twin}, which this wallet knows, but is another address: compare every character. If it is right, use accept: ['lookalike'].`,
        details: { address: party, known: twin },
      },
    ]
  })
}

function allowedOf(policy: Policy, chain: ChainRules): readonly string[] {
  return (policy.recipients ?? [])
    .map((id) => parseAccountId(id))
    .filter((account) => account.chain === chain.id)
    .map((account) => chain.parseAddress(account.address))
}

/** Who gains something, each once. */
function partiesOf(list: readonly Effect[]): readonly string[] {
  return [...new Set(list.flatMap(partiesOfOne))]
}

/** Whose keys decide over an account gains all of it. */
function partiesOfOne(effect: Effect): readonly string[] {
  if (effect.kind !== 'permissions') return [partyOf(effect) ?? []].flat()
  const holders = effect.permissions.flatMap(({ keys }) => keys.map(({ address }) => address))
  return holders.filter((address) => address !== effect.account)
}

/** Who gains something by an effect; a deployment has no address yet and is never on a list. */
function partyOf(effect: Effect): string | undefined {
  switch (effect.kind) {
    case 'transfer':
    case 'nft-transfer':
    case 'call':
    case 'activate':
    case 'delegate-resource':
      return effect.to
    case 'approve':
      return effect.amount === 0n ? undefined : effect.spender
    case 'approve-all':
      return effect.approved ? effect.operator : undefined
    case 'delegate':
      return effect.to ?? undefined
    case 'deploy':
      return 'a new contract'
    default:
      return undefined
  }
}
