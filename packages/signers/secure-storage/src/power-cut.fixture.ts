import { existsSync, promises as fs } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { createVault, openVault } from './index.ts'
import { CHEAP, MNEMONIC, PASSWORD } from './vault.fixture.ts'

// A process that changes files and is killed at a given step of the disk: `node power-cut.mjs <folder> <task> <step>`.

const [folder = '', task = '', step = ''] = process.argv.slice(2)
const hasNoLinks = task.endsWith(' without links')
let steps = 0
const killAt = Number(step)

/** Before every step that changes the disk: what is after one is before the next. */
for (const name of ['open', 'writeFile', 'rename', 'rm', 'link', 'copyFile', 'mkdir'] as const) {
  const real = fs[name] as (...given: unknown[]) => Promise<unknown>
  const counting = async (...given: unknown[]): Promise<unknown> => {
    // Files are opened to be read and folders to be flushed; folders are made and temporary files removed to be sure.
    if (name === 'open' && given[1] === 'r') return real(...given)
    if (name === 'mkdir' && existsSync(String(given[0]))) return real(...given)
    if (name === 'rm' && !existsSync(String(given[0]))) return real(...given)
    if (steps++ === killAt) process.kill(process.pid, 'SIGKILL')
    // Some file systems give a file one name alone.
    if (name === 'link' && hasNoLinks) throw Object.assign(new Error('no links'), { code: 'ENOTSUP' })
    if (name === 'writeFile') return writeInHalves((text) => real(given[0], text, given[2]), String(given[1]))
    const result = await real(...given)
    if (name === 'open') interrupt(result as { writeFile(text: string): Promise<void> })
    return result
  }
  Object.assign(fs, { [name]: counting })
}
syncBuiltinESMExports()

/** A write may be cut in its middle as well. */
function interrupt(file: { writeFile(text: string): Promise<void> }): void {
  const real = file.writeFile.bind(file)
  file.writeFile = (text) => writeInHalves(real, text)
}

async function writeInHalves(write: (text: string) => Promise<unknown>, text: string): Promise<void> {
  if (steps++ === killAt) {
    await write(text.slice(0, text.length / 2))
    process.kill(process.pid, 'SIGKILL')
  }
  await write(text)
}

const { fileStore } = await import('./file.ts')
const store = fileStore(folder)
const [name = ''] = task.split(' ')
if (name === 'create')
  await createVault({
    store,
    password: PASSWORD,
    secrets: [{ kind: 'mnemonic', mnemonic: MNEMONIC }],
    cost: CHEAP,
  })
else if (name === 'change') {
  const vault = await openVault({ store, cost: CHEAP, autoLock: false })
  await vault.unlock({ password: PASSWORD })
  await vault.changePassword({ password: PASSWORD, newPassword: 'a new password' })
} else if (name === 'set') await store.set('key', 'new '.repeat(20_000))
else if (name === 'delete') await store.delete('key')
else if (name === 'count')
  for (let i = 0; i < 2; i++)
    await store.lock?.('key', async () => store.set('key', `${Number((await store.get('key')) ?? 0) + 1}`))
else throw new Error(`There is no task ${task}.`)
console.log(`done in ${steps} steps`)
