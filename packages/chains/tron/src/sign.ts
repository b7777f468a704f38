import {
  CofferError,
  type DraftFields,
  type Engine,
  isCofferError,
  type KeyRing,
  nobleEngine,
  parseJson,
  type SignedFields,
} from '@coffer/core'
import { accountAddress, addressOf, readAccount } from './address.ts'
import { bytesToHex, hexToBytes, isHex } from './hex.ts'
import type { Address, SigningPermission, TronIntent, TronNetwork } from './intent.ts'
import { accountKey, signerOf, signHash } from './keys.ts'
import { parsePermission } from './parse-intent.ts'
import { type Payload, readPayload } from './payload.ts'
import { enough, weigh, weightOf, writePermission } from './permissions.ts'
import { decodeSigned, encodeSigned, signingHash, type TronTransaction, txidOf } from './transaction.ts'

/** How many of a signer's accounts are tried when somebody else's account is to be signed for. */
const TRIED = 20

/**
 * Signs exactly the transaction in the draft's payload with the account's key, or with the keys of the permission that its
 * intent names, and checks each signature. Whether the draft should be signed at all was decided before.
 *
 * Throws `INVALID_DRAFT`, `WRONG_ACCOUNT` when the keys do not hold the account, `SIGNATURES_MISSING` while there are too few,
 * `SIGNATURE_WRONG` when what they return is not theirs.
 */
export async function sign(
  draft: DraftFields,
  keys: KeyRing,
  network: TronNetwork,
  engine: Engine = nobleEngine,
): Promise<SignedFields> {
  const payload = readPayload(draft, network)
  const permission = permissionOf(draft)
  if (permission) {
    const signatures = await cosign(draft, keys, network, engine)
    return together(draft, payload, permission, signatures)
  }
  const key = await accountKey(draft.account, keys, engine, network)
  const signature = await signHash(signingHash(payload.raw), key, engine)
  return made(draft, payload, [signature])
}

/** The draft's signatures with those of `keys` added, in hex. Throws `WRONG_ACCOUNT` when none of `keys` may sign. */
export async function cosign(
  draft: DraftFields,
  keys: KeyRing,
  network: TronNetwork,
  engine: Engine = nobleEngine,
): Promise<readonly string[]> {
  const { raw } = readPayload(draft, network)
  const permission = permissionOf(draft)
  if (!permission)
    throw new CofferError({
      code: 'UNSUPPORTED',
      message: 'This draft wants one signature alone: sign it, there is nothing to put together.',
    })
  const hash = signingHash(raw)
  const given = draft.signatures ?? []
  const signed = weigh(hash, given.map(readSignature), permission, signatureWrong)
  const own = await ownKeys(draft, permission, keys, network, engine)
  if (own.size === 0)
    throw new CofferError({
      code: 'WRONG_ACCOUNT',
      message: `None of this signer's keys may sign for the account: ${permission.keys.map(({ address }) => address).join(', ')} may.`,
    })
  const added: string[] = []
  for (const [address, path] of own) {
    if (signed.has(address)) continue
    added.push(bytesToHex(await signHash(hash, { address, keys: await keys(path) }, engine)))
  }
  return [...given, ...added]
}

/** Puts the collected signatures of a draft together. Throws `SIGNATURES_MISSING`, `SIGNATURE_WRONG`. */
export function finish(draft: DraftFields, network: TronNetwork): SignedFields {
  const permission = permissionOf(draft)
  if (!permission)
    throw new CofferError({
      code: 'UNSUPPORTED',
      message: 'This draft wants one signature alone: sign it, there is nothing to put together.',
    })
  return together(draft, readPayload(draft, network), permission, draft.signatures ?? [])
}

/** A signed transaction, read from its bytes and checked. */
export interface SignedTransaction {
  readonly tx: TronTransaction
  readonly raw: Uint8Array
  readonly account: Address
}

/** Signed here or checked here before, so that nothing is recovered twice. */
const sound = new WeakMap<SignedFields, SignedTransaction>()

/**
 * Reads a signed transaction: whole, of this account, signed by its key or by enough keys of the permission that travels
 * beside it, and named by its id. Throws `INVALID_SIGNED` otherwise.
 */
export function readSignedTransaction(signed: SignedFields, network: TronNetwork): SignedTransaction {
  const known = sound.get(signed)
  if (known && signed.chain === network.id) return known
  if (signed.chain !== network.id) throw invalidSigned(`It is for another chain than ${network.name}.`)
  const { raw, tx, signatures } = decodeSigned(signed.raw)
  const account = accountAddress(signed.account, network)
  if (tx.contract.ownerAddress !== account)
    throw invalidSigned(`It is about another account than ${account}.`)
  if (txidOf(raw) !== signed.txid) throw invalidSigned('Its id is not the one of its bytes.')
  const hash = signingHash(raw)
  if (signed.spent === undefined) {
    const [signature, second] = signatures
    if (tx.permission !== 0 || second || signerOf(hash, signature!) !== account)
      throw invalidSigned(`It is not signed by ${account}.`)
  } else {
    const permission = readPermission(signed.spent)
    if (permission.id !== tx.permission) throw invalidSigned('It names another permission than its bytes.')
    const signers = weigh(hash, signatures, permission, invalidSigned)
    if (weightOf(signers.keys(), permission) < permission.threshold)
      throw invalidSigned('Its signatures do not weigh enough.')
  }
  const found = { tx, raw, account }
  if (Object.isFrozen(signed)) sound.set(signed, found)
  return found
}

/** Throws `INVALID_SIGNED` for what {@link readSignedTransaction} refuses. */
export function checkSigned(signed: SignedFields, network: TronNetwork): void {
  readSignedTransaction(signed, network)
}

// ---- inside ----

function permissionOf({ intent }: DraftFields): SigningPermission | undefined {
  return (intent as TronIntent).permission
}

function together(
  draft: DraftFields,
  payload: Payload,
  permission: SigningPermission,
  signatures: readonly string[],
): SignedFields {
  if (permission.id !== payload.tx.permission)
    throw signatureWrong('Its intent names another permission than its bytes.')
  const hash = signingHash(payload.raw)
  const chosen = enough(weigh(hash, signatures.map(readSignature), permission, signatureWrong), permission)
  return { ...made(draft, payload, chosen), spent: writePermission(permission) }
}

function made({ chain, account }: DraftFields, { raw }: Payload, signatures: readonly Uint8Array[]) {
  return { chain, account, txid: txidOf(raw), raw: encodeSigned(raw, signatures) }
}

/** The signer's keys among those of the permission: each address with the path of its key. */
async function ownKeys(
  draft: DraftFields,
  permission: SigningPermission,
  ring: KeyRing,
  network: TronNetwork,
  engine: Engine,
): Promise<Map<Address, string>> {
  const { origin } = readAccount(draft.account, network)
  const usual = Array.from({ length: TRIED }, (_, index) => pathOf(network, index))
  const found = new Map<Address, string>()
  const look = async (path: string): Promise<boolean> => {
    const address = await addressAt(ring, path, engine)
    const key = permission.keys.find((key) => key.address === address)
    if (key) found.set(key.address, path)
    return address !== undefined
  }
  let hasPaths = false
  for (const path of new Set([...(origin ? [origin.path] : []), ...usual]))
    hasPaths = (await look(path)) || hasPaths
  // A signer of one key has this path alone.
  if (!hasPaths) await look('m')
  return found
}

async function addressAt(ring: KeyRing, path: string, engine: Engine): Promise<Address | undefined> {
  try {
    return addressOf((await ring(path)).publicKey, engine)
  } catch (error) {
    if (isCofferError(error, 'INVALID_PATH')) return undefined
    throw error
  }
}

/** The path of the key of account `index`. */
export function pathOf({ coinType }: Pick<TronNetwork, 'coinType'>, index: number): string {
  return `m/44h/${coinType}h/0h/0/${index}`
}

function readSignature(text: string): Uint8Array {
  if (!isHex(text, 65)) throw signatureWrong('One of its signatures is not 65 bytes in hex.')
  return hexToBytes(text)
}

function readPermission(text: string): SigningPermission {
  try {
    return parsePermission(parseJson(text))
  } catch (cause) {
    throw invalidSigned('What it says of its signers cannot be read.', cause)
  }
}

function signatureWrong(reason: string): CofferError {
  return new CofferError({
    code: 'SIGNATURE_WRONG',
    message: `The signatures of this draft cannot be used. ${reason} Ask the other signers again.`,
  })
}

function invalidSigned(reason: string, cause?: unknown): CofferError {
  return new CofferError({
    code: 'INVALID_SIGNED',
    message: `This signed transaction cannot be used. ${reason} Do not send it.`,
    cause,
  })
}
