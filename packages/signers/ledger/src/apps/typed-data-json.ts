import type { TypedData, TypedValue } from '@coffer/core/typed-data'
import type { TypedDataJson } from '../clients.ts'

/** Checked typed data in the form that Ledger's libraries take: numbers as decimal strings. */
export function typedDataJson({ types, primaryType, domain, message }: TypedData): TypedDataJson {
  return {
    types,
    primaryType,
    domain: plain(domain) as TypedDataJson['domain'],
    message: plain(message) as TypedDataJson['message'],
  }
}

function plain(value: TypedValue): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]))
  return value
}
