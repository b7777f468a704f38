import type { AssetId, Effect, Warning, WarningCode } from '@coffer/core'
import { hasKnownSelector } from './abi.ts'
import { tokenAsset } from './assets.ts'
import type { Address, TronNetwork } from './intent.ts'

/** Effects as they are found, each with the warnings that go with it. */
export interface Collected {
  readonly network: TronNetwork
  readonly account: Address
  readonly list: Effect[]
  readonly warnings: Warning[]
}

export function collect(network: TronNetwork, account: Address): Collected {
  return { network, account, list: [], warnings: [] }
}

/** Adds a warning. */
export function warn({ warnings }: Collected, code: WarningCode, message: string): void {
  warnings.push({ code, message })
}

/** Adds a transfer of an asset. */
export function addTransfer(
  found: Collected,
  { asset, from, to, amount }: { asset: AssetId; from: Address; to: Address; amount: bigint },
): void {
  found.list.push({ kind: 'transfer', asset, from, to, amount })
  if (amount === 0n) warn(found, 'zero-amount', 'The amount is zero, so nothing is paid.')
  if (from === to) warn(found, 'recipient-is-self', 'The recipient is the sender itself.')
  if (asset === tokenAsset(to, found.network) || found.network.tokens.some(({ address }) => address === to))
    warn(
      found,
      'recipient-is-token',
      `The recipient ${to} is the contract of a token: what is sent there is most likely lost.`,
    )
}

export interface Approval {
  readonly token: Address
  readonly owner: Address
  readonly spender: Address
  readonly amount: bigint
  readonly change?: 'increase' | 'decrease' | undefined
}

/** Adds an approval. */
export function addApproval(found: Collected, { token, owner, spender, amount, change }: Approval): void {
  const unlimited = change !== 'decrease' && isUnlimited(amount, token, found.network)
  const asset = listedAsset(found, token)
  found.list.push({
    kind: 'approve',
    asset,
    owner,
    spender,
    amount,
    unlimited,
    ...(change ? { change } : {}),
  })
  if (unlimited)
    warn(found, 'unlimited-approval', `${spender} may take every unit of the token that ${owner} ever holds.`)
}

/** Adds what is not understood. */
export function addCall(found: Collected, to: Address, data: string): void {
  const disguised = hasKnownSelector(data) && { disguised: true as const }
  found.list.push({ kind: 'call', to, selector: `0x${data.slice(0, 8)}`, data: `0x${data}`, ...disguised })
  warn(
    found,
    'unknown-call',
    `What ${to} does with this call is not known; it may do anything it is permitted to.`,
  )
}

/** The asset of a token, with a warning where it is on no list. */
export function listedAsset(found: Collected, token: Address): AssetId {
  if (!isListed(token, found.network))
    warn(
      found,
      'unlisted-token',
      `The token ${token} is not on this wallet's list: make sure that it is the one you mean.`,
    )
  return tokenAsset(token, found.network)
}

export function isListed(token: Address, { tokens }: TronNetwork): boolean {
  return tokens.some(({ address }) => address === token)
}

/** From 2^96 − 1 base units on, or from a trillion whole tokens on where the list knows the decimals: above what anybody pays. */
function isUnlimited(amount: bigint, token: Address, { tokens }: TronNetwork): boolean {
  const listed = tokens.find(({ address }) => address === token)
  return (
    amount >= 0xffff_ffff_ffff_ffff_ffff_ffffn ||
    (listed !== undefined && amount >= 10n ** BigInt(listed.decimals + 12))
  )
}
