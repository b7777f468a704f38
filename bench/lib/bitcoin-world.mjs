// A Bitcoin chain in memory, as far as an indexer shows it: the same in each run.
import { bitcoinNetwork, deriveScripts, encodeTx, parseDescriptor, txidOf } from '@coffer/bitcoin'
import { sha256 } from '@noble/hashes/sha2.js'
import { hexToBytes as bytes, bytesToHex as hex } from '@noble/hashes/utils.js'

export const TIP = 900_000
const FIRST = 840_000
const GENESIS =
  '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c'
/** Everybody else: BIP-173's own example. */
const STRANGER = bytes('0014751e76e8199196d454941c45d1b3a323f1433bd6')
const SIGNATURE = new Uint8Array(72).fill(0x30)
const EACH = 100_000n
const FEE = 1_000n

/**
 * A wallet with `received` receiving addresses, each paid once, which made `spent` payments of three coins each with
 * change; so many addresses and transactions of its own. With `atOne` all of it happens at the first address.
 */
export function makeWorld({ descriptor, received, spent, atOne = false }) {
  const account = parseDescriptor(descriptor, bitcoinNetwork)
  const receiving = deriveScripts(account, 0, 0, atOne ? 1 : received)
  const changing = deriveScripts(account, 1, 0, atOne ? 1 : Math.max(1, spent))
  const script = (list, i) => list[atOne ? 0 : i].script
  const txs = new Map()
  const add = (height, inputs, outputs) => {
    const tx = {
      version: 2,
      locktime: 0,
      inputs: inputs.map(({ txid, vout }) => ({
        txid,
        vout,
        sequence: 0xfffffffd,
        scriptSig: new Uint8Array(),
        witness: [SIGNATURE, new Uint8Array(33).fill(2)],
      })),
      outputs,
    }
    const txid = txidOf(tx)
    txs.set(txid, { txid, tx, height, raw: hex(encodeTx(tx)) })
    return txid
  }
  const total = received + spent
  // One block holds two of the wallet's transactions.
  const heightOf = (i) => FIRST + Math.floor(((TIP - FIRST - 10) * (i >> 1)) / (total >> 1 || 1))
  let made = 0
  let done = 0
  let sum = 0n
  const coins = []
  while (made < received || done < spent) {
    if (made < received && (coins.length < 3 || made * spent <= done * received || done === spent)) {
      const parent = add(
        FIRST - 1,
        [{ txid: id(made), vout: 0 }],
        [{ amount: EACH + 50_000n, script: STRANGER }],
      )
      const txid = add(
        heightOf(made + done),
        [{ txid: parent, vout: 0 }],
        [
          { amount: 49_000n, script: STRANGER },
          { amount: EACH, script: script(receiving, made) },
        ],
      )
      coins.push({ txid, vout: 1 })
      sum += EACH
      made++
    } else {
      const inputs = coins.splice(0, 3)
      const change = EACH - FEE
      add(heightOf(made + done), inputs, [
        { amount: EACH * BigInt(inputs.length) - change - FEE, script: STRANGER },
        { amount: change, script: atOne ? script(receiving, 0) : script(changing, done) },
      ])
      sum += change - EACH * BigInt(inputs.length)
      done++
    }
  }
  return indexed(txs, sum)
}

function indexed(txs, balance) {
  const byScript = new Map()
  const note = (script, entry) => {
    const name = hex(sha256(script))
    const known = byScript.get(name) ?? new Set()
    byScript.set(name, known.add(entry))
  }
  for (const entry of txs.values()) {
    for (const { txid, vout } of entry.tx.inputs) {
      const spent = txs.get(txid)?.tx.outputs[vout]
      if (spent) note(spent.script, entry)
    }
    for (const { script } of entry.tx.outputs) note(script, entry)
  }
  return { txs, byScript, balance }
}

const headers = new Map([[0, { header: GENESIS, hash: hashOf(GENESIS) }]])

/** Headers stand for themselves: each has the hash of its bytes, and none was mined. */
export function blockAt(height) {
  if (!headers.has(height)) {
    const view = new DataView(new ArrayBuffer(80))
    view.setUint32(0, 0x20000000, true)
    view.setUint32(68, 1_231_006_505 + 600 * height, true)
    view.setUint32(76, height, true)
    const header = hex(new Uint8Array(view.buffer))
    headers.set(height, { header, hash: hashOf(header) })
  }
  return headers.get(height)
}

export const timeAt = (height) => 1_231_006_505 + 600 * height

function hashOf(header) {
  return hex(sha256(sha256(bytes(header))).reverse())
}

const id = (i) => hex(sha256(new TextEncoder().encode(`coin ${i}`)))
