import type { EcdsaSignature, Engine } from '@coffer/core'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { byteWriter, equalBytes, hash160, hash256 } from './bytes.ts'
import { p2pkhScript, p2shScript, p2wpkhScript, scriptKind } from './script.ts'

/** The first of the four headers of each kind of address. */
const HEADERS = { uncompressed: 27, p2pkh: 31, 'p2sh-p2wpkh': 35, p2wpkh: 39 } as const
const FIRST = 27
const LAST = 42
const LENGTH = 65

const PREFIX = utf8ToBytes('Bitcoin Signed Message:\n')

/** The kinds of addresses that have such signatures. */
export type Bip137Type = Exclude<keyof typeof HEADERS, 'uncompressed'>

/**
 * What is signed for a message: a double SHA-256 over a prefix and the message, each after its length, so that it can never be a
 * transaction.
 *
 * @see https://github.com/bitcoin/bips/blob/master/bip-0137.mediawiki
 */
export function bip137Hash(message: Uint8Array): Uint8Array {
  const writer = byteWriter(PREFIX.length + message.length + 10)
  writer.varBytes(PREFIX)
  writer.varBytes(message)
  return hash256(writer.done())
}

/** 65 bytes: a header that names the kind of address and the key's parity, r and s. */
export function encodeBip137({ signature, recovery }: EcdsaSignature, type: Bip137Type): Uint8Array {
  const bytes = new Uint8Array(LENGTH)
  bytes[0] = HEADERS[type] + recovery
  bytes.set(signature, 1)
  return bytes
}

/** Whether bytes have the form of such a signature. */
export function isBip137(bytes: Uint8Array): boolean {
  const header = bytes[0] ?? 0
  return bytes.length === LENGTH && header >= FIRST && header <= LAST
}

/**
 * Whether the key of an output script signed the message: `strict` by the header of its kind, `loose` by a P2PKH header for a segwit
 * address, as Electrum and others write it; `undefined` when it did not.
 */
export function checkBip137(
  bytes: Uint8Array,
  script: Uint8Array,
  message: Uint8Array,
  engine: Engine,
): 'strict' | 'loose' | undefined {
  if (!isBip137(bytes)) return undefined
  const header = bytes[0] as number
  const recovery = (header - FIRST) & 3
  // Two and three are for r above the order of the curve, which nobody ever finds.
  if (recovery > 1) return undefined
  const key = recover({ signature: bytes.subarray(1), recovery }, bip137Hash(message), engine)
  if (!key) return undefined
  const base = header - recovery
  const pays = (script_: Uint8Array): boolean => equalBytes(script_, script)
  switch (scriptKind(script)) {
    case 'p2pkh':
      if (base === HEADERS.p2pkh && pays(p2pkhScript(hash160(key)))) return 'strict'
      return base === HEADERS.uncompressed && pays(p2pkhScript(hash160(engine.uncompressed(key))))
        ? 'strict'
        : undefined
    case 'p2sh':
      return pays(p2shScript(hash160(p2wpkhScript(hash160(key))))) ? segwit(base, 'p2sh-p2wpkh') : undefined
    case 'p2wpkh':
      return pays(p2wpkhScript(hash160(key))) ? segwit(base, 'p2wpkh') : undefined
    default:
      return undefined
  }
}

function segwit(base: number, type: Bip137Type): 'strict' | 'loose' | undefined {
  if (base === HEADERS[type]) return 'strict'
  return base === HEADERS.p2pkh || base === HEADERS.uncompressed ? 'loose' : undefined
}

function recover(signature: EcdsaSignature, hash: Uint8Array, engine: Engine): Uint8Array | undefined {
  try {
    return engine.ecdsaRecover(signature, hash)
  } catch {
    return undefined
  }
}
