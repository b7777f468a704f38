import { type Apdu, StatusWord } from '../apdu.ts'
import type { AppContext, RunningApp, SimulatedApp } from '../app.ts'
import { getAddress } from './address.ts'
import { channel } from './channel.ts'
import { getExtendedKey } from './extended-key.ts'
import { type Host, hostOver } from './host.ts'
import { deviceKeys } from './keys.ts'
import { type DeviceNetwork, NETWORKS } from './networks.ts'
import { registerWallet } from './register-wallet.ts'
import { signMessage } from './sign-message.ts'
import { signPsbt } from './sign-psbt.ts'

export interface BitcoinDeviceAppOptions {
  /** `test` for the app `Bitcoin Test`, which is of testnet and whatever has its addresses. `main` when not given. */
  readonly network?: 'main' | 'test' | undefined
  readonly version?: string | undefined
}

const CLASS = 0xe1
const CONTINUE_CLASS = 0xf8
const CONTINUE = 0x01
const NEWEST_PROTOCOL = 1

/**
 * Ledger's Bitcoin app on a simulated device.
 *
 * @example
 * const device = ledgerDevice({ mnemonic, apps: [bitcoinDeviceApp({ network: 'test' })], open: 'Bitcoin Test' })
 */
export function bitcoinDeviceApp({
  network = 'main',
  version = '2.4.6',
}: BitcoinDeviceAppOptions = {}): SimulatedApp {
  const { name } = NETWORKS[network]
  return { name, version, start: (context) => start(context, NETWORKS[network]) }
}

function start(context: AppContext, network: DeviceNetwork): RunningApp {
  const keys = deviceKeys(context, network)
  const { begin, resume } = channel()

  const command = ({ ins, p2, data }: Apdu, host: Host): Uint8Array | Promise<Uint8Array> => {
    switch (ins) {
      case 0x00:
        return getExtendedKey(data, context, keys, network)
      case 0x02:
        return registerWallet(data, host, context, keys, network)
      case 0x03:
        return getAddress(data, host, context, keys, network)
      case 0x04:
        return signPsbt(data, p2, host, context, keys, network)
      case 0x05:
        return keys.fingerprint
      case 0x10:
        return signMessage(data, host, context, keys)
    }
    throw new StatusWord(0x6d00)
  }

  return {
    handle: (apdu) => {
      if (apdu.cla === CONTINUE_CLASS && apdu.ins === CONTINUE) return resume(apdu)
      if (apdu.cla !== CLASS) throw new StatusWord(0x6e00)
      if (apdu.p1 !== 0 || apdu.p2 > NEWEST_PROTOCOL) throw new StatusWord(0x6a86)
      return begin(async (ask) => command(apdu, hostOver(ask)))
    },
  }
}
