import type { ReadOptions, SignedFields, TxState, UtxoSource } from '@coffer/core'
import { bytesToHex } from '@noble/hashes/utils.js'
import { hash256 } from './bytes.ts'
import type { BitcoinNetwork } from './networks.ts'
import { readHeader, readTx } from './proven.ts'
import { readSigned } from './sign.ts'

/**
 * Where a transaction stands: two round trips while it waits or is mined, two more before it is called replaced, since that is
 * told by another transaction that spends one of its coins.
 */
export async function status(
  network: BitcoinNetwork,
  signed: SignedFields,
  { source, signal }: { source: UtxoSource } & ReadOptions,
): Promise<TxState> {
  const { tx, coins } = readSigned(signed, network)
  const [tip, [record]] = await Promise.all([
    source.tip({ signal }),
    source.transactions([{ txid: signed.txid, script: bytesToHex(coins[0]!.script.script) }], { signal }),
  ])
  const fee =
    coins.reduce((sum, { amount }) => sum + amount, 0n) -
    tx.outputs.reduce((sum, { amount }) => sum + amount, 0n)
  const mined = async (
    height: number,
    ok: (hash: string, confirmations: number, final: boolean) => TxState,
  ) => {
    const [header] = await source.headers([height], { signal })
    // The chain became shorter between the answers: a reorganisation is under way.
    if (header === undefined) return { state: 'pending' } as const
    const hash = bytesToHex(hash256(readHeader(header)).reverse())
    const confirmations = Math.max(1, tip.height - height + 1)
    return ok(hash, confirmations, confirmations >= network.finalAfter)
  }
  if (record && record.height > 0)
    return mined(record.height, (hash, confirmations, final) => ({
      state: 'mined',
      height: record.height,
      hash,
      confirmations,
      ok: true,
      final,
      fee,
    }))
  if (record) return { state: 'pending' }

  const spender = await findSpender(signed, { source, signal }, network)
  if (!spender) return { state: 'unknown' }
  if (spender.height === 0) return { state: 'replaced', final: false, by: spender.txid }
  return mined(spender.height, (_, __, final) => ({ state: 'replaced', final, by: spender.txid }))
}

/** Another transaction that spends a coin of this one; a mined one where there is any. */
export async function findSpender(
  signed: SignedFields,
  { source, signal }: { source: UtxoSource } & ReadOptions,
  network: BitcoinNetwork,
): Promise<{ readonly txid: string; readonly height: number } | undefined> {
  const { tx, coins } = readSigned(signed, network)
  const outpoints = new Set(tx.inputs.map(({ txid, vout }) => `${txid}:${vout}`))
  const scripts = [...new Set(coins.map(({ script }) => bytesToHex(script.script)))]
  const histories = await source.history(
    scripts.map((script) => ({ script })),
    { signal },
  )
  const rows = new Map(
    histories.flatMap(({ entries = [] }) => entries).map((entry) => [entry.txid, entry] as const),
  )
  rows.delete(signed.txid)
  for (const { txid } of tx.inputs) rows.delete(txid)
  const open = [...rows.values()]
  const missing = open.filter(({ raw }) => raw === undefined)
  const records = missing.length
    ? await source.transactions(
        missing.map(({ txid }) => ({ txid, script: scripts[0] })),
        { signal },
      )
    : []
  const fetched = new Map(missing.map(({ txid }, i) => [txid, records[i]?.raw] as const))
  const spenders = open.filter(({ txid, raw = fetched.get(txid) }) => {
    if (raw === undefined) return false
    return readTx(txid, raw).inputs.some((input) => outpoints.has(`${input.txid}:${input.vout}`))
  })
  return spenders.find(({ height }) => height > 0) ?? spenders[0]
}
