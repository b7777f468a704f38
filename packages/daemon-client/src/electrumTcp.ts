import { CofferError, type SourceFactory, type UtxoSource } from '@coffer/core'
import { checkElectrumOptions, type ElectrumOptions, electrumSource } from './electrumSource.ts'
import { tcpLines } from './tcpLines.ts'

export interface ElectrumTcpOptions extends ElectrumOptions {
  readonly tls?:
    | {
        /**
         * SHA-256 of the server's certificate, 64 hexadecimal digits with or without colons. The server must show this very
         * certificate; who signed it does not matter then. For servers with certificates of their own making.
         */
        readonly pinnedFingerprint?: string | undefined
        /**
         * Danger: takes any certificate, so that anybody between here and the server can read which scripts are yours,
         * hide your coins, and pretend that payments came in.
         */
        readonly dangerouslyAcceptAnyCertificate?: boolean | undefined
      }
    | undefined
}

/**
 * The same as `electrum`, over TCP or TLS, for Node. `ssl://` (or `tls://`) checks the server's certificate; `tcp://` is
 * neither secret nor safe from changes, and fit for servers on the same machine.
 *
 * Throws `INVALID_REQUEST` for a URL or options that cannot be used; the source throws `INVALID_CHAIN` for a chain that is
 * no `bip122:…`.
 *
 * @example
 * const source = electrumTcp('ssl://electrum.blockstream.info:50002')('bip122:000000000019d6689c085ae165831e93')
 * await source.tip() // { height: 957412, hash: '00000000000000000001…' }
 */
export function electrumTcp(url: string, options: ElectrumTcpOptions = {}): SourceFactory<UtxoSource> {
  const { isTls, host, port, origin } = parseUrl(url)
  checkElectrumOptions(options)
  const { maxResponseBytes = 20_000_000, tls = {} } = options
  const fingerprint = tls.pinnedFingerprint?.replaceAll(':', '').toLowerCase()
  if (fingerprint !== undefined && !/^[0-9a-f]{64}$/.test(fingerprint))
    throw wrong('The pinned fingerprint must be the SHA-256 of a certificate, 64 hexadecimal digits.')
  if (!isTls && options.tls) throw wrong('Options of TLS need a URL that begins with ssl://.')
  const acceptAny = tls.dangerouslyAcceptAnyCertificate === true
  const dial = tcpLines({
    host,
    port,
    origin,
    maxBytes: maxResponseBytes,
    tls: isTls ? { fingerprint, acceptAny } : undefined,
  })
  return (chain) => electrumSource(chain, { origin, dial }, options)
}

const URL_PARTS = /^(tcp|ssl|tls):\/\/(?:\[([0-9a-fA-F:.]+)\]|([^\s/?#@:\\[\]]+)):([0-9]{1,5})\/?$/i

function parseUrl(url: string): { isTls: boolean; host: string; port: number; origin: string } {
  const match = typeof url === 'string' && url.length <= 300 ? URL_PARTS.exec(url) : null
  const [, scheme = '', v6, name = '', port] = match ?? []
  if (!match || Number(port) > 65_535 || Number(port) < 1)
    throw wrong('The URL of an Electrum server must be ssl://host:port or tcp://host:port.')
  const origin = `${scheme}://${v6 === undefined ? name : `[${v6}]`}:${port}`.toLowerCase()
  return { isTls: scheme.toLowerCase() !== 'tcp', host: v6 ?? name, port: Number(port), origin }
}

function wrong(message: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message })
}
