import type { LedgerApp } from '../app.ts'
import { type BitcoinAppOptions, bitcoinLedgerApp } from '../apps/bitcoin.ts'
import { type EthereumAppOptions, ethereumLedgerApp } from '../apps/ethereum.ts'
import { type TronAppOptions, tronLedgerApp } from '../apps/tron.ts'
import { bitcoinClients } from './bitcoin.ts'
import { ethereumClients } from './ethereum.ts'
import type { LedgerjsTransport } from './transport.ts'
import { tronClients } from './tron.ts'

export type { BitcoinAppOptions } from '../apps/bitcoin.ts'
export type { EthereumAppOptions, TokenDescriptions } from '../apps/ethereum.ts'
export type { TronAppOptions } from '../apps/tron.ts'
export { type LedgerConfig, type LedgerSigner, ledgerSigner } from '../ledger-signer.ts'
export type { LedgerjsTransport } from './transport.ts'

/** Bitcoin, by `@ledgerhq/ledger-bitcoin`. */
export const bitcoinApp = (options: BitcoinAppOptions = {}): LedgerApp<LedgerjsTransport> =>
  bitcoinLedgerApp(bitcoinClients, options)

/** Ethereum, BNB Smart Chain and every EVM chain, by `@ledgerhq/hw-app-eth`. */
export const ethereumApp = (options: EthereumAppOptions = {}): LedgerApp<LedgerjsTransport> =>
  ethereumLedgerApp(ethereumClients, options)

/** Tron, by `@ledgerhq/hw-app-trx`. */
export const tronApp = (options: TronAppOptions = {}): LedgerApp<LedgerjsTransport> =>
  tronLedgerApp(tronClients, options)
