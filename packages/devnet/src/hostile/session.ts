import { isJson, type Json, readLossless, writeLossless } from './json.ts'
import type { Answer, Out, RpcCall } from './lie.ts'
import { type Entry, type Message, readAnswer, readMessage, writeAnswer, writeCall } from './message.ts'
import { isBroken, type Stage } from './stage.ts'

/** One end of a connection that carries texts: lines of TCP, messages of a WebSocket. */
export interface TextEnd {
  send(bytes: Uint8Array | string): void
}

export interface Session {
  fromClient(bytes: Uint8Array): void
  fromServer(bytes: Uint8Array): void
  close(): void
}

/** Ids of the questions that the proxy asks itself, where no client's count arrives. */
const FIRST_ID = 9_000_000_000_000_000

/** JSON-RPC over one connection of a client and one to the server. What no lie is about goes through as it came. */
export function openSession(
  stage: Stage,
  about: Pick<RpcCall, 'transport' | 'credentials'>,
  ends: { readonly client: TextEnd; readonly server: TextEnd; out(): Out },
): Session {
  const { client, server } = ends
  const waiting = new Map<unknown, (json: Json) => void>()
  let lastId = FIRST_ID

  function ask(call: RpcCall, entry: Entry): Promise<Answer> {
    const id = ++lastId
    server.send(writeCall(call, entry, id))
    // A connection that ends takes its questions with it.
    return new Promise((resolve) => waiting.set(id, (json) => resolve(readAnswer(json))))
  }

  async function tell({ isBatch, entries }: Message): Promise<void> {
    const outcomes = await Promise.all(
      entries.map(async (entry) => ({
        entry,
        told: await stage.perform(entry.call, (call) => ask(call as RpcCall, entry)),
      })),
    )
    const broken = outcomes.map(({ told }) => told).find(isBroken)
    if (broken) return broken(ends.out())
    const answers = outcomes
      .flatMap(({ entry, told }, place) =>
        typeof told !== 'object' || entry.id === undefined
          ? []
          : [{ json: writeAnswer(told, entry.id), order: told.order ?? place }],
      )
      .sort((a, b) => a.order - b.order)
      .map(({ json }) => json)
    if (isBatch) client.send(writeLossless(answers))
    else if (answers[0]) client.send(writeLossless(answers[0]))
  }

  async function tellPush(json: Json, call: RpcCall, bytes: Uint8Array): Promise<void> {
    const honest: Answer = { value: json.params }
    const told = await stage.perform(call, async () => honest)
    if (told === honest) return client.send(bytes)
    if (isBroken(told)) return told(ends.out())
    if (told) client.send(writeLossless({ ...json, ...told.envelope, params: told.value }))
  }

  return {
    fromClient(bytes) {
      const message = readMessage(Buffer.from(bytes).toString('utf8'), about)
      const calls = message?.entries.map(({ call }) => call) ?? []
      stage.calls.push(...calls)
      if (!message || calls.every(stage.isHonest)) server.send(bytes)
      else tell(message).catch(() => ends.out().cut())
    },
    fromServer(bytes) {
      const json = readLossless(Buffer.from(bytes).toString('utf8'))?.value
      if (!isJson(json)) return client.send(bytes)
      const answer = waiting.get(json.id)
      if (answer) {
        waiting.delete(json.id)
        return answer(json)
      }
      if (typeof json.method !== 'string' || json.id !== undefined) return client.send(bytes)
      const params = Array.isArray(json.params) ? json.params : [json.params]
      const call: RpcCall = { protocol: 'rpc', ...about, method: json.method, params, pushed: true }
      if (stage.isHonest(call)) client.send(bytes)
      else tellPush(json, call, bytes).catch(() => ends.out().cut())
    },
    close: () => waiting.clear(),
  }
}
