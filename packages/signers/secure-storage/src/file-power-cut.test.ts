import { execFile } from 'node:child_process'
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isCofferError, memoryStore } from '@coffer/core'
import { build, type Plugin } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { sourcePaths } from '../../../../scripts/source-aliases.ts'
import { fileStore } from './file.ts'
import { createVault, hasVault, openVault } from './index.ts'
import { CHEAP, MNEMONIC, memoryKey, PASSWORD } from './vault.fixture.ts'

// The same as vault-power-cut.test.ts, with real processes and a real disk: each is killed at one step, and the next opens what is left.
vi.mock('./argon2.ts', () => import('./quick-argon2.fixture.ts'))

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const here = mkdtempSync(join(tmpdir(), 'coffer-power-'))
const program = join(here, 'power-cut.mjs')
const made = join(here, 'made')

beforeAll(async () => {
  await build({
    entryPoints: [fileURLToPath(new URL('./power-cut.fixture.ts', import.meta.url))],
    outfile: program,
    bundle: true,
    format: 'esm',
    platform: 'node',
    alias: Object.fromEntries(
      Object.entries(sourcePaths())
        .filter(([entry]) => !entry.includes('*'))
        .sort(([a], [b]) => b.length - a.length)
        .map(([entry, file]) => [entry, join(root, file)]),
    ),
    loader: { '.ts': 'ts' },
    plugins: [quickArgon2],
    logLevel: 'error',
  })
  expect(await run('create', made, -1)).toContain('done')
})
afterAll(() => rmSync(here, { recursive: true }))

const quickArgon2: Plugin = {
  name: 'quick-argon2',
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]argon2\.ts$/ }, ({ path }) => ({
      contents: "export * from './quick-argon2.fixture.ts'",
      resolveDir: dirname(path),
    })),
}

function run(task: string, folder: string, step: number): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program, folder, task, String(step)], (error, stdout) => {
      if (error?.signal === 'SIGKILL') resolve('killed')
      else if (error) reject(error)
      else resolve(stdout)
    })
  })
}

/** Tries steps until there are no more, two at a time. */
async function everyStep(task: (step: number) => Promise<boolean>): Promise<void> {
  let next = 0
  let isOver = false
  const work = async (): Promise<void> => {
    while (!isOver) if (!(await task(next++))) isOver = true
  }
  await Promise.all([work(), work()])
}

async function opens(folder: string, password: string): Promise<boolean> {
  const vault = await openVault({ store: fileStore(folder), cost: CHEAP, autoLock: false })
  try {
    await vault.unlock({ password })
  } catch (error) {
    if (isCofferError(error, 'UNLOCK_FAILED')) return false
    throw error
  }
  const { id } = vault.secrets[0]!
  expect(await vault.reveal(id, { password })).toEqual({ kind: 'mnemonic', mnemonic: MNEMONIC })
  return true
}

describe.each([
  ['set', undefined],
  ['set', 'an old value'],
  ['set without links', 'an old value'],
  ['set', 'of an earlier version'],
  ['delete', 'an old value'],
  ['count', '0'],
  ['count without links', '0'],
])('killed at any step of "%s", with %j there before', (task, old) => {
  it('G6: the store opens with the old value or the new one, never with neither or a mix', async () => {
    const before = mkdtempSync(join(here, 'store-'))
    const store = fileStore(before)
    await store.set('other', 'untouched')
    if (old !== undefined) {
      await store.set('key', 'an older value')
      await store.set('key', old)
    }
    const fileOf = (folder: string, end = ''): string =>
      join(folder, readdirSync(folder).find((name) => /^key\.[0-9a-f]{32}$/.test(name))! + end)
    if (old === 'of an earlier version') writeFileSync(fileOf(before), `"key"\n${old}`)
    const fresh = task.startsWith('set') ? 'new '.repeat(20_000) : undefined
    const allowed = task.startsWith('count') ? ['0', '1', '2'] : [old, fresh]
    const seen = new Set<string | undefined>()
    let kills = 0
    await everyStep(async (step) => {
      const folder = join(before, '..', `${basename(before)}-${step}`)
      cpSync(before, folder, { recursive: true })
      const isKilled = (await run(task, folder, step)) === 'killed'
      const found = fileStore(folder)
      const value = await found.get('key')
      expect(isKilled ? allowed : allowed.slice(-1), `step ${step}`).toContain(value)
      seen.add(value)
      kills += isKilled ? 1 : 0
      expect(await found.get('other')).toBe('untouched')
      expect((await found.keys()).length).toBe(value === undefined ? 1 : 2)
      // What is kept beside it is whole as well, and no rubbish grows in the folder.
      const names = readdirSync(folder)
      expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([])
      if (value !== undefined && names.some((name) => /^key.*\.previous$/.test(name))) {
        renameSync(fileOf(folder, '.previous'), fileOf(folder))
        expect([...allowed, 'an older value']).toContain(await found.get('key'))
      }
      // Without links, a lock may be there that says not whose it is; after ten seconds it is nobody's.
      for (const name of names.filter((name) => /\.(lock|turn)$/.test(name)))
        utimesSync(join(folder, name), 0, 0)
      // And it goes on: no lock or turn of the dead one is in the way.
      await found.lock?.('key', () => found.set('key', 'later'))
      expect(await fileStore(folder).get('key')).toBe('later')
      return isKilled
    })
    expect(kills).toBeGreaterThanOrEqual(task === 'delete' ? 2 : 3)
    for (const value of allowed) expect(seen).toContain(value)
  }, 60_000)
})

it('G6: killed at any step of changing the password, it opens with the old one or the new one', async () => {
  const seen = { old: 0, new: 0 }
  await everyStep(async (step) => {
    const folder = join(here, `change-${step}`)
    cpSync(made, folder, { recursive: true })
    if ((await run('change', folder, step)) !== 'killed') {
      expect(await opens(folder, 'a new password')).toBe(true)
      return false
    }
    const isNew = await opens(folder, 'a new password')
    const isOld = await opens(folder, PASSWORD)
    expect([isOld, isNew].filter(Boolean), `step ${step}`).toHaveLength(1)
    seen[isNew ? 'new' : 'old']++
    // And no rubbish grows in the folder.
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
    return true
  })
  expect(seen.old).toBeGreaterThan(5)
  expect(seen.new).toBeGreaterThan(5)
}, 240_000)

it('G6: killed at any step of making it, there is no vault or a whole one', async () => {
  await everyStep(async (step) => {
    const folder = join(here, `create-${step}`)
    if ((await run('create', folder, step)) !== 'killed') return false
    const store = fileStore(folder)
    if (await hasVault({ store })) expect(await opens(folder, PASSWORD)).toBe(true)
    else await createVault({ store, password: PASSWORD, cost: CHEAP })
    return true
  })
}, 240_000)

it('G6: no file of its folder opens with the old password after it was changed, or holds what was removed', async () => {
  const folder = join(here, 'forgotten')
  const vault = await createVault({
    store: fileStore(folder),
    password: PASSWORD,
    secrets: [{ kind: 'mnemonic', mnemonic: MNEMONIC }],
    cost: CHEAP,
  })
  const { id } = await vault.add({ kind: 'private-key', privateKey: new Uint8Array(32).fill(1) })
  await vault.remove(id)
  await vault.changePassword({ password: PASSWORD, newPassword: 'a new password' })
  vault.lock()
  const texts = readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .filter((text) => text.includes('"box"'))
  expect(texts).toHaveLength(4)
  for (const text of texts) {
    const store = memoryStore()
    await store.set('vault', text.slice(text.indexOf('\n') + 1))
    const copy = await openVault({ store, cost: CHEAP, autoLock: false })
    await expect(copy.unlock({ password: PASSWORD })).rejects.toMatchObject({ code: 'UNLOCK_FAILED' })
    await copy.unlock({ password: 'a new password' })
    expect(copy.secrets).toHaveLength(1)
  }
})

it('G6: is refused for every byte of its file that was flipped, and for 1,000 truncations', async () => {
  const folder = join(here, 'flipped')
  const key = memoryKey()
  const vault = await createVault({ store: fileStore(folder), password: PASSWORD, cost: CHEAP })
  await vault.addSlot({ key })
  vault.lock()
  const name = readdirSync(folder).find(
    (name) => !name.startsWith('.') && !name.endsWith('.previous') && isCurrent(folder, name),
  )!
  const path = join(folder, name)
  const honest = readFileSync(path)
  const refused = async (changed: Uint8Array): Promise<unknown> => {
    writeFileSync(path, changed)
    const opened = await openVault({ store: fileStore(folder), cost: CHEAP, autoLock: false })
    return opened.unlock({ key }).then(
      () => 'it opened',
      ({ code, message }: { code: string; message: string }) => `${code} ${message}`,
    )
  }
  const expected =
    'UNLOCK_FAILED The vault does not open: what was given is wrong, or the vault was changed or damaged.'
  for (let at = 0; at < honest.length; at++) {
    const changed = Buffer.from(honest)
    changed[at]! ^= 1 << (at % 8)
    expect(await refused(changed), `byte ${at}`).toBe(expected)
  }
  for (let i = 0; i < 1000; i++) {
    const length = (i * 7919) % honest.length
    expect(await refused(honest.subarray(0, length)), `${length} bytes`).toBe(expected)
  }
  expect(await refused(honest)).toBe('it opened')
}, 120_000)

function isCurrent(folder: string, name: string): boolean {
  return readFileSync(join(folder, name), 'utf8').startsWith('"vault"\t')
}
