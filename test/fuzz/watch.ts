import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { type Input, toJson } from './input.ts'

/** A call that has not ended after so long never will, in milliseconds. */
const PATIENCE = 30_000
const ROOM = 1_000_000

export interface Watch {
  begin(target: string, input: Input): void
  end(): void
  close(): void
}

/**
 * Watches from a thread of its own, since a decoder that hangs lets nothing else run in its thread: ends the process, after
 * the input was written to a file and told on stderr.
 */
export function startWatch(patience = PATIENCE): Watch {
  const state = new Int32Array(new SharedArrayBuffer(8))
  const text = new Uint8Array(new SharedArrayBuffer(ROOM))
  const file = join(mkdtempSync(join(tmpdir(), 'coffer-fuzz-')), 'hang.json')
  const worker = new Worker(SOURCE, {
    eval: true,
    workerData: { state, text, file, patience, pid: process.pid },
  })
  worker.unref()
  return {
    begin: (target, input) => {
      const { written } = new TextEncoder().encodeInto(JSON.stringify({ target, input: toJson(input) }), text)
      state[1] = written
      Atomics.add(state, 0, 1)
    },
    end: () => void Atomics.store(state, 1, 0),
    close: () => void worker.terminate(),
  }
}

const SOURCE = `
const { writeFileSync, writeSync } = require('node:fs')
const { state, text, file, patience, pid } = require('node:worker_threads').workerData
let seen = -1
setInterval(() => {
  const length = Atomics.load(state, 1)
  const calls = Atomics.load(state, 0)
  if (length > 0 && calls === seen) {
    writeFileSync(file, text.slice(0, length))
    writeSync(2, 'A decoder hangs. Its input is in ' + file + '; see it again with: npm run fuzz -- --replay ' + file + '\\n')
    process.kill(pid, 'SIGKILL')
  }
  seen = calls
}, patience)
`
