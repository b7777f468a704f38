import { renderUnicodeCompact } from 'uqr'

/** White on black whatever the colours of the terminal are, where it has colours. */
export function qrCode(text: string, colors: boolean): string {
  const lines = renderUnicodeCompact(text, { border: 2 }).split('\n')
  return (colors ? lines.map((line) => `\x1b[97;40m${line}\x1b[0m`) : lines).join('\n')
}
