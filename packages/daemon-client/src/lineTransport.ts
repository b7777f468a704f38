import type { CofferError } from '@coffer/core'

/** One connection that carries texts whole: lines of TCP, messages of a WebSocket. It opens when it is made. */
export interface LineTransport {
  send(text: string): void
  close(): void
  /** Node only: whether the connection keeps the process alive. */
  hold(hold: boolean): void
}

export interface LineEvents {
  onOpen(): void
  onLine(text: string): void
  /** Once, when the connection was not made or is gone. */
  onLost(error: CofferError): void
}

/** Opens a new connection. */
export type Dial = (events: LineEvents) => LineTransport
