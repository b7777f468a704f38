import { StatusWord } from './apdu.ts'
import type { Reply } from './app.ts'
import { type ByteReader, byteReader } from './bitcoin-reader.ts'
import { ExplainedStatus } from './bitcoin-status.ts'
import { bytesOfNumber, concat } from './byte-strings.ts'

const INTERRUPTED = 0xe000

const YIELD = 0x10

/** The computer that the device is plugged into: it answers questions while a command runs, and may lie. */
export interface Host {
  ask(question: Uint8Array): Promise<ByteReader>
}

export const yieldToHost = (host: Host, result: Uint8Array): Promise<ByteReader> =>
  host.ask(concat(Uint8Array.of(YIELD), result))

/** A command that asks the host questions: every question is an answer with the status word 0xe000. */
interface Dialogue {
  /** Whether a question waits for its answer. */
  readonly isWaiting: boolean
  begin(command: (host: Host) => Promise<Uint8Array>): Promise<Uint8Array | Reply>
  resume(answer: Uint8Array): Promise<Uint8Array | Reply>
  /** Ends a command that waits. */
  forget(): void
}

export function dialogue(): Dialogue {
  let waiting: ((answer: ByteReader) => void) | undefined
  let speak: (reply: Uint8Array | Reply) => void = () => {}
  let fail: (error: unknown) => void = () => {}

  const turn = (go: () => void): Promise<Uint8Array | Reply> =>
    new Promise((resolve, reject) => {
      speak = resolve
      fail = reject
      go()
    })
  const host: Host = {
    ask: (question) =>
      new Promise((resolve) => {
        waiting = resolve
        speak({ data: question, word: INTERRUPTED })
      }),
  }
  const failed = (error: unknown): void => {
    if (error instanceof ExplainedStatus) speak({ data: bytesOfNumber(error.reason, 2), word: error.word })
    else fail(error)
  }
  return {
    get isWaiting() {
      return waiting !== undefined
    },
    begin: (command) =>
      turn(() => {
        command(host).then((data) => speak(data), failed)
      }),
    resume: (answer) => {
      const go = waiting
      if (!go) throw new StatusWord(0xb007)
      waiting = undefined
      return turn(() => go(byteReader(answer, 0x6a80)))
    },
    forget: () => {
      waiting = undefined
    },
  }
}
