import { CofferError } from '@coffer/core'

/** Half of a character outside the first 65,536: bytes in UTF-8 cannot hold it. */
export function isTorn(text: string): boolean {
  return /[\ud800-\udfff]/u.test(text)
}

/** Throws `INVALID_REQUEST` for what {@link isTorn}. */
export function checkWhole(what: 'key' | 'value', text: string): void {
  if (!isTorn(text)) return
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: `This ${what} ends or begins within a character, and no store can hold that. Cut texts between characters.`,
  })
}
