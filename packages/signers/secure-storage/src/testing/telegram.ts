import type { TelegramPort } from '../telegram/port.ts'

export interface TelegramMockOptions {
  readonly platform?: 'android' | 'ios' | 'tdesktop' | 'web'
  /** `9.1` when not given. */
  readonly version?: string
}

/** A Telegram client in memory, with the ways of the real ones, and a person who can be told what to do. */
export interface TelegramMock {
  readonly port: TelegramPort
  /** What the person does when they are asked; yes when not set. */
  person: 'yes' | 'no'
  /** A finger is enrolled: the biometric token is thrown away. */
  enrol(): void
  /** Android loses its key: the next read of secure storage fails and throws everything away. */
  loseKeystore(): void
  /** Everything that Telegram's servers hold. */
  readonly cloud: Map<string, string>
  readonly device: Map<string, string>
  readonly secure: Map<string, string>
  /** The names of the events that it was sent. */
  readonly posted: string[]
}

/**
 * For tests without Telegram. It does what clients do: answers later and in any order, knows no more than its version, says an empty
 * text for what is not there (Android), has ten places of secure storage (one file for all of them, gone as a whole), none on the
 * desktop and the web, counts overwrites on the web, and has one biometric token.
 *
 * @example
 * const { port } = telegramMock({ platform: 'android' })
 * const store = telegramCloudStore(port)
 */
export function telegramMock({
  platform = 'android',
  version = '9.1',
}: TelegramMockOptions = {}): TelegramMock {
  const listeners = new Map<string, Set<(data: unknown) => void>>()
  const isPhone = platform === 'android' || platform === 'ios'
  const biometry = { requested: false, granted: false, token: '' }
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
      biometry.token = ''
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

  const has = (since: number): boolean => Number.parseFloat(version) >= since

  /** What a client does not know, it does not answer. */
  const answer = (event: string, data: Data): Reply | undefined => {
    const [, kind, action] = /^web_app_(device|secure)_storage_(get|save)_key$/.exec(event) ?? []
    if (kind !== undefined && has(9)) return storage(kind as 'device' | 'secure', action === 'get', data)
    if (event === 'web_app_invoke_custom_method' && has(6.9)) return custom(data)
    if (event.startsWith('web_app_biometry_') && has(7.2)) return biometric(event, data)
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
      return fail('UNKNOWN_ERROR')
    }
    if (isGet) {
      const nothing = platform === 'android' ? '' : null
      return [`${kind}_storage_key_received`, { req_id, value: items.get(key) ?? nothing }]
    }
    if (typeof value !== 'string') items.delete(key)
    else {
      if (kind === 'secure' && !items.has(key) && items.size >= 10) return fail('QUOTA_EXCEEDED')
      if (kind === 'device' && platform === 'web' && ++writes > 10) return fail('QUOTA_EXCEEDED')
      items.set(key, value)
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
    const isAllowed = biometry.granted && mock.person === 'yes'
    switch (event) {
      case 'web_app_biometry_get_info':
        return info()
      case 'web_app_biometry_request_access':
        biometry.requested = true
        biometry.granted = mock.person === 'yes'
        return info()
      case 'web_app_biometry_update_token':
        if (!isAllowed) return ['biometry_token_updated', { status: 'failed' }]
        biometry.token = String(token)
        return ['biometry_token_updated', { status: token === '' ? 'removed' : 'updated' }]
      case 'web_app_biometry_request_auth':
        if (!isAllowed) return ['biometry_auth_requested', { status: 'failed' }]
        return ['biometry_auth_requested', { status: 'authorized', token: biometry.token }]
      default:
        return undefined
    }
  }
  return mock
}

type Data = Readonly<Record<string, unknown>>
type Reply = readonly [event: string, data: object]
