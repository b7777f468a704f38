import { inspect } from 'node:util'
import { CofferError, memoryStore } from '@coffer/core'
import { describe, expect, it, vi } from 'vitest'
import type { DeviceKey } from './device-key.ts'
import { createVault, type KeyWrapper, openVault, wrappedKey } from './index.ts'
import { deviceKeyConformance } from './testing/index.ts'
import { CHEAP, MNEMONIC, PASSWORD } from './vault.fixture.ts'

/** A wrapper like a cloud's KMS, in memory. */
function kms(more: Partial<KeyWrapper> = {}): KeyWrapper {
  const known = new Map<string, { secret: Uint8Array; context: string }>()
  return {
    name: 'memory-kms',
    wrap: async (secret, context) => {
      const blob = new Uint8Array(40).fill(known.size + 1)
      known.set(blob.join(), { secret: secret.slice(), context })
      return blob
    },
    unwrap: async (blob, context) => {
      const found = known.get(blob.join())
      if (found?.context === context) return found.secret.slice()
      throw new CofferError({ code: 'STORE_INVALIDATED', message: 'Not wrapped here.' })
    },
    ...more,
  }
}

const failing = async (task: Promise<unknown>): Promise<CofferError> =>
  task.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: CofferError) => error,
  )

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

deviceKeyConformance(
  {
    describe,
    it: (title, body) =>
      void (title.startsWith('forgets')
        ? it.skip(`${title} (all of it lies in the vault, whose slot goes)`, body)
        : it(title, body)),
  },
  { name: 'wrappedKey', make: () => wrappedKey(kms()) },
)

it('opens a vault', async () => {
  const store = memoryStore()
  const key = wrappedKey(kms())
  const secrets = [{ kind: 'mnemonic', mnemonic: MNEMONIC } as const]
  const vault = await createVault({ store, password: PASSWORD, secrets, cost: CHEAP })
  await vault.addSlot({ key })
  const again = await openVault({ store, cost: CHEAP, autoLock: false })
  await again.unlock({ key })
  expect(again.secrets).toHaveLength(1)
})

it('takes what a service gives as a Buffer, whose slices are no copies', async () => {
  const inner = kms()
  const unwrap: KeyWrapper['unwrap'] = async (...given) => Buffer.from(await inner.unwrap(...given))
  const key = wrappedKey({ ...inner, unwrap })
  const { data, secret } = await key.create()
  expect(hexOf(await key.get(data))).toBe(hexOf(secret))
  expect(hexOf(secret)).not.toBe('00'.repeat(32))
})

describe('what a service does wrong', () => {
  it('is refused when it gives back another secret than it was given, before a vault relies on it', async () => {
    const key = wrappedKey(kms({ unwrap: async () => new Uint8Array(32).fill(7) }))
    expect(await failing(key.create())).toMatchObject({ code: 'STORE_FAILED' })
    expect(await key.available()).toBe(false)
  })

  it('is refused when that is no 32 bytes, or the data are no base64', async () => {
    const { data } = await wrappedKey(kms()).create()
    for (const length of [0, 31, 33])
      expect(
        await failing(wrappedKey(kms({ unwrap: async () => new Uint8Array(length) })).get(data)),
      ).toMatchObject({ code: 'STORE_INVALIDATED' })
    for (const wrapped of ['=', 'AA==', '!', 'A'])
      expect(await failing(wrappedKey(kms()).get({ ...data, wrapped }))).toMatchObject({
        code: 'STORE_INVALIDATED',
      })
  })

  it('binds what was wrapped to its slot', async () => {
    const key = wrappedKey(kms())
    const [one, two] = [await key.create(), await key.create()]
    await expect(key.get({ ...one.data, id: two.data['id']! })).rejects.toMatchObject({
      code: 'STORE_INVALIDATED',
    })
  })

  it('passes on what it says in our words, and stops when it is told to', async () => {
    const said = new CofferError({ code: 'STORE_UNAVAILABLE', message: 'No network.' })
    expect(await failing(wrappedKey(kms({ wrap: () => Promise.reject(said) })).create())).toBe(said)
    const wrap = vi.fn(kms().wrap)
    const key = wrappedKey(kms({ wrap }))
    expect(await failing(key.create({ signal: AbortSignal.abort() }))).toMatchObject({ code: 'ABORTED' })
    expect(wrap).not.toHaveBeenCalled()
    const stop = new AbortController()
    const aborted = wrappedKey(
      kms({
        wrap: async () => {
          stop.abort()
          throw new DOMException('stopped', 'AbortError')
        },
      }),
    ).create({ signal: stop.signal })
    expect(await failing(aborted)).toMatchObject({ code: 'ABORTED' })
  })

  it('asks the service itself whether it works, where it can say', async () => {
    const wrap = vi.fn(kms().wrap)
    expect(await wrappedKey(kms({ wrap, available: async () => true })).available()).toBe(true)
    expect(await wrappedKey(kms({ available: async () => false })).available()).toBe(false)
    expect(await wrappedKey(kms({ available: () => Promise.reject(new Error()) })).available()).toBe(false)
    expect(wrap).not.toHaveBeenCalled()
  })
})

describe('secrets', () => {
  it('G7: errors of a service, which may hold the request, show no secret', async () => {
    let sent = ''
    const wrap: KeyWrapper['wrap'] = async (secret) => {
      sent = hexOf(secret)
      throw Object.assign(new Error(`POST {"Plaintext":"${sent}"}`), {
        name: 'AccessDeniedException',
        config: { data: sent },
      })
    }
    const error = await failing(wrappedKey(kms({ wrap })).create())
    expect(error).toMatchObject({
      code: 'STORE_FAILED',
      message: 'memory-kms failed (AccessDeniedException). Check it, and try again.',
    })
    expect(sent).toHaveLength(64)
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(sent)
    // A name is kept when it can be no secret.
    const named = (name: string): DeviceKey =>
      wrappedKey(kms({ wrap: () => Promise.reject(Object.assign(new Error(), { name })) }))
    expect((await failing(named('a "quoted" secret').create())).message).toContain('unknown error')
  })

  it('G7: what was given to a service and what came from it is wiped', async () => {
    const seen: Uint8Array[] = []
    const inner = kms()
    const key = wrappedKey({
      ...inner,
      wrap: (secret, context) => {
        seen.push(secret)
        return inner.wrap(secret, context)
      },
      unwrap: async (wrapped, context) => {
        const secret = await inner.unwrap(wrapped, context)
        seen.push(secret)
        return secret
      },
    })
    const { data, secret } = await key.create()
    expect(hexOf(await key.get(data))).toBe(hexOf(secret))
    expect(seen).toHaveLength(3)
    for (const bytes of seen) expect(bytes.every((byte) => byte === 0)).toBe(true)
    expect(secret.some((byte) => byte !== 0)).toBe(true)
  })
})
