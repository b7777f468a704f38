import type { Apdu } from './apdu.ts'
import type { AppContext } from './app.ts'
import type { Host } from './bitcoin-host.ts'
import { checkInputs } from './bitcoin-inputs.ts'
import type { DeviceNetwork } from './bitcoin-network.ts'
import { checkOutputs, shownOutputs } from './bitcoin-outputs.ts'
import { reviewTransaction } from './bitcoin-review.ts'
import { transactionHashes } from './bitcoin-sighash.ts'
import { signWith } from './bitcoin-signature.ts'
import { ownKeys, readCommand } from './bitcoin-signing.ts'

/** Signs a PSBT of version 2 whose maps the host has. */
export async function signPsbt(
  host: Host,
  apdu: Apdu,
  context: AppContext,
  network: DeviceNetwork,
): Promise<Uint8Array> {
  const signing = await readCommand(host, apdu, context, network)
  const own = await ownKeys(signing)
  const { spent, indices, toSign, ...warnings } = await checkInputs(signing, own)
  const outputs = await checkOutputs(signing, own, spent)
  const hashes = await transactionHashes(host, signing.parts)
  const review = {
    account: signing.isRegistered ? signing.policy.name : undefined,
    outputs: await shownOutputs(signing, outputs),
    spent,
    fee: spent - outputs.sum,
    ...warnings,
  }
  await reviewTransaction(review, context, network)
  for (const key of own) if (toSign.has(key)) await signWith(signing, own, key, indices, hashes)
  return new Uint8Array()
}
