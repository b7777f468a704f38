import { StatusWord } from '../apdu.ts'

/** `@0/**` or `@0/<0;1>/*`: the keys of receiving and of change addresses under a key of the list. */
export interface KeyExpression {
  readonly key: number
  readonly receive: number
  readonly change: number
}

export type MultiPolicy = {
  readonly kind: 'multi' | 'sortedmulti'
  readonly threshold: number
  readonly keys: readonly KeyExpression[]
}

export type Policy =
  | { readonly kind: 'pkh' | 'wpkh' | 'tr'; readonly keys: readonly [KeyExpression] }
  | { readonly kind: 'sh(wpkh)'; readonly keys: readonly [KeyExpression] }
  | {
      readonly kind: 'sh' | 'wsh' | 'sh(wsh)'
      readonly multi: MultiPolicy
      readonly keys: readonly KeyExpression[]
    }

const MOST_KEYS = 15

const wrong = (): StatusWord => new StatusWord(0x6a80)

const HIGHEST_STEP = 0x7fffffff

/** A descriptor template: one of the types of one key, or `multi` and `sortedmulti` in `sh`, `wsh` and `sh(wsh)`. */
export function parsePolicy(template: string, keyCount: number): Policy {
  const single = /^(pkh|wpkh|tr|sh\(wpkh)\(([^()]*)\)(\)?)$/.exec(template)
  const several = /^(sh|wsh|sh\(wsh)\((multi|sortedmulti)\((\d+),([^()]*)\)\)(\)?)$/.exec(template)
  const policy = single ? singlePolicy(single) : several ? severalPolicy(several) : undefined
  if (!policy) throw wrong()
  const used = new Set(policy.keys.map(({ key }) => key))
  if (used.size !== keyCount || used.size !== policy.keys.length) throw wrong()
  if ([...used].some((key) => key >= keyCount)) throw wrong()
  return policy
}

function singlePolicy([, open = '', key = '', close = '']: RegExpExecArray): Policy {
  const nested = open === 'sh(wpkh'
  if (nested !== (close === ')')) throw wrong()
  return { kind: nested ? 'sh(wpkh)' : (open as 'pkh' | 'wpkh' | 'tr'), keys: [keyExpression(key)] }
}

function severalPolicy([
  ,
  open = '',
  kind = '',
  number = '',
  list = '',
  close = '',
]: RegExpExecArray): Policy {
  const nested = open === 'sh(wsh'
  if (nested !== (close === ')')) throw wrong()
  const keys = list.split(',').map(keyExpression)
  const threshold = Number(number)
  if (threshold < 1 || threshold > keys.length || keys.length > MOST_KEYS) throw wrong()
  const multi: MultiPolicy = { kind: kind as MultiPolicy['kind'], threshold, keys }
  return { kind: nested ? 'sh(wsh)' : (open as 'sh' | 'wsh'), multi, keys }
}

function keyExpression(text: string): KeyExpression {
  const [, key, receive = '0', change = '1'] = /^@(\d+)\/(?:\*\*|<(\d+);(\d+)>\/\*)$/.exec(text) ?? []
  if (key === undefined) throw wrong()
  const expression = { key: Number(key), receive: Number(receive), change: Number(change) }
  if (expression.receive === expression.change) throw wrong()
  if (Math.max(expression.receive, expression.change) > HIGHEST_STEP) throw wrong()
  return expression
}
