import { storeConformance } from '@coffer/core/testing'
import { createVault, openVault, secureStorageSigner, type Vault } from '@coffer/signer-secure-storage'
import { indexedDbKey, indexedDbStore } from '@coffer/signer-secure-storage/indexeddb'
import { webauthnKey } from '@coffer/signer-secure-storage/webauthn'
import { argon2id } from '../../packages/signers/secure-storage/src/argon2.ts'

// What runs in the browser. The test calls these functions and looks at what they return.

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
const code = (error: unknown): string => String((error as { code?: unknown }).code ?? error)

/** Each test of the suite with its error, if it has one. */
async function storeSuite(): Promise<{ title: string; error?: string }[]> {
  const tests: { title: string; body: () => unknown }[] = []
  let made = 0
  const names = new WeakMap<object, string>()
  const make = (name = `suite-${made++}`) => {
    const store = indexedDbStore({ name })
    names.set(store, name)
    return store
  }
  storeConformance(
    { describe: (_, body) => body(), it: (title, body) => void tests.push({ title, body }) },
    { name: 'indexedDbStore', make: () => make(), reopen: (store) => make(names.get(store)) },
  )
  const results: { title: string; error?: string }[] = []
  for (const { title, body } of tests)
    try {
      await body()
      results.push({ title })
    } catch (error) {
      results.push({ title, error: String(error) })
    }
  return results
}

interface Timed {
  readonly result: string
  readonly took: number
  /** The longest time in which the page ran nothing else that waited, in milliseconds. */
  readonly blocked: number
  /** The longest time from one frame to the next. */
  readonly frame: number
  /** The longest time from one timer to the next: they have their turn after all else. */
  readonly timer: number
  /** Tasks of 50 milliseconds and more. */
  readonly longTasks: number
}

/** Runs a task beside a heart that beats as often as it can, beside timers, and beside frames. */
async function timed(task: () => Promise<string>): Promise<Timed> {
  const { port1, port2 } = new MessageChannel()
  const longest = { beat: 0, frame: 0, timer: 0 }
  const last = { beat: 0, frame: 0, timer: 0 }
  let isOver = false
  const mark = (kind: 'beat' | 'frame' | 'timer'): void => {
    const now = performance.now()
    longest[kind] = Math.max(longest[kind], now - last[kind])
    last[kind] = now
  }
  const draw = (): void => {
    mark('frame')
    if (!isOver) requestAnimationFrame(draw)
  }
  const tick = (): void => {
    mark('timer')
    if (!isOver) setTimeout(tick, 4)
  }
  port1.onmessage = () => {
    mark('beat')
    if (!isOver) port2.postMessage(null)
  }
  let longTasks = 0
  const count = (entries: PerformanceEntryList): void => void (longTasks += entries.length)
  const observer = new PerformanceObserver((list) => count(list.getEntries()))
  observer.observe({ type: 'longtask' })
  port2.postMessage(null)
  requestAnimationFrame(draw)
  tick()
  await new Promise((resolve) => setTimeout(resolve, 100))
  const start = performance.now()
  Object.assign(last, { beat: start, frame: start, timer: start })
  Object.assign(longest, { beat: 0, frame: 0, timer: 0 })
  const result = await task()
  const took = performance.now() - start
  mark('beat')
  mark('frame')
  mark('timer')
  isOver = true
  await new Promise((resolve) => setTimeout(resolve, 200))
  count(observer.takeRecords())
  observer.disconnect()
  return { result, took, blocked: longest.beat, frame: longest.frame, timer: longest.timer, longTasks }
}

/** `/self?/worker.js`: a page with a worker of its own. */
const own = location.search.slice(1)
const worker = own ? () => new Worker(own, { type: 'module' }) : undefined

const stretched = (memory: number, passes: number): Promise<Timed> =>
  timed(async () =>
    hex(
      await argon2id(
        {
          password: new TextEncoder().encode('correct horse battery'),
          salt: new Uint8Array(16).fill(7),
          memory,
          passes,
          lanes: 1,
        },
        { worker },
      ),
    ),
  )

async function abortStretch(): Promise<string> {
  const controller = new AbortController()
  let frames = 0
  // As a person does who looks at the page: after some frames.
  const press = (): void => {
    if (++frames > 5) controller.abort()
    else requestAnimationFrame(press)
  }
  requestAnimationFrame(press)
  const start = performance.now()
  const request = {
    password: new Uint8Array(8),
    salt: new Uint8Array(16),
    memory: 65_536,
    passes: 10,
    lanes: 1,
  }
  const error = await argon2id(request, { signal: controller.signal, worker }).then(() => 'done', code)
  return performance.now() - start < 1_500 ? error : 'it went on'
}

const store = indexedDbStore({ name: 'wallet' })
const passkey = webauthnKey({ rpName: 'Test wallet' })
const deviceKey = indexedDbKey({ name: 'wallet' })
let vault: Vault | undefined
const opened = (): Vault => vault!
const path = 'm/44h/60h/0h/0/0'

async function makeVault(password: string, mnemonic: string): Promise<string> {
  vault = await createVault({ store, password, secrets: [{ kind: 'mnemonic', mnemonic }], worker })
  return hex((await secureStorageSigner({ vault }).publicKey(path)).publicKey)
}

/** The public key while it is locked, then the time of unlocking. */
async function reopen(): Promise<string> {
  vault = await openVault({ store, worker })
  if (vault.state !== 'locked') throw new Error('it is open')
  return hex((await secureStorageSigner({ vault }).publicKey(path)).publicKey)
}

/** Between two marks, for who traces the page. */
async function marked(task: () => Promise<string>): Promise<string> {
  performance.mark('begin')
  const result = await task()
  performance.mark('end')
  return result
}

const unlock = (how: { password: string } | 'passkey' | 'device'): Promise<string> =>
  marked(() =>
    opened()
      .unlock(how === 'passkey' ? { key: passkey } : how === 'device' ? { key: deviceKey } : how)
      .then(() => opened().state, code),
  )

const page = {
  storeSuite,
  stretched,
  abortStretch,
  makeVault,
  reopen,
  unlock,
  available: () => Promise.all([passkey.available(), deviceKey.available()]),
  addPasskey: () =>
    opened()
      .addSlot({ key: passkey })
      .then(({ type }) => type, code),
  addDevice: () =>
    opened()
      .addSlot({ key: deviceKey })
      .then(({ type }) => type, code),
  addPin: (pin: string) =>
    opened()
      .addSlot({ pin, key: passkey })
      .then(({ type }) => type, code),
  unlockWithPin: (pin: string) =>
    opened()
      .unlock({ pin, key: passkey })
      .then(() => opened().state, code),
  state: () => opened().state,
  lock: () => opened().lock(),
  /** What stands in the database, to be searched. */
  stored: async () => {
    const texts = []
    for (const key of await store.keys()) texts.push(await store.get(key))
    return texts.join('\n')
  },
}
export type Page = typeof page
Object.assign(globalThis, { page })
