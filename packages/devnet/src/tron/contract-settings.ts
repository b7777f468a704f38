import { base58Of } from './bytes.ts'
import { type ContractContext, type ContractOutcome, requireAccount, requireAddress } from './contract.ts'
import type { UpdateEnergyLimitContract, UpdateSettingContract } from './messages.ts'
import { demand } from './refusal.ts'
import type { DeployedContract } from './state.ts'

/** Which share of the energy its callers pay, 0 to 100. */
export function updateUserPercent(context: ContractContext, value: UpdateSettingContract): ContractOutcome {
  const userPercent = value.consume_user_resource_percent
  requireAddress(value.owner_address, 'Invalid address')
  requireAccount(context, value.owner_address)
  demand(userPercent >= 0n && userPercent <= 100n, 'percent not in [0, 100]')
  const contract = requireOwn(context, value)
  context.state.contracts.set(contract.address, { ...contract, userPercent })
  return { fee: 0n }
}

/** How much of its deployer's energy one call may use. */
export function updateEnergyLimit(
  context: ContractContext,
  value: UpdateEnergyLimitContract,
): ContractOutcome {
  const originEnergyLimit = value.origin_energy_limit
  requireAccount(context, value.owner_address)
  demand(originEnergyLimit > 0n, 'origin energy limit must be > 0')
  const contract = requireOwn(context, value)
  context.state.contracts.set(contract.address, { ...contract, originEnergyLimit })
  return { fee: 0n }
}

function requireOwn(
  { state }: ContractContext,
  value: { readonly owner_address: string; readonly contract_address: string },
): DeployedContract {
  const contract = state.contracts.get(value.contract_address)
  demand(contract !== undefined, 'Contract does not exist')
  demand(
    contract.origin === value.owner_address,
    `Account[${base58Of(value.owner_address)}] is not the owner of the contract`,
  )
  return contract
}
