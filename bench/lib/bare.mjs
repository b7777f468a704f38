// Runs a bundle with the globals of a browser and none of Node's:
// node --experimental-vm-modules lib/bare.mjs <bundle> [node URL]
import { readFileSync } from 'node:fs'
import { createContext, SourceTextModule } from 'node:vm'
import { mnemonic, payment } from './payment.mjs'
import { spend } from './spend.mjs'
import { transfer } from './tron-payment.mjs'

const OF_THE_WEB = [
  'AbortController',
  'AbortSignal',
  'Blob',
  'DOMException',
  'Event',
  'EventTarget',
  'FormData',
  'Headers',
  'ReadableStream',
  'Request',
  'Response',
  'TextDecoder',
  'TextEncoder',
  'TransformStream',
  'URL',
  'URLSearchParams',
  'WritableStream',
  'atob',
  'btoa',
  'clearInterval',
  'clearTimeout',
  'crypto',
  'fetch',
  'performance',
  'queueMicrotask',
  'setInterval',
  'setTimeout',
  'structuredClone',
  // The same as those that the interfaces above give and take.
  'ArrayBuffer',
  'DataView',
  'Uint8Array',
]

const [file, url] = process.argv.slice(2)
const context = createContext(Object.fromEntries(OF_THE_WEB.map((name) => [name, globalThis[name]])))
context.self = context
context.console = { log() {}, warn() {}, error() {} }

let answer
try {
  const bundle = new SourceTextModule(readFileSync(file, 'utf8'), { context })
  await bundle.link((name) => {
    throw new Error(`imports ${name}`)
  })
  await bundle.evaluate()
  const app = bundle.namespace
  const words = app.words().split(' ').length
  const { to, value } = payment(0)
  const done = url
    ? { txid: await app.send({ mnemonic, url, to, amount: value }) }
    : { raw: await app.sign({ mnemonic, tx: payment(0), spend, transfer }) }
  answer = { words, ...done }
} catch (error) {
  answer = { error: String(error?.message ?? error).split('\n')[0] }
}
process.stdout.write(JSON.stringify(answer), () => process.exit(0))
