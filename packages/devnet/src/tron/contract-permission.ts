import { bytesOf } from './bytes.ts'
import { addExact, type ContractContext, type ContractOutcome, requireAddress } from './contract.ts'
import type { AccountPermissionUpdateContract, Permission } from './messages.ts'
import { parameter } from './parameters.ts'
import { MAX_SIGNATURES, mayDo } from './permissions.ts'
import { demand, Refusal } from './refusal.ts'

const typeNames = ['Owner', 'Witness', 'Active']

/** The types of contract that an active permission may name. */
const known = bytesOf('7fff1fc0037ec30f'.padEnd(64, '0'))

/** Replaces all permissions of an account. It costs 100 TRX. */
export function updatePermissions(
  { state }: ContractContext,
  { owner_address: from, owner, witness, actives }: AccountPermissionUpdateContract,
): ContractOutcome {
  requireAddress(from, 'invalidate ownerAddress')
  const account = state.accounts.get(from)
  demand(account !== undefined, 'ownerAddress account does not exist')
  demand(owner !== undefined, 'owner permission is missed')
  if (account.isWitness) demand(witness !== undefined, 'witness permission is missed')
  else demand(witness === undefined, "account isn't witness can't set witness permission")
  demand(actives.length > 0, 'active permission is missed')
  demand(actives.length <= 8, 'active permission is too many')
  demand(owner.type === 0, 'owner permission type is error')
  checkPermission(owner)
  if (witness) {
    demand(witness.type === 1, 'witness permission type is error')
    checkPermission(witness)
  }
  for (const active of actives) {
    demand(active.type === 2, 'active permission type is error')
    checkPermission(active)
  }
  const fee = parameter(state.parameters, 'getUpdateAccountPermissionFee')
  if (account.balance < fee) {
    throw new Refusal(
      'CONTRACT_EXE_ERROR',
      `${from} insufficient balance, balance: ${account.balance}, amount: ${fee}`,
    )
  }
  state.accounts.set(from, {
    ...account,
    balance: account.balance - fee,
    owner: { ...owner, id: 0 },
    witness: witness && { ...witness, id: 1 },
    actives: actives.map((active, i) => ({ ...active, id: i + 2 })),
  })
  return { fee }
}

function checkPermission({
  type,
  keys,
  threshold,
  permission_name: name,
  parent_id: parent,
  operations,
}: Permission): void {
  const typeName = typeNames[type] ?? 'UNRECOGNIZED'
  demand(
    keys.length <= MAX_SIGNATURES,
    `number of keys in permission should not be greater than ${MAX_SIGNATURES}`,
  )
  demand(keys.length > 0, "key's count should be greater than 0")
  demand(type !== 1 || keys.length === 1, "Witness permission's key count should be 1")
  demand(threshold > 0n, "permission's threshold should be greater than 0")
  demand(name.length <= 32, "permission's name is too long")
  demand(parent === 0, "permission's parent should be owner")
  demand(
    new Set(keys.map(({ address }) => address)).size === keys.length,
    `address should be distinct in permission ${typeName}`,
  )
  let sum = 0n
  for (const { address, weight } of keys) {
    requireAddress(address, 'key is not a validate address')
    demand(weight > 0n, "key's weight should be greater than 0")
    sum = addExact(sum, weight)
  }
  demand(
    sum >= threshold,
    `sum of all key's weight should not be less than threshold in permission ${typeName}`,
  )
  if (type !== 2) {
    demand(operations === '', `${typeName} permission needn't operations`)
    return
  }
  const bits = bytesOf(operations)
  demand(bits.length === 32, 'operations size must 32')
  for (let i = 0; i < 256; i++) {
    demand(!mayDo(bits, i) || mayDo(known, i), `${i} isn't a validate ContractType`)
  }
}
