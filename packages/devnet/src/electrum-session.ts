import type { BitcoinBackend } from './bitcoin-backend.ts'
import { ElectrumError, electrumMethods, scriptStatus, unknownMethod, VERSIONS } from './electrum-methods.ts'

/** Ends the connection too. */
class Farewell extends ElectrumError {}

/** What a session needs of its connection. */
export interface ElectrumConnection {
  send(text: string): void
  end(): void
}

export interface ElectrumSession {
  /** Takes one JSON text: a request, a notification or a batch. */
  receive(text: string): Promise<void>
  close(): void
}

interface Call {
  readonly id?: unknown
  readonly method?: unknown
  readonly params?: unknown
}

const MAX_BATCH = 10_000

/**
 * One client of Electrum's protocol, 1.4 to 1.6, in the manner of ElectrumX: `server.version` comes first, and decides
 * what some methods answer.
 *
 * @see https://electrum-protocol.readthedocs.io/en/latest/protocol-methods.html
 */
export function createElectrumSession(
  backend: BitcoinBackend,
  connection: ElectrumConnection,
): ElectrumSession {
  const { index } = backend
  /** By the hash as the client wrote it; the status that was told last. */
  const subscriptions = new Map<string, string | null>()
  let version: string | undefined
  let header: string | undefined
  let leaving = false

  const notify = (method: string, params: readonly unknown[]): void =>
    connection.send(JSON.stringify({ jsonrpc: '2.0', method, params }))

  const tip = (): { hex: string; height: number } => ({ hex: index.tip().header, height: index.tip().height })

  const stopListening = index.onChange(() => {
    if (header !== undefined && header !== index.tip().header) {
      header = index.tip().header
      notify('blockchain.headers.subscribe', [tip()])
    }
    for (const [hash, told] of subscriptions) {
      const status = scriptStatus(index, hash)
      if (status === told) continue
      subscriptions.set(hash, status)
      notify('blockchain.scripthash.subscribe', [hash, status])
    }
  })

  const negotiate = (asked: unknown): string => {
    const [from, to] = Array.isArray(asked) ? asked : [asked ?? '1.4', asked ?? '1.4']
    const common = VERSIONS.filter(
      (known) => compareVersions(known, String(from)) >= 0 && compareVersions(known, String(to)) <= 0,
    ).at(-1)
    if (!common) throw new Farewell(1, `unsupported protocol version: ${JSON.stringify(asked)}`)
    return common
  }

  const call = async (method: string, params: readonly unknown[]): Promise<unknown> => {
    if (method === 'server.version') {
      if (version !== undefined) throw new ElectrumError(1, 'server.version already sent')
      version = negotiate(params[1])
      return ['coffer-devnet', version]
    }
    if (version === undefined) throw new Farewell(1, 'use server.version to identify client')
    if (method === 'blockchain.headers.subscribe') {
      header = index.tip().header
      return tip()
    }
    if (method === 'blockchain.scripthash.subscribe') {
      const status = scriptStatus(index, params[0])
      subscriptions.set(params[0] as string, status)
      return status
    }
    if (method === 'blockchain.scripthash.unsubscribe') return subscriptions.delete(String(params[0]))
    const handler = Object.hasOwn(electrumMethods, method) ? electrumMethods[method] : undefined
    if (!handler) throw unknownMethod(method)
    return handler(backend, params, version)
  }

  const answer = async (request: Call | null): Promise<object | undefined> => {
    const { id, method, params = [] } = request ?? {}
    try {
      if (typeof method !== 'string') throw new ElectrumError(-32600, 'a request names its method')
      if (!Array.isArray(params)) throw new ElectrumError(-32602, 'parameters come as an array')
      const result = await call(method, params)
      return id === undefined ? undefined : { jsonrpc: '2.0', id, result }
    } catch (error) {
      if (error instanceof Farewell) leaving = true
      const code = error instanceof ElectrumError ? error.code : -32603
      return { jsonrpc: '2.0', id: id ?? null, error: { code, message: (error as Error).message } }
    }
  }

  return {
    async receive(text) {
      let message: unknown
      try {
        message = JSON.parse(text)
      } catch {
        connection.send(
          JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32700, message: 'invalid JSON' } }),
        )
        return
      }
      if (!Array.isArray(message)) {
        const found = await answer(message as Call)
        if (found) connection.send(JSON.stringify(found))
        if (leaving) connection.end()
        return
      }
      if (message.length === 0 || message.length > MAX_BATCH) {
        const error = { code: -32600, message: `a batch holds 1 to ${MAX_BATCH} requests` }
        connection.send(JSON.stringify({ jsonrpc: '2.0', id: null, error }))
        return
      }
      const answers: object[] = []
      // In order, since what one asks for may change what the next one finds.
      for (const item of message) {
        const found = await answer(item as Call)
        if (found) answers.push(found)
      }
      if (answers.length > 0) connection.send(JSON.stringify(answers))
      if (leaving) connection.end()
    },
    close: stopListening,
  }
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number))
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
