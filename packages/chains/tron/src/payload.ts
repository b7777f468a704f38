import { CofferError, type DraftFields } from '@coffer/core'
import { accountAddress } from './address.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import type { Address, Hex, TronNetwork } from './intent.ts'
import { decodeRaw, encodeRaw, type TronTransaction } from './transaction.ts'

/** The transaction in a payload, with its bytes. */
export interface Payload {
  readonly raw: Uint8Array
  readonly tx: TronTransaction
  /** The account that it is about. */
  readonly account: Address
}

/** The longest life of a transaction that the chain allows, in milliseconds. */
const LONGEST_LIFE = 86_400_000n

/**
 * The transaction in a draft's payload, of this network and this account. Everything that reads a payload begins here:
 * inspecting, rebuilding and signing. Throws `INVALID_DRAFT`.
 *
 * Nothing in the bytes names the network but the reference block, which exists on one alone.
 */
export function readPayload(
  draft: Pick<DraftFields, 'chain' | 'payload' | 'account'>,
  network: TronNetwork,
): Payload {
  if (draft.chain !== network.id) throw invalidDraft(`It is for another chain than ${network.name}.`)
  const name = `${network.id} ${draft.account} ${draft.payload}`
  const known = found.get(name)
  if (known) return known
  if (!/^0x(?:[0-9a-f]{2})+$/.test(draft.payload))
    throw invalidDraft('Its payload is not lower-case hexadecimal.')
  const raw = hexToBytes(draft.payload.slice(2))
  const tx = decodeRaw(raw, invalidDraft)
  const account = accountAddress(draft.account, network)
  if (tx.contract.ownerAddress !== account)
    throw invalidDraft(`Its bytes are about another account than ${account}.`)
  if (tx.expiration <= tx.timestamp || tx.expiration - tx.timestamp > LONGEST_LIFE)
    throw invalidDraft('It expires more than a day after it was made, or before.')
  if (found.size >= FOUND) found.clear()
  const payload = { raw, tx, account }
  found.set(name, payload)
  return payload
}

/** The payloads read last: on its way to a signature each is read four times. What they hold follows from the text alone. */
const found = new Map<string, Payload>()
const FOUND = 16

export function writePayload(tx: TronTransaction): Hex {
  return `0x${bytesToHex(encodeRaw(tx))}`
}

export function invalidDraft(reason: string): CofferError {
  return new CofferError({
    code: 'INVALID_DRAFT',
    message: `This draft cannot be used. ${reason} Do not sign it.`,
  })
}
