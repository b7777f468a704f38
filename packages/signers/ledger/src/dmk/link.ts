import { concatBytes } from '@noble/hashes/utils.js'
import type { LedgerLink } from '../link.ts'
import { kitError } from './action.ts'

/** A connected device of Ledger's Device Management Kit. */
export interface DmkTransport {
  readonly dmk: DmkLike
  /** What `dmk.connect` returned. */
  readonly sessionId: string
}

/**
 * What is needed of a `DeviceManagementKit`, told by its shape: an app that has several copies of that package may give any of
 * them.
 */
export interface DmkLike {
  sendApdu(request: {
    sessionId: string
    apdu: Uint8Array
    triggersDisconnection?: boolean
  }): Promise<{ readonly data: Uint8Array; readonly statusCode: Uint8Array }>
  executeDeviceAction(request: { sessionId: string; deviceAction: never }): unknown
  disconnect(request: { sessionId: string }): Promise<void>
}

export const dmkLink: LedgerLink<DmkTransport> = {
  name: 'dmk',
  exchange: async ({ dmk, sessionId }, apdu) => {
    try {
      const { data, statusCode } = await dmk.sendApdu({
        sessionId,
        apdu,
        triggersDisconnection: isMove(apdu),
      })
      return concatBytes(data, statusCode)
    } catch (error) {
      throw kitError(error)
    }
  },
  close: async ({ dmk, sessionId }) => {
    try {
      await dmk.disconnect({ sessionId })
    } catch (error) {
      // It ended by itself: the cable was pulled.
      const failed = kitError(error)
      if (failed.name !== 'DeviceSessionNotFound') throw failed
    }
  },
}

/** Whether a command opens or closes an app: over USB the device goes and comes back, and the kit has to wait for it. */
function isMove([cla, ins]: Uint8Array): boolean {
  return (cla === 0xe0 && ins === 0xd8) || (cla === 0xb0 && ins === 0xa7)
}

/** `m/44h/60h/0h/0/0` as the kits write it: `44'/60'/0'/0/0`. */
export function kitPath(path: string): string {
  return path.replace(/^m\/?/, '').replaceAll('h', "'")
}
