import { HASH, isHex, readTx } from './bitcoinBytes.ts'
import type { CoreRpc } from './coreRpc.ts'
import { badResponse } from './transportErrors.ts'

/** A transaction of a block that touches some script. */
export interface BlockRow {
  readonly txid: string
  readonly raw: string
  readonly height: number
  readonly block: string
}

/**
 * Hands each transaction of a block to `touch` with each of `scripts` that it pays or spends from, in the order of the
 * block. `coins` are the outputs that it pays to the script, as `txid:vout`.
 */
export async function readBlock(
  rpc: CoreRpc,
  hash: string,
  scripts: ReadonlySet<string>,
  signal: AbortSignal,
  touch: (script: string, row: BlockRow, coins: readonly string[]) => void,
): Promise<void> {
  const { origin } = rpc
  const wrong = (): Error => badResponse(origin, `sent the block ${hash} with contents that cannot be read.`)
  // 3: with the outputs that are spent.
  const block = (await rpc.value('getblock', [hash, 3], signal, { singly: true })) as Json | null
  const { height, tx: list, hash: same } = block ?? {}
  if (same !== hash || !Number.isSafeInteger(height) || !Array.isArray(list)) throw wrong()
  for (const tx of list as readonly (Json | null)[]) {
    const { txid, vin, hex: raw } = tx ?? {}
    if (typeof txid !== 'string' || !HASH.test(txid) || !isHex(raw) || !Array.isArray(vin)) throw wrong()
    const touched = new Map<string, string[]>()
    for (const input of vin as readonly (Json | null)[]) {
      if (input?.coinbase !== undefined) continue
      const { scriptPubKey } = (input?.prevout ?? {}) as Json
      const { hex: script } = (scriptPubKey ?? {}) as Json
      if (!isHex(script)) throw wrong()
      if (scripts.has(script)) touched.set(script, [])
    }
    const read = readTx(raw)
    if (read?.txid !== txid) throw wrong()
    read.outputs.forEach((script, vout) => {
      if (!scripts.has(script)) return
      const coins = touched.get(script) ?? []
      touched.set(script, coins)
      coins.push(`${txid}:${vout}`)
    })
    for (const [script, coins] of touched)
      touch(script, { txid, raw, height: height as number, block: hash }, coins)
  }
}

type Json = Readonly<Record<string, unknown>>
