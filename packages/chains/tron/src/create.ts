import {
  type Asset,
  CofferError,
  type Draft,
  formatAmount,
  lookalikeHint,
  type ReadOptions,
  readKnown,
  toBaseUnits,
} from '@coffer/core'
import { accountId } from './address.ts'
import { giveTimes, readOpen } from './book.ts'
import { after, coinOf, limitOf, spent } from './carry.ts'
import { checkState, checkTrial } from './check-state.ts'
import { deedOf } from './claim.ts'
import { makeDraft } from './draft.ts'
import { type Creating, energyUse, type Facts, readFacts } from './facts.ts'
import { ceilingOf, type FeeParts, hintsOf } from './fee-parts.ts'
import { checkCoin, checkEnergy, feeLimitOf, priceOf } from './fees.ts'
import type { SigningPermission, TronIntent, TronNetwork } from './intent.ts'
import { pictures, signersOf } from './permissions-of.ts'
import { leftOf } from './reads.ts'
import { buildTransaction, needsEnergy, type TxNumbers } from './rebuild.ts'
import { type Resolved, resolveRequest, type TronRequest } from './request.ts'
import { settleOpen } from './settle.ts'
import { bandwidthOf, encodeRaw, type TronTransaction } from './transaction.ts'

/** Seconds that a transaction lives when nobody says it: long enough to look, to sign on a device, to carry it across a gap. */
const LIFE = 600

/** Makes the draft of one request. */
export async function create(
  account: Creating,
  request: TronRequest,
  options: ReadOptions,
): Promise<Draft<TronIntent>> {
  const [draft] = await createBatch(account, [request], options)
  return draft!
}

/**
 * Makes drafts that are priced one after the other, as if each was mined before the next: balances, stake and allowances are
 * carried on, votes and rewards are not. The account must be able to pay for them all. Nothing is held: on Tron transactions do not wait for each other.
 */
export async function createBatch(
  account: Creating,
  requests: readonly TronRequest[],
  options: ReadOptions,
): Promise<Draft<TronIntent>[]> {
  if (requests.length === 0 || requests.length > 100)
    throw new CofferError({ code: 'INVALID_REQUEST', message: 'A batch has 1 to 100 requests.' })
  const { network } = account
  const resolved = requests.map((request) => resolveRequest(request, network))
  if (requests.length > 1 && resolved.some((one) => one.max))
    throw new CofferError({ code: 'INVALID_REQUEST', message: 'amount: "max" cannot be part of a batch.' })
  return createResolved(account, requests, resolved, options)
}

/** The same for requests whose words were checked. */
export async function createResolved(
  account: Creating,
  requests: readonly TronRequest[],
  resolved: readonly Resolved[],
  options: ReadOptions,
): Promise<Draft<TronIntent>[]> {
  const { network, store, address, descriptor } = account
  const facts = await readFacts(account, resolved, options)
  const id = accountId(network, address)
  const times = await giveTimes(store, id, facts.head.time, requests.length)
  const planned = plan(account, requests, facts, times)
  // Where it was asked for on purpose, two of one batch may be the same.
  const asked = planned.filter(({ intent }) => !intent.again)
  const deeds = asked.map(({ tx }) => deedOf(tx))
  if (new Set(deeds).size < deeds.length)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message:
        'Two requests of the batch are the very same. Where that is meant, say again: true in the second.',
    })
  const open = await readOpen(store, id, deeds)
  if (open.length > 0) await settleOpen(account, open, options)

  const { contacts, seen } = await readKnown(store, network.id)
  const known = { contacts: [...contacts, address], seen }
  return planned.map(({ intent, tx, parts }) => {
    const before = intent.kind === 'permissions' ? pictures(facts.account, address) : {}
    const hints = { ...hintsOf(parts), ...lookalikeHint(partiesOf(intent), known), ...before }
    return makeDraft(network, descriptor, intent, tx, hints)
  })
}

/** What the requests would cost, by their parts, without making drafts of them. */
export async function estimate(
  account: Creating,
  request: TronRequest,
  options: ReadOptions,
): Promise<FeeParts & { readonly feeLimit: bigint; readonly ceiling: bigint }> {
  const { network } = account
  const facts = await readFacts(account, [resolveRequest(request, network)], options)
  const [planned] = plan(account, [request], facts, [facts.head.time])
  const { parts, tx, ceiling } = planned!
  return { ...parts, feeLimit: tx.feeLimit, ceiling }
}

// ---- plan: what each costs, after those before it ----

interface Planned {
  readonly intent: TronIntent
  readonly tx: TronTransaction
  readonly parts: FeeParts
  readonly ceiling: bigint
}

function plan(
  { network, address }: Creating,
  requests: readonly TronRequest[],
  facts: Facts,
  times: readonly bigint[],
): Planned[] {
  let { account, allowances } = facts
  const tokens = new Map(facts.tokens)
  return facts.resolved.map((one, i) => {
    const request = requests[i]!
    const permission = signersOf(account, address, one.intent, request.permission, network)
    const intent = withPermission(one.intent, permission)
    checkState(intent, facts, account, network, limitOf(facts, i, account))
    // What it holds comes before what the token's contract says to an amount that is not there.
    takeToken(one.asset?.asset, intent, tokens)
    const trial = facts.trials[i]
    if (trial) checkTrial(trial, one, network)
    const energy = energyUse(facts, i)
    const signatures = permission ? fewest(permission) : 1
    const price = (tx: TronTransaction, length: number): FeeParts =>
      priceOf({
        parameters: facts.parameters,
        allowances,
        bytes: bandwidthOf(length, signatures),
        signatures,
        memo: tx.memo !== '',
        opens: facts.opens[i]!,
        permissions: intent.kind === 'permissions',
        energy,
      })
    const numbers: TxNumbers = {
      ...facts.reference,
      timestamp: times[i]!,
      expiration: facts.head.time + BigInt(request.expiresIn ?? LIFE) * 1_000n,
      feeLimit: needsEnergy(intent, network)
        ? (request.feeLimit ?? feeLimitOf(energy?.needed ?? 0n, facts.parameters))
        : 0n,
    }
    checkFeeLimit(numbers.feeLimit, facts)
    const build = (intent: TronIntent): { tx: TronTransaction; length: number; parts: FeeParts } => {
      const tx = buildTransaction(intent, numbers, network, address)
      const { length } = encodeRaw(tx)
      return { tx, length, parts: price(tx, length) }
    }
    const { chosen, tx, length, parts } = settleMax(one, intent, account.balance, build)

    const coin = coinOf(chosen, network)
    checkCoin(account, coin, parts)
    if (energy) {
      const balance = account.balance - coin - (parts.total - parts.energy.burnt)
      const { feeLimit } = numbers
      checkEnergy({ balance, energy, feeLimit }, leftOf(allowances.energy), facts.parameters)
    }
    checkSize(length, signatures, facts, i)
    const ceiling = ceilingOf(tx, length, network, permission?.keys.length ?? 1)
    checkCeiling(ceiling, request, network)
    account = after(account, chosen, coin + parts.total, facts)
    allowances = spent(allowances, parts)
    return { intent: chosen, tx, parts, ceiling }
  })
}

/** With `amount: 'max'` of the coin: all but the fee, which hangs on the size, which hangs a little on the amount. */
function settleMax(
  { max, asset }: Resolved,
  intent: TronIntent,
  balance: bigint,
  build: (intent: TronIntent) => { tx: TronTransaction; length: number; parts: FeeParts },
) {
  if (!max || intent.kind !== 'pay' || asset?.kind.kind !== 'coin')
    return { chosen: intent, ...build(intent) }
  let amount = balance
  for (;;) {
    const fee = amount > 0n ? build({ ...intent, amount }).parts.total : balance
    if (amount + fee <= balance) break
    amount = balance - fee
    if (amount <= 0n) throw insufficient(asset.asset, fee + 1n, balance)
  }
  const chosen = { ...intent, amount }
  return { chosen, ...build(chosen) }
}

function takeToken(asset: Asset | undefined, intent: TronIntent, tokens: Map<string, bigint>): void {
  if (intent.kind !== 'pay' || !asset) return
  const held = tokens.get(asset.id)
  if (held === undefined) return
  if (intent.amount > held) throw insufficient(asset, intent.amount, held)
  tokens.set(asset.id, held - intent.amount)
}

function withPermission(intent: TronIntent, permission: SigningPermission | undefined): TronIntent {
  return permission ? { ...intent, permission } : intent
}

/** The fewest signatures that can reach the threshold. */
function fewest({ threshold, keys }: SigningPermission): number {
  const weights = keys.map(({ weight }) => weight).sort((a, b) => (a < b ? 1 : a > b ? -1 : 0))
  let sum = 0n
  const at = weights.findIndex((weight) => {
    sum += weight
    return sum >= threshold
  })
  return at + 1
}

/** The chain counts what opens an account as a field of the signed transaction, with two bytes of each signature. */
function checkSize(length: number, signatures: number, { parameters, opens }: Facts, i: number): void {
  const { newAccountSize: most } = parameters
  const size = BigInt(length + (length < 128 ? 2 : length < 16_384 ? 3 : 4) + 2 * signatures)
  if (!opens[i] || most === undefined || size <= most) return
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: `A transaction that opens an account has ${most} bytes at most, and this would have ${size}. Shorten the memo, or activate the account first.`,
    details: { size, most },
  })
}

function checkFeeLimit(feeLimit: bigint, { parameters }: Facts): void {
  if (feeLimit <= parameters.maxFeeLimit) return
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: `The chain takes fee limits up to ${formatAmount(parameters.maxFeeLimit, 6)} TRX.`,
    details: { feeLimit, most: parameters.maxFeeLimit },
  })
}

/** The caller's own ceiling, before a draft exists. The policy's is held against the bytes when they are signed. */
function checkCeiling(ceiling: bigint, { maxFee }: TronRequest, { coin }: TronNetwork): void {
  if (maxFee === undefined) return
  const most = toBaseUnits(maxFee, coin.decimals)
  if (ceiling <= most) return
  const show = (amount: bigint): string => `${formatAmount(amount, coin.decimals)} ${coin.symbol}`
  throw new CofferError({
    code: 'FEE_TOO_HIGH',
    message: `The fee could reach ${show(ceiling)}; you allowed ${show(most)}. Allow more, or set feeLimit.`,
    details: { ceiling, maxFee: most },
  })
}

/** Who gains something by an intent. */
function partiesOf(intent: TronIntent): readonly string[] {
  if (intent.kind === 'approve') return [intent.spender]
  return 'to' in intent && intent.to !== undefined ? [intent.to] : []
}

function insufficient(asset: Asset, needed: bigint, held: bigint): CofferError {
  const show = (amount: bigint): string =>
    asset.decimals < 0 ? `${amount} base units` : `${formatAmount(amount, asset.decimals)} ${asset.symbol}`
  return new CofferError({
    code: 'INSUFFICIENT_FUNDS',
    message: `This needs ${show(needed)}; the account holds ${show(held)}.`,
    details: { asset: asset.id, needed, held },
  })
}
