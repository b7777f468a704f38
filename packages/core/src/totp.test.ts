import { TOTP } from 'otpauth'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Question } from './policy-ask.ts'
import { memoryStore } from './store.ts'
import { isTotpCode, newTotp, type TotpOptions, totp } from './totp.ts'

/** The secret of the RFC's test vectors, "12345678901234567890". */
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const question = {
  chain: 'fake:1',
  account: 'me',
  sentences: [],
  effects: { list: [], warnings: [] },
  id: '',
}
const wrong = { code: 'POLICY_REFUSED', details: { rule: 'second-factor' } }

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000)
const codeNow = (shift = 0): string =>
  TOTP.generate({ secret: device.secret, timestamp: Date.now() + shift * 1000 })
const device = new TOTP({ secret: SECRET })

function ask(code: string, options: Partial<TotpOptions> = {}, store = memoryStore()) {
  return totp({ secret: () => SECRET, code: async () => code, ...options })(question as Question, { store })
}

// RFC 6238, appendix B: the last six of the eight digits.
it.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
])('takes the code of RFC 6238 at %d s', async (seconds, code) => {
  vi.setSystemTime(seconds * 1000)
  expect(await ask(code)).toBe(true)
  expect(await ask(`${code.slice(0, 3)} ${code.slice(3)}`)).toBe(true)
  expect(isTotpCode(SECRET, code)).toBe(true)
})

it('takes the code of the step before and of the one after, and no other', async () => {
  for (const shift of [-30, 0, 30]) expect(await ask(codeNow(shift))).toBe(true)
  for (const shift of [-60, 60]) await expect(ask(codeNow(shift))).rejects.toMatchObject(wrong)
  for (const code of ['', '12345', '1234567', 'abcdef', codeNow().replace(/./, '٣'), undefined])
    await expect(ask(code as string)).rejects.toMatchObject(wrong)
})

it('takes a code once, also after a restart, and none that is older', async () => {
  const store = memoryStore()
  expect(await ask(codeNow(), {}, store)).toBe(true)
  await expect(ask(codeNow(), {}, store)).rejects.toMatchObject(wrong)
  await expect(ask(codeNow(-30), {}, store)).rejects.toMatchObject(wrong)
  expect(await ask(codeNow(), { name: 'second phone' }, store)).toBe(true)
  pass(30)
  expect(await ask(codeNow(), {}, store)).toBe(true)
})

it('takes one of two who type the same code at the same time', async () => {
  const store = memoryStore()
  const code = codeNow()
  const results = await Promise.allSettled([ask(code, {}, store), ask(code, {}, store)])
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
})

it('waits after five wrong codes, twice as long after each further one, and counts on after a restart', async () => {
  const store = memoryStore()
  const asked: string[] = []
  const code = (typed: string) => async () => {
    asked.push(typed)
    return typed
  }
  for (let i = 0; i < 5; i++)
    await expect(ask('', { code: code('000000') }, store)).rejects.toThrow('The code is wrong')
  for (const wait of [60, 120, 240]) {
    await expect(ask('', { code: code('locked') }, store)).rejects.toMatchObject({
      message: `Too many wrong codes. Try again in ${wait} s.`,
      details: { rule: 'second-factor', until: Date.now() / 1000 + wait },
      retryable: true,
    })
    pass(wait - 1)
    await expect(ask('', { code: code('locked') }, store)).rejects.toThrow('Try again in 1 s.')
    pass(1)
    await expect(ask('', { code: code('000000') }, store)).rejects.toThrow('The code is wrong')
  }
  pass(480)
  expect(await ask(codeNow(), {}, store)).toBe(true)
  expect(asked).not.toContain('locked')
  await expect(ask('000000', {}, store)).rejects.toThrow('The code is wrong')
  pass(30)
  expect(await ask(codeNow(), {}, store)).toBe(true)
})

it('does not take who repeats a code for who guesses', async () => {
  const store = memoryStore()
  expect(await ask(codeNow(), {}, store)).toBe(true)
  for (let i = 0; i < 10; i++)
    await expect(ask(codeNow(), {}, store)).rejects.toThrow('The code was used already.')
  pass(30)
  expect(await ask(codeNow(), {}, store)).toBe(true)
})

it('G13: a clock that ran ahead locks nobody out for longer than a day, nor a code for longer than a minute', async () => {
  const store = memoryStore()
  pass(3_650 * 86_400)
  expect(await ask(codeNow(), {}, store)).toBe(true)
  pass(-3_650 * 86_400)
  await expect(ask(codeNow(), {}, store)).rejects.toThrow('used already')
  pass(60)
  expect(await ask(codeNow(), {}, store)).toBe(true)
  pass(3_650 * 86_400)
  for (let i = 0; i < 5; i++) await expect(ask('000000', {}, store)).rejects.toMatchObject(wrong)
  pass(-3_650 * 86_400)
  await expect(ask(codeNow(), {}, store)).rejects.toThrow('Try again in 86400 s.')
  pass(86_400)
  expect(await ask(codeNow(), {}, store)).toBe(true)
})

it('never waits longer than a day, whatever happens to the clock', async () => {
  const store = memoryStore()
  for (let i = 0; i < 30; i++) {
    await expect(ask('000000', {}, store)).rejects.toMatchObject(wrong)
    pass(86_400)
  }
  await expect(ask('000000', {}, store)).rejects.toThrow('The code is wrong')
  await expect(ask('000000', {}, store)).rejects.toThrow('Try again in 86400 s.')
  pass(-365 * 86_400)
  await expect(ask('000000', {}, store)).rejects.toThrow('Try again in 86400 s.')
})

it('does not let codes be tried side by side', async () => {
  const store = memoryStore()
  const tries = await Promise.allSettled(Array.from({ length: 20 }, () => ask('000000', {}, store)))
  const reasons = tries.map((one) => String((one as PromiseRejectedResult).reason.message))
  expect(reasons.filter((reason) => reason.startsWith('The code is wrong'))).toHaveLength(5)
  await expect(ask(codeNow(), {}, store)).rejects.toThrow('Too many')
})

it('refuses a secret that is none, and repeats it nowhere', async () => {
  for (const secret of ['', 'not base32!', 'MFRGG']) {
    const error = await ask('1', { secret: () => secret }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'INVALID_KEY' })
    if (secret) expect(String(error) + JSON.stringify(error)).not.toContain(secret)
  }
})

it('G4: makes secrets of 160 bits that authenticators read, and none without randomness', async () => {
  const { secret, uri } = newTotp({ issuer: 'Coffer', label: 'my wallet' })
  expect(secret).toMatch(/^[A-Z2-7]{32}$/)
  expect(newTotp({ issuer: 'Coffer', label: 'my wallet' }).secret).not.toBe(secret)
  const link = new URL(uri)
  expect([link.protocol, link.host, decodeURIComponent(link.pathname)]).toEqual([
    'otpauth:',
    'totp',
    '/Coffer:my wallet',
  ])
  expect(Object.fromEntries(link.searchParams)).toEqual({
    issuer: 'Coffer',
    secret,
    algorithm: 'SHA1',
    digits: '6',
    period: '30',
  })
  vi.stubGlobal('crypto', undefined)
  expect(() => newTotp({ issuer: 'a', label: 'b' })).toThrow(
    expect.objectContaining({ code: 'NO_RANDOMNESS' }),
  )
  vi.unstubAllGlobals()
})
