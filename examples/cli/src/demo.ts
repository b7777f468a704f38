// The main job of Coffer, from new words to a final payment, on real chains that live on this machine for a few seconds.
// With --hostile one of three nodes of each chain lies in every step, another lie each time.
// Each step checks what it shows; the first that is not as expected ends the demo with exit code 1.

import { isCofferError } from '@coffer/core'
import { type Devnet, startDevnet } from '@coffer/devnet'
import { generateMnemonic } from '@coffer/signer-software'
import { payOnBitcoin } from './demo/bitcoin.ts'
import { payOnEvm } from './demo/evm.ts'
import { payWithLedger } from './demo/ledger.ts'
import { beHostile, stopLiars } from './demo/reach.ts'
import { check, show, signal, step, tell, title } from './demo/story.ts'
import { payOnTron } from './demo/tron.ts'

const hostile = process.argv.includes('--hostile')
if (hostile) beHostile()

await tell(async () => {
  title('Coffer: from new words to a final payment, on chains of this machine')
  const mnemonic = generateMnemonic()

  step('Start local chains')
  const [evm, tron, bitcoin] = await Promise.all([
    startDevnet({ chains: ['ethereum', 'bnb'], signal }),
    startDevnet({ chains: ['tron'], signal }),
    startBitcoin(),
  ])
  try {
    for (const name of ['ethereum', 'bnb'] as const)
      show(`${name.padEnd(9)} ${evm[name].chain.padEnd(10)} ${evm[name].url}`)
    show(`tron      ${tron.tron.chain.padEnd(10)} ${tron.tron.url}`)
    if (bitcoin) show(`bitcoin   regtest    ${bitcoin.bitcoin.esploraUrl}`)
    await payOnEvm(evm, mnemonic)
    if (bitcoin) await payOnBitcoin(bitcoin.bitcoin, mnemonic)
    await payOnTron(tron.tron, mnemonic)
    await payWithLedger({ ...evm, ...tron, ...bitcoin }, mnemonic)
    if (hostile) {
      step('Count the lies')
      const lies = await stopLiars()
      show(`${lies} lies were told, and none of them changed what was signed or shown`)
      check(lies >= 20, 'enough lies were told')
    }
  } finally {
    await Promise.all([evm.stop(), tron.stop(), bitcoin?.stop()])
  }
})

/** Not every machine can have a bitcoind: without one the story goes on with the other chains. */
async function startBitcoin(): Promise<Devnet<'bitcoin'> | undefined> {
  try {
    return await startDevnet({ chains: ['bitcoin'], signal, onProgress: show })
  } catch (error) {
    if (!isCofferError(error, 'DEVNET_UNAVAILABLE')) throw error
    show(`without Bitcoin: ${error.message}`)
    return undefined
  }
}
