import { bytesToHex } from '@noble/hashes/utils.js'
import type { AccountScript } from './derive.ts'
import type { AccountState, KnownTx } from './state.ts'
import { weightOf } from './transaction.ts'

/** A coin of the account that no known transaction spends. */
export interface OwnCoin {
  readonly txid: string
  readonly vout: number
  /** Satoshi. */
  readonly amount: bigint
  readonly script: AccountScript
  /** 0 while it waits. */
  readonly height: number
  /** 0 while it waits, 1 in the newest block. */
  readonly confirmations: number
  /** Made by a transaction whose every input is the account's: nobody else can take it back. */
  readonly own: boolean
  /** New coins of a miner, which nobody may spend before 100 confirmations. */
  readonly immature: boolean
  /** Waiting transactions that must be mined with it, itself among them; for a waiting coin. */
  readonly ancestors?: Package
}

/** Waiting transactions that are mined together. */
export interface Package {
  readonly txids: readonly string[]
  /** Weight units, as known here without witnesses of others: never above the true one. */
  readonly vsize: number
  /** Satoshi; absent where an input's amount is not known. */
  readonly fee?: bigint
}

/** Confirmations that new coins need. */
const MATURITY = 100

/** The unspent coins that a state shows, oldest first. */
export function coinsOf(state: AccountState): readonly OwnCoin[] {
  const spent = spentOutpoints(state)
  const coins: OwnCoin[] = []
  for (const [txid, known] of state.txs) {
    if (!isListed(state, known)) continue
    known.tx.outputs.forEach(({ amount, script }, vout) => {
      const own = state.scripts.get(bytesToHex(script))
      if (!own || spent.has(`${txid}:${vout}`)) return
      coins.push({
        txid,
        vout,
        amount,
        script: own.script,
        height: known.height,
        confirmations: confirmationsOf(state, known.height),
        own: isOwn(state, known),
        immature: isCoinbase(known) && confirmationsOf(state, known.height) < MATURITY,
        ...(known.height === 0 ? { ancestors: packageOf(state, [txid]) } : {}),
      })
    })
  }
  return coins.sort((a, b) => (a.height || Infinity) - (b.height || Infinity) || (a.txid < b.txid ? -1 : 1))
}

function confirmationsOf({ tip }: AccountState, height: number): number {
  return height === 0 ? 0 : Math.max(1, tip.height - height + 1)
}

/** What an output pays into the account, or `undefined`. */
export function ownOutput(
  state: AccountState,
  txid: string,
  vout: number,
): { readonly amount: bigint; readonly script: AccountScript } | undefined {
  const output = state.txs.get(txid)?.tx.outputs[vout]
  const own = output && state.scripts.get(bytesToHex(output.script))
  return own && { amount: output.amount, script: own.script }
}

function isCoinbase({ tx }: KnownTx): boolean {
  return tx.inputs[0]?.vout === 0xffffffff
}

/** True when the account signed every input. */
export function isOwn(state: AccountState, { tx }: KnownTx): boolean {
  return tx.inputs.every(({ txid, vout }) => ownOutput(state, txid, vout) !== undefined)
}

/** The fee of a known transaction; `undefined` where the amount of an input is not known. */
export function feeOfKnown(state: AccountState, { tx }: KnownTx): bigint | undefined {
  let fee = 0n
  for (const { txid, vout } of tx.inputs) {
    const output = state.txs.get(txid)?.tx.outputs[vout]
    if (!output) return undefined
    fee += output.amount
  }
  return tx.outputs.reduce((left, { amount }) => left - amount, fee)
}

/** Waiting transactions and all waiting ones that they need, each counted once. */
export function packageOf(state: AccountState, roots: readonly string[]): Package {
  const txids = new Set<string>()
  const open = [...roots]
  let vsize = 0
  let fee: bigint | undefined = 0n
  while (open.length > 0) {
    const id = open.pop()!
    const known = state.txs.get(id)
    if (txids.has(id) || !known || known.height > 0) continue
    txids.add(id)
    vsize += Math.ceil(weightOf(known.tx) / 4)
    const own = feeOfKnown(state, known)
    fee = fee === undefined || own === undefined ? undefined : fee + own
    for (const input of known.tx.inputs) open.push(input.txid)
  }
  return { txids: [...txids], vsize, ...(fee === undefined ? {} : { fee }) }
}

/** Waiting transactions that spend, at any distance, from one. Without itself. */
export function descendantsOf(state: AccountState, txid: string): readonly string[] {
  const found = new Set([txid])
  for (let grown = true; grown; ) {
    grown = false
    for (const [id, { tx }] of state.txs)
      if (!found.has(id) && tx.inputs.some((input) => found.has(input.txid))) {
        found.add(id)
        grown = true
      }
  }
  found.delete(txid)
  return [...found]
}

function spentOutpoints(state: AccountState): ReadonlySet<string> {
  const spent = new Set<string>()
  for (const { tx } of state.txs.values())
    for (const { txid, vout } of tx.inputs) spent.add(`${txid}:${vout}`)
  return spent
}

/** False for transactions that are known only as ancestors of others. */
function isListed(state: AccountState, { tx }: KnownTx): boolean {
  return tx.outputs.some(({ script }) => state.scripts.has(bytesToHex(script)))
}
