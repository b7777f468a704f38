import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { readAccounts } from './accounts-file.ts'
import { readDevnet } from './devnet-file.ts'

let home = ''
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'coffer-cli-'))
})

it.each(['null', '7', '[]', '{}', '{"v":1}', '{"v":1,"accounts":[null]}'])(
  'G9: refuses %s as accounts',
  async (text) => {
    await writeFile(join(home, 'accounts.json'), text)
    await expect(readAccounts(home)).rejects.toMatchObject({ code: 'INVALID_JSON' })
  },
)

const pid = process.pid
it.each([
  'null',
  '7',
  '{}',
  `{"pid":${pid}}`,
  `{"pid":"1","rpc":{}}`,
  `{"pid":-1,"rpc":{}}`,
  `{"pid":${pid},"rpc":[1]}`,
])('G9: refuses %s as a running devnet', async (text) => {
  await writeFile(join(home, 'devnet.json'), text)
  await expect(readDevnet(home)).rejects.toMatchObject({ code: 'INVALID_JSON' })
})

it('reads a running devnet', async () => {
  const devnet = { pid, rpc: { 'eip155:1': 'http://host' } }
  await writeFile(join(home, 'devnet.json'), JSON.stringify(devnet))
  expect(await readDevnet(home)).toEqual(devnet)
})
