import { type ChainId, CofferError, type Source, type SourceFactory, type Sources } from '@coffer/core'
import { cluster } from '@coffer/daemon-client'
import { readConfig } from './config-file.ts'
import { readDevnet } from './devnet-file.ts'
import type { AppChain, NodeText } from './families/family.ts'
import { familyOf } from './families/index.ts'
import { homeOf, type Io } from './io.ts'
import type { CommonOptions } from './options.ts'

/** The nodes that the person named, and for which chains. */
export interface Nodes {
  readonly sources: Sources
  readonly chains: readonly ChainId[]
}

/**
 * Where chain data comes from: the devnet, or for each chain the first that names nodes of `--rpc`, the environment and
 * `config.json`. There are no nodes by default: whoever runs one sees which addresses belong together, so that the choice
 * is the person's. Throws `INVALID_REQUEST`, `UNKNOWN_CHAIN`, `DEVNET_UNAVAILABLE`.
 */
export async function readSources(
  io: Io,
  options: CommonOptions,
  chains: readonly AppChain[],
): Promise<Nodes> {
  const home = homeOf(io)
  const config = options.devnet
    ? { rpc: listed((await readDevnet(home)).rpc), history: {} }
    : await readConfig(home)
  const idOf = (name: string): ChainId => findChain(chains, name).id
  const named = options.devnet ? new Map<ChainId, string[]>() : fromOptions(options.rpc ?? [], idOf)
  const configured = new Map(Object.entries(config.rpc).map(([name, urls]) => [idOf(name), urls]))
  const indexers = new Map(Object.entries(config.history).map(([name, indexer]) => [idOf(name), indexer]))

  const nodes: Record<ChainId, readonly SourceFactory[]> = {}
  const configuredBy = options.devnet ? 'devnet' : 'config'
  for (const chain of chains) {
    const { id, name } = chain
    const places: readonly (readonly [NodeText['from'], readonly string[] | undefined])[] = [
      ['argument', named.get(id)],
      ['environment', options.devnet ? undefined : fromEnvironment(io, name)],
      [configuredBy, configured.get(id)],
    ]
    const [from, urls = []] = places.find(([, urls]) => urls !== undefined) ?? [configuredBy]
    const indexer = indexers.get(id)
    if (urls.length > 0) nodes[id] = urls.map((url) => familyOf(chain).source({ url, from, indexer }))
  }
  const known = cluster(nodes)
  return {
    chains: Object.keys(nodes) as ChainId[],
    sources: {
      for: (id) => (nodes[id] ? known.for(id) : nowhere(chains, id)),
      close: () => known.close?.(),
    },
  }
}

/** A chain by its short name or CAIP-2 id; throws `UNKNOWN_CHAIN`. */
export function findChain<C extends AppChain>(chains: readonly C[], name: string): C {
  const chain = chains.find((chain) => chain.name === name || chain.id === name)
  if (chain) return chain
  throw new CofferError({
    code: 'UNKNOWN_CHAIN',
    message: `${JSON.stringify(name.slice(0, 40))} is none of the chains: ${chains.map(({ name, id }) => `${name} (${id})`).join(', ')}.`,
  })
}

/** A source for chains without nodes: an account can be opened and shown, and says how to reach a node once it needs one. */
function nowhere(chains: readonly AppChain[], id: ChainId): Source {
  const chain = findChain(chains, id)
  const { name } = chain
  return familyOf(chain).silent(
    id,
    () =>
      new CofferError({
        code: 'NO_SOURCE',
        message: `No node of ${name} is known. Name one that you trust: --rpc ${name}=https://…, ${variableOf(name)}=https://…, or "rpc" in config.json. Or try --devnet.`,
      }),
  )
}

function fromOptions(pairs: readonly string[], idOf: (name: string) => ChainId): Map<ChainId, string[]> {
  const named = new Map<ChainId, string[]>()
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    if (at < 1)
      throw new CofferError({
        code: 'INVALID_REQUEST',
        message: 'Write --rpc as chain=url, such as --rpc ethereum=http://127.0.0.1:8545.',
      })
    const id = idOf(pair.slice(0, at))
    named.set(id, [...(named.get(id) ?? []), pair.slice(at + 1)])
  }
  return named
}

function fromEnvironment(io: Io, name: string): string[] | undefined {
  const urls = io.env[variableOf(name)]
    ?.split(',')
    .map((url) => url.trim())
    .filter((url) => url !== '')
  return urls?.length ? urls : undefined
}

const variableOf = (name: string): string => `COFFER_RPC_${name.toUpperCase().replaceAll('-', '_')}`

function listed(rpc: Readonly<Record<string, string>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(rpc).map(([chain, url]) => [chain, [url]]))
}
