/** One question that went by, whatever carried it. */
export type Call = RpcCall | HttpCall

/** A call of JSON-RPC: Ethereum's, Electrum's, Bitcoin Core's; alone or one of a batch. */
export interface RpcCall {
  readonly protocol: 'rpc'
  readonly transport: 'http' | 'ws' | 'tcp'
  readonly method: string
  /** Named parameters are the only entry. */
  readonly params: readonly unknown[]
  /** Which of the batch it is; absent when it came alone. */
  readonly place?: number
  /** The server said it unasked: a notification. Then `method` and `params` are those of the notification. */
  readonly pushed?: boolean
  readonly credentials: readonly string[]
}

/** A request of a REST API: Esplora's, Blockbook's, java-tron's, TronGrid's. */
export interface HttpCall {
  readonly protocol: 'http'
  readonly method: string
  /** Below the target's own path, with the slash: `/tx/…`, `/wallet/getblock`. */
  readonly path: string
  /** With the question mark; empty when there is none. */
  readonly query: string
  /** JSON where it is some, else a text; undefined when there is none. Integers beyond 2^53 are bigints. */
  readonly body: unknown
  /** Names of the headers that held a secret. What they said is kept nowhere. */
  readonly credentials: readonly string[]
}

/** What a server says to one call. Integers beyond 2^53 are bigints, and bigints are written as integers. */
export interface Answer {
  /** Of HTTP; 200 when not given. */
  readonly status?: number
  /** The result of a call, the parameters of a notification, the body of a REST answer: a string goes as a text there. */
  readonly value?: unknown
  /** Instead of a value, for JSON-RPC. */
  readonly error?: unknown
  /** More members of the JSON-RPC answer, or other ones: `{ id: 7 }`. */
  readonly envelope?: Readonly<Record<string, unknown>>
  /** Where it stands among the answers of its batch: lowest first. */
  readonly order?: number
}

/** Bytes instead of an answer. It has the whole message to itself, with whatever else was in its batch. */
export type BreakWire = (out: Out) => void | Promise<void>

/** What a lie makes of a call: an answer, broken bytes, or nothing at all: then none comes, and a batch lacks it. */
export type Told = Answer | BreakWire | undefined

/** The client's end of a connection. */
export interface Out {
  readonly transport: 'http' | 'ws' | 'tcp'
  /** Begins an answer of HTTP; nothing on a socket. */
  head(status: number, headers?: Readonly<Record<string, string>>): void
  /** Resolves when there is room for more; to false when the client has hung up. */
  write(bytes: string | Uint8Array): Promise<boolean>
  /** Ends the answer, not the connection. */
  end(): void
  /** Cuts the connection. */
  cut(): void
  /** The client hung up, or the proxy was stopped. */
  readonly gone: AbortSignal
}

/**
 * One attack, as a plain object. `tell` stands between the client and the server: what it gives is what the client gets.
 *
 * Change the question by `ask` with another call, the answer by giving another one; answer without `ask` and the server never
 * hears of it; wait before or after. A lie that gives back the very answer that it got was not told, and does not count.
 *
 * @example
 * const rich: Lie = {
 *   name: 'a balance of a million',
 *   about: (call) => call.method === 'eth_getBalance',
 *   tell: async () => ({ value: '0xd3c21bcecceda1000000' }),
 * }
 */
export interface Lie {
  readonly name: string
  /** Its number in Coffer's list of attacks, such as `E6`. */
  readonly attack?: string
  /** Which calls it is about; every one that a client made when not given. */
  readonly about?: (call: Call) => boolean
  readonly tell: (call: Call, ask: Ask) => Told | Promise<Told>
}

/** Asks the server, and any lie that was played before. */
export type Ask = (call?: Call) => Promise<Answer>

/** A lie that was told. */
export interface Played {
  readonly lie: string
  readonly attack?: string
  readonly call: Call
}

export function isAbout(lie: Lie, call: Call): boolean {
  return lie.about ? lie.about(call) : !(call.protocol === 'rpc' && call.pushed)
}
