import {
  parseAddress as bitcoinAddress,
  bitcoinNetwork,
  formatUri as bitcoinUri,
  decodePsbt,
  decodeTx,
  draftToPsbt,
  encodePsbt,
  encodeTx,
  formatLabels,
  formatWif,
  normaliseXprv,
  normaliseXpub,
  parseUri as parseBitcoinUri,
  parseDescriptor,
  parseLabels,
  parseWif,
  psbtToDraft,
  regtestNetwork,
} from '@coffer/bitcoin'
import {
  bigNumbersAsStrings,
  CofferError,
  formatAmount,
  formatPath,
  hdFromXprv,
  hdFromXpub,
  hdToXprv,
  hdToXpub,
  nobleEngine,
  parseAccountId,
  parseAmount,
  parseAssetId,
  parseBaseUnits,
  parseChainId,
  parseJson,
  parsePath,
  splitOrigin,
  writeJson,
} from '@coffer/core'
import {
  decodeSigned as decodeEvmSigned,
  decodeUnsigned,
  encodeSigned as encodeEvmSigned,
  encodeUnsigned,
  parseAddress as evmAddress,
  formatUri as evmUri,
  parseUri as parseEvmUri,
} from '@coffer/evm'
import { checkMnemonic } from '@coffer/signer-software'
import {
  allContracts,
  decodeRaw,
  decodeSigned as decodeTronSigned,
  encodeRaw,
  encodeSigned as encodeTronSigned,
  parseUri as parseTronUri,
  parseAddress as tronAddress,
  formatUri as tronUri,
} from '@coffer/tron'
import { descriptorChecksum } from '../../packages/chains/bitcoin/src/checksum.ts'
import {
  nullDataOf,
  pushes,
  readMultiScript,
  readPushes,
  sortedMultiScript,
} from '../../packages/chains/bitcoin/src/script.ts'
import { derDecode, derEncode } from '../../packages/chains/bitcoin/src/signature.ts'
import { decodeAbi, decodeCall, encodeAbi } from '../../packages/chains/evm/src/abi.ts'
import { decodeRlp, encodeRlp } from '../../packages/chains/evm/src/rlp.ts'
import { formatSignature, parseSignature } from '../../packages/chains/evm/src/signature.ts'
import { decodeCall as decodeTronCall } from '../../packages/chains/tron/src/abi.ts'
import { parsePermission } from '../../packages/chains/tron/src/parse-intent.ts'
import {
  formatSignature as formatTronSignature,
  parseSignature as parseTronSignature,
} from '../../packages/chains/tron/src/signature.ts'
import { atRestTargets } from './at-rest.ts'
import type { AnyTarget, Target } from './check.ts'
import { fileTargets } from './cli.ts'
import * as corpus from './corpus.ts'
import { madeOf } from './drafts.ts'
import {
  draftTarget,
  intentTarget,
  isMismatch,
  messageTarget,
  readValue,
  signedTarget,
  typedDataTarget,
} from './families.ts'
import { hexOf, join } from './input.ts'
import { serverTargets } from './servers.ts'
import * as shape from './shapes.ts'

const target = <T>(target: Target<T>): AnyTarget => target as unknown as AnyTarget
const wrong = (reason: string): CofferError => new CofferError({ code: 'INVALID_REQUEST', message: reason })
const bare = (hex: string): string => hex.replace(/^0x/, '')
const ok = (holds: boolean, otherwise: string): string | undefined => (holds ? undefined : otherwise)

const colonsIn = (json: string): number => json.replace(/"(?:[^"\\]|\\.)*"/g, '').split(':').length

/**
 * Every decoder of what comes from outside. `threat` is the attack of docs/security.md that it has to withstand; `runs` are
 * those of the usual tests, fewer where one takes longer.
 */
export const targets: readonly AnyTarget[] = [
  // ---- core ----
  target({
    name: 'core/json',
    threat: 'G8',
    runs: 4_000,
    corpus: async () => [
      '{"a":[1,2.5,"x",null,true],"b":{"c":"\\u0041"}}',
      '[9007199254740991,-0,1e5,[[]]]',
      ...corpus.LABEL_FILES.slice(1),
      ...corpus.typedData(1).slice(0, 3),
    ],
    shapes: [shape.json(), shape.tokens],
    decode: (text: string) => parseJson(text),
    accept: (value, text: string) =>
      ok(JSON.stringify(value) === JSON.stringify(JSON.parse(text)), 'JSON.parse reads it otherwise') ??
      ok(colonsIn(JSON.stringify(value)) === colonsIn(text), 'it lost a key that stood there twice'),
    encode: (value) => writeJson(value),
    stable: true,
  }),
  target({
    name: 'core/json-big-numbers',
    threat: 'T7',
    runs: 3_000,
    corpus: () => ['{"a":9007199254740993,"b":[-18446744073709551616,1e30,0.1]}', '[12345678901234567890]'],
    shapes: [shape.json(), shape.tokens],
    decode: (text: string) => parseJson(text, { bigNumbers: bigNumbersAsStrings }),
    encode: (value) => writeJson(value),
    stable: true,
  }),
  ...(['bitcoin', 'evm', 'tron'] as const).flatMap((family) => [
    target(draftTarget(family)),
    target(signedTarget(family)),
    target(intentTarget(family)),
    target(messageTarget(family)),
  ]),
  target({
    name: 'core/ids',
    threat: 'G2',
    runs: 3_000,
    corpus: () => [
      'eip155:1',
      'bip122:000000000019d6689c085ae165831e93',
      'eip155:1/slip44:60',
      `eip155:1/erc20:${corpus.EVM_ADDRESSES[0]}`,
      `tron:0x2b6653dc:${corpus.TRON_ADDRESSES[0]}`,
    ],
    shapes: [shape.tokens],
    decode: (text: string) => {
      if (text.includes('/')) return parseAssetId(text)
      return text.split(':').length === 2 ? parseChainId(text) : parseAccountId(text)
    },
    encode: ({ id }) => id,
  }),
  target({
    name: 'core/paths',
    threat: 'G2',
    runs: 3_000,
    corpus: () => ["m/44'/60'/0'/0/0", 'm', 'm/84h/0H/2147483647h/1/2'],
    shapes: [shape.tokens],
    decode: (text: string) => parsePath(text),
    encode: (path) => formatPath(path),
    stable: true,
  }),
  target({
    name: 'core/key-origins',
    threat: 'G2',
    runs: 2_000,
    corpus: () => ["[D34DB33F/44'/60'/0'/0/0]eip155:1:0xab", '[d34db33f]x', 'x'],
    shapes: [shape.tokens],
    decode: (text: string) => splitOrigin(text),
    encode: ({ origin, rest }) => (origin ? `[${origin.fingerprint}${origin.path.slice(1)}]${rest}` : rest),
    stable: true,
  }),
  target({
    name: 'core/amounts',
    threat: 'G3',
    runs: 3_000,
    corpus: () => [
      '0',
      '0.25',
      '1000000.000000000000000001',
      '115792089237316195423570985008687907853269984665640564039457',
    ],
    shapes: [shape.tokens],
    decode: (text: string) => parseAmount(text, 18),
    accept: (amount, text: string) => ok(amount >= 0n && !/[^0-9.]/.test(text), 'it took a sign or a letter'),
    encode: (amount) => formatAmount(amount, 18),
    stable: true,
  }),
  target({
    name: 'core/base-units',
    threat: 'G3',
    runs: 2_000,
    corpus: () => [
      '0',
      '1',
      '115792089237316195423570985008687907853269984665640564039457584007913129639935',
    ],
    decode: (text: string) => parseBaseUnits(text),
    encode: (amount) => amount.toString(),
  }),
  target({
    name: 'core/xpub',
    threat: 'B4',
    runs: 1_000,
    corpus: () => corpus.XPUBS,
    shapes: [shape.base58check],
    decode: (text: string) => hdFromXpub(text, nobleEngine),
    encode: (key) => hdToXpub(key),
  }),
  target({
    name: 'core/xprv',
    threat: 'G7',
    runs: 600,
    corpus: () => corpus.XPRVS,
    shapes: [shape.base58check],
    decode: (text: string) => hdFromXprv(text, nobleEngine),
    encode: (key) => hdToXprv(key),
  }),
  target({
    name: 'signer/mnemonic',
    threat: 'G7',
    runs: 1_000,
    corpus: () => ['legal winner thank year wave sausage worth useful legal winner thank yellow'],
    shapes: [shape.split(' ')],
    decode: (text: string) => checkMnemonic(text),
  }),
  // ---- Bitcoin ----
  target({
    name: 'bitcoin/psbt',
    threat: 'B5',
    runs: 3_000,
    corpus: corpus.psbts,
    shapes: [shape.psbt],
    decode: (bytes: Uint8Array) => decodePsbt(bytes),
    encode: (psbt) => encodePsbt(psbt),
    stable: true,
  }),
  target({
    name: 'bitcoin/psbt-versions',
    threat: 'B5',
    runs: 1_000,
    corpus: corpus.psbts,
    shapes: [shape.psbt],
    decode: (bytes: Uint8Array) => decodePsbt(bytes),
    // What version 0 cannot hold it goes without; the transaction stays the same.
    encode: (psbt) => encodePsbt(psbt, { version: 0 }),
    stable: true,
  }),
  target({
    name: 'bitcoin/psbt-draft',
    threat: 'B1',
    runs: 800,
    corpus: async () => (await corpus.psbts()).slice(-112),
    shapes: [shape.psbt],
    decode: async (bytes: Uint8Array) => {
      const accounts = new Set((await madeOf('bitcoin')).drafts.map(({ account }) => account))
      let last: unknown
      for (const account of accounts)
        try {
          return psbtToDraft(bytes, { account, network: regtestNetwork })
        } catch (error) {
          last = error
          if (!(error instanceof CofferError)) throw error
        }
      throw last
    },
    accept: (draft) => ok(!isMismatch(draft, 'bitcoin'), 'its intent makes other bytes'),
    encode: (draft) =>
      Uint8Array.from(Buffer.from(draftToPsbt(draft, { network: regtestNetwork }), 'base64')),
    stable: true,
  }),
  target({
    name: 'bitcoin/transaction',
    threat: 'B5',
    runs: 4_000,
    corpus: async () =>
      (await madeOf('bitcoin')).signed.map(({ raw }) => new Uint8Array(Buffer.from(raw, 'hex'))),
    shapes: [shape.bitcoinTx],
    decode: (bytes: Uint8Array) => decodeTx(bytes),
    encode: (tx) => encodeTx(tx),
  }),
  target({
    name: 'bitcoin/script',
    threat: 'B5',
    runs: 3_000,
    corpus: () => corpus.SCRIPTS,
    decode: (bytes: Uint8Array) => ({
      items: readPushes(bytes),
      multi: readMultiScript(bytes),
      data: nullDataOf(bytes),
    }),
    encode: ({ items, multi, data }) => {
      if (items) return pushes(items)
      if (multi?.sorted) return sortedMultiScript(multi.threshold, multi.keys)
      return data && join([Uint8Array.of(0x6a), pushes([data])])
    },
  }),
  target({
    name: 'bitcoin/der-signature',
    threat: 'G5',
    runs: 2_000,
    corpus: () => [derEncode(new Uint8Array(64).fill(0x91)), derEncode(new Uint8Array(64).fill(1))],
    decode: (bytes: Uint8Array) => derDecode(bytes),
    encode: (signature) => derEncode(signature),
  }),
  target({
    name: 'bitcoin/address',
    threat: 'G2',
    runs: 3_000,
    corpus: () => corpus.BITCOIN_ADDRESSES,
    shapes: [shape.base58check, shape.bech32],
    decode: (text: string) => bitcoinAddress(text, bitcoinNetwork),
    encode: ({ address }) => address,
    stable: true,
  }),
  target({
    name: 'bitcoin/descriptor',
    threat: 'B3',
    runs: 1_000,
    corpus: () => corpus.DESCRIPTORS.flatMap((text) => [text, parseDescriptor(text, bitcoinNetwork).text]),
    shapes: [shape.tokens, shape.sealed(descriptorChecksum)],
    decode: (text: string) => parseDescriptor(text, bitcoinNetwork),
    encode: ({ text }) => text,
    stable: true,
  }),
  target({
    name: 'bitcoin/uri',
    threat: 'G2',
    runs: 3_000,
    corpus: () => corpus.BITCOIN_URIS,
    shapes: [shape.tokens, shape.split('&')],
    decode: (text: string) => parseBitcoinUri(text, bitcoinNetwork),
    // Escaped, a link may become longer than links may be.
    encode: (uri) =>
      JSON.stringify(uri.parameters).length > 2_000 ? undefined : bitcoinUri(uri, bitcoinNetwork),
    stable: true,
  }),
  target({
    name: 'bitcoin/wif',
    threat: 'G7',
    runs: 1_000,
    corpus: () => corpus.WIFS,
    shapes: [shape.base58check],
    decode: (text: string) => parseWif(text, bitcoinNetwork),
    encode: (key) => formatWif(key, bitcoinNetwork),
  }),
  target({
    name: 'bitcoin/slip132',
    threat: 'B4',
    runs: 1_000,
    corpus: () => [...corpus.XPUBS, ...corpus.XPRVS],
    shapes: [shape.base58check],
    decode: (text: string) =>
      text[1] === 'p' && text[2] === 'r' ? normaliseXprv(text).xprv : normaliseXpub(text).xpub,
    encode: (text) => text,
    stable: true,
  }),
  target({
    name: 'bitcoin/labels',
    threat: 'G8',
    runs: 1_600,
    corpus: () => corpus.LABEL_FILES,
    shapes: [shape.split('\n'), shape.json(shape.bech32)],
    decode: (text: string) => parseLabels(text, bitcoinNetwork).labels,
    encode: (labels) => formatLabels(labels, bitcoinNetwork),
    stable: true,
  }),
  // ---- EVM ----
  target({
    name: 'evm/unsigned',
    threat: 'E2',
    runs: 4_000,
    corpus: async () => (await madeOf('evm')).drafts.map(({ payload }) => payload),
    shapes: [shape.hex(shape.rlp)],
    decode: (hex: string) => decodeUnsigned(hex),
    encode: (tx) => encodeUnsigned(tx),
  }),
  target({
    name: 'evm/signed',
    threat: 'E2',
    runs: 4_000,
    corpus: async () => (await madeOf('evm')).signed.map(({ raw }) => raw),
    shapes: [shape.hex(shape.rlp)],
    decode: (hex: string) => decodeEvmSigned(hex),
    encode: ({ tx, signature }) => encodeEvmSigned(tx, signature),
  }),
  target({
    name: 'evm/rlp',
    threat: 'E2',
    runs: 4_000,
    corpus: async () =>
      (await madeOf('evm')).signed.map(({ raw }) => Uint8Array.from(Buffer.from(raw.slice(4), 'hex'))),
    shapes: [shape.rlp],
    decode: (bytes: Uint8Array) => decodeRlp(bytes, wrong),
    encode: (item) => encodeRlp(item),
  }),
  target({
    name: 'evm/call',
    threat: 'E4',
    runs: 3_000,
    corpus: () => corpus.EVM_CALLS,
    shapes: [shape.words],
    decode: (bytes: Uint8Array) => decodeCall(`0x${hexOf(bytes)}`),
  }),
  target({
    name: 'evm/abi',
    threat: 'E4',
    runs: 3_000,
    // The first byte says which types; the next three make it look like a selector.
    corpus: () => corpus.ABI.map(([, data], i) => new Uint8Array(Buffer.from(`0${i}000000${data}`, 'hex'))),
    shapes: [shape.words],
    decode: (bytes: Uint8Array) => {
      const types = corpus.ABI[(bytes[0] ?? 0) % corpus.ABI.length]![0]
      return { head: bytes.slice(0, 4), types, values: decodeAbi(types, bytes.subarray(4)) }
    },
    encode: ({ head, types, values }) => values && join([head, encodeAbi(types, values)]),
  }),
  target({
    name: 'evm/address',
    threat: 'G2',
    runs: 3_000,
    corpus: () => corpus.EVM_ADDRESSES,
    decode: (text: string) => evmAddress(text),
    encode: (address) => address,
    stable: true,
  }),
  target({
    name: 'evm/uri',
    threat: 'G3',
    runs: 3_000,
    corpus: () => corpus.EVM_URIS,
    shapes: [shape.tokens],
    decode: (text: string) => parseEvmUri(text),
    encode: (uri) => evmUri(uri),
    stable: true,
  }),
  target({
    name: 'evm/signature',
    threat: 'G5',
    runs: 1_000,
    corpus: () => [`0x${'11'.repeat(64)}1b`, `0x${'11'.repeat(64)}00`],
    shapes: [shape.hex()],
    decode: (text: string) => parseSignature(text),
    encode: (signature) => formatSignature(signature),
    stable: true,
  }),
  target(typedDataTarget('evm')),
  // ---- Tron ----
  target({
    name: 'tron/raw',
    threat: 'T2',
    runs: 4_000,
    corpus: async () =>
      (await madeOf('tron')).drafts.map(({ payload }) => new Uint8Array(Buffer.from(bare(payload), 'hex'))),
    shapes: [shape.protobuf],
    decode: (bytes: Uint8Array) => decodeRaw(bytes, wrong),
    encode: (tx) => encodeRaw(tx),
  }),
  target({
    name: 'tron/raw-of-all-contracts',
    threat: 'T2',
    runs: 2_000,
    corpus: async () =>
      (await madeOf('tron')).drafts.map(({ payload }) => new Uint8Array(Buffer.from(bare(payload), 'hex'))),
    shapes: [shape.protobuf],
    decode: (bytes: Uint8Array) => decodeRaw(bytes, wrong, allContracts),
    encode: (tx) => encodeRaw(tx, allContracts),
  }),
  target({
    name: 'tron/signed',
    threat: 'T2',
    runs: 3_000,
    corpus: async () => (await madeOf('tron')).signed.map(({ raw }) => raw),
    shapes: [shape.hex(shape.protobuf)],
    decode: (hex: string) => decodeTronSigned(hex),
    encode: ({ raw, signatures }) => encodeTronSigned(raw, signatures),
  }),
  target({
    name: 'tron/call',
    threat: 'T1',
    runs: 3_000,
    corpus: () => corpus.TRON_CALLS,
    shapes: [shape.words],
    decode: (bytes: Uint8Array) => decodeTronCall(hexOf(bytes)),
  }),
  target({
    name: 'tron/address',
    threat: 'G2',
    runs: 3_000,
    corpus: () => corpus.TRON_ADDRESSES,
    shapes: [shape.base58check, shape.hex()],
    decode: (text: string) => tronAddress(text),
    encode: (address) => address,
    stable: true,
  }),
  target({
    name: 'tron/uri',
    threat: 'G2',
    runs: 3_000,
    corpus: () => corpus.TRON_URIS,
    shapes: [shape.tokens],
    decode: (text: string) => parseTronUri(text),
    accept: ({ amount }) => ok(amount === undefined || parseAmount(amount, 30) >= 0n, 'its amount is none'),
    encode: ({ to, token, amount }) =>
      tronUri(to, {
        token,
        amount: amount === undefined ? undefined : parseAmount(amount, 30),
        decimals: 30,
      }),
    stable: true,
  }),
  target({
    name: 'tron/permission',
    threat: 'T3',
    runs: 1_000,
    corpus: () => [corpus.PERMISSION],
    shapes: [shape.json(shape.base58check)],
    decode: (text: string) => parsePermission(readValue(text)),
    encode: (permission) => writeJson(permission),
    stable: true,
  }),
  target({
    name: 'tron/signature',
    threat: 'G5',
    runs: 1_000,
    corpus: () => [`0x${'11'.repeat(64)}1b`, `${'11'.repeat(64)}00`],
    shapes: [shape.hex()],
    decode: (text: string) => parseTronSignature(text),
    encode: (signature) => formatTronSignature(signature),
    stable: true,
  }),
  target(typedDataTarget('tron')),
  // ---- the command line's files ----
  ...fileTargets,
  ...atRestTargets,
  // ---- servers ----
  ...serverTargets.map(target),
]
