import {
  type BitcoinChain,
  deriveScripts,
  encodePsbt,
  encodeTx,
  type PsbtInput,
  parseDescriptor,
  psbtToDraft,
  txidOf,
} from '@coffer/bitcoin'
import type { Draft } from '@coffer/core'
import { type EvmChain, type EvmIntent, encodeUnsigned, makeDraft as makeEvmDraft } from '@coffer/evm'
import { makeDraft as makeTronDraft, type TronChain, type TronIntent } from '@coffer/tron'

/** The public words of the recordings. */
export const MNEMONIC =
  'glory promote mansion idle axis finger extra february uncover one trip resource lawn turtle enact monster seven myth punch hobby comfort wild raise skin'

export const STRANGER = {
  evm: '0x000000000000000000000000000000000000dEaD',
  tron: 'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8',
} as const

export function evmDraft(
  chain: EvmChain,
  account: string,
  intent: EvmIntent = { kind: 'pay', asset: chain.coin.id, to: STRANGER.evm, amount: 5n },
  type: 'eip1559' | 'legacy' | 'eip2930' = 'eip1559',
): Draft {
  const numbers = { nonce: 3n, gasLimit: 100_000n }
  const rates = { maxFeePerGas: 3_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n }
  if (type === 'eip1559') return makeEvmDraft(chain.network, account, intent, { ...numbers, ...rates })
  // No intent of ours makes the older types; devices and readers know them all the same.
  const fields = {
    ...numbers,
    chainId: BigInt(chain.id.slice('eip155:'.length)),
    to: STRANGER.evm,
    value: 5n,
    data: '0x',
    gasPrice: 3_000_000_000n,
  } as const
  const payload = encodeUnsigned(
    type === 'legacy' ? { ...fields, type } : { ...fields, type, accessList: [] },
  )
  return { payload } as Draft
}

export function tronDraft(
  chain: TronChain,
  account: string,
  intent: TronIntent = { kind: 'pay', asset: chain.coin.id, to: STRANGER.tron, amount: 1_000_000n },
  feeLimit = 0n,
): Draft {
  const timestamp = 1_700_000_000_000n
  return makeTronDraft(chain.network, account, intent, {
    refBlockBytes: '95da',
    refBlockHash: '42177db00507aabb',
    timestamp,
    expiration: timestamp + 600_000n,
    feeLimit,
  })
}

/** A payment of one or more coins of the account, with change. */
export function bitcoinDraft(
  chain: BitcoinChain,
  account: string,
  { coins = 2, addresses = coins }: { coins?: number; addresses?: number } = {},
): Draft {
  const { network } = chain
  const descriptor = parseDescriptor(account, network)
  const taproot = descriptor.type === 'p2tr'
  const scripts = deriveScripts(descriptor, 0, 0, addresses)
  const own = Array.from({ length: coins }, (_, i) => scripts[i % addresses]!)
  const [change] = deriveScripts(descriptor, 1, 5, 1)
  const fieldsOf = ({ redeemScript, witnessScript, internalKey, keys }: (typeof own)[number]) => ({
    ...(redeemScript ? { redeemScript } : {}),
    ...(witnessScript ? { witnessScript } : {}),
    ...(internalKey ? { tapInternalKey: internalKey } : {}),
    derivations: taproot ? [] : keys,
    tapDerivations: taproot
      ? keys.map((key) => ({ ...key, publicKey: key.publicKey.subarray(1), leafHashes: [] }))
      : [],
  })
  const inputs = own.map((script, i): PsbtInput => {
    const previous = {
      version: 2,
      locktime: i,
      inputs: [
        { txid: '11'.repeat(32), vout: i, sequence: 0xffffffff, scriptSig: new Uint8Array(), witness: [] },
      ],
      outputs: [{ amount: 100_000n, script: script.script }],
    }
    return {
      txid: txidOf(previous),
      vout: 0,
      sequence: 0xfffffffd,
      previous: encodeTx(previous),
      ...(descriptor.type === 'p2pkh' ? {} : { witnessUtxo: previous.outputs[0]! }),
      partialSignatures: [],
      other: [],
      ...fieldsOf(script),
    }
  })
  const psbt = encodePsbt({
    version: 0,
    txVersion: 2,
    locktime: 0,
    inputs,
    outputs: [
      {
        amount: 60_000n,
        script: Uint8Array.of(0, 20, ...new Uint8Array(20).fill(7)),
        derivations: [],
        tapDerivations: [],
        other: [],
      },
      { amount: BigInt(coins) * 100_000n - 62_000n, script: change!.script, other: [], ...fieldsOf(change!) },
    ],
    xpubs: [],
    other: [],
  })
  return psbtToDraft(psbt, { account, network })
}
