import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type * as Pkcs11 from 'pkcs11js'

// SoftHSM in a folder of its own, and tokens that misbehave.

export const PIN = '271828'

const LIBRARIES = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so']

/** What is not installed; `undefined` when the tests can run. */
export function whatIsMissing(): string | undefined {
  if (!LIBRARIES.some((path) => existsSync(path))) return 'SoftHSM (apt install softhsm2)'
  if (spawnSync('softhsm2-util', ['--version']).status !== 0) return 'softhsm2-util (apt install softhsm2)'
  try {
    loadPkcs11()
    return undefined
  } catch {
    return 'pkcs11js, compiled (npm rebuild pkcs11js)'
  }
}

export function loadPkcs11(): typeof Pkcs11 {
  return createRequire(import.meta.url)('pkcs11js') as typeof Pkcs11
}

export interface SoftHsm {
  readonly library: string
  /** A new token, by its label. */
  token(label?: string): string
  /** Does something in a token beside the code that is tested; as a user with the PIN unless `isPublic`. */
  inside<T>(token: string, task: (api: Pkcs11.PKCS11, session: Buffer) => T, isPublic?: boolean): T
  remove(): void
}

export function softHsm(): SoftHsm {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-hsm-'))
  const library = LIBRARIES.find((path) => existsSync(path)) ?? ''
  mkdirSync(join(folder, 'tokens'))
  writeFileSync(
    join(folder, 'softhsm2.conf'),
    `directories.tokendir = ${join(folder, 'tokens')}\nlog.level = ERROR\n`,
  )
  process.env['SOFTHSM2_CONF'] = join(folder, 'softhsm2.conf')
  let tokens = 0
  return {
    library,
    token: (label = `token-${tokens++}`) => {
      const args = ['--init-token', '--free', '--label', label, '--pin', PIN, '--so-pin', '1234']
      execFileSync('softhsm2-util', args, { stdio: 'pipe' })
      return label
    },
    inside: (token, task, isPublic = false) => {
      const pkcs11 = loadPkcs11()
      const api = new pkcs11.PKCS11()
      api.load(library)
      api.C_Initialize()
      try {
        const slot = api.C_GetSlotList(true).find((slot) => api.C_GetTokenInfo(slot).label.trim() === token)
        const session = api.C_OpenSession(slot!, pkcs11.CKF_SERIAL_SESSION | pkcs11.CKF_RW_SESSION)
        if (!isPublic) api.C_Login(session, pkcs11.CKU_USER, PIN)
        return task(api, session)
      } finally {
        api.C_Finalize()
        api.close()
      }
    },
    remove: () => rmSync(folder, { recursive: true }),
  }
}

type Api = Pkcs11.PKCS11
export type Overrides = {
  [K in keyof Api]?: Api[K] extends (...given: infer Given) => infer Result
    ? (real: Api, ...given: Given) => Result
    : never
}

/** The module with some of its functions replaced, and a list of those that were called. */
export function withFaults(overrides: Overrides): {
  readonly module: typeof Pkcs11
  readonly calls: string[]
  readonly open: () => number
} {
  const real = loadPkcs11()
  const calls: string[] = []
  let open = 0
  const make = function (this: unknown): Api {
    const api = new real.PKCS11()
    return new Proxy(api, {
      get: (target, name: keyof Api & string) => {
        const method = target[name] as unknown
        if (typeof method !== 'function') return method
        return (...given: unknown[]): unknown => {
          calls.push(name)
          const override = overrides[name] as ((...given: unknown[]) => unknown) | undefined
          const result = override ? override(target, ...given) : method.apply(target, given)
          if (name === 'C_OpenSession') open++
          if (name === 'C_CloseSession') open--
          return result
        }
      },
    })
  }
  const module = Object.create(real, { PKCS11: { value: make } }) as typeof Pkcs11
  return { module, calls, open: () => open }
}

/** As the module throws it. */
export function fault(name: string): Error {
  const pkcs11 = loadPkcs11()
  const code = (pkcs11 as unknown as Record<string, number>)[name]
  return new pkcs11.Pkcs11Error(name, code ?? 0x80000000, 'C_Something')
}
