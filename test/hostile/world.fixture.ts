import { regtest, regtestNetwork } from '@coffer/bitcoin'
import {
  type Account,
  createWallet,
  isCofferError,
  memoryStore,
  type Signed,
  type SourceFactory,
  type Wallet,
} from '@coffer/core'
import { bitcoinCore, blockbook, cluster, esplora, jsonRpc, tronGrid, tronHttp } from '@coffer/daemon-client'
import { electrumTcp } from '@coffer/daemon-client/node'
import type { Devnet } from '@coffer/devnet'
import { ethereum } from '@coffer/evm'
import { softwareSigner } from '@coffer/signer-software'
import { tronDevnet } from '@coffer/tron'

export type Nodes = Devnet<'ethereum' | 'bitcoin' | 'tron'>
type Payer = Account<Request>

/** A kind of server that a wallet can be put on. */
export interface Door {
  readonly chain: 'ethereum' | 'regtest' | 'tron-devnet'
  url(nodes: Nodes): string
  /** `timeout` in milliseconds. */
  source(url: string, timeout: number, nodes: Nodes): SourceFactory
}

export const doors = {
  'JSON-RPC': {
    chain: 'ethereum',
    url: ({ ethereum }) => ethereum.url,
    source: (url, timeout) => jsonRpc(url, { timeout }),
  },
  Esplora: {
    chain: 'regtest',
    url: ({ bitcoin }) => bitcoin.esploraUrl,
    source: (url, timeout) => esplora({ url, timeout }),
  },
  Electrum: {
    chain: 'regtest',
    url: ({ bitcoin }) => bitcoin.electrumUrl,
    source: (url, timeout) => electrumTcp(url, { timeout }),
  },
  Blockbook: {
    chain: 'regtest',
    url: ({ bitcoin }) => bitcoin.blockbookUrl,
    source: (url, timeout) => blockbook(url, { timeout }),
  },
  'Bitcoin Core': {
    chain: 'regtest',
    url: ({ bitcoin }) => bitcoin.url,
    source: (url, timeout, { bitcoin: { access } }) =>
      bitcoinCore({ ...access, url, timeout, scanTimeout: timeout }),
  },
  'java-tron': {
    chain: 'tron-devnet',
    url: ({ tron }) => tron.url,
    source: (url, timeout) => tronHttp({ fullNode: url, timeout, history: tronGrid({ url, timeout }) }),
  },
} as const satisfies Record<string, Door>

const chains = [ethereum(), regtest(), tronDevnet()] as const
const IDS = { ethereum: 'eip155:1', regtest: regtestNetwork.id, 'tron-devnet': 'tron:0xc0ffe001' } as const
const mnemonic = 'ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic'

export interface Person {
  readonly wallet: Wallet<typeof chains>
  readonly account: Payer
  readonly address: string
}

/** Somebody whose wallet asks these sources and remembers nothing. */
export async function person(
  chain: Door['chain'],
  sources: readonly SourceFactory[],
  index: number,
): Promise<Person> {
  const wallet = createWallet({
    chains,
    source: cluster({ [IDS[chain]]: sources }),
    signer: softwareSigner({ mnemonic }),
    store: memoryStore(),
  })
  const account = (await wallet.account(chain, { index })) as unknown as Payer & {
    readonly address?: string
    addresses?(range: { count: number }): readonly string[]
  }
  return { wallet, account, address: account.address ?? account.addresses!({ count: 1 })[0]! }
}

export async function fund(nodes: Partial<Nodes>, chain: Door['chain'], address: string): Promise<void> {
  const { ethereum, bitcoin, tron } = nodes as Nodes
  if (chain === 'ethereum') {
    await ethereum.setBalance(address as `0x${string}`, 10n ** 19n)
    await ethereum.fund(address as `0x${string}`, { token: 'USDC', amount: 100_000_000n })
  } else if (chain === 'regtest') await bitcoin.fund(address, { amount: 50_000_000n })
  else await tron.setAccount(address, { balance: 10_000_000_000n, tokens: { USDT: 100_000_000n } })
}

export interface Request {
  readonly to: string
  readonly amount: bigint
  readonly asset?: string
}

export interface Attempt {
  readonly signed?: Signed
  /** What ended it, when it did not come to its end. */
  readonly error?: unknown
}

/** Looks, and goes the four steps as far as they go. `sent` is called before it is published. */
export async function pay({ wallet, account }: Person, request: Request, sent = () => {}): Promise<Attempt> {
  let signed: Signed | undefined
  try {
    signed = await wallet.sign(await account.create(request))
    sent()
    await wallet.publish(signed)
    return { signed }
  } catch (error) {
    return { ...(signed && { signed }), error }
  }
}

/** What a wallet reads beside payments; it may fail, by our own errors alone. */
export async function look({ account }: Person): Promise<void> {
  for (const read of [() => account.balances(), () => account.history(), () => account.receive()])
    await read().catch((error: unknown) => {
      if (!isCofferError(error)) throw error
    })
}
