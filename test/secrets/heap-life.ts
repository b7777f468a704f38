// A program for heap.test.ts: it lives the life of a wallet with each kind of signer, disposes all of it, and writes its heap.
// Its secrets come over stdin, written so that their own text is in none of them, and are only put together inside `live`:
// so whatever the heap still has of them was kept by Coffer.
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeHeapSnapshot } from 'node:v8'
import { bitcoinRules, regtest, regtestNetwork } from '@coffer/bitcoin'
import { createOfflineWallet, type Signer } from '@coffer/core'
import { ethereum, ethereumNetwork, makeDraft as evmDraft, evmRules } from '@coffer/evm'
import { privateKeySigner, softwareSigner, xprvSigner } from '@coffer/signer-software'
import { tronDevnet, tronDevnetNetwork, makeDraft as tronDraft, tronRules } from '@coffer/tron'

interface Task {
  /** The heap after the lives, and once more when this program keeps all secrets on purpose. */
  readonly files: readonly [after: string, kept: string]
  /** Hidden from the search: see {@link reveal}. */
  readonly mnemonic: string
  readonly passphrase: string
  readonly xprv: string
  readonly privateKey: string
}

const reveal = (hidden: string): string =>
  String.fromCharCode(...hidden.split('.').map((code) => Number(code) ^ 0x55))

async function main(): Promise<void> {
  const { files, ...task } = JSON.parse(await text(process.stdin)) as Task
  for (const make of [
    () => softwareSigner({ mnemonic: reveal(task.mnemonic) }),
    () => softwareSigner({ mnemonic: reveal(task.mnemonic), passphrase: reveal(task.passphrase) }),
    () => xprvSigner({ xprv: reveal(task.xprv) }),
    () => privateKeySigner({ privateKey: reveal(task.privateKey) }),
  ]) {
    const signer = make()
    await live(signer)
    disposed.push(signer)
  }
  // What was just compiled, awaited or cached lets go in its own time.
  for (let i = 0; i < 4; i++) {
    await sleep(20)
    globalThis.gc?.()
  }
  writeHeapSnapshot(files[0])
  const kept = Object.values(task).map(reveal)
  writeHeapSnapshot(files[1])
  console.log(kept.length)
}

/** Signers that an app still holds: what their closures have is in the heap, too. */
const disposed: Signer[] = []

async function live(signer: Signer): Promise<void> {
  const chains = [evmRules(ethereumNetwork), bitcoinRules(regtestNetwork), tronRules(tronDevnetNetwork)]
  const wallet = createOfflineWallet({ chains, signer, policy: { maxFee: { 'eip155:1': 10n ** 18n } } })
  const intent = { kind: 'pay', amount: 1n } as const
  const onEthereum = evmDraft(
    ethereumNetwork,
    await wallet.describe('ethereum'),
    { ...intent, asset: ethereumNetwork.coin.id, to: '0x000000000000000000000000000000000000a11c' },
    { nonce: 7n, gasLimit: 21_000n, maxFeePerGas: 3_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n },
  )
  const timestamp = BigInt(Date.now())
  const onTron = tronDraft(
    tronDevnetNetwork,
    await wallet.describe('tron-devnet'),
    { ...intent, asset: tronDevnetNetwork.coin.id, to: 'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8' },
    {
      refBlockBytes: '1a2b',
      refBlockHash: '00112233aabbccdd',
      timestamp,
      expiration: timestamp + 600_000n,
      feeLimit: 0n,
    },
  )
  for (const draft of [onEthereum, onTron]) {
    await wallet.sign(wallet.draft(JSON.stringify(draft)))
    await wallet.sign({ ...draft, payload: `${draft.payload}00` }).catch(() => {})
  }
  for (const chain of [ethereum(), tronDevnet()])
    await signer.signMessage!({ chain, account: await wallet.describe(chain.id), message: 'hello' })
  for (const type of ['p2pkh', 'p2sh-p2wpkh', 'p2wpkh', 'p2tr'])
    await signer.signMessage!({
      chain: regtest(),
      account: await wallet.describe('regtest', { type }),
      message: 'hello',
    })
  await signer.publicKey('m/nonsense').catch(() => {})
  wallet.dispose()
  await signer.publicKey('m').catch(() => {})
}

await main()
