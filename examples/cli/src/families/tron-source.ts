import type { SourceFactory } from '@coffer/core'
import { tronGrid, tronHttp } from '@coffer/daemon-client'
import type { NodeText } from './family.ts'
import { invalid } from './words.ts'

/**
 * The server that a URL stands for: `https://…` is a node, and after `#` the one that serves `walletsolidity`, where that is
 * another; `trongrid+https://…` is a server that tells histories as well, `trongrid+https://KEY@…` with its API key. Throws
 * `INVALID_REQUEST`, also for a key in an argument, which others on the machine can see.
 */
export function tronSource({ url, from, indexer }: NodeText): SourceFactory {
  const named = indexer && tronGrid(indexer)
  const [, grid] = /^trongrid\+(.*)$/is.exec(url) ?? []
  if (grid === undefined) {
    const [fullNode = '', solidityNode, more] = url.split('#')
    if (more !== undefined) throw invalid('A Tron node has one URL, and after # one of its solidity node.')
    return tronHttp({ fullNode, solidityNode, ...keyOf(url, indexer), ...(named ? { history: named } : {}) })
  }
  const [, scheme = '', written, rest = ''] = /^(https?:\/\/)(?:([^/?#@]*)@)?(.*)$/is.exec(grid) ?? []
  if (written !== undefined && from === 'argument')
    throw invalid(
      'A key in an argument can be seen by others on this machine. Put the URL into config.json or the environment.',
    )
  const root = scheme === '' ? grid : scheme + rest
  const key = written === undefined ? keyOf(root, indexer) : { apiKey: written }
  return tronHttp({ fullNode: root, ...key, history: named ?? tronGrid({ url: root, ...key }) })
}

/** The key that the configuration has for a server is used wherever that server is asked, and nowhere else. */
function keyOf(url: string, indexer: NodeText['indexer']): { readonly apiKey?: string } {
  if (indexer?.apiKey === undefined || !URL.canParse(url) || !URL.canParse(indexer.url)) return {}
  return new URL(url).origin === new URL(indexer.url).origin ? { apiKey: indexer.apiKey } : {}
}
