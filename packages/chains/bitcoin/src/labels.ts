import { bigNumbersAsStrings, CofferError, isCofferError, parseJson, writeJson } from '@coffer/core'
import { parseAddress } from './address.ts'
import type { BitcoinNetwork } from './networks.ts'
import { normaliseXpub } from './slip132.ts'

/** What a label is attached to. */
export type LabelType = 'tx' | 'addr' | 'pubkey' | 'input' | 'output' | 'xpub' | 'spscan'

/** One record of a file of labels (BIP-329). */
export interface Label {
  readonly type: LabelType
  /** A transaction id, an address, a public key, `txid:index`, an extended or a silent-payments key. */
  readonly ref: string
  /** Absent where the record says nothing of it; then what a wallet has stays. */
  readonly label?: string
  /** Which wallet it belongs to, such as `wpkh([d34db33f/84'/0'/0'])`. */
  readonly origin?: string
  /** Of outputs: false when the owner does not want the coin spent. */
  readonly spendable?: boolean
  /**
   * Every other field, as it came: `height`, `time`, `fee`, `value`, `rate`, `keypath` … Integers beyond 2^53
   * as strings.
   */
  readonly more?: Readonly<Record<string, unknown>>
}

export interface SkippedLine {
  /** From 1. */
  readonly line: number
  /** What is wrong with it, for people. */
  readonly reason: string
}

export interface LabelFile {
  readonly labels: readonly Label[]
  /** Every line that was not taken, but for empty ones. */
  readonly skipped: readonly SkippedLine[]
}

const LONGEST = 64 * 1024 * 1024
const LONGEST_LINE = 100_000
const MOST_LINES = 1_000_000

/**
 * Reads a file of labels: a JSON object on each line. A line that breaks a rule, or is of a kind that is not
 * known, does not spoil the others: it is told of in `skipped`. Addresses, transaction ids and keys come back
 * in their canonical writing.
 *
 * Throws `INVALID_JSON` for what is no text, or more than 64 MB or a million lines.
 *
 * @example
 * parseLabels('{"type":"addr","ref":"bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu","label":"Rent"}', bitcoinNetwork)
 * // { labels: [{ type: 'addr', ref: 'bc1qcr8…', label: 'Rent' }], skipped: [] }
 * @see https://github.com/bitcoin/bips/blob/master/bip-0329.mediawiki
 */
export function parseLabels(text: string, network: BitcoinNetwork): LabelFile {
  if (typeof text !== 'string' || text.length > LONGEST)
    throw wrong('It is not a text of sensible length. Split it up.')
  const lines = text.replace(/^\ufeff/, '').split('\n')
  if (lines.length > MOST_LINES) throw wrong('It has too many lines. Split it up.')
  const labels: Label[] = []
  const skipped: SkippedLine[] = []
  lines.forEach((line, i) => {
    if (line.trim() === '') return
    const label = readLine(line, network)
    if (typeof label === 'string') skipped.push({ line: i + 1, reason: label })
    else labels.push(label)
  })
  return { labels, skipped }
}

/**
 * Writes labels, one JSON object on each line. Throws `INVALID_JSON` for a label that {@link parseLabels}
 * would not read back.
 *
 * @example
 * formatLabels([{ type: 'tx', ref: txid, label: 'Salary' }], bitcoinNetwork) // '{"type":"tx","ref":"…","label":"Salary"}\n'
 */
export function formatLabels(labels: readonly Label[], network: BitcoinNetwork): string {
  return labels
    .map((label, i) => {
      const { type, ref, label: text, origin, spendable, more = {} } = label
      const fields = [
        ...Object.entries({ type, ref, label: text, origin, spendable }),
        ...Object.entries(more).filter(([name]) => !KNOWN.includes(name)),
      ].filter(([, value]) => value !== undefined)
      const line = `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${writeJson(value)}`).join(',')}}`
      const read = readLine(line, network)
      if (typeof read === 'string') throw wrong(`Label ${i + 1} cannot be written. ${read}`)
      return `${line}\n`
    })
    .join('')
}

const KNOWN = ['type', 'ref', 'label', 'origin', 'spendable']

/** The label, or why there is none. */
function readLine(line: string, network: BitcoinNetwork): Label | string {
  let json: unknown
  try {
    json = parseJson(line, { maxBytes: LONGEST_LINE, maxDepth: 8, bigNumbers: bigNumbersAsStrings })
  } catch (error) {
    if (isCofferError(error, 'INVALID_JSON')) return error.message
    throw error
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return 'It is no JSON object.'
  const { type, ref, label, origin, spendable, ...more } = json as Record<string, unknown>
  if (typeof type !== 'string' || typeof ref !== 'string') return 'It has no "type" or no "ref".'
  const read = READERS.get(type as LabelType)
  if (!read) return 'Its "type" is not known.'
  const canonical = read(ref, network)
  if (canonical === undefined) return `Its "ref" is none of the type "${type}" on ${network.name}.`
  if (label !== undefined && typeof label !== 'string') return 'Its "label" is no text.'
  if (origin !== undefined && (typeof origin !== 'string' || !ORIGIN.test(origin)))
    return 'Its "origin" is none.'
  if (spendable !== undefined && (typeof spendable !== 'boolean' || type !== 'output'))
    return 'Its "spendable" is not true or false of an output.'
  return {
    type: type as LabelType,
    ref: canonical,
    ...(label === undefined ? {} : { label }),
    ...(origin === undefined ? {} : { origin }),
    ...(spendable === undefined ? {} : { spendable }),
    ...(Object.keys(more).length === 0 ? {} : { more }),
  }
}

/** An abbreviated descriptor: functions, numbers and key origins, and no keys. */
const ORIGIN = /^[a-z_]{1,20}\([0-9a-zA-Z_,()[\]/'*<>;]{1,2000}\)$/

type Read = (ref: string, network: BitcoinNetwork) => string | undefined

const READERS: ReadonlyMap<LabelType, Read> = new Map<LabelType, Read>([
  ['tx', (ref) => (/^[0-9a-f]{64}$/i.test(ref) ? ref.toLowerCase() : undefined)],
  ['addr', (ref, network) => attempt(() => parseAddress(ref, network).address)],
  [
    'pubkey',
    (ref) =>
      /^(?:[0-9a-f]{64}|0[23][0-9a-f]{64}|04[0-9a-f]{128})$/i.test(ref) ? ref.toLowerCase() : undefined,
  ],
  ['input', readPlace],
  ['output', readPlace],
  [
    'xpub',
    (ref, network) => attempt(() => (normaliseXpub(ref).testnet === network.testnet ? ref : undefined)),
  ],
  ['spscan', (ref) => (/^t?spscan1[0-9a-z]{20,400}$/.test(ref) ? ref : undefined)],
])

function readPlace(ref: string): string | undefined {
  const [, txid, index] = /^([0-9a-f]{64}):(0|[1-9][0-9]{0,9})$/i.exec(ref) ?? []
  return txid === undefined || Number(index) > 0xffffffff ? undefined : `${txid.toLowerCase()}:${index}`
}

function attempt(read: () => string | undefined): string | undefined {
  try {
    return read()
  } catch (error) {
    if (isCofferError(error, 'INVALID_ADDRESS', 'INVALID_KEY')) return undefined
    throw error
  }
}

function wrong(reason: string): CofferError {
  return new CofferError({ code: 'INVALID_JSON', message: `This file of labels cannot be used. ${reason}` })
}
