import { readFileSync, readlinkSync } from 'node:fs'

/**
 * True when a process of this number runs. With the `mark` of {@link processMark} it must be the same process, and not a later one
 * that was given its number; of a process in another container nothing can be seen, so it counts as running.
 */
export function isAlive(pid: number, mark = ''): boolean {
  if (pid === 0) return false
  const [, start] = mark.split('-')
  if (start !== undefined && !isCertain(mark)) return true
  if (!runs(pid)) return false
  const [now, state] = statOf(pid)
  // It has ended, and nobody has asked how.
  if (state === 'Z' || state === 'X') return false
  return start === undefined || now === undefined || now === start
}

/** True when {@link isAlive} is certain of a process with this mark, and not only when its number is free. */
export function isCertain(mark = ''): boolean {
  const [space, start] = mark.split('-')
  return start !== undefined && space === processSpace()
}

/** Tells this process from all others that had or will have its number; empty where the system does not say (all but Linux). */
export function processMark(): string {
  const space = processSpace()
  const [start] = statOf(process.pid)
  return space === undefined || start === undefined ? '' : `${space}-${start}`
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It runs, for another user.
    return (error as { readonly code?: unknown } | null)?.code === 'EPERM'
  }
}

/** The numbers of two containers have nothing to do with each other. */
function processSpace(): string | undefined {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0]
  } catch {
    return undefined
  }
}

/**
 * When it began, in ticks since the machine was switched on, and its state: fields 22 and 3, counted behind the name, which may hold
 * anything. Empty where the system does not say.
 */
function statOf(pid: number): readonly [start?: string | undefined, state?: string | undefined] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return [fields[19], fields[0]]
  } catch {
    return []
  }
}
