import { StatusWord } from './apdu.ts'

/** A status word after two bytes that tell why. */
export class ExplainedStatus extends StatusWord {
  readonly reason: number

  constructor(word: number, reason: number) {
    super(word)
    this.reason = reason
  }
}

const NOT_SUPPORTED = 0x6a82
export const WRONG_LENGTH = 0x6a87
export const BAD_STATE = 0xb007
export const WRONG_HMAC = 0xb008

/** 0x6a80: what the host sent is wrong. */
export const incorrect = (reason?: number): StatusWord =>
  reason === undefined ? new StatusWord(0x6a80) : new ExplainedStatus(0x6a80, reason)

export const unsupported = (reason?: number): StatusWord =>
  reason === undefined ? new StatusWord(NOT_SUPPORTED) : new ExplainedStatus(NOT_SUPPORTED, reason)

/** `undefined` instead of a status word. */
export async function orUndefined<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result
  } catch (error) {
    if (error instanceof StatusWord) return undefined
    throw error
  }
}
