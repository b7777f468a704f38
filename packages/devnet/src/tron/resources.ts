import { type Parameters, parameter } from './parameters.ts'
import { type Resource, type State, SUN_PER_TRX } from './state.ts'

// java-tron's arithmetic of usage that recovers over 24 hours: integers, with one multiplication by a double in each step. The
// doubles are kept, since the charges of the real chain have their rounding in them.

/** 24 hours in slots. */
export const WINDOW = 28_800n
const PRECISION = 1_000_000n
const WINDOW_PRECISION = 1_000n

/** Usage with a fixed window: free bandwidth, and the public pool. */
export function increase(
  usage: bigint,
  added: bigint,
  time: bigint,
  now: bigint,
  window: bigint = WINDOW,
): bigint {
  const average = decayed(divideCeil(usage * PRECISION, window), time, now, window)
  return ((average + divideCeil(added * PRECISION, window)) * window) / PRECISION
}

/** What is left of a usage at `now`, with the window that it has. */
export function recovered(resource: Resource, now: bigint): bigint {
  return increase(resource.usage, 0n, resource.time, now, windowSlots(resource))
}

/**
 * Brings usage up to `now` and adds to it; the window becomes the mean of the old and a new one, weighed by usage. The caller
 * decides whether `time` moves along: reads and checks leave it.
 */
export function consume(resource: Resource, added: bigint, now: bigint): Resource {
  const oldWindow = windowSlots(resource)
  const average = decayed(divideCeil(resource.usage * PRECISION, oldWindow), resource.time, now, oldWindow)
  const usage = (average * oldWindow + divideCeil(added * PRECISION, WINDOW) * WINDOW) / PRECISION
  const remaining = (average * oldWindow) / PRECISION
  if (remaining === 0n) return { ...resource, usage, window: WINDOW * WINDOW_PRECISION }
  const left = windowOf(resource) - (now - resource.time) * WINDOW_PRECISION
  const mean = divideCeil(remaining * left + added * WINDOW * WINDOW_PRECISION, usage)
  return { ...resource, usage, window: min(mean, WINDOW * WINDOW_PRECISION) }
}

/** The usage that comes back to the owner of stake together with the stake that a receiver used up. */
export function giveBack(owner: Resource, receiver: Resource, moved: bigint, now: bigint): Resource {
  const current = consume(owner, 0n, now)
  const usage = current.usage + moved
  if (usage === 0n) return { ...current, usage, time: now, window: WINDOW * WINDOW_PRECISION }
  const mean = divideCeil(current.usage * windowOf(current) + moved * windowOf(receiver), usage)
  return { ...current, usage, time: now, window: min(mean, WINDOW * WINDOW_PRECISION) }
}

/** Bytes per day of an account's stake and what was lent to it. */
export function netLimit(state: State, { frozen, acquired }: Resource): bigint {
  return share(frozen + acquired, parameter(state.parameters, 'getTotalNetLimit'), state.netWeight)
}

/** Energy per day of an account's stake and what was lent to it. */
export function energyLimit(state: State, { frozen, acquired }: Resource): bigint {
  return share(frozen + acquired, totalEnergy(state.parameters), state.energyWeight)
}

export function energyLeft(state: State, resource: Resource, now: bigint): bigint {
  return max(energyLimit(state, resource) - recovered(resource, now), 0n)
}

export function totalEnergy(parameters: Parameters): bigint {
  return parameter(parameters, 'getTotalEnergyCurrentLimit')
}

/** `stake` sun of `weight` TRX give this much of `total`. */
export function share(stake: bigint, total: bigint, weight: bigint): bigint {
  if (weight === 0n) return 0n
  return truncate((Number(stake) / Number(SUN_PER_TRX)) * (Number(total) / Number(weight)))
}

/** The stake in sun that stands behind `usage`. */
export function stakeBehind(usage: bigint, total: bigint, weight: bigint): bigint {
  return truncate(Number(usage * SUN_PER_TRX) * (Number(weight) / Number(total)))
}

/** As Java casts a double to a long. */
export function truncate(value: number): bigint {
  return Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n
}

export function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

export function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

function decayed(average: bigint, time: bigint, now: bigint, window: bigint): bigint {
  if (time === now) return average
  if (time + window <= now) return 0n
  const decay = Number(window - (now - time)) / Number(window)
  return BigInt(Math.round(Number(average) * decay))
}

function windowOf({ window }: Resource): bigint {
  return window === 0n ? WINDOW * WINDOW_PRECISION : window
}

function windowSlots({ window }: Resource): bigint {
  return window < WINDOW_PRECISION ? WINDOW : window / WINDOW_PRECISION
}

function divideCeil(numerator: bigint, denominator: bigint): bigint {
  return numerator / denominator + (numerator % denominator > 0n ? 1n : 0n)
}
