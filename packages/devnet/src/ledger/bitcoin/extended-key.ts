import { StatusWord } from '../apdu.ts'
import type { AppContext } from '../app.ts'
import { utf8 } from '../byte-strings.ts'
import { type DeviceKeys, isExportable, pathText, readPath } from './keys.ts'
import type { DeviceNetwork } from './networks.ts'
import { reader } from './reader.ts'

/** The extended public key of a path; of an unusual one only when its owner allows it. */
export async function getExtendedKey(
  data: Uint8Array,
  context: AppContext,
  keys: DeviceKeys,
  network: DeviceNetwork,
): Promise<Uint8Array> {
  const read = reader(data, 0x6a87)
  const display = read.byte()
  if (display > 1) throw new StatusWord(0x6a80)
  const path = readPath(read)
  const usual = isExportable(path, network)
  if (!usual && display === 0) throw new StatusWord(0x6a82)
  const text = keys.at(path).publicExtendedKey
  if (display === 1)
    await context.ask({
      kind: 'public key',
      fields: [
        ['Path', pathText(path)],
        ['Public key', text],
      ],
      warnings: usual ? [] : ['Unusual path'],
    })
  return utf8(text)
}
