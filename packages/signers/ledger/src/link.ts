/** How a stack of Ledger's reaches a device: all that Coffer itself needs of it. */
export interface LedgerLink<T> {
  /** What the transport is called in messages to people: `ledgerjs`, `dmk`. */
  readonly name: string
  /** One raw exchange: data, then the two bytes of the status word. */
  exchange(transport: T, apdu: Uint8Array): Promise<Uint8Array>
  /** Calls `listener` once the device is gone; returns how to stop listening. Some transports leave what waits unanswered. */
  onDisconnect?(transport: T, listener: () => void): () => void
  /** Ends the connection. */
  close(transport: T): Promise<void>
}
