import { type Apdu, StatusWord } from '../apdu.ts'
import type { Reply } from '../app.ts'

/** Asks the host something in the middle of a command; returns what it answers. */
export type AskHost = (question: Uint8Array) => Promise<Uint8Array>

export type Command = (ask: AskHost) => Promise<Uint8Array>

const INTERRUPTED = 0xe000
const BAD_STATE = 0xb007

export interface Channel {
  /** Runs a command to its end or its first question. A command that waits for the host is given up. */
  begin(command: Command): Promise<Reply | Uint8Array>
  /** Gives the host's answer to the command that waits for it. */
  resume(apdu: Apdu): Promise<Reply | Uint8Array>
}

/** A command runs as one function, though it takes many APDUs: each of its questions is the answer to one of them. */
export function channel(): Channel {
  let resume: ((answer: Uint8Array) => Promise<Reply | Uint8Array>) | undefined

  const begin = (command: Command): Promise<Reply | Uint8Array> => {
    let turn = deferred<Reply | Uint8Array>()
    const first = turn.promise
    resume = undefined
    const ask: AskHost = (question) => {
      const answered = deferred<Uint8Array>()
      resume = (answer) => {
        resume = undefined
        turn = deferred()
        answered.resolve(answer)
        return turn.promise
      }
      turn.resolve({ data: question, word: INTERRUPTED })
      return answered.promise
    }
    command(ask).then(
      (data) => turn.resolve(data),
      (error: unknown) => turn.reject(error),
    )
    return first
  }

  return {
    begin,
    resume: ({ data }) => {
      if (!resume) throw new StatusWord(BAD_STATE)
      return resume(data)
    },
  }
}

interface Deferred<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
  reject(error: unknown): void
}

function deferred<T>(): Deferred<T> {
  let settle: Pick<Deferred<T>, 'resolve' | 'reject'> | undefined
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject }
  })
  return { promise, ...settle! }
}
