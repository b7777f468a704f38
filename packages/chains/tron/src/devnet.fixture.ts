import {
  createWallet,
  type Draft,
  type Payment,
  type Policy,
  type Signed,
  type Store,
  type Wallet,
} from '@coffer/core'
import { cluster, tronGrid, tronHttp } from '@coffer/daemon-client'
import type { TronNode } from '@coffer/devnet'
import { softwareSigner } from '@coffer/signer-software'
import type { TronAccount } from './account.ts'
import { tronDevnetNetwork } from './networks.ts'
import type { TronRequest } from './request.ts'
import { tronDevnet } from './tron.ts'

const mnemonic = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
export const CHAIN: typeof tronDevnetNetwork.id = tronDevnetNetwork.id
export const TRX = 1_000_000n

export function openWallet(
  node: TronNode,
  { words = mnemonic, store, policy }: { words?: string; store?: Store; policy?: Policy } = {},
): TestWallet {
  return createWallet({
    chains: [tronDevnet()],
    source: cluster({ [CHAIN]: [tronHttp({ fullNode: node.url, history: tronGrid({ url: node.url }) })] }),
    signer: softwareSigner({ mnemonic: words }),
    ...(store ? { store } : {}),
    ...(policy ? { policy } : {}),
  })
}
export type TestWallet = Wallet<readonly [ReturnType<typeof tronDevnet>]>

let nextIndex = 0
/** A fresh account of its own for each test, with so much TRX and USDT. */
export async function funded(
  node: TronNode,
  {
    trx = 1_000n * TRX,
    usdt = 0n,
    ...options
  }: { trx?: bigint; usdt?: bigint; store?: Store; policy?: Policy } = {},
): Promise<{ wallet: TestWallet; account: TronAccount; index: number }> {
  const wallet = openWallet(node, options)
  const index = nextIndex++
  const account = await wallet.account('tron-devnet', { index })
  if (trx > 0n) await node.fund(account.address, { amount: trx })
  if (usdt > 0n) await node.fund(account.address, { token: 'USDT', amount: usdt })
  return { wallet, account, index }
}

/** An address that was never used. */
export async function fresh(node: TronNode): Promise<string> {
  return (await openWallet(node).account('tron-devnet', { index: 10_000 + nextIndex++ })).address
}

export interface Info {
  readonly fee?: number
  readonly blockNumber: number
  readonly result?: string
  readonly contract_address?: string
  readonly receipt: {
    readonly net_usage?: number
    readonly net_fee?: number
    readonly energy_usage?: number
    readonly energy_fee?: number
    readonly origin_energy_usage?: number
    readonly energy_usage_total?: number
    readonly energy_penalty_total?: number
    readonly result?: string
  }
}

export interface Sent {
  readonly signed: Signed
  readonly payment: Payment
  readonly info: Info
}

/** From a request to a block; what the draft said and what the chain charged. */
export async function send(
  node: TronNode,
  wallet: TestWallet,
  account: TronAccount,
  request: TronRequest,
): Promise<Sent & { draft: Draft }> {
  const draft = await account.create(request)
  return { draft, ...(await mined(node, wallet, draft)) }
}

export async function mined(node: TronNode, wallet: TestWallet, draft: Draft): Promise<Sent> {
  const signed = await wallet.sign(draft, {
    accept: ['permission-change', 'unlimited-approval', 'unknown-call'],
  })
  const payment = await wallet.publish(signed)
  const info = await node.request<Info>('wallet/gettransactioninfobyid', { value: payment.txid })
  return { signed, payment, info }
}
