import { createHash } from 'node:crypto'

/** A transaction as its bytes say it. Everything is hexadecimal as on the wire, but ids, which are in display order. */
export interface BitcoinTx {
  readonly version: string
  readonly inputs: readonly BitcoinInput[]
  readonly outputs: readonly BitcoinOutput[]
  readonly locktime: string
}

export interface BitcoinInput {
  readonly txid: string
  readonly vout: number
  readonly script: string
  readonly sequence: string
  readonly witness: readonly string[]
}

export interface BitcoinOutput {
  /** Satoshi. */
  readonly value: bigint
  readonly script: string
}

/** `undefined` for bytes that are no transaction (BIP-144). */
export function decodeTx(raw: unknown): BitcoinTx | undefined {
  if (typeof raw !== 'string' || !/^(?:[0-9a-f]{2})+$/.test(raw)) return undefined
  let at = 0
  const take = (bytes: number): string => {
    const end = at + 2 * bytes
    if (end > raw.length) throw new RangeError('too short')
    const part = raw.slice(at, end)
    at = end
    return part
  }
  const count = (): number => {
    const first = Number.parseInt(take(1), 16)
    return first < 0xfd ? first : Number(little(take(2 << (first - 0xfd))))
  }
  const many = <T>(read: () => T): T[] => Array.from({ length: count() }, read)
  try {
    const version = take(4)
    const isSegwit = raw.startsWith('0001', at)
    if (isSegwit) take(2)
    const inputs = many(() => ({
      txid: reversed(take(32)),
      vout: Number(little(take(4))),
      script: take(count()),
      sequence: take(4),
    }))
    const outputs = many(() => ({ value: little(take(8)), script: take(count()) }))
    const witnesses = isSegwit ? inputs.map(() => many(() => take(count()))) : []
    const locktime = take(4)
    if (at !== raw.length || inputs.length === 0) return undefined
    return {
      version,
      inputs: inputs.map((input, i) => ({ ...input, witness: witnesses[i] ?? [] })),
      outputs,
      locktime,
    }
  } catch {
    return undefined
  }
}

export function encodeTx(tx: BitcoinTx): string {
  const hasWitness = tx.inputs.some(({ witness }) => witness.length > 0)
  const witnesses = tx.inputs.map(({ witness }) => size(witness.length) + witness.map(sized).join(''))
  return `${tx.version}${hasWitness ? '0001' : ''}${body(tx)}${hasWitness ? witnesses.join('') : ''}${tx.locktime}`
}

export function txidOf(tx: BitcoinTx): string {
  return hash256(`${tx.version}${body(tx)}${tx.locktime}`)
}

/** SHA-256 twice, in display order: the id of a block from its header. */
export function hash256(hex: string): string {
  const once = createHash('sha256').update(hex, 'hex').digest()
  return reversed(createHash('sha256').update(once).digest('hex'))
}

/** How Esplora names a script; Electrum has it reversed. */
export function scriptHash(script: string): string {
  return createHash('sha256').update(script, 'hex').digest('hex')
}

export function reversed(hex: string): string {
  return Buffer.from(hex, 'hex').reverse().toString('hex')
}

export function littleHex(value: bigint | number, bytes: number): string {
  return reversed(
    BigInt.asUintN(bytes * 8, BigInt(value))
      .toString(16)
      .padStart(bytes * 2, '0'),
  )
}

function body({ inputs, outputs }: BitcoinTx): string {
  return (
    size(inputs.length) +
    inputs
      .map(
        ({ txid, vout, script, sequence }) => reversed(txid) + littleHex(vout, 4) + sized(script) + sequence,
      )
      .join('') +
    size(outputs.length) +
    outputs.map(({ value, script }) => littleHex(value, 8) + sized(script)).join('')
  )
}

function little(hex: string): bigint {
  return BigInt(`0x${reversed(hex)}`)
}

function sized(hex: string): string {
  return size(hex.length / 2) + hex
}

function size(value: number): string {
  if (value < 0xfd) return littleHex(value, 1)
  return value <= 0xffff ? `fd${littleHex(value, 2)}` : `fe${littleHex(value, 4)}`
}
