import { join } from 'node:path'
import {
  type AccountId,
  type AssetId,
  type ChainId,
  CofferError,
  type Policy,
  parseAccountId,
  parseAssetId,
  parseBaseUnits,
  parseJson,
} from '@coffer/core'
import type { AppChain } from './families/family.ts'
import { familyOf } from './families/index.ts'
import { readIfThere } from './files.ts'

/**
 * The owner's limits from `policy.json`; none when there is no such file. Every word is checked, since a limit that is
 * misspelt is a limit that does not hold. Throws `INVALID_REQUEST`.
 */
export async function readPolicy(home: string, chains: readonly AppChain[]): Promise<Policy> {
  const path = join(home, 'policy.json')
  const text = await readIfThere(path)
  if (text === undefined) return {}
  try {
    return parsePolicy(parseJson(text), chains)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : ''
    throw new CofferError({ code: 'INVALID_REQUEST', message: `${path} cannot be used. ${why}`, cause })
  }
}

function parsePolicy(json: unknown, chains: readonly AppChain[]): Policy {
  const chainOf = (id: string): AppChain => {
    const chain = chains.find((chain) => chain.id === id)
    if (!chain)
      throw wrong(`It names the chain ${JSON.stringify(id.slice(0, 40))}, which this program does not have.`)
    return chain
  }
  const readers: { [K in keyof Required<Policy>]: (value: unknown) => NonNullable<Policy[K]> } = {
    maxFee: (value) => byChain(value, 'maxFee', chainOf),
    maxFeeRate: (value) => byChain(value, 'maxFeeRate', chainOf),
    maxFeePercent: (value) => whole(value, 'maxFeePercent'),
    recipients: (value) => list(value, 'recipients').map((entry) => account(entry, chainOf)),
    limits: (value) =>
      list(value, 'limits').map((entry) => {
        const { asset: id, amount, seconds, ...rest } = object(entry, 'limits')
        refuseOthers(rest)
        return {
          asset: asset(id, chainOf),
          amount: parseBaseUnits(amount),
          seconds: whole(seconds, 'seconds'),
        }
      }),
    unlimitedApprovals: (value) => yesOrNo(value, 'unlimitedApprovals'),
    approvalForAll: (value) => yesOrNo(value, 'approvalForAll'),
    unknownCalls: (value) => yesOrNo(value, 'unknownCalls'),
    permissionChanges: (value) => yesOrNo(value, 'permissionChanges'),
  }
  const entries = Object.entries(object(json, 'It')).map(([key, value]) => {
    if (!Object.hasOwn(readers, key))
      throw wrong(`It has the unknown key ${JSON.stringify(key.slice(0, 40))}.`)
    return [key, readers[key as keyof Policy](value)] as const
  })
  return Object.fromEntries(entries)
}

function byChain(
  value: unknown,
  what: string,
  chainOf: (id: string) => AppChain,
): Partial<Record<ChainId, bigint>> {
  return Object.fromEntries(
    Object.entries(object(value, what)).map(([id, most]) => [chainOf(id).id, parseBaseUnits(most)]),
  )
}

/** Policies compare ids letter by letter, so that addresses in them must be in their canonical writing. */
function asset(value: unknown, chainOf: (id: string) => AppChain): AssetId {
  const { id, chain, namespace, reference } = parseAssetId(value as string)
  const known = chainOf(chain)
  const token = familyOf(known).assetId(known, { namespace, reference })
  if (token) return token
  if (id !== known.coin.id) throw wrong(`${id} is no asset of ${known.name}; its coin is ${known.coin.id}.`)
  return id
}

function account(value: unknown, chainOf: (id: string) => AppChain): AccountId {
  const { chain, address } = parseAccountId(value as string)
  return `${chain as ChainId}:${chainOf(chain).parseAddress(address)}`
}

function object(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw wrong(`${what} must be an object.`)
}

function list(value: unknown, what: string): unknown[] {
  if (Array.isArray(value)) return value
  throw wrong(`${what} must be a list.`)
}

function whole(value: unknown, what: string): number {
  if (Number.isSafeInteger(value) && (value as number) > 0) return value as number
  throw wrong(`${what} must be a whole number above zero.`)
}

function yesOrNo(value: unknown, what: string): boolean {
  if (typeof value === 'boolean') return value
  throw wrong(`${what} must be true or false.`)
}

function refuseOthers(rest: Record<string, unknown>): void {
  const [key] = Object.keys(rest)
  if (key !== undefined) throw wrong(`A limit has the unknown key ${JSON.stringify(key.slice(0, 40))}.`)
}

function wrong(message: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message })
}
