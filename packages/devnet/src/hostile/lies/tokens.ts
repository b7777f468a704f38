import { isJson, type Json } from '../json.ts'
import type { Call, Lie } from '../lie.ts'
import { abiText, type ChangeRead, rewriteReads, SELECTORS, word } from './contract-reads.ts'
import { any, changing, param, rpc, tron } from './make.ts'

export interface TokenLie {
  /** Of this contract alone: `0x…`, or `41…` on Tron; of every contract when not given. */
  readonly token?: string
}

/** E8, T4: a token that says another number of decimals, on EVM chains and Tron, alone, in Coffer's reader and in multicalls. */
export function decimals(count: bigint | number, options: TokenLie = {}): Lie {
  return tokenLie('tokens.decimals', 'E8', 'decimals', () => word(count), options)
}

/** E8: a token under another symbol, of any characters. */
export function symbol(text: string, options: TokenLie = {}): Lie {
  return tokenLie('tokens.symbol', 'E8', 'symbol', () => abiText(text), options)
}

/** E8: a token under another name. */
export function tokenName(text: string, options: TokenLie = {}): Lie {
  return tokenLie('tokens.tokenName', 'E8', 'name', () => abiText(text), options)
}

/** G14: another balance of a token, for whoever asks. */
export function balance(amount: bigint, options: TokenLie = {}): Lie {
  return tokenLie('tokens.balance', 'G14', 'balanceOf', () => word(amount), options)
}

/** E4: an allowance that is not there, or hides one that is. */
export function allowance(amount: bigint, options: TokenLie = {}): Lie {
  return tokenLie('tokens.allowance', 'E4', 'allowance', () => word(amount), options)
}

/** E8: reads of a token that fail. */
export function unreadable(options: TokenLie = {}): Lie {
  const wanted = lastBytes(options.token)
  return reading('tokens.unreadable', 'E8', (read, said) =>
    wanted === undefined || read.to === wanted ? { ok: false, data: '' } : said,
  )
}

function tokenLie(
  name: string,
  attack: string,
  question: keyof typeof SELECTORS,
  lie: () => string,
  { token }: TokenLie,
): Lie {
  const wanted = lastBytes(token)
  return reading(name, attack, (read, said) =>
    read.data.startsWith(SELECTORS[question]) && (wanted === undefined || read.to === wanted)
      ? { ok: true, data: lie() }
      : said,
  )
}

function reading(name: string, attack: string, change: ChangeRead): Lie {
  const about = any(rpc('eth_call'), tron('triggerconstantcontract'))
  return changing(name, attack, about, (value, call) =>
    call.protocol === 'rpc' ? changeEvm(value, call, change) : changeTron(value, call, change),
  )
}

function changeEvm(value: unknown, call: Call, change: ChangeRead): unknown {
  const asked = param(call, 0)
  if (!isJson(asked) || typeof value !== 'string') return value
  const data = String(asked.data ?? asked.input ?? '').slice(2)
  const returned = rewriteReads(lastBytes(asked.to), data.toLowerCase(), value.slice(2), change)
  return `0x${returned}` === value ? value : `0x${returned}`
}

function changeTron(value: unknown, call: Call, change: ChangeRead): unknown {
  const asked = call.protocol === 'http' && isJson(call.body) ? call.body : undefined
  if (!asked || !isJson(value) || !Array.isArray(value.constant_result)) return value
  const { constant_result: said } = value
  const selector = selectorOf(asked)
  const data = typeof asked.data === 'string' ? asked.data : selector + String(asked.parameter ?? '')
  const to = lastBytes(asked.contract_address)
  const returned = rewriteReads(to, data.toLowerCase(), said.join(''), change)
  return returned === said.join('') ? value : { ...value, constant_result: [returned] }
}

/** Clients of java-tron may write the function instead of its selector. */
function selectorOf({ function_selector: text }: Json): string {
  const name = /^[a-zA-Z]+/.exec(String(text))?.[0] ?? ''
  return SELECTORS[name as keyof typeof SELECTORS] ?? ''
}

function lastBytes(address: unknown): string | undefined {
  return typeof address === 'string' && address !== '' ? address.toLowerCase().slice(-40) : undefined
}
