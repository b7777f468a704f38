import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process'
import { lstat, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CofferError } from '@coffer/core'

export interface Program {
  /** Stands in messages, such as `anvil`. */
  readonly name: string
  readonly command: string
  /**
   * The program's arguments. They must name the working folder that is handed in: that is how a leftover is known
   * for ours, and no stranger is ever killed.
   */
  args(folder: string): readonly string[]
  /** Puts what the program reads into its working folder, before it starts. */
  prepare?(folder: string): Promise<void>
  /** What the program prints once it is ready. */
  readonly ready: RegExp
  readonly signal?: AbortSignal | undefined
}

export interface Supervised {
  /** The match of `ready`. */
  readonly match: RegExpExecArray
  stop(): Promise<void>
}

/**
 * The parent of every node. It waits on its standard input, a pipe whose other end only our process holds: when our
 * process ends, in whatever way, the pipe closes and the node is ended with it.
 */
const supervisor = `
folder=$1; shift
"$@" & node=$!
trap '' HUP INT QUIT TERM
exec >/dev/null 2>&1
echo "$$ $node" > "$folder/pids"
read -r line
kill -9 "$node"
wait "$node"
rm -rf "$folder"
`

const START_TIMEOUT = 30_000
const FOLDER_PREFIX = `coffer-devnet-${hostname().replaceAll(/[^\w.-]/g, '_')}-`

/** Runs `program` until `stop()`, and never longer than this process lives. Resolves once it is ready. */
export async function supervise(program: Program): Promise<Supervised> {
  const { name, signal } = program
  throwIfAborted(signal)
  const folder = await mkdtemp(join(tmpdir(), FOLDER_PREFIX))
  await program.prepare?.(folder).catch(async (error) => {
    await rm(folder, { recursive: true, force: true })
    throw error
  })
  const command = [program.command, ...program.args(folder)] as [string, ...string[]]
  // Windows ends the children of a process with it (libuv puts them into a job), so it needs no supervisor.
  const [file, args] =
    process.platform === 'win32'
      ? [command[0], command.slice(1)]
      : ['/bin/sh', ['-c', supervisor, 'coffer-devnet', folder, ...command]]
  // Detached: a Ctrl-C in the terminal is for our process, which then decides what ends when.
  const child = spawn(file, args, {
    cwd: folder,
    detached: process.platform !== 'win32',
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
  })
  const pipes = [child.stdin, child.stdout, child.stderr] as unknown as { ref(): void; unref(): void }[]
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => resolve())
    child.once('error', () => resolve())
  })
  child.stdin.on('error', () => {}) // The supervisor may be gone before we close the pipe.
  // Someone may kill the supervisor under us: then its node is ours to end.
  child.once('exit', () => void endLeftover(folder))

  const stop = async (): Promise<void> => {
    child.ref()
    for (const pipe of pipes) pipe.ref()
    if (process.platform === 'win32') child.kill()
    child.stdin.end()
    await closed
    await rm(folder, { recursive: true, force: true })
  }

  try {
    const match = await untilReady(child, program)
    throwIfAborted(signal)
    // A forgotten stop() must not keep a program alive that has nothing else to do.
    child.unref()
    for (const pipe of pipes) pipe.unref()
    return { match, stop }
  } catch (cause) {
    await stop()
    throwIfAborted(signal)
    throw new CofferError({ code: 'DEVNET_FAILED', message: `${name} ${(cause as Error).message}`, cause })
  }
}

function untilReady(
  child: ChildProcessWithoutNullStreams,
  { ready, signal }: Program,
): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let output = ''
    let errors = ''
    const fail = (message: string): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      reject(new Error(message))
    }
    const abort = (): void => fail('was aborted.')
    const listen = (chunk: Buffer): void => {
      output += chunk
      const match = ready.exec(output)
      if (!match) return
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      child.stdout.off('data', listen).resume()
      resolve(match)
    }
    const timer = setTimeout(
      () => fail(`was not ready within ${START_TIMEOUT / 1000} seconds.`),
      START_TIMEOUT,
    )
    signal?.addEventListener('abort', abort)
    child.stdout.on('data', listen)
    child.stderr.on('data', (chunk: Buffer) => {
      errors = (errors + chunk).slice(-500)
    })
    child.once('error', (cause) => fail(`could not be started: ${cause.message}.`))
    // Only the node holds this pipe: when it closes, the node has ended, and the supervisor may go too.
    child.stdout.once('close', () => {
      child.stdin.end()
      fail(`ended before it was ready. ${errors.trim()}`.trim())
    })
  })
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return
  throw new CofferError({
    code: 'ABORTED',
    message: 'The start of the devnet was aborted.',
    cause: signal.reason,
  })
}

/** Ends nodes whose process and supervisor were both killed. Called at every start; leaves living devnets alone. */
export async function sweepLeftovers(): Promise<void> {
  if (process.platform === 'win32') return
  const names = await readdir(tmpdir()).catch(() => [])
  await Promise.all(
    names
      .filter((name) => name.startsWith(FOLDER_PREFIX))
      .map((name) => endLeftover(join(tmpdir(), name)).catch(() => {})),
  )
}

/** Ends the node of `folder` and removes the folder, unless a supervisor still watches over it or it is not ours. */
async function endLeftover(folder: string): Promise<void> {
  const stats = await lstat(folder).catch(() => undefined)
  if (!stats?.isDirectory() || (process.getuid && stats.uid !== process.getuid())) return
  const pids = await readFile(join(folder, 'pids'), 'utf8').catch(() => '')
  const [watcher, node] = pids.trim().split(' ').map(Number)
  const isOurs = async (pid: number | undefined): Promise<boolean> =>
    Boolean(pid) && (await commandLine(pid as number)).includes(folder)
  if (!watcher && Date.now() - stats.mtimeMs < 60_000) return // Another process is just starting it.
  if (await isOurs(watcher)) return
  if (await isOurs(node)) process.kill(node as number, 'SIGKILL')
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
}

async function commandLine(pid: number): Promise<string> {
  if (process.platform === 'linux') return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).then(
    ({ stdout }) => stdout,
    () => '',
  )
}
