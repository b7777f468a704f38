import type { Apdu } from './apdu.ts'
import type { AppContext } from './app.ts'
import {
  base58check,
  bitcoinKey,
  extendedKey,
  isStandardPath,
  pathText,
  readBitcoinPath,
} from './bitcoin-keys.ts'
import type { DeviceNetwork } from './bitcoin-network.ts'
import { byteReader } from './bitcoin-reader.ts'
import { incorrect, unsupported, WRONG_LENGTH } from './bitcoin-status.ts'
import { utf8 } from './byte-strings.ts'

/** An extended public key; one at a path that is not usual is shown first, or refused. */
export async function giveExtendedKey(
  { data }: Apdu,
  context: AppContext,
  network: DeviceNetwork,
): Promise<Uint8Array> {
  const reader = byteReader(data, WRONG_LENGTH)
  const display = reader.u8()
  const path = readBitcoinPath(reader)
  if (display > 1) throw incorrect()
  if (display === 0 && !isStandardPath(path, network)) throw unsupported()
  const text = base58check.encode(extendedKey(bitcoinKey(context.root, path, network), network))
  if (display === 1)
    await context.ask({
      kind: 'public key',
      fields: [
        ['Path', pathText(path)],
        ['Public key', text],
      ],
      warnings: [],
    })
  return utf8(text)
}
