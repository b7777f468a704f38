import type { BitcoinBackend } from './bitcoin-backend.ts'
import { feeOf, type IndexedBlock, type IndexedInput, type IndexedOutput, type IndexedTx } from './indexed.ts'
import type { Indexer, ScriptHistory } from './indexer.ts'

/** bitcoind's names of output types on the left, Esplora's on the right. */
const types: Record<string, string> = {
  pubkey: 'p2pk',
  pubkeyhash: 'p2pkh',
  scripthash: 'p2sh',
  witness_v0_keyhash: 'v0_p2wpkh',
  witness_v0_scripthash: 'v0_p2wsh',
  witness_v1_taproot: 'v1_p2tr',
  nulldata: 'op_return',
}

export function txJson(tx: IndexedTx): unknown {
  return {
    txid: tx.txid,
    version: tx.version,
    locktime: tx.locktime,
    vin: tx.inputs.map(inputJson),
    vout: tx.outputs.map(outputJson),
    size: tx.size,
    weight: tx.weight,
    fee: Number(feeOf(tx)),
    status: statusJson(tx),
  }
}

export function statusJson({ block }: Pick<IndexedTx, 'block'>): unknown {
  if (!block) return { confirmed: false }
  return { confirmed: true, block_height: block.height, block_hash: block.hash, block_time: block.time }
}

export function blockJson(block: IndexedBlock): unknown {
  return {
    id: block.hash,
    height: block.height,
    version: block.version,
    timestamp: block.time,
    tx_count: block.txids.length,
    size: block.size,
    weight: block.weight,
    merkle_root: block.merkleRoot,
    previousblockhash: block.previous ?? null,
    mediantime: block.medianTime,
    nonce: block.nonce,
    bits: Number.parseInt(block.bits, 16),
    difficulty: block.difficulty,
  }
}

export function utxosJson(index: Indexer, scriptHash: string): unknown {
  const { confirmed, waiting } = index.history(scriptHash)
  return [...waiting, ...[...confirmed].reverse()].flatMap((tx) =>
    tx.outputs.flatMap((output, vout) =>
      output.scriptHash === scriptHash && !index.spender(tx.txid, vout)
        ? [{ txid: tx.txid, vout, status: statusJson(tx), value: Number(output.value) }]
        : [],
    ),
  )
}

export function statsJson(
  { confirmed, waiting }: ScriptHistory,
  scriptHash: string,
): Record<string, unknown> {
  const stats = (txs: readonly IndexedTx[]): unknown => {
    const funded = txs.flatMap(({ outputs }) => outputs.filter((output) => output.scriptHash === scriptHash))
    const spent = txs.flatMap(({ inputs }) =>
      inputs.flatMap(({ prevout }) => (prevout?.scriptHash === scriptHash ? [prevout] : [])),
    )
    return {
      funded_txo_count: funded.length,
      funded_txo_sum: sum(funded),
      spent_txo_count: spent.length,
      spent_txo_sum: sum(spent),
      tx_count: txs.length,
    }
  }
  return { chain_stats: stats(confirmed), mempool_stats: stats(waiting) }
}

export function spendJson(index: Indexer, txid: string, vout: number): unknown {
  const spender = index.spender(txid, vout)
  if (!spender) return { spent: false }
  return { spent: true, txid: spender.tx.txid, vin: spender.vin, status: statusJson(spender.tx) }
}

/** The targets for which Esplora answers, each with the rate in satoshi for one virtual byte. */
export function feeEstimatesJson(feeRate: BitcoinBackend['feeRate']): unknown {
  const targets = [...Array.from({ length: 25 }, (_, i) => i + 1), 144, 504, 1008]
  return Object.fromEntries(
    targets.flatMap((blocks) => {
      const rate = feeRate(blocks)
      return rate === undefined ? [] : [[blocks, rate]]
    }),
  )
}

export function mempoolJson(index: Indexer): unknown {
  const all = [...index.mempool.values()]
  return {
    count: all.length,
    vsize: all.reduce((total, tx) => total + Math.ceil(tx.weight / 4), 0),
    total_fee: Number(all.reduce((total, tx) => total + feeOf(tx), 0n)),
    fee_histogram: feeHistogram(index),
  }
}

/** Rates falling, each with the virtual bytes that wait between it and the one before it. */
export function feeHistogram(index: Indexer): [rate: number, vsize: number][] {
  const rows = [...index.mempool.values()].map((tx): [number, number] => {
    const vsize = Math.ceil(tx.weight / 4)
    return [Number(feeOf(tx)) / vsize, vsize]
  })
  rows.sort(([a], [b]) => b - a)
  const bins: [number, number][] = []
  let size = 0
  for (const [i, [rate, vsize]] of rows.entries()) {
    size += vsize
    const isLast = i === rows.length - 1
    if (!isLast && size <= 50_000) continue
    bins.push([rate, size])
    size = 0
  }
  return bins
}

export function recentJson(index: Indexer): unknown {
  return [...index.mempool.values()]
    .sort((a, b) => b.firstSeen - a.firstSeen)
    .slice(0, 10)
    .map((tx) => ({
      txid: tx.txid,
      fee: Number(feeOf(tx)),
      vsize: tx.weight / 4,
      value: sum(tx.outputs),
    }))
}

function inputJson(input: IndexedInput): unknown {
  return {
    txid: input.txid,
    vout: input.vout,
    prevout: input.prevout ? outputJson(input.prevout) : null,
    scriptsig: input.script,
    scriptsig_asm: input.asm,
    ...(input.witness.length > 0 && { witness: input.witness }),
    is_coinbase: input.isCoinbase,
    sequence: input.sequence,
  }
}

function outputJson(output: IndexedOutput): unknown {
  return {
    scriptpubkey: output.script,
    scriptpubkey_asm: output.asm,
    scriptpubkey_type: output.script === '' ? 'empty' : (types[output.type] ?? 'unknown'),
    ...(output.address && { scriptpubkey_address: output.address }),
    value: Number(output.value),
  }
}

function sum(outputs: readonly IndexedOutput[]): number {
  return Number(outputs.reduce((total, { value }) => total + value, 0n))
}
