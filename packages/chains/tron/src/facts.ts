import { type Asset, CofferError, type ReadOptions, type Store, type TronSource } from '@coffer/core'
import { type EnergyUse, energyLimit, sharedEnergy } from './fees.ts'
import type { Address, TronIntent, TronNetwork } from './intent.ts'
import type { ContractAnswer, ContractQuery } from './reader.ts'
import {
  type AccountState,
  type Allowances,
  accountRead,
  allowancesRead,
  type Block,
  blockRead,
  type ContractTerms,
  contractRead,
  type Loan,
  leftOf,
  lendableRead,
  loansRead,
  neededRead,
  type Parameters,
  parametersRead,
  rewardRead,
  type Trial,
  type TrialCall,
  trialRead,
} from './reads.ts'
import { contractOf, needsEnergy, type TxNumbers } from './rebuild.ts'
import type { Resolved } from './request.ts'
import { type Answer, ask, type Read, take } from './rpc.ts'
import {
  askOneByOne,
  checkDecimals,
  contractsRead,
  tokenQueries,
  trc10Read,
  uintAnswer,
  unreadable,
} from './tokens-read.ts'

/** What creating needs of an account. */
export interface Creating {
  readonly network: TronNetwork
  readonly source: TronSource
  readonly store: Store
  readonly descriptor: string
  readonly address: Address
  readonly terms: Terms
}

/** What contracts charge their callers, as it was read before. Their deployers seldom change it. */
export type Terms = Map<Address, { readonly terms: ContractTerms; readonly until: number }>

const TERMS_KEPT = 10 * 60_000
/** A clock may be a day wrong; more is a lie of the node. */
const CLOCK = 26n * 3_600_000n

/** Everything that is asked of the network to make drafts. */
export interface Facts {
  /** The requests; with `max` of a token its amount. */
  readonly resolved: readonly Resolved[]
  readonly head: Block
  readonly reference: Pick<TxNumbers, 'refBlockBytes' | 'refBlockHash'>
  readonly account: AccountState
  readonly allowances: Allowances
  readonly parameters: Parameters
  /** Per request: whether it opens an account. */
  readonly opens: readonly boolean[]
  /** Who stands at the addresses that were asked about. */
  readonly others: ReadonlyMap<Address, Pick<AccountState, 'exists' | 'isContract'>>
  /** Per request: the most that can be lent, taken back or claimed, where that is what it wants. */
  readonly limits: readonly (bigint | undefined)[]
  /** Per request that calls a contract. */
  readonly trials: readonly (Trial | undefined)[]
  /** Per request: the least energy with which its call succeeds, where the node tells. */
  readonly needed: readonly (bigint | undefined)[]
  /** Per request: what the contract's deployer has left to share. */
  readonly shares: readonly { readonly terms: ContractTerms; readonly left: bigint }[]
  /** Per asset: the balance of a token. */
  readonly tokens: ReadonlyMap<string, bigint>
}

/** Asks in one round trip; in one more for what the deployers of contracts share, and for the amount of `max` of a token. */
export async function readFacts(
  account: Creating,
  requests: readonly Resolved[],
  options: ReadOptions,
): Promise<Facts> {
  const { network, source, address } = account
  const resolved = await withMax(account, requests, options)
  const trials = resolved.map(({ intent }) => trialOf(intent, account))
  const recipients = [...new Set(resolved.flatMap(({ intent }) => recipientOf(intent, network) ?? []))]
  const called = [...new Set(trials.flatMap((trial) => trial?.to ?? []))]
  const unknown = called.filter((to) => !((account.terms.get(to)?.until ?? 0) > Date.now()))
  const tokens = tokensOf(resolved)
  const queries = tokens.flatMap(({ address: token }) => tokenQueries(token, address))
  const trc10Ids = trc10sIn(resolved)

  const asked = [
    ...recipients.map(accountRead),
    ...unknown.map(contractRead),
    ...resolved.flatMap(({ intent }) => limitRead(intent, address) ?? []),
    ...trials.flatMap((trial) => (trial ? [trialRead(trial), neededRead(trial)] : [])),
    ...trc10Ids.map(trc10Read),
    ...(queries.length > 0 ? [contractsRead(address, queries)] : []),
  ] as readonly Read<unknown>[]
  const [head, solid, state, allowances, parameters, ...rest] = await ask(
    source,
    [
      blockRead('wallet'),
      blockRead('walletsolidity'),
      accountRead(address),
      allowancesRead(address),
      parametersRead(network),
      ...asked,
    ] as const,
    options,
  )
  const more = rest as readonly Answer<unknown>[]
  let at = 0
  const next = <T>(): T => take(more[at++]!) as T
  const others = new Map(recipients.map((to) => [to, next<AccountState>()]))
  for (const to of unknown) {
    const terms = next<ContractTerms | undefined>()
    if (terms) account.terms.set(to, { terms, until: Date.now() + TERMS_KEPT })
  }
  const told = resolved.map(({ intent }) =>
    limitRead(intent, address) ? next<bigint | readonly Loan[]>() : undefined,
  )
  const needed: (bigint | undefined)[] = []
  const tried = trials.map((trial, i) => {
    if (!trial) return undefined
    const answer = next<Trial>()
    const estimate = more[at++]!
    needed[i] = estimate.ok ? (estimate.value as bigint | undefined) : undefined
    return answer
  })
  const trc10s = new Map(trc10Ids.map((id) => [id, next<{ decimals: number } | undefined>()]))
  for (const { asset, sent } of resolved)
    for (const one of [asset, sent])
      if (one?.kind.kind === 'trc10') {
        const decimals = trc10s.get(one.kind.id)?.decimals
        checkDecimals(one.asset, decimals === undefined ? undefined : BigInt(decimals))
      }
  const held = await readTokens(account, resolved, tokens, queries, more[at], options)

  const blocks = { head: take(head), solid: take(solid) }
  checkClock(blocks)
  return {
    resolved,
    head: blocks.head,
    reference: referenceOf(blocks.solid),
    account: take(state),
    allowances: take(allowances),
    parameters: take(parameters),
    opens: resolved.map(({ intent }) => {
      const to = opensAt(intent, network)
      return to !== undefined && !others.get(to)!.exists
    }),
    others,
    limits: told.map((limit) => (typeof limit === 'object' ? dueOf(limit, blocks.head.time) : limit)),
    trials: tried,
    needed,
    shares: await readShares(account, trials, options),
    tokens: new Map([...held, ...trc10sOf(resolved, take(state))]),
  }
}

/** What a request's call uses, and how much of that its contract's deployer pays. */
export function energyUse({ trials, shares, needed }: Facts, i: number): EnergyUse | undefined {
  const trial = trials[i]
  if (!trial) return undefined
  const { energy: used, penalty } = trial
  const { terms, left } = shares[i]!
  const least = needed[i] ?? used
  return {
    used,
    penalty,
    shared: sharedEnergy(used, terms, left),
    needed: least > used ? least : used,
    limit: (own) => energyLimit(own, terms, left),
  }
}

/**
 * The reference of a transaction: the newest block that is final, so that no reorganisation can make it refer to nothing. It
 * also ties the transaction to this network.
 */
function referenceOf({ hash }: Block): Facts['reference'] {
  return { refBlockBytes: hash.slice(12, 16), refBlockHash: hash.slice(16, 32) }
}

function checkClock({ head, solid }: { head: Block; solid: Block }): void {
  if (solid.height > head.height || solid.time > head.time || head.height - solid.height > 10_000)
    throw new CofferError({
      code: 'BAD_RESPONSE',
      message: 'The final block that the node tells of does not fit to its newest one. Use another node.',
      details: { head: head.height, final: solid.height },
    })
  const ahead = head.time - BigInt(Date.now())
  if (ahead < CLOCK && ahead > -CLOCK) return
  throw new CofferError({
    code: 'BAD_RESPONSE',
    message: `The newest block of the node is of ${new Date(Number(head.time)).toISOString()}, which is far from the clock of this machine. Check the clock, or use another node.`,
    details: { time: head.time },
  })
}

// ---- calls ----

function trialOf(intent: TronIntent, { network, address }: Creating): TrialCall | undefined {
  if (!needsEnergy(intent, network)) return undefined
  const contract = contractOf(intent, network, address)
  if (contract.type === 'CreateSmartContract')
    return { owner: address, data: contract.newContract.bytecode, value: contract.newContract.callValue }
  if (contract.type !== 'TriggerSmartContract') return undefined
  const { contractAddress, data, callValue, tokenId, callTokenValue } = contract
  const token = callTokenValue > 0n ? { token: { id: tokenId, amount: callTokenValue } } : {}
  return { owner: address, to: contractAddress, data, value: callValue, ...token }
}

/** What the deployer of each called contract has left of its staked energy; one round trip where anybody shares anything. */
async function readShares(
  { source, address, terms: known }: Creating,
  trials: readonly (TrialCall | undefined)[],
  options: ReadOptions,
): Promise<Facts['shares']> {
  const none = { terms: { origin: address, userPercent: 100n, originEnergyLimit: 0n }, left: 0n }
  const terms = trials.map((trial) => (trial?.to === undefined ? undefined : known.get(trial.to)?.terms))
  const sharing = terms.map((one) => one && one.userPercent < 100n && one.origin !== address)
  const origins = [...new Set(terms.flatMap((one, i) => (one && sharing[i] ? [one.origin] : [])))]
  if (origins.length === 0) return trials.map(() => none)
  const answers = await ask(source, origins.map(allowancesRead), options)
  const left = new Map(origins.map((origin, i) => [origin, leftOf(take(answers[i]!).energy)]))
  return terms.map((one, i) => (one && sharing[i] ? { terms: one, left: left.get(one.origin)! } : none))
}

// ---- limits and recipients ----

function limitRead(intent: TronIntent, address: Address): Read<bigint | readonly Loan[]> | undefined {
  if (intent.kind === 'undelegate') return loansRead(address, intent.to, intent.resource)
  if (intent.kind === 'delegate') return lendableRead(address, intent.resource)
  return intent.kind === 'claim' ? rewardRead(address) : undefined
}

/** What of loans can be taken back. */
function dueOf(loans: readonly Loan[], now: bigint): bigint {
  return loans.reduce((sum, { amount, until }) => (until < now ? sum + amount : sum), 0n)
}

/** Who must have been asked about: those to whom an account may be opened, and those who must have one. */
function recipientOf(intent: TronIntent, network: TronNetwork): Address | undefined {
  return intent.kind === 'delegate' ? intent.to : opensAt(intent, network)
}

/** Where an intent opens an account, if there is none yet. */
function opensAt(intent: TronIntent, network: TronNetwork): Address | undefined {
  if (intent.kind === 'activate') return intent.to
  return intent.kind === 'pay' && !needsEnergy(intent, network) ? intent.to : undefined
}

// ---- tokens ----

/** With `amount: 'max'` of a token, what the account holds of it. */
async function withMax(
  { network, source, address }: Creating,
  requests: readonly Resolved[],
  options: ReadOptions,
): Promise<readonly Resolved[]> {
  const [one] = requests
  if (!one?.max || one.intent.kind !== 'pay' || !one.asset || one.asset.kind.kind === 'coin') return requests
  const { asset, kind } = one.asset
  let amount: bigint | undefined
  if (kind.kind === 'trc10') {
    const [state] = await ask(source, [accountRead(address)] as const, options)
    amount = take(state).tokens.get(kind.id) ?? 0n
  } else {
    const [, balance] = tokenQueries(kind.address, address)
    const [answer] = await ask(source, [trialRead({ owner: address, ...balance })] as const, options)
    const { returned, failure } = take(answer)
    amount = uintAnswer({ ok: failure === undefined, data: returned })
    if (amount === undefined) throw unreadable(asset, 'balance')
  }
  if (amount === 0n)
    throw new CofferError({
      code: 'INSUFFICIENT_FUNDS',
      message: `The account holds no ${asset.symbol}${network.testnet ? ` on ${network.name}` : ''}.`,
      details: { asset: asset.id, held: 0n },
    })
  return [{ ...one, intent: { ...one.intent, amount }, max: false }]
}

function tokensOf(
  resolved: readonly Resolved[],
): readonly { readonly asset: Asset; readonly address: Address }[] {
  const found = resolved.flatMap(({ asset }) =>
    asset?.kind.kind === 'trc20'
      ? [[asset.asset.id, { asset: asset.asset, address: asset.kind.address }] as const]
      : [],
  )
  return [...new Map(found).values()]
}

/** The balances of the tokens, after their decimals were compared with those of each request. */
async function readTokens(
  { source, address }: Creating,
  resolved: readonly Resolved[],
  tokens: ReturnType<typeof tokensOf>,
  queries: readonly ContractQuery[],
  answer: Answer<unknown> | undefined,
  options: ReadOptions,
): Promise<Map<string, bigint>> {
  if (tokens.length === 0) return new Map()
  const read = answer?.ok ? (answer.value as readonly ContractAnswer[] | undefined) : undefined
  const answers = read ?? (await askOneByOne(source, address, queries, options))
  return new Map(
    tokens.map(({ asset }, i) => {
      // Each request's own idea of the token: two of a batch may differ.
      for (const { asset: own } of resolved)
        if (own?.asset.id === asset.id) checkDecimals(own.asset, uintAnswer(answers[2 * i]!))
      const amount = uintAnswer(answers[2 * i + 1]!)
      if (amount === undefined) throw unreadable(asset, 'balance')
      return [asset.id, amount]
    }),
  )
}

/** The TRC-10 tokens whose decimals somebody claims. */
function trc10sIn(resolved: readonly Resolved[]): readonly string[] {
  const ids = resolved.flatMap(({ asset, sent }) =>
    [asset, sent].flatMap((one) =>
      one?.kind.kind === 'trc10' && one.asset.decimals >= 0 ? [one.kind.id] : [],
    ),
  )
  return [...new Set(ids)]
}

function trc10sOf(
  resolved: readonly Resolved[],
  account: AccountState,
): readonly (readonly [string, bigint])[] {
  return resolved.flatMap(({ asset }) =>
    asset?.kind.kind === 'trc10' ? [[asset.asset.id, account.tokens.get(asset.kind.id) ?? 0n] as const] : [],
  )
}
