import { bitcoin } from '@coffer/bitcoin'
import { CofferError, type Draft, isCofferError, verify, writeJson } from '@coffer/core'
import { ethereumNetwork, hashTypedData as hashEvm } from '@coffer/evm'
import { hashTypedData as hashTron, tronNetwork } from '@coffer/tron'
import type { Target } from './check.ts'
import { BIP322_MESSAGES, messages, typedData } from './corpus.ts'
import { chains, type Family, madeOf, wallet } from './drafts.ts'
import * as shape from './shapes.ts'

// What every chain reads: drafts, signed transactions, intents, signed messages, typed data.

const PAYLOAD = {
  bitcoin: shape.base64(shape.psbt),
  evm: shape.hex(shape.rlp),
  tron: shape.hex(shape.protobuf),
}
const RAW = {
  bitcoin: shape.hex(shape.bitcoinTx),
  evm: shape.hex(shape.rlp),
  tron: shape.hex(shape.protobuf),
}

/** Any JSON value, those included that the strict reader of core would have refused. */
export function readValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new CofferError({ code: 'INVALID_JSON', message: 'It is no JSON.' })
  }
}

/**
 * A draft that is read and passes for what its intent makes must not look like another one: the same account, the same
 * effects, other bytes.
 */
export function draftTarget(family: Family): Target<Draft> {
  let faces: ReadonlyMap<string, string> = new Map()
  return {
    name: `${family}/draft`,
    threat: 'B5 E2 T1',
    runs: 1_400,
    corpus: async () => {
      const { drafts } = await madeOf(family)
      faces = new Map(drafts.map((draft) => [faceOf(draft), draft.payload]))
      return drafts.map((draft) => JSON.stringify(draft))
    },
    shapes: [shape.json(PAYLOAD[family], shape.base58check, shape.bech32), shape.json(), shape.tokens],
    decode: (text: string) => wallet.draft(text),
    accept: (draft) => {
      if (isMismatch(draft, family)) return undefined
      const payload = faces.get(faceOf(draft))
      return payload === undefined || payload === draft.payload
        ? undefined
        : 'its bytes are others than those of a draft that looks the same'
    },
    encode: (draft) => JSON.stringify(draft),
    stable: true,
  }
}

/** True when signing refuses it, because its intent makes other bytes. */
export function isMismatch(draft: Draft, family: Family): boolean {
  return verify(chains[family], draft).refusals.some(({ rule }) => rule === 'mismatch')
}

function faceOf({ chain, account, effects }: Draft): string {
  return writeJson({ chain, account, effects })
}

/** Nobody can make a signature without the keys: what passes is what was signed, to the last bit. */
export function signedTarget(family: Family): Target {
  let known: ReadonlySet<string> = new Set()
  return {
    name: `${family}/signed-json`,
    threat: 'G5',
    runs: 600,
    corpus: async () => {
      const { signed } = await madeOf(family)
      known = new Set(signed.map(({ raw }) => raw))
      return signed.map((one) => JSON.stringify(one))
    },
    shapes: [shape.json(RAW[family]), shape.json(), shape.tokens],
    decode: (text: string) => wallet.signed(text),
    accept: (signed) =>
      known.has((signed as { raw: string }).raw) ? undefined : 'it took a transaction that nobody signed',
    encode: (signed) => JSON.stringify(signed),
    stable: true,
  }
}

export function intentTarget(family: Family): Target {
  return {
    name: `${family}/intent`,
    threat: 'G8',
    runs: 3_000,
    corpus: async () => (await madeOf(family)).drafts.map(({ intent }) => writeJson(intent)),
    shapes: [shape.json(shape.base58check, shape.bech32), shape.json(), shape.tokens],
    decode: (text: string) => chains[family].parseIntent(readValue(text)),
    encode: (intent) => writeJson(intent),
    stable: true,
  }
}

/** A signature that holds must be of an address and a message that were signed. */
export function messageTarget(family: Family): Target<boolean> {
  const mainnet = bitcoin()
  const chainOf = (address: string) =>
    family === 'bitcoin' && /^(?:bc1|[13])/i.test(address) ? mainnet : chains[family]
  const signedOf = (text: string) => {
    const { address, message, signature } = (readValue(text) ?? {}) as Record<string, unknown>
    if (typeof address !== 'string' || typeof message !== 'string' || typeof signature !== 'string')
      throw new CofferError({ code: 'INVALID_REQUEST', message: 'It is no signed message.' })
    return { address, message, signature }
  }
  const nameOf = (text: string): string => {
    const { address, message } = signedOf(text)
    return JSON.stringify([chainOf(address).parseAddress(address), message])
  }
  let known: ReadonlySet<string> = new Set()
  return {
    name: `${family}/message`,
    threat: 'G5',
    runs: 500,
    corpus: async () => {
      const texts = [...(await messages(family)), ...(family === 'bitcoin' ? BIP322_MESSAGES : [])]
      known = new Set(texts.map(nameOf))
      return texts
    },
    shapes: [
      shape.json(shape.base64(shape.bitcoinTx), shape.hex()),
      shape.json(shape.base58check, shape.bech32),
    ],
    decode: (text: string) => {
      const signed = signedOf(text)
      return chainOf(signed.address).verifyMessage!(signed)
    },
    accept: (holds, text: string) =>
      !holds || known.has(nameOf(text)) ? undefined : 'it holds for something that nobody signed',
  }
}

export function typedDataTarget(family: 'evm' | 'tron'): Target {
  const [chainId, hash] =
    family === 'evm'
      ? [1, (data: unknown) => hashEvm(data, ethereumNetwork)]
      : [0x2b6653dc, (data: unknown) => hashTron(data, tronNetwork)]
  let account = ''
  return {
    name: `${family}/typed-data`,
    threat: 'E5',
    runs: 1_000,
    corpus: async () => {
      account = (await madeOf(family)).drafts[0]!.account
      return typedData(chainId)
    },
    shapes: [shape.json(shape.hex()), shape.json(), shape.tokens],
    decode: (text: string) => {
      const value = attempt(() => readValue(text))
      // An app may hand over the value as well, which has no keys twice but may have odd ones.
      if (value !== undefined) attempt(() => chains[family].inspectTypedData!({ account, typedData: value }))
      return chains[family].inspectTypedData!({ account, typedData: text })
    },
    // What is shown can be signed.
    accept: (_, text: string) => void hash(text),
  }
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (isCofferError(error)) return undefined
    throw error
  }
}
