/** What a decoder is given: bytes, or text. */
export type Input = string | Uint8Array

/** An input taken apart, so that a part can be changed and the rest still fits: lengths, counts and checksums are written anew. */
export type Tree = Input | Branch
export interface Branch {
  readonly items: readonly Tree[]
  /** Puts the parts together, whatever has become of them. */
  write(items: readonly Input[]): Input
  /** The same in a second writing that a strict reader refuses: numbers and lengths in longer forms than needed. */
  writeLonger?(items: readonly Input[]): Input
}

/** Takes an input apart; `undefined` when it is not of this form. */
export type Shape = (input: Input) => Branch | undefined

export function isBranch(tree: Tree): tree is Branch {
  return typeof tree === 'object' && !(tree instanceof Uint8Array)
}

/** Inputs are kept below it; a change that would make more makes nothing. */
export const LARGEST = 60_000

export function writeTree(tree: Tree): Input {
  if (!isBranch(tree)) return tree
  const items = tree.items.map(writeTree)
  const size = items.reduce((sum, { length }) => sum + length, 0)
  return tree.write(size > LARGEST ? [] : items)
}

export function toBytes(input: Input): Uint8Array {
  return typeof input === 'string' ? new Uint8Array(Buffer.from(input, 'latin1')) : input
}

export function toText(input: Input): string {
  return typeof input === 'string' ? input : Buffer.from(input).toString('latin1')
}

export function join(parts: readonly Input[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts.map(toBytes)))
}

export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}

export function hexOf(bytes: Input): string {
  return Buffer.from(toBytes(bytes)).toString('hex')
}

/** Half a character is kept as `\udXXX`: a failing input must survive a file. */
export function toJson(input: Input): object {
  return typeof input === 'string' ? { text: input } : { hex: hexOf(input) }
}

export function fromJson(json: unknown): Input {
  const { text, hex } = json as { text?: string; hex?: string }
  return text ?? fromHex(hex ?? '')
}
