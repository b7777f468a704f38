import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { hash160, taprootTweakPrivKey } from '@scure/btc-signer/utils.js'
import type { OwnKey } from './bitcoin-derivation.ts'
import { type Host, yieldToHost } from './bitcoin-host.ts'
import { INPUT, type Input, readInput, sighashType } from './bitcoin-inputs.ts'
import { bitcoinKey } from './bitcoin-keys.ts'
import { type MerkleMap, mapValue } from './bitcoin-merkle.ts'
import { policyKey } from './bitcoin-policy.ts'
import { claimedOutput, outputFromTransaction } from './bitcoin-previous-output.ts'
import { sameBytes, varint } from './bitcoin-reader.ts'
import {
  legacySighash,
  SIGHASH,
  segwitSighash,
  type TransactionHashes,
  taprootSighash,
} from './bitcoin-sighash.ts'
import type { Signing } from './bitcoin-signing.ts'
import { incorrect } from './bitcoin-status.ts'
import { witnessVersion } from './bitcoin-template.ts'
import { concat } from './byte-strings.ts'

/** Signs all inputs of the policy with one key, and gives the signatures to the host. */
export async function signWith(
  signing: Signing,
  own: readonly OwnKey[],
  key: OwnKey,
  indices: readonly number[],
  hashes: TransactionHashes,
): Promise<void> {
  await policyKey(signing.host, signing.policy, key.expression.key)
  for (const index of indices) {
    const input = await readInput(signing, own, index)
    await signInput(signing, key, input, index, hashes)
  }
}

async function signInput(
  signing: Signing,
  own: OwnKey,
  input: Input,
  index: number,
  hashes: TransactionHashes,
): Promise<void> {
  const { host, parts, policy, context, network } = signing
  const { map, types } = input
  const place = input.place!
  const given = await sighashType(host, input)
  const { receive, change } = own.expression
  const path = [...own.path, place.isChange ? change : receive, place.index]
  const key = bitcoinKey(context.root, path, network)
  const signed = { index, map, hasRedeemScript: types.has(INPUT.redeemScript) }

  const giveEcdsa = async (hash: Uint8Array, type: number): Promise<void> => {
    const signature = secp256k1.sign(hash, key.privateKey!, { prehash: false, format: 'der' })
    await giveSignature(signing, index, key.publicKey!, concat(signature, Uint8Array.of(type)))
  }

  if (!types.has(INPUT.witnessUtxo)) {
    const type = given ?? SIGHASH.all
    const { script } = await outputFromTransaction(host, map)
    return giveEcdsa(await legacySighash(host, parts, signed, script, type), type)
  }
  const { script } = await claimedOutput(host, map)
  const program = signed.hasRedeemScript ? await redeemScript(host, map, script) : script
  if (witnessVersion(policy.template) === 0) {
    const type = given ?? SIGHASH.all
    return giveEcdsa(await segwitSighash(host, parts, hashes, signed, program, type), type)
  }
  const type = given ?? SIGHASH.default
  const hash = await taprootSighash(host, parts, hashes, signed, type)
  const secret = taprootTweakPrivKey(key.privateKey!)
  const signature = concat(schnorr.sign(hash, secret), Uint8Array.of(...(type === 0 ? [] : [type])))
  return giveSignature(signing, index, schnorr.getPublicKey(secret), signature)
}

/** The script that a script hash is of; throws 0x6a80 for another. */
async function redeemScript(host: Host, map: MerkleMap, script: Uint8Array): Promise<Uint8Array> {
  const redeem = await mapValue(host, map, INPUT.redeemScript, 34)
  if (!sameBytes(script, concat(Uint8Array.of(0xa9, 20), hash160(redeem), Uint8Array.of(0x87))))
    throw incorrect(0x000b)
  return redeem
}

/** The first protocol says no keys. */
async function giveSignature(
  { host, protocol }: Signing,
  index: number,
  key: Uint8Array,
  signature: Uint8Array,
): Promise<void> {
  const named = protocol === 0 ? new Uint8Array() : concat(Uint8Array.of(key.length), key)
  await yieldToHost(host, concat(varint(index), named, signature))
}
