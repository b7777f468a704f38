import { CofferError } from './error.ts'

/** CAIP-2: `namespace:reference`, as in `eip155:1`. */
export type ChainId = `${string}:${string}`
/** CAIP-19: `chain/namespace:reference`, as in `eip155:1/slip44:60` or `eip155:1/erc20:0x…`. */
export type AssetId = `${string}:${string}/${string}:${string}`
/** CAIP-10: `chain:address`, as in `eip155:1:0x…`. */
export type AccountId = `${string}:${string}:${string}`

const CHAIN = /^([-a-z0-9]{3,8}):([-_a-zA-Z0-9]{1,32})$/
const ASSET = /^([-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32})\/([-a-z0-9]{3,8}):([-.%a-zA-Z0-9]{1,128})$/
const ACCOUNT = /^([-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}):([-.%a-zA-Z0-9]{1,128})$/

/** Checks a CAIP-2 chain id. @see https://chainagnostic.org/CAIPs/caip-2 */
export function parseChainId(text: string): { id: ChainId; namespace: string; reference: string } {
  const match = typeof text === 'string' ? CHAIN.exec(text) : null
  if (!match) throw wrong('INVALID_CHAIN', text, 'a CAIP-2 chain id such as "eip155:1"')
  return { id: text as ChainId, namespace: match[1]!, reference: match[2]! }
}

/** Splits a CAIP-19 asset id. @see https://chainagnostic.org/CAIPs/caip-19 */
export function parseAssetId(text: string): {
  id: AssetId
  chain: ChainId
  namespace: string
  reference: string
} {
  const match = typeof text === 'string' ? ASSET.exec(text) : null
  if (!match) throw wrong('INVALID_ASSET', text, 'a CAIP-19 asset id such as "eip155:1/slip44:60"')
  return { id: text as AssetId, chain: match[1] as ChainId, namespace: match[2]!, reference: match[3]! }
}

/** Splits a CAIP-10 account id; the address itself is for its chain to check. @see https://chainagnostic.org/CAIPs/caip-10 */
export function parseAccountId(text: string): { id: AccountId; chain: ChainId; address: string } {
  const match = typeof text === 'string' ? ACCOUNT.exec(text) : null
  if (!match) throw wrong('INVALID_ACCOUNT', text, 'a CAIP-10 account id such as "eip155:1:0x…"')
  return { id: text as AccountId, chain: match[1] as ChainId, address: match[2]! }
}

function wrong(
  code: 'INVALID_CHAIN' | 'INVALID_ASSET' | 'INVALID_ACCOUNT',
  value: unknown,
  wanted: string,
): CofferError {
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : `a ${typeof value}`
  return new CofferError({ code, message: `${shown} is not ${wanted}.` })
}
