import {
  type Bulk,
  CofferError,
  createBulk,
  type Draft,
  type DraftFields,
  type Engine,
  formatPath,
  type KeyRing,
  type Keys,
  nobleEngine,
  type SignedFields,
  verifyMany,
} from '@coffer/core'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { base64 } from '@scure/base'
import { assemble, type InputSignatures, signaturesIn } from './assemble.ts'
import { equalBytes } from './bytes.ts'
import { type AccountScript, type Keychain, scriptAt } from './derive.ts'
import { type Descriptor, readDescriptor } from './descriptor.ts'
import { claimOf, inputHasher } from './input-hash.ts'
import type { BitcoinNetwork } from './networks.ts'
import { type Plan, readPayload, sumOf, unsignedTx } from './payload.ts'
import { tapTweakHash } from './taproot.ts'
import { decodeTx, encodeTx, type Tx, txidOf } from './transaction.ts'

/** Signed here or checked here before, so that nothing is verified twice. */
const sound = new WeakSet<SignedFields>()

/**
 * Signs every input with software keys: with those already collected in the draft, it must come to enough for the account.
 * Throws `WRONG_ACCOUNT` when no key of the account is among `keys`, `SIGNATURES_MISSING`.
 */
export async function sign(
  draft: Draft,
  keys: KeyRing,
  network: BitcoinNetwork,
  engine: Engine = nobleEngine,
): Promise<SignedFields> {
  const { plan, descriptor } = read(draft, network, engine)
  const given = splitSignatures(draft, plan, descriptor, engine)
  const verified = await addSignatures(given, plan, descriptor, keys)
  return together(draft, plan, descriptor, given, verified)
}

/** The draft's signatures with those of `keys` added, one text for each key of the account: `position:base64`. */
export async function cosign(
  draft: Draft,
  keys: KeyRing,
  network: BitcoinNetwork,
  engine: Engine = nobleEngine,
): Promise<readonly string[]> {
  const { plan, descriptor } = read(draft, network, engine)
  const given = splitSignatures(draft, plan, descriptor, engine)
  await addSignatures(given, plan, descriptor, keys)
  return writeSignatures(given)
}

/** Puts the collected signatures of a draft together. Throws `SIGNATURES_MISSING`, `SIGNATURE_WRONG`. */
export function finish(draft: Draft, network: BitcoinNetwork, engine: Engine = nobleEngine): SignedFields {
  const { plan, descriptor } = read(draft, network, engine)
  return together(draft, plan, descriptor, splitSignatures(draft, plan, descriptor, engine), true)
}

/** What a signed transaction is made of. */
export interface SignedParts {
  readonly tx: Tx
  readonly descriptor: Descriptor
  /** What each input spends, in order. */
  readonly coins: readonly { readonly script: AccountScript; readonly amount: bigint }[]
}

/**
 * Takes a signed transaction apart: `raw` must be exactly what its signatures and the account's scripts make, and every
 * signature must verify. Throws `INVALID_SIGNED`.
 */
export function readSigned(
  signed: SignedFields,
  network: BitcoinNetwork,
  engine: Engine = nobleEngine,
): SignedParts {
  const descriptor = readDescriptor(signed.account, network, engine)
  const { bytes, tx } = decode(signed.raw)
  if (txidOf(tx) !== signed.txid) throw wrong('Its id is not that of its bytes.')
  const coins = readSpent(signed.spent, tx, descriptor)
  if (sumOf(tx.outputs) > sumOf(coins)) throw wrong('Its outputs exceed its inputs.')
  if (sound.has(signed)) return { tx, descriptor, coins }
  const signatures = tx.inputs.map((input, i) => {
    const found = signaturesIn(input, coins[i]!.script, descriptor)
    if (!found) throw wrong(`Input ${i} is not signed as the account signs.`)
    return found
  })
  const hasher = inputHasher(tx, coins, descriptor)
  const matched = matchAll(signatures, coins, hasher, descriptor, engine)
  const again = assemble(
    tx,
    coins.map(({ script }, i) => ({ script, signatures: matched[i]! })),
    descriptor,
  )
  if (!equalBytes(encodeTx(again), bytes)) throw wrong('It is not written as this account signs.')
  if (Object.isFrozen(signed)) sound.add(signed)
  return { tx, descriptor, coins }
}

// ---- inside ----

function read(
  draft: DraftFields,
  network: BitcoinNetwork,
  engine: Engine,
): { plan: Plan; descriptor: Descriptor } {
  const descriptor = readDescriptor(draft.account, network, engine)
  if (descriptor.type === 'address')
    throw new CofferError({
      code: 'WRONG_ACCOUNT',
      message:
        'This account is watch-only: it is known by its addresses alone, and nobody can sign for it here.',
    })
  return { plan: readPayload(draft, network, engine), descriptor }
}

/** By position of the key in the descriptor: one signature for each input, 64 bytes. */
export type Collected = Map<number, readonly Uint8Array[]>

/** Adds the signatures of `ring`; true when each was verified on the way. */
async function addSignatures(
  collected: Collected,
  plan: Plan,
  descriptor: Descriptor,
  ring: KeyRing,
): Promise<boolean> {
  const hash = inputHasher(unsignedTx(plan), plan.inputs, descriptor)
  // Signatures that are asked for together are verified together.
  const bulk = createBulk()
  let found = false
  let made = 0
  for (let k = 0; k < descriptor.keys.length; k++) {
    if (collected.has(k)) {
      found ||= (await keyOf(ring, plan.inputs[0]!.script, k, bulk)) !== undefined
      continue
    }
    if (collected.size >= descriptor.threshold) break
    const keys = await Promise.all(plan.inputs.map(({ script }) => keyOf(ring, script, k, bulk)))
    if (keys.some((key) => key === undefined)) continue
    found = true
    const signatures = plan.inputs.map(({ script }, i) => signInput(keys[i]!, script, hash(i)))
    collected.set(k, await Promise.all(signatures))
    made += signatures.length
  }
  if (!found)
    throw new CofferError({
      code: 'WRONG_ACCOUNT',
      message: 'This signer holds no key of this account. Open the account with its own signer.',
      details: { account: descriptor.text },
    })
  // A signer that verifies by itself is verified once more, with the whole transaction.
  return bulk.verified() === made
}

async function keyOf(ring: KeyRing, script: AccountScript, k: number, bulk: Bulk): Promise<Keys | undefined> {
  const expected = script.keys[k]!
  let keys: Keys
  try {
    keys = await ring(formatPath(expected.path), bulk)
  } catch (error) {
    // A signer that begins below that path, or holds one key, has not this one.
    if (error instanceof Error && (error as { code?: unknown }).code === 'INVALID_PATH') return undefined
    throw error
  }
  // Of a taproot key alone its sign is not known: signing looks at the key itself.
  const from = script.internalKey ? 1 : 0
  return equalBytes(keys.publicKey.subarray(from), expected.publicKey.subarray(from)) ? keys : undefined
}

async function signInput(keys: Keys, script: AccountScript, hash: Uint8Array): Promise<Uint8Array> {
  if (!script.internalKey) return (await keys.ecdsa(hash)).signature
  if (!keys.schnorr)
    throw new CofferError({ code: 'UNSUPPORTED', message: 'This signer makes no taproot signatures.' })
  return keys.schnorr(hash, { tweak: tapTweakHash(script.internalKey) })
}

function together(
  draft: DraftFields,
  plan: Plan,
  descriptor: Descriptor,
  collected: Collected,
  verified: boolean,
): SignedFields {
  if (collected.size < descriptor.threshold)
    throw new CofferError({
      code: 'SIGNATURES_MISSING',
      message: `This draft has ${collected.size} of the ${descriptor.threshold} signatures that it needs. Pass it on to the next signer: wallet.cosign(draft).`,
      details: { have: collected.size, need: descriptor.threshold },
    })
  const tx = assemble(
    unsignedTx(plan),
    plan.inputs.map(({ script }, i) => ({
      script,
      signatures: new Map([...collected].map(([k, list]) => [k, list[i]!])),
    })),
    descriptor,
  )
  const bytes = encodeTx(tx)
  const signed = Object.freeze({
    chain: draft.chain,
    account: draft.account,
    txid: txidOf(tx),
    raw: bytesToHex(bytes),
    spent: writeSpent(plan),
  })
  if (verified) sound.add(signed)
  return signed
}

// ---- the text forms ----

function writeSignatures(collected: Collected): readonly string[] {
  return [...collected]
    .sort(([a], [b]) => a - b)
    .map(([k, list]) => {
      const bytes = new Uint8Array(list.length * 64)
      for (const [i, signature] of list.entries()) bytes.set(signature, i * 64)
      return `${k}:${base64.encode(bytes)}`
    })
}

/** The signatures of a draft by position of their key; each one verified. Throws `SIGNATURE_WRONG`. */
export function splitSignatures(
  draft: DraftFields,
  plan: Plan,
  descriptor: Descriptor,
  engine: Engine,
): Collected {
  const collected: Collected = new Map()
  if (!draft.signatures?.length) return collected
  if (draft.signatures.length > 2 * descriptor.keys.length)
    throw badSignature('This draft has more signatures than its account has keys.')
  const hash = inputHasher(unsignedTx(plan), plan.inputs, descriptor)
  for (const text of draft.signatures) {
    const match = /^(0|[1-9][0-9]?):([A-Za-z0-9+/=]+)$/.exec(text)
    const k = Number(match?.[1])
    const bytes = fromBase64(match?.[2])
    if (!bytes || k >= descriptor.keys.length || bytes.length !== 64 * plan.inputs.length)
      throw badSignature('A signature of this draft has a wrong form.')
    const list = plan.inputs.map((_, i) => bytes.slice(64 * i, 64 * (i + 1)))
    const claims = list.map((signature, i) => claimOf(signature, hash(i), plan.inputs[i]!.script, k))
    const wrong = verifyMany(engine, claims).indexOf(false)
    if (wrong >= 0) throw badSignature(`The signature of key ${k + 1} for input ${wrong} is wrong.`)
    collected.set(k, list)
  }
  return collected
}

/** The draft's signatures with those that `found` gives for each input, as far as they are whole for a key. Each one is verified. */
export function collectSignatures(
  draft: DraftFields,
  plan: Plan,
  descriptor: Descriptor,
  engine: Engine,
  found: (input: number) => readonly Uint8Array[],
): readonly string[] {
  const collected = splitSignatures(draft, plan, descriptor, engine)
  const hash = inputHasher(unsignedTx(plan), plan.inputs, descriptor)
  const given = plan.inputs.map((_, i) => found(i))
  let matched: readonly InputSignatures[]
  try {
    matched = matchAll(given, plan.inputs, hash, descriptor, engine)
  } catch (cause) {
    throw badSignature('A signature in this PSBT is wrong.', cause)
  }
  descriptor.keys.forEach((_, k) => {
    const list = matched.map((signatures) => signatures.get(k))
    if (list.every((signature) => signature !== undefined)) collected.set(k, list as readonly Uint8Array[])
  })
  return writeSignatures(collected)
}

/** Keychain (1 byte), index (4) and amount (8) of each input, little-endian. */
const SPENT = 13

function writeSpent({ inputs }: Plan): string {
  const bytes = new Uint8Array(inputs.length * SPENT)
  const view = new DataView(bytes.buffer)
  inputs.forEach(({ script, amount }, i) => {
    view.setUint8(i * SPENT, script.keychain)
    view.setUint32(i * SPENT + 1, script.index, true)
    view.setBigUint64(i * SPENT + 5, amount, true)
  })
  return base64.encode(bytes)
}

function readSpent(
  text: string | undefined,
  tx: Tx,
  descriptor: Descriptor,
): readonly { script: AccountScript; amount: bigint }[] {
  const bytes = fromBase64(text)
  if (bytes?.length !== tx.inputs.length * SPENT) throw wrong('What it spends is not told, or not in full.')
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  return tx.inputs.map((_, i) => {
    const keychain = view.getUint8(i * SPENT)
    const index = view.getUint32(i * SPENT + 1, true)
    const isPlace =
      keychain < descriptor.keychains && index < 0x80000000 && (descriptor.ranged || index === 0)
    if (!isPlace) throw wrong(`Input ${i} is of no address of this account.`)
    return {
      script: scriptAt(descriptor, keychain as Keychain, index),
      amount: view.getBigUint64(i * SPENT + 5, true),
    }
  })
}

function decode(raw: string): { bytes: Uint8Array; tx: Tx } {
  try {
    if (!/^[0-9a-f]+$/.test(raw)) throw new Error('not hexadecimal')
    const bytes = hexToBytes(raw)
    return { bytes, tx: decodeTx(bytes) }
  } catch (cause) {
    throw wrong('Its bytes are no transaction.', cause)
  }
}

function fromBase64(text: string | undefined): Uint8Array | undefined {
  try {
    return base64.decode(text as string)
  } catch {
    return undefined
  }
}

/** Which key of the account made each signature of each input. Throws `INVALID_SIGNED` for one that none made. */
function matchAll(
  signatures: readonly (readonly Uint8Array[])[],
  coins: readonly { readonly script: AccountScript }[],
  hash: (i: number) => Uint8Array,
  descriptor: Descriptor,
  engine: Engine,
): readonly InputSignatures[] {
  const isSingle = descriptor.keys.length === 1 && signatures.every(({ length }) => length === 1)
  if (!isSingle)
    return signatures.map((list, i) => matchKeys(list, coins[i]!.script, hash(i), descriptor, engine, i))
  const claims = signatures.map(([signature], i) => claimOf(signature!, hash(i), coins[i]!.script, 0))
  const bad = verifyMany(engine, claims).indexOf(false)
  if (bad >= 0) throw wrong(`A signature of input ${bad} is wrong.`)
  return signatures.map(([signature]) => new Map([[0, signature!]]))
}

/** The signatures of one input stand in the order of the keys in its script, which is not that of the descriptor. */
function matchKeys(
  signatures: readonly Uint8Array[],
  script: AccountScript,
  hash: Uint8Array,
  descriptor: Descriptor,
  engine: Engine,
  i: number,
): InputSignatures {
  const matched = new Map<number, Uint8Array>()
  for (const signature of signatures) {
    const k = descriptor.keys.findIndex(
      (_, k) => !matched.has(k) && verifyMany(engine, [claimOf(signature, hash, script, k)])[0],
    )
    if (k < 0) throw wrong(`A signature of input ${i} is wrong.`)
    matched.set(k, signature)
  }
  return matched
}

function badSignature(message: string, cause?: unknown): CofferError {
  return new CofferError({
    code: 'SIGNATURE_WRONG',
    message: `${message} Ask that signer to sign again.`,
    cause,
  })
}

function wrong(hint: string, cause?: unknown): CofferError {
  return new CofferError({
    code: 'INVALID_SIGNED',
    message: `This signed transaction cannot be used. ${hint}`,
    cause,
  })
}
