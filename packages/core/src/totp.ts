import { Secret, TOTP } from 'otpauth'
import { CofferError } from './error.ts'
import { parseJson } from './json.ts'
import type { Ask, AskOptions, Question } from './policy-ask.ts'
import { randomBytes } from './random.ts'
import { type Store, withLock } from './store.ts'

export interface TotpOptions {
  /** The shared secret in Base32, as `newTotp` made it. Called for each question, so that it can rest encrypted in between. */
  readonly secret: () => string | Promise<string>
  /** Asks the person for the code that the authenticator shows now. */
  readonly code: (
    question: Question,
    options: { readonly signal?: AbortSignal | undefined },
  ) => Promise<string>
  /** Tells several authenticators of one store apart; `default` when not given. */
  readonly name?: string | undefined
}

/** Codes of the step before and of the one after are taken, too: people and clocks are slow. */
const WINDOW = 1
const PERIOD = 30
/** So many wrong codes in a row; then each further one doubles the wait. */
const TRIES = 5
const FIRST_WAIT = 60
const LONGEST_WAIT = 86_400

/**
 * A second factor for a step of a policy: the six digits of an authenticator app (RFC 6238: SHA-1, 30 seconds). A code is
 * taken once. After five wrong ones it waits a minute, then two, then four, at most a day; the count rests in the wallet's
 * store and survives a restart.
 *
 * It guards against who has the wallet but not the authenticator. Who can read the secret has both: keep it apart from the
 * wallet's keys, or better on a server that `code` asks.
 *
 * Throws `POLICY_REFUSED` with `details.rule` `second-factor`, and `INVALID_KEY` for a secret that is none.
 *
 * @example
 * policy: { steps: [{ when: { newRecipient: true }, ask: totp({ secret: readSecret, code: askPerson }) }] }
 * @see https://www.rfc-editor.org/rfc/rfc6238
 */
export function totp({ secret, code, name = 'default' }: TotpOptions): Ask {
  return async (question, { signal, store }: AskOptions) => {
    const device = deviceOf(await secret())
    await changeTries(store, name, (tries) => {
      assertFree(tries)
      return tries
    })
    const token = String(await code(question, { signal })).replace(/[\s-]/g, '')
    let wrong: string | undefined
    await changeTries(store, name, (tries) => {
      // Somebody else may have tried while this person typed.
      assertFree(tries)
      const counter = counterOf(device, token)
      wrong = undefined
      if (counter !== undefined && counter > tries.used) return { used: counter, failed: 0, until: 0 }
      // Who repeats a code does not guess.
      wrong = counter === undefined ? 'The code is wrong.' : 'The code was used already.'
      if (counter !== undefined) return tries
      return { ...tries, failed: tries.failed + 1, until: waitAfter(tries.failed + 1) }
    })
    if (wrong === undefined) return true
    throw refused(`${wrong} Wait for the next one and try again.`)
  }
}

/**
 * A new secret for an authenticator app, and the link that its camera reads from a QR code. Show both once; let the person
 * type one code (`isTotpCode`) before you rely on it. Throws `NO_RANDOMNESS`.
 *
 * @example
 * const { secret, uri } = newTotp({ issuer: 'Coffer', label: 'main wallet' }) // otpauth://totp/Coffer:main%20wallet?…
 */
export function newTotp({ issuer, label }: { readonly issuer: string; readonly label: string }): {
  readonly secret: string
  readonly uri: string
} {
  const secret = new Secret({ buffer: randomBytes(20).buffer })
  return { secret: secret.base32, uri: new TOTP({ issuer, label, secret, period: PERIOD }).toString() }
}

/** True for the code that an authenticator with this secret shows now. Counts nothing: for setting it up alone. */
export function isTotpCode(secret: string, code: string): boolean {
  return counterOf(deviceOf(secret), code.replace(/[\s-]/g, '')) !== undefined
}

// ---- codes ----

function deviceOf(secret: string): TOTP {
  try {
    const key = Secret.fromBase32(secret)
    if (key.bytes.length >= 10) return new TOTP({ secret: key, period: PERIOD })
  } catch {
    // The reason would repeat the secret.
  }
  throw new CofferError({
    code: 'INVALID_KEY',
    message: 'The secret of the authenticator is not Base32 of at least 80 bits. Set it up anew.',
  })
}

/** The time step whose code this is. */
function counterOf(device: TOTP, token: string): number | undefined {
  if (!/^[0-9]{6}$/.test(token)) return undefined
  const timestamp = Date.now()
  const delta = device.validate({ token, timestamp, window: WINDOW })
  return delta === null ? undefined : Math.floor(timestamp / 1000 / PERIOD) + delta
}

// ---- tries ----

interface Tries {
  /** The newest time step whose code was taken. */
  readonly used: number
  /** Wrong codes since. */
  readonly failed: number
  /** Unix seconds before which no code is taken. */
  readonly until: number
}

function waitAfter(failed: number): number {
  if (failed < TRIES) return 0
  return now() + Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (failed - TRIES))
}

function assertFree({ until }: Tries): void {
  const left = until - now()
  if (left > 0) throw refused(`Too many wrong codes. Try again in ${left} s.`, { until })
}

const now = (): number => Math.floor(Date.now() / 1000)

/** A clock that ran ahead locks nobody out for longer than the longest wait, and no code for longer than it lives. */
function sound(tries: Tries): Tries {
  const used = Math.min(tries.used, Math.floor(now() / PERIOD) + WINDOW)
  const until = Math.min(tries.until, now() + LONGEST_WAIT)
  return used === tries.used && until === tries.until ? tries : { ...tries, used, until }
}

async function changeTries(store: Store, name: string, change: (tries: Tries) => Tries): Promise<void> {
  const key = `policy/totp/${name}`
  await withLock(store, key, async () => {
    const text = await store.get(key)
    const before = text === undefined ? { used: 0, failed: 0, until: 0 } : (parseJson(text) as Tries)
    const tries = sound(before)
    // Kept whatever comes of it, so that what a clock did wrong ends some time.
    if (tries !== before) await store.set(key, JSON.stringify(tries))
    const next = change(tries)
    if (next !== tries) await store.set(key, JSON.stringify(next))
  })
}

function refused(message: string, details: Record<string, unknown> = {}): CofferError {
  return new CofferError({
    code: 'POLICY_REFUSED',
    message,
    details: { rule: 'second-factor', ...details },
    retryable: true,
  })
}
