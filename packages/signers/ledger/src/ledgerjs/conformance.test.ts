import { ledgerConformance } from '../conformance.fixture.ts'
import { bitcoinApp, ethereumApp, ledgerSigner, tronApp } from './index.ts'

ledgerConformance('ledgerjs', (device) =>
  ledgerSigner({ transport: device.connect, apps: [bitcoinApp(), ethereumApp(), tronApp()] }),
)
