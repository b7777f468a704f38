import { HASH, readTx } from './bitcoinBytes.ts'
import { type CoreRpc, resultOf } from './coreRpc.ts'
import { badResponse } from './transportErrors.ts'

/** The waiting transactions of a node, by the scripts they pay and the coins they spend. */
export interface CoreMempool {
  /** Reads what is new, and forgets what is gone. */
  refresh(rpc: CoreRpc, signal: AbortSignal): Promise<void>
  /** Ids of those that pay `script`, or spend one of `coins` (`txid:vout`) or of what they pay. */
  touching(script: string, coins: Iterable<string>): string[]
}

interface Waiting {
  readonly spends: readonly string[]
  readonly pays: readonly string[]
}

/** @param most above so many waiting transactions they are not read. */
export function openMempool(most: number): CoreMempool {
  const known = new Map<string, Waiting>()
  const byScript = new Map<string, Set<string>>()
  const byCoin = new Map<string, string>()

  function add(txid: string, raw: unknown, origin: string): void {
    const tx = typeof raw === 'string' ? readTx(raw) : undefined
    if (tx?.txid !== txid)
      throw badResponse(origin, `sent the transaction ${txid} with contents that are not those of its id.`)
    const spends = tx.inputs.map((input) => `${input.txid}:${input.vout}`)
    known.set(txid, { spends, pays: tx.outputs })
    for (const coin of spends) byCoin.set(coin, txid)
    for (const script of tx.outputs) {
      const ids = byScript.get(script) ?? new Set()
      byScript.set(script, ids.add(txid))
    }
  }

  function remove(txid: string, { spends, pays }: Waiting): void {
    known.delete(txid)
    for (const coin of spends) if (byCoin.get(coin) === txid) byCoin.delete(coin)
    for (const script of pays) {
      const ids = byScript.get(script)
      if (ids?.delete(txid) && ids.size === 0) byScript.delete(script)
    }
  }

  return {
    async refresh(rpc, signal) {
      const { origin } = rpc
      const list = await rpc.value('getrawmempool', [], signal)
      if (!Array.isArray(list) || !list.every((txid) => typeof txid === 'string' && HASH.test(txid)))
        throw badResponse(origin, 'sent no list of waiting transactions.')
      if (list.length > most)
        throw badResponse(
          origin,
          `has ${list.length} waiting transactions, more than the option mempoolLimit lets in.`,
        )
      const now = new Set<string>(list)
      for (const [txid, waiting] of known) if (!now.has(txid)) remove(txid, waiting)
      const fresh = [...now].filter((txid) => !known.has(txid))
      const answers = await rpc.ask(
        fresh.map((txid) => ({ method: 'getrawtransaction', params: [txid] })),
        signal,
      )
      answers.forEach((answer, i) => {
        // -5: it has gone meanwhile.
        if (answer.ok || answer.error.code !== -5)
          add(fresh[i] ?? '', resultOf(answer, 'getrawtransaction', origin), origin)
      })
    },
    touching(script, coins) {
      const found = new Set(byScript.get(script))
      for (const coin of coins) {
        const spender = byCoin.get(coin)
        if (spender !== undefined) found.add(spender)
      }
      // A set grows while it is walked: what pays the script may be spent before it is mined.
      for (const txid of found)
        known.get(txid)?.pays.forEach((paid, vout) => {
          const spender = paid === script ? byCoin.get(`${txid}:${vout}`) : undefined
          if (spender !== undefined) found.add(spender)
        })
      return [...found]
    },
  }
}
