import { bech32, bech32m } from '@scure/base'
import { base58check } from './bitcoin-keys.ts'
import type { DeviceNetwork } from './bitcoin-network.ts'
import { concat, hex } from './byte-strings.ts'

const RETURN = 0x6a
const LONGEST_RETURN = 83
const MOST_PUSHES = 5

const startsWith = (script: Uint8Array, ...bytes: readonly number[]): boolean =>
  bytes.every((byte, at) => script[at] === byte)

/** The address of a scriptPubKey; `undefined` for what has none. */
export function scriptAddress(script: Uint8Array, network: DeviceNetwork): string | undefined {
  const { length } = script
  if (length === 25 && startsWith(script, 0x76, 0xa9, 20) && script[23] === 0x88 && script[24] === 0xac)
    return base58check.encode(concat(Uint8Array.of(network.pubKeyHash), script.slice(3, 23)))
  if (length === 23 && startsWith(script, 0xa9, 20) && script[22] === 0x87)
    return base58check.encode(concat(Uint8Array.of(network.scriptHash), script.slice(2, 22)))
  const [first = 0xff, size] = script
  const version = first === 0 ? 0 : first - 0x50
  if (length < 4 || length > 42 || version < 0 || version > 16 || first === 0x50 || size !== length - 2)
    return undefined
  const program = script.slice(2)
  if (version > 0) return bech32m.encode(network.bech32, [version, ...bech32m.toWords(program)])
  if (size !== 20 && size !== 32) return undefined
  return bech32.encode(network.bech32, [0, ...bech32.toWords(program)])
}

/** The data of an OP_RETURN output; `undefined` where the app refuses it. */
function returnText(script: Uint8Array): string | undefined {
  if (script[0] !== RETURN || script.length > LONGEST_RETURN) return undefined
  const parts: string[] = []
  for (let at = 1; at < script.length; ) {
    const opcode = script[at++]!
    if (opcode === 0) parts.push('0')
    else if (opcode === 0x4f) parts.push('-1')
    else if (opcode >= 0x51 && opcode <= 0x60) parts.push(`${opcode - 0x50}`)
    else if (opcode <= 0x4c) {
      const length = opcode === 0x4c ? (script[at++] ?? 0) : opcode
      const data = script.slice(at, at + length)
      const isNumber = length === 1 && (data[0] === 0x81 || (data[0]! >= 1 && data[0]! <= 16))
      if (data.length !== length || isNumber || (opcode === 0x4c && length <= 0x4b)) return undefined
      parts.push(`0x${hex(data)}`)
      at += length
    } else return undefined
  }
  return parts.length > MOST_PUSHES ? undefined : ['OP_RETURN', ...parts].join(' ')
}

/** What the device shows for an output: its address or its data; `undefined` where the app refuses it. */
export const outputText = (script: Uint8Array, network: DeviceNetwork): string | undefined =>
  scriptAddress(script, network) ?? returnText(script)
