import type { LedgerjsTransport } from '@coffer/signer-ledger/ledgerjs'

/** One way to a Ledger. */
export interface Way {
  readonly id: string
  readonly name: string
  readonly hint: string
  readonly isSupported: boolean
  /** Opens a transport. The first time it comes from a click: the browser then asks which device it is. */
  open(): Promise<LedgerjsTransport>
}

/** Bluetooth asks again whenever it is not given the device that was chosen. */
let paired: Parameters<typeof import('@ledgerhq/hw-transport-web-ble')['default']['open']>[0] | undefined

export const ways: readonly Way[] = [
  {
    id: 'webhid',
    name: 'USB, by WebHID',
    hint: 'Chrome, Edge, Opera on a computer',
    isSupported: 'hid' in navigator,
    open: async () => (await import('@ledgerhq/hw-transport-webhid')).default.create(),
  },
  {
    id: 'webusb',
    name: 'USB, by WebUSB',
    hint: 'Chrome and Edge, also on Android with a cable',
    isSupported: 'usb' in navigator,
    open: async () => (await import('@ledgerhq/hw-transport-webusb')).default.create(),
  },
  {
    id: 'bluetooth',
    name: 'Bluetooth',
    hint: 'Ledger Nano X, Stax, Flex',
    isSupported: 'bluetooth' in navigator,
    open: async () => {
      const { default: TransportWebBle } = await import('@ledgerhq/hw-transport-web-ble')
      const transport = await (paired ? TransportWebBle.open(paired) : TransportWebBle.create())
      paired = transport.device
      return transport
    },
  },
  {
    id: 'simulator',
    name: 'Simulated device',
    hint: 'In this page, with words that everybody knows',
    isSupported: true,
    open: async () => (await import('./simulator.ts')).simulator().connect(),
  },
]
