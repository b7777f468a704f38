import type { Effects, Engine, SignedFields } from '@coffer/core'
import { bytesToHex } from '@noble/hashes/utils.js'
import { type AccountScript, deriveScripts, type Keychain } from './derive.ts'
import type { Descriptor } from './descriptor.ts'
import { inspectPlan } from './inspect.ts'
import type { BitcoinNetwork } from './networks.ts'
import { readSigned } from './sign.ts'

/** Own addresses are recognised from 0 on, and around the highest one that is spent from, so many; up to an index of `MOST`. */
const AHEAD = 200
const MOST = 10_000

/**
 * What a signed transaction does, from its bytes: who gets what, what comes back, the exact fee. It has no intent to hold it
 * against, and the amounts that it spends are covered by its signatures, not by the transactions that made them (on `p2pkh`
 * accounts by nothing). Throws `INVALID_SIGNED`.
 *
 * Own addresses far from those that it spends from count as strangers: it takes the draft to know them.
 *
 * @example
 * describeEffects(inspectSigned(signed, bitcoinNetwork), [bitcoinNetwork.coin])
 * // ['Send 0.25 BTC to bc1q…', 'Get back 0.1 BTC at bc1q…, your own address 1/7', 'Fee about …']
 */
export function inspectSigned(signed: SignedFields, network: BitcoinNetwork, engine?: Engine): Effects {
  const { tx, descriptor, coins } = readSigned(signed, network, engine)
  const { locktime } = tx
  const inputs = tx.inputs.map(({ txid, vout, sequence }, i) => ({ txid, vout, sequence, ...coins[i]! }))
  const known = ownScripts(descriptor, Math.max(...coins.map(({ script }) => script.index)))
  const outputs = tx.outputs.map(({ amount, script }) => {
    const own = known.get(bytesToHex(script))
    return { amount, script, ...(own ? { own } : {}) }
  })
  return inspectPlan({ locktime, inputs, outputs }, network)
}

function ownScripts(descriptor: Descriptor, highest: number): ReadonlyMap<string, AccountScript> {
  const keychains = ([0, 1] as const).slice(0, descriptor.keychains)
  const near = highest > MOST ? 0 : highest
  const windows: readonly (readonly [from: number, count: number])[] = descriptor.ranged
    ? near < AHEAD
      ? [[0, near + AHEAD]]
      : [
          [0, AHEAD],
          [near - AHEAD + 1, 2 * AHEAD],
        ]
    : [[0, 1]]
  return new Map(
    keychains
      .flatMap((keychain: Keychain) =>
        windows.flatMap(([from, count]) => deriveScripts(descriptor, keychain, from, count)),
      )
      .map((script) => [bytesToHex(script.script), script] as const),
  )
}
