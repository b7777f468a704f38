import { type AccountDescriptor, CofferError, type Effects, type KeyRing, nobleEngine } from '@coffer/core'
import {
  checkTypedData as check,
  encodeType,
  hashChecked,
  hashParts,
  type TypedData,
  type TypedDataParts,
  type TypedDataRules,
} from '@coffer/core/typed-data'
import { addressToBytes, parseAddress, readAccount, ZERO_ADDRESS } from './address.ts'
import { addApproval, collect, warn } from './collect.ts'
import type { Address, Hex, TronNetwork } from './intent.ts'
import { accountKey, signerOf, signHash } from './keys.ts'
import { formatSignature, parseSignature } from './signature.ts'

/**
 * Signs typed data (TIP-712) after checking it. Returns r ‖ s ‖ v with v 27 or 28, in hex.
 *
 * Throws `INVALID_TYPED_DATA`, `CHAIN_MISMATCH` (see {@link checkTypedData}), `WRONG_ACCOUNT`,
 * `SIGNATURE_WRONG`.
 *
 * @see https://github.com/tronprotocol/tips/blob/master/tip-712.md
 */
export async function signTypedData(
  { account, typedData }: { account: AccountDescriptor; typedData: unknown },
  keys: KeyRing,
  network: TronNetwork,
): Promise<Hex> {
  const hash = hashTypedData(typedData, network)
  const key = await accountKey(account, keys, nobleEngine, network)
  return formatSignature(await signHash(hash, key, nobleEngine))
}

/**
 * True when `signature` over sound typed data of this network was made by `address`. Throws as {@link
 * checkTypedData} does.
 */
export function verifyTypedData(
  { address, typedData, signature }: { address: string; typedData: unknown; signature: string },
  network: TronNetwork,
): boolean {
  const signer = parseAddress(address)
  const hash = hashTypedData(typedData, network)
  try {
    return signerOf(hash, parseSignature(signature)) === signer
  } catch {
    return false
  }
}

/** What is signed for typed data: `0x19 01`, the hash of the domain, the hash of the message. 32 bytes. */
export function hashTypedData(typedData: unknown, network: TronNetwork): Uint8Array {
  return hashChecked(checkTypedData(typedData, network), rulesOf(network))
}

/**
 * The same in its parts, for a device that makes the hash itself: the checked data, and the hashes of its domain and its
 * message.
 */
export function typedDataParts(typedData: unknown, network: TronNetwork): TypedDataParts {
  const data = checkTypedData(typedData, network)
  return { data, ...hashParts(data, rulesOf(network)) }
}

/**
 * Checks typed data from outside, a value or its JSON text, and returns a clean copy, with addresses in base58check: what
 * is shown is what is signed. Addresses may be base58check, 42 digits of hex, or `0x` and 40 digits as Solidity writes
 * them; the type `trcToken` is a `uint256` by another name.
 *
 * Throws `CHAIN_MISMATCH` when the domain is of another chain (its chain id is the number in the network's id), and
 * `INVALID_TYPED_DATA` for everything that EIP-712 does not allow.
 */
export function checkTypedData(typedData: unknown, network: TronNetwork): TypedData {
  return check(typedData, rulesOf(network))
}

function rulesOf(network: TronNetwork): TypedDataRules {
  return {
    chainId: chainIdOf(network),
    network: network.name,
    parseAddress: (text) => parseAddress(text.startsWith('0x') ? `41${text.slice(2)}` : text),
    addressBytes: (address) => addressToBytes(address).subarray(1),
    types: { trcToken: 'uint256' },
  }
}

/** The number that contracts know the chain by: the last four bytes of the id of its genesis block. */
function chainIdOf({ id }: TronNetwork): bigint {
  const match = /^tron:(0x[0-9a-f]{8})$/.exec(id)
  if (match) return BigInt(match[1]!)
  throw new CofferError({
    code: 'INVALID_CHAIN',
    message: `${JSON.stringify(id)} is not the id of a Tron chain. Write it like "tron:0x2b6653dc".`,
  })
}

// ---- what it allows ----

const PERMIT = 'Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)'

/**
 * What typed data allows when it is signed: an EIP-2612 permit as an approval; anything else as a `call` of its verifying
 * contract with the warning `unknown-call`, since it may be an order to sell everything.
 *
 * Throws as {@link checkTypedData} does.
 */
export function inspectTypedData(
  { account, typedData }: { account: AccountDescriptor; typedData: unknown },
  network: TronNetwork,
): Pick<Effects, 'list' | 'warnings'> {
  const { types, primaryType, domain, message } = checkTypedData(typedData, network)
  const found = collect(network, readAccount(account, network).address)
  const contract = (domain['verifyingContract'] ?? ZERO_ADDRESS) as Address
  const isPermit = encodeType(primaryType, types) === PERMIT
  if (isPermit) {
    const { owner, spender, value } = message as { owner: Address; spender: Address; value: bigint }
    addApproval(found, { token: contract, owner, spender, amount: value })
  }
  if (!isPermit || contract === ZERO_ADDRESS) {
    found.list.push({ kind: 'call', to: contract, selector: '0x', data: '0x' })
    const name = primaryType.slice(0, 40)
    const sentence = `What ${contract} may do with the signed ${name} is not known; sign it only if you trust the site that asks.`
    warn(found, 'unknown-call', sentence)
  }
  if (domain['chainId'] === undefined)
    warn(found, 'no-chain-id', 'It names no chain, so the signature can be used on every chain.')
  return { list: found.list, warnings: found.warnings }
}
