import { createServer } from 'node:http'

/**
 * An HTTP server in front of a node, which counts. `take()` gives the requests since it was called last, each with the
 * methods that were called in it: those of JSON-RPC, or else the last part of the path, as in Tron's API. JSON-RPC
 * methods in `refused` are answered as by a node that does not know them. `latency` (milliseconds) must be so long that
 * whatever a client sends together also arrives together, well before the first answer.
 */
export async function countingProxy(target, { latency = 40 } = {}) {
  let seen = []
  const refused = new Set()
  const server = createServer(async (request, response) => {
    const entry = { start: performance.now(), end: Number.POSITIVE_INFINITY, methods: [] }
    seen.push(entry)
    const body = await text(request)
    const message = body === '' ? {} : JSON.parse(body)
    entry.methods = [message].flat().map(({ method }) => method ?? nameOf(request.url))
    const [{ status, answer }] = await Promise.all([
      refused.has(message.method)
        ? { status: 200, answer: refusal(message) }
        : forward(new URL(request.url, target), request, body),
      new Promise((resolve) => setTimeout(resolve, latency)),
    ])
    entry.end = performance.now()
    response.writeHead(status, { 'content-type': 'application/json' })
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

async function forward(url, { method }, body) {
  const headers = { 'content-type': 'application/json' }
  const got = await fetch(url, { method, ...(method === 'POST' ? { headers, body } : {}) })
  return { status: got.status, answer: await got.text() }
}

const refusal = ({ id }) =>
  JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } })

/** The last part of a path; `solid` before it where only what is final was asked for. */
function nameOf(path) {
  const [last, root] = path.split('?')[0].split('/').toReversed()
  return root === 'walletsolidity' ? `solid ${last}` : last
}

/**
 * Requests, calls, and the longest chain of requests each of which began after another had ended; and what was asked:
 * `a+b` in one batch, `a & b` at the same time, `20 a` of one kind at the same time, `a → b` one after another.
 */
export function counts(entries) {
  const depths = []
  for (const { start } of entries)
    depths.push(
      1 + Math.max(0, ...entries.slice(0, depths.length).map(({ end }, i) => (end <= start ? depths[i] : 0))),
    )
  const roundTrips = Math.max(0, ...depths)
  const stage = (depth) =>
    together(entries.filter((_, i) => depths[i] === depth).map(({ methods }) => summary(methods)))
  return {
    requests: entries.length,
    calls: entries.reduce((sum, { methods }) => sum + methods.length, 0),
    roundTrips,
    asked: Array.from({ length: roundTrips }, (_, i) => stage(i + 1)).join(' → '),
  }
}

/** More than two of a kind are counted. */
function together(summaries) {
  const times = new Map()
  for (const one of summaries) times.set(one, (times.get(one) ?? 0) + 1)
  const isMany = (one) => times.get(one) > 2
  return summaries
    .filter((one, i) => !isMany(one) || summaries.indexOf(one) === i)
    .map((one) => (isMany(one) ? `${times.get(one)} ${one}` : one))
    .join(' & ')
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
