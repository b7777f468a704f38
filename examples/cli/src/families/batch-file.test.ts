import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readBatch, readPayouts } from './batch-file.ts'

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

describe('payouts', () => {
  const payouts = async (text: string) => {
    await writeFile(path, text)
    return readPayouts(path)
  }

  it('have an id each', async () => {
    const text = 'ID, Address, Amount\nsalary-11.ann,TAnn,0.1\n# half\n2026:ben , TBen , 2\n'
    expect(await payouts(text)).toEqual([
      { id: 'salary-11.ann', to: 'TAnn', amount: '0.1' },
      { id: '2026:ben', to: 'TBen', amount: '2' },
    ])
  })

  it.each([
    ['a line without an id', 'TAnn,1', 'Line 1 '],
    ['an id of words', 'for Ann,TAnn,1', 'Line 1 '],
    ['an empty id', ',TAnn,1', 'Line 1 '],
    ['a fourth column', 'a,TAnn,1,2', 'Line 1 '],
    ['an exponent', 'a,TAnn,1\nb,TBen,1e3', 'Line 2 '],
    ['an id twice', 'a,TAnn,1\na,TBen,2', 'The id a stands there twice'],
  ])('refuse %s', async (_, text, why) => {
    await expect(payouts(text)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining(why),
    })
  })
})

it('refuses a file that is not there', async () => {
  await expect(readBatch('/nonexistent')).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
})
