import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isCofferError } from '@coffer/core'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sourcePaths } from '../../../../scripts/source-aliases.ts'
import { fileStore } from './file.ts'
import { createVault, hasVault, openVault } from './index.ts'
import { CHEAP, MNEMONIC, memoryKey, PASSWORD } from './vault.fixture.ts'

// The same as vault-power-cut.test.ts, with real processes and a real disk: each is killed at one step, and the next opens what is left.

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
    logLevel: 'error',
  })
  expect(await run('create', made, -1)).toContain('done')
})
afterAll(() => rmSync(here, { recursive: true }))

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
  expect(seen.old).toBeGreaterThan(10)
  expect(seen.new).toBeGreaterThan(10)
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
