import type { DraftFields } from '@coffer/core'
import { CofferError } from '@coffer/core'
import { ZERO_ADDRESS } from './address.ts'
import type { Authorization, EvmNetwork, EvmTransaction } from './intent.ts'
import { chainIdOf } from './networks.ts'
import type { Wrong } from './rlp.ts'
import { decodeUnsigned } from './transaction.ts'

/**
 * The transaction in a draft's payload, of this network and no other. Everything that reads a payload begins
 * here: inspecting, rebuilding and signing. Throws `INVALID_DRAFT`.
 */
export function readPayload(
  draft: Pick<DraftFields, 'chain' | 'payload'>,
  network: EvmNetwork,
): EvmTransaction {
  if (draft.chain !== network.id) throw invalidDraft(`It is for another chain than ${network.name}.`)
  const tx = decodeUnsigned(draft.payload)
  checkNetwork(tx, network, invalidDraft)
  return tx
}

/**
 * Throws what `wrong` makes for a transaction of another chain, and for a delegation that may not be signed.
 */
export function checkNetwork(tx: EvmTransaction, network: EvmNetwork, wrong: Wrong): void {
  const chainId = chainIdOf(network)
  if (tx.chainId !== chainId)
    throw wrong(`Its bytes are for the chain ${tx.chainId}; ${network.name} is the chain ${chainId}.`)
  if (tx.type !== 'eip7702') return
  for (const authorization of tx.authorizationList) checkDelegation(authorization, network, wrong)
}

/**
 * A delegation is valid on this chain alone, and gives the account to a pinned contract or back to its owner.
 */
export function checkDelegation(
  { chainId, address }: Authorization,
  network: EvmNetwork,
  wrong: Wrong,
): void {
  if (chainId !== chainIdOf(network))
    throw wrong(`It delegates the account on other chains than ${network.name} too.`)
  if (address !== ZERO_ADDRESS && !network.delegates.includes(address))
    throw wrong(`It delegates the account to ${address}, which is not one of the contracts allowed for that.`)
}

function invalidDraft(reason: string): CofferError {
  return new CofferError({
    code: 'INVALID_DRAFT',
    message: `This draft cannot be used. ${reason} Do not sign it.`,
  })
}
