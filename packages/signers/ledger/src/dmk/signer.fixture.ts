import type { LedgerDevice } from '@coffer/devnet/ledger'
import { afterEach } from 'vitest'
import { bitcoinLedgerApp } from '../apps/bitcoin.ts'
import { ethereumLedgerApp } from '../apps/ethereum.ts'
import { tronLedgerApp } from '../apps/tron.ts'
import { type LedgerSigner, ledgerSigner } from '../ledger-signer.ts'
import { bitcoinClients } from './bitcoin.ts'
import { ethereumClients } from './ethereum.ts'
import { connectDmk } from './simulator.fixture.ts'
import { tronClients } from './tron.ts'

/** Signers over the kit, whose connections end after each test. */
export function dmkSigners(): (device: LedgerDevice) => LedgerSigner {
  const kits: { close(): void }[] = []
  afterEach(() => {
    for (const kit of kits.splice(0)) kit.close()
  })
  return (device) =>
    ledgerSigner({
      transport: async () => {
        const transport = await connectDmk(device)
        kits.push(transport.dmk)
        return transport
      },
      apps: [
        bitcoinLedgerApp(bitcoinClients, {}),
        ethereumLedgerApp(ethereumClients, {}),
        tronLedgerApp(tronClients, { signByHash: true }),
      ],
    })
}
