import { type AccountDescriptor, type Effects, type KeyRing, nobleEngine } from '@coffer/core'
import {
  encodeType,
  hashChecked,
  hashParts,
  type TypedData,
  type TypedDataParts,
  type TypedValue,
} from '@coffer/core/typed-data'
import { MAX_UINT256, PERMIT2 } from './abi.ts'
import { parseAddress, readAccount, ZERO_ADDRESS } from './address.ts'
import { addApproval, addCall, addTransfer, type Collected, collect, warn } from './collect.ts'
import type { Address, EvmNetwork, Hex } from './intent.ts'
import { accountKey, signerOf, signHash } from './keys.ts'
import { formatSignature, parseSignature } from './signature.ts'
import { checkTypedData, typedDataRules } from './typed-data-check.ts'

/**
 * Signs typed data (EIP-712) after checking it. Returns r ‖ s ‖ v with v 27 or 28, in hex.
 *
 * Throws `INVALID_TYPED_DATA`, `CHAIN_MISMATCH` (see {@link checkTypedData}), `WRONG_ACCOUNT`,
 * `SIGNATURE_WRONG`.
 *
 * @see https://eips.ethereum.org/EIPS/eip-712
 */
export async function signTypedData(
  { account, typedData }: { account: AccountDescriptor; typedData: unknown },
  keys: KeyRing,
  network: EvmNetwork,
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
  network: EvmNetwork,
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
export function hashTypedData(typedData: unknown, network: EvmNetwork): Uint8Array {
  return hashChecked(checkTypedData(typedData, network), typedDataRules(network))
}

/**
 * The same in its parts, for a device that makes the hash itself: the checked data, and the hashes of its domain and its
 * message.
 */
export function typedDataParts(typedData: unknown, network: EvmNetwork): TypedDataParts {
  const data = checkTypedData(typedData, network)
  return { data, ...hashParts(data, typedDataRules(network)) }
}

// ---- what it allows ----

/**
 * What typed data allows when it is signed: EIP-2612 and DAI permits, and Permit2's of every form, as
 * approvals; an EIP-3009 authorisation as a transfer; anything else as a `call` of its verifying contract with the warning `unknown-call`, since it
 * may be an order to sell everything. A Permit2 message is told by its shape; one for a contract that is not
 * Permit2 is shown as both. The expiry of an approval is told where it ends the approval and not only the
 * signature.
 *
 * Throws as {@link checkTypedData} does.
 */
export function inspectTypedData(
  { account, typedData }: { account: AccountDescriptor; typedData: unknown },
  network: EvmNetwork,
): Pick<Effects, 'list' | 'warnings'> {
  const data = checkTypedData(typedData, network)
  const found = collect(network, readAccount(account, network).address)
  const contract = (data.domain['verifyingContract'] ?? ZERO_ADDRESS) as Address
  const known = readPermit(data, contract, found)
  if (!known) {
    addCall(found, contract, '0x')
    const name = data.primaryType.slice(0, 40)
    const message = `What ${contract} may do with the signed ${name} is not known; sign it only if you trust the site that asks.`
    warn(found, 'unknown-call', message)
  }
  if (data.domain['chainId'] === undefined)
    warn(found, 'no-chain-id', 'It names no chain, so the signature can be used on every chain.')
  return { list: found.list, warnings: found.warnings }
}

interface Permitted {
  readonly token: Address
  readonly amount: bigint
}

interface Detail extends Permitted {
  readonly expiration: bigint
}

const DETAILS = 'PermitDetails(address token,uint160 amount,uint48 expiration,uint48 nonce)'
const PERMITTED = 'TokenPermissions(address token,uint256 amount)'
const AUTHORIZED =
  '(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)'
const TERMS = 'permitted,address spender,uint256 nonce,uint256 deadline'

/** Adds the approvals of a permit, or the transfer of an authorisation. True when there is nothing else in it. */
function readPermit(
  { types, primaryType, message }: TypedData,
  contract: Address,
  found: Collected,
): boolean {
  const type = encodeType(primaryType, types)
  const { account } = found
  const spender = message['spender'] as Address
  switch (type) {
    case 'Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)': {
      const { owner, value } = message as { owner: Address; value: bigint }
      addApproval(found, { token: contract, owner, spender, amount: value })
      return contract !== ZERO_ADDRESS
    }
    case 'Permit(address holder,address spender,uint256 nonce,uint256 expiry,bool allowed)': {
      const { holder, allowed } = message as { holder: Address; allowed: boolean }
      addApproval(found, { token: contract, owner: holder, spender, amount: allowed ? MAX_UINT256 : 0n })
      return contract !== ZERO_ADDRESS
    }
    case `TransferWithAuthorization${AUTHORIZED}`:
    case `ReceiveWithAuthorization${AUTHORIZED}`: {
      const { from, to, value } = message as { from: Address; to: Address; value: bigint }
      addTransfer(found, { token: contract, from, to, amount: value })
      return contract !== ZERO_ADDRESS
    }
    case `PermitSingle(PermitDetails details,address spender,uint256 sigDeadline)${DETAILS}`:
    case `PermitBatch(PermitDetails[] details,address spender,uint256 sigDeadline)${DETAILS}`:
      for (const { token, amount, expiration: expires } of many<Detail>(message['details']))
        addApproval(found, { token, owner: account, spender, amount, expires })
      return contract === PERMIT2
  }
  const single = /^Permit(?:Witness)?TransferFrom$/.test(primaryType)
  const batch = /^PermitBatch(?:Witness)?TransferFrom$/.test(primaryType)
  const start = `${primaryType}(TokenPermissions${batch ? '[]' : ''} ${TERMS}`
  // What follows may be a witness: an order whose text the spender must heed when it takes the tokens.
  const shaped =
    [`${start})`, `${start},`].some((head) => type.startsWith(head)) && type.includes(`)${PERMITTED}`)
  if (!(single || batch) || !shaped) return false
  const expires = message['deadline'] as bigint
  for (const { token, amount } of many<Permitted>(message['permitted']))
    addApproval(found, { token, owner: account, spender, amount, expires })
  return contract === PERMIT2
}

/** One or a list of them, as the type that was compared above has it. */
function many<T>(value: TypedValue | undefined): readonly T[] {
  return (Array.isArray(value) ? value : [value]) as readonly T[]
}
