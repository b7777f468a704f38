import {
  type DraftFields,
  type Effects,
  type Fee,
  lookalikeWarnings,
  type PermissionEffect,
} from '@coffer/core'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { decodeCall } from './abi.ts'
import { addressFromBytes, addressToBytes, isAddress } from './address.ts'
import { cleanText } from './answers.ts'
import { trc10Asset } from './assets.ts'
import {
  addApproval,
  addCall,
  addTransfer,
  type Collected,
  collect,
  isListed,
  listedAsset,
  warn,
} from './collect.ts'
import type { ContractPermission, TriggerSmartContract } from './contracts.ts'
import { detailOf } from './fee-detail.ts'
import { ceilingOf, feeParts, numberOf, textOf } from './fee-parts.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import type { Address, TronIntent, TronNetwork } from './intent.ts'
import { resourceOf } from './intent-of.ts'
import { operationsOf } from './operations.ts'
import { readPayload } from './payload.ts'
import { signingHash, type TronTransaction } from './transaction.ts'

/**
 * What the payload of a draft does when it is mined, from its bytes and the account's address alone. `hints` only move the
 * fee that is expected, never above the ceiling, and add to warnings and fields: `lookalike`, `activation`, and who
 * decided over the account `before`.
 *
 * A contract call is either understood to its last byte or shown as `call`. TRC-20 and TRC-721 share `approve` and
 * `transferFrom`: at a token that is on no list the number may be that of an NFT, which the warning `token-or-nft` says.
 *
 * Throws `INVALID_DRAFT` when the payload is not exactly one canonical transaction of this account.
 */
export function inspect(draft: DraftFields, network: TronNetwork): Effects {
  const { raw, tx, account } = readPayload(draft, network)
  const found = collect(network, account)
  readContract(tx, raw, draft.hints, found)
  if (tx.memo !== '') found.list.push({ kind: 'memo', data: tx.memo })

  const fee = feeOf(draft, tx, raw.length, network)
  const [first] = found.list
  const paysCoin = first?.kind === 'transfer' && first.asset === network.coin.id
  if (paysCoin && first.amount > 0n && fee.expected > first.amount)
    warn(found, 'fee-above-amount', 'The fee costs more than the amount that is sent.')
  if (numberOf(draft.hints, 'activation') !== undefined)
    warn(
      found,
      'activation',
      'The address was never used: the payment opens an account there, which costs extra.',
    )
  return {
    account,
    list: found.list,
    fee,
    warnings: [...found.warnings, ...lookalikeWarnings(draft.hints, isAddress)],
    fields: fieldsOf(tx, draft.hints),
  }
}

function readContract(
  { contract }: TronTransaction,
  raw: Uint8Array,
  hints: DraftFields['hints'],
  found: Collected,
): void {
  const { network, account } = found
  const { coin } = network
  switch (contract.type) {
    case 'TransferContract':
      addTransfer(found, { asset: coin.id, from: account, to: contract.toAddress, amount: contract.amount })
      return
    case 'TransferAssetContract': {
      const asset = trc10Asset(contract.assetName, network)
      addTransfer(found, { asset, from: account, to: contract.toAddress, amount: contract.amount })
      warn(
        found,
        'unlisted-token',
        `The token number ${contract.assetName} is not on this wallet's list: make sure that it is the one you mean.`,
      )
      return
    }
    case 'TriggerSmartContract':
      readCall(contract, found)
      return
    case 'CreateSmartContract': {
      const code = hexToBytes(contract.newContract.bytecode)
      found.list.push({
        kind: 'deploy',
        codeSize: code.length,
        codeHash: `0x${bytesToHex(keccak_256(code))}`,
      })
      warn(found, 'deployment', 'It puts a new contract on the chain: sign it only if you know its code.')
      if (contract.newContract.callValue > 0n)
        addTransfer(found, {
          asset: coin.id,
          from: account,
          to: createdAddress(raw, account),
          amount: contract.newContract.callValue,
        })
      if (contract.callTokenValue > 0n)
        addTransfer(found, {
          asset: trc10Asset(contract.tokenId.toString(), network),
          from: account,
          to: createdAddress(raw, account),
          amount: contract.callTokenValue,
        })
      return
    }
    case 'AccountCreateContract':
      found.list.push({ kind: 'activate', to: contract.accountAddress })
      return
    case 'FreezeBalanceV2Contract':
      found.list.push({
        kind: 'freeze',
        asset: coin.id,
        amount: contract.frozenBalance,
        resource: resourceOf(contract.resource),
      })
      return
    case 'UnfreezeBalanceV2Contract':
      found.list.push({
        kind: 'unfreeze',
        asset: coin.id,
        amount: contract.unfreezeBalance,
        resource: resourceOf(contract.resource),
      })
      return
    case 'CancelAllUnfreezeV2Contract':
      found.list.push({ kind: 'cancel-unfreeze' })
      return
    case 'WithdrawExpireUnfreezeContract':
      found.list.push({ kind: 'withdraw' })
      return
    case 'WithdrawBalanceContract':
      found.list.push({ kind: 'claim' })
      return
    case 'DelegateResourceContract': {
      const { lock, lockPeriod } = contract
      // Without a number of blocks a lock is the chain's own: three days.
      const blocks = lock && lockPeriod === 0n ? 86_400n : lock ? lockPeriod : 0n
      found.list.push({
        kind: 'delegate-resource',
        asset: coin.id,
        amount: contract.balance,
        resource: resourceOf(contract.resource),
        to: contract.receiverAddress,
        ...(blocks > 0n ? { lockSeconds: blocks * 3n } : {}),
      })
      return
    }
    case 'UnDelegateResourceContract':
      found.list.push({
        kind: 'undelegate-resource',
        asset: coin.id,
        amount: contract.balance,
        resource: resourceOf(contract.resource),
        to: contract.receiverAddress,
      })
      return
    case 'VoteWitnessContract':
      found.list.push({
        kind: 'vote',
        votes: contract.votes.map(({ voteAddress, voteCount }) => ({ to: voteAddress, count: voteCount })),
      })
      return
    case 'AccountPermissionUpdateContract':
      readPermissions(contract, hints, found)
  }
}

/** Where the contract that a transaction makes will be. */
function createdAddress(raw: Uint8Array, account: Address): Address {
  return addressFromBytes(keccak_256(concatBytes(signingHash(raw), addressToBytes(account))).subarray(12))
}

// ---- contract calls ----

function readCall(contract: TriggerSmartContract, found: Collected): void {
  const { network, account } = found
  const { contractAddress: to, callValue, data, callTokenValue, tokenId } = contract
  if (callValue > 0n)
    found.list.push({ kind: 'transfer', asset: network.coin.id, from: account, to, amount: callValue })
  if (callTokenValue > 0n) {
    const asset = trc10Asset(tokenId.toString(), network)
    found.list.push({ kind: 'transfer', asset, from: account, to, amount: callTokenValue })
  }
  const call = decodeCall(data)
  switch (call?.name) {
    case undefined:
      addCall(found, to, data)
      return
    case 'transfer':
      addTransfer(found, {
        asset: listedAsset(found, to),
        from: account,
        to: call.to,
        amount: call.amount,
      })
      return
    case 'transferFrom':
      addTransfer(found, {
        asset: listedAsset(found, to),
        from: call.from,
        to: call.to,
        amount: call.amount,
      })
      if (!isListed(to, network)) warnOfNft(to, call.amount, found)
      return
    case 'approve':
      addApproval(found, { ...call, token: to, owner: account })
      if (!isListed(to, network)) warnOfNft(to, call.amount, found)
      return
    case 'setApprovalForAll': {
      const { operator, approved } = call
      const collection = `${network.id}/trc721:${to}` as const
      found.list.push({ kind: 'approve-all', collection, owner: account, operator, approved })
      if (approved)
        warn(
          found,
          'approval-for-all',
          `${operator} may take every token that the account ever holds at ${to}.`,
        )
    }
  }
}

function warnOfNft(contract: string, number: bigint, found: Collected): void {
  const message = `If ${contract} is a collection of NFTs, this concerns the NFT ${number} and not an amount of ${number}.`
  warn(found, 'token-or-nft', message)
}

// ---- permissions ----

function readPermissions(
  {
    owner,
    witness,
    actives,
  }: {
    readonly owner: ContractPermission | undefined
    readonly witness: ContractPermission | undefined
    readonly actives: readonly ContractPermission[]
  },
  hints: DraftFields['hints'],
  found: Collected,
): void {
  const { account } = found
  const all = [owner, witness, ...actives].flatMap((permission) => permission ?? [])
  const before = Object.entries(hints).flatMap(([name, line]) =>
    /^before[0-9]{1,2}$/.test(name) ? [cleanText(line, 200)] : [],
  )
  found.list.push({
    kind: 'permissions',
    account,
    permissions: all.map(picture),
    ...(before.length > 0 && { before }),
  })
  warn(
    found,
    'permission-change',
    `From now on these keys decide over ${account}, and no others. Whoever lacks them can never get the account back.`,
  )
  if (!owner?.keys.some(({ address }) => address === account))
    warn(found, 'permission-change', `The account's own key will no longer decide over ${account}.`)
}

const ROLES = ['owner', 'witness', 'active']

function picture({
  type,
  permissionName,
  threshold,
  keys,
  operations,
}: ContractPermission): PermissionEffect {
  // The bytes hold 0 to 2 alone: others are refused when they are read.
  const role = ROLES[type]!
  return {
    role: permissionName === role ? role : `${role} "${permissionName.replace(/[\p{C}"]/gu, '')}"`,
    threshold,
    keys,
    ...(operations === '' ? {} : { operations: operationsOf(operations) }),
  }
}

// ---- fee and fields ----

function feeOf(draft: DraftFields, tx: TronTransaction, length: number, network: TronNetwork): Fee {
  const { permission } = draft.intent as TronIntent
  const ceiling = ceilingOf(tx, length, network, permission?.keys.length ?? 1)
  const expected = numberOf(draft.hints, 'fee') ?? (textOf(draft.hints, 'bandwidthFrom') ? 0n : ceiling)
  const detail = detailOf(feeParts(draft), network)
  return {
    asset: network.coin.id,
    expected: expected < ceiling ? expected : ceiling,
    ceiling,
    rate: { value: numberOf(draft.hints, 'energyPrice') ?? 0n, unit: 'sunPerEnergy' },
    ...(detail === undefined ? {} : { detail }),
  }
}

/** Everything that the bytes hold, so that no change of them can stay unseen; and the parts of the fee that is expected. */
function fieldsOf(
  { contract, ...numbers }: TronTransaction,
  hints: DraftFields['hints'],
): Record<string, string> {
  const { type, ...fields } = contract
  const shown = Object.entries({ ...numbers, contract: type, ...fields })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, visible(typeof value === 'object' ? json(value) : String(value))])
  const forecast = Object.entries(hints)
    .filter(([name]) => FORECAST.test(name))
    .map(([name, text]) => [name, cleanText(text, 200)])
  return { ...Object.fromEntries(forecast), ...Object.fromEntries(shown) }
}

/** Hints that are shown beside the fields; none of them is the name of a field. */
const FORECAST = /^(?:bandwidth|energy|activation|multiSign)[A-Za-z0-9]{0,20}$/

/** Characters that are not seen, or that turn what is, never stand in what people read. */
function visible(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd')
}

function json(value: unknown): string {
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? inner.toString() : inner))
}
