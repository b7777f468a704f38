/* How the answers of several sources are counted. Pure: who was asked, and when, is not known here. */

export interface Vote<T> {
  readonly by: string
  readonly answer: T
}

/** What makes two answers the same, and what is believed once enough said the same. */
export interface Rule<T> {
  /** Equal texts mean the same answer. */
  key(answer: T): string
  /**
   * Of those who said the same, where that leaves something open, such as a rate: what is believed; `undefined` while
   * they are too far apart. The first one's answer when not given.
   */
  merge?(same: readonly T[], agree: number, all: readonly T[]): T | undefined
  /** Whether one who said the same is too far from what is believed. */
  isFar?(answer: T, believed: T): boolean
  /** What people are shown of an answer, where the key does not tell. */
  show?(answer: T): string
  /** What is believed when nobody is left to ask and no answer has enough. */
  last?(all: readonly T[]): T | undefined
}

export interface Agreed<T> {
  readonly key: string
  readonly value: T
}

/** The answer that at least `agree` gave. `agree` is more than half of those asked, so that no two answers have enough. */
export function count<T>(
  votes: readonly Vote<T>[],
  agree: number,
  rule: Rule<T>,
  isLast: boolean,
): Agreed<T> | undefined {
  const all = votes.map(({ answer }) => answer)
  const camps = new Map<string, T[]>()
  for (const answer of all) {
    const key = rule.key(answer)
    camps.set(key, [...(camps.get(key) ?? []), answer])
  }
  for (const [key, same] of camps) {
    if (same.length < agree) continue
    const value = rule.merge ? rule.merge(same, agree, all) : same[0]
    if (value !== undefined) return { key, value }
  }
  if (!isLast || votes.length < agree) return undefined
  const value = rule.last?.(all)
  return value === undefined ? undefined : { key: rule.key(value), value }
}

/** True for an answer that is not the one that is believed. */
export function dissents<T>(answer: T, { key, value }: Agreed<T>, rule: Rule<T>): boolean {
  return rule.key(answer) !== key || (rule.isFar?.(answer, value) ?? false)
}

/** How far apart two honest numbers may be: a factor in percent, and a difference that is always borne. */
export interface Bound {
  readonly percent: bigint
  readonly slack: bigint
}

/**
 * The middle of numbers that honest sources compute differently. Of `2 · agree − 1` or more it is the median, which lies
 * between honest ones as long as fewer than `agree` lie. Of fewer, `agree` must be close to each other.
 */
export function middle(numbers: readonly bigint[], agree: number, bound: Bound): bigint | undefined {
  const sorted = [...numbers].sort(ascending)
  if (sorted.length >= 2 * agree - 1) return sorted[sorted.length >> 1]
  for (let at = 0; at + agree <= sorted.length; at++) {
    const group = sorted.slice(at, at + agree)
    if (isNear(group[0] ?? 0n, group.at(-1) ?? 0n, bound)) return group[group.length >> 1]
  }
  return undefined
}

export function isNear(a: bigint, b: bigint, { percent, slack }: Bound): boolean {
  const [low, high] = a < b ? [a, b] : [b, a]
  return high <= (low * percent) / 100n + slack
}

/** The highest number that `agree` reach. */
export function reached(numbers: readonly bigint[], agree: number): bigint | undefined {
  return [...numbers].sort(ascending).at(-agree)
}

/** The highest block that `agree` have, of those that are at most `maxLag` blocks apart. */
export function commonHeight(heights: readonly number[], agree: number, maxLag: number): number | undefined {
  const sorted = [...heights].sort((a, b) => b - a)
  for (let at = 0; at + agree <= sorted.length; at++) {
    const [highest, lowest] = [sorted[at] ?? 0, sorted[at + agree - 1] ?? 0]
    if (highest - lowest <= maxLag) return lowest
  }
  return undefined
}

/** One text for equal JSON: sorted names, no nulls, hexadecimal in lower case. */
export function canonical(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(/^0x[0-9a-fA-F]*$/.test(value) ? value.toLowerCase() : value)
  if (typeof value === 'bigint') return `"${value}"`
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item ?? null)).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined && member !== null)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`)
  return `{${members.join()}}`
}

function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
