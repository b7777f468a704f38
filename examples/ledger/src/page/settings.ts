import { type Name, type Network, type Nodes, names, networks } from '../networks.ts'

export interface Settings {
  readonly network: Network
  readonly nodes: Nodes
}

/**
 * Which nodes to ask: those of the address bar, `?network=test&ethereum=https://…`, or those of `devnet.json`, which
 * `npm run dev` serves.
 */
export async function readSettings(): Promise<Settings> {
  const query = new URLSearchParams(location.search)
  const nodes = nodesOf((name) => query.get(name))
  if (Object.keys(nodes).length > 0) return { network: networkOf(query.get('network')), nodes }
  try {
    const devnet = (await (await fetch('/devnet.json')).json()) as Record<string, unknown>
    return { network: 'local', nodes: nodesOf((name) => devnet[name]) }
  } catch {
    return { network: 'local', nodes: {} }
  }
}

/** Asks the faucet of the local chains. */
export async function fund(name: Name, address: string): Promise<void> {
  const body = JSON.stringify({ name, address })
  const { ok } = await fetch('/devnet/fund', { method: 'POST', body })
  if (!ok) throw new Error('The faucet of the local chains did not pay.')
}

function nodesOf(read: (name: Name) => unknown): Nodes {
  return Object.fromEntries(
    names.flatMap((name) => {
      const url = read(name)
      return typeof url === 'string' ? [[name, url]] : []
    }),
  )
}

function networkOf(text: string | null): Network {
  return text !== null && Object.hasOwn(networks, text) ? (text as Network) : 'local'
}
