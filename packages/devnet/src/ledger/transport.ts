/**
 * An in-process transport with the shape and the manners of `@ledgerhq/hw-transport`: one exchange at a time, and a second
 * call of an app while one runs is refused.
 */
export interface LedgerTransport {
  exchange(apdu: Buffer): Promise<Buffer>
  send(
    cla: number,
    ins: number,
    p1: number,
    p2: number,
    data?: Buffer,
    statusList?: number[],
  ): Promise<Buffer>
  exchangeBulk(
    apdus: Buffer[],
    observer: { next(answer: Buffer): void; error(error: unknown): void; complete(): void },
  ): { unsubscribe(): void }
  close(): Promise<void>
  on(event: string, listener: (...args: unknown[]) => void): void
  off(event: string, listener: (...args: unknown[]) => void): void
  setScrambleKey(key: string): void
  setExchangeTimeout(milliseconds: number): void
  decorateAppAPIMethods(self: Record<string, unknown>, methods: string[], scrambleKey: string): void
  decorateAppAPIMethod(
    name: string,
    method: (...args: unknown[]) => Promise<unknown>,
    self: object,
    scrambleKey: string,
  ): (...args: unknown[]) => Promise<unknown>
  readonly deviceModel: null
  setTraceContext(context: object): void
  updateTraceContext(context: object): void
  getTraceContext(): undefined
}

/** An error with the name and the fields that those of `@ledgerhq/errors` have: they are told apart by these alone. */
function failure(name: string, message: string, fields: object = {}): Error {
  return Object.assign(new Error(message), { name, ...fields })
}

export function makeTransport(device: {
  isPlugged(): boolean
  exchange(apdu: Uint8Array): Promise<Uint8Array>
  onClose(self: { drop(): void }): void
}): { readonly transport: LedgerTransport; drop(): void } {
  const listeners = new Map<string, Set<(...args: unknown[]) => void>>()
  let open = device.isPlugged()
  let busy = false
  let lock: string | undefined
  let interrupt: ((error: Error) => void) | undefined
  if (!open) throw failure('DisconnectedDevice', 'The device is not plugged in.')

  const drop = (): void => {
    if (!open) return
    open = false
    interrupt?.(failure('DisconnectedDeviceDuringOperation', 'The device was disconnected.'))
    for (const listener of listeners.get('disconnect') ?? [])
      listener(failure('DisconnectedDevice', 'The device was disconnected.'))
  }

  const transport: LedgerTransport = {
    exchange: async (apdu) => {
      if (!open) throw failure('DisconnectedDevice', 'The device was disconnected.')
      if (busy)
        throw failure(
          'TransportRaceCondition',
          'An action was already pending on the Ledger device. Please deny or reconnect.',
        )
      busy = true
      try {
        const cut = new Promise<never>((_, reject) => {
          interrupt = reject
        })
        return Buffer.from(await Promise.race([device.exchange(Uint8Array.from(apdu)), cut]))
      } finally {
        busy = false
        interrupt = undefined
      }
    },
    send: async (cla, ins, p1, p2, data = Buffer.alloc(0), statusList = [0x9000]) => {
      if (data.length >= 256)
        throw failure('TransportError', `data.length exceed 256 bytes limit. Got: ${data.length}`, {
          id: 'DataLengthTooBig',
        })
      const answer = await transport.exchange(Buffer.from([cla, ins, p1, p2, data.length, ...data]))
      const word = answer.readUInt16BE(answer.length - 2)
      if (!statusList.includes(word))
        throw failure(
          word === 0x5515 ? 'LockedDeviceError' : 'TransportStatusError',
          `Ledger device: (0x${word.toString(16)})`,
          { statusCode: word },
        )
      return answer
    },
    exchangeBulk: (apdus, observer) => {
      let unsubscribed = false
      const run = async (): Promise<void> => {
        for (const apdu of apdus) {
          if (unsubscribed) return
          observer.next(await transport.exchange(apdu))
        }
      }
      run().then(observer.complete, observer.error)
      return {
        unsubscribe: () => {
          unsubscribed = true
        },
      }
    },
    close: async () => {
      open = false
      device.onClose(self)
    },
    on: (event, listener) => {
      const set = listeners.get(event) ?? new Set()
      listeners.set(event, set.add(listener))
    },
    off: (event, listener) => void listeners.get(event)?.delete(listener),
    setScrambleKey: () => {},
    setExchangeTimeout: () => {},
    decorateAppAPIMethods: (self, methods, scrambleKey) => {
      for (const name of methods)
        self[name] = transport.decorateAppAPIMethod(name, self[name] as never, self, scrambleKey)
    },
    decorateAppAPIMethod:
      (name, method, self) =>
      async (...args) => {
        if (lock !== undefined)
          throw failure('TransportError', `Ledger Device is busy (lock ${lock})`, { id: 'TransportLocked' })
        lock = name
        try {
          return await method.apply(self, args)
        } finally {
          lock = undefined
        }
      },
    deviceModel: null,
    setTraceContext: () => {},
    updateTraceContext: () => {},
    getTraceContext: () => undefined,
  }
  const self = { transport, drop }
  return self
}
