import { createServer } from 'node:http'

/** So slow that whatever a client sends together also arrives together, well before the first answer. */
const LATENCY = 40

/**
 * A JSON-RPC server in front of another, which counts. `take()` gives the counts since it was called last:
 * HTTP requests, JSON-RPC calls in them, and round trips that had to wait for one another. Methods in `refused` are
 * answered as by a node that does not know them.
 */
export async function countingProxy(target) {
  let seen = []
  const refused = new Set()
  const server = createServer(async (request, response) => {
    const entry = { start: performance.now(), end: Number.POSITIVE_INFINITY, methods: [] }
    seen.push(entry)
    const body = await text(request)
    const message = JSON.parse(body)
    entry.methods = [message].flat().map(({ method }) => method)
    const [answer] = await Promise.all([
      refused.has(message.method)
        ? JSON.stringify({
            jsonrpc: '2.0',
            id: message.id,
            error: { code: -32601, message: 'Method not found' },
          })
        : fetch(target, { method: 'POST', headers: { 'content-type': 'application/json' }, body }).then(
            (got) => got.text(),
          ),
      new Promise((resolve) => setTimeout(resolve, LATENCY)),
    ])
    entry.end = performance.now()
    response.setHeader('content-type', 'application/json')
    response.end(answer)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    refused,
    take() {
      const taken = seen
      seen = []
      return taken
    },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/**
 * Requests, calls, and the longest chain of requests each of which began after another had ended; and what was asked:
 * `a+b` in one batch, `a & b` at the same time, `a → b` one after another.
 */
export function counts(entries) {
  const depths = []
  for (const { start } of entries)
    depths.push(
      1 + Math.max(0, ...entries.slice(0, depths.length).map(({ end }, i) => (end <= start ? depths[i] : 0))),
    )
  const roundTrips = Math.max(0, ...depths)
  const stage = (depth) =>
    entries
      .filter((_, i) => depths[i] === depth)
      .map(({ methods }) => summary(methods))
      .join(' & ')
  return {
    requests: entries.length,
    calls: entries.reduce((sum, { methods }) => sum + methods.length, 0),
    roundTrips,
    asked: Array.from({ length: roundTrips }, (_, i) => stage(i + 1)).join(' → '),
  }
}

/** `eth_call` three times in one batch is `call×3`. */
function summary(methods) {
  const times = new Map()
  for (const method of methods) times.set(method, (times.get(method) ?? 0) + 1)
  return [...times].map(([method, n]) => method.replace('eth_', '') + (n > 1 ? `×${n}` : '')).join('+')
}

async function text(request) {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) body += chunk
  return body
}
