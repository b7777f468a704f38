import type { LedgerLink } from './link.ts'
import { disconnected, isDisconnected } from './status.ts'

/** A transport, or a function that opens one: then a lost connection can be made again. */
export type TransportSource<T> = T | (() => T | Promise<T>)

/** How long an answer may be on its way after the device has gone, in milliseconds. */
const GRACE = 50

/** The connection of a signer to its device. */
export interface Connection<T> {
  /** Whether there is a transport now, as far as is known. */
  readonly isOpen: boolean
  readonly canReopen: boolean
  /** The transport; opens one where there is none. */
  open(): Promise<T>
  exchange(apdu: Uint8Array): Promise<Uint8Array>
  /** Runs `task`; throws `DEVICE_DISCONNECTED` when the device goes meanwhile, whatever the transport does with what waits. */
  during<R>(task: (transport: T) => Promise<R>): Promise<R>
  /** Takes note of an error: after a disconnection the next operation opens a new transport. */
  note(error: unknown): void
  /** Closes what it opened itself. */
  close(): Promise<void>
}

/** One connection for each source, however many signers share it: a device is not opened a second time while it is open. */
const connections = new WeakMap<object, Connection<never>>()

export function connectionTo<T extends object>(
  source: TransportSource<T>,
  link: LedgerLink<T>,
): Connection<T> {
  const known = connections.get(source) as Connection<T> | undefined
  if (known) return known
  const connection = makeConnection(source, link)
  connections.set(source, connection as Connection<never>)
  return connection
}

function makeConnection<T extends object>(source: TransportSource<T>, link: LedgerLink<T>): Connection<T> {
  let current: T | undefined
  const connection: Connection<T> = {
    get isOpen() {
      return current !== undefined
    },
    canReopen: typeof source === 'function',
    open: async () => {
      if (current !== undefined) return current
      const opened = typeof source === 'function' ? await source() : source
      current = opened
      if (connection.canReopen)
        link.onDisconnect?.(opened, () => {
          if (current === opened) current = undefined
        })
      return opened
    },
    exchange: async (apdu) => {
      try {
        return await connection.during((transport) => link.exchange(transport, apdu))
      } catch (error) {
        connection.note(error)
        throw error
      }
    },
    during: async (task) => {
      const transport = await connection.open()
      let forget: (() => void) | undefined
      const gone = new Promise<never>((_, reject) => {
        // What was answered at the last moment still comes.
        forget = link.onDisconnect?.(transport, () => setTimeout(() => reject(disconnected()), GRACE))
      })
      try {
        return await Promise.race([task(transport), gone])
      } finally {
        forget?.()
      }
    },
    note: (error) => {
      if (connection.canReopen && isDisconnected(error)) current = undefined
    },
    close: async () => {
      const closing = current
      current = undefined
      // One that was given belongs to whoever gave it.
      if (closing !== undefined && connection.canReopen) await link.close(closing)
    },
  }
  return connection
}
