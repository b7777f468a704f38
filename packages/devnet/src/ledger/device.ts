import { HDKey } from '@scure/bip32'
import { mnemonicToSeedSync } from '@scure/bip39'
import { OK, parseApdu, StatusWord, withStatus } from './apdu.ts'
import type { RunningApp, SimulatedApp } from './app.ts'
import { dashboard, deviceCommand } from './dashboard.ts'
import type { Deed, Person, Screen } from './person.ts'
import { type LedgerTransport, makeTransport } from './transport.ts'

export interface LedgerDeviceOptions {
  /** The words of its seed: for tests alone, never words that hold money. */
  readonly mnemonic: string
  readonly passphrase?: string | undefined
  /** What is installed. */
  readonly apps: readonly SimulatedApp[]
  /** The app that is open at first; the dashboard when not given. */
  readonly open?: string | undefined
  /** Who holds it; approves everything when not given. */
  readonly person?: Person | undefined
  /**
   * Whether opening and closing an app ends the connection, as it does over USB: the transport emits `disconnect` and a
   * new one has to be made. True when not given.
   */
  readonly reconnects?: boolean | undefined
}

/** A Ledger in this process: what is plugged in, with the hands of whoever holds it. */
export interface LedgerDevice {
  /** Opens a transport to it. Throws `DisconnectedDevice` while it is unplugged. */
  connect(): Promise<LedgerTransport>
  /** One raw exchange, past any transport. */
  exchange(apdu: Uint8Array): Promise<Uint8Array>
  /** The open app; `BOLOS` for the dashboard. */
  readonly app: string
  /** What was shown so far, oldest first, with what was done. */
  readonly shown: readonly (Screen & { readonly deed: Deed })[]
  /** Every command and answer so far, in hex, oldest first. */
  readonly log: readonly (readonly [apdu: string, answer: string])[]
  setPerson(person: Person): void
  /** Opens an app by hand, or the dashboard (`BOLOS`). */
  open(name: string): void
  /** Locks the screen: every command is answered 0x5515 until {@link unlock}. */
  lock(): void
  unlock(): void
  /** Pulls the cable: every transport ends, and a command that waits fails. */
  unplug(): void
  plug(): void
}

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/**
 * A simulated Ledger over a seed. It speaks what Ledger's apps speak, byte by byte, so that an app with Ledger support is
 * tested without one.
 *
 * @example
 * const device = ledgerDevice({ mnemonic, apps: [bitcoinDeviceApp(), ethereumDeviceApp(), tronDeviceApp()] })
 * const signer = ledgerSigner({ transport: device.connect, apps: [bitcoinApp(), ethereumApp(), tronApp()] })
 * device.setPerson((screen) => (screen.warnings.length ? 'refuse' : 'approve'))
 */
export function ledgerDevice(options: LedgerDeviceOptions): LedgerDevice {
  const seed = mnemonicToSeedSync(options.mnemonic, options.passphrase)
  const root = HDKey.fromMasterSeed(seed)
  const shown: (Screen & { deed: Deed })[] = []
  const log: [string, string][] = []
  let person: Person = options.person ?? (() => 'approve')
  let locked = false
  let plugged = true
  let app: { readonly name: string; readonly version: string; readonly running?: RunningApp } = dashboard
  const transports = new Set<{ drop(): void }>()

  const drop = (): void => {
    const ending = [...transports]
    // First, for who is told may connect again at once.
    transports.clear()
    for (const transport of ending) transport.drop()
  }

  const ask = async (screen: Screen): Promise<void> => {
    const deed = await person(screen)
    shown.push({ ...screen, deed })
    if (deed === 'unplug') device.unplug()
    if (deed !== 'approve') throw new StatusWord(screen.kind === 'open app' ? 0x5501 : 0x6985)
  }

  const open = (name: string): void => {
    if (name === dashboard.name) {
      app = dashboard
      return
    }
    const installed = options.apps.find((app) => app.name === name)
    // As the operating system answers for an app that is not installed.
    if (!installed) throw new StatusWord(0x6807)
    const running = installed.start({ root, seed, ask: (screen) => ask({ app: name, ...screen }) })
    app = { name, version: installed.version, running }
  }

  /** The answer, and whether the connection ends with it. */
  const answer = async (bytes: Uint8Array): Promise<{ bytes: Uint8Array; moved: boolean }> => {
    const before = app
    try {
      if (locked) throw new StatusWord(0x5515)
      const apdu = parseApdu(bytes)
      const known = await deviceCommand(apdu, app, {
        open: async (name) => {
          if (!options.apps.some((app) => app.name === name)) throw new StatusWord(0x6807)
          await ask({ app: dashboard.name, kind: 'open app', fields: [['App', name]], warnings: [] })
          open(name)
        },
        close: () => open(dashboard.name),
      })
      if (known) return { bytes: withStatus(known, OK), moved: app !== before }
      // The dashboard knows none of the apps' classes.
      if (!app.running) throw new StatusWord(0x6e00)
      const reply = await app.running.handle(apdu)
      return {
        bytes: reply instanceof Uint8Array ? withStatus(reply, OK) : withStatus(reply.data, reply.word),
        moved: false,
      }
    } catch (error) {
      if (!(error instanceof StatusWord)) throw error
      return { bytes: withStatus(new Uint8Array(), error.word), moved: false }
    }
  }

  const device: LedgerDevice = {
    connect: async () => {
      const transport = makeTransport({
        isPlugged: () => plugged,
        exchange: device.exchange,
        onClose: (transport) => transports.delete(transport),
      })
      transports.add(transport)
      return transport.transport
    },
    exchange: async (apdu) => {
      const { bytes, moved } = await answer(apdu)
      log.push([toHex(apdu), toHex(bytes)])
      if (moved && (options.reconnects ?? true)) setTimeout(drop)
      return bytes
    },
    get app() {
      return app.name
    },
    shown,
    log,
    setPerson: (next) => {
      person = next
    },
    open: (name) => {
      open(name)
      if (options.reconnects ?? true) drop()
    },
    lock: () => {
      locked = true
    },
    unlock: () => {
      locked = false
    },
    unplug: () => {
      plugged = false
      app = dashboard
      drop()
    },
    plug: () => {
      plugged = true
    },
  }
  if (options.open !== undefined) open(options.open)
  return device
}
