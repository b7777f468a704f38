import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'

/** Everything that the program takes from its surroundings, so that tests can give it others. */
export interface Io {
  readonly stdin: Readable
  /** Takes the result of a command and nothing else. */
  readonly stdout: Writable
  /** Takes the conversation: effects, questions, progress, errors. */
  readonly stderr: Writable
  readonly env: Readonly<Record<string, string | undefined>>
  /** The home folder of the person. */
  readonly home: string
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  readonly isTTY: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean }
}

/** Where the wallet's files are: `$COFFER_HOME`, or `~/.coffer`. */
export function homeOf(io: Io): string {
  return io.env['COFFER_HOME'] || join(io.home, '.coffer')
}

/** True when there is a person to ask. */
export function isInteractive(io: Io): boolean {
  return io.isTTY.stdin && io.isTTY.stderr
}

/** All of standard input as text. */
export async function readStdin(io: Io): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}
