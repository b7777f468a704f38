import type { Apdu } from './apdu.ts'
import type { AppContext } from './app.ts'
import type { OwnKey } from './bitcoin-derivation.ts'
import type { Host } from './bitcoin-host.ts'
import { fixedValue, mapValue, readKeys } from './bitcoin-merkle.ts'
import type { DeviceNetwork } from './bitcoin-network.ts'
import { checkAdmitted, isOwnKey, type Policy, policyKey, policyOfId } from './bitcoin-policy.ts'
import { byteReader, sameBytes } from './bitcoin-reader.ts'
import { isRegistered } from './bitcoin-registration.ts'
import { type Place, policyScript } from './bitcoin-script.ts'
import type { TransactionParts } from './bitcoin-sighash.ts'
import { incorrect, orUndefined, unsupported, WRONG_LENGTH } from './bitcoin-status.ts'

const MOST_INPUTS = 512
const MOST_OUTPUTS = 512
const MOST_OWN_KEYS = 8

const GLOBAL = { version: 0x02, lockTime: 0x03 } as const

/** All that a command to sign is about. */
export interface Signing {
  readonly host: Host
  readonly context: AppContext
  readonly network: DeviceNetwork
  readonly protocol: number
  readonly parts: TransactionParts
  readonly policy: Policy
  readonly isRegistered: boolean
}

/** Reads what the command says and the global map of the PSBT. */
export async function readCommand(
  host: Host,
  { p2, data }: Apdu,
  context: AppContext,
  network: DeviceNetwork,
): Promise<Signing> {
  const reader = byteReader(data, WRONG_LENGTH)
  const size = reader.varint()
  const global = { keys: { root: reader.bytes(32), size }, values: { root: reader.bytes(32), size } }
  const [inputCount, inputRoot] = [reader.varint(), reader.bytes(32)]
  if (inputCount > MOST_INPUTS) throw unsupported()
  const [outputCount, outputRoot] = [reader.varint(), reader.bytes(32)]
  if (outputCount > MOST_OUTPUTS) throw unsupported()
  const [id, registration] = [reader.bytes(32), reader.bytes(32)]
  await readKeys(host, global.keys)
  const version = byteReader(await fixedValue(host, global, GLOBAL.version, 4), 0x6a80).u32le()
  const lockTime = await orUndefined(mapValue(host, global, GLOBAL.lockTime, 9))
  if (lockTime && lockTime.length !== 4) throw incorrect()
  const registered = isRegistered(id, registration, context)
  const policy = await policyOfId(host, id)
  await checkAdmitted(host, policy, registered, context, network, { unregistered: 0, named: 1 })
  return {
    host,
    context,
    network,
    protocol: p2,
    parts: {
      version,
      lockTime: lockTime ? byteReader(lockTime, 0x6a80).u32le() : 0,
      inputs: { root: inputRoot, size: inputCount },
      outputs: { root: outputRoot, size: outputCount },
    },
    policy,
    isRegistered: registered,
  }
}

/** The keys of the policy that this device has. */
export async function ownKeys({ host, policy, context, network }: Signing): Promise<OwnKey[]> {
  const own: OwnKey[] = []
  for (const expression of policy.template.keys) {
    const key = await policyKey(host, policy, expression.key)
    if (!(await orUndefined((async () => isOwnKey(key, context, network))()))) continue
    if (own.length === MOST_OWN_KEYS) throw unsupported(0x000c)
    own.push({ expression, fingerprint: key.origin!.fingerprint, path: key.origin!.path })
  }
  if (own.length === 0) throw incorrect(2)
  return own
}

/** Whether a script is that of the policy at the place that is claimed for it. */
export async function isOfPolicy(
  { host, policy }: Signing,
  place: Place | undefined,
  script: Uint8Array,
): Promise<boolean> {
  return place !== undefined && sameBytes(await policyScript(host, policy, place), script)
}
