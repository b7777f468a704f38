import type { TronCall, TronResult } from '@coffer/core'
import { type Bound, canonical, isNear, middle, type Rule } from './ballot.ts'
import { hashHex, isHex } from './bitcoinBytes.ts'
import type { Pins } from './quorumAsk.ts'
import { isSolid } from './tronCalls.ts'

/* How the answers to each path of java-tron's API are compared; the README has the table. */

/** What asks, rather than builds a transaction that each node builds in its own way. */
export function isQuestion({ path }: TronCall): boolean {
  return /^wallet(?:solidity)?\/(?:get|list|estimateenergy$|triggerconstantcontract$|validateaddress$|is|total)/.test(
    path,
  )
}

const NEWEST = /\/(?:getnowblock|getblock)$/
const INFO = /\/gettransactioninfobyid$/

/** True where the newest final block decides what is answered. */
export function isSolidRead(call: TronCall): boolean {
  return isSolid(call) && (NEWEST.test(call.path) || INFO.test(call.path))
}

/** The newest block by its number: that which enough nodes have. */
export function pinned(call: TronCall, pins: Pins): TronCall {
  const { path, body = {} } = call
  const height = isSolid(call) ? pins.solid : pins.latest
  if (height === undefined || !NEWEST.test(path)) return call
  if (path.endsWith('/getnowblock'))
    return { path: path.replace('getnowblock', 'getblockbynum'), body: { ...body, num: height } }
  return body.id_or_num === undefined ? { path, body: { ...body, id_or_num: String(height) } } : call
}

/** What became of a transaction above the common block is left out: the others need not know it yet. */
export function upTo(pins: Pins, call: TronCall, result: TronResult): TronResult {
  if (!INFO.test(call.path) || !result.ok) return result
  const { blockNumber } = (result.value ?? {}) as { blockNumber?: unknown }
  const height = isSolid(call) ? pins.solid : pins.latest
  return height !== undefined && Number(blockNumber) > height ? { ok: true, value: {} } : result
}

export function ruleOf({ path, body = {} }: TronCall): Rule<TronResult> {
  const name = path.slice(path.indexOf('/') + 1)
  if (/^(?:getnodeinfo|listnodes|getpendingsize|gettransactionlistfrompending)$/.test(name))
    return { key: () => 'answered', merge: ([first]) => first }
  if (name === 'estimateenergy') return ENERGY
  if (name === 'getaccountresource') return numbers(ALLOWANCES)
  if (name === 'getcandelegatedmaxsize') return numbers(LENDABLE)
  if (name === 'triggerconstantcontract') return exact(trialOf)
  if (path === 'wallet/gettransactionbyid') return known(body.value, false)
  if (path === 'wallet/gettransactionfrompending') return known(body.value, true)
  return exact((value) => value)
}

/** Usage wanes with every block, and the stake of all grows. */
const ALLOWANCES: Bound = { percent: 101n, slack: 1_000n }
const LENDABLE: Bound = { percent: 101n, slack: 10_000_000n }
const NEEDED: Bound = { percent: 110n, slack: 1_000n }

// ---- rules ----

function key(result: TronResult, of: (value: unknown) => string): string {
  return result.ok ? of(result.value) : 'refused'
}

function exact(of: (value: unknown) => unknown): Rule<TronResult> {
  return {
    key: (result) => key(result, (value) => canonical(sorted(of(value)))),
    merge: ([first]) => (first?.ok ? { ok: true, value: of(first.value) } : first),
  }
}

/** What a call would do, without the transaction that the node made up to try it. */
function trialOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const { result, energy_used, energy_penalty, constant_result, logs, transaction } = value as Json
  const { ret } = (transaction ?? {}) as Json
  return { result, energy_used, energy_penalty, constant_result, logs, transaction: { ret } }
}

/** Objects whose integers, each by itself, may differ a little. */
function numbers(bound: Bound): Rule<TronResult> {
  const split = (value: unknown): { rest: Json; integers: Map<string, bigint> } => {
    const rest: Json = {}
    const integers = new Map<string, bigint>()
    for (const [name, member] of Object.entries((value ?? {}) as Json)) {
      const integer = integerOf(member)
      if (integer === undefined) rest[name] = member
      else integers.set(name, integer)
    }
    return { rest, integers }
  }
  const near = (a: Map<string, bigint>, b: Map<string, bigint>): boolean =>
    [...a.keys(), ...b.keys()].every((name) => isNear(a.get(name) ?? 0n, b.get(name) ?? 0n, bound))
  return {
    key: (result) => key(result, (value) => canonical(sorted(split(value).rest))),
    show: (result) => (result.ok ? canonical(result.value) : 'refused'),
    merge(same, agree) {
      const [first] = same
      if (!first?.ok) return first
      const all = same.map((result) => split(result.ok ? result.value : {}).integers)
      const value: Json = { ...split(first.value).rest }
      for (const name of new Set(all.flatMap((integers) => [...integers.keys()]))) {
        const integer = middle(
          all.map((integers) => integers.get(name) ?? 0n),
          agree,
          bound,
        )
        if (integer === undefined) return undefined
        if (integer !== 0n) value[name] = written(integer)
      }
      return { ok: true, value }
    },
    isFar: (answer, believed) =>
      answer.ok && believed.ok && !near(split(answer.value).integers, split(believed.value).integers),
  }
}

/** Served by some nodes alone: where too few tell, it is as if none did. */
const ENERGY: Rule<TronResult> = {
  ...numbers(NEEDED),
  key: (result) => (hasEnergy(result) ? 'energy' : 'not told'),
  merge: (same, agree) =>
    same[0] && hasEnergy(same[0]) ? numbers(NEEDED).merge?.(same, agree, same) : same[0],
  last: (all) => all.find((result) => !hasEnergy(result)),
}

function hasEnergy(result: TronResult): boolean {
  return result.ok && integerOf(((result.value ?? {}) as Json).energy_required) !== undefined
}

/**
 * One node that knows a transaction is enough, since its bytes prove themselves, and to call it lost would be worse. What is
 * believed of it beyond its bytes, enough must say.
 */
function known(txid: unknown, isOptional: boolean): Rule<TronResult> {
  return {
    key: (result) => key(result, () => 'an answer'),
    merge(same, agree, all) {
      if (!same[0]?.ok) return same[0]
      const texts = same.map(canonical)
      const often = same.find(
        (result, i) => isProven(result, txid) && texts.filter((text) => text === texts[i]).length >= agree,
      )
      if (often) return often
      const one = all.find((result) => isProven(result, txid))
      if (!one?.ok) return { ok: true, value: {} }
      const { txID, raw_data_hex } = one.value as Json
      return { ok: true, value: { txID, raw_data_hex } }
    },
    ...(isOptional ? { last: (all) => all.find(({ ok }) => !ok) } : {}),
  }
}

function isProven(result: TronResult, txid: unknown): boolean {
  if (!result.ok) return false
  const { txID, raw_data_hex: data } = (result.value ?? {}) as Json
  return txID === txid && isHex(data) && hashHex(data) === txid
}

// ---- values ----

type Json = Record<string, unknown>

function integerOf(value: unknown): bigint | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  return typeof value === 'string' && /^-?[0-9]{1,40}$/.test(value) ? BigInt(value) : undefined
}

/** As a source gives integers: beyond 2^53 as digits. */
function written(value: bigint): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
}

/** Maps are lists of `key` and `value` in the API, in any order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(sorted)
    const isMap = items.every((item) => typeof item === 'object' && item !== null && 'key' in item)
    return isMap ? items.sort((a, b) => (canonical(a) < canonical(b) ? -1 : 1)) : items
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, sorted(member)]))
}
