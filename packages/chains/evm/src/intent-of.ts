import { decodeCall } from './abi.ts'
import { ZERO_ADDRESS } from './address.ts'
import type { EvmIntent, EvmNetwork, EvmTransaction } from './intent.ts'

/**
 * The intent that makes a transaction, read back from its bytes: a payment where it is plainly one, an approval, a
 * deployment, a delegation, else a call. The pure counterpart of `buildTransaction`.
 */
export function intentOf(tx: EvmTransaction, network: EvmNetwork): EvmIntent {
  const { to, value, data } = tx
  if (tx.type === 'eip7702') {
    const [own] = tx.authorizationList
    return { kind: 'delegate', to: own && own.address !== ZERO_ADDRESS ? own.address : null }
  }
  if (to === null) return { kind: 'deploy', value, data }
  const accessList = 'accessList' in tx && tx.accessList.length > 0 ? { accessList: tx.accessList } : {}
  const plain = !('accessList' in accessList)
  if (plain && data === '0x' && value > 0n) return { kind: 'pay', asset: network.coin.id, to, amount: value }
  const call = plain && value === 0n ? decodeCall(data) : undefined
  const asset = `${network.id}/erc20:${to}` as const
  if (call?.name === 'transfer' && call.amount > 0n)
    return { kind: 'pay', asset, to: call.to, amount: call.amount }
  if (call?.name === 'approve') return { kind: 'approve', asset, spender: call.spender, amount: call.amount }
  return { kind: 'call', to, value, data, ...accessList }
}
