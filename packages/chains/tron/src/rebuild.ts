import { CofferError, type DraftFields, isCofferError, type Resource } from '@coffer/core'
import { encodeApprove, encodeTransfer } from './abi.ts'
import { assetKind } from './assets.ts'
import { checkIntent } from './check-intent.ts'
import type { ContractPermission } from './contracts.ts'
import type { Address, Hex, KeySet, TronIntent, TronNetwork } from './intent.ts'
import { readPayload, writePayload } from './payload.ts'
import type { TronContract, TronTransaction } from './transaction.ts'

/** What the network and the clock decide of a transaction. */
export interface TxNumbers {
  /** Four hex digits: the last two bytes of the height of a recent block. */
  readonly refBlockBytes: string
  /** Sixteen hex digits: bytes 8 to 15 of its id. */
  readonly refBlockHash: string
  /** Unix milliseconds. */
  readonly expiration: bigint
  readonly timestamp: bigint
  /** Sun; 0 for what calls no contract. */
  readonly feeLimit: bigint
}

/**
 * The payload that the intent makes, given the reference block, the times and the fee limit of the draft's own payload.
 * Nothing else is taken from there, so a field that nobody asked for makes the two differ.
 *
 * Throws `INVALID_DRAFT` when the payload is not a transaction of this account, `DRAFT_MISMATCH` when the intent makes none.
 */
export function rebuild(draft: DraftFields<TronIntent>, network: TronNetwork): Hex {
  const { tx, account } = readPayload(draft, network)
  try {
    return writePayload(buildTransaction(draft.intent, tx, network, account))
  } catch (cause) {
    if (!isCofferError(cause)) throw cause
    throw new CofferError({
      code: 'DRAFT_MISMATCH',
      message: `The intent of this draft does not make its bytes: ${cause.message} Do not sign it; make a new draft.`,
      cause,
    })
  }
}

/**
 * Turns an intent into a transaction; the one place that does. Pure. Throws what `checkIntent` throws, and
 * `INVALID_REQUEST` for an account that would deal with itself.
 */
export function buildTransaction(
  intent: TronIntent,
  numbers: TxNumbers,
  network: TronNetwork,
  account: Address,
): TronTransaction {
  checkIntent(intent, network)
  const { refBlockBytes, refBlockHash, expiration, timestamp, feeLimit } = numbers
  return {
    refBlockBytes,
    refBlockHash,
    expiration,
    timestamp,
    feeLimit,
    memo: intent.memo ?? '',
    permission: intent.permission?.id ?? 0,
    contract: contractOf(intent, network, account),
  }
}

/** Whether energy is spent, so that a fee limit is needed. */
export function needsEnergy(intent: TronIntent, network: TronNetwork): boolean {
  if (intent.kind === 'pay') return assetKind(intent.asset, network).kind === 'trc20'
  return intent.kind === 'approve' || intent.kind === 'call' || intent.kind === 'deploy'
}

export function contractOf(intent: TronIntent, network: TronNetwork, ownerAddress: Address): TronContract {
  switch (intent.kind) {
    case 'pay': {
      const asset = assetKind(intent.asset, network)
      const { to, amount } = intent
      if (asset.kind === 'trc20') return call(ownerAddress, asset.address, encodeTransfer(to, amount))
      notSelf(ownerAddress, to)
      if (asset.kind === 'coin') return { type: 'TransferContract', ownerAddress, toAddress: to, amount }
      return { type: 'TransferAssetContract', assetName: asset.id, ownerAddress, toAddress: to, amount }
    }
    case 'approve': {
      const asset = assetKind(intent.asset, network)
      if (asset.kind !== 'trc20') throw invalid('Only TRC-20 tokens are approved.')
      return call(ownerAddress, asset.address, encodeApprove(intent.spender, intent.amount))
    }
    case 'call':
      return call(ownerAddress, intent.to, intent.data, intent.value, intent.token)
    case 'deploy':
      return {
        type: 'CreateSmartContract',
        ownerAddress,
        newContract: {
          originAddress: ownerAddress,
          contractAddress: '',
          abi: { entrys: [] },
          bytecode: intent.data.slice(2),
          callValue: intent.value,
          consumeUserResourcePercent: intent.userPercent,
          name: intent.name,
          originEnergyLimit: intent.originEnergyLimit,
          codeHash: '',
          trxHash: '',
          version: 0,
        },
        callTokenValue: 0n,
        tokenId: 0n,
      }
    case 'activate':
      notSelf(ownerAddress, intent.to)
      return { type: 'AccountCreateContract', ownerAddress, accountAddress: intent.to, accountType: 0 }
    case 'freeze':
      return {
        type: 'FreezeBalanceV2Contract',
        ownerAddress,
        frozenBalance: intent.amount,
        resource: codeOf(intent.resource),
      }
    case 'unfreeze':
      return {
        type: 'UnfreezeBalanceV2Contract',
        ownerAddress,
        unfreezeBalance: intent.amount,
        resource: codeOf(intent.resource),
      }
    case 'cancel-unfreeze':
      return { type: 'CancelAllUnfreezeV2Contract', ownerAddress }
    case 'withdraw':
      return { type: 'WithdrawExpireUnfreezeContract', ownerAddress }
    case 'claim':
      return { type: 'WithdrawBalanceContract', ownerAddress }
    case 'delegate':
      notSelf(ownerAddress, intent.to)
      return {
        type: 'DelegateResourceContract',
        ownerAddress,
        resource: codeOf(intent.resource),
        balance: intent.amount,
        receiverAddress: intent.to,
        lock: intent.lockBlocks > 0n,
        lockPeriod: intent.lockBlocks,
      }
    case 'undelegate':
      notSelf(ownerAddress, intent.to)
      return {
        type: 'UnDelegateResourceContract',
        ownerAddress,
        resource: codeOf(intent.resource),
        balance: intent.amount,
        receiverAddress: intent.to,
      }
    case 'vote':
      return {
        type: 'VoteWitnessContract',
        ownerAddress,
        votes: intent.votes.map(({ to, count }) => ({ voteAddress: to, voteCount: count })),
        support: false,
      }
    case 'permissions':
      return {
        type: 'AccountPermissionUpdateContract',
        ownerAddress,
        owner: permission(0, 'owner', intent.owner),
        witness: intent.witness && permission(1, 'witness', intent.witness),
        actives: intent.actives.map((active) => permission(2, active.name, active, active.operations)),
      }
    default:
      throw invalid('Its intent is of an unknown kind.')
  }
}

function call(
  ownerAddress: Address,
  contractAddress: Address,
  data: string,
  callValue = 0n,
  token: { readonly id: bigint; readonly amount: bigint } = { id: 0n, amount: 0n },
): TronContract {
  return {
    type: 'TriggerSmartContract',
    ownerAddress,
    contractAddress,
    callValue,
    data: data.slice(2),
    callTokenValue: token.amount,
    tokenId: token.id,
  }
}

/** Without its number: the chain counts permissions itself. */
function permission(
  type: number,
  permissionName: string,
  { threshold, keys }: KeySet,
  operations = '',
): ContractPermission {
  return {
    type,
    id: 0,
    permissionName,
    threshold,
    parentId: 0,
    operations,
    keys: keys.map(({ address, weight }) => ({ address, weight })),
  }
}

function notSelf(account: Address, to: Address): void {
  if (account === to)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'The recipient is the account itself, which Tron refuses. Choose another address.',
    })
}

function codeOf(resource: Resource): number {
  return resource === 'energy' ? 1 : 0
}

function invalid(message: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message })
}
