import { CofferError, type Draft, type Store } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { accountId } from './address.ts'
import { openDeed } from './book.ts'
import { bytesToHex } from './hex.ts'
import type { TronIntent, TronNetwork } from './intent.ts'
import { readPayload } from './payload.ts'
import { encodeRaw, type TronTransaction, txidOf } from './transaction.ts'

/**
 * The furthest that a transaction may reach into the future by this machine's clock, in milliseconds: the day that the chain
 * allows, and a day by which the clock may be wrong.
 */
const FURTHEST = 2 * 86_400_000
/** What expired before that would be forgotten as soon as it was noted. */
const LONG_AGO = 86_400_000

/**
 * Notes the transaction of a draft that is about to be signed, and returns what takes the note back. Throws `PAYMENT_OPEN` when
 * the very same was signed before and may still be mined, and `INVALID_DRAFT` for one that would be valid for too long: who
 * holds it back could have it mined when nobody expects it any more.
 */
export async function claim(network: TronNetwork, draft: Draft, store: Store): Promise<() => Promise<void>> {
  const { raw, tx, account } = readPayload(draft, network)
  if (Number(tx.expiration) > Date.now() + FURTHEST)
    throw new CofferError({
      code: 'INVALID_DRAFT',
      message: `This draft could be mined until ${new Date(Number(tx.expiration)).toISOString()}, which is too far away. Check the clock of this machine, or make a new draft.`,
      details: { expiration: tx.expiration },
    })
  if (Number(tx.expiration) + LONG_AGO < Date.now())
    throw new CofferError({
      code: 'INVALID_DRAFT',
      message: `This draft could be mined until ${new Date(Number(tx.expiration)).toISOString()}, which is long ago. Check the clock of this machine, or make a new draft.`,
      details: { expiration: tx.expiration },
    })
  const open = { txid: txidOf(raw), deed: deedOf(tx), expiration: Number(tx.expiration) }
  const again = (draft.intent as TronIntent).again === true
  return openDeed(store, accountId(network, account), open, again)
}

/** Stands for what a transaction does: the same for all that differ in their times, reference block, fee limit and signers alone. */
export function deedOf(tx: TronTransaction): string {
  const deed = {
    ...tx,
    refBlockBytes: '0000',
    refBlockHash: '0000000000000000',
    expiration: 1n,
    timestamp: 0n,
    feeLimit: 0n,
    permission: 0,
  }
  return bytesToHex(sha256(encodeRaw(deed)))
}
