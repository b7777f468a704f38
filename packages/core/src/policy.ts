import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { formatAmount } from './amount.ts'
import type { ChainRules } from './chain.ts'
import { lookalikeOf } from './contacts.ts'
import type { Effect, Effects } from './effects.ts'
import { CofferError } from './error.ts'
import {
  type AccountId,
  type AssetId,
  type ChainId,
  parseAccountId,
  parseAssetId,
  parseChainId,
} from './ids.ts'
import { parseJson } from './json.ts'
import { showAmount } from './render.ts'
import { type Store, withLock } from './store.ts'

/** The owner's limits, enforced where signing happens. Amounts are base units. What is left out is not limited, but for fees and approvals. */
export interface Policy {
  /** The highest fee ceiling per chain, in base units of its coin. A chain that is not named keeps its built-in `maxFee`. */
  readonly maxFee?: Readonly<Partial<Record<ChainId, bigint>>>
  /** The highest fee rate per chain, in the chain's unit (`satPerKvb` on Bitcoin). A chain that is not named keeps its own. */
  readonly maxFeeRate?: Readonly<Partial<Record<ChainId, bigint>>>
  /** The highest fee ceiling as a share of the coin amount that leaves, in whole percent. For payments in the coin. */
  readonly maxFeePercent?: number
  /** When given, nothing may go to, be approved for, or call anybody else. CAIP-10. */
  readonly recipients?: readonly AccountId[]
  /** The most that may leave of an asset, or be approved, within any `seconds`. Windows rest in the wallet's store. */
  readonly limits?: readonly { readonly asset: AssetId; readonly amount: bigint; readonly seconds: number }[]
  /** Off unless set: approvals that never run out. */
  readonly unlimitedApprovals?: boolean
  /** Off unless set: control over every token of a collection. */
  readonly approvalForAll?: boolean
  /** On unless set to false: contract calls that inspection does not understand. */
  readonly unknownCalls?: boolean
  /** Off unless set: other keys for an account. */
  readonly permissionChanges?: boolean
}

/** A danger that the caller says yes to, for one signature, at the call site. */
export type Acceptance = 'unlimited-approval' | 'approval-for-all' | 'lookalike' | 'permission-change'

export interface PolicyContext {
  readonly chain: ChainRules
  readonly policy: Policy
  readonly accept: readonly Acceptance[]
  /** Addresses that this wallet has paid before. */
  readonly contacts: readonly string[]
}

/**
 * Refuses a policy that could not be held: ids that are none, amounts that are no bigints. A rule that nobody can break
 * is worse than none. Throws `INVALID_CHAIN`, `INVALID_ASSET`, `INVALID_ACCOUNT` or `INVALID_REQUEST`.
 */
export function checkPolicy(policy: Policy): void {
  const { maxFeePercent, recipients = [], limits = [] } = policy
  for (const rule of ['maxFee', 'maxFeeRate'] as const)
    for (const [chain, most] of Object.entries(policy[rule] ?? {})) {
      parseChainId(chain)
      if (typeof most !== 'bigint' || most < 0n) throw invalidPolicy(rule)
    }
  if (maxFeePercent !== undefined && (!Number.isInteger(maxFeePercent) || maxFeePercent < 0))
    throw invalidPolicy('maxFeePercent')
  for (const recipient of recipients) parseAccountId(recipient)
  for (const { asset, amount, seconds } of limits) {
    parseAssetId(asset)
    if (typeof amount !== 'bigint' || amount < 0n || !(seconds > 0)) throw invalidPolicy('limits')
  }
}

function invalidPolicy(rule: string): CofferError {
  return new CofferError({
    code: 'INVALID_REQUEST',
    message: `The policy's ${rule} cannot be held: amounts are bigints, shares whole percents, windows seconds.`,
  })
}

/** Throws `POLICY_REFUSED` with `details.rule` when the effects break a rule. Pure. */
export function checkEffects(effects: Effects, context: PolicyContext): void {
  checkFee(effects, context)
  checkMessage(effects.list, context)
}

/** The same rules for a message, which pays no fee. */
export function checkMessage(list: readonly Effect[], context: PolicyContext): void {
  checkGrants(list, context)
  checkRecipients(list, context)
  checkLookalikes(list, context)
}

function checkFee({ fee, list }: Effects, { chain, policy }: { chain: ChainRules; policy: Policy }): void {
  const most = policy.maxFee?.[chain.id] ?? chain.maxFee
  const show = (amount: bigint): string => `${formatAmount(amount, chain.coin.decimals)} ${chain.coin.symbol}`
  if (fee.ceiling > most)
    throw refused(
      'max-fee',
      `The fee could reach ${show(fee.ceiling)}; the most allowed is ${show(most)}. Choose a lower fee rate, or raise policy.maxFee.`,
      { ceiling: fee.ceiling, most },
    )
  const mostRate = policy.maxFeeRate?.[chain.id] ?? chain.maxFeeRate
  if (mostRate !== undefined && fee.rate.value > mostRate)
    throw refused(
      'max-fee-rate',
      `The fee rate is ${fee.rate.value} ${fee.rate.unit}; the most allowed is ${mostRate}. Choose a lower fee rate, or raise policy.maxFeeRate.`,
      { most: mostRate },
    )
  const percent = policy.maxFeePercent
  const amount = spentOf(list, chain.coin.id)
  if (percent !== undefined && amount > 0n && fee.ceiling * 100n > amount * BigInt(percent))
    throw refused(
      'max-fee-percent',
      `The fee could reach ${show(fee.ceiling)}, more than ${percent}% of the ${show(amount)} that is sent.`,
      { ceiling: fee.ceiling, amount, percent },
    )
}

/** The rules on approvals and unknown calls alone, for typed messages, which move nothing and pay no fee. */
function checkGrants(
  list: readonly Effect[],
  { policy, accept }: { readonly policy: Policy; readonly accept: readonly Acceptance[] },
): void {
  for (const effect of list) {
    if (effect.kind === 'approve' && effect.unlimited)
      if (!policy.unlimitedApprovals && !accept.includes('unlimited-approval'))
        throw refused(
          'unlimited-approval',
          `This lets ${effect.spender} take any amount of the token, for ever. Approve less, or use accept: ['unlimited-approval'].`,
          { spender: effect.spender, asset: effect.asset },
        )
    if (effect.kind === 'approve-all' && effect.approved)
      if (!policy.approvalForAll && !accept.includes('approval-for-all'))
        throw refused(
          'approval-for-all',
          `This lets ${effect.operator} take every token of the collection. If you mean it, use accept: ['approval-for-all'].`,
          { operator: effect.operator, collection: effect.collection },
        )
    if (effect.kind === 'permissions')
      if (!policy.permissionChanges && !accept.includes('permission-change'))
        throw refused(
          'permission-change',
          `This gives ${effect.account} other keys: who holds the old ones may lose it for ever. If you mean it, use accept: ['permission-change'].`,
          { account: effect.account },
        )
    if (effect.kind === 'call' && policy.unknownCalls === false)
      throw refused(
        'unknown-call',
        `The call to ${effect.to} is not understood, and the policy allows no unknown calls.`,
        {
          to: effect.to,
          selector: effect.selector,
        },
      )
  }
}

/** The allow-list alone. */
function checkRecipients(
  list: readonly Effect[],
  { chain, policy }: { chain: ChainRules; policy: Policy },
): void {
  if (!policy.recipients) return
  const allowed = new Set(allowedOf(policy, chain))
  for (const effect of list) {
    const party = partyOf(effect)
    if (party === undefined || allowed.has(party)) continue
    throw refused('recipients', `${party} is not among policy.recipients. Check the address, or add it.`, {
      address: party,
    })
  }
}

/** Address poisoning: a stranger whose address looks like one that the wallet knows, the account's own among them. */
function checkLookalikes(list: readonly Effect[], { chain, policy, accept, contacts }: PolicyContext): void {
  if (accept.includes('lookalike')) return
  const own = list.flatMap((effect) => ('from' in effect ? [effect.from] : []))
  const known = [...contacts, ...own, ...allowedOf(policy, chain)]
  for (const effect of list) {
    const party = partyOf(effect)
    const twin = party === undefined ? undefined : lookalikeOf(party, known)
    if (twin !== undefined)
      throw refused(
        'lookalike',
        `${party} looks like ${twin}, which this wallet knows, but is another address: compare every character. If it is right, use accept: ['lookalike'].`,
        { address: party, known: twin },
      )
  }
}

function allowedOf(policy: Policy, chain: ChainRules): readonly string[] {
  return (policy.recipients ?? [])
    .map((id) => parseAccountId(id))
    .filter((account) => account.chain === chain.id)
    .map((account) => chain.parseAddress(account.address))
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

/**
 * What leaves of an asset, and what others are allowed to take: an approval is money that may leave. Ids are compared
 * without case: two writings of one token must not have two limits.
 */
function spentOf(list: readonly Effect[], asset: AssetId): bigint {
  return list.reduce((sum, effect) => {
    const spends = effect.kind === 'transfer' || (effect.kind === 'approve' && effect.change !== 'decrease')
    return spends && effect.asset.toLowerCase() === asset.toLowerCase() ? sum + effect.amount : sum
  }, 0n)
}

/** A short name for a long text: SHA-256, hexadecimal. */
export function digestOf(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)))
}

interface Spent {
  readonly id: string
  readonly at: number
  readonly amount: bigint
}

/**
 * Counts what leaves in the windows of `policy.limits`, one draft at a time even when many are signed at once, and
 * refuses what would exceed one. The same draft counts once. Returns a function that takes it out again.
 */
export async function spend(
  effects: Pick<Effects, 'list'>,
  context: {
    readonly chain: ChainRules
    readonly policy: Policy
    readonly store: Store
    readonly id: string
  },
): Promise<() => Promise<void>> {
  const { chain, policy, store } = context
  const id = digestOf(context.id)
  const show = (amount: bigint, asset: AssetId): string => {
    const known = [chain.coin, ...chain.assets].find((one) => one.id.toLowerCase() === asset.toLowerCase())
    return showAmount(amount, asset, known ? [{ ...known, id: asset }] : [])
  }
  const limits = policy.limits ?? []
  if (limits.length === 0) return async () => {}
  const named = new Map(limits.map(({ asset }) => [asset.toLowerCase(), asset] as const))
  const assets = [...named.values()].filter((asset) => spentOf(effects.list, asset) > 0n)
  if (assets.length === 0) return async () => {}

  return withLock(store, 'policy', async () => {
    const now = Math.floor(Date.now() / 1000)
    const counted: { asset: AssetId; rows: Spent[] }[] = []
    for (const asset of assets) {
      const rules = limits.filter((limit) => limit.asset.toLowerCase() === asset.toLowerCase())
      const longest = Math.max(...rules.map((rule) => rule.seconds))
      const rows = (await readSpent(store, asset)).filter((row) => row.at > now - longest)
      if (rows.some((row) => row.id === id)) continue
      const amount = spentOf(effects.list, asset)
      for (const rule of rules) {
        const before = rows
          .filter((row) => row.at > now - rule.seconds)
          .reduce((sum, row) => sum + row.amount, 0n)
        if (before + amount > rule.amount)
          throw refused(
            'limit',
            `This would bring what leaves within ${rule.seconds} s to ${show(before + amount, asset)}; the limit is ${show(rule.amount, asset)}. Wait, send less, or raise the limit.`,
            { asset, spent: before, amount, limit: rule.amount, seconds: rule.seconds },
          )
      }
      counted.push({ asset, rows: [...rows, { id, at: now, amount }] })
    }
    for (const { asset, rows } of counted) await writeSpent(store, asset, rows)
    return () =>
      withLock(store, 'policy', async () => {
        for (const { asset } of counted) {
          const rows = await readSpent(store, asset)
          await writeSpent(
            store,
            asset,
            rows.filter((row) => row.id !== id),
          )
        }
      })
  })
}

const keyOf = (asset: AssetId): string => `policy/spent/${asset.toLowerCase()}`

async function readSpent(store: Store, asset: AssetId): Promise<Spent[]> {
  const text = await store.get(keyOf(asset))
  if (text === undefined) return []
  const rows = parseJson(text) as { id: string; at: number; amount: string }[]
  return rows.map((row) => ({ id: row.id, at: row.at, amount: BigInt(row.amount) }))
}

async function writeSpent(store: Store, asset: AssetId, rows: readonly Spent[]): Promise<void> {
  await store.set(
    keyOf(asset),
    JSON.stringify(rows.map((row) => ({ ...row, amount: row.amount.toString() }))),
  )
}

function refused(rule: string, message: string, details: Record<string, unknown>): CofferError {
  return new CofferError({ code: 'POLICY_REFUSED', message, details: { rule, ...details } })
}
