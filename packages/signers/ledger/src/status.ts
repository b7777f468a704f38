import { CofferError, type ErrorCode, isCofferError } from '@coffer/core'

/** What was asked of a device when it failed. */
export interface Asked {
  /** The app that was open: `Bitcoin`, `Ethereum` … */
  readonly app: string
  /** What each status word means in that app alone, before what it means everywhere. */
  readonly words?: StatusWords | undefined
}

/** By status word, in four lower-case hex digits. */
export type StatusWords = Readonly<Record<string, Meaning>>

/** What a status word says to a person. */
export interface Meaning {
  readonly code: ErrorCode
  /** A sentence or two; `{app}` stands for the name of the app. */
  readonly message: string
  /** The setting to switch on, for `DEVICE_SETTING`. */
  readonly setting?: string
}

const LOCKED: Meaning = {
  code: 'DEVICE_LOCKED',
  message: 'The Ledger is locked. Unlock it with its PIN and try again.',
}
const REFUSED: Meaning = { code: 'SIGNER_REFUSED', message: 'It was refused on the Ledger.' }
const WRONG_APP: Meaning = {
  code: 'DEVICE_WRONG_APP',
  message: 'The {app} app is not open on the Ledger any more. Open it and try again.',
}
const OLD: Meaning = {
  code: 'DEVICE_APP_OLD',
  message: 'The {app} app on the Ledger is too old for this. Update it with Ledger Wallet.',
}
const INVALID: Meaning = {
  code: 'DEVICE_INVALID_DATA',
  message: 'The {app} app of the Ledger does not understand this and signs nothing of the kind.',
}
const ABSENT: Meaning = {
  code: 'DEVICE_APP_MISSING',
  message: 'The {app} app is not installed on the Ledger. Install it with Ledger Wallet.',
}
const NOT_SET_UP: Meaning = {
  code: 'DEVICE_FAILED',
  message: 'The Ledger is not set up yet. Set it up with its own recovery phrase first.',
}
const HALTED: Meaning = {
  code: 'DEVICE_FAILED',
  message: 'The Ledger has stopped. Unplug it, plug it in again, unlock it and try again.',
}

/** What a status word means in whichever app. */
const WORDS: StatusWords = {
  '5515': LOCKED,
  '5303': LOCKED,
  '530c': LOCKED,
  '6804': LOCKED,
  '6b0c': LOCKED,
  '6982': LOCKED,
  '6985': REFUSED,
  '5501': REFUSED,
  '6e00': WRONG_APP,
  '6e01': WRONG_APP,
  '6d02': WRONG_APP,
  '6511': WRONG_APP,
  '6d00': OLD,
  '6a80': INVALID,
  '6a81': INVALID,
  '6a87': INVALID,
  '6700': INVALID,
  '6b00': INVALID,
  '6807': ABSENT,
  '5123': ABSENT,
  '6d07': NOT_SET_UP,
  '6611': NOT_SET_UP,
  '6faa': HALTED,
  '6f42': HALTED,
}

/** Names of errors of Ledger's libraries, which are told apart by name: copies of a library break `instanceof`. */
const DISCONNECTED = [
  'DisconnectedDevice',
  'DisconnectedDeviceDuringOperation',
  'TransportInterfaceNotAvailable',
  'TransportOpenUserCancelled',
  'CantOpenDevice',
  'NoDeviceFound',
  'ListenTimeout',
  'DeviceDisconnectedWhileSendingError',
  'DeviceDisconnectedBeforeSendingApdu',
  'DeviceSessionNotFound',
  'DeviceNotRecognizedError',
  'NoAccessibleDeviceError',
  'OpeningConnectionError',
  'ReconnectionFailedError',
  'SendApduTimeoutError',
]
const BUSY = [
  'TransportRaceCondition',
  'TransportLocked',
  'DeviceBusyError',
  'AlreadySendingApduError',
  'DeviceSessionRefresherError',
]

/** One `CofferError` for whatever a library of Ledger's, or the device, threw. */
export function deviceError(cause: unknown, asked: Asked): CofferError {
  if (isCofferError(cause)) return cause
  const names = namesOf(cause)
  const word = statusWordOf(cause)
  if (word !== undefined) return fromWord(word, asked, cause)
  if (names.some((name) => DISCONNECTED.includes(name))) return disconnected(cause)
  if (names.some((name) => BUSY.includes(name)))
    return new CofferError({
      code: 'DEVICE_BUSY',
      message:
        'Another program or window is using the Ledger. Finish or refuse what it shows, close the other one, and try again.',
      retryable: true,
      cause,
    })
  return new CofferError({
    code: 'DEVICE_FAILED',
    message: `The Ledger could not do this (${asked.app}). Unplug it, plug it in again and try again.`,
    details: { app: asked.app, reason: names[0] ?? 'unknown' },
    cause,
  })
}

/** The same for a bare status word. */
export function fromWord(word: number, asked: Asked, cause?: unknown): CofferError {
  const digits = word.toString(16).padStart(4, '0')
  const statusWord = `0x${digits}`
  const meaning = asked.words?.[digits] ?? WORDS[digits]
  if (!meaning)
    return new CofferError({
      code: 'DEVICE_FAILED',
      message: `The Ledger answered ${statusWord}, which is not known here. Update the ${asked.app} app, unplug the Ledger, plug it in and try again.`,
      details: { app: asked.app, statusWord },
      cause,
    })
  const { code, message, setting } = meaning
  return new CofferError({
    code,
    message: message.replaceAll('{app}', asked.app),
    details: { app: asked.app, statusWord, ...(setting ? { setting } : {}) },
    retryable: code === 'DEVICE_LOCKED' || code === 'DEVICE_WRONG_APP',
    cause,
  })
}

export function disconnected(cause?: unknown): CofferError {
  return new CofferError({
    code: 'DEVICE_DISCONNECTED',
    message: 'The Ledger is not connected. Plug it in, unlock it and try again.',
    retryable: true,
    cause,
  })
}

export function isDisconnected(cause: unknown): boolean {
  return (
    isCofferError(cause, 'DEVICE_DISCONNECTED') || namesOf(cause).some((name) => DISCONNECTED.includes(name))
  )
}

/** The two bytes in whichever place a library puts them: `statusCode` (ledgerjs), `errorCode` (the DMK). */
export function statusWordOf(error: unknown): number | undefined {
  for (const layer of layersOf(error)) {
    const { statusCode, errorCode } = layer
    if (typeof statusCode === 'number') return statusCode
    if (typeof errorCode === 'string' && /^(?:0x)?[0-9a-f]{4}$/i.test(errorCode))
      return Number.parseInt(errorCode.replace(/^0x/i, ''), 16)
  }
  return undefined
}

function namesOf(error: unknown): readonly string[] {
  return layersOf(error).flatMap(({ name, _tag, id }) =>
    [_tag, id, name].filter((text): text is string => typeof text === 'string' && text !== 'Error'),
  )
}

/** An error and what it was made of. */
function layersOf(error: unknown): readonly Record<string, unknown>[] {
  const layers: Record<string, unknown>[] = []
  let layer = error
  while (typeof layer === 'object' && layer !== null && layers.length < 5) {
    const fields = layer as Record<string, unknown>
    layers.push(fields)
    layer = fields['originalError'] ?? fields['cause']
  }
  return layers
}
