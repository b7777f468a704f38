import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { sweepLeftovers } from './supervise.ts'

afterEach(() => vi.unstubAllEnvs())

const root = fileURLToPath(new URL('../../../', import.meta.url))
const source = new URL('./devnet.ts', import.meta.url).href
type Finish = typeof onTestFinished

/** Every test keeps the records of its devnets in a temp folder of its own. */
function tempFolder(finish: Finish) {
  const path = mkdtempSync(join(tmpdir(), 'supervise-test-'))
  finish(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }))
  const folders = () => readdirSync(path).filter((name) => name.startsWith('coffer-devnet-'))
  const records = () =>
    folders().map((name) => {
      const [watcher, node] = readFileSync(join(path, name, 'pids'), 'utf8')
        .trim()
        .split(' ')
        .map(Number)
      return { watcher: watcher as number, node: node as number }
    })
  return { path, folders, records }
}

/** A process that starts a devnet with two nodes, and does `more` once `go` is called. Resolves once it is up. */
async function start(finish: Finish, temp: string, more: string) {
  const script = `import { startDevnet } from '${source}'
    const devnet = await startDevnet({ chains: ['ethereum', 'bnb'] })
    console.log('up')
    await new Promise((resolve) => process.stdin.once('data', resolve))
    process.stdin.destroy()
    ${more}`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    cwd: root,
    env: { ...process.env, TMPDIR: temp },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  finish(() => void child.kill('SIGKILL'))
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)))
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve)
    void ended.then((how) => reject(new Error(`ended with ${how}`)))
  })
  return { pid: child.pid as number, ended, go: () => child.stdin.write('go') }
}

describe.skipIf(process.platform === 'win32')('nodes end with the process that started them', () => {
  for (const [name, more, how] of [
    ['is killed', 'setInterval(() => {}, 1000); process.kill(process.pid, "SIGKILL")', 'SIGKILL'],
    ['is interrupted', 'setInterval(() => {}, 1000); process.kill(process.pid, "SIGINT")', 'SIGINT'],
    ['exits', 'process.exit(3)', 3],
    ['throws', 'setImmediate(() => { throw new Error() })', 1],
    ['forgets to stop and has nothing else to do', '', 0],
    ['stops', 'await devnet.stop()', 0],
  ] as const) {
    test.concurrent(`when it ${name}`, async ({ onTestFinished, expect }) => {
      const { path, folders, records } = tempFolder(onTestFinished)
      const child = await start(onTestFinished, path, more)
      const nodes = records().map(({ node }) => node)
      expect(nodes.filter(isAlive)).toHaveLength(2)
      child.go()
      expect(await child.ended).toBe(how)
      await expect.poll(() => nodes.filter(isAlive), { timeout: 3_000 }).toEqual([])
      await expect.poll(folders).toEqual([])
    })
  }

  test.concurrent('when their supervisors are killed', async ({ onTestFinished, expect }) => {
    const { path, records } = tempFolder(onTestFinished)
    const child = await start(onTestFinished, path, '')
    const found = records()
    for (const { watcher } of found) process.kill(watcher, 'SIGKILL')
    await expect.poll(() => found.filter(({ node }) => isAlive(node)), { timeout: 3_000 }).toEqual([])
    expect(isAlive(child.pid)).toBe(true)
  })

  test('at the next start at the latest, when process and supervisors are killed together', async () => {
    const { path, records } = tempFolder(onTestFinished)
    const doomed = await start(onTestFinished, path, '')
    const lost = records()
    const spared = await start(onTestFinished, path, '')
    const kept = records().filter(({ node }) => !lost.some((record) => record.node === node))
    process.kill(doomed.pid, 'SIGSTOP') // so that it cannot clean up
    for (const { watcher } of lost) process.kill(watcher, 'SIGKILL')
    process.kill(doomed.pid, 'SIGKILL')
    await doomed.ended
    await expect.poll(() => lost.filter(({ watcher }) => isAlive(watcher))).toEqual([])
    expect(lost.filter(({ node }) => isAlive(node))).toHaveLength(2)

    vi.stubEnv('TMPDIR', path)
    await sweepLeftovers()
    await expect.poll(() => lost.filter(({ node }) => isAlive(node))).toEqual([])
    expect(isAlive(spared.pid)).toBe(true)
    expect(kept.filter(({ node, watcher }) => isAlive(node) && isAlive(watcher))).toHaveLength(2)
  })
})

test.skipIf(process.platform === 'win32')(
  'never ends a stranger whose pid stands in an old record',
  async () => {
    const stranger = spawn('sleep', ['60'])
    onTestFinished(() => void stranger.kill())
    const { path, folders } = tempFolder(onTestFinished)
    vi.stubEnv('TMPDIR', path)
    const folder = join(path, `coffer-devnet-${hostname()}-abc123`)
    mkdirSync(folder)
    writeFileSync(join(folder, 'pids'), `${stranger.pid} ${stranger.pid}\n`)
    await sweepLeftovers()
    expect(folders()).toEqual([])
    expect(isAlive(stranger.pid as number)).toBe(true)
  },
)

/** A process that has ended but whose parent has not looked yet (a zombie) counts as ended. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
