// Uses the Ledger signer over a simulated device, with whatever of Ledger's packages is installed here.
import * as bitcoin from '@coffer/bitcoin'
import * as devnet from '@coffer/devnet/ledger'
import * as evm from '@coffer/evm'
import * as signer from '@coffer/signer-ledger'
import * as dmk from '@coffer/signer-ledger/dmk'
import * as ledgerjs from '@coffer/signer-ledger/ledgerjs'
import * as tron from '@coffer/tron'
import ledger from './use-ledger-with.cjs'

ledger.use({ bitcoin, devnet, dmk, evm, ledgerjs, signer, tron })
