import { Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'

const NAMES = ['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource'] as const

/** Takes every way to the network away, sockets too; a test fails when one was tried, even where a library swallows the error. */
export function forbidNetwork(): void {
  const own = NAMES.map((name) => [name, (globalThis as Record<string, unknown>)[name]] as const)
  const { connect } = Socket.prototype
  const tried: string[] = []
  const forbidden = (what: string) =>
    function forbidden(...args: unknown[]): never {
      tried.push(`${what} ${JSON.stringify(args[0])}`)
      throw new Error(`${what} was called.`)
    }
  beforeAll(() => {
    for (const name of NAMES) (globalThis as Record<string, unknown>)[name] = forbidden(name)
    Socket.prototype.connect = forbidden('connect') as never
  })
  afterEach(() => expect(tried.splice(0)).toEqual([]))
  afterAll(() => {
    for (const [name, value] of own) (globalThis as Record<string, unknown>)[name] = value
    Socket.prototype.connect = connect
  })
}
