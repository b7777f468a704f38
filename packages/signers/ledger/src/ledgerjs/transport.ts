import { CofferError } from '@coffer/core'
import type { LedgerLink } from '../link.ts'

/**
 * What is needed of a transport of `@ledgerhq/hw-transport` (`TransportWebHID`, `TransportWebUSB`, `TransportNodeHid` …), told
 * by its shape: apps often have several copies of that package.
 */
export interface LedgerjsTransport {
  exchange(apdu: never, ...more: never[]): Promise<Uint8Array>
  send(...args: never[]): Promise<Uint8Array>
  close(): Promise<void>
  on?(event: string, listener: () => void): unknown
  off?(event: string, listener: () => void): unknown
}

export const ledgerjsLink: LedgerLink<LedgerjsTransport> = {
  name: 'ledgerjs',
  exchange: async (transport, apdu) => Uint8Array.from(await transport.exchange(buffer(apdu) as never)),
  onDisconnect: (transport, listener) => {
    transport.on?.('disconnect', listener)
    return () => void transport.off?.('disconnect', listener)
  },
  close: (transport) => transport.close(),
}

/** Ledger's libraries are made of Node's `Buffer`, which a page has to bring. Throws `MISSING_DEPENDENCY`. */
export function buffer(bytes: Uint8Array): Uint8Array {
  const { Buffer } = globalThis as { Buffer?: { from(bytes: Uint8Array): Uint8Array } }
  if (Buffer) return Buffer.from(bytes)
  throw new CofferError({
    code: 'MISSING_DEPENDENCY',
    message:
      'Ledger\'s libraries need a global Buffer. Run: npm install buffer, and set it before they load: import { Buffer } from "buffer"; globalThis.Buffer = Buffer',
    details: { package: 'buffer' },
  })
}

/** `m/44h/60h/0h/0/0` as Ledger's libraries write it: `44'/60'/0'/0/0`. */
export function ledgerPath(path: string): string {
  return path.replace(/^m\/?/, '').replaceAll('h', "'")
}
