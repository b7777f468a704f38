import { sha256 } from '@noble/hashes/sha2.js'
import type { AppContext } from './app.ts'
import type { Host } from './bitcoin-host.ts'
import { base58check, bitcoinKey, extendedKey, isStandardAccount } from './bitcoin-keys.ts'
import { listElement, type MerkleList, preimage } from './bitcoin-merkle.ts'
import type { DeviceNetwork } from './bitcoin-network.ts'
import { type ByteReader, byteReader, sameBytes, varint, withLength } from './bitcoin-reader.ts'
import { incorrect, orUndefined } from './bitcoin-status.ts'
import { parseTemplate, standardPurpose, type Template } from './bitcoin-template.ts'
import { concat, numberOf, textOf } from './byte-strings.ts'
import { hardened } from './secp-key.ts'

const VERSION = 2
const LONGEST_NAME = 64
const LONGEST_TEMPLATE = 512
const LONGEST_SERIALIZATION = 1 + 1 + LONGEST_NAME + 9 + 32 + 9 + 32
const MOST_KEYS = 252
const LONGEST_KEY = 46 + 113

/** A wallet policy (BIP-388); its keys stay with the host. */
export interface Policy {
  readonly id: Uint8Array
  readonly name: string
  readonly descriptor: string
  readonly template: Template
  readonly keys: MerkleList
}

/** A key of a policy: an extended public key, and where it says that it comes from. */
export interface PolicyKey {
  readonly text: string
  readonly origin: { readonly fingerprint: number; readonly path: readonly number[] } | undefined
  /** The 78 bytes. */
  readonly extended: Uint8Array
}

/** Reads a serialized policy; its template is asked for. */
export async function readPolicy(host: Host, reader: ByteReader): Promise<Policy> {
  if (reader.u8() !== VERSION) throw incorrect()
  const nameLength = reader.u8()
  if (nameLength > LONGEST_NAME) throw incorrect()
  const name = reader.bytes(nameLength)
  const length = reader.varint()
  if (length > LONGEST_TEMPLATE) throw incorrect()
  const hash = reader.bytes(32)
  const size = reader.varint()
  if (size > MOST_KEYS) throw incorrect()
  const keys = { root: reader.bytes(32), size }
  const descriptor = textOf((await preimage(host, hash, LONGEST_TEMPLATE)).slice(0, length))
  const template = parseTemplate(descriptor)
  if (!template) throw incorrect()
  const id = sha256(
    concat(Uint8Array.of(VERSION), withLength(name), varint(length), hash, varint(size), keys.root),
  )
  return { id, name: textOf(name), descriptor, template, keys }
}

/** The policy with this id, as the host has it. */
export async function policyOfId(host: Host, id: Uint8Array): Promise<Policy> {
  return readPolicy(host, byteReader(await preimage(host, id, LONGEST_SERIALIZATION), 0x6a80))
}

const KEY = /^(?:\[([0-9a-f]{8})((?:\/(?:0|[1-9][0-9]{0,9})'?){0,8})\])?([0-9A-Za-z]{111,112})$/

export async function policyKey(host: Host, { keys }: Policy, index: number): Promise<PolicyKey> {
  const text = textOf(await listElement(host, keys, index, LONGEST_KEY))
  const [, fingerprint, steps = '', xpub] = KEY.exec(text) ?? []
  if (xpub === undefined) throw incorrect()
  const numbers = steps.split('/').slice(1)
  if (numbers.some((step) => Number.parseInt(step, 10) >= hardened(0))) throw incorrect()
  const path = numbers.map((step) => Number.parseInt(step, 10) + (step.endsWith("'") ? hardened(0) : 0))
  const extended = decoded(xpub)
  if (extended?.length !== 78) throw incorrect()
  const origin =
    fingerprint === undefined ? undefined : { fingerprint: Number.parseInt(fingerprint, 16), path }
  return { text, origin, extended }
}

function decoded(xpub: string): Uint8Array | undefined {
  try {
    return base58check.decode(xpub)
  } catch {
    return undefined
  }
}

/** Whether a key comes from this device's seed: its origin says so, and the seed has it there. */
export function isOwnKey(
  { origin, extended }: PolicyKey,
  { root }: AppContext,
  network: DeviceNetwork,
): boolean {
  if (origin?.fingerprint !== root.fingerprint) return false
  return sameBytes(extendedKey(bitcoinKey(root, origin.path, network), network), extended)
}

export const networkOfKey = ({ extended }: PolicyKey): number => Number(numberOf(extended.slice(0, 4)))

export const publicKeyOf = ({ extended }: PolicyKey): Uint8Array => extended.slice(45)

/** Whether a policy needs no registration: one key of this seed at its script's standard path. */
async function isStandardPolicy(
  host: Host,
  policy: Policy,
  context: AppContext,
  network: DeviceNetwork,
): Promise<boolean> {
  const purpose = standardPurpose(policy.template)
  if (purpose === undefined || policy.keys.size !== 1) return false
  const key = await policyKey(host, policy, 0)
  const { origin } = key
  return (
    origin !== undefined &&
    isOwnKey(key, context, network) &&
    isStandardAccount(origin.path, purpose, network)
  )
}

/** Throws 0x6a80 for a policy that has to be registered and is not. */
export async function checkAdmitted(
  host: Host,
  policy: Policy,
  isRegistered: boolean,
  context: AppContext,
  network: DeviceNetwork,
  reasons: { readonly unregistered?: number; readonly named?: number } = {},
): Promise<void> {
  if (isRegistered) return
  if ((await orUndefined(isStandardPolicy(host, policy, context, network))) !== true)
    throw incorrect(reasons.unregistered)
  if (policy.name !== '') throw incorrect(reasons.named)
}
