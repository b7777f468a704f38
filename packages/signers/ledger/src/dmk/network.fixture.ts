import { afterAll, afterEach, beforeAll, expect } from 'vitest'

const NAMES = ['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource'] as const

/** Takes every way to the network away; a test fails when one was tried, even where the library swallows the error. */
export function forbidNetwork(): void {
  const own = NAMES.map((name) => [name, (globalThis as Record<string, unknown>)[name]] as const)
  const tried: string[] = []
  beforeAll(() => {
    for (const name of NAMES)
      (globalThis as Record<string, unknown>)[name] = function forbidden(...args: unknown[]) {
        tried.push(`${name} ${String(args[0])}`)
        throw new Error(`${name} was called.`)
      }
  })
  afterEach(() => expect(tried.splice(0)).toEqual([]))
  afterAll(() => {
    for (const [name, value] of own) (globalThis as Record<string, unknown>)[name] = value
  })
}
