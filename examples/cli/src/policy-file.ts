import { join } from 'node:path'
import {
  type AccountId,
  type Ask,
  type AssetId,
  type ChainId,
  CofferError,
  EFFECT_KINDS,
  type Effect,
  type Policy,
  type PolicyStep,
  parseAccountId,
  parseAssetId,
  parseBaseUnits,
  parseJson,
  type StepCondition,
} from '@coffer/core'
import type { AppChain } from './families/family.ts'
import { familyOf } from './families/index.ts'
import { readIfThere } from './files.ts'

/**
 * The owner's limits from `policy.json`; none when there is no such file. Every word is checked, since a limit that is
 * misspelt is a limit that does not hold. Throws `INVALID_REQUEST`.
 */
export async function readPolicy(home: string, chains: readonly AppChain[], ask: Ask): Promise<Policy> {
  const path = join(home, 'policy.json')
  const text = await readIfThere(path)
  if (text === undefined) return {}
  try {
    return parsePolicy(parseJson(text), chains, ask)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : ''
    throw new CofferError({ code: 'INVALID_REQUEST', message: `${path} cannot be used. ${why}`, cause })
  }
}

function parsePolicy(json: unknown, chains: readonly AppChain[], ask: Ask): Policy {
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
        refuseOthers(rest, 'A limit')
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
    steps: (value) => list(value, 'steps').map((entry) => step(entry, chainOf, ask)),
  }
  const entries = Object.entries(object(json, 'It')).map(([key, value]) => {
    if (!Object.hasOwn(readers, key))
      throw wrong(`It has the unknown key ${JSON.stringify(key.slice(0, 40))}.`)
    return [key, readers[key as keyof Policy](value)] as const
  })
  return Object.fromEntries(entries)
}

/** `{ "when": { "above": { "asset": …, "amount": … }, "newRecipient": true, "effects": ["call"] }, "delay": 3600, "ask": "code" }` */
function step(value: unknown, chainOf: (id: string) => AppChain, ask: Ask): PolicyStep {
  const { when, delay, ask: asked, ...rest } = object(value, 'A step')
  refuseOthers(rest, 'A step')
  if (asked !== undefined && asked !== 'code') throw wrong('A step can ask for a "code".')
  if (asked === undefined && delay === undefined) throw wrong('A step has a "delay", or asks for a "code".')
  return {
    ...(when === undefined ? {} : { when: condition(when, chainOf) }),
    ...(delay === undefined ? {} : { delay: whole(delay, 'delay') }),
    ...(asked === undefined ? {} : { ask }),
  }
}

function condition(value: unknown, chainOf: (id: string) => AppChain): StepCondition {
  const { above, newRecipient, effects, ...rest } = object(value, 'when')
  refuseOthers(rest, 'A condition')
  const { asset: id, amount, ...others } = object(above ?? {}, 'above')
  refuseOthers(others, 'An amount')
  if (newRecipient !== undefined && newRecipient !== true) throw wrong('newRecipient can only be true.')
  return {
    ...(above === undefined ? {} : { above: { asset: asset(id, chainOf), amount: parseBaseUnits(amount) } }),
    ...(newRecipient === undefined ? {} : { newRecipient }),
    ...(effects === undefined ? {} : { effects: list(effects, 'effects').map(kind) }),
  }
}

function kind(value: unknown): Effect['kind'] {
  const found = EFFECT_KINDS.find((known) => known === value)
  if (found) return found
  throw wrong(
    `There is no effect ${JSON.stringify(String(value).slice(0, 40))}. There are: ${EFFECT_KINDS.join(', ')}.`,
  )
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

function refuseOthers(rest: Record<string, unknown>, what: string): void {
  const [key] = Object.keys(rest)
  if (key !== undefined) throw wrong(`${what} has the unknown key ${JSON.stringify(key.slice(0, 40))}.`)
}

function wrong(message: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message })
}
