import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { sweepLeftovers } from './supervise.ts'

// Every devnet of a test keeps its records in a temp folder of its own.
let temp: string
beforeEach(() => {
  temp = mkdtempSync(join(tmpdir(), 'supervise-test-'))
  vi.stubEnv('TMPDIR', temp)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(temp, { recursive: true, force: true })
})

const root = fileURLToPath(new URL('../../../', import.meta.url))
const source = new URL('./devnet.ts', import.meta.url).href
const folders = () => readdirSync(temp).filter((name) => name.startsWith('coffer-devnet-'))
const records = () =>
  folders().map((name) => {
    const [watcher, node] = readFileSync(join(temp, name, 'pids'), 'utf8')
      .trim()
      .split(' ')
      .map(Number)
    return { watcher: watcher as number, node: node as number }
  })

/** A process that starts a devnet with two nodes, then does `more`. Resolves once it is up. */
async function other(more: string): Promise<ChildProcess & { readonly ended: Promise<unknown> }> {
  const script = `import { startDevnet } from '${source}'
    const devnet = await startDevnet()
    console.log('up')
    ${more}`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)))
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve)
    void ended.then((how) => reject(new Error(`ended with ${how}`)))
  })
  return Object.assign(child, { ended })
}

describe.skipIf(process.platform === 'win32')('nodes end with the process that started them', () => {
  test.each([
    ['is killed', 'setInterval(() => {}, 1000); process.kill(process.pid, "SIGKILL")', 'SIGKILL'],
    ['is interrupted', 'setInterval(() => {}, 1000); process.kill(process.pid, "SIGINT")', 'SIGINT'],
    ['exits', 'process.exit(3)', 3],
    ['throws', 'process.stderr.write = () => true; setImmediate(() => { throw new Error() })', 1],
    ['forgets to stop and has nothing else to do', '', 0],
    ['stops', 'await devnet.stop()', 0],
  ])('when it %s', async (_, more, how) => {
    const child = await other(`await new Promise((resolve) => setTimeout(resolve, 100)); ${more}`)
    const nodes = records().map(({ node }) => node)
    expect(nodes).toHaveLength(2)
    expect(await child.ended).toBe(how)
    await expect.poll(() => nodes.filter(isAlive), { timeout: 3_000 }).toEqual([])
    await expect.poll(folders).toEqual([])
  })

  test('when their supervisors are killed', async () => {
    const child = await other('setInterval(() => {}, 1000)')
    const found = records()
    for (const { watcher } of found) process.kill(watcher, 'SIGKILL')
    await expect.poll(() => found.filter(({ node }) => isAlive(node)), { timeout: 3_000 }).toEqual([])
    expect(isAlive(child.pid as number)).toBe(true)
    child.kill('SIGKILL')
  })

  test('at the next start at the latest, when process and supervisors are killed together', async () => {
    const child = await other('setInterval(() => {}, 1000)')
    const living = await other('setInterval(() => {}, 1000)')
    const all = records()
    const doomed = all.filter(({ watcher }) => parentOf(watcher) === child.pid)
    expect(doomed).toHaveLength(2)
    child.kill('SIGSTOP') // so that it cannot clean up
    for (const { watcher } of doomed) process.kill(watcher, 'SIGKILL')
    child.kill('SIGKILL')
    await child.ended
    expect(doomed.every(({ node }) => isAlive(node))).toBe(true)

    await sweepLeftovers()
    await expect.poll(() => doomed.filter(({ node }) => isAlive(node))).toEqual([])
    const spared = all.filter((record) => !doomed.includes(record))
    expect(spared.every(({ node, watcher }) => isAlive(node) && isAlive(watcher))).toBe(true)
    living.kill('SIGKILL')
    await expect.poll(folders).toEqual([])
  })
})

test.skipIf(process.platform === 'win32')(
  'never ends a stranger whose pid stands in an old record',
  async () => {
    const stranger = spawn('sleep', ['60'])
    const folder = join(temp, `coffer-devnet-${hostname()}-abc123`)
    mkdirSync(folder)
    writeFileSync(join(folder, 'pids'), `${stranger.pid} ${stranger.pid}\n`)
    await sweepLeftovers()
    expect(existsSync(folder)).toBe(false)
    expect(isAlive(stranger.pid as number)).toBe(true)
    stranger.kill()
  },
)

/** Linux only, like the test that asks. */
function parentOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1])
}

/** A process that has ended but whose parent has not looked yet (a zombie) counts as ended. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  return process.platform !== 'linux' || !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
}
