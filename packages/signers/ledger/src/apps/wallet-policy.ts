import type { BitcoinNetwork, Descriptor, DescriptorKey, ScriptType } from '@coffer/bitcoin'
import { CofferError, HARDENED, hdToXpub, parsePath } from '@coffer/core'
import type { WalletPolicy } from '../clients.ts'

const PURPOSES: Partial<Record<ScriptType, number>> = {
  p2pkh: 44,
  'p2sh-p2wpkh': 49,
  p2wpkh: 84,
  p2tr: 86,
}

/**
 * An account as a wallet policy of BIP-388, without a name. `standard` when the device knows it without registration: one
 * key at the path that BIP-44, 49, 84 or 86 names.
 *
 * Throws `UNSUPPORTED` for accounts that have no such form: single keys, addresses, one keychain alone.
 *
 * @see https://github.com/bitcoin/bips/blob/master/bip-0388.mediawiki
 */
export function walletPolicy(
  descriptor: Descriptor,
  network: BitcoinNetwork,
): { readonly policy: WalletPolicy; readonly standard: boolean } {
  const { type, keys, threshold } = descriptor
  if (type === 'address' || keys.length === 0) throw unsupported('It is known by its addresses alone.')
  const places = keys.map((key, i) => `@${i}${stepsOf(key)}`)
  return {
    policy: {
      name: '',
      template: templateOf(type, places, threshold),
      keys: keys.map((key) => keyText(key, network)),
    },
    standard: isStandard(descriptor, network),
  }
}

function templateOf(type: ScriptType, places: readonly string[], threshold: number): string {
  const [first] = places
  const several = `sortedmulti(${[threshold, ...places].join(',')})`
  switch (type) {
    case 'p2pkh':
      return `pkh(${first})`
    case 'p2sh-p2wpkh':
      return `sh(wpkh(${first}))`
    case 'p2wpkh':
      return `wpkh(${first})`
    case 'p2tr':
      return `tr(${first})`
    case 'p2wsh-sortedmulti':
      return `wsh(${several})`
    case 'p2sh-p2wsh-sortedmulti':
      return `sh(wsh(${several}))`
    case 'address':
      throw unsupported('It is known by its addresses alone.')
  }
}

function stepsOf({ hd, steps: [pair, ...more], ranged }: DescriptorKey): string {
  if (!hd) throw unsupported('One of its keys stands alone.')
  if (!ranged || pair === undefined || typeof pair === 'number' || more.length > 0)
    throw unsupported('Its keys do not end in a receiving and a change keychain, <0;1>/*.')
  return pair[0] === 0 && pair[1] === 1 ? '/**' : `/<${pair[0]};${pair[1]}>/*`
}

/** `[f5acc2fd/84'/0'/0']xpub…`: the app writes hardened steps with an apostrophe. */
function keyText({ origin, hd }: DescriptorKey, { testnet }: BitcoinNetwork): string {
  const place = origin ? `[${origin.fingerprint}${origin.path.slice(1).replaceAll('h', "'")}]` : ''
  return `${place}${hdToXpub(hd!, { testnet })}`
}

function isStandard({ type, keys: [key] }: Descriptor, { coinType }: BitcoinNetwork): boolean {
  const purpose = PURPOSES[type]
  if (purpose === undefined || !key?.origin) return false
  const path = parsePath(key.origin.path)
  const [first, coin, account = 0] = path
  const isUsual = stepsOf(key) === '/**' && path.length === 3 && account >= HARDENED
  return isUsual && first === purpose + HARDENED && coin === coinType + HARDENED
}

function unsupported(reason: string): CofferError {
  return new CofferError({
    code: 'UNSUPPORTED',
    message: `A Ledger cannot sign for this account. ${reason}`,
  })
}
