import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { RawTx } from '@scure/btc-signer/script.js'

/* A chain of blocks in memory, for servers that misbehave on purpose. Written with an independent codec. */

export const REGTEST = 'bip122:0f9188f13cb7b2c71f2a335e3a4fc328'
export const MAINNET = 'bip122:000000000019d6689c085ae165831e93'
/** Of the block that every regtest chain begins with. */
const GENESIS =
  '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4adae5494dffff7f2002000000'

export type Fields = ReturnType<typeof RawTx.decode>

export interface LedgerTx {
  readonly txid: string
  readonly raw: string
  readonly fields: Fields
  /** 0 while it waits. */
  height: number
  /** For replies that are to lie. */
  lie?: (json: Record<string, unknown>) => unknown
}

export interface Ledger {
  readonly blocks: { hash: string; header: string; txs: LedgerTx[] }[]
  readonly waiting: LedgerTx[]
  /** Every block that ever was, by hash. */
  readonly seen: ReadonlyMap<string, { readonly header: string; readonly height: number }>
  /** A waiting transaction that pays the scripts; its input is a stranger's unless given. */
  pay(scripts: readonly string[], from?: { txid: string; vout: number }): LedgerTx
  /** All waiting transactions go into the first of the new blocks, unless these are to be empty. */
  mine(count?: number, full?: boolean): void
  /** Takes blocks away, and gives their transactions. */
  unwind(depth: number): LedgerTx[]
  find(txid: string): LedgerTx | undefined
  /** Transactions that pay a script or spend from it, mined ones first, oldest first. */
  touching(script: string): LedgerTx[]
  tip(): { height: number; hash: string }
  /** Every script that was ever paid. */
  scripts(): string[]
  /** What a node says to a transaction: its id, or why not. */
  take(raw: string): string | { readonly code: number; readonly message: string }
}

export function doubleSha(hex: string): string {
  return bytesToHex(sha256(sha256(hexToBytes(hex))).reverse())
}

export function openLedger(): Ledger {
  const blocks: Ledger['blocks'] = [{ hash: doubleSha(GENESIS), header: GENESIS, txs: [] }]
  const waiting: LedgerTx[] = []
  const seen = new Map([[doubleSha(GENESIS), { header: GENESIS, height: 0 }]])
  let serial = 0
  const all = (): LedgerTx[] => [...blocks.flatMap(({ txs }) => txs), ...waiting]
  const ledger: Ledger = {
    blocks,
    waiting,
    seen,
    pay(scripts, from) {
      serial++
      const fields: Fields = {
        version: 2,
        segwitFlag: true,
        inputs: [
          {
            txid: hexToBytes(from?.txid ?? serial.toString(16).padStart(64, '7')),
            index: from?.vout ?? serial,
            finalScriptSig: Uint8Array.of(),
            sequence: 0xffff_fffd,
          },
        ],
        outputs: scripts.map((script, i) => ({
          amount: BigInt(1_000 * serial + i),
          script: hexToBytes(script),
        })),
        witnesses: [[Uint8Array.of(serial & 255), new Uint8Array(33).fill(2)]],
        lockTime: serial,
      }
      const raw = bytesToHex(RawTx.encode(fields))
      const txid = doubleSha(bytesToHex(RawTx.encode({ ...fields, segwitFlag: false, witnesses: undefined })))
      const tx: LedgerTx = { txid, raw, fields, height: 0 }
      waiting.push(tx)
      return tx
    },
    mine(count = 1, full = true) {
      for (let left = count; left > 0; left--) {
        const txs = full ? waiting.splice(0) : []
        const height = blocks.length
        for (const tx of txs) tx.height = height
        const previous = bytesToHex(hexToBytes(blocks.at(-1)?.hash ?? '').reverse())
        const root = (++serial).toString(16).padStart(64, '0')
        const header = `00000020${previous}${root}00000000ffff7f2000000000`
        const hash = doubleSha(header)
        blocks.push({ hash, header, txs })
        seen.set(hash, { header, height })
      }
    },
    unwind(depth) {
      const txs = blocks.splice(blocks.length - depth).flatMap(({ txs }) => txs)
      for (const tx of txs) tx.height = 0
      return txs
    },
    find: (txid) => all().find((tx) => tx.txid === txid),
    touching(script) {
      const paid = new Set<string>()
      return all().filter(({ txid, fields }) => {
        let touches = fields.inputs.some((input) => paid.has(`${bytesToHex(input.txid)}:${input.index}`))
        fields.outputs.forEach((output, i) => {
          if (bytesToHex(output.script) !== script) return
          paid.add(`${txid}:${i}`)
          touches = true
        })
        return touches
      })
    },
    scripts: () => [
      ...new Set(all().flatMap(({ fields }) => fields.outputs.map(({ script }) => bytesToHex(script)))),
    ],
    take(raw) {
      let fields: Fields
      try {
        fields = RawTx.decode(hexToBytes(raw))
      } catch {
        return { code: -22, message: 'TX decode failed. Make sure the tx has at least one input.' }
      }
      const known = all().find((tx) => tx.raw === raw)
      if (known?.height === 0) return known.txid
      if (known) return { code: -27, message: 'Transaction outputs already in utxo set' }
      if (fields.inputs.every(({ txid }) => !ledger.find(bytesToHex(txid))))
        return { code: -25, message: 'bad-txns-inputs-missingorspent' }
      throw new Error('this ledger takes no new transactions')
    },
    tip: () => ({ height: blocks.length - 1, hash: blocks.at(-1)?.hash ?? '' }),
  }
  return ledger
}

export function scriptHash(script: string): string {
  return bytesToHex(sha256(hexToBytes(script)))
}

export function hex(bytes: Uint8Array): string {
  return bytesToHex(bytes)
}
