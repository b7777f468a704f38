import { join } from 'node:path'
import { CofferError, parseJson } from '@coffer/core'
import { readIfThere } from './files.ts'

/** What `config.json` may hold. Chains by CAIP-2 id or short name. */
export interface Config {
  /** For each chain its nodes, the preferred one first. */
  readonly rpc: Readonly<Record<string, readonly string[]>>
  /** For each chain an indexer for histories: on Tron with TronGrid's API, else with Etherscan's. */
  readonly history: Readonly<Record<string, { readonly url: string; readonly apiKey?: string }>>
}

/** Reads `config.json` of a home folder; empty when there is none. Throws `INVALID_REQUEST`. */
export async function readConfig(home: string): Promise<Config> {
  const path = join(home, 'config.json')
  const text = await readIfThere(path)
  if (text === undefined) return { rpc: {}, history: {} }
  const json = parseJson(text)
  if (isConfig(json)) return { rpc: json.rpc ?? {}, history: json.history ?? {} }
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: `${path} must look like { "rpc": { "eip155:1": ["https://…"] }, "history": { "eip155:1": { "url": "https://…", "apiKey": "…" } } }.`,
  })
}

function isConfig(value: unknown): value is Partial<Config> {
  if (!isObject(value) || Object.keys(value).some((key) => key !== 'rpc' && key !== 'history')) return false
  const { rpc = {}, history = {} } = value
  return (
    isObject(rpc) &&
    Object.values(rpc).every((urls) => Array.isArray(urls) && urls.every((url) => typeof url === 'string')) &&
    isObject(history) &&
    Object.values(history).every(
      (entry) =>
        isObject(entry) &&
        typeof entry['url'] === 'string' &&
        (entry['apiKey'] === undefined || typeof entry['apiKey'] === 'string'),
    )
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
