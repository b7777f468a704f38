import { readFileSync, readlinkSync } from 'node:fs'

/**
 * True when a process of this number runs. With the `mark` of {@link processMark} it must be the same process, and not a later one
 * that was given its number; of a process in another container nothing can be seen, so it counts as running.
 */
export function isAlive(pid: number, mark = ''): boolean {
  if (pid === 0) return false
  const [space, start] = mark.split('-')
  if (start !== undefined && space !== processSpace()) return true
  if (!runs(pid)) return false
  const now = startOf(pid)
  return start === undefined || now === undefined || now === start
}

/** Tells this process from all others that had or will have its number; empty where the system does not say (all but Linux). */
export function processMark(): string {
  const space = processSpace()
  const start = startOf(process.pid)
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

/** In ticks since the machine was switched on: field 22, counted behind the name, which may hold anything. */
function startOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}
