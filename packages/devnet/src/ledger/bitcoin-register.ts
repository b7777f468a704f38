import type { Apdu } from './apdu.ts'
import type { AppContext } from './app.ts'
import type { Host } from './bitcoin-host.ts'
import type { DeviceNetwork } from './bitcoin-network.ts'
import {
  isOwnKey,
  networkOfKey,
  type Policy,
  type PolicyKey,
  policyKey,
  publicKeyOf,
  readPolicy,
} from './bitcoin-policy.ts'
import { byteReader, sameBytes } from './bitcoin-reader.ts'
import { registrationOf } from './bitcoin-registration.ts'
import { incorrect, orUndefined, unsupported, WRONG_LENGTH } from './bitcoin-status.ts'
import { concat, hex } from './byte-strings.ts'

const MOST_REGISTERED_KEYS = 15
const LONGEST_NAME = 64
/** The point that nobody knows the private key of (BIP-341). */
const UNSPENDABLE = '0250929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0'

const isFineName = (name: string): boolean =>
  name.length <= LONGEST_NAME && /^[!-~]([ -~]*[!-~])?$/.test(name)

/** Throws 0x6a82 where two keys are the same, or one key is used twice with the same steps. */
async function checkKeysDiffer(host: Host, policy: Policy): Promise<void> {
  for (let at = 0; at < policy.keys.size - 1; at++) {
    const key = publicKeyOf(await policyKey(host, policy, at))
    for (let other = at + 1; other < policy.keys.size; other++)
      if (sameBytes(key, publicKeyOf(await policyKey(host, policy, other)))) throw unsupported(1)
  }
  const steps = policy.template.keys.flatMap(({ key, receive, change }) => [
    `${key}/${receive}`,
    `${key}/${change}`,
  ])
  if (new Set(steps).size !== steps.length) throw unsupported(1)
}

function labelOf(key: PolicyKey, context: AppContext, network: DeviceNetwork): 'Our' | 'Their' | 'Dummy' {
  if (hex(publicKeyOf(key)) === UNSPENDABLE) return 'Dummy'
  return isOwnKey(key, context, network) ? 'Our' : 'Their'
}

/** Shows a policy; its identifier, and what proves that its owner approved it. */
export async function registerPolicy(
  host: Host,
  { data }: Apdu,
  context: AppContext,
  network: DeviceNetwork,
): Promise<Uint8Array> {
  const reader = byteReader(data, WRONG_LENGTH)
  reader.varint()
  const policy = await readPolicy(host, byteReader(reader.bytes(reader.left), 0x6a80))
  if (policy.keys.size > MOST_REGISTERED_KEYS) throw unsupported()
  if (Math.max(...policy.template.keys.map(({ key }) => key)) + 1 !== policy.keys.size) throw incorrect()
  if (!isFineName(policy.name)) throw incorrect(0)
  if ((await orUndefined(checkKeysDiffer(host, policy).then(() => true))) !== true) throw unsupported(1)
  const fields: [string, string][] = []
  let own = 0
  for (let at = 0; at < policy.keys.size; at++) {
    const key = await policyKey(host, policy, at)
    if (networkOfKey(key) !== network.xpub) throw incorrect()
    const label = labelOf(key, context, network)
    if (label === 'Our') own++
    fields.push([`${label} key@${at}`, key.text])
  }
  if (own === 0) throw incorrect(2)
  await context.ask({
    kind: 'wallet policy',
    fields: [['Account name', policy.name], ['Wallet policy', policy.descriptor], ...fields],
    warnings: [],
  })
  return concat(policy.id, registrationOf(policy.id, context))
}
