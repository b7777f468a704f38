import { StatusWord } from '../apdu.ts'
import type { AppContext } from '../app.ts'
import { utf8 } from '../byte-strings.ts'
import { hardened } from '../secp-key.ts'
import type { Host } from './host.ts'
import type { DeviceKeys } from './keys.ts'
import { addressOf, type DeviceNetwork } from './networks.ts'
import { reader } from './reader.ts'
import { isUsualIndex, knownWallet, walletScript } from './wallet.ts'

/** An address of a wallet, shown if it is asked for. */
export async function getAddress(
  data: Uint8Array,
  host: Host,
  context: AppContext,
  keys: DeviceKeys,
  network: DeviceNetwork,
): Promise<Uint8Array> {
  const read = reader(data, 0x6a87)
  const display = read.byte()
  const [id, hmac] = [read.bytes(32), read.bytes(32)]
  const change = read.byte()
  const index = read.uint32(false)
  if (display > 1 || change > 1 || index >= hardened(0)) throw new StatusWord(0x6a80)
  const wallet = await knownWallet(id, hmac, host, keys, network)
  if (wallet.name === '' && !isUsualIndex(index)) throw new StatusWord(0x6a80)
  const address = addressOf(walletScript(wallet, change === 1, index).script, network)
  if (address === undefined) throw new StatusWord(0xb007)
  if (display === 1)
    await context.ask({
      kind: 'address',
      fields: [...(wallet.name ? [['Wallet', wallet.name] as const] : []), ['Address', address]],
      warnings: [],
    })
  return utf8(address)
}
