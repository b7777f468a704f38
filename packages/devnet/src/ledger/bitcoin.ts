import { type Apdu, StatusWord } from './apdu.ts'
import type { AppContext, RunningApp, SimulatedApp } from './app.ts'
import { giveExtendedKey } from './bitcoin-extended-key.ts'
import { dialogue, type Host } from './bitcoin-host.ts'
import { signMessage } from './bitcoin-message.ts'
import { type DeviceNetwork, deviceNetworks } from './bitcoin-network.ts'
import { registerPolicy } from './bitcoin-register.ts'
import { signPsbt } from './bitcoin-sign-psbt.ts'
import { BAD_STATE } from './bitcoin-status.ts'
import { giveAddress } from './bitcoin-wallet-address.ts'
import { bytesOfNumber } from './byte-strings.ts'

export interface BitcoinDeviceAppOptions {
  /** `main` for the app `Bitcoin`; `test` for `Bitcoin Test`, which is also that of regtest. `main` when not given. */
  readonly network?: 'main' | 'test' | undefined
  readonly version?: string | undefined
}

const APP = 0xe1
const FRAMEWORK = 0xf8
const CONTINUE = 0x01
const PROTOCOL = 1

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
  const app = deviceNetworks[network]
  return { name: app.app, version, start: (context) => start(context, app) }
}

function start(context: AppContext, network: DeviceNetwork): RunningApp {
  const talk = dialogue()

  const commandOf = (apdu: Apdu): ((host: Host) => Promise<Uint8Array>) => {
    switch (apdu.ins) {
      case 0x00:
        return () => giveExtendedKey(apdu, context, network)
      case 0x02:
        return (host) => registerPolicy(host, apdu, context, network)
      case 0x03:
        return (host) => giveAddress(host, apdu, context, network)
      case 0x04:
        return (host) => signPsbt(host, apdu, context, network)
      case 0x05:
        return async () => bytesOfNumber(context.root.fingerprint, 4)
      case 0x10:
        return (host) => signMessage(host, apdu, context, network)
    }
    throw new StatusWord(0x6d00)
  }

  return {
    handle: (apdu) => {
      const isContinue = apdu.cla === FRAMEWORK && apdu.ins === CONTINUE
      if (talk.isWaiting) {
        if (isContinue) return talk.resume(apdu.data)
        talk.forget()
        throw new StatusWord(0x6a80)
      }
      if (apdu.p2 > PROTOCOL) throw new StatusWord(0x6a86)
      if (isContinue) throw new StatusWord(BAD_STATE)
      if (apdu.cla !== APP) throw new StatusWord(0x6e00)
      return talk.begin(commandOf(apdu))
    },
  }
}
