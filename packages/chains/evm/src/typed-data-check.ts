import { checkTypedData as check, type TypedData, type TypedDataRules } from '@coffer/core/typed-data'
import { parseAddress } from './address.ts'
import { hexToBytes } from './hex.ts'
import type { EvmNetwork } from './intent.ts'
import { chainIdOf } from './networks.ts'

export { encodeType, type TypedField } from '@coffer/core/typed-data'

/** EIP-712 on an EVM chain: addresses are read in any case and hashed as their 20 bytes. */
export function typedDataRules(network: EvmNetwork): TypedDataRules {
  return {
    chainId: chainIdOf(network),
    network: network.name,
    parseAddress,
    addressBytes: hexToBytes,
  }
}

/**
 * Checks typed data from outside, a value or its JSON text, and returns a clean copy: what is shown is what
 * is signed. Throws `INVALID_TYPED_DATA` and `CHAIN_MISMATCH`.
 */
export function checkTypedData(typedData: unknown, network: EvmNetwork): TypedData {
  return check(typedData, typedDataRules(network))
}
