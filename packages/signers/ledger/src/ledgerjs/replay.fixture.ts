import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type Transport from '@ledgerhq/hw-transport'
import type { LedgerjsTransport } from './transport.ts'

/** One exchange recorded from an app of Ledger's, in its emulator. */
export interface Recording {
  readonly id: string
  readonly app: { readonly name: string; readonly version: string }
  readonly description: string
  readonly mnemonic: string
  readonly settings?: Readonly<Record<string, boolean>>
  readonly method: string
  // biome-ignore lint/suspicious/noExplicitAny: what each method takes
  readonly args: any
  readonly apdus: readonly (readonly [command: string, answer: string])[]
  // biome-ignore lint/suspicious/noExplicitAny: what each method returns
  readonly expected: { readonly result?: any; readonly error?: { readonly statusCode?: string } }
}

export function recordings(file: string): readonly Recording[] {
  const url = new URL(`../../../../../test/ledger/recordings/${file}`, import.meta.url)
  return JSON.parse(readFileSync(url, 'utf8')) as Recording[]
}

const RealTransport = createRequire(import.meta.url)('@ledgerhq/hw-transport').default as new () => Transport

/**
 * A transport of Ledger's own class that answers as it was recorded, in the recorded order, and nothing else but `aside`:
 * questions that may come at any time, such as which app is open.
 */
export function replay(
  { app, apdus }: Pick<Recording, 'app' | 'apdus'>,
  aside: Readonly<Record<string, string>> = {},
): { readonly transport: LedgerjsTransport; readonly left: () => number } {
  const queue = [...apdus]
  const [name, version] = [Buffer.from(app.name), Buffer.from(app.version)]
  const open = Buffer.from([1, name.length, ...name, version.length, ...version, 1, 0, 0x90, 0])
  class Replay extends RealTransport {
    override async exchange(apdu: Buffer): Promise<Buffer> {
      const command = apdu.toString('hex')
      const [next] = queue
      if (next && same(next[0], command)) return Buffer.from(queue.shift()![1], 'hex')
      if (aside[command] !== undefined) return Buffer.from(aside[command], 'hex')
      if (command === 'b001000000') return open
      throw new Error(`not recorded: ${command}, where ${next?.[0]} was to come`)
    }
  }
  return { transport: new Replay() as never, left: () => queue.length }
}

/** The two libraries of the Bitcoin app write another last parameter into `f801`, which the app does not look at. */
function same(recorded: string, command: string): boolean {
  const bare = (text: string): string =>
    text.replace(/^f801000[01]/, 'f8010000').replace(/^f8010001/, 'f8010000')
  return bare(recorded) === bare(command)
}
