import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { answers, node, startServer } from './testing/server.ts'
import { startSocketServer } from './testing/socketServer.ts'

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

/** Runs a program over the sources until it ends by itself; gives what it printed and how long it lived after that. */
function run(url: string, body: string): Promise<{ out: string; lingered: number }> {
  const program = `
    import { WebSocket } from 'ws'
    import { cluster, jsonRpc } from './index.ts'
    const source = cluster({ 'eip155:1': [jsonRpc('${url}', { webSocket: WebSocket, pollInterval: 60_000 })] }).for('eip155:1')
    const block = { method: 'eth_getBlockByNumber', params: ['latest', false] }
    ${body}
    console.log('done', Date.now())
  `
  const cwd = fileURLToPath(new URL('.', import.meta.url))
  return new Promise((resolve, reject) => {
    const args = ['--import', 'tsx', '--input-type=module', '--eval', program]
    execFile(process.execPath, args, { cwd, timeout: 20_000 }, (error, out, err) => {
      if (error) reject(new Error(`${error.message}\n${err}`))
      else resolve({ out, lingered: Date.now() - Number(/done ([0-9]+)/.exec(out)?.[1]) })
    })
  })
}

const programs: [string, string][] = [
  ['a request', 'await source.request([block])'],
  [
    'an aborted request',
    `const c = new AbortController()
     const left = source.request([block], { signal: c.signal }).catch((error) => error.code)
     setTimeout(() => c.abort(), 5)
     console.log(await left)`,
  ],
  [
    'aborted heads',
    `const c = new AbortController()
     for await (const head of source.heads({ signal: c.signal })) setTimeout(() => c.abort(), 20)`,
  ],
  ['heads that were left', 'for await (const head of source.heads()) break'],
  ['a close', 'await source.request([block]); source.close()'],
]

describe('a process ends by itself', () => {
  it.each(programs)('over HTTP after %s', async (_name, body) => {
    const server = await startServer(node(1))
    open.push(server.close)
    const { lingered } = await run(server.url, body)
    expect(lingered).toBeLessThan(1_500)
  })

  it.each(programs)('over a WebSocket after %s', async (_name, body) => {
    const server = await startSocketServer((socket, message) =>
      socket.send(
        JSON.stringify(
          answers(message, 1, ({ method }) =>
            method === 'eth_subscribe' ? { ok: true, value: '0x1' } : undefined,
          ),
        ),
      ),
    )
    open.push(server.close)
    const { lingered } = await run(server.url, body)
    expect(lingered).toBeLessThan(1_500)
  })
})
