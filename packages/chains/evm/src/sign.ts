import {
  CofferError,
  type DraftFields,
  type Engine,
  type KeyRing,
  nobleEngine,
  type SignedFields,
} from '@coffer/core'
import { accountAddress } from './address.ts'
import type { Address, Authorization, EvmNetwork, EvmTransaction } from './intent.ts'
import { accountKey, signerOf, signHash } from './keys.ts'
import { checkNetwork, readPayload } from './payload.ts'
import type { TxSignature } from './signature.ts'
import { authorizationHash, decodeSigned, encodeSigned, signingHash, txid } from './transaction.ts'

/**
 * Signs exactly the transaction in the draft's payload with the account's key, its own authorisations first,
 * and checks each signature against the account. Whether the draft should be signed at all was decided
 * before.
 *
 * Throws `INVALID_DRAFT`, `WRONG_ACCOUNT` when the keys do not hold the account, `SIGNATURE_WRONG` when what
 * they return is not the account's signature.
 */
export async function sign(
  draft: DraftFields,
  keys: KeyRing,
  network: EvmNetwork,
  engine: Engine = nobleEngine,
): Promise<SignedFields> {
  const unsigned = readPayload(draft, network)
  const key = await accountKey(draft.account, keys, engine, network)
  const tx = await mapAuthorizations(unsigned, async (authorization) => {
    if (authorization.signature) return authorization
    return { ...authorization, signature: await signHash(authorizationHash(authorization), key, engine) }
  })
  const raw = encodeSigned(tx, await signHash(signingHash(tx), key, engine))
  return { chain: network.id, account: draft.account, txid: txid(raw), raw }
}

async function mapAuthorizations(
  tx: EvmTransaction,
  change: (authorization: Authorization) => Promise<Authorization>,
): Promise<EvmTransaction> {
  if (tx.type !== 'eip7702') return tx
  return { ...tx, authorizationList: await Promise.all(tx.authorizationList.map(change)) }
}

/** A signed transaction, read from its bytes and checked. */
export interface SignedTransaction {
  readonly transaction: EvmTransaction
  readonly from: Address
  readonly nonce: bigint
}

/**
 * Reads a signed transaction: whole, of this network, signed by the account as are its authorisations, and
 * named by its id. Throws `INVALID_SIGNED` otherwise.
 */
export function readSignedTransaction(
  signed: SignedFields,
  network: EvmNetwork,
  engine: Engine = nobleEngine,
): SignedTransaction {
  if (signed.chain !== network.id) throw invalidSigned(`It is for another chain than ${network.name}.`)
  const { tx, signature } = decodeSigned(signed.raw)
  checkNetwork(tx, network, invalidSigned)
  const from = accountAddress(signed.account, network)
  const signatures = [[signingHash(tx), signature] as const, ...authorizationsOf(tx)]
  if (signatures.some(([hash, signature]) => signerOf(hash, signature, engine) !== from))
    throw invalidSigned(`It is not signed by ${from}.`)
  if (txid(signed.raw as `0x${string}`) !== signed.txid)
    throw invalidSigned('Its id is not the one of its bytes.')
  return { transaction: tx, from, nonce: tx.nonce }
}

/** Throws `INVALID_SIGNED` for what {@link readSignedTransaction} refuses. */
export function checkSigned(signed: SignedFields, network: EvmNetwork): void {
  readSignedTransaction(signed, network)
}

function authorizationsOf(tx: EvmTransaction): [hash: Uint8Array, signature: TxSignature][] {
  if (tx.type !== 'eip7702') return []
  return tx.authorizationList.map((item) => [authorizationHash(item), item.signature!])
}

function invalidSigned(reason: string): CofferError {
  return new CofferError({
    code: 'INVALID_SIGNED',
    message: `This signed transaction cannot be used. ${reason} Do not send it.`,
  })
}
