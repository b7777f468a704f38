import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import { isAlive, processMark } from './file-process.ts'

it('sees who runs and who does not', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  const pid = child.pid!
  expect([isAlive(process.pid), isAlive(pid), isAlive(0), isAlive(4_194_305)]).toEqual([
    true,
    true,
    false,
    false,
  ])
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(isAlive(pid)).toBe(false)
})

it.runIf(process.platform === 'linux')('tells a process from another one of the same number', () => {
  const mark = processMark()
  expect(mark).toMatch(/^[0-9]+-[0-9]+$/)
  const [space, start] = mark.split('-')
  expect(isAlive(process.pid, mark)).toBe(true)
  expect(isAlive(process.pid, `${space}-${Number(start) - 1}`)).toBe(false)
  expect(isAlive(process.ppid, mark)).toBe(false)
  expect(isAlive(4_194_305, mark)).toBe(false)
  // Of another container nothing can be seen.
  expect(isAlive(4_194_305, `${Number(space) + 1}-${start}`)).toBe(true)
})

it.runIf(process.platform === 'linux')('is the same in every thread', async () => {
  const text = `const { readFileSync } = require('node:fs')
    const text = readFileSync('/proc/' + process.pid + '/stat', 'utf8')
    require('node:worker_threads').parentPort.postMessage(text.slice(text.lastIndexOf(')') + 2).split(' ')[19])`
  const [start] = (await once(new Worker(text, { eval: true }), 'message')) as [string]
  expect(processMark().endsWith(`-${start}`)).toBe(true)
})
