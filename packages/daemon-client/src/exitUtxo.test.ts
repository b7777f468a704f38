import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { startElectrumSocket, startElectrumTcp } from './testing/electrumServer.ts'
import { startEsplora } from './testing/esploraServer.ts'
import { openLedger, REGTEST } from './testing/ledger.ts'

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

/** Runs a program over the sources until it ends by itself; gives how long it lived after its last word. */
function run(maker: string, body: string): Promise<number> {
  const program = `
    import { WebSocket } from 'ws'
    import { electrum, esplora } from './index.ts'
    import { electrumTcp } from './node.ts'
    const source = ${maker}('${REGTEST}')
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
  const b = new AbortController()
  const early = source.tip({ signal: b.signal }).catch(() => {})
  b.abort()
  await early
  await source.tip()
  const c = new AbortController()
  const left = source.feeRates({ signal: c.signal }).catch(() => {})
  c.abort()
  await left
  for await (const head of source.heads()) break
  const d = new AbortController()
  for await (const head of source.heads({ signal: d.signal })) setTimeout(() => d.abort(), 20)
`
const kinds = [
  ['esplora', startEsplora, (url: string) => `esplora('${url}', { pollInterval: 60_000 })`],
  ['electrum over TCP', startElectrumTcp, (url: string) => `electrumTcp('${url}')`],
  [
    'electrum over a WebSocket',
    startElectrumSocket,
    (url: string) => `electrum('${url}', { webSocket: WebSocket })`,
  ],
] as const

describe('a process ends by itself', () => {
  it.each(kinds)('over %s after requests, aborts and heads', async (_name, start, maker) => {
    const server = await start({ ledger: openLedger() })
    open.push(server.close)
    expect(await run(maker(server.url), everything)).toBeLessThan(1_500)
  })
})
