import { sha256 } from '@noble/hashes/sha2.js'
import { type Apdu, StatusWord } from './apdu.ts'
import type { AppContext } from './app.ts'
import type { Host } from './bitcoin-host.ts'
import { bitcoinKey, pathText, readBitcoinPath } from './bitcoin-keys.ts'
import { listElement } from './bitcoin-merkle.ts'
import type { DeviceNetwork } from './bitcoin-network.ts'
import { byteReader, withLength } from './bitcoin-reader.ts'
import { BAD_STATE, incorrect, orUndefined, WRONG_LENGTH } from './bitcoin-status.ts'
import { concat, hex, textOf, utf8 } from './byte-strings.ts'
import { signHash } from './secp-key.ts'

const CHUNK = 64
/** What is longer is shown by its hash alone. */
const LONGEST_SHOWN = 10 * CHUNK

async function readMessage(host: Host, root: Uint8Array, length: number): Promise<Uint8Array> {
  const size = Math.ceil(length / CHUNK)
  const chunks: Uint8Array[] = []
  for (let index = 0; index < size; index++) {
    const chunk = await orUndefined(listElement(host, { root, size }, index, CHUNK))
    if (!chunk || (chunk.length !== CHUNK && index < size - 1)) throw new StatusWord(BAD_STATE)
    chunks.push(chunk)
  }
  return concat(...chunks)
}

/** Signs a message as Bitcoin's own wallet does; 65 bytes. */
export async function signMessage(
  host: Host,
  { data }: Apdu,
  context: AppContext,
  network: DeviceNetwork,
): Promise<Uint8Array> {
  const reader = byteReader(data, WRONG_LENGTH)
  const path = readBitcoinPath(reader)
  if (path.length === 0) throw new StatusWord(WRONG_LENGTH)
  const length = reader.varint()
  const root = reader.bytes(32)
  if (length >= 2 ** 32) throw incorrect()
  const message = await readMessage(host, root, length)
  const isShown =
    length <= LONGEST_SHOWN && message.every((byte) => (byte >= 0x20 && byte <= 0x7e) || byte === 0x0a)
  await context.ask({
    kind: 'message',
    fields: [
      ['Path', pathText(path)],
      isShown ? ['Message', textOf(message)] : ['Message hash', hex(sha256(message)).toUpperCase()],
    ],
    warnings: [],
  })
  const hash = sha256(sha256(concat(withLength(utf8('Bitcoin Signed Message:\n')), withLength(message))))
  const key = await orUndefined((async () => bitcoinKey(context.root, path, network))())
  if (!key) throw new StatusWord(BAD_STATE)
  const { rs, parity } = signHash(key, hash)
  return concat(Uint8Array.of(27 + 4 + (parity & 1)), rs)
}
