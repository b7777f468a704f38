// How tronweb writes the contracts that `contracts.ts` writes its own way.
import { expect } from 'vitest'
import { addressToHex, isAddress } from './address.ts'

const RESOURCES = ['BANDWIDTH', 'ENERGY', 'TRON_POWER']
const ENTRIES = [undefined, 'constructor', 'function', 'event', 'fallback', 'receive', 'error']
const MUTABILITY = [undefined, 'pure', 'view', 'nonpayable', 'payable']
const PERMISSIONS = ['Owner', 'Witness', 'Active']

type Json = Record<string, unknown>

/** The value of a contract in tronweb's JSON. `within` is the type of the contract, and further in the field that holds it. */
export function toTronWeb(message: object, within = ''): Json {
  return Object.fromEntries(
    Object.entries(message).map(([name, value]) => [snake(name, within), toValue(name, value, within)]),
  )
}

function snake(name: string, within: string): string {
  if (within === 'entrys' || name === 'parentId') return name
  if (name === 'accountType') return 'type'
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function toValue(name: string, value: unknown, within: string): unknown {
  if (name === 'resource') return RESOURCES[value as number]
  if (name === 'stateMutability') return MUTABILITY[value as number]
  if (name === 'type' && within === 'entrys') return ENTRIES[value as number]
  if (name === 'assetName' && within === 'TransferAssetContract')
    return (value as string).replace(/\d/g, (digit) => `3${digit}`)
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map((item) => toTronWeb(item as object, name))
  if (typeof value === 'object') return toTronWeb(value as object, name)
  return isAddress(value) ? addressToHex(value) : value
}

/** Expects all that tronweb's `deserializeTransaction` tells of a contract, which leaves some fields out. */
export function expectTold(ours: unknown, told: unknown, within = ''): void {
  if (Array.isArray(told)) {
    expect(ours ?? []).toHaveLength(told.length)
    told.forEach((item, i) => {
      expectTold((ours as unknown[])[i], item, within)
    })
  } else if (typeof told === 'object' && told !== null) {
    for (const [name, value] of Object.entries(told)) {
      const own = ((ours ?? {}) as Json)[name]
      if (name === 'type' && /^(owner|witness|actives)$/.test(within))
        expect(PERMISSIONS[own as number]).toBe(value)
      else expectTold(own, value, name)
    }
  } else if (typeof told === 'string') expect(String(ours ?? '').toLowerCase()).toBe(told.toLowerCase())
  else expect(ours ?? null).toBe(told)
}
