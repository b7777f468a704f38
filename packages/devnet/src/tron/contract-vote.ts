import {
  addExact,
  type ContractContext,
  type ContractOutcome,
  requireAccount,
  requireAddress,
} from './contract.ts'
import type { OwnerOnly, VoteWitnessContract } from './messages.ts'
import { demand } from './refusal.ts'
import { DAY_MS, SUN_PER_TRX, tronPower } from './state.ts'

const MAX_VOTES = 30

/** One vote for each TRX of stake, all at once: the earlier ones are gone. */
export function vote(
  context: ContractContext,
  { owner_address: from, votes }: VoteWitnessContract,
): ContractOutcome {
  const { accounts } = context.state
  requireAddress(from, 'Invalid address')
  demand(votes.length > 0, 'VoteNumber must more than 0')
  demand(votes.length <= MAX_VOTES, `VoteNumber more than maxVoteNumber ${MAX_VOTES}`)
  let sum = 0n
  for (const { vote_address: address, vote_count: count } of votes) {
    requireAddress(address, 'Invalid vote address!')
    demand(count > 0n, 'vote count must be greater than 0')
    const candidate = accounts.get(address)
    demand(candidate !== undefined, `Account[${address}] not exists`)
    demand(candidate.isWitness, `Witness[${address}] not exists`)
    sum = addExact(sum, count)
  }
  const account = requireAccount(context, from)
  const needed = sum * SUN_PER_TRX
  const power = tronPower(account)
  demand(needed <= power, `The total number of votes[${needed}] is greater than the tronPower[${power}]`)
  accounts.set(from, {
    ...account,
    votes: votes.map(({ vote_address, vote_count }) => ({ address: vote_address, count: vote_count })),
  })
  return { fee: 0n }
}

/** Pays out the rewards of voting, once in 24 hours. */
export function withdrawRewards(
  context: ContractContext,
  { owner_address: from }: OwnerOnly,
): ContractOutcome {
  const { state, head } = context
  const account = requireAccount(context, from)
  demand(
    !account.isWitness,
    `Account[${from}] is a guard representative and is not allowed to withdraw Balance`,
  )
  demand(
    head.timestamp - account.lastWithdrawal >= DAY_MS,
    `The last withdraw time is ${account.lastWithdrawal}, less than 24 hours`,
  )
  demand(account.allowance > 0n, 'witnessAccount does not have any reward')
  state.accounts.set(from, {
    ...account,
    balance: addExact(account.balance, account.allowance),
    allowance: 0n,
    lastWithdrawal: head.timestamp,
  })
  return { fee: 0n, withdrawn: account.allowance }
}
