import { CofferError, type ReadOptions, type TronResult, type TronSource } from '@coffer/core'

/** One read, with the function that checks the answer. */
export interface Read<T> {
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
  readonly parse: (value: unknown) => T
}

/** Describes one read. `parse` throws `BAD_RESPONSE` for anything but a sound answer. */
export function read<T>(
  path: string,
  body: Readonly<Record<string, unknown>>,
  parse: (value: unknown) => T,
): Read<T> {
  return { path, body, parse }
}

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: CofferError }

/** Makes all reads at once, on one node; each answer is a checked value or the node's refusal as a `CofferError`. */
export async function ask<const R extends readonly Read<unknown>[]>(
  source: TronSource,
  reads: R,
  options: ReadOptions = {},
): Promise<{ -readonly [K in keyof R]: R[K] extends Read<infer T> ? Answer<T> : never }> {
  const results = await source.request(
    reads.map(({ path, body }) => ({ path, body })),
    options,
  )
  if (results.length !== reads.length)
    throw new CofferError({
      code: 'BAD_RESPONSE',
      message: 'The node answered another number of calls than were asked.',
    })
  return reads.map((call, i) => answer(call, results[i]!)) as never
}

function answer<T>(call: Read<T>, result: TronResult): Answer<T> {
  if (result.ok) return { ok: true, value: call.parse(result.value) }
  const { message } = result.error
  return {
    ok: false,
    error: new CofferError({
      code: 'RPC_ERROR',
      message: `The node refused ${call.path}: ${message}`,
      details: { path: call.path, reason: message },
    }),
  }
}

/** The value, or the refusal thrown. */
export function take<T>(answer: Answer<T>): T {
  if (answer.ok) return answer.value
  throw answer.error
}
