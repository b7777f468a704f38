/** Longest text of a server that is kept, in characters. */
const MOST = 500

/**
 * Text of a server, fit to be shown: no control, bidirectional or invisible characters, URLs cut to their origin (they
 * may hold keys), at most 500 characters.
 */
export function cleanText(text: unknown): string {
  if (typeof text !== 'string') return ''
  let clean = ''
  for (const character of text.slice(0, MOST * 4)) clean += isShown(character.charCodeAt(0)) ? character : ' '
  return clean
    .replace(/\b(https?|wss?):\/\/[^\s"'<>]+/gi, (url) => originOf(url))
    .replace(/ +/g, ' ')
    .trim()
    .slice(0, MOST)
}

/** Scheme, host and port of a URL: what may be shown of it. */
function originOf(url: string): string {
  const [scheme = '', rest = ''] = url.split('://')
  const authority = rest.split(/[/?#\\]/, 1)[0] ?? ''
  return `${scheme}://${authority.slice(authority.lastIndexOf('@') + 1)}`
}

function isShown(code: number): boolean {
  if (code < 0x20 || (code >= 0x7f && code <= 0x9f) || code === 0xad || code === 0x61c) return false
  if (code >= 0x200b && code <= 0x200f) return false
  if ((code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f)) return false
  return code !== 0xfeff && !(code >= 0xfff0 && code <= 0xfffb)
}
