import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { ChainRules } from './chain.ts'
import type { Effects } from './effects.ts'
import { CofferError } from './error.ts'
import type { AssetId } from './ids.ts'
import { parseJson } from './json.ts'
import { jsonable } from './jsonable.ts'
import type { Policy } from './policy.ts'
import { spentOf } from './policy-rules.ts'
import { showAmount } from './render.ts'
import { type Store, withLock } from './store.ts'

/** A short name for a long text: SHA-256, hexadecimal. */
export function digestOf(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)))
}

/** What was spent of an asset, and for how long it has to be remembered: the longest window that ever was. */
interface Book {
  readonly seconds: number
  readonly rows: readonly Spent[]
}

interface Spent {
  readonly id: string
  readonly at: number
  readonly amount: bigint
}

/**
 * Counts what leaves in the windows of `policy.limits`, one draft at a time even when many are signed at once, and
 * refuses what would exceed one. The same draft counts once. Returns a function that takes it out again.
 */
export async function spend(
  { list, fee }: Pick<Effects, 'list'> & Partial<Effects>,
  context: {
    readonly chain: ChainRules
    readonly policy: Policy
    readonly store: Store
    readonly id: string
  },
): Promise<() => Promise<void>> {
  const { chain, policy, store } = context
  const id = digestOf(context.id)
  const show = (amount: bigint, asset: AssetId): string => {
    const known = [chain.coin, ...chain.assets].find((one) => one.id.toLowerCase() === asset.toLowerCase())
    return showAmount(amount, asset, known ? [{ ...known, id: asset }] : [])
  }
  const limits = policy.limits ?? []
  const isPaid = (asset: AssetId): boolean => fee?.asset.toLowerCase() === asset.toLowerCase()
  const leaves = (asset: AssetId): bigint => spentOf(list, asset) + (fee && isPaid(asset) ? fee.ceiling : 0n)
  const named = new Map(limits.map(({ asset }) => [asset.toLowerCase(), asset] as const))
  const assets = [...named.values()].filter((asset) => leaves(asset) > 0n)
  if (assets.length === 0) return async () => {}

  return withLock(store, 'policy', async () => {
    const now = Math.floor(Date.now() / 1000)
    const counted: (Book & { readonly asset: AssetId })[] = []
    for (const asset of assets) {
      const rules = limits.filter((limit) => limit.asset.toLowerCase() === asset.toLowerCase())
      const book = await readSpent(store, asset)
      const seconds = Math.max(book.seconds, ...rules.map((rule) => rule.seconds))
      const rows = book.rows.filter((row) => row.at > now - seconds)
      // What a clock that ran ahead wrote counts from now, and not until that time.
      if (rows.some((row) => row.at > now)) {
        rows.splice(0, rows.length, ...rows.map((row) => ({ ...row, at: Math.min(row.at, now) })))
        await writeSpent(store, asset, { seconds, rows })
      }
      if (rows.some((row) => row.id === id)) continue
      const amount = leaves(asset)
      for (const rule of rules) {
        const before = rows
          .filter((row) => row.at > now - rule.seconds)
          .reduce((sum, row) => sum + row.amount, 0n)
        if (before + amount > rule.amount)
          throw new CofferError({
            code: 'POLICY_REFUSED',
            message: `This would bring what leaves within ${rule.seconds} s to ${show(before + amount, asset)}; the limit is ${show(rule.amount, asset)}. Wait, send less, or raise the limit.`,
            details: {
              rule: 'limit',
              asset,
              spent: before,
              amount,
              limit: rule.amount,
              seconds: rule.seconds,
            },
          })
      }
      counted.push({ asset, seconds, rows: [...rows, { id, at: now, amount }] })
    }
    for (const { asset, ...book } of counted) await writeSpent(store, asset, book)
    return () =>
      withLock(store, 'policy', async () => {
        for (const { asset } of counted) {
          const { seconds, rows } = await readSpent(store, asset)
          await writeSpent(store, asset, { seconds, rows: rows.filter((row) => row.id !== id) })
        }
      })
  })
}

const keyOf = (asset: AssetId): string => `policy/spent/${asset.toLowerCase()}`

async function readSpent(store: Store, asset: AssetId): Promise<Book> {
  const text = await store.get(keyOf(asset))
  if (text === undefined) return { seconds: 0, rows: [] }
  const { seconds, rows } = parseJson(text) as {
    seconds: number
    rows: { id: string; at: number; amount: string }[]
  }
  return { seconds, rows: rows.map((row) => ({ ...row, amount: BigInt(row.amount) })) }
}

async function writeSpent(store: Store, asset: AssetId, book: Book): Promise<void> {
  await store.set(keyOf(asset), JSON.stringify(jsonable(book)))
}
