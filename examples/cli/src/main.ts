#!/usr/bin/env node
import { homedir } from 'node:os'
import { run } from './run.ts'

const { stdin, stdout, stderr } = process
const abort = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(name, () => {
    abort.abort()
    // Who asks twice does not want to wait.
    process.once(name, () => process.exit(130))
  })
}
// The reader of a pipe has seen enough: coffer history | head
stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

process.exitCode = await run(process.argv.slice(2), {
  stdin,
  stdout,
  stderr,
  env: process.env,
  home: homedir(),
  signal: abort.signal,
  isTTY: { stdin: stdin.isTTY === true, stdout: stdout.isTTY === true, stderr: stderr.isTTY === true },
})
