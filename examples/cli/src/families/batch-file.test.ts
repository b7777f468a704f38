import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { readBatch } from './batch-file.ts'

let path = ''
beforeAll(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'coffer-cli-')), 'salaries.csv')
})

async function read(text: string) {
  await writeFile(path, text)
  return readBatch(path)
}

it('reads a table as spreadsheets write it', async () => {
  const text = '\uFEFFaddress,amount\r\nbc1qann,0.1\r\n\r\n# the second half\r\nbc1qben , 2\r\n'
  expect(await read(text)).toEqual([
    { to: 'bc1qann', amount: '0.1' },
    { to: 'bc1qben', amount: '2' },
  ])
})

it.each([
  ['a third column', 'bc1qann,0.1,Ann', 1],
  ['an amount in words', 'bc1qann,0.1\nbc1qben,some', 2],
  ['a decimal comma', 'bc1qann,"0,1"', 1],
  ['an exponent', 'bc1qann,1e8', 1],
  ['a negative amount', 'bc1qann,-1', 1],
  ['a header in the middle', 'bc1qann,1\naddress,amount', 2],
  ['letters that cannot be seen', 'bc1q\u200bann,1', 1],
])('refuses %s, and names the line', async (_, text, line) => {
  await expect(read(text)).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    message: expect.stringContaining(`Line ${line} `),
  })
})

it.each([
  ['nothing', 'address,amount\n'],
  ['more than one transaction holds', 'bc1qann,1\n'.repeat(3_200)],
  ['a line without end', `bc1q${'a'.repeat(1_000_000)},1`],
])('refuses %s', async (_, text) => {
  await expect(read(text)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
})

it('refuses a file that is not there', async () => {
  await expect(readBatch('/nonexistent')).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
})
