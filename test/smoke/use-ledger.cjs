// Uses the Ledger signer over a simulated device, with whatever of Ledger's packages is installed here.
const { use } = require('./use-ledger-with.cjs')

use({
  signer: require('@coffer/signer-ledger'),
  ledgerjs: require('@coffer/signer-ledger/ledgerjs'),
  dmk: require('@coffer/signer-ledger/dmk'),
  devnet: require('@coffer/devnet/ledger'),
  bitcoin: require('@coffer/bitcoin'),
  evm: require('@coffer/evm'),
  tron: require('@coffer/tron'),
})
