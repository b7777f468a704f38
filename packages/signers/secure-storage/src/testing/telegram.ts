import type { TelegramPort } from '../telegram/port.ts'

export interface TelegramMockOptions {
  readonly platform?: 'android' | 'ios' | 'tdesktop' | 'web'
  /** `9.1` when not given. */
  readonly version?: string
  /** False for an iPhone without a passcode, which keeps no secrets. */
  readonly hasPasscode?: boolean
}

/** A Telegram client in memory, with the ways of the real ones, and a person who can be told what to do. */
export interface TelegramMock {
  readonly port: TelegramPort
  /** What the person does when they are asked; yes when not set. */
  person: 'yes' | 'no'
  /** Android: a finger is enrolled, so that every check fails from now on. iOS: the keychain is reset, and the token reads as empty. */
  enrol(): void
  /** Android loses its key: the next use of secure storage throws everything away and says that nothing is there. */
  loseKeystore(): void
  /** Everything that Telegram's servers hold. */
  readonly cloud: Map<string, string>
  readonly device: Map<string, string>
  readonly secure: Map<string, string>
  /** The names of the events that it was sent. */
  readonly posted: string[]
}

/**
 * For tests without Telegram. It does what clients do: answers later and in any order; knows no more than its version; on Android says
 * an empty text for what is not there, and keeps the text `null` in the place of what was removed; has ten places of secure storage
 * (on Android one file for all of them, gone as a whole), none on the desktop and the web; counts overwrites on the web; has one
 * biometric token, of which it goes on saying that it is there when nothing can read it any more.
 *
 * @example
 * const { port } = telegramMock({ platform: 'android' })
 * const store = telegramCloudStore(port)
 */
export function telegramMock({
  platform = 'android',
  version = '9.1',
  hasPasscode = true,
}: TelegramMockOptions = {}): TelegramMock {
  const listeners = new Map<string, Set<(data: unknown) => void>>()
  const isPhone = platform === 'android' || platform === 'ios'
  const biometry = { requested: false, granted: false, token: '', isLost: false }
  let isBroken = false
  let writes = 0
  let delay = 0

  const mock: TelegramMock = {
    person: 'yes',
    cloud: new Map(),
    device: new Map(),
    secure: new Map(),
    posted: [],
    enrol: () => {
      biometry.isLost = true
    },
    loseKeystore: () => {
      isBroken = true
    },
    port: {
      version,
      platform,
      on: (event, listener) => {
        const set = listeners.get(event) ?? new Set()
        listeners.set(event, set.add(listener))
        return () => void set.delete(listener)
      },
      post: (event, data = {}) => {
        mock.posted.push(event)
        const [name, reply] = answer(event, data) ?? []
        if (name === undefined) return
        // Not in the order of the questions.
        delay = (delay + 1) % 3
        setTimeout(() => {
          for (const listener of [...(listeners.get(name) ?? [])]) listener(reply)
        }, delay)
      },
    },
  }

  const [major = 0, minor = 0] = version.split('.').map(Number)
  const has = (since: string): boolean => {
    const [sinceMajor = 0, sinceMinor = 0] = since.split('.').map(Number)
    return major > sinceMajor || (major === sinceMajor && minor >= sinceMinor)
  }

  /** What a client does not know, it does not answer. */
  const answer = (event: string, data: Data): Reply | undefined => {
    const [, kind, action] = /^web_app_(device|secure)_storage_(get|save)_key$/.exec(event) ?? []
    if (kind !== undefined && has('9.0')) return storage(kind as 'device' | 'secure', action === 'get', data)
    if (event === 'web_app_invoke_custom_method' && has('6.9')) return custom(data)
    if (event.startsWith('web_app_biometry_') && has('7.2')) return biometric(event, data)
    return undefined
  }

  const storage = (kind: 'device' | 'secure', isGet: boolean, data: Data): Reply | undefined => {
    const { req_id } = data
    const key = String(data['key'])
    const { value } = data
    const fail = (error: string): Reply => [`${kind}_storage_failed`, { req_id, error }]
    const items = mock[kind]
    if (kind === 'secure' && !isPhone) return platform === 'web' ? undefined : fail('UNSUPPORTED')
    if (kind === 'secure' && isBroken) {
      isBroken = false
      items.clear()
    }
    if (isGet) {
      const nothing = platform === 'android' ? '' : null
      return [`${kind}_storage_key_received`, { req_id, value: items.get(key) ?? nothing }]
    }
    if (value === null && platform !== 'android') items.delete(key)
    else {
      if (kind === 'secure' && !items.has(key) && items.size >= 10) return fail('QUOTA_EXCEEDED')
      if (kind === 'device' && platform === 'web' && ++writes > 10) return fail('QUOTA_EXCEEDED')
      if (kind === 'secure' && platform === 'ios' && !hasPasscode) return fail('UNKNOWN_ERROR')
      items.set(key, String(value))
    }
    return [`${kind}_storage_key_saved`, { req_id }]
  }

  const custom = ({ req_id, method, params }: Data): Reply => {
    const {
      key = '',
      value = '',
      keys = [],
    } = params as Partial<{
      key: string
      value: string
      keys: string | readonly string[]
    }>
    const { cloud } = mock
    const reply = (result: unknown): Reply => ['custom_method_invoked', { req_id, result }]
    const fail = (error: string): Reply => ['custom_method_invoked', { req_id, error }]
    const all = typeof keys === 'string' ? [keys] : keys
    switch (method) {
      case 'saveStorageValue':
        if (!/^[A-Za-z0-9_-]{1,128}$/.test(key)) return fail('KEY_INVALID')
        if (value.length > 4096) return fail('VALUE_TOO_LONG')
        if (!cloud.has(key) && cloud.size >= 1024) return fail('QUOTA_EXCEEDED')
        cloud.set(key, value)
        return reply(true)
      case 'getStorageValues':
        return reply(Object.fromEntries(all.map((name) => [name, cloud.get(name) ?? ''])))
      case 'deleteStorageValues':
        for (const name of all) cloud.delete(name)
        return reply(true)
      case 'getStorageKeys':
        return reply([...cloud.keys()])
      default:
        return fail('METHOD_UNKNOWN')
    }
  }

  const biometric = (event: string, { token }: Data): Reply | undefined => {
    const info = (): Reply => [
      'biometry_info_received',
      isPhone
        ? {
            available: true,
            type: 'finger',
            access_requested: biometry.requested,
            access_granted: biometry.granted,
            token_saved: biometry.token !== '',
            device_id: 'mock',
          }
        : { available: false },
    ]
    const isAndroid = platform === 'android'
    const isWilling = biometry.granted && mock.person === 'yes'
    const isAllowed = isWilling && !(isAndroid && biometry.isLost)
    switch (event) {
      case 'web_app_biometry_get_info':
        return info()
      case 'web_app_biometry_request_access':
        biometry.requested = true
        biometry.granted = mock.person === 'yes'
        return info()
      case 'web_app_biometry_update_token':
        // iOS asks nobody. Android never makes another key for one that is lost, but does forget the token.
        if (isAndroid && !(token === '' ? isWilling : isAllowed))
          return ['biometry_token_updated', { status: 'failed' }]
        biometry.token = String(token)
        if (!isAndroid) biometry.isLost = false
        return ['biometry_token_updated', { status: token === '' ? 'removed' : 'updated' }]
      case 'web_app_biometry_request_auth':
        if (!isAllowed) return ['biometry_auth_requested', { status: 'failed' }]
        return [
          'biometry_auth_requested',
          { status: 'authorized', token: biometry.isLost ? '' : biometry.token },
        ]
      default:
        return undefined
    }
  }
  return mock
}

type Data = Readonly<Record<string, unknown>>
type Reply = readonly [event: string, data: object]
