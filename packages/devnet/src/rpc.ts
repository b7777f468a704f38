import { CofferError } from '@coffer/core'

export interface Rpc {
  call<T = unknown>(method: string, params?: readonly unknown[]): Promise<T>
  /** One HTTP request for all of them; answers in the order of the calls. Throws on the first that failed. */
  batch(calls: readonly RpcCall[]): Promise<unknown[]>
}

export type RpcCall = readonly [method: string, params?: readonly unknown[]]

interface RpcResponse {
  readonly id: number
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown }
}

/** JSON-RPC 2.0 over the global `fetch`. Every failure is a `DEVNET_FAILED`, and names neither path nor credentials. */
export function jsonRpc(url: string, credentials?: { username: string; password: string }): Rpc {
  const { origin } = new URL(url)
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (credentials) {
    const { username, password } = credentials
    headers.authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  }
  const post = async (body: unknown, what: string): Promise<unknown> => {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      })
      return await response.json()
    } catch (cause) {
      throw new CofferError({
        code: 'DEVNET_FAILED',
        message: `The devnet node at ${origin} did not answer ${what}: has it been stopped?`,
        details: { url: origin },
        cause,
      })
    }
  }
  const batch = async (calls: readonly RpcCall[]): Promise<unknown[]> => {
    const methods = calls.map(([method]) => method)
    const body = calls.map(([method, params = []], id) => ({ jsonrpc: '2.0', id, method, params }))
    const answers = (await post(body.length === 1 ? body[0] : body, methods.join(', '))) as
      | RpcResponse
      | RpcResponse[]
    const byId = new Map([answers].flat().map((answer) => [answer.id, answer]))
    return methods.map((method, id) => {
      const answer = byId.get(id)
      if (answer && !answer.error) return answer.result
      const { code, message, data } = answer?.error ?? { code: 0, message: 'no answer', data: undefined }
      throw new CofferError({
        code: 'DEVNET_FAILED',
        message: `The devnet node refused ${method}: ${message}`,
        details: { method, rpcCode: code, rpcMessage: message, ...(data === undefined ? {} : { data }) },
      })
    })
  }
  return {
    batch,
    call: async <T>(method: string, params: readonly unknown[] = []) =>
      (await batch([[method, params]]))[0] as T,
  }
}
