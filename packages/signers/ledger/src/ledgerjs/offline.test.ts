import { signsEverything } from '../offline.fixture.ts'
import { bitcoinApp, ethereumApp, ledgerSigner, tronApp } from './index.ts'

signsEverything('ledgerjs', (device) =>
  ledgerSigner({
    transport: device.connect,
    apps: [bitcoinApp(), ethereumApp(), tronApp({ signByHash: true })],
  }),
)
