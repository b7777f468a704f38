import type { Answer, Ask, Call, HttpCall, Lie, RpcCall } from '../lie.ts'

/** Calls of JSON-RPC by their methods. */
export function rpc(...methods: readonly string[]): (call: Call) => boolean {
  return (call) => call.protocol === 'rpc' && !call.pushed && methods.includes(call.method)
}

/** Requests by their path. */
export function path(pattern: RegExp): (call: Call) => boolean {
  return (call) => call.protocol === 'http' && pattern.test(call.path)
}

/** Questions of java-tron's API by their names, below `wallet/` and, with `any`, below `walletsolidity/`. */
export function tron(...names: readonly string[]): (call: Call) => boolean {
  return path(new RegExp(`/wallet(?:solidity)?/(?:${names.join('|')})$`))
}

export function any(...abouts: readonly ((call: Call) => boolean)[]): (call: Call) => boolean {
  return (call) => abouts.some((about) => about(call))
}

/**
 * A lie that changes what the server says, where it says anything: refusals and errors stay. Giving the value back as it came
 * is to be honest.
 */
export function changing(
  name: string,
  attack: string,
  about: (call: Call) => boolean,
  change: (value: unknown, call: Call, ask: Ask) => unknown,
): Lie {
  return {
    name,
    attack,
    about,
    async tell(call, ask) {
      const answer = await ask()
      if (!isSaid(answer)) return answer
      const value = await change(answer.value, call, ask)
      return value === answer.value ? answer : { ...answer, value }
    },
  }
}

/** Something was said, and it was no refusal. */
export function isSaid({ error, status = 200 }: Answer): boolean {
  return error === undefined && status === 200
}

/** The call with other parameters. */
export function withParams(call: Call, params: readonly unknown[]): RpcCall {
  return { ...(call as RpcCall), params }
}

/** The call with another path, or another body. */
export function withHttp(call: Call, change: Partial<Pick<HttpCall, 'path' | 'query' | 'body'>>): HttpCall {
  return { ...(call as HttpCall), ...change }
}

/** The parameter of a call, of any type. */
export function param(call: Call, at: number): unknown {
  return call.protocol === 'rpc' ? call.params[at] : undefined
}

export function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`
}

/** An integer of an answer, however it is written. */
export function integer(value: unknown): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'string' && /^(0x[0-9a-fA-F]+|-?[0-9]+)$/.test(value)) return BigInt(value)
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : 0n
}

/** As JSON writes it: a number where it is one. */
export function number(value: bigint): number | bigint {
  const narrow = Number(value)
  return Number.isSafeInteger(narrow) ? narrow : value
}

/** The same digits but for the last one. */
export function flipped(hash: string): string {
  return hash.slice(0, -1) + (hash.endsWith('0') ? '1' : '0')
}
