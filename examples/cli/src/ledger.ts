import { CofferError } from '@coffer/core'
import type { LedgerDevice } from '@coffer/devnet/ledger'
import { type LedgerPrompt, type LedgerSigner, ledgerSigner } from '@coffer/signer-ledger'
import { bitcoinApp, ethereumApp, type LedgerjsTransport, tronApp } from '@coffer/signer-ledger/ledgerjs'
import type { Context } from './context.ts'
import { type Io, isInteractive } from './io.ts'
import { type Output, oneLine } from './output.ts'
import { prompts } from './prompts.ts'

/** In milliseconds; the longest that a timer can wait is as good as never. */
const [SOON, NEVER] = [300, 2 ** 31 - 1]

/**
 * Lends the Ledger of `--ledger` to `task` and lets go of it afterwards. Says what to do at the device whenever there is
 * something to do. Throws `MISSING_DEPENDENCY` with what to install.
 */
export async function withLedger<T>(
  context: Context,
  task: (signer: LedgerSigner) => Promise<T>,
): Promise<T> {
  const { io, output, store, options } = context
  const signer = ledgerSigner({
    transport: transportOf(options.ledger ?? 'hid', context),
    // Which accounts of several keys the device knows is remembered with everything else.
    apps: [bitcoinApp({ store }), ethereumApp(), tronApp()],
    onPrompt: (prompt) => output.say(sentence(prompt)),
  })
  try {
    return await task(signer)
  } finally {
    const closed = signer.close()
    // After Ctrl-C the device may still show what it was asked.
    const waiting = setTimeout(
      () => output.say('The Ledger still waits for an answer: refuse it there, or press Ctrl-C once more.'),
      io.signal.aborted ? SOON : NEVER,
    )
    await closed.finally(() => clearTimeout(waiting))
    signer.dispose()
  }
}

function sentence(prompt: LedgerPrompt): string {
  if (prompt.kind === 'open-app') return `Open the ${prompt.app} app: confirm it on the Ledger …`
  const { what, blind } = prompt
  return blind
    ? `The Ledger cannot show this ${what} in full: it was shown here. Compare and confirm on the Ledger …`
    : `Check the ${what} on the Ledger, and confirm it there …`
}

function transportOf(where: string, context: Context): () => Promise<LedgerjsTransport> {
  if (where === 'hid') return openHid
  if (where === 'simulator') return simulator(context)
  const [, host, port] = /^([A-Za-z0-9.-]+):([0-9]{1,5})$/.exec(where) ?? []
  if (host !== undefined && port !== undefined) return () => openEmulator(host, Number(port))
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: `--ledger ${JSON.stringify(where.slice(0, 40))} is no place of a Ledger. Write hid, an emulator such as 127.0.0.1:9999, or simulator.`,
  })
}

type Opener = (...args: unknown[]) => Promise<LedgerjsTransport>

/** Its native parts are built by an install script, so that it is no dependency of everybody. */
async function openHid(): Promise<LedgerjsTransport> {
  const create = await load(
    '@ledgerhq/hw-transport-node-hid',
    'create',
    () => import('@ledgerhq/hw-transport-node-hid/lib/TransportNodeHid' as string),
  )
  return create(3_000, 10_000)
}

/** What Ledger's emulator speaks. */
async function openEmulator(host: string, apduPort: number): Promise<LedgerjsTransport> {
  const open = await load(
    '@ledgerhq/hw-transport-node-speculos',
    'open',
    () => import('@ledgerhq/hw-transport-node-speculos/lib/SpeculosTransport' as string),
  )
  return open({ host, apduPort })
}

async function load(name: string, method: string, module: () => Promise<unknown>): Promise<Opener> {
  let value: unknown
  try {
    value = await module()
  } catch (cause) {
    throw new CofferError({
      code: 'MISSING_DEPENDENCY',
      message: `This needs the package ${name}, which is not installed here or was not built for this machine. Run: npm install -g ${name}`,
      details: { package: name },
      cause,
    })
  }
  while (typeof value === 'object' && value !== null && 'default' in value) value = value.default
  const owner = value as Record<string, Opener>
  return (...args) => owner[method]!(...args)
}

/** Words that everybody knows. */
const WORDS = 'test test test test test test test test test test test junk'

/** A device in this process, for the local chains alone: whoever sits at the terminal holds it; without one it approves. */
function simulator({ io, options, output }: Context): () => Promise<LedgerjsTransport> {
  if (!options.devnet)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'The simulated Ledger has words that everybody knows: it is for --devnet alone.',
    })
  let device: Promise<LedgerDevice> | undefined
  return async () => (await (device ??= makeDevice(io, output))).connect()
}

async function makeDevice(io: Io, output: Output): Promise<LedgerDevice> {
  const { bitcoinDeviceApp, ethereumDeviceApp, ledgerDevice, tronDeviceApp } = await import(
    '@coffer/devnet/ledger'
  )
  return ledgerDevice({
    mnemonic: WORDS,
    apps: [
      bitcoinDeviceApp({ network: 'test' }),
      ethereumDeviceApp({ blindSigning: true }),
      tronDeviceApp({ data: true, customContract: true }),
    ],
    person: async ({ app, kind, fields, warnings }) => {
      const lines = [
        ...fields.map(([label, value]) => `${label}: ${value}`),
        ...warnings.map((text) => `! ${text}`),
      ]
      const screen = lines.map((line) => `│ ${oneLine(line)}`)
      output.say([`┌ Ledger (simulated) · ${app} · ${kind}`, ...screen, '└'].join('\n'))
      if (!isInteractive(io)) return 'approve'
      return (await prompts(io, '').yes('Approve on the simulated Ledger?')) ? 'approve' : 'refuse'
    },
  })
}
