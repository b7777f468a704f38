import { base64urlnopad } from '@scure/base'

const encoder = new TextEncoder()

export const utf8 = (text: string): Uint8Array => encoder.encode(text)
export const fromUtf8 = (bytes: Uint8Array): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes)

/** Base64 for URLs, without padding: one writing for each sequence of bytes. */
export const toBase64 = (bytes: Uint8Array): string => base64urlnopad.encode(bytes)
/** Throws for anything that {@link toBase64} does not write. */
export const fromBase64 = (text: string): Uint8Array => base64urlnopad.decode(text)

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** In a time that does not depend on where they differ. */
export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let different = 0
  for (let i = 0; i < a.length; i++) different |= a[i]! ^ b[i]!
  return different === 0
}
