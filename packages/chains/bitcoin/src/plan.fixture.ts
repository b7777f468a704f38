import { createDraft, type Draft, isCofferError, type KeyRing } from '@coffer/core'
import { expect } from 'vitest'
import { parseAddress } from './address.ts'
import { regtest } from './bitcoin.ts'
import { type AccountScript, scriptAt } from './derive.ts'
import { type Descriptor, multisigDescriptor, readDescriptor } from './descriptor.ts'
import { inspect } from './inspect.ts'
import type { BitcoinIntent } from './intent.ts'
import { keysOf } from './keys.fixture.ts'
import { type BitcoinNetwork, regtestNetwork } from './networks.ts'
import { type Plan, type PlannedOutput, readPayload, type SpentCoin, writePayload } from './payload.ts'
import { decodePsbt, encodePsbt, type Psbt, toBase64 } from './psbt.ts'
import { encodeTx, type Tx, txidOf } from './transaction.ts'

export const STRANGER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
export const OTHER = 'mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn'

/** Another object at each call, so that nothing of a reading before is remembered. */
export const network = (): BitcoinNetwork => ({ ...regtestNetwork })

export const scriptOf = (address: string): Uint8Array => parseAddress(address, regtestNetwork).script

/** The account of one type, of the seed that a word makes, and what signs for it. */
export function accountOf(type = 'p2wpkh', word = 'plan'): { descriptor: Descriptor; ring: KeyRing } {
  const { key, ring } = keysOf(word)
  const chain = regtest()
  const text = chain.describe(key(chain.path(0, type)))
  return { descriptor: readDescriptor(text, regtestNetwork), ring }
}

/** An account of several seeds, and their rings by the position of their keys. */
export function groupOf(
  threshold: number,
  words: readonly string[],
  type?: 'p2wsh-sortedmulti' | 'p2sh-p2wsh-sortedmulti',
): { descriptor: Descriptor; rings: readonly KeyRing[] } {
  const seeds = words.map((word) => keysOf(word))
  const keys = seeds.map(({ key }) => key('m/48h/1h/0h/2h'))
  const text = multisigDescriptor({ threshold, keys, type }, regtestNetwork)
  const descriptor = readDescriptor(text, regtestNetwork)
  const rings = descriptor.keys.map(({ origin }) => {
    const at = keys.findIndex(({ fingerprint }) => fingerprint === origin!.fingerprint)
    return seeds[at]!.ring
  })
  return { descriptor, rings }
}

/** A coin of a transaction of its own, whose other outputs hold 1,234 satoshi each. */
export function coinOf(script: AccountScript, amount = 100_000n, vout = 1, seed = 0): SpentCoin {
  const tx: Tx = {
    version: 2,
    locktime: seed,
    inputs: [{ txid: 'ab'.repeat(32), vout, sequence: 0xffffffff, scriptSig: new Uint8Array(), witness: [] }],
    outputs: [0, 1, 2].map((i) => ({
      amount: i === vout ? amount : 1_234n,
      script: i === vout ? script.script : scriptOf(STRANGER),
    })),
  }
  const previous = encodeTx(tx, { witness: false })
  return { txid: txidOf(tx), vout, sequence: 0xfffffffd, amount, script, previous }
}

/** Two coins of 100,000 satoshi at 0/5 and 0/7; 40,000 to a stranger, the rest but 1,500 back to 1/3. */
export function planOf(descriptor: Descriptor, change: Partial<Plan> = {}): Plan {
  const back = scriptAt(descriptor, descriptor.keychains === 2 ? 1 : 0, descriptor.ranged ? 3 : 0)
  const places = descriptor.ranged ? [5, 7] : [0, 0]
  return {
    locktime: 800_000,
    inputs: places.map((index, i) => coinOf(scriptAt(descriptor, 0, index), 100_000n, i + 1, i)),
    outputs: [pays(40_000n), { amount: 158_500n, script: back.script, own: back }],
    ...change,
  }
}

export const pays = (amount: bigint, to: string = STRANGER): PlannedOutput => ({
  amount,
  script: scriptOf(to),
})

export const PAY: Extract<BitcoinIntent, { kind: 'pay' }> = {
  kind: 'pay',
  asset: regtestNetwork.coin.id,
  to: STRANGER,
  amount: 40_000n,
}

export function draftOf(
  descriptor: Descriptor,
  plan: Plan = planOf(descriptor),
  intent: BitcoinIntent = PAY,
): Draft {
  const fields = { account: descriptor.text, payload: writePayload(plan), chain: regtestNetwork.id }
  return createDraft({ inspect: (draft) => inspect(draft, network()) }, { ...fields, intent, hints: {} })
}

/** What is read of a plan's PSBT after a change of it. */
export function reread(
  descriptor: Descriptor,
  step: (psbt: Psbt) => Psbt = (psbt) => psbt,
  plan: Plan = planOf(descriptor),
): Plan {
  const payload = toBase64(encodePsbt(step(decodePsbt(writePayload(plan)))))
  return readPayload({ payload, account: descriptor.text }, network())
}

/** What it throws: its code, and a part of what it says. */
export async function expectThrow(work: () => unknown, code: string, says = ''): Promise<void> {
  try {
    await work()
  } catch (error) {
    expect(isCofferError(error) ? error.code : error).toBe(code)
    expect((error as Error).message).toContain(says)
    return
  }
  expect.unreachable(`no ${code}`)
}
