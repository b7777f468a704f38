import { CofferError, type SourceFactory, type UtxoSource } from '@coffer/core'
import { checkElectrumOptions, type ElectrumOptions, electrumSource } from './electrumSource.ts'
import { parseEndpoint } from './endpoint.ts'
import { socketLines } from './socketLines.ts'
import type { WebSocketConstructor } from './socketWire.ts'

export interface ElectrumSocketOptions extends ElectrumOptions {
  /** Instead of the platform's `WebSocket`, which Node 20 lacks: the export of the package `ws`. */
  readonly webSocket?: WebSocketConstructor | undefined
}

/**
 * A Bitcoin network through a server that speaks Electrum's protocol (1.4 to 1.6) over a WebSocket: Fulcrum, ElectrumX
 * and their like. For TCP and TLS, on Node, there is `electrumTcp` of `@coffer/daemon-client/node`.
 *
 * On each new connection the server's first block must be that of the chain, by the block itself and by what the server
 * says of itself. `history` asks for the status of every script in one round trip, and for rows of those that changed;
 * rows come without `raw`. Transactions must hash to their ids, and statuses to their rows. The server learns which
 * scripts belong together. Nothing is retried: that is for `cluster`.
 *
 * Throws `INVALID_REQUEST` for a URL or options that cannot be used; the source throws `INVALID_CHAIN` for a chain that is
 * no `bip122:…`, and `MISSING_DEPENDENCY` where there is no WebSocket.
 *
 * @example
 * const source = electrum('wss://electrum.example.org:50004')('bip122:000000000019d6689c085ae165831e93')
 * await source.tip() // { height: 957412, hash: '00000000000000000001…' }
 * @see https://electrum-protocol.readthedocs.io/en/latest/protocol-methods.html
 */
export function electrum(url: string, options: ElectrumSocketOptions = {}): SourceFactory<UtxoSource> {
  const { origin, socket } = parseEndpoint(url)
  if (!socket)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message:
        'electrum needs a URL that begins with wss:// or ws://. For TCP use electrumTcp of @coffer/daemon-client/node.',
    })
  checkElectrumOptions(options)
  return (chain) => {
    const webSocket = options.webSocket ?? (globalThis.WebSocket as WebSocketConstructor | undefined)
    if (!webSocket)
      throw new CofferError({
        code: 'MISSING_DEPENDENCY',
        message:
          'This platform has no WebSocket. Install the package `ws` and pass `{ webSocket: WebSocket }`.',
        details: { package: 'ws' },
      })
    const dial = socketLines({ url, origin, webSocket })
    return electrumSource(chain, { origin, dial }, options)
  }
}
