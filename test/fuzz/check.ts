import { isCofferError } from '@coffer/core'
import { type Input, type Shape, toText } from './input.ts'

/** A decoder of something that comes from outside. */
export interface Target<T = unknown> {
  readonly name: string
  /** The attack that it has to withstand, by its number in docs/security.md. */
  readonly threat: string
  /** Sound inputs, to begin with. */
  corpus(): readonly Input[] | Promise<readonly Input[]>
  /** In what other ways its inputs are taken apart, beside byte by byte or letter by letter. */
  readonly shapes?: readonly Shape[]
  decode(input: never): T | Promise<T>
  /** Writes what was read: the very input again, or with `stable` one form that stays as it is when read again. */
  encode?(value: NoInfer<T>): Input | undefined
  readonly stable?: boolean
  /** What else must hold of a value that was accepted: a sentence where it does not. */
  accept?(value: NoInfer<T>, input: never): string | undefined
  /** Runs among the usual tests; set so that all of them take about a minute. */
  readonly runs: number
}

/** Inside the target's own types all is checked; the runner holds many of them. */
export type AnyTarget = Target

/** For one call, in milliseconds. */
const LONGEST = 250
/** Beside a share for each byte of input. */
const MOST_MEMORY = 64 * 1024 * 1024
const MEMORY_FOR_A_BYTE = 1_000

/** Runs one input through a target; says what is wrong, where something is. */
export async function check(target: AnyTarget, input: Input): Promise<string | undefined> {
  const found = await attempt(target, input)
  // What the machine did meanwhile is not the decoder's fault.
  if (!found?.isMeasured) return found?.what
  for (let i = 0; i < 2; i++) if (!(await attempt(target, input))?.isMeasured) return undefined
  return found.what
}

interface Found {
  readonly what: string
  /** Of time or memory. */
  readonly isMeasured?: boolean
}

async function attempt(target: AnyTarget, input: Input): Promise<Found | undefined> {
  const before = memory()
  const start = performance.now()
  let value: unknown
  let failure: unknown
  let threw = false
  try {
    value = target.decode(input as never)
    if (value instanceof Promise) value = await value
  } catch (error) {
    threw = true
    failure = error
  }
  const took = performance.now() - start
  const grew = memory() - before
  const spoilt = pollution()
  if (spoilt) return { what: `it changed ${spoilt}` }
  if (threw && !isCofferError(failure)) return { what: `it threw ${describe(failure)}` }
  if (threw && isCofferError(failure, 'INTERNAL')) return { what: `it threw INTERNAL: ${failure.message}` }
  if (took > LONGEST) return { what: `it took more than ${LONGEST} ms`, isMeasured: true }
  if (grew > MOST_MEMORY + input.length * MEMORY_FOR_A_BYTE)
    return { what: 'it took more memory than such an input may', isMeasured: true }
  if (threw) return undefined
  const wrong = await judge(target, input, value)
  return wrong === undefined ? undefined : { what: wrong }
}

async function judge(target: AnyTarget, input: Input, value: unknown): Promise<string | undefined> {
  try {
    const wrong = target.accept?.(value, input as never)
    if (wrong !== undefined) return wrong
    const written = target.encode?.(value)
    if (written === undefined) return undefined
    if (!target.stable)
      return same(written, input) ? undefined : `it read what is written otherwise: ${short(written)}`
    const again = target.encode!(await target.decode(written as never))!
    return same(again, written)
      ? undefined
      : `its canonical form ${short(written)} is read as ${short(again)}`
  } catch (error) {
    return `what it accepted cannot be used: ${describe(error)}`
  }
}

function same(a: Input, b: Input): boolean {
  return typeof a === typeof b && Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0
}

function short(input: Input): string {
  return JSON.stringify(typeof input === 'string' ? input.slice(0, 200) : toText(input).slice(0, 100))
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return `a ${typeof error}`
  const at = /^ +at .*$/m.exec(error.stack ?? '')?.[0].trim() ?? ''
  return `${error.name}: ${error.message.slice(0, 200)} ${at.replace(/file:\/\/\S*?\/(?=packages|examples|test|node_modules)/, '')}`
}

function memory(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const PROTOTYPES = { Object, Array, String, Number, Function, Uint8Array, Map, Promise, Error, RegExp }
const clean = new Map(Object.entries(PROTOTYPES).map(([name, { prototype }]) => [name, faceOf(prototype)]))

function faceOf(prototype: object): string {
  return Reflect.ownKeys(prototype).map(String).join()
}

/** The prototype that has a property more or less than at the beginning. */
function pollution(): string | undefined {
  if (({} as { polluted?: unknown }).polluted !== undefined) return 'Object.prototype'
  for (const [name, { prototype }] of Object.entries(PROTOTYPES))
    if (faceOf(prototype) !== clean.get(name)) return `${name}.prototype`
  return undefined
}
