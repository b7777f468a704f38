import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { startTron, TRON_DEVNET } from './testing/tronServer.ts'

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

/** Runs a program over a source until it ends by itself; gives how long it lived after its last word. */
function run(url: string, body: string): Promise<number> {
  const program = `
    import { tronGrid, tronHttp } from './index.ts'
    const url = '${url}'
    const source = tronHttp({ fullNode: url, pollInterval: 60_000, history: tronGrid({ url }) })('${TRON_DEVNET}')
    const call = { path: 'wallet/getnowblock' }
    ${body}
    console.log('done', Date.now())
  `
  const cwd = fileURLToPath(new URL('.', import.meta.url))
  return new Promise((resolve, reject) => {
    const args = ['--import', 'tsx', '--input-type=module', '--eval', program]
    execFile(process.execPath, args, { cwd, timeout: 20_000 }, (error, out, err) => {
      if (error) reject(new Error(`${error.message}\n${err}`))
      else resolve(Date.now() - Number(/done ([0-9]+)/.exec(out)?.[1]))
    })
  })
}

const everything = `
  const early = new AbortController()
  const left = source.request([call], { signal: early.signal }).catch(() => {})
  early.abort()
  await left
  await source.request([call, call, { path: 'walletsolidity/getnowblock' }])
  await source.transfers({ address: 'TRXcKoEvHr6Y38VMcDYGBEYKznvH3XUX4g', coin: '${TRON_DEVNET}/slip44:1', limit: 5 })
  for await (const head of source.heads()) break
  const late = new AbortController()
  for await (const head of source.heads({ signal: late.signal })) setTimeout(() => late.abort(), 20)
`

describe('a process ends by itself', () => {
  it('over Tron after requests, aborts, history and heads', async () => {
    const server = await startTron()
    open.push(server.close)
    expect(await run(server.url, everything)).toBeLessThan(1_500)
  })
})
