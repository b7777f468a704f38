import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Dial } from './lineTransport.ts'
import { badResponse, connectionError, networkError } from './transportErrors.ts'

export interface TcpLinesOptions {
  readonly host: string
  readonly port: number
  readonly origin: string
  readonly tls?:
    | {
        /** SHA-256 of the certificate, 64 lower-case digits; instead of a chain to an authority. */
        readonly fingerprint?: string | undefined
        readonly acceptAny: boolean
      }
    | undefined
  /** The longest line that is read, in bytes. */
  readonly maxBytes: number
}

/** Lines over TCP or TLS. Node only. */
export function tcpLines(options: TcpLinesOptions): Dial {
  const { host, port, origin, tls, maxBytes } = options
  return ({ onOpen, onLine, onLost }) => {
    let failure: unknown
    let lines = lineReader(maxBytes)
    const socket = tls ? openTls(host, port, tls) : connectTcp({ host, port })
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 60_000)
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      if (tls?.fingerprint !== undefined && fingerprintOf(socket as TLSSocket) !== tls.fingerprint)
        onLost(
          networkError(origin, 'shows another certificate than the one that was pinned. Nothing was sent.', {
            retryable: false,
            sent: false,
            reason: 'certificate',
          }),
        )
      else onOpen()
    })
    socket.on('data', (chunk: Uint8Array) => {
      const found = lines.push(chunk)
      if (!found) {
        lines = lineReader(maxBytes)
        return onLost(
          badResponse(origin, `sent more than ${maxBytes} bytes, or no UTF-8, which is not read.`),
        )
      }
      for (const line of found) onLine(line)
    })
    socket.on('error', (error) => {
      failure = error
    })
    socket.on('close', () => onLost(connectionError(origin, failure)))
    return {
      send: (text) => void socket.write(`${text}\n`),
      close: () => void socket.destroy(),
      hold: (hold) => void (hold ? socket.ref() : socket.unref()),
    }
  }
}

function openTls(host: string, port: number, tls: NonNullable<TcpLinesOptions['tls']>): Socket {
  return connectTls({
    host,
    port,
    // The name that the certificate must bear; an address cannot be asked for by SNI.
    ...(isIP(host) ? {} : { servername: host }),
    minVersion: 'TLSv1.2',
    rejectUnauthorized: tls.fingerprint === undefined && !tls.acceptAny,
  })
}

function fingerprintOf(socket: TLSSocket): string | undefined {
  return socket.getPeerX509Certificate()?.fingerprint256.replaceAll(':', '').toLowerCase()
}

/** Cuts bytes into lines; `undefined` once a line is too long or no UTF-8. */
export function lineReader(maxBytes: number): { push(chunk: Uint8Array): string[] | undefined } {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let parts: Uint8Array[] = []
  let size = 0
  return {
    push(chunk) {
      const lines: string[] = []
      let from = 0
      for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
        parts.push(chunk.subarray(from, end))
        size += end - from
        from = end + 1
        if (size > maxBytes) return undefined
        try {
          const line = decoder.decode(Buffer.concat(parts, size))
          if (line.trim() !== '') lines.push(line)
        } catch {
          return undefined
        }
        parts = []
        size = 0
      }
      if (from < chunk.length) {
        parts.push(chunk.subarray(from))
        size += chunk.length - from
      }
      return size > maxBytes ? undefined : lines
    },
  }
}
