import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { HDKey } from '@scure/bip32'
import { Transaction } from '@scure/btc-signer'
import { RawOldTx } from '@scure/btc-signer/script.js'
import { taprootTweakPrivKey } from '@scure/btc-signer/utils.js'
import { concat } from '../byte-strings.ts'
import type { Psbt } from './psbt.ts'

const ALL = 0x01

/** The hashes that the signatures of a transaction are over. */
export interface SignatureHashes {
  legacy(at: number, scriptCode: Uint8Array): Uint8Array
  witnessV0(at: number, scriptCode: Uint8Array): Uint8Array
  taproot(at: number, sighash: number): Uint8Array
}

export function signatureHashes({ version, locktime, inputs, outputs }: Psbt): SignatureHashes {
  const transaction = new Transaction({
    version,
    lockTime: locktime,
    allowUnknownOutputs: true,
    allowUnknownInputs: true,
    disableScriptCheck: true,
    allowUnknownVersion: true,
    allowLegacyWitnessUtxo: true,
  } as ConstructorParameters<typeof Transaction>[0])
  for (const { txid, index, sequence } of inputs)
    transaction.addInput({ txid: txid.slice().reverse(), index, sequence })
  for (const { amount, script } of outputs) transaction.addOutput({ amount, script })
  const coins = inputs.map(({ coin }) => coin)
  return {
    legacy: (at, scriptCode) =>
      sha256(
        sha256(
          concat(
            RawOldTx.encode({
              version,
              inputs: inputs.map(({ txid, index, sequence }, other) => ({
                txid: txid.slice().reverse(),
                index,
                sequence,
                finalScriptSig: other === at ? scriptCode : new Uint8Array(),
              })),
              outputs: outputs.map(({ amount, script }) => ({ amount, script })),
              lockTime: locktime,
            }),
            Uint8Array.of(ALL, 0, 0, 0),
          ),
        ),
      ),
    witnessV0: (at, scriptCode) => transaction.preimageWitnessV0(at, scriptCode, ALL, coins[at]!.amount),
    taproot: (at, sighash) =>
      transaction.preimageWitnessV1(
        at,
        coins.map(({ script }) => script),
        sighash,
        coins.map(({ amount }) => amount),
      ),
  }
}

/** In DER, low s, RFC 6979, with the type of the signature after it. */
export const ecdsa = (key: HDKey, hash: Uint8Array): Uint8Array =>
  concat(secp256k1.sign(hash, key.privateKey!, { prehash: false, format: 'der' }), Uint8Array.of(ALL))

/** BIP-340 with the key of BIP-341 that has no scripts; the type after it when it is not the default. */
export function taprootSignature(key: HDKey, hash: Uint8Array, sighash: number): Uint8Array {
  const signature = schnorr.sign(hash, taprootTweakPrivKey(key.privateKey!))
  return sighash === 0 ? signature : concat(signature, Uint8Array.of(sighash))
}
