import { parseArgs } from 'node:util'
import { CofferError, createWallet, describeEffects, type PaymentStatus } from '@coffer/core'
import type { Person } from '@coffer/devnet/ledger'
import {
  bitcoinApp,
  ethereumApp,
  type LedgerjsTransport,
  ledgerSigner,
  tronApp,
} from '@coffer/signer-ledger/ledgerjs'
import { hasHid, openHid, simulatedDevice, tcpOpener } from './devices.ts'
import { startLocalChains } from './local-chains.ts'
import { type Name, type Network, names, networks, sourcesOf } from './networks.ts'
import { promptSentence, statusSentence } from './sentences.ts'

export interface Io {
  say(line: string): void
  /** Who holds the simulated device. */
  readonly person: Person
  readonly signal?: AbortSignal | undefined
}

const usage = `npm run pay -w examples/ledger -- --chain ethereum|bitcoin|tron --to <address> --amount <decimal>
  [--hid | --tcp 127.0.0.1:9999 | --simulator]   where the Ledger is; a simulated one where none is plugged in
  [--network main|test --node <url>]             whose chain; without it (--devnet) a local one is started and pays first`

/**
 * Pays from a Ledger: opens its account, shows what a payment does, has it signed on the device, publishes it and follows it
 * until a block has it. Without a node it starts a local chain and gives the account coins first.
 */
export async function runPay(args: readonly string[], io: Io): Promise<PaymentStatus> {
  const { say, signal } = io
  const order = readOrder(args)
  const { name, network } = order
  const transport = await transportOf(order, io)
  const chain = networks[network][name]
  const local = order.node === undefined ? await startLocalChains([name]) : undefined
  const signer = ledgerSigner({
    transport,
    apps: [bitcoinApp(), ethereumApp(), tronApp()],
    onPrompt: (prompt) => say(promptSentence(prompt)),
  })
  const wallet = createWallet({
    chains: [chain],
    source: sourcesOf(network, local?.nodes ?? { [name]: order.node }),
    signer,
  })
  try {
    const account = await wallet.account(chain.name, { signal })
    const { address } = await account.receive({ signal })
    say(`Account ${address}`)
    await local?.fund(name, address)

    const draft = await account.create({ to: order.to, amount: order.amount }, { signal })
    for (const line of describeEffects(draft.effects, [chain.coin, ...chain.assets])) say(`  ${line}`)

    const signed = await wallet.sign(draft, { signal })
    const payment = await wallet.publish(signed, { signal })
    say(`Published ${payment.txid}`)
    const status = await payment.confirmed(1, { signal })
    say(statusSentence(status, chain.coin))
    return status
  } finally {
    await signer.close()
    wallet.dispose()
    await local?.stop()
  }
}

interface Order {
  readonly name: Name
  readonly to: string
  readonly amount: string
  readonly network: Network
  readonly node?: string | undefined
  readonly device: 'hid' | 'simulator' | 'any' | { readonly tcp: string }
}

function readOrder(args: readonly string[]): Order {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const { values } = parse(() =>
    parseArgs({
      args: [...args],
      options: {
        chain: text,
        to: text,
        amount: text,
        node: text,
        network: text,
        tcp: text,
        hid: flag,
        simulator: flag,
        devnet: flag,
      },
    }),
  )
  const { chain, to, amount, node, tcp, hid, simulator, devnet } = values
  const name = names.find((name) => name === chain)
  if (name === undefined || to === undefined || amount === undefined) throw invalid(usage)
  const network = values.network ?? 'local'
  if (!Object.hasOwn(networks, network)) throw invalid(usage)
  if (network !== 'local' && (node === undefined || devnet))
    throw invalid(`Name a node of that network: --network ${network} --node <url>.`)
  if ([tcp !== undefined, hid, simulator].filter(Boolean).length > 1)
    throw invalid('One Ledger pays: --hid, --tcp or --simulator.')
  if (simulator && network === 'main')
    throw invalid('Everybody knows the words of the simulated Ledger: it is nothing for the main networks.')
  return {
    name,
    to,
    amount,
    node: devnet ? undefined : node,
    network: network as Network,
    device: tcp !== undefined ? { tcp } : hid ? 'hid' : simulator ? 'simulator' : 'any',
  }
}

async function transportOf(
  { device, network }: Order,
  { say, person }: Io,
): Promise<() => Promise<LedgerjsTransport>> {
  if (typeof device === 'object') return tcpOpener(device.tcp)
  if (device === 'hid') return openHid
  if (device === 'any' && (network === 'main' || (await hasHid(say)))) return openHid
  return simulatedDevice(person).connect
}

function parse<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: `${(cause as Error).message}\n${usage}`,
      cause,
    })
  }
}

function invalid(message: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message })
}
