import type { DmkLike } from './link.ts'

/** What a device action has of the device, told by its shape. */
interface DeviceApi {
  sendCommand(command: Command, ...more: unknown[]): Promise<Result>
}
interface Command {
  getApdu(): { getRawApdu(): Uint8Array }
}
type Result = { readonly status: string; readonly error?: unknown }
interface Action {
  readonly input: unknown
  _execute(api: DeviceApi): unknown
}

/** Instructions of the Ethereum app. */
const SIGN_TRANSACTION = 0x04
const SIGN_TYPED_DATA = 0x0c
const DEFINE_STRUCT = 0x1a
const SEND_STRUCT = 0x1c
const CHECKS = 0x32

/** The commands of one signature: after one of them failed, none of them is sent any more. */
const SIGNING = [SIGN_TRANSACTION, SIGN_TYPED_DATA, DEFINE_STRUCT, SEND_STRUCT]

/**
 * The kit for Ethereum sends more than it is asked. A transaction whose signature failed is sent a second time; typed data
 * that the device could not take are signed by their two hashes, which shows the person nothing of them; and a person is asked
 * whether to switch on checks that need Ledger's servers. Given this instead of the `dmk`, the kit does none of it: whoever calls
 * hears of the first failure.
 */
export function onlyWhatIsAsked<T extends DmkLike>(dmk: T): T {
  const executeDeviceAction: DmkLike['executeDeviceAction'] = ({ sessionId, deviceAction }) =>
    dmk.executeDeviceAction({ sessionId, deviceAction: guarded(deviceAction) as never })
  return new Proxy(dmk, {
    get: (target, name) => {
      if (name === 'executeDeviceAction') return executeDeviceAction
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function guarded(action: Action): Action {
  return {
    input: action.input,
    _execute: (api) => {
      let failed: (() => Result) | undefined
      const sendCommand: DeviceApi['sendCommand'] = async (command, ...more) => {
        const [, ins = 0, p1, p2] = command.getApdu().getRawApdu()
        if (ins === CHECKS && p1 === 1) return refused('ChecksNotWanted')
        if (!SIGNING.includes(ins)) return api.sendCommand(command, ...more)
        if (failed) return failed()
        if (ins === SIGN_TYPED_DATA && p2 === 0) return refused('TypedDataNotUnderstood')
        try {
          const result = await api.sendCommand(command, ...more)
          if (result.status === 'ERROR') failed = () => result
          return result
        } catch (error) {
          failed = () => {
            throw error
          }
          throw error
        }
      }
      return action._execute({ ...api, sendCommand })
    },
  }
}

function refused(_tag: string): Result {
  return { status: 'ERROR', error: { _tag, message: 'The kit cannot do this without more than was asked.' } }
}
