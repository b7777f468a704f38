// What tests of attacks share: opening and forging bytes, and changing what a node says.
import { type Draft, isCofferError, type Signed, type TronCall, type TronResult } from '@coffer/core'
import { vi } from 'vitest'
import { EVE, type FakeNode, OWN } from './fake-source.fixture.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import type { Hex } from './intent.ts'
import { tronNetwork } from './networks.ts'
import { invalidDraft, readPayload } from './payload.ts'
import { decodeRaw, decodeSigned, encodeRaw, type TronTransaction } from './transaction.ts'

export const HOUR: number = 3_600_000
export const DAY: number = 24 * HOUR

/** The transaction in a draft. */
export const read = ({ payload }: Pick<Draft, 'payload'>): TronTransaction =>
  decodeRaw(hexToBytes(payload.slice(2)), invalidDraft)

/** The payload of a transaction. */
export const write = (tx: TronTransaction): Hex => `0x${bytesToHex(encodeRaw(tx))}`

let last = 0n

/** Bytes that were read last are kept for a while. A test that wants its own read anew begins with this: so many others are. */
export function forget(): void {
  for (let i = 0; i < 17; i++) {
    last++
    const tx: TronTransaction = {
      refBlockBytes: 'ffff',
      refBlockHash: 'ff'.repeat(8),
      expiration: last + 1n,
      timestamp: last,
      feeLimit: 0n,
      memo: '',
      permission: 0,
      contract: { type: 'TransferContract', ownerAddress: OWN, toAddress: EVE, amount: 1n },
    }
    const { id: chain } = tronNetwork
    readPayload({ chain, account: `${chain}:${OWN}`, payload: write(tx) }, tronNetwork)
  }
}

/** The transaction in signed bytes. */
export const inside = ({ raw }: Pick<Signed, 'raw'>): TronTransaction => decodeSigned(raw).tx

/** A draft as it travels. */
export const plain = (draft: Draft): Record<string, unknown> =>
  JSON.parse(JSON.stringify(draft)) as Record<string, unknown>

/** The code of the error that a promise ends with; `nothing` when it has none. */
export const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'nothing',
    (error) => (isCofferError(error) ? error.code : String(error)),
  )

/** Answers of one path, in place of the node's. */
export const when =
  (path: string, change: (call: TronCall, result: TronResult) => TronResult): FakeNode['bend'] =>
  (call, result) =>
    call.path === path ? change(call, result) : undefined

/** The value of an answer. */
export function valueIn(result: TronResult): Record<string, unknown> {
  if (result.ok) return result.value as Record<string, unknown>
  throw new Error('The node refused.')
}

/** To throw where a test itself is wrong. */
export const bad = (reason: string): Error => new Error(reason)

/** Time goes by, for the node and for this machine. */
export function later(node: FakeNode, minutes: number): void {
  node.mine(minutes * 20)
  vi.useFakeTimers({ now: Date.now() + minutes * 60_000, toFake: ['Date'] })
}
