import { CofferError } from '@coffer/core'
import {
  bitcoinDeviceApp,
  ethereumDeviceApp,
  type LedgerDevice,
  ledgerDevice,
  type Person,
  tronDeviceApp,
} from '@coffer/devnet/ledger'
import type { LedgerjsTransport } from '@coffer/signer-ledger/ledgerjs'
import { openTcp } from './tcp-transport.ts'

/** What is used of `@ledgerhq/hw-transport-node-hid`. */
interface NodeHid {
  list(): Promise<readonly string[]>
  open(path: string): Promise<LedgerjsTransport>
}

const HID = '@ledgerhq/hw-transport-node-hid'

/** Everybody knows them: for chains without value alone. */
const WORDS = 'test test test test test test test test test test test junk'

/** A Ledger on USB. Throws `MISSING_DEPENDENCY`, `DEVICE_DISCONNECTED`. */
export async function openHid(): Promise<LedgerjsTransport> {
  const hid = await loadHid()
  const [path] = await hid.list()
  if (path !== undefined) return hid.open(path)
  throw new CofferError({
    code: 'DEVICE_DISCONNECTED',
    message: 'No Ledger is plugged in. Plug it in, unlock it with its PIN and try again.',
    retryable: true,
  })
}

/** Whether a Ledger is on USB and can be used; `say` hears why not. */
export async function hasHid(say: (line: string) => void): Promise<boolean> {
  try {
    if ((await (await loadHid()).list()).length > 0) return true
    say('No Ledger is plugged in: a simulated one is used.')
  } catch (error) {
    if (!(error instanceof CofferError)) throw error
    say(`${error.message} Until then a simulated Ledger is used.`)
  }
  return false
}

/** Its native part is built or fetched when it is installed, so that it is no dependency of everybody. */
async function loadHid(): Promise<NodeHid> {
  try {
    let module = (await import(HID)) as { default?: unknown }
    // Its class is the default export of a CommonJS module.
    while (module.default) module = module.default as { default?: unknown }
    return module as unknown as NodeHid
  } catch (cause) {
    throw new CofferError({
      code: 'MISSING_DEPENDENCY',
      message: `Ledgers on USB need ${HID}. Run: npm install --ignore-scripts=false ${HID} (on Linux first: apt install libudev-dev libusb-1.0-0-dev).`,
      details: { package: HID },
      cause,
    })
  }
}

/** An emulator such as Speculos at `127.0.0.1:9999`. Throws `INVALID_REQUEST`. */
export function tcpOpener(place: string): () => Promise<LedgerjsTransport> {
  const [, host, port] = /^([\w.-]+):(\d{1,5})$/.exec(place) ?? []
  if (host !== undefined && port !== undefined) return () => openTcp(host, Number(port))
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: '--tcp takes a host and a port, such as 127.0.0.1:9999.',
  })
}

/** A Ledger in this process. */
export function simulatedDevice(person: Person): LedgerDevice {
  return ledgerDevice({
    mnemonic: WORDS,
    apps: [bitcoinDeviceApp({ network: 'test' }), ethereumDeviceApp(), tronDeviceApp()],
    person,
  })
}
