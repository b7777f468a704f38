import { isCofferError } from '@coffer/core'
import type { Runner } from '@coffer/core/testing'
import type { DeviceKey } from '../device-key.ts'

export interface DeviceKeySubject {
  readonly name: string
  /** A device key over a new, empty device for each test. */
  make(): Promise<DeviceKey> | DeviceKey
  /** The same device, used again after a restart. */
  reopen?(key: DeviceKey): Promise<DeviceKey> | DeviceKey
  /** True when the device has one place alone, so that a second secret takes that of the first. */
  readonly single?: boolean
}

/**
 * What every `DeviceKey` must do. Works with any test runner that has `describe` and `it`.
 *
 * @example
 * deviceKeyConformance({ describe, it }, { name: 'expoKey', make: () => expoKey({ module: mock() }) })
 */
export function deviceKeyConformance({ describe, it }: Runner, subject: DeviceKeySubject): void {
  const ok = (condition: boolean, what: string): void => {
    if (!condition) throw new Error(`It does not hold that ${what}.`)
  }
  const isSame = (a: Uint8Array, b: Uint8Array): boolean => a.join() === b.join()
  const gone = async (task: Promise<unknown>): Promise<void> => {
    const error = await task.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    // A page cannot see whether a passkey was deleted.
    ok(isCofferError(error, 'STORE_INVALIDATED', 'STORE_CANCELLED'), 'what is gone is said to be gone')
  }

  describe(`device key ${subject.name}`, () => {
    it('says what it is', async () => {
      const key = await subject.make()
      ok(/^[a-z0-9-]{1,40}$/.test(key.name), 'its name is lower-case letters, digits and dashes')
      ok(['biometric', 'passkey', 'device', 'hsm'].includes(key.gate), 'its gate is one of four')
      ok(await key.available(), 'it works here')
    })

    it('gives back the secret that it made, as copies, also after a restart', async () => {
      const key = await subject.make()
      const { data, secret } = await key.create()
      ok(secret instanceof Uint8Array && secret.length === 32, 'a secret has 32 bytes')
      const first = await key.get(data)
      ok(isSame(first, secret), 'it is the same secret')
      first.fill(0)
      secret.fill(0)
      const again = subject.reopen ? await subject.reopen(key) : key
      const later = await again.get(JSON.parse(JSON.stringify(data)) as typeof data)
      ok(
        later.some((byte) => byte !== 0),
        'it is unharmed by who wiped a copy',
      )
    })

    it('shows nothing of the secret in what is public', async () => {
      const { data, secret } = await (await subject.make()).create()
      const hex = Array.from(secret, (byte) => byte.toString(16).padStart(2, '0')).join('')
      const text = JSON.stringify(data)
      ok(
        Object.values(data).every((value) => typeof value === 'string'),
        'its data are texts',
      )
      ok(
        !text.includes(hex) && !text.includes(btoa(String.fromCharCode(...secret)).slice(0, 20)),
        'it is not there',
      )
    })

    it('makes another secret each time', async () => {
      const key = await subject.make()
      const [one, two] = [await key.create(), await key.create()]
      ok(!isSame(one.secret, two.secret), 'two secrets differ')
      ok(isSame(await key.get(two.data), two.secret), 'the second is found')
      if (subject.single) await gone(key.get(one.data))
      else ok(isSame(await key.get(one.data), one.secret), 'the first is found')
    })

    it('forgets, in peace when it has forgotten already', async () => {
      const key = await subject.make()
      const { data } = await key.create()
      await key.delete(data)
      await key.delete(data)
      await gone(key.get(data))
    })

    it('gives nothing for data of another device', async () => {
      const { data } = await (await subject.make()).create()
      await gone((await subject.make()).get(data))
    })
  })
}
