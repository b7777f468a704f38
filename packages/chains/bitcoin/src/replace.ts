import { CofferError, type Draft, type ReadOptions, type SignedFields } from '@coffer/core'
import { bytesToHex } from '@noble/hashes/utils.js'
import { formatAddress, parseAddress } from './address.ts'
import { type Building, build } from './create.ts'
import { checkFee, type FeeChoice, feeRate, ownRate } from './fees.ts'
import type { BitcoinIntent, Output } from './intent.ts'
import type { BitcoinNetwork } from './networks.ts'
import { nullDataOf } from './script.ts'
import { readSigned } from './sign.ts'
import type { AccountState, KnownTx } from './state.ts'
import { weightOf } from './transaction.ts'
import { coinsOf, descendantsOf, feeOfKnown, isOwn, type OwnCoin, ownOutput, packageOf } from './view.ts'

export interface ReplaceRequest {
  /** `speed-up` has it mined sooner; `cancel` brings everything back instead. */
  readonly action: 'speed-up' | 'cancel'
  /** `fast` when not given. A replacement pays at least what BIP-125 asks for, whatever is chosen. */
  readonly fee?: FeeChoice | undefined
  /**
   * How to speed up: `rbf` replaces the transaction, `cpfp` spends an output of it for a fee that pays for both. By itself: `rbf`
   * for one's own transactions, `cpfp` for those of others.
   */
  readonly by?: 'rbf' | 'cpfp' | undefined
  /** True to speed up or cancel even though later payments of this account to others rest on it and fall with it. */
  readonly evict?: boolean | undefined
  /**
   * The recipient who gets less, so that the fee can rise: for a payment of everything there was. Without it every recipient gets
   * what it got, and further coins pay.
   */
  readonly lower?: string | undefined
}

/** What nodes want a replacement to pay for its own relay, in satoshi for 1,000 virtual bytes. */
const INCREMENT = 1_000n

/**
 * Makes the draft that speeds a waiting transaction up, or cancels it. Recipients and their amounts stay as they are; what is paid on
 * top comes out of the change, or out of further coins.
 *
 * Throws `COIN_TAKEN` when it was mined or replaced already, `INVALID_REQUEST` when it is not known or nothing of it can be spent,
 * `INSUFFICIENT_FUNDS`.
 */
export async function replace(
  account: Building,
  sent: Pick<SignedFields, 'txid'> | SignedFields,
  { action, fee: choice = 'fast', by, lower, evict = false }: ReplaceRequest,
  options: ReadOptions,
): Promise<Draft<BitcoinIntent>> {
  if (action !== 'speed-up' && action !== 'cancel')
    throw invalid('A replacement is a "speed-up" or a "cancel".')
  if (by !== undefined && by !== 'rbf' && by !== 'cpfp') throw invalid('Speed up by "rbf" or by "cpfp".')
  checkFee(choice)
  const { network, source } = account
  const [seen, estimates] = await Promise.all([
    account.refresh(options),
    ownRate(choice) === undefined ? source.feeRates(options) : [],
  ])
  const state = withSigned(seen, sent, network)
  const known = state.txs.get(sent.txid)
  if (!known)
    throw new CofferError({
      code: 'COIN_TAKEN',
      message: 'No node knows this transaction any more: it was replaced or dropped. Look at its status.',
      details: { txid: sent.txid },
    })
  if (known.height > 0)
    throw new CofferError({
      code: 'COIN_TAKEN',
      message: 'It was mined already and cannot be replaced.',
      details: { txid: sent.txid },
    })
  const rate = feeRate(choice, estimates, network)
  const own = isOwn(state, known)
  if (by === 'cpfp' || (!own && action === 'speed-up' && by === undefined))
    return child(account, state, sent.txid, rate)
  if (!own)
    throw invalid(
      'Only the sender can replace a transaction. Speed it up by "cpfp", which spends what it pays to you.',
    )
  return bumped(account, state, known, { txid: sent.txid, action, rate, lower, evict })
}

function bumped(
  account: Building,
  state: AccountState,
  known: KnownTx,
  {
    txid,
    action,
    rate,
    lower,
    evict,
  }: {
    readonly txid: string
    readonly action: ReplaceRequest['action']
    readonly rate: bigint
    readonly lower: string | undefined
    readonly evict: boolean
  },
): Promise<Draft<BitcoinIntent>> {
  const later = descendantsOf(state, txid)
  const lost = later.filter((id) =>
    state.txs.get(id)!.tx.outputs.some((_, vout) => !ownOutput(state, id, vout)),
  )
  if (lost.length > 0 && !evict)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: `Later payments rest on this one and would fall with it: ${lost.join(', ')}. Speed the last of them up, use by: 'cpfp', or say evict: true.`,
      details: { txids: lost },
    })
  const evicted = [txid, ...later].map((id) => state.txs.get(id)!)
  const paid = evicted.reduce((sum, tx) => sum + (feeOfKnown(state, tx) ?? 0n), 0n)
  const before = (feeOfKnown(state, known)! * 1000n) / BigInt(Math.ceil(weightOf(known.tx) / 4))
  // Change goes where it went before: another address would be a second mark of who pays.
  const own = known.tx.outputs.flatMap((_, vout) => {
    const output = ownOutput(state, txid, vout)
    return output ? [{ vout, script: output.script }] : []
  })
  const change = [...own].reverse().find(({ script }) => script.keychain === 1) ?? own.at(-1)
  if (lower !== undefined && change)
    throw invalid('It has change, which pays the higher fee: leave out "lower".')
  return build(account, state, {
    intent:
      action === 'cancel'
        ? { kind: 'cancel', replaces: txid }
        : lowered(sameAgain(known, txid, change?.vout, account.network), lower, account.network),
    rate: rate > before ? rate : before + 1n,
    again: spentBy(state, known),
    leastFee: (vsize) => paid + (vsize * INCREMENT + 999n) / 1000n,
    change: change?.script,
  })
}

/** The same, but that one recipient gets what remains. */
function lowered(intent: BitcoinIntent, lower: string | undefined, network: BitcoinNetwork): BitcoinIntent {
  if (lower === undefined) return intent
  const { address } = parseAddress(lower, network)
  const { memo, replaces } = intent
  const extras = { ...(memo === undefined ? {} : { memo }), ...(replaces === undefined ? {} : { replaces }) }
  const asset = network.coin.id
  const payments = intent.kind === 'pay' ? [intent] : intent.kind === 'batch' ? intent.payments : []
  if (!payments.some(({ to }) => to === address)) throw invalid('Only who is paid already can get less.')
  if (payments.length === 1) return { kind: 'sweep', asset, to: address, ...extras }
  const others = payments.filter(({ to }) => to !== address).map(({ to, amount }) => ({ to, amount }))
  return { kind: 'batch', asset, payments: others, rest: address, ...extras }
}

/** The intent whose transaction is `known`: its payments to others, and to own addresses beside the change. */
function sameAgain(
  known: KnownTx,
  txid: string,
  change: number | undefined,
  network: BitcoinNetwork,
): BitcoinIntent {
  const asset = network.coin.id
  const payments: Output[] = []
  let memo: string | undefined
  known.tx.outputs.forEach(({ amount, script }, vout) => {
    const data = nullDataOf(script)
    const address = formatAddress(script, network)
    if (data && amount === 0n) memo = bytesToHex(data)
    else if (vout === change) return
    else if (address) payments.push({ to: address, amount })
    else throw invalid('It pays to a script that no address stands for; cancel it instead.')
  })
  const extras = { ...(memo === undefined ? {} : { memo }), replaces: txid }
  const [only] = payments
  if (payments.length === 1 && only) return { kind: 'pay', asset, ...only, ...extras }
  if (payments.length === 0 && change !== undefined && memo === undefined)
    return { kind: 'cancel', ...extras }
  return { kind: 'batch', asset, payments, ...extras }
}

function spentBy(state: AccountState, { tx }: KnownTx): readonly OwnCoin[] {
  return tx.inputs.map(({ txid, vout }): OwnCoin => {
    const output = ownOutput(state, txid, vout)!
    const height = state.txs.get(txid)!.height
    return {
      txid,
      vout,
      amount: output.amount,
      script: output.script,
      ...(height === 0 ? { ancestors: packageOf(state, [txid]) } : {}),
      height,
      confirmations: 0,
      own: true,
      immature: false,
    }
  })
}

/** The state with a signed transaction that no node has, if the coins that it spends are still there. */
function withSigned(
  state: AccountState,
  sent: Pick<SignedFields, 'txid'> | SignedFields,
  network: BitcoinNetwork,
): AccountState {
  if (state.txs.has(sent.txid) || !('raw' in sent)) return state
  const { tx } = readSigned(sent, network)
  const outpoints = new Set(tx.inputs.map(({ txid, vout }) => `${txid}:${vout}`))
  const isSpent = [...state.txs.values()].some((known) =>
    known.tx.inputs.some(({ txid, vout }) => outpoints.has(`${txid}:${vout}`)),
  )
  return isSpent ? state : { ...state, txs: new Map([...state.txs, [sent.txid, { tx, height: 0 }]]) }
}

/** A child that pays for its parent, out of the largest output that the parent pays to the account. */
function child(
  account: Building,
  state: AccountState,
  parent: string,
  rate: bigint,
): Promise<Draft<BitcoinIntent>> {
  const coins = coinsOf(state).filter(({ txid }) => txid === parent)
  const [coin] = [...coins].sort((a, b) => (a.amount < b.amount ? 1 : -1))
  if (!coin)
    throw invalid('It pays nothing to this account that could be spent, so it cannot be pushed from here.')
  if (coin.ancestors?.fee === undefined)
    throw new CofferError({
      code: 'FEE_UNKNOWN',
      message:
        'What it pays is not known, because an earlier transaction could not be read. Try again later.',
      retryable: true,
    })
  return build(account, state, {
    intent: { kind: 'bump', parent },
    rate,
    coins: [`${coin.txid}:${coin.vout}`],
  })
}

function invalid(message: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message })
}
