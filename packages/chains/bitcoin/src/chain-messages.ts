import { CofferError, type Engine, formatPath, type KeyRing, nobleEngine } from '@coffer/core'
import { parseAddress } from './address.ts'
import { equalBytes } from './bytes.ts'
import { type AccountScript, deriveScripts, type Keychain, scriptAt } from './derive.ts'
import { type Descriptor, readDescriptor } from './descriptor.ts'
import { signMessage as signWith, verifyMessage as verifyWith } from './messages.ts'
import type { BitcoinNetwork } from './networks.ts'

/** Addresses that are looked through for the one that should sign. */
const LOOK = 1_000

/**
 * Signs a message with the key of one address of the account, its first one when none is named: BIP-137 for P2PKH, BIP-322 for the others
 * (simple for native segwit and taproot, full for P2SH). Throws `INVALID_REQUEST` when the address is not among the first thousand of the account, `WRONG_ACCOUNT`.
 */
export async function signMessage(
  {
    account,
    message,
    address,
  }: { account: string; message: string | Uint8Array; address?: string | undefined },
  ring: KeyRing,
  network: BitcoinNetwork,
  engine: Engine = nobleEngine,
): Promise<string> {
  const script = accountScript({ account, address }, network, engine)
  const [key] = script.keys
  if (!key || script.keys.length > 1)
    throw new CofferError({
      code: 'UNSUPPORTED',
      message: 'Messages are signed by accounts of one key.',
    })
  const keys = await ring(formatPath(key.path))
  if (!equalBytes(keys.publicKey, key.publicKey))
    throw new CofferError({
      code: 'WRONG_ACCOUNT',
      message: 'This signer does not hold the key of this address. Open the account with its own signer.',
    })
  return signWith({ keys, script, message })
}

export function verifyMessage(
  request: { address: string; message: string | Uint8Array; signature: string },
  network: BitcoinNetwork,
  engine: Engine = nobleEngine,
): boolean {
  return verifyWith(request, network, engine)
}

/**
 * The script of one address of an account, of its first one when none is named. Throws `INVALID_REQUEST` when it is not among
 * the first thousand of the account.
 */
export function accountScript(
  { account, address }: { account: string; address?: string | undefined },
  network: BitcoinNetwork,
  engine: Engine = nobleEngine,
): AccountScript {
  const descriptor = readDescriptor(account, network, engine)
  return address === undefined
    ? scriptAt(descriptor, 0, 0)
    : find(descriptor, parseAddress(address, network).script)
}

function find(descriptor: Descriptor, wanted: Uint8Array): AccountScript {
  for (let keychain: Keychain = 0; keychain < descriptor.keychains; keychain++)
    for (let from = 0; from < (descriptor.ranged ? LOOK : 1); from += 100) {
      const scripts = deriveScripts(descriptor, keychain as Keychain, from, descriptor.ranged ? 100 : 1)
      const found = scripts.find(({ script }) => equalBytes(script, wanted))
      if (found) return found
    }
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: 'This address is not one of the first thousand of the account.',
  })
}
