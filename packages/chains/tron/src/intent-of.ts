import type { Resource } from '@coffer/core'
import { decodeCall } from './abi.ts'
import { tokenAsset, trc10Asset } from './assets.ts'
import type { ContractPermission, TriggerSmartContract } from './contracts.ts'
import type { KeySet, TronIntent, TronNetwork } from './intent.ts'
import { invalidDraft } from './payload.ts'
import type { TronTransaction } from './transaction.ts'

/**
 * The intent that makes a transaction, read back from its bytes: a payment where it is plainly one, an approval, a step of
 * staking, else a call. The pure counterpart of `buildTransaction`. Who can sign for a permission is not in the bytes.
 * Throws `INVALID_DRAFT` for what no intent asks for.
 */
export function intentOf(tx: TronTransaction, network: TronNetwork): TronIntent {
  const memo = tx.memo === '' ? {} : { memo: tx.memo }
  return { ...read(tx, network), ...memo }
}

function read({ contract }: TronTransaction, network: TronNetwork): TronIntent {
  switch (contract.type) {
    case 'TransferContract':
      return { kind: 'pay', asset: network.coin.id, to: contract.toAddress, amount: contract.amount }
    case 'TransferAssetContract': {
      const asset = trc10Asset(contract.assetName, network)
      return { kind: 'pay', asset, to: contract.toAddress, amount: contract.amount }
    }
    case 'TriggerSmartContract':
      return readCall(contract, network)
    case 'CreateSmartContract': {
      const { bytecode, callValue, consumeUserResourcePercent, name, originEnergyLimit } =
        contract.newContract
      return {
        kind: 'deploy',
        value: callValue,
        data: `0x${bytecode}`,
        name,
        userPercent: consumeUserResourcePercent,
        originEnergyLimit,
      }
    }
    case 'AccountCreateContract':
      return { kind: 'activate', to: contract.accountAddress }
    case 'FreezeBalanceV2Contract':
      return { kind: 'freeze', amount: contract.frozenBalance, resource: resourceOf(contract.resource) }
    case 'UnfreezeBalanceV2Contract':
      return { kind: 'unfreeze', amount: contract.unfreezeBalance, resource: resourceOf(contract.resource) }
    case 'CancelAllUnfreezeV2Contract':
      return { kind: 'cancel-unfreeze' }
    case 'WithdrawExpireUnfreezeContract':
      return { kind: 'withdraw' }
    case 'WithdrawBalanceContract':
      return { kind: 'claim' }
    case 'DelegateResourceContract':
    case 'UnDelegateResourceContract': {
      const { receiverAddress: to, balance: amount } = contract
      const resource = resourceOf(contract.resource)
      if (contract.type === 'UnDelegateResourceContract') return { kind: 'undelegate', to, amount, resource }
      return { kind: 'delegate', to, amount, resource, lockBlocks: contract.lockPeriod }
    }
    case 'VoteWitnessContract':
      return {
        kind: 'vote',
        votes: contract.votes.map(({ voteAddress, voteCount }) => ({ to: voteAddress, count: voteCount })),
      }
    case 'AccountPermissionUpdateContract': {
      const { owner, witness, actives } = contract
      if (!owner) throw invalidDraft('It changes the permissions of the account and names no owner.')
      return {
        kind: 'permissions',
        owner: keysOf(owner),
        actives: actives.map((active) => ({
          ...keysOf(active),
          name: active.permissionName,
          operations: active.operations,
        })),
        ...(witness ? { witness: keysOf(witness) } : {}),
      }
    }
  }
}

function readCall(contract: TriggerSmartContract, network: TronNetwork): TronIntent {
  const { contractAddress: to, callValue: value, data, callTokenValue, tokenId } = contract
  const bare = value === 0n && callTokenValue === 0n && tokenId === 0n
  const known = bare ? decodeCall(data) : undefined
  const asset = tokenAsset(to, network)
  // Only what would be written the same way again: the address of a word may have been padded with 41.
  if (known?.name === 'transfer' && known.amount > 0n && isClean(data))
    return { kind: 'pay', asset, to: known.to, amount: known.amount }
  if (known?.name === 'approve' && data.startsWith('095ea7b3') && isClean(data))
    return { kind: 'approve', asset, spender: known.spender, amount: known.amount }
  const token = callTokenValue === 0n ? {} : { token: { id: tokenId, amount: callTokenValue } }
  return { kind: 'call', to, value, data: `0x${data}`, ...token }
}

function isClean(data: string): boolean {
  return data.slice(8, 32) === '0'.repeat(24)
}

function keysOf({ threshold, keys }: ContractPermission): KeySet {
  return { threshold, keys }
}

/** Stake for votes alone (2) is of an older kind, and is never made here. */
export function resourceOf(code: number): Resource {
  if (code === 0) return 'bandwidth'
  if (code === 1) return 'energy'
  throw invalidDraft('It stakes for a resource that is not known.')
}
