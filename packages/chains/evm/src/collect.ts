import type { AssetId, Effect, Warning, WarningCode } from '@coffer/core'
import { hasKnownSelector, type NftMove } from './abi.ts'
import type { Address, EvmNetwork, Hex } from './intent.ts'

/** Effects as they are found, each with the warnings that go with it. */
export interface Collected {
  readonly network: EvmNetwork
  readonly account: Address
  readonly list: Effect[]
  readonly warnings: Warning[]
}

export function collect(network: EvmNetwork, account: Address): Collected {
  return { network, account, list: [], warnings: [] }
}

/** Adds a warning, unless it is there already. */
export function warn({ warnings }: Collected, code: WarningCode, message: string): void {
  if (!warnings.some((warning) => warning.code === code && warning.message === message))
    warnings.push({ code, message })
}

/** Adds a transfer of the coin (`token: null`) or of a token. */
export function addTransfer(
  found: Collected,
  transfer: { token: Address | null; from: Address; to: Address; amount: bigint },
): void {
  const { token, from, to, amount } = transfer
  const asset = token === null ? found.network.coin.id : assetOf(found, token)
  found.list.push({ kind: 'transfer', asset, from, to, amount })
  if (amount === 0n) warn(found, 'zero-amount', 'The amount is zero, so nothing is paid.')
  if (from === to) warn(found, 'recipient-is-self', 'The recipient is the sender itself.')
  if (to === token || found.network.tokens.some((listed) => listed.address === to))
    warn(
      found,
      'recipient-is-token',
      `The recipient ${to} is the contract of a token: what is sent there is most likely lost.`,
    )
}

/** Adds a transfer of NFTs. */
export function addNftTransfer(
  found: Collected,
  standard: 'erc721' | 'erc1155',
  contract: Address,
  { from, to, tokenId, amount }: NftMove,
): void {
  const collection = `${found.network.id}/${standard}:${contract}` as const
  found.list.push({ kind: 'nft-transfer', collection, tokenId, from, to, amount })
  if (from === to) warn(found, 'recipient-is-self', 'The recipient is the sender itself.')
}

export interface Approval {
  readonly token: Address
  readonly owner: Address
  readonly spender: Address
  readonly amount: bigint
  readonly change?: 'increase' | 'decrease'
  /** Unix seconds. */
  readonly expires?: bigint
}

/** Adds an approval. */
export function addApproval(
  found: Collected,
  { token, owner, spender, amount, change, expires }: Approval,
): void {
  const unlimited = change !== 'decrease' && isUnlimited(amount, token, found.network)
  found.list.push({
    kind: 'approve',
    asset: assetOf(found, token),
    owner,
    spender,
    amount,
    unlimited,
    ...(change ? { change } : {}),
    ...(expires === undefined ? {} : { expires }),
  })
  if (unlimited)
    warn(found, 'unlimited-approval', `${spender} may take every unit of the token that ${owner} ever holds.`)
}

/**
 * Adds control over a whole collection. ERC-721 and ERC-1155 share the call; the collection is written as
 * ERC-721.
 */
export function addApprovalForAll(
  found: Collected,
  { contract, operator, approved }: { contract: Address; operator: Address; approved: boolean },
): void {
  const collection = `${found.network.id}/erc721:${contract}` as const
  found.list.push({ kind: 'approve-all', collection, owner: found.account, operator, approved })
  if (approved)
    warn(
      found,
      'approval-for-all',
      `${operator} may take every token that the account ever holds at ${contract}.`,
    )
}

/** Adds what is not understood. */
export function addCall(found: Collected, to: Address, data: Hex): void {
  const disguised = hasKnownSelector(data) && { disguised: true as const }
  found.list.push({ kind: 'call', to, selector: data.slice(0, 10), data, ...disguised })
}

export function isListed(token: Address, { tokens }: EvmNetwork): boolean {
  return tokens.some(({ address }) => address === token)
}

const MAX_UINT96 = (1n << 96n) - 1n

/**
 * An approval counts as unlimited from 2^96 − 1 base units on, which is where tokens that count in 96 bits
 * (UNI, COMP) stop lowering it, and from a trillion whole tokens on where the list knows the decimals. Both
 * are above what anybody pays; tokens of which trillions exist may need a yes for a limited approval, which
 * errs on the safe side.
 */
function isUnlimited(amount: bigint, token: Address, { tokens }: EvmNetwork): boolean {
  const listed = tokens.find(({ address }) => address === token)
  return amount >= MAX_UINT96 || (listed !== undefined && amount >= 10n ** BigInt(listed.decimals + 12))
}

function assetOf(found: Collected, token: Address): AssetId {
  if (!isListed(token, found.network))
    warn(
      found,
      'unlisted-token',
      `The token ${token} is not on this wallet's list: make sure that it is the one you mean.`,
    )
  return `${found.network.id}/erc20:${token}`
}
