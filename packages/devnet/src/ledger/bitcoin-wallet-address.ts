import { type Apdu, StatusWord } from './apdu.ts'
import type { AppContext } from './app.ts'
import { scriptAddress } from './bitcoin-address.ts'
import type { Host } from './bitcoin-host.ts'
import type { DeviceNetwork } from './bitcoin-network.ts'
import { checkAdmitted, policyOfId } from './bitcoin-policy.ts'
import { byteReader, sameBytes } from './bitcoin-reader.ts'
import { isRegistered } from './bitcoin-registration.ts'
import { policyScript } from './bitcoin-script.ts'
import { BAD_STATE, incorrect, orUndefined, WRONG_LENGTH } from './bitcoin-status.ts'
import { utf8 } from './byte-strings.ts'
import { hardened } from './secp-key.ts'

const HIGHEST_ADDRESS = 50_000

/** An address of a policy; shown when the command asks for it. */
export async function giveAddress(
  host: Host,
  { data }: Apdu,
  context: AppContext,
  network: DeviceNetwork,
): Promise<Uint8Array> {
  const reader = byteReader(data, WRONG_LENGTH)
  const display = reader.u8()
  const [id, registration] = [reader.bytes(32), reader.bytes(32)]
  const change = reader.u8()
  if (change > 1) throw incorrect()
  const index = reader.u32be()
  if (index >= hardened(0)) throw incorrect()
  const policy = await policyOfId(host, id)
  const registered = isRegistered(id, registration, context)
  await checkAdmitted(host, policy, registered, context, network)
  if (!registered && index > HIGHEST_ADDRESS) throw incorrect()
  if (!sameBytes(policy.id, id)) throw incorrect()
  const script = await orUndefined(policyScript(host, policy, { isChange: change === 1, index }))
  const address = script && scriptAddress(script, network)
  if (address === undefined) throw new StatusWord(BAD_STATE)
  if (display !== 0)
    await context.ask({
      kind: 'address',
      fields: [...(registered ? [['Account name', policy.name] as const] : []), ['Address', address]],
      warnings: [],
    })
  return utf8(address)
}
