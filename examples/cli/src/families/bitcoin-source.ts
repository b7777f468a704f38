import type { SourceFactory } from '@coffer/core'
import { bitcoinCore, blockbook, electrum, esplora } from '@coffer/daemon-client'
import { electrumTcp } from '@coffer/daemon-client/node'
import { WebSocket } from 'ws'
import type { NodeText } from './family.ts'
import { invalid } from './words.ts'

/**
 * The server that a URL stands for: Esplora by `https://…`, Electrum by `ssl://`, `tcp://` and `wss://…`, Blockbook by
 * `blockbook+https://…`, a node of one's own by `core+http://user:password@…`. Throws `INVALID_REQUEST`, also for a
 * password in an argument, which others on the machine can see.
 */
export function bitcoinSource({ url, from, indexer }: NodeText): SourceFactory {
  if (indexer)
    throw invalid('Histories of Bitcoin need no indexer: leave it out of "history" in config.json.')
  const [, kind, rest = ''] = /^(?:(esplora|blockbook|core)\+)?(.*)$/s.exec(url) ?? []
  switch (kind) {
    case 'esplora':
      return esplora(rest)
    case 'blockbook':
      return blockbook(rest)
    case 'core':
      return core(rest, from)
    default:
      if (/^(?:tcp|ssl|tls):/i.test(rest)) return electrumTcp(rest)
      return /^wss?:/i.test(rest) ? electrum(rest, { webSocket: WebSocket }) : esplora(rest)
  }
}

function core(url: string, from: NodeText['from']): SourceFactory {
  const [, scheme = '', userinfo, rest = ''] = /^(https?:\/\/)(?:([^/?#@]*)@)?(.*)$/is.exec(url) ?? []
  if (userinfo === undefined) return bitcoinCore({ url })
  if (from === 'argument')
    throw invalid(
      'A password in an argument can be seen by others on this machine. Put the URL of your node into config.json or COFFER_RPC_BITCOIN.',
    )
  const at = userinfo.indexOf(':')
  if (at < 1) throw invalid('Write the node of your own as core+http://user:password@host:port.')
  try {
    const [username, password] = [userinfo.slice(0, at), userinfo.slice(at + 1)].map(decodeURIComponent)
    return bitcoinCore({ url: scheme + rest, username, password })
  } catch (error) {
    if (error instanceof URIError)
      throw invalid(
        'User name and password of the node must be percent-encoded where they are not letters or digits.',
      )
    throw error
  }
}
