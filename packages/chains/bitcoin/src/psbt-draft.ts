import { CofferError, createDraft, type Draft, type Engine, nobleEngine } from '@coffer/core'
import { bytesToHex } from '@noble/hashes/utils.js'
import { formatAddress } from './address.ts'
import { signaturesIn } from './assemble.ts'
import { equalBytes } from './bytes.ts'
import { readDescriptor } from './descriptor.ts'
import { inspect } from './inspect.ts'
import type { BitcoinIntent, Output } from './intent.ts'
import type { BitcoinNetwork } from './networks.ts'
import { type Plan, readPayload, unsignedTx, writePayload } from './payload.ts'
import { decodePsbt, encodePsbt, type Psbt, type PsbtInput, toBase64, unsignedTxOf } from './psbt.ts'
import { nullDataOf } from './script.ts'
import { collectSignatures, splitSignatures } from './sign.ts'
import { derDecode, derEncode } from './signature.ts'
import { txidOf } from './transaction.ts'

export interface PsbtDraftOptions {
  readonly network: BitcoinNetwork
  readonly engine?: Engine | undefined
}

/**
 * A draft as a PSBT in base64, for other wallets and devices: with previous transactions, key paths, and the signatures collected so
 * far. Version 0 (BIP-174) when none is given, or 2 (BIP-370).
 *
 * @example
 * draftToPsbt(draft, { network: bitcoinNetwork }) // 'cHNidP8B…'
 */
export function draftToPsbt(
  draft: Draft,
  { network, engine = nobleEngine, version = 0 }: PsbtDraftOptions & { readonly version?: 0 | 2 },
): string {
  const descriptor = readDescriptor(draft.account, network, engine)
  const plan = readPayload(draft, network, engine)
  const psbt = decodePsbt(draft.payload)
  const signatures = [...splitSignatures(draft, plan, descriptor, engine)]
  const inputs = psbt.inputs.map((input, i): PsbtInput => {
    if (signatures.length === 0) return input
    if (descriptor.type === 'p2tr') return { ...input, tapKeySignature: signatures[0]![1][i]! }
    const { keys } = plan.inputs[i]!.script
    const partialSignatures = signatures.map(([k, list]) => ({
      publicKey: keys[k]!.publicKey,
      signature: Uint8Array.of(...derEncode(list[i]!), 1),
    }))
    return { ...input, partialSignatures }
  })
  return toBase64(encodePsbt({ ...psbt, inputs }, { version }))
}

/**
 * Reads a PSBT that another wallet made for an account, of version 0 or 2, into a draft. Its intent is what the PSBT does: look at the
 * effects before you sign. Signatures in it are kept when they are whole for a key. Unknown fields are left out: they change nothing of
 * what is signed.
 *
 * Throws `INVALID_DRAFT` for what this wallet would not sign: inputs of others, amounts that are not proven, other signature types.
 */
export function psbtToDraft(
  psbt: string | Uint8Array,
  { account, network, engine = nobleEngine }: PsbtDraftOptions & { readonly account: string },
): Draft<BitcoinIntent> {
  const descriptor = readDescriptor(account, network, engine)
  const given = decodePsbt(psbt)
  const bare = toBase64(encodePsbt(withoutExtras(given), { version: 0 }))
  const plan = readPayload({ payload: bare, account: descriptor.text }, network, engine)
  const payload = writePayload(plan)
  const draft = createDraft(
    { inspect: (fields) => inspect(fields, network, engine) },
    { chain: network.id, account: descriptor.text, intent: intentOf(plan, network), payload, hints: {} },
  ) as Draft<BitcoinIntent>
  return withPsbtSignatures(draft, psbt, { network, engine })
}

/**
 * A draft with the signatures that a PSBT brings back for it, partial or final; then `wallet.finish(draft)`. Throws `INVALID_REQUEST` when the
 * PSBT is of another transaction, `SIGNATURE_WRONG` for a signature that does not verify.
 */
export function withPsbtSignatures(
  draft: Draft<BitcoinIntent>,
  psbt: string | Uint8Array,
  { network, engine = nobleEngine }: PsbtDraftOptions,
): Draft<BitcoinIntent> {
  const descriptor = readDescriptor(draft.account, network, engine)
  const plan = readPayload(draft, network, engine)
  const given = decodePsbt(psbt)
  if (txidOf(unsignedTxOf(given)) !== txidOf(unsignedTx(plan)))
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'This PSBT is of another transaction than the draft.',
    })
  const signatures = collectSignatures(draft, plan, descriptor, engine, (i) => {
    const input = given.inputs[i]!
    if (input.finalScriptSig || input.finalWitness) {
      const { txid, vout, sequence } = input
      const scriptSig = input.finalScriptSig ?? new Uint8Array()
      const signed = { txid, vout, sequence, scriptSig, witness: input.finalWitness ?? [] }
      return signaturesIn(signed, plan.inputs[i]!.script, descriptor) ?? []
    }
    if (input.tapKeySignature) return input.tapKeySignature.length === 64 ? [input.tapKeySignature] : []
    const { keys } = plan.inputs[i]!.script
    return input.partialSignatures
      .filter(
        ({ publicKey, signature }) =>
          signature.at(-1) === 1 && keys.some((key) => equalBytes(key.publicKey, publicKey)),
      )
      .map(({ signature }) => derDecode(signature.subarray(0, -1)))
  })
  if (signatures.length === 0) return draft
  const { chain, account, intent, payload, hints } = draft
  return createDraft(
    { inspect: () => draft.effects },
    { chain, account, intent, payload, hints, signatures },
  ) as Draft<BitcoinIntent>
}

/** What a plan is read from, besides what version 0 does not hold. */
function withoutExtras(psbt: Psbt): Psbt {
  return {
    ...psbt,
    xpubs: [],
    other: [],
    inputs: psbt.inputs.map((input): PsbtInput => {
      const { txid, vout, sequence, previous, witnessUtxo, sighashType, derivations, tapDerivations } = input
      return {
        txid,
        vout,
        sequence,
        ...(previous ? { previous } : {}),
        ...(witnessUtxo ? { witnessUtxo } : {}),
        ...(sighashType === undefined ? {} : { sighashType }),
        derivations,
        tapDerivations,
        partialSignatures: [],
        other: [],
      }
    }),
    outputs: psbt.outputs.map(({ amount, script, derivations, tapDerivations }) => ({
      amount,
      script,
      derivations,
      tapDerivations,
      other: [],
    })),
  }
}

/** What a plan does, as an intent: the first output that comes back is change, every other one is a payment. */
function intentOf(plan: Plan, network: BitcoinNetwork): BitcoinIntent {
  const asset = network.coin.id
  const payments: Output[] = []
  const back: string[] = []
  let memo: string | undefined
  for (const { amount, script, own } of plan.outputs) {
    const data = nullDataOf(script)
    const address = formatAddress(script, network)
    if (data && amount === 0n && memo === undefined) memo = bytesToHex(data)
    else if (address === undefined)
      throw new CofferError({
        code: 'INVALID_DRAFT',
        message: 'This PSBT pays to a script that no address stands for, which this wallet does not sign.',
      })
    else if (own && back.length === 0) back.push(address)
    else payments.push({ to: address, amount })
  }
  const extras = memo === undefined ? {} : { memo }
  const [only, ...more] = payments
  if (only && more.length === 0) return { kind: 'pay', asset, ...only, ...extras }
  if (!only && back[0] !== undefined) return { kind: 'sweep', asset, to: back[0], ...extras }
  return { kind: 'batch', asset, payments, ...extras }
}
