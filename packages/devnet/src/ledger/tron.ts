import { type Apdu, StatusWord } from './apdu.ts'
import type { AppContext, RunningApp, SimulatedApp } from './app.ts'
import { concat, utf8 } from './byte-strings.ts'
import { readPath, uncompressed } from './secp-key.ts'
import { tronAddressOfKey, tronKey } from './tron-address.ts'
import { type ComingMessage, signHashedTypedData, signMessage, signTransactionHash } from './tron-message.ts'
import { type ComingTransaction, signTransaction } from './tron-sign-transaction.ts'
import type { TronSettings } from './tron-signature.ts'
import { versionBytes } from './version-bytes.ts'

export interface TronDeviceAppOptions {
  readonly version?: string | undefined
  /** Whether its owner lets it sign transactions with a memo. False when not given, as the real app comes. */
  readonly data?: boolean | undefined
  /** Whether its owner lets it call contracts that it does not know. False when not given, as the real app comes. */
  readonly customContract?: boolean | undefined
  /** Whether its owner lets it sign what it has only the hash of. False when not given, as the real app comes. */
  readonly signByHash?: boolean | undefined
}

const CLASS = 0xe0

async function address({ p1, p2, data }: Apdu, context: AppContext): Promise<Uint8Array> {
  const chainCode = p2 & 0x3f
  if (p1 > 1 || chainCode > 1) throw new StatusWord(0x6b00)
  const read = readPath(data)
  if (!read) throw new StatusWord(0x6a8a)
  const key = tronKey(context.root, read.path)
  const text = tronAddressOfKey(key)
  if (p1 === 1) await context.ask({ kind: 'address', fields: [['Address', text]], warnings: [] })
  const answer = concat(Uint8Array.of(65), uncompressed(key), Uint8Array.of(text.length), utf8(text))
  return chainCode === 1 ? concat(answer, key.chainCode!) : answer
}

/**
 * Ledger's Tron app on a simulated device.
 *
 * @example
 * const device = ledgerDevice({ mnemonic, apps: [tronDeviceApp({ customContract: true })], open: 'Tron' })
 */
export function tronDeviceApp({
  version = '0.7.1',
  data = false,
  customContract = false,
  signByHash = false,
}: TronDeviceAppOptions = {}): SimulatedApp {
  return {
    name: 'Tron',
    version,
    start: (context) => start(context, version, { data, customContract, signByHash }),
  }
}

function start(context: AppContext, version: string, settings: TronSettings): RunningApp {
  let transaction: ComingTransaction | undefined
  let message: ComingMessage | undefined

  const flags =
    (settings.data ? 0x01 : 0) | (settings.customContract ? 0x02 : 0) | (settings.signByHash ? 0x08 : 0)

  const signPersonal = async (apdu: Apdu): Promise<Uint8Array> => {
    const { answer, coming } = await signMessage(apdu, context, message)
    message = coming
    return answer
  }

  return {
    handle: (apdu) => {
      if (apdu.cla !== CLASS) throw new StatusWord(0x6e00)
      switch (apdu.ins) {
        case 0x02:
          return address(apdu, context)
        case 0x04:
          return signTransaction(apdu, context, transaction, settings, (coming) => {
            transaction = coming
          })
        case 0x05:
          return signTransactionHash(apdu, context, settings)
        case 0x06:
          return Uint8Array.of(flags, ...versionBytes(version))
        case 0x08:
          return signPersonal(apdu)
        case 0x0c:
          return signHashedTypedData(apdu, context, settings)
      }
      throw new StatusWord(0x6d00)
    },
  }
}
