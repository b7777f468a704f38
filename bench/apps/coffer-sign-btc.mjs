// Coffer offline: a PSBT of known coins becomes a draft, is inspected, and signed.
import {
  bitcoinNetwork,
  bitcoinRules,
  deriveScripts,
  encodePsbt,
  parseAddress,
  parseDescriptor,
  psbtToDraft,
} from '@coffer/bitcoin'
import { createOfflineWallet } from '@coffer/core'
import { generateMnemonic, softwareSigner } from '@coffer/signer-software'
import { hexToBytes } from '@noble/hashes/utils.js'

export const words = () => generateMnemonic()

export async function sign({ mnemonic, spend }) {
  const wallet = createOfflineWallet({
    chains: [bitcoinRules(bitcoinNetwork)],
    signer: softwareSigner({ mnemonic }),
  })
  return signWith(wallet, spend)
}

export async function signWith(wallet, { previous, txid, vout, amount, to, pay, change }) {
  const account = await wallet.describe('bitcoin')
  const descriptor = parseDescriptor(account, bitcoinNetwork)
  const [own] = deriveScripts(descriptor, 0, 0, 1)
  const [back] = deriveScripts(descriptor, 1, 0, 1)
  const none = { derivations: [], tapDerivations: [], other: [] }
  const psbt = encodePsbt({
    version: 0,
    txVersion: 2,
    locktime: 0,
    inputs: [
      {
        ...none,
        txid,
        vout,
        sequence: 0xfffffffd,
        previous: hexToBytes(previous),
        witnessUtxo: { amount, script: own.script },
        partialSignatures: [],
        derivations: own.keys,
      },
    ],
    outputs: [
      { ...none, amount: pay, script: parseAddress(to, bitcoinNetwork).script },
      { ...none, amount: change, script: back.script, derivations: back.keys },
    ],
    xpubs: [],
    other: [],
  })
  return (await wallet.sign(psbtToDraft(psbt, { account, network: bitcoinNetwork }))).raw
}
