import type * as Pkcs11 from 'pkcs11js'
import type { DeviceKey } from './device-key.ts'
import { peer } from './peer.ts'
import { unwrapWith, wrapWith } from './pkcs11-cipher.ts'
import { keyForWrapping, keyOfId } from './pkcs11-keys.ts'
import { isUsable, withSession } from './pkcs11-session.ts'
import { wrappedKey } from './wrapped-key.ts'

export interface Pkcs11Options {
  /** The path of the module of the token's maker, such as `/usr/lib/softhsm/libsofthsm2.so`. */
  readonly library: string
  /** The label of the token, or its serial number where several bear one label. Numbers of slots change, so none is taken. */
  readonly token: string
  /** Of its user. Called for each use, so that it can rest elsewhere in between. */
  readonly pin: () => string | Promise<string>
  /** The label of the key in the token; made there when it is missing. `coffer` when not given. */
  readonly label?: string | undefined
  /** The module `pkcs11js`, where it is not to be loaded by its name. */
  readonly module?: object | undefined
}

/**
 * A device key for servers in an HSM, through PKCS#11 and the peer `pkcs11js`: an AES-256 key that never leaves the token wraps the
 * secret, bound to its slot of the vault. With AES-GCM, or AES-CBC where the token has no GCM that works.
 *
 * A key of that label is used only when no one without the PIN can have put it there and it cannot be taken out. Each use logs in and
 * out again. Calls are made on this thread and block it while the token works; do not use the same module in another thread meanwhile.
 * `available` does not log in, so that it costs no try of the PIN; nor is the last try before a lock ever taken.
 *
 * `STORE_UNAVAILABLE`: no such module or token, or a wrong or locked PIN. `STORE_INVALIDATED`: the key is gone, or what it wrapped was
 * changed. `STORE_FAILED`: the token fails, or a key or token of that label will not do. `MISSING_DEPENDENCY`: there is no `pkcs11js`.
 *
 * SoftHSM is software: good for tests, no better than a file, whatever `hardware` says.
 *
 * @example
 * const key = pkcs11Key({ library: '/usr/lib/softhsm/libsofthsm2.so', token: 'wallet', pin: () => readPin() })
 * await vault.addSlot({ key })
 * @see https://docs.oasis-open.org/pkcs11/pkcs11-base/v2.40/pkcs11-base-v2.40.html
 */
export function pkcs11Key(options: Pkcs11Options): DeviceKey {
  const { library, token, pin, label = 'coffer' } = options
  const load = peer<typeof Pkcs11>('pkcs11js', options.module as typeof Pkcs11 | undefined, async () => {
    const loaded = (await import('pkcs11js')) as typeof Pkcs11 & { readonly default?: typeof Pkcs11 }
    return loaded.default ?? loaded
  })
  return wrappedKey({
    name: 'pkcs11',
    available: async () => isUsable(await load(), library, token),
    wrap: async (secret, context) => {
      const pkcs11 = await load()
      return withSession(pkcs11, { library, token, pin: await pin() }, (session) =>
        wrapWith(session, keyForWrapping(session, label), secret, context),
      )
    },
    unwrap: async (wrapped, context) => {
      const pkcs11 = await load()
      return withSession(pkcs11, { library, token, pin: await pin() }, (session) =>
        unwrapWith(session, (id) => keyOfId(session, label, id), wrapped, context),
      )
    },
  })
}
