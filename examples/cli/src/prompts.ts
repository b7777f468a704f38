import { confirm, isCancel, password, text } from '@clack/prompts'
import { CofferError } from '@coffer/core'
import { type Io, isInteractive } from './io.ts'

/** Questions to the person at the terminal. Ctrl-C in one of them throws `ABORTED`. */
export interface Prompts {
  /** A line that is not shown while it is typed. */
  secret(message: string, validate?: (value: string) => string | undefined): Promise<string>
  line(message: string, validate?: (value: string) => string | undefined): Promise<string>
  /** A yes or no; no when only Enter is pressed. */
  yes(message: string): Promise<boolean>
}

/** `otherwise` says what to do where there is nobody to ask: it then becomes the error, `INVALID_REQUEST`. */
export function prompts(io: Io, otherwise: string): Prompts {
  const common = { input: io.stdin, output: io.stderr, signal: io.signal, withGuide: false }
  const ask = async <T extends string | boolean>(question: () => Promise<T | symbol>): Promise<T> => {
    if (!isInteractive(io))
      throw new CofferError({
        code: 'INVALID_REQUEST',
        message: `There is no terminal to ask at. ${otherwise}`,
      })
    const answer = await question()
    if (isCancel(answer)) throw new CofferError({ code: 'ABORTED', message: 'Cancelled. Nothing was done.' })
    return answer as T
  }
  const checked = (validate: ((value: string) => string | undefined) | undefined) =>
    validate ? { validate: (value: string | undefined) => validate(value ?? '') } : {}

  return {
    secret: (message, validate) =>
      ask<string>(() => password({ ...common, message, mask: '', clearOnError: true, ...checked(validate) })),
    line: (message, validate) => ask<string>(() => text({ ...common, message, ...checked(validate) })),
    yes: (message) => ask<boolean>(() => confirm({ ...common, message, initialValue: false })),
  }
}
