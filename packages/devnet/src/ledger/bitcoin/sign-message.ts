import { sha256 } from '@noble/hashes/sha2.js'
import { StatusWord } from '../apdu.ts'
import type { AppContext } from '../app.ts'
import { concat, hex, textOf, utf8 } from '../byte-strings.ts'
import { signHash } from '../secp-key.ts'
import type { Host } from './host.ts'
import { type DeviceKeys, pathText, readPath } from './keys.ts'
import { reader, varint } from './reader.ts'

const PREFIX = utf8('\x18Bitcoin Signed Message:\n')
const CHUNK = 64
/** The longest message that is shown; of another one only its hash is. */
const LONGEST_SHOWN = 640
/** Of a signature that recovers a compressed key. */
const HEADER = 31

/** Signs a message in the oldest way: 65 bytes, from which its key can be recovered. */
export async function signMessage(
  data: Uint8Array,
  host: Host,
  context: AppContext,
  keys: DeviceKeys,
): Promise<Uint8Array> {
  const read = reader(data, 0x6a87)
  const path = readPath(read)
  const length = read.varint()
  const root = read.bytes(32)
  const size = Math.ceil(length / CHUNK)
  const chunks: Uint8Array[] = []
  for (let at = 0; at < size; at++) {
    const chunk = await host.element({ root, size }, at)
    if (chunk.length !== Math.min(CHUNK, length - at * CHUNK)) throw new StatusWord(0xb007)
    chunks.push(chunk)
  }
  const message = concat(...chunks)
  await context.ask({
    kind: 'message',
    fields: [
      ['Path', pathText(path)],
      isShown(message) ? ['Message', textOf(message)] : ['Message hash', hex(sha256(message)).toUpperCase()],
    ],
    warnings: [],
  })
  const digest = sha256(sha256(concat(PREFIX, varint(length), message)))
  const { rs, parity } = signHash(keys.at(path), digest)
  return concat(Uint8Array.of(HEADER + (parity & 1)), rs)
}

/** Whether a device can show a message: short and of printable ASCII. */
const isShown = (message: Uint8Array): boolean =>
  message.length <= LONGEST_SHOWN && message.every((byte) => byte >= 0x20 && byte <= 0x7e)
