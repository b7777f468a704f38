import {
  type Asset,
  CofferError,
  type Draft,
  type EvmSource,
  formatAmount,
  lookalikeHint,
  type ReadOptions,
  readKnown,
  type Store,
  toBaseUnits,
} from '@coffer/core'
import { accountId } from './address.ts'
import { payloadId } from './claim.ts'
import { makeDraft } from './draft.ts'
import { type FeeFacts, feeRead, type GasPrices, gasPrices } from './fees.ts'
import { hexData, quantity } from './hex.ts'
import type { Address, EvmIntent, EvmNetwork, Hex } from './intent.ts'
import { giveNonces, type NodeNonces } from './nonce.ts'
import { type ContractAnswer, contractReads, uintAnswer } from './reader.ts'
import { callOf } from './rebuild.ts'
import { type EvmRequest, type Resolved, resolveRequest } from './request.ts'
import { type Answer, ask, read, take, toQuantity } from './rpc.ts'
import { balanceOf, checkDecimals, decimalsRead, unreadable } from './tokens-read.ts'

/** What creating needs of an account. */
export interface Creating {
  readonly network: EvmNetwork
  readonly source: EvmSource
  readonly store: Store
  readonly descriptor: string
  readonly address: Address
}

/** Gas of a plain transfer; it never needs more, so it gets no margin. */
const PLAIN_GAS = 21_000n
/** The self-sponsored delegation: base cost, one authorisation, and room for the delegate's own `receive`. */
const DELEGATION_GAS = 100_000n
/** More than any sane estimate; a node that says more lies or is broken. */
const MOST_GAS = 0x100_0000_0000n

/** Makes the draft of one request, in one round trip. */
export async function create(
  account: Creating,
  request: EvmRequest,
  options: ReadOptions,
): Promise<Draft<EvmIntent>> {
  const [draft] = await createBatch(account, [request], options)
  return draft!
}

/**
 * Makes drafts with successive nonces, in one round trip for all. The account must be able to pay for them all. On any
 * error no nonce stays taken.
 */
export async function createBatch(
  account: Creating,
  requests: readonly EvmRequest[],
  options: ReadOptions,
): Promise<Draft<EvmIntent>[]> {
  if (requests.length === 0 || requests.length > 500)
    throw new CofferError({ code: 'INVALID_REQUEST', message: 'A batch has 1 to 500 requests.' })
  const { network, store, address } = account
  const resolved = requests.map((request) => resolveRequest(request, network))
  if (requests.length > 1 && resolved.some((one) => one.max))
    throw new CofferError({ code: 'INVALID_REQUEST', message: 'amount: "max" cannot be part of a batch.' })

  const facts = await readFacts(account, resolved, options)
  const { contacts, seen } = await readKnown(store, network.id)
  const known = { contacts: [...contacts, address], seen }
  const planned = plan(account, requests, resolved, facts)

  const wanted = requests.map((request) => request.nonce)
  return giveNonces(store, accountId(network, address), facts.nonces, wanted, (nonces, { gap, unsigned }) => {
    const drafts = planned.map(({ intent, gasLimit, prices, gasUsed }, i) => {
      const nonce = nonces[i]!
      const waits = gap || unsigned.some((earlier) => earlier < nonce)
      const hints = {
        gasUsed: gasUsed.toString(),
        ...baseFeeHint(prices),
        ...(waits ? { nonceGap: 'true' } : {}),
        ...lookalikeHint(partiesOf(intent), known),
      }
      return makeDraft(network, account.descriptor, intent, { nonce, gasLimit, ...prices }, hints)
    })
    return { ids: drafts.map((draft) => payloadId(draft.payload)), drafts }
  })
}

/** For the likely cost of a draft. */
export function baseFeeHint(prices: GasPrices): { baseFeePerGas?: string } {
  return 'baseFeePerGas' in prices ? { baseFeePerGas: prices.baseFeePerGas.toString() } : {}
}

/** Who gains something by an intent. */
function partiesOf(intent: EvmIntent): readonly string[] {
  if (intent.kind === 'approve') return [intent.spender]
  return 'to' in intent && intent.to !== null ? [intent.to] : []
}

// ---- facts: everything that is asked of the network, in one request ----

interface Facts {
  readonly nonces: NodeNonces
  readonly balance: bigint
  readonly fee: Answer<FeeFacts>
  /** Per request. */
  readonly gas: readonly Answer<bigint>[]
  /** Per request about a token: what its call would return. */
  readonly simulated: ReadonlyMap<Resolved, Answer<Hex>>
  /** Per token asset: its balance. */
  readonly tokens: ReadonlyMap<string, bigint>
}

async function readFacts(
  account: Creating,
  resolved: readonly Resolved[],
  options: ReadOptions,
): Promise<Facts> {
  const { network, source, address } = account
  const tokens = [
    ...new Map(resolved.flatMap(({ token }) => (token ? [[token.asset.id, token] as const] : []))).values(),
  ]
  const tokenReads = tokens.flatMap(({ address: to }) => [decimalsRead(to), { to, data: balanceOf(address) }])
  const tried = resolved.filter(({ token }) => token)
  const [latest, pending, finalized, balance, fee, ...rest] = await ask(
    source,
    [
      read('eth_getTransactionCount', [address, 'latest'], nonceAnswer),
      read('eth_getTransactionCount', [address, 'pending'], nonceAnswer),
      read('eth_getTransactionCount', [address, 'finalized'], nonceAnswer),
      read('eth_getBalance', [address, 'latest'], quantity),
      feeRead(network),
      ...resolved.map((one) => read('eth_estimateGas', [trialCall(one, account)], quantity)),
      ...tried.map((one) => read('eth_call', [trialCall(one, account), 'latest'], hexData)),
      ...(tokenReads.length > 0 ? [contractReads(tokenReads)] : []),
    ] as const,
    options,
  )
  const answers = tokens.length > 0 ? (take(rest.at(-1)!) as readonly ContractAnswer[]) : []
  const held = new Map<string, bigint>()
  tokens.forEach(({ asset }, i) => {
    // Each request's own idea of the token: two of a batch may differ.
    for (const { token } of resolved)
      if (token?.asset.id === asset.id && token.asset.decimals >= 0)
        checkDecimals(token.asset, answers[i * 2]!)
    const amount = uintAnswer(answers[i * 2 + 1]!)
    if (amount === undefined) throw unreadable(asset, 'balance')
    held.set(asset.id, amount)
  })
  return {
    nonces: {
      latest: take(latest),
      pending: take(pending),
      // A chain without finality has no such count, and says so with an error.
      finalized: finalized.ok ? finalized.value : undefined,
    },
    balance: take(balance),
    fee,
    gas: rest.slice(0, resolved.length) as Answer<bigint>[],
    simulated: new Map(tried.map((one, i) => [one, rest[resolved.length + i] as Answer<Hex>])),
    tokens: held,
  }
}

/** A count of transactions; no account reaches 2^32 of them. */
function nonceAnswer(value: unknown): bigint {
  const count = quantity(value)
  if (count >> 32n === 0n) return count
  throw new CofferError({
    code: 'BAD_RESPONSE',
    message: 'The node gave an impossible number of transactions.',
  })
}

/** The call to estimate and to try; `max` stands for one unit, whose cost is the same. */
function trialCall({ intent, max }: Resolved, { network, address }: Creating): Record<string, unknown> {
  if (intent.kind === 'delegate') return { from: address, to: address }
  const trial = max && intent.kind === 'pay' ? { ...intent, amount: 1n } : intent
  const { to, value, data } = callOf(trial, network, address)
  return {
    from: address,
    ...(to ? { to } : {}),
    value: toQuantity(value),
    ...(data === '0x' ? {} : { data }),
    ...('accessList' in intent && intent.accessList ? { accessList: intent.accessList } : {}),
  }
}

// ---- plan: gas, price and amount of each request ----

interface Plan {
  readonly intent: EvmIntent
  readonly gasUsed: bigint
  readonly gasLimit: bigint
  readonly prices: GasPrices
}

function plan(
  account: Creating,
  requests: readonly EvmRequest[],
  resolved: readonly Resolved[],
  facts: Facts,
): Plan[] {
  const { network } = account
  checkAmounts(account, resolved, facts)
  const plans = requests.map((request, i): Plan => {
    const { intent, max, token } = resolved[i]!
    if (token) checkReturn(token.asset, take(facts.simulated.get(resolved[i]!)!))
    const prices = pricesFor(intent, gasPrices(request.fee ?? 'normal', facts.fee, network))
    const gasUsed = intent.kind === 'delegate' ? DELEGATION_GAS : take(facts.gas[i]!)
    const gasLimit = request.gasLimit ?? withMargin(gasUsed)
    if (gasLimit > MOST_GAS)
      throw new CofferError({ code: 'BAD_RESPONSE', message: 'The node asks for an absurd amount of gas.' })
    if (request.gasLimit === undefined && gasLimit < PLAIN_GAS)
      throw new CofferError({
        code: 'BAD_RESPONSE',
        message: `The node asks for ${gasLimit} gas, and no transaction takes less than ${PLAIN_GAS}. Ask another node.`,
      })
    const ceiling = gasLimit * ('gasPrice' in prices ? prices.gasPrice : prices.maxFeePerGas)
    checkCeiling(ceiling, request, network)
    if (!max || intent.kind !== 'pay') return { intent, gasUsed, gasLimit, prices }
    const amount = token ? facts.tokens.get(token.asset.id)! : facts.balance - ceiling
    if (amount <= 0n)
      throw insufficient(token?.asset ?? network.coin, token ? 1n : ceiling, token ? 0n : facts.balance)
    return { intent: { ...intent, amount }, gasUsed, gasLimit, prices }
  })
  checkCoin(account, plans, facts)
  return plans
}

/** A delegation has no form with a gas price; both of its rates become that price where the chain wants one. */
function pricesFor(intent: EvmIntent, prices: GasPrices): GasPrices {
  if (intent.kind !== 'delegate' || !('gasPrice' in prices)) return prices
  return { maxFeePerGas: prices.gasPrice, maxPriorityFeePerGas: prices.gasPrice, baseFeePerGas: 0n }
}

function withMargin(gasUsed: bigint): bigint {
  return gasUsed <= PLAIN_GAS ? gasUsed : (gasUsed * 6n) / 5n
}

/** The caller's own ceiling, before a draft exists. The policy's is held against the bytes when they are signed. */
function checkCeiling(ceiling: bigint, { maxFee }: EvmRequest, { coin }: EvmNetwork): void {
  if (maxFee === undefined) return
  const most = toBaseUnits(maxFee, coin.decimals)
  if (ceiling <= most) return
  const show = (amount: bigint): string => `${formatAmount(amount, coin.decimals)} ${coin.symbol}`
  throw new CofferError({
    code: 'FEE_TOO_HIGH',
    message: `The fee could reach ${show(ceiling)}; you allowed ${show(most)}. Wait, choose fee: 'slow', or allow more.`,
    details: { ceiling, maxFee: most },
    retryable: true,
  })
}

/** Amounts against balances, before the node's own, less clear, complaints. */
function checkAmounts({ network }: Creating, resolved: readonly Resolved[], facts: Facts): void {
  const wanted = new Map<string, { asset: Asset; amount: bigint }>()
  for (const { intent, token } of resolved)
    if (intent.kind === 'pay') {
      const asset = token?.asset ?? network.coin
      wanted.set(asset.id, { asset, amount: (wanted.get(asset.id)?.amount ?? 0n) + intent.amount })
    }
  for (const { asset, amount } of wanted.values()) {
    const held = asset.id === network.coin.id ? facts.balance : facts.tokens.get(asset.id)!
    if (amount > held) throw insufficient(asset, amount, held)
  }
}

/** The coin for values and fee ceilings of all drafts together. */
function checkCoin({ network, address }: Creating, plans: readonly Plan[], facts: Facts): void {
  const total = plans.reduce((sum, { intent, gasLimit, prices }) => {
    const price = 'gasPrice' in prices ? prices.gasPrice : prices.maxFeePerGas
    return sum + callOf(intent, network, address).value + gasLimit * price
  }, 0n)
  if (total > facts.balance) throw insufficient(network.coin, total, facts.balance)
}

/** E8: a token may return nothing or true; one that returns false would take the fee and move nothing. */
function checkReturn(asset: Asset, returned: Hex): void {
  if (returned === '0x' || /^0x0{63}1$/.test(returned)) return
  throw new CofferError({
    code: 'EXECUTION_REVERTED',
    message: `The token ${asset.symbol} says that it would refuse this. Nothing was made.`,
    details: { asset: asset.id, returned: returned.slice(0, 66) },
  })
}

function insufficient(asset: Asset, needed: bigint, held: bigint): CofferError {
  const show = (amount: bigint): string =>
    asset.decimals < 0 ? `${amount} base units` : `${formatAmount(amount, asset.decimals)} ${asset.symbol}`
  return new CofferError({
    code: 'INSUFFICIENT_FUNDS',
    message: `This needs up to ${show(needed)}, fee included where it is paid in it; the account holds ${show(held)}.`,
    details: { asset: asset.id, needed, held },
  })
}
