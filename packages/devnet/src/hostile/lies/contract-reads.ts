/** A read of a contract, in bare lower-case hexadecimal. */
export interface ContractRead {
  /** The last 20 bytes of its address. */
  readonly to: string
  readonly data: string
}

export interface ContractSaid {
  readonly ok: boolean
  readonly data: string
}

export type ChangeRead = (read: ContractRead, said: ContractSaid) => ContractSaid

/** How the code begins that makes many reads as the creation of a contract, as Coffer does; what it reads follows after 0x70 bytes. */
const READER = '60708038039081906000398060005b'
const READER_SIZE = 0x70 * 2
/** `aggregate3((address,bool,bytes)[])` of Multicall3, as viem and ethers use it. */
const AGGREGATE3 = '82ad56cb'

/** Changes what contracts say in what a call returned: one call, one run of reads, or a multicall. */
export function rewriteReads(
  to: string | undefined,
  data: string,
  returned: string,
  change: ChangeRead,
): string {
  if (to === undefined) return data.startsWith(READER) ? rewriteReader(data, returned, change) : returned
  if (data.startsWith(AGGREGATE3)) return rewriteMulticall(data, returned, change)
  const said = { ok: true, data: returned }
  return change({ to, data }, said).data
}

function rewriteReader(code: string, returned: string, change: ChangeRead): string {
  const reads = readList(code.slice(READER_SIZE), 40)
  const answers = readList(returned, 2)
  if (reads.length !== answers.length) return returned
  return answers
    .map(({ head, body }, i) => {
      const read = { to: reads[i]!.head, data: reads[i]!.body }
      const { ok, data } = change(read, { ok: head === '01', data: body })
      return `${ok ? '01' : '00'}${(data.length / 2).toString(16).padStart(4, '0')}${data}`
    })
    .join('')
}

/** Entries of a head of so many digits, two bytes of length, and a body. */
function readList(hex: string, headDigits: number): { head: string; body: string }[] {
  const list: { head: string; body: string }[] = []
  for (let at = 0; at + headDigits + 4 <= hex.length; ) {
    const start = at + headDigits + 4
    const end = start + 2 * Number.parseInt(hex.slice(at + headDigits, start), 16)
    list.push({ head: hex.slice(at, at + headDigits), body: hex.slice(start, end) })
    at = end
  }
  return list
}

function rewriteMulticall(data: string, returned: string, change: ChangeRead): string {
  const calls = tuples(data.slice(8)).map((words) => ({ to: words.slice(24, 64), data: bytesAt(words, 2) }))
  const results = tuples(returned).map((words) => ({
    ok: words.slice(0, 64).endsWith('1'),
    data: bytesAt(words, 1),
  }))
  if (calls.length !== results.length) return returned
  const bodies = results.map((said, i) => {
    const { ok, data } = change(calls[i]!, said)
    return word(ok ? 1 : 0) + word(0x40) + abiBytes(data)
  })
  let offset = bodies.length * 32
  const offsets = bodies.map((body) => {
    const at = word(offset)
    offset += body.length / 2
    return at
  })
  return word(0x20) + word(bodies.length) + offsets.join('') + bodies.join('')
}

/** The entries of an ABI array of dynamic tuples, each from its first word on. */
function tuples(hex: string): string[] {
  const list = hex.slice(2 * wordAt(hex, 0))
  const body = list.slice(64)
  return Array.from({ length: Math.min(wordAt(list, 0), 1_000) }, (_, i) => body.slice(2 * wordAt(body, i)))
}

function bytesAt(tuple: string, member: number): string {
  const bytes = tuple.slice(2 * wordAt(tuple, member))
  return bytes.slice(64, 64 + 2 * wordAt(bytes, 0))
}

function wordAt(hex: string, index: number): number {
  return Number.parseInt(hex.slice(index * 64, index * 64 + 64), 16) || 0
}

export function word(value: bigint | number): string {
  return BigInt.asUintN(256, BigInt(value)).toString(16).padStart(64, '0')
}

function abiBytes(hex: string): string {
  return word(hex.length / 2) + hex.padEnd(Math.ceil(hex.length / 64) * 64, '0')
}

/** An ABI `string` as it is returned. */
export function abiText(text: string): string {
  return word(0x20) + abiBytes(Buffer.from(text).toString('hex'))
}

export const SELECTORS = {
  decimals: '313ce567',
  symbol: '95d89b41',
  name: '06fdde03',
  balanceOf: '70a08231',
  allowance: 'dd62ed3e',
}
