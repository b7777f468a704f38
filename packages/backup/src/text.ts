/*
 * Reading texts that may be secret, by hand: a regular expression leaves what it met in `RegExp.input`, where the whole program can
 * read it.
 */

/** The 32 bytes of 64 lower-case hex digits; `undefined` for anything else. */
export function keyBytes(text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string' || text.length !== 64) return undefined
  const digits = Array.from(text, (letter) => '0123456789abcdef'.indexOf(letter))
  if (digits.length !== 64 || digits.includes(-1)) return undefined
  return Uint8Array.from({ length: 32 }, (_, i) => digits[2 * i]! * 16 + digits[2 * i + 1]!)
}

/** What stands between blanks of any kind. */
export function splitWords(text: string): string[] {
  const found: string[] = []
  let isInside = false
  for (const letter of text) {
    const isBlank = letter.trim() === ''
    if (!isBlank) found.push(isInside ? found.pop()! + letter : letter)
    isInside = !isBlank
  }
  return found
}

/** Compares in a time that does not tell how much is equal. */
/** A text in each of the two forms in which systems type the letters of it that have two. */
export function formsOf(text: string): readonly string[] {
  return [text.normalize('NFC'), text.normalize('NFD')]
}

export function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.reduce((difference, byte, i) => difference | (byte ^ b[i]!), 0) === 0
}
