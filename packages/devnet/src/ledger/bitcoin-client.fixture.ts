import { createRequire } from 'node:module'
import type { LedgerDevice } from './device.ts'
import type { LedgerTransport } from './transport.ts'

/** A policy as Ledger's own client has it. */
export interface WalletPolicy {
  getId(): Buffer
  serialize(): Buffer
}

interface PartialSignature {
  readonly pubkey: Buffer
  readonly signature: Buffer
}

/** Ledger's own client, as far as the tests call it. */
interface AppClient {
  getExtendedPubkey(path: string, display?: boolean): Promise<string>
  getMasterFingerprint(): Promise<string>
  getAppAndVersion(): Promise<{ name: string; version: string; flags: Buffer }>
  registerWallet(policy: WalletPolicy): Promise<[Buffer, Buffer]>
  getWalletAddress(
    policy: WalletPolicy,
    registration: Buffer | null,
    change: number,
    index: number,
    display: boolean,
  ): Promise<string>
  signPsbt(
    psbt: Buffer,
    policy: WalletPolicy,
    registration: Buffer | null,
  ): Promise<[number, PartialSignature][]>
  signMessage(message: Buffer, path: string): Promise<string>
}

const require = createRequire(import.meta.url)

interface LedgerBitcoin {
  readonly AppClient: new (transport: LedgerTransport) => AppClient
  readonly WalletPolicy: new (name: string, descriptor: string, keys: readonly string[]) => WalletPolicy
  readonly DefaultWalletPolicy: new (descriptor: string, key: string) => WalletPolicy
}

const ledgerBitcoin: LedgerBitcoin = require('@ledgerhq/ledger-bitcoin')
export const AppClient: LedgerBitcoin['AppClient'] = ledgerBitcoin.AppClient
export const WalletPolicy: LedgerBitcoin['WalletPolicy'] = ledgerBitcoin.WalletPolicy
export const DefaultWalletPolicy: LedgerBitcoin['DefaultWalletPolicy'] = ledgerBitcoin.DefaultWalletPolicy

export const clientOf = async (device: LedgerDevice): Promise<AppClient> =>
  new AppClient(await device.connect())

/** A client whose answers to the device's questions are changed on the way. */
export async function lyingClientOf(
  device: LedgerDevice,
  lie: (question: Buffer, answer: Buffer) => Buffer,
): Promise<AppClient> {
  const transport = await device.connect()
  let question = Buffer.alloc(0)
  const send: LedgerTransport['send'] = async (cla, ins, p1, p2, data, words) => {
    const sent = cla === 0xf8 ? lie(question, Buffer.from(data ?? [])) : data
    question = (await transport.send(cla, ins, p1, p2, sent, words)) as Buffer<ArrayBuffer>
    return question
  }
  return new AppClient({ ...transport, send })
}
