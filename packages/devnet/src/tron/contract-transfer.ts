import { hexUtf8 } from './bytes.ts'
import {
  addExact,
  type ContractContext,
  type ContractOutcome,
  requireAccount,
  requireAddress,
} from './contract.ts'
import type {
  AccountCreateContract,
  AccountUpdateContract,
  TransferAssetContract,
  TransferContract,
} from './messages.ts'
import { parameter } from './parameters.ts'
import { demand } from './refusal.ts'
import { type Account, newAccount } from './state.ts'

/** TRX to an account, which begins to exist when it did not. */
export function transferTrx(
  context: ContractContext,
  { owner_address: from, to_address: to, amount }: TransferContract,
): ContractOutcome {
  const { accounts } = context.state
  requireAddress(from, 'Invalid ownerAddress!')
  requireAddress(to, 'Invalid toAddress!')
  demand(from !== to, 'Cannot transfer TRX to yourself.')
  const owner = accounts.get(from)
  demand(owner !== undefined, 'Validate TransferContract error, no OwnerAccount.')
  demand(amount > 0n, 'Amount must be greater than 0.')
  const receiver = accounts.get(to)
  const fee = receiver ? 0n : newAccountFee(context)
  demand(!isForbidden(context, receiver), 'Cannot transfer TRX to a smartContract.')
  demand(
    owner.balance >= addExact(amount, fee),
    'Validate TransferContract error, balance is not sufficient.',
  )
  const target = receiver ?? newAccount(to, context.head.timestamp)
  accounts.set(from, { ...owner, balance: owner.balance - amount - fee })
  accounts.set(to, { ...target, balance: addExact(target.balance, amount) })
  return { fee }
}

/** A TRC-10 token to an account. */
export function transferAsset(
  context: ContractContext,
  { owner_address: from, to_address: to, asset_name: name, amount }: TransferAssetContract,
): ContractOutcome {
  const { accounts, assets } = context.state
  const id = hexUtf8(name)
  requireAddress(from, 'Invalid ownerAddress')
  requireAddress(to, 'Invalid toAddress')
  demand(amount > 0n, 'Amount must be greater than 0.')
  demand(from !== to, 'Cannot transfer asset to yourself.')
  const owner = accounts.get(from)
  demand(owner !== undefined, 'No owner account!')
  demand(assets.get(id) !== undefined, 'No asset!')
  const held = owner.assets.get(id) ?? 0n
  demand(held > 0n, 'assetBalance must be greater than 0.')
  demand(amount <= held, 'assetBalance is not sufficient.')
  const receiver = accounts.get(to)
  demand(!isForbidden(context, receiver), 'Cannot transfer asset to smartContract.')
  const fee = receiver ? 0n : newAccountFee(context)
  demand(owner.balance >= fee, 'Validate TransferAssetActuator error, insufficient fee.')
  const target = receiver ?? newAccount(to, context.head.timestamp)
  const received = addExact(target.assets.get(id) ?? 0n, amount)
  accounts.set(from, withAsset({ ...owner, balance: owner.balance - fee }, id, held - amount))
  accounts.set(to, withAsset(target, id, received))
  return { fee }
}

/** An account that begins to exist without being paid. */
export function createAccount(
  context: ContractContext,
  { owner_address: from, account_address: address }: AccountCreateContract,
): ContractOutcome {
  const { accounts } = context.state
  requireAddress(from, 'Invalid ownerAddress')
  const owner = requireAccount(context, from)
  const fee = newAccountFee(context)
  demand(owner.balance >= fee, 'Validate CreateAccountActuator error, insufficient fee.')
  requireAddress(address, 'Invalid account address')
  demand(accounts.get(address) === undefined, 'Account has existed')
  accounts.set(address, newAccount(address, context.head.timestamp))
  accounts.set(from, { ...owner, balance: owner.balance - fee })
  return { fee }
}

/** The nickname of an account, once. */
export function updateAccount(
  context: ContractContext,
  { owner_address: from, account_name: name }: AccountUpdateContract,
): ContractOutcome {
  demand(name.length / 2 <= 200, 'Invalid accountName')
  requireAddress(from, 'Invalid ownerAddress')
  const owner = context.state.accounts.get(from)
  demand(owner !== undefined, 'Account does not exist')
  const isFree = parameter(context.state.parameters, 'getAllowUpdateAccountName') === 1n
  demand(owner.name === '' || isFree, 'This account name is already existed')
  context.state.accounts.set(from, { ...owner, name })
  return { fee: 0n }
}

export function withAsset(account: Account, id: string, amount: bigint): Account {
  const assets = new Map(account.assets)
  assets.set(id, amount)
  return { ...account, assets }
}

function newAccountFee({ state }: ContractContext): bigint {
  return parameter(state.parameters, 'getCreateNewAccountFeeInSystemContract')
}

function isForbidden({ state }: ContractContext, receiver: Account | undefined): boolean {
  return receiver?.isContract === true && parameter(state.parameters, 'getForbidTransferToContract') === 1n
}
