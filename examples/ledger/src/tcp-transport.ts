import { connect, type Socket } from 'node:net'

/**
 * A transport to a Ledger behind a TCP port, as its emulator Speculos has one: what Ledger's libraries call of one, told by
 * its shape. A command goes as its length in four bytes and itself; the answer as the length of its data in four bytes, the
 * data, and two bytes of status word.
 */
export interface TcpTransport {
  exchange(apdu: Uint8Array): Promise<Buffer>
  send(
    cla: number,
    ins: number,
    p1: number,
    p2: number,
    data?: Uint8Array,
    statusList?: readonly number[],
  ): Promise<Buffer>
  close(): Promise<void>
  on(event: string, listener: (error: Error) => void): void
  off(event: string, listener: (error: Error) => void): void
  decorateAppAPIMethods(app: object, methods: readonly string[], scrambleKey: string): void
  setScrambleKey(): void
}

type Method = (...args: unknown[]) => Promise<unknown>

/** The lengths of a length and of a status word. */
const [LENGTH, STATUS] = [4, 2]
const OK = 0x9000

/** Connects. Throws `CantOpenDevice` where nobody answers. */
export async function openTcp(host: string, port: number): Promise<TcpTransport> {
  const socket = await opened(host, port)
  const listeners = new Set<(error: Error) => void>()
  let waiting: { resolve(answer: Buffer): void; reject(error: Error): void } | undefined
  let received = Buffer.alloc(0)
  let isOpen = true
  let busyWith: string | undefined

  socket.on('data', (bytes) => {
    received = Buffer.concat([received, bytes])
    if (received.length < LENGTH) return
    const end = LENGTH + received.readUInt32BE(0) + STATUS
    if (received.length < end) return
    const answer = received.subarray(LENGTH, end)
    received = received.subarray(end)
    waiting?.resolve(answer)
  })
  socket.on('close', () => {
    if (!isOpen) return
    isOpen = false
    waiting?.reject(failure('DisconnectedDeviceDuringOperation', 'The connection ended before the answer.'))
    for (const listener of listeners) listener(failure('DisconnectedDevice', 'The connection ended.'))
  })
  // 'close' follows.
  socket.on('error', () => {})

  const transport: TcpTransport = {
    exchange: async (apdu) => {
      if (!isOpen) throw failure('DisconnectedDevice', 'The connection has ended.')
      if (waiting)
        throw failure('TransportRaceCondition', 'The device has not answered the last command yet.')
      const length = Buffer.alloc(LENGTH)
      length.writeUInt32BE(apdu.length)
      try {
        return await new Promise<Buffer>((resolve, reject) => {
          waiting = { resolve, reject }
          socket.write(Buffer.concat([length, apdu]))
        })
      } finally {
        waiting = undefined
      }
    },
    send: async (cla, ins, p1, p2, data = Buffer.alloc(0), statusList = [OK]) => {
      const answer = await transport.exchange(Buffer.from([cla, ins, p1, p2, data.length, ...data]))
      const statusCode = answer.readUInt16BE(answer.length - STATUS)
      if (statusList.includes(statusCode)) return answer
      throw failure('TransportStatusError', `The device answered 0x${statusCode.toString(16)}.`, {
        statusCode,
      })
    },
    close: async () => {
      isOpen = false
      socket.destroy()
    },
    on: (event, listener) => {
      if (event === 'disconnect') listeners.add(listener)
    },
    off: (_, listener) => void listeners.delete(listener),
    // One call of an app at a time: a second one in between would mix their commands.
    decorateAppAPIMethods: (app, methods) => {
      const own = app as Record<string, Method>
      for (const name of methods) {
        const method = own[name]
        if (!method) continue
        own[name] = async (...args) => {
          if (busyWith !== undefined) throw failure('TransportLocked', `The device is busy with ${busyWith}.`)
          busyWith = name
          try {
            return await method.apply(app, args)
          } finally {
            busyWith = undefined
          }
        }
      }
    },
    setScrambleKey: () => {},
  }
  return transport
}

function opened(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true })
    socket.once('connect', () => resolve(socket))
    socket.once('error', (cause) =>
      reject(failure('CantOpenDevice', `Nothing answers at ${host}:${port}.`, { cause })),
    )
  })
}

/** Errors of transports are told apart by these names. */
function failure(name: string, message: string, fields: object = {}): Error {
  return Object.assign(new Error(message), { name, ...fields })
}
