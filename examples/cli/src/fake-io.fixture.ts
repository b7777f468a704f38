import { PassThrough, Writable } from 'node:stream'
import type { Io } from './io.ts'
import { run } from './run.ts'

/** What one run of the program left behind. */
export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** Standard output as JSON. */
  json<T>(): T
}

/** Everything that any run wrote, to be searched for secrets. */
export const written: string[] = []

/** Runs the program in a home folder as if it were alone on a machine without a terminal. */
export async function runIn(
  home: string,
  argv: readonly string[],
  given: { stdin?: string; env?: Record<string, string>; signal?: AbortSignal; answers?: readonly string[] } = {},
): Promise<Ran> {
  const stdout: string[] = []
  const stderr: string[] = []
  const stdin = new PassThrough()
  if (given.answers) answer(stdin, given.answers)
  else stdin.end(given.stdin ?? '')
  const tty = given.answers !== undefined
  const io: Io = {
    stdin,
    stdout: collect(stdout),
    stderr: collect(stderr),
    env: { COFFER_HOME: home, NO_COLOR: '1', ...given.env },
    home: '/nonexistent',
    signal: given.signal ?? new AbortController().signal,
    isTTY: { stdin: tty, stdout: false, stderr: tty },
  }
  // A cheap work factor: the real one takes seconds.
  const code = await run(argv, io, { workFactor: 4 })
  const text = stdout.join('')
  written.push(text, stderr.join(''))
  return { code, stdout: text, stderr: stderr.join(''), json: () => JSON.parse(text) }
}

function collect(into: string[]): Writable {
  return new Writable({
    write: (chunk, _, done) => {
      into.push(String(chunk))
      done()
    },
  })
}

/** Types one answer after the other, with time for each question to be asked. */
function answer(stdin: PassThrough, answers: readonly string[]): void {
  answers.forEach((text, i) => setTimeout(() => stdin.write(`${text}\r`), 400 * (i + 1)))
}
