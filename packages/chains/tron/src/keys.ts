import { CofferError, type Engine, type KeyRing, type Keys } from '@coffer/core'
import { addressOf, readAccount } from './address.ts'
import type { Address, TronNetwork } from './intent.ts'
import { fromEcdsa, recoverAddress } from './signature.ts'

/** The key of one account. */
export interface AccountKey {
  readonly address: Address
  readonly keys: Keys
}

/**
 * Finds the key of an account by its key path, `m` where it names none, and makes sure that it is the one.
 * Throws `WRONG_ACCOUNT`.
 */
export async function accountKey(
  account: string,
  ring: KeyRing,
  engine: Engine,
  network?: Pick<TronNetwork, 'id'>,
): Promise<AccountKey> {
  const { address, origin } = readAccount(account, network)
  const keys = await ring(origin?.path ?? 'm')
  if (addressOf(keys.publicKey, engine) === address) return { address, keys }
  throw new CofferError({
    code: 'WRONG_ACCOUNT',
    message: `This signer does not hold the key of ${address}${origin ? ` at ${origin.path}` : ''}. Open the account with its own signer.`,
    details: { address },
  })
}

/** Signs a hash, and checks who signed it. 65 bytes. Throws `SIGNATURE_WRONG` when it was not the account. */
export async function signHash(
  hash: Uint8Array,
  { address, keys }: AccountKey,
  engine: Engine,
): Promise<Uint8Array> {
  const signature = fromEcdsa(await keys.ecdsa(hash))
  if (signerOf(hash, signature, engine) === address) return signature
  throw new CofferError({
    code: 'SIGNATURE_WRONG',
    message: `The signer returned a signature that is not of ${address}. Nothing was sent; do not use this signer again.`,
    details: { address },
  })
}

/** Who signed, or `undefined` when nobody can have. */
export function signerOf(hash: Uint8Array, signature: Uint8Array, engine?: Engine): Address | undefined {
  try {
    return recoverAddress(hash, signature, engine)
  } catch {
    return undefined
  }
}
