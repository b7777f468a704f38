import type { LedgerApp } from '../app.ts'
import { type BitcoinAppOptions, bitcoinLedgerApp } from '../apps/bitcoin.ts'
import { type EthereumAppOptions, ethereumLedgerApp } from '../apps/ethereum.ts'
import { type TronAppOptions, tronLedgerApp } from '../apps/tron.ts'
import { bitcoinClients } from './bitcoin.ts'
import { ethereumClients } from './ethereum.ts'
import type { DmkTransport } from './link.ts'
import { tronClients } from './tron.ts'

export type { BitcoinAppOptions } from '../apps/bitcoin.ts'
export type { EthereumAppOptions, TokenDescriptions } from '../apps/ethereum.ts'
export type { TronAppOptions } from '../apps/tron.ts'
export { type LedgerConfig, type LedgerSigner, ledgerSigner } from '../ledger-signer.ts'
export type { DmkLike, DmkTransport } from './link.ts'

/** Bitcoin, by `@ledgerhq/device-signer-kit-bitcoin`. */
export const bitcoinApp = (options: BitcoinAppOptions = {}): LedgerApp<DmkTransport> =>
  bitcoinLedgerApp(bitcoinClients, options)

/** Ethereum, BNB Smart Chain and every EVM chain, by `@ledgerhq/device-signer-kit-ethereum`. */
export const ethereumApp = (options: EthereumAppOptions = {}): LedgerApp<DmkTransport> =>
  ethereumLedgerApp(ethereumClients, options)

/** Tron, by `@ledgerhq/device-signer-kit-tron`. */
export const tronApp = (options: TronAppOptions = {}): LedgerApp<DmkTransport> =>
  tronLedgerApp(tronClients, options)
