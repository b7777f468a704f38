import { CofferError, isCofferError, sleep } from '@coffer/core'
import type { Connection } from './connection.ts'
import type { LedgerPrompt } from './prompt.ts'
import { type Asked, deviceError, fromWord, isDisconnected } from './status.ts'

/** What runs on a device. */
export interface AppVersion {
  /** `Bitcoin`, `Bitcoin Test`, `Ethereum`, `Tron`; `BOLOS` for the dashboard. */
  readonly name: string
  readonly version: string
}

/** How long a device may take to open or close an app and to come back, in milliseconds. */
const PATIENCE = 10_000
const PAUSE = 50

const OK = 0x9000
const DASHBOARDS = ['BOLOS', 'OLOS\0']

/** What runs on the device, asked by the one command that every app knows. */
async function readApp<T>(connection: Connection<T>): Promise<AppVersion> {
  const answer = await send(connection, [0xb0, 0x01, 0, 0, 0], { app: 'Ledger' })
  const name = answer.subarray(2, 2 + answer[1]!)
  const rest = answer.subarray(2 + name.length)
  const version = rest.subarray(1, 1 + (rest[0] ?? 0))
  if (answer[0] !== 1 || name.length === 0 || version.length === 0)
    throw new CofferError({
      code: 'DEVICE_FAILED',
      message: 'The device does not say which app is open. Unplug it, plug it in and try again.',
    })
  return { name: text(name), version: text(version) }
}

/**
 * Makes sure that `app` is open, by asking the device to open it where that is allowed. Throws `DEVICE_WRONG_APP` with what is
 * expected and what was found, `DEVICE_APP_MISSING`, `DEVICE_APP_OLD`, `SIGNER_REFUSED`, `DEVICE_LOCKED`, `DEVICE_DISCONNECTED`.
 */
export async function openApp<T>(
  connection: Connection<T>,
  wanted: { readonly app: string; readonly oldest: string },
  options: {
    readonly mayOpen: boolean
    readonly signal: AbortSignal | undefined
    prompt(prompt: LedgerPrompt): void
  },
): Promise<AppVersion> {
  const { mayOpen, prompt, signal } = options
  const found = await findApp(connection)
  const app = found.name === wanted.app ? found : await switchTo(found)
  if (isOlder(app.version, wanted.oldest))
    throw new CofferError({
      code: 'DEVICE_APP_OLD',
      message: `The ${wanted.app} app on the Ledger has version ${app.version}; ${wanted.oldest} or a later one is needed. Update it with Ledger Wallet.`,
      details: { app: wanted.app, found: app.version, needed: wanted.oldest },
    })
  return app

  async function switchTo(found: AppVersion): Promise<AppVersion> {
    if (!mayOpen) throw wrongApp(wanted.app, found.name)
    if (!isDashboard(found.name)) {
      await move(connection, [0xb0, 0xa7, 0, 0, 0], { app: found.name })
      const left = await settled(connection, ({ name }) => isDashboard(name), signal)
      if (left.name === wanted.app) return left
      if (!isDashboard(left.name)) throw wrongApp(wanted.app, left.name)
    }
    prompt({ kind: 'open-app', app: wanted.app })
    const name = new TextEncoder().encode(wanted.app)
    try {
      await move(connection, [0xe0, 0xd8, 0, 0, name.length, ...name], { app: wanted.app })
    } catch (error) {
      // A dashboard that cannot open apps: the person has to.
      if (isCofferError(error, 'DEVICE_APP_OLD', 'DEVICE_WRONG_APP')) throw wrongApp(wanted.app, 'BOLOS')
      throw error
    }
    const opened = await settled(connection, ({ name }) => name === wanted.app, signal)
    if (opened.name !== wanted.app) throw wrongApp(wanted.app, opened.name)
    return opened
  }
}

/** The first question of an operation: where the connection was lost since the last one, it is made again. */
export async function findApp<T>(connection: Connection<T>): Promise<AppVersion> {
  const isFresh = !connection.isOpen
  try {
    return await readApp(connection)
  } catch (error) {
    if (isFresh || !connection.canReopen || !isDisconnected(error)) throw error
    return readApp(connection)
  }
}

/** What runs once the device has come to rest: over USB it goes and comes back whenever an app opens or closes. */
async function settled<T>(
  connection: Connection<T>,
  isThere: (app: AppVersion) => boolean,
  signal: AbortSignal | undefined,
): Promise<AppVersion> {
  const end = Date.now() + PATIENCE
  for (;;) {
    await sleep(PAUSE, signal)
    const isLast = Date.now() > end
    try {
      const app = await readApp(connection)
      if (isThere(app) || isLast) return app
    } catch (error) {
      if (!connection.canReopen && isDisconnected(error))
        throw new CofferError({
          code: 'DEVICE_DISCONNECTED',
          message:
            'Opening the app ended the connection to the Ledger. Connect again, or give ledgerSigner a function that connects.',
          retryable: true,
          cause: error,
        })
      if (isLast || !isDisconnected(error)) throw error
    }
  }
}

/** A command after which the device goes and comes back: it may be gone before its answer is read. */
async function move<T>(connection: Connection<T>, apdu: readonly number[], asked: Asked): Promise<void> {
  try {
    await send(connection, apdu, asked)
  } catch (error) {
    if (!connection.canReopen || !isDisconnected(error)) throw error
  }
}

/** One raw command: its data, or an error for any status but 0x9000. */
async function send<T>(
  connection: Connection<T>,
  apdu: readonly number[],
  asked: Asked,
): Promise<Uint8Array> {
  let answer: Uint8Array
  try {
    answer = await connection.exchange(Uint8Array.from(apdu))
  } catch (cause) {
    throw deviceError(cause, asked)
  }
  const word = ((answer.at(-2) ?? 0) << 8) | (answer.at(-1) ?? 0)
  if (word !== OK) throw fromWord(word, asked)
  return answer.subarray(0, -2)
}

function wrongApp(expected: string, found: string): CofferError {
  const what = isDashboard(found) ? 'no app is open' : `the ${found} app is open`
  return new CofferError({
    code: 'DEVICE_WRONG_APP',
    message: `On the Ledger ${what}. Open the ${expected} app and try again.`,
    details: { expected, found: isDashboard(found) ? 'BOLOS' : found },
    retryable: true,
  })
}

const isDashboard = (name: string): boolean => DASHBOARDS.includes(name)

/** Compares the numbers of two versions; what follows them (`-dev`) does not count. */
function isOlder(version: string, oldest: string): boolean {
  const numbers = (text: string): readonly number[] =>
    (/^[0-9.]*/.exec(text)?.[0] ?? '').split('.').map(Number)
  const [own, other] = [numbers(version), numbers(oldest)]
  const at = other.findIndex((number, i) => number !== (own[i] ?? 0))
  return at >= 0 && (own[at] ?? 0) < other[at]!
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
