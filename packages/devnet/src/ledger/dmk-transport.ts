/** A simulated device, or anything else that opens transports of that shape. */
export interface Connectable {
  connect(): Promise<{
    exchange(apdu: never): Promise<Uint8Array>
    on(event: string, listener: () => void): void
    close(): Promise<void>
  }>
}

/** What the kit wants of the `Either` of purify-ts. */
interface Either {
  isRight(): boolean
  isLeft(): boolean
  extract(): unknown
  ifRight(use: (value: unknown) => unknown): Either
  ifLeft(use: (value: unknown) => unknown): Either
  caseOf<T>(cases: { Left(value: unknown): T; Right(value: unknown): T }): T
}

const ID = 'coffer-simulated-device'

/**
 * A transport of Ledger's Device Management Kit that leads to a simulated device. When an app opens or closes the device comes back
 * by itself, as over USB. `of` is that of rxjs, which the kit brings along.
 *
 * @example
 * import { firstValueFrom, of } from 'rxjs'
 * const dmk = new DeviceManagementKitBuilder().addTransport(dmkTransport(device, of)).build()
 * const sessionId = await dmk.connect({ device: await firstValueFrom(dmk.startDiscovering({})) })
 */
export function dmkTransport<F extends (...items: never[]) => unknown>(
  { connect }: Connectable,
  of: F,
  model = 'nanoSP',
): () => never {
  const deviceModel = {
    id: model,
    productName: 'Simulated',
    usbProductId: 0x50,
    bootloaderUsbProductId: 0x0005,
    usbOnly: true,
    memorySize: 1_572_864,
    masks: [0x33100000],
    getBlockSize: () => 32,
  }
  const found = { id: ID, deviceModel, transport: ID, name: 'Simulated' }
  const observable = (item: unknown): unknown => of(...([item] as never[]))

  type Current = Awaited<ReturnType<Connectable['connect']>>
  let current: Promise<Current> | undefined

  const connected = async ({ onDisconnect }: { onDisconnect(id: string): void }): Promise<Either> => {
    let dropped = (): void => {}
    const open = (): Promise<Current> => {
      const opening = connect().then((transport) => {
        transport.on('disconnect', () => {
          dropped()
          // It comes back, unless it was unplugged.
          if (current === opening) open().catch(() => onDisconnect(ID))
        })
        return transport
      })
      current = opening
      return opening
    }
    const sendApdu = async (apdu: Uint8Array, triggersDisconnection = false): Promise<Either> => {
      try {
        const moved = new Promise<void>((resolve) => {
          dropped = resolve
        })
        const transport = await (current ?? open())
        const answer = Uint8Array.from(await transport.exchange(Buffer.from(apdu) as never))
        if (triggersDisconnection)
          await Promise.race([moved, new Promise((resolve) => setTimeout(resolve, 20))])
        await current
        return either(true, { data: answer.slice(0, -2), statusCode: answer.slice(-2) })
      } catch (originalError) {
        return either(false, { _tag: 'DeviceDisconnectedWhileSendingError', originalError })
      }
    }
    try {
      await open()
    } catch (originalError) {
      return either(false, { _tag: 'OpeningConnectionError', originalError })
    }
    return either(true, { ...found, type: 'USB', sendApdu })
  }

  const transport = {
    getIdentifier: () => ID,
    isSupported: () => true,
    startDiscovering: () => observable(found),
    stopDiscovering: () => {},
    listenToAvailableDevices: () => observable([found]),
    connect: connected,
    disconnect: async () => {
      const closing = current
      current = undefined
      await (await closing)?.close()
      return either(true, undefined)
    },
  }
  return () => transport as never
}

function either(right: boolean, value: unknown): Either {
  const self: Either = {
    isRight: () => right,
    isLeft: () => !right,
    extract: () => value,
    ifRight: (use: (value: unknown) => unknown) => {
      if (right) use(value)
      return self
    },
    ifLeft: (use: (value: unknown) => unknown) => {
      if (!right) use(value)
      return self
    },
    caseOf: <T>(cases: { Left(value: unknown): T; Right(value: unknown): T }) =>
      right ? cases.Right(value) : cases.Left(value),
  }
  return self
}
