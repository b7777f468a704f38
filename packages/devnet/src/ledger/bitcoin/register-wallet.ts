import { StatusWord } from '../apdu.ts'
import type { AppContext } from '../app.ts'
import { concat } from '../byte-strings.ts'
import type { Host } from './host.ts'
import type { DeviceKeys } from './keys.ts'
import type { DeviceNetwork } from './networks.ts'
import { reader } from './reader.ts'
import { readWallet, walletFields, walletId } from './wallet.ts'

/** Shows a policy to its owner; answers its id and the proof of the registration. */
export async function registerWallet(
  data: Uint8Array,
  host: Host,
  context: AppContext,
  keys: DeviceKeys,
  network: DeviceNetwork,
): Promise<Uint8Array> {
  const read = reader(data, 0x6a87)
  const serialized = read.bytes(read.varint())
  read.end()
  const wallet = await readWallet(serialized, host, keys, network)
  if (!/^[\x21-\x7e](?:[\x20-\x7e]{0,62}[\x21-\x7e])?$/.test(wallet.name)) throw new StatusWord(0x6a80)
  if (!wallet.keys.some(({ own }) => own)) throw new StatusWord(0x6a80)
  await context.ask({ kind: 'wallet policy', fields: walletFields(wallet), warnings: [] })
  const id = walletId(serialized)
  return concat(id, keys.registration(id))
}
