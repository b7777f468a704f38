import { promises as fs } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { createVault, openVault } from './index.ts'
import { CHEAP, MNEMONIC, PASSWORD } from './vault.fixture.ts'

// A process that changes a vault in files and is killed at a given step of the disk: `node power-cut.mjs <folder> <task> <step>`.

const [folder = '', task = '', step = ''] = process.argv.slice(2)
let steps = 0
const killAt = Number(step)

/** Before every step that changes the disk: what is after one is before the next. */
for (const name of ['open', 'writeFile', 'rename', 'rm', 'link', 'copyFile', 'mkdir'] as const) {
  const real = fs[name] as (...given: unknown[]) => Promise<unknown>
  const counting = async (...given: unknown[]): Promise<unknown> => {
    // Folders are opened to be flushed, and temporary files that are not there are removed to be sure.
    if (name === 'open' && given[1] === 'r') return real(...given)
    if (steps++ === killAt) process.kill(process.pid, 'SIGKILL')
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
  file.writeFile = async (text) => {
    if (steps++ === killAt) {
      await real(text.slice(0, text.length / 2))
      process.kill(process.pid, 'SIGKILL')
    }
    return real(text)
  }
}

const { fileStore } = await import('./file.ts')
const store = fileStore(folder)
if (task === 'create')
  await createVault({
    store,
    password: PASSWORD,
    secrets: [{ kind: 'mnemonic', mnemonic: MNEMONIC }],
    cost: CHEAP,
  })
else {
  const vault = await openVault({ store, cost: CHEAP, autoLock: false })
  await vault.unlock({ password: PASSWORD })
  await vault.changePassword({ password: PASSWORD, newPassword: 'a new password' })
}
console.log(`done in ${steps} steps`)
