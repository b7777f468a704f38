import type { HDKey } from '@scure/bip32'
import type { Apdu } from './apdu.ts'
import type { Screen } from './person.ts'

/** An app as it is installed on the simulated device. */
export interface SimulatedApp {
  /** As `b001` names it: `Bitcoin`, `Bitcoin Test`, `Ethereum`, `Tron`. */
  readonly name: string
  readonly version: string
  /** Called whenever the app is opened; what the running app remembers between commands ends when it closes. */
  start(context: AppContext): RunningApp
}

/** What the operating system gives to an app. */
export interface AppContext {
  /** The root key of the seed. */
  readonly root: HDKey
  /** The seed itself, for keys that are not of BIP-32. */
  readonly seed: Uint8Array
  /** Shows a screen; returns when its owner approves. Throws the status word 0x6985 on refusal. */
  ask(screen: Omit<Screen, 'app'>): Promise<void>
}

export interface RunningApp {
  /** The data of the answer, for status 0x9000; throws a `StatusWord` for any other. A `Reply` has both. */
  handle(apdu: Apdu): Promise<Uint8Array | Reply> | Uint8Array | Reply
}

/** An answer with data and a status word other than 0x9000, such as the 0xe000 of the Bitcoin app's questions. */
export interface Reply {
  readonly data: Uint8Array
  readonly word: number
}
