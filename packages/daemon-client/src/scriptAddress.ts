import type { ChainId } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { hexToBytes } from '@noble/hashes/utils.js'
import { bech32, bech32m, createBase58check } from '@scure/base'

/** How a network writes addresses: version bytes of base58, and the prefix of segwit. */
interface AddressForm {
  readonly pubKeyHash: number
  readonly scriptHash: number
  readonly hrp: string
}

const testnet = { pubKeyHash: 0x6f, scriptHash: 0xc4, hrp: 'tb' }
const FORMS: Readonly<Record<ChainId, AddressForm>> = {
  'bip122:000000000019d6689c085ae165831e93': { pubKeyHash: 0x00, scriptHash: 0x05, hrp: 'bc' },
  'bip122:000000000933ea01ad0ee984209779ba': testnet,
  'bip122:00000000da84f2bafbbc53dee25a72ae': testnet,
  'bip122:00000008819873e925422c1ff0f99f7c': testnet,
  'bip122:0f9188f13cb7b2c71f2a335e3a4fc328': { ...testnet, hrp: 'bcrt' },
}

/** How `chain` writes addresses; `undefined` for a network that is not known here. */
export function addressForm(chain: ChainId): AddressForm | undefined {
  return Object.hasOwn(FORMS, chain) ? FORMS[chain] : undefined
}

/**
 * The address of an output script, for servers that know scripts by their addresses only; `undefined` where it has none.
 *
 * @see https://github.com/bitcoin/bips/blob/master/bip-0350.mediawiki
 */
export function addressOf(script: string, { pubKeyHash, scriptHash, hrp }: AddressForm): string | undefined {
  const base58 = createBase58check(sha256)
  const versioned = (version: number, hash: string): string =>
    base58.encode(Uint8Array.of(version, ...hexToBytes(hash)))
  const legacy = /^76a914([0-9a-f]{40})88ac$/.exec(script)?.[1]
  if (legacy !== undefined) return versioned(pubKeyHash, legacy)
  const nested = /^a914([0-9a-f]{40})87$/.exec(script)?.[1]
  if (nested !== undefined) return versioned(scriptHash, nested)
  const [, opcode = '', size = '', program = ''] =
    /^(00|5[1-9a-f]|60)([0-9a-f]{2})([0-9a-f]{4,80})$/.exec(script) ?? []
  if (opcode === '' || program.length !== Number.parseInt(size, 16) * 2) return undefined
  const bytes = hexToBytes(program)
  if (opcode !== '00')
    return bech32m.encode(hrp, [Number.parseInt(opcode, 16) - 0x50, ...bech32m.toWords(bytes)])
  if (bytes.length !== 20 && bytes.length !== 32) return undefined
  return bech32.encode(hrp, [0, ...bech32.toWords(bytes)])
}
