import { CofferError, type Engine, type Keys, nobleEngine } from '@coffer/core'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { base64 } from '@scure/base'
import { parseAddress } from './address.ts'
import { type Bip137Type, bip137Hash, checkBip137, encodeBip137, isBip137 } from './bip137.ts'
import { type Bip322Variant, checkBip322, signBip322 } from './bip322.ts'
import { equalBytes } from './bytes.ts'
import type { AccountScript } from './derive.ts'
import type { BitcoinNetwork } from './networks.ts'
import { scriptKind } from './script.ts'

/**
 * How a message is signed. `bip137` for P2PKH, P2WPKH and P2SH-P2WPKH; `bip322` for those and taproot: the simple form where the
 * address is native segwit, the full one otherwise. `bip322-simple` and `bip322-full` name the form.
 */
export type MessageFormat = 'bip137' | 'bip322' | 'bip322-simple' | 'bip322-full'

/** How a signature of a message holds. */
export interface MessageProof {
  readonly format: 'bip137' | 'bip322-simple' | 'bip322-full'
  /** False for what the standard does not allow but is widely written: a P2PKH header on a segwit address (BIP-137). */
  readonly strict: boolean
  /** Of the virtual transaction (BIP-322): 0, unless the signature is meant to hold only from a time or height on. */
  readonly locktime: number
  /** Of its input: 0, unless the signature is meant to hold only for coins of an age. */
  readonly sequence: number
}

const PREFIXES: ReadonlyMap<string, Bip322Variant> = new Map([
  ['smp', 'simple'],
  ['ful', 'full'],
])
/** Longer ones are of no known kind of address. */
const MOST_TEXT = 40_000

/**
 * Signs a message with the key of one address: base64, in BIP-137 for P2PKH and in BIP-322 for segwit when no format is named.
 * Text is signed as UTF-8.
 *
 * Full signatures begin with `ful`, as BIP-322 has it. Simple ones come without their `smp` unless `prefix` is true: verifiers
 * of before 2026 know no prefix, and later ones take its absence for a simple signature.
 *
 * Throws `WRONG_ACCOUNT` when the key is not that of the address, `UNSUPPORTED` for addresses of several keys and formats that the
 * address does not have, `SIGNATURE_WRONG` when what the key returns does not verify, `INVALID_REQUEST` for text that has no
 * UTF-8 form.
 *
 * @example
 * await signMessage({ keys, script, message: 'Hello World' }) // 'AkcwRAIg…'
 * @see https://github.com/bitcoin/bips/blob/master/bip-0322.mediawiki
 * @see https://github.com/bitcoin/bips/blob/master/bip-0137.mediawiki
 */
export async function signMessage(
  {
    keys,
    script,
    message,
    format,
    prefix,
  }: {
    readonly keys: Keys
    readonly script: AccountScript
    readonly message: string | Uint8Array
    readonly format?: MessageFormat | undefined
    readonly prefix?: boolean | undefined
  },
  engine: Engine = nobleEngine,
): Promise<string> {
  const bytes = messageBytes(message)
  const [key] = script.keys
  if (script.keys.length > 1 || script.witnessScript) throw unable('of several keys')
  if (!key || !equalBytes(key.publicKey, keys.publicKey))
    throw new CofferError({
      code: 'WRONG_ACCOUNT',
      message: 'This key is not the one of the address. Sign with the key that the address was made from.',
    })
  const text = await write(script, bytes, keys, format ?? usual(script), prefix)
  if (!proofOf(script.script, bytes, text, engine))
    throw new CofferError({
      code: 'SIGNATURE_WRONG',
      message: 'The signature does not verify. Do not use it, and check the signer.',
    })
  return text
}

/**
 * Whether the holder of an address signed a message, in BIP-137 or BIP-322, simple or full, with or without its prefix. False for
 * anything malformed, for kinds of addresses that take an interpreter of scripts, and for proofs of funds (`pof`). Use
 * {@link checkMessage} to see in which way it holds.
 *
 * Throws `INVALID_ADDRESS` for a text that is no address of the network, and `INVALID_REQUEST` as {@link signMessage} does.
 *
 * @example
 * verifyMessage({ address: 'bc1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l', message: '', signature: 'AkcwRAIg…' }, bitcoinNetwork)
 */
export function verifyMessage(
  signed: SignedMessage,
  network: BitcoinNetwork,
  engine: Engine = nobleEngine,
): boolean {
  return checkMessage(signed, network, engine) !== undefined
}

export interface SignedMessage {
  readonly address: string
  readonly message: string | Uint8Array
  /** Base64. */
  readonly signature: string
}

/** How a signature holds that {@link verifyMessage} accepts; `undefined` for others. Throws as that does. */
export function checkMessage(
  { address, message, signature }: SignedMessage,
  network: BitcoinNetwork,
  engine: Engine = nobleEngine,
): MessageProof | undefined {
  const { script } = parseAddress(address, network)
  return proofOf(script, messageBytes(message), signature, engine)
}

async function write(
  script: AccountScript,
  message: Uint8Array,
  keys: Keys,
  format: MessageFormat,
  prefix: boolean | undefined,
): Promise<string> {
  if (format === 'bip137') {
    const type = bip137TypeOf(script)
    if (!type) throw unable('of this kind')
    return base64.encode(encodeBip137(await keys.ecdsa(bip137Hash(message)), type))
  }
  const isNative = scriptKind(script.script) === 'p2wpkh' || scriptKind(script.script) === 'p2tr'
  const variant = format === 'bip322-simple' || (format === 'bip322' && isNative) ? 'simple' : 'full'
  const text = base64.encode(await signBip322(script, message, keys, variant))
  if (variant === 'full') return (prefix ?? true) ? `ful${text}` : text
  return prefix ? `smp${text}` : text
}

function usual(script: AccountScript): MessageFormat {
  return scriptKind(script.script) === 'p2pkh' ? 'bip137' : 'bip322'
}

function bip137TypeOf({ script, redeemScript }: AccountScript): Bip137Type | undefined {
  const kind = scriptKind(script)
  if (kind === 'p2pkh' || kind === 'p2wpkh') return kind
  return redeemScript && scriptKind(redeemScript) === 'p2wpkh' ? 'p2sh-p2wpkh' : undefined
}

function proofOf(
  script: Uint8Array,
  message: Uint8Array,
  signature: unknown,
  engine: Engine,
): MessageProof | undefined {
  if (typeof signature !== 'string' || signature.length > MOST_TEXT) return undefined
  const named = PREFIXES.get(signature.slice(0, 3))
  const bytes = decode(named ? signature.slice(3) : signature)
  if (!bytes) return undefined
  if (!named && isBip137(bytes)) {
    const how = checkBip137(bytes, script, message, engine)
    return how && { format: 'bip137', strict: how === 'strict', locktime: 0, sequence: 0 }
  }
  for (const variant of named ? [named] : (['simple', 'full'] as const)) {
    const locks = checkBip322(bytes, variant, script, message, engine)
    if (locks) return { format: `bip322-${variant}`, strict: true, ...locks }
  }
  return undefined
}

function decode(text: string): Uint8Array | undefined {
  try {
    return base64.decode(text)
  } catch {
    return undefined
  }
}

function messageBytes(message: string | Uint8Array): Uint8Array {
  if (typeof message !== 'string') return message
  if (/\p{Surrogate}/u.test(message))
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message:
        'The message holds half a character and has no UTF-8 form. Give it as bytes, or mend the text.',
    })
  return utf8ToBytes(message)
}

function unable(what: string): CofferError {
  return new CofferError({
    code: 'UNSUPPORTED',
    message: `An address ${what} cannot sign messages in this format. Choose another address or another format.`,
  })
}
