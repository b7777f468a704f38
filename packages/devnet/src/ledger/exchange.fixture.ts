import type { SimulatedApp } from './app.ts'
import { type LedgerDevice, ledgerDevice } from './device.ts'
import type { Person } from './person.ts'

export const MNEMONIC =
  'glory promote mansion idle axis finger extra february uncover one trip resource lawn turtle enact monster seven myth punch hobby comfort wild raise skin'

export const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replace(/^0x/, ''), 'hex'))

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** The bytes of a path such as `44'/60'/0'/0/0` in a command. */
function pathBytes(path: string): Uint8Array {
  const steps = path.split('/')
  const data = Buffer.alloc(1 + 4 * steps.length)
  data[0] = steps.length
  steps.forEach((step, at) => {
    data.writeUInt32BE(Number.parseInt(step, 10) + (step.endsWith("'") ? 0x80000000 : 0), 1 + 4 * at)
  })
  return Uint8Array.from(data)
}

export const withPath = (path: string, ...data: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(Buffer.concat([pathBytes(path), ...data]))

export function deviceWith(app: SimulatedApp, person?: Person): LedgerDevice {
  return ledgerDevice({ mnemonic: MNEMONIC, apps: [app], open: app.name, person })
}

/** One command of the class e0: the data of the answer in hex, and its status word. */
export async function send(
  device: LedgerDevice,
  ins: number,
  p1: number,
  p2: number,
  data: Uint8Array = new Uint8Array(),
): Promise<{ data: string; word: number }> {
  const answer = await device.exchange(Uint8Array.of(0xe0, ins, p1, p2, data.length, ...data))
  const end = answer.length - 2
  return { data: hex(answer.slice(0, end)), word: answer[end]! * 256 + answer[end + 1]! }
}

/** Sends data in chunks of `size` bytes; the first answer that is not 9000, or the last. */
export async function sendChunks(
  device: LedgerDevice,
  ins: number,
  data: Uint8Array,
  size = 255,
): Promise<{ data: string; word: number }> {
  let answer = { data: '', word: 0 }
  for (let at = 0; at < data.length; at += size) {
    answer = await send(device, ins, at === 0 ? 0x00 : 0x80, 0, data.slice(at, at + size))
    if (answer.word !== 0x9000) return answer
  }
  return answer
}
