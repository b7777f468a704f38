import type { ContractContext, ContractOutcome } from './contract.ts'
import { delegate, undelegate } from './contract-delegate.ts'
import { updatePermissions } from './contract-permission.ts'
import { updateEnergyLimit, updateUserPercent } from './contract-settings.ts'
import { cancelUnfreezing, freeze, unfreeze, withdrawUnfrozen } from './contract-stake.ts'
import { createAccount, transferAsset, transferTrx, updateAccount } from './contract-transfer.ts'
import { vote, withdrawRewards } from './contract-vote.ts'
import { type Contract, contractMessages, contractTypes, type OwnerOnly } from './messages.ts'
import { decode } from './protobuf.ts'
import { demand, invalid } from './refusal.ts'

/** The types of contract that run code. */
export const CREATE = 30
export const TRIGGER = 31

/** What is in a contract: its owner and the rest. Undefined when it is no message of its type. */
export function readContract({ type, parameter }: Contract): OwnerOnly | undefined {
  const message = contractMessages[type]
  if (!message || !parameter) return undefined
  if (parameter.type_url.split('/').at(-1) !== `protocol.${message.name}`) return undefined
  try {
    return decode(message, parameter.value)
  } catch {
    return undefined
  }
}

/** The same, with java-tron's complaint. */
export function requireContract(contract: Contract): OwnerOnly {
  const name = contractTypes[contract.type]
  if (!name) throw invalid(`Contract type ${contract.type} is not known to this devnet.`)
  const value = readContract(contract)
  demand(
    value !== undefined,
    `contract type error, expected type [${name}], real type[class com.google.protobuf.Any]`,
  )
  return value
}

/** Checks a contract without code and does what it says to the state of the context. */
export function runContract(context: ContractContext, type: number, value: OwnerOnly): ContractOutcome {
  // Each function gets the message that its number names in `contractMessages`.
  const run = contracts[type] as ((context: ContractContext, value: never) => ContractOutcome) | undefined
  if (!run) throw invalid(`Contract type ${type} is not known to this devnet.`)
  return run(context, value as never)
}

const contracts: Readonly<Record<number, unknown>> = {
  0: createAccount,
  1: transferTrx,
  2: transferAsset,
  4: vote,
  10: updateAccount,
  13: withdrawRewards,
  33: updateUserPercent,
  45: updateEnergyLimit,
  46: updatePermissions,
  54: freeze,
  55: unfreeze,
  56: withdrawUnfrozen,
  57: delegate,
  58: undelegate,
  59: cancelUnfreezing,
}
