import { CofferError, type ReadOptions, type TronSource } from '@coffer/core'
import { contracts } from './contracts.ts'
import { hexToBytes } from './hex.ts'
import type { Address, KeySet, SigningPermission, TronIntent, TronNetwork } from './intent.ts'
import { type AccountState, accountRead } from './reads.ts'
import { contractOf } from './rebuild.ts'
import { ask, take } from './rpc.ts'

/**
 * Who signs an intent: `undefined` where the account's own key decides, as it does unless the owner has changed that; else the
 * permission that was asked for, or the owner's. Throws `INVALID_REQUEST` for a permission that the account does not have, or
 * that may not sign this.
 */
export function signersOf(
  account: AccountState,
  address: Address,
  intent: TronIntent,
  wanted: number | undefined,
  network: TronNetwork,
): SigningPermission | undefined {
  if (wanted === undefined || wanted === 0) {
    const owner = account.owner ?? own(address)
    return isOwn(owner, address) ? undefined : { id: 0, threshold: owner.threshold, keys: owner.keys }
  }
  // An account that was never changed has one active permission, with its own key.
  const active =
    account.actives.find(({ id }) => id === wanted) ??
    (wanted === 2 && account.actives.length === 0
      ? { ...own(address), operations: 'f'.repeat(64) }
      : undefined)
  if (!active)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: `The account has no permission ${wanted}. It has ${['0', ...account.actives.map(({ id }) => String(id))].join(', ')}.`,
    })
  const { type } = contractOf(intent, network, address)
  const [number] = contracts[type]
  const operations = hexToBytes(active.operations)
  if (!((operations[number >> 3]! >> (number & 7)) & 1))
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: `The permission ${wanted} of the account may not sign a ${type}. Choose another one.`,
    })
  return { id: wanted, threshold: active.threshold, keys: active.keys }
}

/** Who decides over an account. */
export interface Permissions {
  readonly owner: KeySet
  /** Of accounts that make blocks. */
  readonly witness?: KeySet
  /** By the numbers that transactions name them by. */
  readonly actives: readonly (SigningPermission & { readonly name: string; readonly operations: string })[]
}

/** Reads who decides; the account's own key where nobody changed it. */
export async function readPermissions(
  source: TronSource,
  address: Address,
  options: ReadOptions,
): Promise<Permissions> {
  const [answer] = await ask(source, [accountRead(address)] as const, options)
  const { owner = own(address), witness, actives } = take(answer)
  return { owner, ...(witness ? { witness } : {}), actives }
}

/** Who decides over an account now, a line for each permission: the "before" of a change, for display. */
export function pictures(account: AccountState, address: Address): Record<string, string> {
  const lines = [
    line('owner', account.owner ?? own(address)),
    ...(account.witness ? [line('witness', account.witness)] : []),
    ...account.actives.map((active) => line(`active ${active.id}`, active)),
  ]
  return Object.fromEntries(lines.map((text, i) => [`before${i}`, text]))
}

function line(role: string, { threshold, keys }: KeySet): string {
  const holders = keys.map(({ address, weight }) => `${address} (${weight})`).join(', ')
  const text = `${role}, ${threshold} of ${holders}`
  // Hints are short; what is cut off shows that it is.
  return text.length > 200 ? `${text.slice(0, 199)}…` : text
}

const own = (address: Address): KeySet => ({ threshold: 1n, keys: [{ address, weight: 1n }] })

function isOwn({ threshold, keys }: KeySet, address: Address): boolean {
  return keys.some((key) => key.address === address && key.weight >= threshold)
}
