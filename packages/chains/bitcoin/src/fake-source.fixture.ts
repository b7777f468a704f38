import { CofferError, type ScriptEntry, type UtxoSource } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { regtestNetwork } from './networks.ts'
import { decodeTx, encodeTx, type Tx, txidOf } from './transaction.ts'

/** A chain in memory that a test writes, and a source that tells of it. It checks nothing. */
export interface FakeChain {
  readonly source: UtxoSource
  /** Requests made so far, by method. */
  readonly asked: Record<string, number>
  readonly broadcasts: string[]
  height: number
  /** Adds a transaction that pays these scripts; waiting at height 0. */
  pay(outputs: readonly { readonly script: Uint8Array; readonly amount: bigint }[], height?: number): Tx
  add(tx: Tx, height: number): void
  remove(txid: string): void
  mine(txid: string, height: number): void
}

export function fakeChain(): FakeChain {
  const txs = new Map<string, { tx: Tx; height: number }>()
  const asked: Record<string, number> = {}
  const broadcasts: string[] = []
  let made = 0
  const count = (method: string, n = 1): void => void (asked[method] = (asked[method] ?? 0) + n)
  /** The transactions that touch each script. */
  const index = (): Map<string, Set<string>> => {
    const found = new Map<string, Set<string>>()
    const touch = (script: Uint8Array, txid: string): void => {
      const hex = bytesToHex(script)
      found.set(hex, (found.get(hex) ?? new Set()).add(txid))
    }
    for (const [txid, { tx }] of txs) {
      for (const { script } of tx.outputs) touch(script, txid)
      for (const input of tx.inputs) {
        const output = txs.get(input.txid)?.tx.outputs[input.vout]
        if (output) touch(output.script, txid)
      }
    }
    return found
  }
  let built: Map<string, Set<string>> | undefined
  const chain: FakeChain = {
    asked,
    broadcasts,
    height: 1_000,
    pay: (outputs, height = chain.height) => {
      const seed = bytesToHex(sha256(utf8ToBytes(`coin ${made++}`)))
      const tx: Tx = {
        version: 2,
        locktime: 0,
        inputs: [{ txid: seed, vout: 0, sequence: 0xffffffff, scriptSig: new Uint8Array(), witness: [] }],
        outputs,
      }
      chain.add(tx, height)
      return tx
    },
    add: (tx, height) => {
      txs.set(txidOf(tx), { tx, height })
      built = undefined
    },
    remove: (txid) => {
      txs.delete(txid)
      built = undefined
    },
    mine: (txid, height) => {
      txs.set(txid, { tx: txs.get(txid)!.tx, height })
      built = undefined
    },
    source: {
      family: 'utxo',
      chain: regtestNetwork.id,
      tip: async () => {
        count('tip')
        return { height: chain.height, hash: bytesToHex(sha256(utf8ToBytes(`block ${chain.height}`))) }
      },
      headers: async (heights) => {
        count('headers')
        return heights.map((height) => {
          if (height > chain.height) return undefined
          const header = new Uint8Array(80)
          new DataView(header.buffer).setUint32(68, 1_700_000_000 + height * 600, true)
          return bytesToHex(header)
        })
      },
      history: async (queries) => {
        count('history')
        count('scripts', queries.length)
        built ??= index()
        return queries.map(({ script, status: before }) => {
          const entries = [...(built!.get(script) ?? [])]
            .map((txid): ScriptEntry => {
              const { tx, height } = txs.get(txid)!
              return { txid, height, raw: bytesToHex(encodeTx(tx)) }
            })
            .sort((a, b) => (a.height || Infinity) - (b.height || Infinity))
          const status = bytesToHex(
            sha256(utf8ToBytes(entries.map(({ txid, height }) => `${txid}:${height}`).join())),
          )
          return status === before ? { status } : { status, entries }
        })
      },
      transactions: async (queries) => {
        count('transactions')
        return queries.map(({ txid }) => {
          const found = txs.get(txid)
          return found && { raw: bytesToHex(encodeTx(found.tx)), height: found.height }
        })
      },
      feeRates: async () => {
        count('feeRates')
        return [
          { blocks: 1, satPerKvb: 20_000n },
          { blocks: 6, satPerKvb: 8_000n },
          { blocks: 144, satPerKvb: 1_000n },
        ]
      },
      broadcast: async (raw) => {
        count('broadcast')
        broadcasts.push(raw)
        const tx = decodeTx(hexToBytes(raw))
        if (txs.has(txidOf(tx)))
          throw new CofferError({
            code: 'BROADCAST_REJECTED',
            message: 'refused',
            details: { reason: 'txn-already-in-mempool' },
          })
        chain.add(tx, 0)
        return txidOf(tx)
      },
    },
  }
  return chain
}
