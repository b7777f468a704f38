import {
  type AmountInput,
  CofferError,
  createDraft,
  type Draft,
  type Engine,
  lookalikeHint,
  type ReadOptions,
  readKnown,
  type Store,
  toBaseUnits,
  type UtxoSource,
} from '@coffer/core'
import { bytesToHex } from '@noble/hashes/utils.js'
import { changeBook, heldIn, withHolds } from './book.ts'
import { type AccountScript, type Keychain, scriptAt } from './derive.ts'
import type { Descriptor } from './descriptor.ts'
import { feeRate, LONG_TERM_RATE, ownRate } from './fees.ts'
import { inspect } from './inspect.ts'
import type { BitcoinIntent } from './intent.ts'
import type { BitcoinNetwork } from './networks.ts'
import {
  feeOf,
  type Plan,
  type PlannedOutput,
  type SpentCoin,
  sumOf,
  unsignedTx,
  writePayload,
} from './payload.ts'
import { baseWeight, coinWeight, planWeight } from './plan-weight.ts'
import { hasRest, wantedOf } from './rebuild.ts'
import { type BitcoinRequest, resolveRequest } from './request.ts'
import { selectAll, selectCoins } from './select.ts'
import { secureRandom, shuffle } from './shuffle.ts'
import { type AccountState, firstUnused } from './state.ts'
import { encodeTx, type TxOutput, txidOf } from './transaction.ts'
import { coinsOf, type OwnCoin, type Package, packageOf } from './view.ts'
import { dustOf } from './weight.ts'

/** An opened account, as those who build drafts for it need it. */
export interface Building {
  readonly network: BitcoinNetwork
  readonly source: UtxoSource
  readonly store: Store
  readonly engine: Engine | undefined
  readonly descriptor: Descriptor
  /** The account's name in the store. */
  readonly key: string
  /** The state, brought up to date. */
  refresh(options: ReadOptions): Promise<AccountState>
}

/** Replaceable, as everybody expects it (BIP-125). */
const SEQUENCE = 0xfffffffd
/** Coins of strangers below this are left alone unless they are picked by hand: they are sent to see who they are merged with. */
const POISON = 1_000n
/** So many change addresses wait unused at most, or another wallet would not find what lies beyond them. */
const CHANGE_GAP = 20

/** Builds the draft of a request: coins, change, fee, locktime and order are chosen here, and the coins held for it. */
export async function create(
  account: Building,
  request: BitcoinRequest,
  options: ReadOptions,
): Promise<Draft<BitcoinIntent>> {
  const { network, source } = account
  const intent = resolveRequest(request, network)
  const { fee: choice = 'normal', maxFee } = request
  const [state, estimates] = await Promise.all([
    account.refresh(options),
    ownRate(choice) === undefined ? source.feeRates(options) : [],
  ])
  const rate = feeRate(choice, estimates, network)
  const { coins, unconfirmed } = request
  return build(account, state, { intent, rate, maxFee, coins, unconfirmed })
}

/** What a draft is made of, once the network was asked. */
export interface Order {
  readonly intent: BitcoinIntent
  readonly rate: bigint
  readonly maxFee?: AmountInput | undefined
  /** Outpoints: exactly these. */
  readonly coins?: readonly string[] | undefined
  readonly unconfirmed?: boolean | undefined
  /** Coins that a replacement spends again; others may join them. */
  readonly again?: readonly OwnCoin[] | undefined
  /** The least fee that a transaction of so many virtual bytes must pay, in satoshi. */
  readonly leastFee?: ((vsize: bigint) => bigint) | undefined
  /** Change goes here instead of to a fresh address. */
  readonly change?: AccountScript | undefined
}

/** Chooses coins under the book's lock, so that no two drafts choose the same ones. */
export async function build(
  account: Building,
  state: AccountState,
  order: Order,
): Promise<Draft<BitcoinIntent>> {
  const { network, store, descriptor, engine } = account
  const known = await readKnown(store, network.id)
  return changeBook(store, account.key, (book, now) => {
    const held = heldIn(book, now)
    const coins = usable(state, order, new Set(book.frozen), held)
    const place = order.change ?? changePlace(state, book.given, descriptor)
    const plan = dearEnough(account, state, order, coins, place)
    checkMaxFee(plan, order.maxFee, network)
    const draft = createDraft(
      { inspect: (fields) => inspect(fields, network, engine) },
      {
        chain: network.id,
        account: descriptor.text,
        intent: order.intent,
        payload: writePayload(plan),
        hints: lookalikeHint(partiesOf(order.intent), known),
      },
    ) as Draft<BitcoinIntent>
    const outpoints = plan.inputs.map(({ txid, vout }) => `${txid}:${vout}`)
    // What was signed with a coin that is now replaced keeps its hold until the replacement is signed.
    const free = outpoints.filter((outpoint) => !held.get(outpoint)?.signed)
    const id = txidOf(unsignedTx(plan))
    const next = withHolds(book, now, free, { draft: id })
    const usesChange = !order.change && plan.outputs.some(({ own }) => own === place)
    return [usesChange ? { ...next, given: givenAfter(book.given, place) } : next, draft]
  })
}

/** Who gains something by an intent. */
function partiesOf(intent: BitcoinIntent): readonly string[] {
  if (intent.kind === 'batch')
    return [...intent.payments.map(({ to }) => to), ...(intent.rest === undefined ? [] : [intent.rest])]
  return 'to' in intent ? [intent.to] : []
}

/** Amount and script of each coin, and what its unconfirmed parents are short of. */
interface Usable {
  readonly groups: readonly (readonly Candidate[])[]
  readonly required: readonly Candidate[]
}

interface Candidate {
  readonly id: string
  readonly amount: bigint
  readonly weight: number
  readonly extraFee?: bigint
  readonly coin: OwnCoin
}

/** The coins that may be spent, in groups of rising risk. */
function usable(
  state: AccountState,
  order: Order,
  frozen: ReadonlySet<string>,
  held: ReadonlyMap<string, unknown>,
): Usable {
  const all = coinsOf(state)
  const siblings = new Map<string, number>()
  for (const coin of all)
    if (coin.ancestors) siblings.set(packageName(coin), (siblings.get(packageName(coin)) ?? 0) + 1)
  const idOf = ({ txid, vout }: OwnCoin): string => `${txid}:${vout}`
  const candidate = (coin: OwnCoin): Candidate => {
    const extraFee = shareOf(coin, siblings.get(packageName(coin)) ?? 1, order.rate)
    return {
      id: idOf(coin),
      amount: coin.amount,
      weight: coinWeight(coin.script),
      ...(extraFee > 0n ? { extraFee } : {}),
      coin,
    }
  }
  const again = order.again ?? []
  if (order.coins) {
    const byId = new Map(all.map((coin) => [idOf(coin), coin] as const))
    const chosen = [...new Set(order.coins)].map((id) => {
      const coin = byId.get(id)
      if (!coin)
        throw new CofferError({
          code: 'INVALID_REQUEST',
          message: `The account has no unspent coin ${id}.`,
          details: { outpoint: id },
        })
      if (coin.immature)
        throw new CofferError({
          code: 'INVALID_REQUEST',
          message: `The coin ${id} was just mined and can be spent after 100 confirmations.`,
          details: { outpoint: id, confirmations: coin.confirmations },
        })
      if (isLong(coin))
        throw new CofferError({
          code: 'INVALID_REQUEST',
          message: `Too many waiting transactions stand behind the coin ${id}. Wait for a block.`,
          details: { outpoint: id },
        })
      if (held.has(id))
        throw new CofferError({
          code: 'COIN_TAKEN',
          message: `The coin ${id} is held by another draft or transaction. Discard that one first.`,
          details: { outpoint: id },
        })
      return coin
    })
    return { groups: [], required: chosen.map(candidate) }
  }
  const replaced = new Set(again.map(idOf))
  const free = all.filter((coin) => {
    const id = idOf(coin)
    if (replaced.has(id) || frozen.has(id) || held.has(id) || coin.immature) return false
    if (!coin.own && coin.amount < POISON) return false
    // A replacement may bring in no new coin that waits (BIP-125, rule 2).
    if (coin.height === 0)
      return again.length === 0 && (coin.own || order.unconfirmed === true) && !isLong(coin)
    return true
  })
  const groups = [
    free.filter(({ confirmations }) => confirmations >= 6),
    free.filter(({ confirmations }) => confirmations >= 1 && confirmations < 6),
    free.filter(({ height, own }) => height === 0 && own),
    free.filter(({ height, own }) => height === 0 && !own),
  ]
  return { groups: groups.map((group) => group.map(candidate)), required: again.map(candidate) }
}

/** Nodes take no longer chains of waiting transactions. */
function isLong({ ancestors }: OwnCoin): boolean {
  return ancestors !== undefined && (ancestors.txids.length >= 25 || ancestors.vsize > 100_000)
}

/** What the waiting transactions behind a coin fall short of the rate by. */
function shortOf(ancestors: Package | undefined, rate: bigint): bigint {
  if (!ancestors || ancestors.fee === undefined) return 0n
  const due = (BigInt(ancestors.vsize) * rate + 999n) / 1000n
  return due > ancestors.fee ? due - ancestors.fee : 0n
}

interface Chosen {
  readonly coins: readonly Candidate[]
  readonly change?: bigint
  readonly amount?: bigint
}

/**
 * Coins of one waiting parent share what it is short of. What was counted for the chosen ones is set right here: too much goes back to
 * the change or the rest, too little is taken from it.
 */
function fairShare(state: AccountState, chosen: Chosen, rate: bigint, dust: bigint): Chosen {
  const roots = chosen.coins.flatMap(({ coin }) => (coin.ancestors ? [coin.txid] : []))
  if (roots.length === 0) return chosen
  const counted = chosen.coins.reduce((sum, { extraFee = 0n }) => sum + extraFee, 0n)
  const over = counted - shortOf(packageOf(state, roots), rate)
  const left = chosen.change ?? chosen.amount
  if (over === 0n || left === undefined) return chosen
  if (left + over < dust)
    throw new CofferError({
      code: 'INSUFFICIENT_FUNDS',
      message:
        'The waiting transactions behind these coins take more fee than they leave. Wait for a block, or pay a lower rate.',
      details: { reason: 'funds' },
    })
  return chosen.change === undefined ? { ...chosen, amount: left + over } : { ...chosen, change: left + over }
}

const packageName = ({ ancestors }: OwnCoin): string => ancestors?.txids.join() ?? ''

/** What a coin adds to the fee for its waiting ancestors, when `siblings` coins come from the same ones. */
function shareOf({ ancestors }: OwnCoin, siblings: number, rate: bigint): bigint {
  const short = shortOf(ancestors, rate)
  return (short + BigInt(siblings) - 1n) / BigInt(siblings)
}

function planOf(
  { network }: Building,
  state: AccountState,
  order: Order,
  { groups, required }: Usable,
  place: AccountScript,
): Plan {
  const { intent, rate } = order
  const wanted = wantedOf(intent, network)
  const fixed = wanted.flatMap(({ script, amount }) => (amount === undefined ? [] : [{ script, amount }]))
  const target = sumOf(fixed)
  const comesBack = intent.kind === 'cancel' || intent.kind === 'bump'
  const rest =
    wanted.find(({ amount }) => amount === undefined)?.script ?? (comesBack ? place.script : undefined)
  const scripts = fixed.map(({ script }) => script)
  let chosen: Chosen
  if (rest) {
    const everything = intent.kind === 'sweep' || hasRest(intent) ? groups.flat() : []
    chosen = selectAll({
      coins: order.again ? [] : everything,
      required,
      target,
      dust: dustOf(rest),
      weight: baseWeight([...scripts, rest], place),
      feeRate: rate,
    })
  } else {
    chosen = selectCoins({
      groups,
      required,
      target,
      weight: baseWeight(scripts, place),
      feeRate: rate,
      longTermFeeRate: LONG_TERM_RATE,
      change: { dust: dustOf(place.script), spendWeight: coinWeight(place) },
    })
  }
  chosen = fairShare(state, chosen, rate, rest ? dustOf(rest) : dustOf(place.script))
  const random = secureRandom()
  const inputs = shuffle(chosen.coins, random).map(({ coin }) => spentCoin(state, coin))
  const outputs: PlannedOutput[] = fixed.map((output) => ownOutput(output, state))
  if (rest)
    outputs.push(
      comesBack
        ? { script: rest, amount: chosen.amount!, own: place }
        : ownOutput({ script: rest, amount: chosen.amount! }, state),
    )
  else if (chosen.change !== undefined)
    outputs.push({ script: place.script, amount: chosen.change, own: place })
  return { locktime: lockHeight(state, random), inputs, outputs: shuffle(outputs, random) }
}

/** A plan whose fee reaches `leastFee` too, by as much rate as that takes. */
function dearEnough(
  account: Building,
  state: AccountState,
  order: Order,
  coins: Usable,
  place: AccountScript,
): Plan {
  const { leastFee = () => 0n } = order
  let { rate } = order
  for (let turn = 0; turn < 16; turn++) {
    const plan = planOf(account, state, { ...order, rate }, coins, place)
    const vsize = BigInt(Math.ceil(planWeight(plan) / 4))
    const least = leastFee(vsize)
    if (feeOf(plan) >= least) return plan
    const wanted = (least * 1000n) / vsize + 1n
    rate = wanted > rate ? wanted : rate + 100n
  }
  throw new CofferError({
    code: 'INTERNAL',
    message: 'No fee was found that is high enough. Give a higher rate.',
  })
}

/**
 * The height of the tip, so that nobody gains by mining the last block again with this fee in it (anti-fee-sniping); now and then
 * a little less, as transactions that were delayed have it.
 */
function lockHeight({ tip }: AccountState, random: (below: number) => number): number {
  return random(10) === 0 ? Math.max(0, tip.height - random(100)) : tip.height
}

/** Where change goes: the first address that was neither used nor given out. */
function changePlace(
  state: AccountState,
  given: readonly [number, number],
  descriptor: Descriptor,
): AccountScript {
  const keychain: Keychain = descriptor.keychains === 2 ? 1 : 0
  if (!descriptor.ranged) return scriptAt(descriptor, keychain, 0)
  const unused = firstUnused(state)[keychain]
  const next = Math.max(unused, given[keychain])
  // With one keychain, addresses given out are those of payers: none of them may take the change.
  const reuse = keychain === 1 && next >= unused + CHANGE_GAP
  return scriptAt(descriptor, keychain, reuse ? unused : next)
}

function givenAfter(
  given: readonly [number, number],
  { keychain, index }: AccountScript,
): readonly [number, number] {
  const next = Math.max(given[keychain], index + 1)
  return keychain === 0 ? [next, given[1]] : [given[0], next]
}

function spentCoin(state: AccountState, { txid, vout, amount, script }: OwnCoin): SpentCoin {
  const previous = encodeTx(state.txs.get(txid)!.tx, { witness: false })
  return { txid, vout, sequence: SEQUENCE, amount, script, previous }
}

/** An output, with its derivation when it pays the account itself. */
function ownOutput(output: TxOutput, state: AccountState): PlannedOutput {
  const known = state.scripts.get(bytesToHex(output.script))
  return known ? { ...output, own: known.script } : output
}

function checkMaxFee(plan: Plan, maxFee: AmountInput | undefined, { coin }: BitcoinNetwork): void {
  if (maxFee === undefined) return
  const most = toBaseUnits(maxFee, coin.decimals)
  const fee = feeOf(plan)
  if (fee > most)
    throw new CofferError({
      code: 'FEE_TOO_HIGH',
      message: `The fee would be ${fee} satoshi; you allow ${most}. Wait, choose a lower speed, or allow more.`,
      details: { fee, most },
    })
}
