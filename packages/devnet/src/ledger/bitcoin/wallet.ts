import { sha256 } from '@noble/hashes/sha2.js'
import { HDKey } from '@scure/bip32'
import { p2ms, p2pkh, p2sh, p2tr, p2wpkh, p2wsh } from '@scure/btc-signer'
import { StatusWord } from '../apdu.ts'
import { hex, textOf } from '../byte-strings.ts'
import { hardened } from '../secp-key.ts'
import type { Host } from './host.ts'
import { type DeviceKeys, isOwn, isStandardAccount, LONGEST_PATH } from './keys.ts'
import type { DeviceNetwork } from './networks.ts'
import { type KeyExpression, type Policy, parsePolicy } from './policy.ts'
import { reader } from './reader.ts'

/** A key of a policy's list: `[f5acc2fd/84'/0'/0']xpub…`. */
export interface WalletKey {
  readonly text: string
  readonly origin?: { readonly fingerprint: Uint8Array; readonly path: readonly number[] } | undefined
  readonly key: HDKey
  /** Whether it is of this device. */
  readonly own: boolean
}

export interface Wallet {
  /** Empty for one that needs no registration. */
  readonly name: string
  readonly template: string
  readonly policy: Policy
  readonly keys: readonly WalletKey[]
}

/** What a wallet has at one address. */
export interface WalletScript {
  readonly script: Uint8Array
  /** What an ECDSA signature of an input is over: the code of the script; the script itself for taproot. */
  readonly scriptCode: Uint8Array
}

const VERSION = 2
const LONGEST_NAME = 64
const HMAC_WRONG = 0x6982
const HIGHEST_INDEX = 50_000

const wrong = (): StatusWord => new StatusWord(0x6a80)

/** Reads a policy from its serialization, and from the host what that has only the hashes of. */
export async function readWallet(
  serialized: Uint8Array,
  host: Host,
  keys: DeviceKeys,
  network: DeviceNetwork,
): Promise<Wallet> {
  const read = reader(serialized)
  if (read.byte() !== VERSION) throw wrong()
  const name = textOf(read.bytes(read.byte()))
  const length = read.varint()
  const hash = read.bytes(32)
  const size = read.varint()
  const root = read.bytes(32)
  read.end()
  if (name.length > LONGEST_NAME) throw wrong()
  const template = await host.preimage(hash)
  if (template.length !== length) throw wrong()
  const policy = parsePolicy(textOf(template), size)
  const list: WalletKey[] = []
  for (let index = 0; index < size; index++)
    list.push(walletKey(textOf(await host.element({ root, size }, index)), keys, network))
  if (new Set(list.map(({ key }) => key.publicExtendedKey)).size !== size) throw wrong()
  return { name, template: textOf(template), policy, keys: list }
}

/** The wallet of an id, if it is registered (by its `hmac`) or standard (an `hmac` of zeros). */
export async function knownWallet(
  id: Uint8Array,
  hmac: Uint8Array,
  host: Host,
  keys: DeviceKeys,
  network: DeviceNetwork,
): Promise<Wallet> {
  const registered = hmac.some((byte) => byte !== 0)
  if (registered && hex(hmac) !== hex(keys.registration(id))) throw new StatusWord(HMAC_WRONG)
  const wallet = await readWallet(await host.preimage(id), host, keys, network)
  if (!registered && !(wallet.name === '' && isStandard(wallet, network))) throw wrong()
  return wallet
}

const PURPOSES: Partial<Record<Policy['kind'], number>> = { pkh: 44, 'sh(wpkh)': 49, wpkh: 84, tr: 86 }

/** Whether the device knows a wallet without registration. */
export function isStandard({ policy, keys }: Wallet, { coinType }: DeviceNetwork): boolean {
  const [key, ...others] = keys
  const [{ receive, change }] = policy.keys as readonly [KeyExpression]
  const purpose = PURPOSES[policy.kind]
  return (
    purpose !== undefined &&
    others.length === 0 &&
    key?.origin !== undefined &&
    key.own &&
    receive === 0 &&
    change === 1 &&
    isStandardAccount(key.origin.path, purpose, coinType)
  )
}

export const isUsualIndex = (index: number): boolean => index <= HIGHEST_INDEX

function walletKey(text: string, keys: DeviceKeys, { versions }: DeviceNetwork): WalletKey {
  const [, fingerprint, path = '', xpub] =
    /^(?:\[([0-9a-f]{8})((?:\/\d+['h]?)*)\])?([1-9A-HJ-NP-Za-km-z]+)$/.exec(text) ?? []
  if (xpub === undefined) throw wrong()
  const key = extendedKey(xpub, versions)
  if (fingerprint === undefined) return { text, key, own: false }
  const steps = path.split('/').slice(1).map(pathStep)
  if (steps.length > LONGEST_PATH) throw wrong()
  const origin = {
    fingerprint: Uint8Array.from(fingerprint.match(/../g)!, (byte) => Number.parseInt(byte, 16)),
    path: steps,
  }
  return { text, origin, key, own: isOwn({ origin, key }, keys) }
}

function pathStep(text: string): number {
  const number = Number.parseInt(text, 10)
  if (number >= hardened(0)) throw wrong()
  return /\d$/.test(text) ? number : hardened(number)
}

function extendedKey(text: string, versions: DeviceNetwork['versions']): HDKey {
  try {
    const key = HDKey.fromExtendedKey(text, versions)
    if (key.privateKey) throw wrong()
    return key
  } catch {
    throw wrong()
  }
}

/** The public key of a key expression at an address. */
export function publicKeyAt(
  { keys }: Wallet,
  expression: KeyExpression,
  isChange: boolean,
  index: number,
): Uint8Array {
  const branch = isChange ? expression.change : expression.receive
  return keys[expression.key]!.key.deriveChild(branch).deriveChild(index).publicKey!
}

export function walletScript(wallet: Wallet, isChange: boolean, index: number): WalletScript {
  const { policy } = wallet
  const publicKeys = policy.keys.map((expression) => publicKeyAt(wallet, expression, isChange, index))
  const [publicKey] = publicKeys as [Uint8Array]
  switch (policy.kind) {
    case 'pkh': {
      const { script } = p2pkh(publicKey)
      return { script, scriptCode: script }
    }
    case 'wpkh':
      return { script: p2wpkh(publicKey).script, scriptCode: p2pkh(publicKey).script }
    case 'sh(wpkh)':
      return { script: p2sh(p2wpkh(publicKey)).script, scriptCode: p2pkh(publicKey).script }
    case 'tr': {
      const { script } = p2tr(publicKey.slice(1))
      return { script, scriptCode: script }
    }
  }
  const { kind, threshold } = policy.multi
  if (kind === 'sortedmulti') publicKeys.sort((a, b) => (hex(a) < hex(b) ? -1 : 1))
  const multi = p2ms(threshold, publicKeys)
  switch (policy.kind) {
    case 'sh':
      return { script: p2sh(multi).script, scriptCode: multi.script }
    case 'wsh':
      return { script: p2wsh(multi).script, scriptCode: multi.script }
    case 'sh(wsh)':
      return { script: p2sh(p2wsh(multi)).script, scriptCode: multi.script }
  }
}

/** Whether the inputs of a wallet are of segwit, and of which version. */
export const witnessVersion = ({ policy: { kind } }: Wallet): 0 | 1 | undefined =>
  kind === 'tr' ? 1 : kind === 'pkh' || kind === 'sh' ? undefined : 0

export const walletId = (serialized: Uint8Array): Uint8Array => sha256(serialized)

export const walletFields = ({ name, template, keys }: Wallet): [string, string][] => [
  ['Name', name],
  ['Policy', template],
  ...keys.map(({ text, own }, at): [string, string] => [`Key @${at}${own ? ', ours' : ''}`, text]),
]
