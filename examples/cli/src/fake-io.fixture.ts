import { PassThrough, Writable } from 'node:stream'
import type { Io } from './io.ts'
import { run } from './run.ts'

/** Questions, and what to type when they come. */
export type Answers = readonly (readonly [question: string, answer: string])[]

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

/** Runs a line of words, none of which holds a blank, on a machine without a terminal unless there are answers to type. */
export async function runIn(
  home: string,
  line: string,
  given: {
    stdin?: string
    env?: Record<string, string>
    signal?: AbortSignal
    answers?: Answers
    /** Hears what the program says while it runs, before it is answered. */
    hear?: (text: string) => void
  } = {},
): Promise<Ran> {
  const argv = line.split(' ').filter((word) => word !== '')
  const stdout: string[] = []
  const stderr: string[] = []
  const stdin = new PassThrough()
  const tty = given.answers !== undefined
  if (!tty) stdin.end(given.stdin ?? '')
  const left = [...(given.answers ?? [])]
  const io: Io = {
    stdin,
    stdout: collect(stdout),
    stderr: collect(stderr, (text) => {
      given.hear?.(text)
      const [question] = left[0] ?? []
      if (question === undefined || !text.includes(question)) return
      const asked = left.shift()
      setTimeout(() => stdin.write(`${asked?.[1]}\r`), 50)
    }),
    env: { COFFER_HOME: home, NO_COLOR: '1', ...given.env },
    home: '/nonexistent',
    signal: given.signal ?? new AbortController().signal,
    isTTY: { stdin: tty, stdout: false, stderr: tty },
  }
  // Cheap ones: the real ones take seconds.
  const cost = { memory: 19_456, passes: 2, lanes: 1 }
  const code = await run(argv, io, { workFactor: 4, cost })
  const text = stdout.join('')
  written.push(text, stderr.join(''))
  return { code, stdout: text, stderr: stderr.join(''), json: () => JSON.parse(text) }
}

function collect(into: string[], hear: (text: string) => void = () => {}): Writable {
  return new Writable({
    write: (chunk, _, done) => {
      into.push(String(chunk))
      hear(String(chunk))
      done()
    },
  })
}
