import { type ChainId, type ChainRules, CofferError, type Engine, nobleEngine } from '@coffer/core'
import { bytesToHex } from '@noble/hashes/utils.js'
import { parseAddress } from './address.ts'
import { accountDescriptor, parseDescriptor, typeOfPath } from './descriptor.ts'
import { inspect } from './inspect.ts'
import type { BitcoinIntent } from './intent.ts'
import type { BitcoinNetwork } from './networks.ts'
import { parseIntent } from './parse-intent.ts'
import { rebuild } from './rebuild.ts'
import { cosign, finish, readSigned, sign } from './sign.ts'

/** The rules of one Bitcoin network, without its nodes. */
export interface BitcoinRules<Id extends ChainId = ChainId, Name extends string = string>
  extends ChainRules<Id, Name> {
  readonly family: 'utxo'
  /** The data that it was made of. */
  readonly network: BitcoinNetwork<Id, Name>
}

/** Account types that one signer makes by itself, with the purpose that their paths begin with (BIP-44, 49, 84, 86). */
const PURPOSES = { p2pkh: 44, 'p2sh-p2wpkh': 49, p2wpkh: 84, p2tr: 86 } as const

export type SingleKeyType = keyof typeof PURPOSES

/** Descriptors of a key that stands alone. The uncompressed form is that of the oldest paper keys. */
const ALONE: Readonly<Record<string, (key: Uint8Array, engine: Engine) => string>> = {
  p2pkh: (key) => `pkh(${bytesToHex(key)})`,
  'p2pkh-uncompressed': (key, engine) => `pkh(${bytesToHex(engine.uncompressed(key))})`,
  'p2sh-p2wpkh': (key) => `sh(wpkh(${bytesToHex(key)}))`,
  p2wpkh: (key) => `wpkh(${bytesToHex(key)})`,
  p2tr: (key) => `tr(${bytesToHex(key).slice(2)})`,
}

/**
 * What a machine without a network needs of Bitcoin: to read drafts, show what they do, and sign. `bitcoin()` and its sisters add
 * the nodes and messages.
 *
 * @example
 * const wallet = createOfflineWallet({ chains: [bitcoinRules(bitcoinNetwork)], signer })
 */
export function bitcoinRules<const Id extends ChainId, const Name extends string>(
  network: BitcoinNetwork<Id, Name>,
  { engine, type: usual = 'p2wpkh' }: { engine?: Engine | undefined; type?: SingleKeyType | undefined } = {},
): BitcoinRules<Id, Name> {
  return {
    network,
    id: network.id,
    name: network.name,
    family: 'utxo',
    testnet: network.testnet,
    coin: network.coin,
    assets: [],
    maxFee: network.maxFee,
    maxFeeRate: network.maxFeeRate,
    path: (index, type = usual) => `m/${PURPOSES[typeNamed(type)]}h/${network.coinType}h/${index}h`,
    describe: (key, given) => {
      if (key.chainCode)
        return accountDescriptor(
          key,
          typeNamed(given ?? typeOfPath(key.path, network) ?? usual),
          network,
          engine,
        )
      const alone = given ?? usual
      if (!Object.hasOwn(ALONE, alone)) throw unknownType(Object.keys(ALONE))
      return parseDescriptor(ALONE[alone]!(key.publicKey, engine ?? nobleEngine), network, engine).text
    },
    // A CAIP-10 id is an address, or any other account, with its chain before it.
    parseAccount: (text) =>
      parseDescriptor(
        text.startsWith(`${network.id}:`) ? text.slice(network.id.length + 1) : text,
        network,
        engine,
      ).text,
    parseAddress: (text) => parseAddress(text, network).address,
    inspect: (draft) => inspect(draft, network, engine),
    rebuild: (draft) => rebuild(draft as typeof draft & { intent: BitcoinIntent }, network, engine),
    parseIntent: (json) => parseIntent(json, network),
    sign: (draft, keys) => sign(draft, keys, network, engine),
    cosign: (draft, keys) => cosign(draft, keys, network, engine),
    finish: (draft) => finish(draft, network, engine),
    checkSigned: (signed) => void readSigned(signed, network, engine),
  }
}

function typeNamed(type: string): SingleKeyType {
  if (Object.hasOwn(PURPOSES, type)) return type as SingleKeyType
  throw unknownType(Object.keys(PURPOSES))
}

function unknownType(types: readonly string[]): CofferError {
  return new CofferError({
    code: 'INVALID_REQUEST',
    message: `There is no such type of account here. Choose from: ${types.join(', ')}.`,
  })
}
