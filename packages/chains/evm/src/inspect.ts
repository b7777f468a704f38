import { CofferError, type DraftFields, type Effects, type Fee, lookalikeWarnings } from '@coffer/core'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { decodeCall, PERMIT2 } from './abi.ts'
import { accountAddress, addressFromBytes, isAddress, ZERO_ADDRESS } from './address.ts'
import {
  addApproval,
  addApprovalForAll,
  addCall,
  addNftTransfer,
  addTransfer,
  type Collected,
  collect,
  isListed,
  warn,
} from './collect.ts'
import { bytesToHex, hexToBytes, intToBytes } from './hex.ts'
import type { Address, Authorization, EvmNetwork, EvmTransaction, Hex } from './intent.ts'
import { readPayload } from './payload.ts'
import { encodeRlp } from './rlp.ts'
import { recoverAddress } from './signature.ts'
import { authorizationHash } from './transaction.ts'

/**
 * What the payload of a draft does when it is mined, from its bytes and the account's address alone. `hints`
 * only move the fee that is expected, never above the ceiling, and add the warnings `nonce-gap` and
 * `lookalike`.
 *
 * A call is either understood to its last byte or shown as `call`. ERC-20 and ERC-721 share `approve` and
 * `transferFrom`: at a listed token the number is an amount; elsewhere it may be the number of an NFT, so
 * `transferFrom` is shown as both, of which one will happen, and either carries the warning `token-or-nft`.
 *
 * Throws `INVALID_DRAFT` when the payload is not exactly one canonical transaction of this network, or holds
 * an authorisation (EIP-7702) for another chain, for all chains, or for a contract that is not among
 * `network.delegates`.
 */
export function inspect(draft: DraftFields, network: EvmNetwork): Effects {
  const tx = readPayload(draft, network)
  const found = collect(network, accountAddress(draft.account, network))
  readDelegations(tx, found)
  readValue(tx, found)
  if (tx.to === null) readDeployment(tx.data, found)
  else if (tx.data !== '0x') readCall(tx.to, tx.data, found)

  const fee = feeOf(tx, draft.hints, network)
  if (tx.data === '0x' && tx.value > 0n && fee.ceiling > tx.value)
    warn(found, 'fee-above-amount', 'The fee can cost more than the amount that is sent.')
  if (hint(draft.hints, 'nonceGap') === 'true')
    warn(
      found,
      'nonce-gap',
      'Earlier transactions of this account are not mined yet, and this one must wait for them.',
    )
  return {
    account: found.account,
    list: found.list,
    fee,
    warnings: [...found.warnings, ...lookalikeWarnings(draft.hints, isAddress)],
    fields: fieldsOf(tx),
  }
}

// ---- coin, code, delegation ----

function readValue(tx: EvmTransaction, found: Collected): void {
  const { account } = found
  const to = tx.to ?? createdAddress(account, tx.nonce)
  if (tx.value === 0n && (tx.data !== '0x' || tx.to === null || tx.type === 'eip7702')) return
  if (tx.value === 0n && to === account) found.list.push({ kind: 'cancel' })
  else addTransfer(found, { token: null, from: account, to, amount: tx.value })
}

function readDeployment(data: Hex, found: Collected): void {
  const code = hexToBytes(data)
  found.list.push({ kind: 'deploy', codeSize: code.length, codeHash: bytesToHex(keccak_256(code)) })
  warn(found, 'deployment', 'It puts a new contract on the chain: sign it only if you know its code.')
}

/** Where the contract that an account deploys with this nonce will be. */
function createdAddress(account: Address, nonce: bigint): Address {
  return addressFromBytes(keccak_256(encodeRlp([hexToBytes(account), intToBytes(nonce)])).subarray(12))
}

function readDelegations(tx: EvmTransaction, found: Collected): void {
  if (tx.type !== 'eip7702') return
  for (const authorization of tx.authorizationList) {
    const to = authorization.address === ZERO_ADDRESS ? null : authorization.address
    const authority = authorityOf(authorization, found.account)
    found.list.push({ kind: 'delegate', authority, to, nonce: authorization.nonce })
    const message = to
      ? `The contract ${to} will decide over everything that ${authority} holds.`
      : `No contract will decide over what ${authority} holds any more.`
    warn(found, 'delegation', message)
  }
}

/** Who gives an authorisation: the account itself, where the signature is still to be made. */
function authorityOf(authorization: Authorization, account: Address): Address {
  const { signature } = authorization
  if (!signature) return account
  try {
    return recoverAddress(authorizationHash(authorization), signature)
  } catch (cause) {
    const message =
      'An authorisation in this draft has a signature that nobody can have made. Do not sign it.'
    throw new CofferError({ code: 'INVALID_DRAFT', message, cause })
  }
}

// ---- contract calls ----

function readCall(contract: Address, data: Hex, found: Collected): void {
  const { account, network } = found
  const call = decodeCall(data)
  if (!call || (call.name.startsWith('permit2') && contract !== PERMIT2)) {
    addCall(found, contract, data)
    warn(
      found,
      'unknown-call',
      `What ${contract} does with this call is not known; it may do anything it is permitted to.`,
    )
    return
  }
  switch (call.name) {
    case 'transfer':
      addTransfer(found, { token: contract, from: account, to: call.to, amount: call.amount })
      break
    case 'transferFrom': {
      const { from, to, amount } = call
      addTransfer(found, { token: contract, from, to, amount })
      if (isListed(contract, network)) break
      addNftTransfer(found, 'erc721', contract, { from, to, tokenId: amount, amount: 1n })
      warnOfNft(contract, amount, found)
      break
    }
    case 'approve':
      addApproval(found, { ...call, token: contract, owner: account })
      if (!isListed(contract, network)) warnOfNft(contract, call.amount, found)
      break
    case 'increaseAllowance':
      addApproval(found, { ...call, token: contract, owner: account, change: 'increase' })
      break
    case 'decreaseAllowance':
      addApproval(found, { ...call, token: contract, owner: account, change: 'decrease' })
      break
    case 'permit':
      addApproval(found, { ...call, token: contract })
      break
    case 'setApprovalForAll':
      addApprovalForAll(found, { ...call, contract })
      break
    case 'nftTransfer':
      for (const move of call.moves) addNftTransfer(found, call.standard, contract, move)
      break
    case 'permit2Approve': {
      const { owner, spender, grants } = call
      for (const { token, amount, expiration: expires } of grants)
        addApproval(found, { token, owner: owner ?? account, spender, amount, expires })
      break
    }
    case 'permit2Transfer':
      for (const move of call.moves) addTransfer(found, move)
      break
  }
}

function warnOfNft(contract: Address, number: bigint, found: Collected): void {
  const message = `If ${contract} is a collection of NFTs, this concerns the NFT ${number} and not an amount of ${number}.`
  warn(found, 'token-or-nft', message)
}

// ---- fee and fields ----

function feeOf(tx: EvmTransaction, hints: DraftFields['hints'], network: EvmNetwork): Fee {
  const price = 'gasPrice' in tx ? tx.gasPrice : tx.maxFeePerGas
  const likely = (): bigint => {
    const baseFee = number(hint(hints, 'baseFeePerGas'))
    if ('gasPrice' in tx || baseFee === undefined) return price
    return least(baseFee + tx.maxPriorityFeePerGas, price)
  }
  const gasUsed = least(number(hint(hints, 'gasUsed')) ?? tx.gasLimit, tx.gasLimit)
  return {
    asset: network.coin.id,
    expected: gasUsed * likely(),
    ceiling: tx.gasLimit * price,
    rate: { value: price, unit: 'weiPerGas' },
  }
}

function hint(hints: DraftFields['hints'], name: string): string | undefined {
  return Object.hasOwn(hints, name) ? hints[name] : undefined
}

function number(text: string | undefined): bigint | undefined {
  return text !== undefined && /^(0|[1-9][0-9]{0,77})$/.test(text) ? BigInt(text) : undefined
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

/** Everything that the bytes hold, so that no change of them can stay unseen. */
function fieldsOf(tx: EvmTransaction): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tx).map(([name, value]) => [
      name,
      typeof value === 'object' ? json(value) : String(value),
    ]),
  )
}

function json(value: unknown): string {
  return value === null
    ? ''
    : JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? inner.toString() : inner))
}
