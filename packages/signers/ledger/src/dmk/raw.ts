import { parsePath } from '@coffer/core'
import { type DmkTransport, dmkLink } from './link.ts'

/** Class, instruction and two parameters. */
type Header = readonly [cla: number, ins: number, p1: number, p2: number]

/** One command that a kit has no method for: the data of its answer, and the status word where it is one of `fine`. */
export async function rawCommand(
  transport: DmkTransport,
  header: Header,
  data: Uint8Array,
  fine: readonly number[] = [0x9000],
): Promise<{ readonly data: Uint8Array; readonly word: number }> {
  const answer = await dmkLink.exchange(transport, Uint8Array.of(...header, data.length, ...data))
  const word = (answer.at(-2)! << 8) | answer.at(-1)!
  if (!fine.includes(word))
    throw Object.assign(new Error(`status word 0x${word.toString(16)}`), { statusCode: word })
  return { data: answer.slice(0, -2), word }
}

/** The number of steps, then each in four bytes. */
export function pathBytes(path: string): Uint8Array {
  const steps = parsePath(path)
  const bytes = new Uint8Array(1 + 4 * steps.length)
  const view = new DataView(bytes.buffer)
  bytes[0] = steps.length
  steps.forEach((step, at) => {
    view.setUint32(1 + 4 * at, step)
  })
  return bytes
}
