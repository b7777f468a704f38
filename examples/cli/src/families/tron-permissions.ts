import { CofferError, type ReadOptions, type Source, type TronSource } from '@coffer/core'
import { type KeySet, type KeysInput, parseAddress } from '@coffer/tron'
import { invalid } from './words.ts'

/** One permission of an account, as the chain has it. */
export interface Permission extends KeySet {
  /** As transactions name it: 0 owner, 1 witness, 2 and above active. */
  readonly id: number
  readonly name: string
  /** Which kinds of transactions it may sign, by their numbers; all when absent. */
  readonly kinds?: readonly number[]
}

/** Who decides over an account. Its own key alone where nothing else was ever set; throws `BAD_RESPONSE`, `INVALID_ACCOUNT`. */
export async function readPermissions(
  source: Source,
  address: string,
  options: ReadOptions,
): Promise<readonly Permission[]> {
  const call = { path: 'wallet/getaccount', body: { address, visible: true } }
  const [answer] = await (source as TronSource).request([call], options)
  if (!answer?.ok) throw badResponse()
  const found = object(answer.value)
  if (found['address'] === undefined)
    throw new CofferError({
      code: 'INVALID_ACCOUNT',
      message:
        'The account was never used, so that nobody but its own key decides over it. Send it some TRX first.',
    })
  if (found['address'] !== address) throw badResponse()
  const { owner_permission: owner, witness_permission: witness, active_permission: actives = [] } = found
  if (!Array.isArray(actives)) throw badResponse()
  return [
    owner === undefined ? { id: 0, name: 'owner', ...own(address) } : permissionOf(owner, 0, 'owner'),
    ...(witness === undefined ? [] : [permissionOf(witness, 1, 'witness')]),
    ...actives.map((active: unknown) => permissionOf(active, undefined, 'active')),
  ]
}

/**
 * Reads keys as a person writes them: `2:T…,T…` for two of two, `2:T…=2,T…` where one counts twice, `T…` for one alone.
 * Throws `INVALID_REQUEST`, `INVALID_ADDRESS`.
 */
export function keysOf(text: string): KeysInput {
  const [, threshold = '1', list = ''] = /^(?:([1-9][0-9]{0,8}):)?([^:]+)$/.exec(text) ?? []
  const keys = list.split(',').map((key) => {
    const [, address, weight = '1'] = /^([0-9A-Za-z]+)(?:=([1-9][0-9]{0,8}))?$/.exec(key) ?? []
    if (address === undefined)
      throw invalid(
        'Write keys as 2:T…,T…, which is how much weight is needed and who counts; T…=2 counts twice.',
      )
    return { address: parseAddress(address), weight: BigInt(weight) }
  })
  return { threshold: BigInt(threshold), keys }
}

function own(address: string): KeySet {
  return { threshold: 1n, keys: [{ address, weight: 1n }] }
}

function permissionOf(value: unknown, id: number | undefined, role: string): Permission {
  const fields = object(value)
  const { keys, threshold, operations, permission_name: name = role } = fields
  const number = id ?? fields['id']
  if (!Array.isArray(keys) || typeof name !== 'string' || !Number.isSafeInteger(number)) throw badResponse()
  return {
    id: number as number,
    name: name.slice(0, 32),
    threshold: weight(threshold),
    keys: keys.map((key: unknown) => {
      const { address, weight: counts } = object(key)
      return { address: parseAddress(String(address)), weight: weight(counts) }
    }),
    ...(operations === undefined ? {} : { kinds: kindsOf(operations) }),
  }
}

/** The numbers of the bits that are set, the lowest bit of each byte first. */
function kindsOf(operations: unknown): number[] {
  if (typeof operations !== 'string' || !/^[0-9a-f]{64}$/i.test(operations)) throw badResponse()
  const bytes = Buffer.from(operations, 'hex')
  return Array.from({ length: 256 }, (_, kind) => kind).filter(
    (kind) => ((bytes[kind >> 3] ?? 0) >> (kind & 7)) & 1,
  )
}

function weight(value: unknown): bigint {
  if (typeof value === 'string' && /^[0-9]{1,19}$/.test(value)) return BigInt(value)
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value)
  throw badResponse()
}

function object(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw badResponse()
}

function badResponse(): CofferError {
  return new CofferError({
    code: 'BAD_RESPONSE',
    message: 'The node does not tell in a usable way who decides over the account. Use another node.',
  })
}
