import { mkdtemp, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDevnet } from '@coffer/devnet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ran, runIn } from './fake-io.fixture.ts'

const ANN = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const BEN = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'

let home = ''
let devnet: Awaited<ReturnType<typeof startDevnet<'ethereum' | 'bnb'>>>
let nodes = ''
const coffer = (line: string, given: Parameters<typeof runIn>[2] = {}): Promise<Ran> =>
  runIn(home, line, given)

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'coffer-watch-'))
  devnet = await startDevnet({ chains: ['ethereum', 'bnb'] })
  nodes = `--rpc ethereum=${devnet.ethereum.url}`
})
afterAll(() => devnet?.stop())

describe('watching', () => {
  it('begins with nothing, and needs no wallet', async () => {
    expect((await coffer('watch list')).stdout).toBe(
      'Nothing is watched yet. Add an account with "coffer watch add".\n',
    )
    expect((await coffer(`watch balance ${nodes}`)).stdout).toContain('Nothing is watched yet')
  })

  it('adds an address on every EVM chain, or on one, and many from a file', async () => {
    const added = await coffer(`watch add ${ANN} --label cold --group savings`)
    expect(added.stdout).toMatch(
      new RegExp(`^[0-9a-f]{16}  ethereum  ${ANN}  cold  savings\n[0-9a-f]{16}  bnb       ${ANN}`),
    )
    await writeFile(
      join(home, 'many.csv'),
      `${BEN},Ben\nbc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq,Carl,friends\n`,
    )
    const many = await coffer(`watch add --file ${join(home, 'many.csv')} --group customers --json`)
    expect(many.json<{ entries: object[] }>().entries).toHaveLength(3)
    const wrong = await coffer('watch add --file -', { stdin: `${ANN}\nnonsense\n` })
    expect([wrong.code, wrong.stdout]).toEqual([2, ''])
    expect(wrong.stderr).toContain('Line 2 cannot be watched')
    expect(await coffer('watch add')).toMatchObject({ code: 2 })
    expect(await coffer('watch add nonsense')).toMatchObject({ code: 2 })
    expect((await coffer('watch list --json')).json<{ entries: object[] }>().entries).toHaveLength(5)
  })

  it('shows balances and their sums, and says what could not be read', async () => {
    await devnet.ethereum.fund(ANN, { amount: 2_500_000_000_000_000_000n })
    await devnet.ethereum.fund(BEN, { amount: 10_000_000_000_000_000_000n })
    const { json, stdout } = await coffer(`watch balance ${nodes} --json`)
    expect(stdout).toContain('"amount"')
    const { totals } = json<{ totals: { symbol: string; amount: string; complete: boolean }[] }>()
    const [eth] = totals
    expect(eth).toMatchObject({ symbol: 'ETH', complete: true })
    expect(BigInt(eth!.amount)).toBeGreaterThanOrEqual(12_500_000_000_000_000_000n)
    const group = await coffer(`watch balance --group savings ${nodes}`)
    expect(group.stdout).toMatch(
      /^ *[0-9.]+ {2}ETH {2}ethereum {2}cold\n\nTogether\n +[0-9.]+ {2}ETH {2}ethereum\n$/,
    )
    const broken = await coffer('watch balance --rpc ethereum=http://127.0.0.1:9')
    expect(broken.code).toBe(0)
    expect(broken.stdout).toContain('unreadable')
  })

  it('shows movements', async () => {
    const ran = await coffer(`watch history ${nodes}`)
    expect(ran.code).toBe(0)
    const { items } = (await coffer(`watch history --limit 3 ${nodes} --json`)).json<{ items: object[] }>()
    expect(items.length).toBeLessThanOrEqual(3)
  })

  it('forgets', async () => {
    const { entries } = (await coffer('watch list --group customers --json')).json<{
      entries: { id: string }[]
    }>()
    expect((await coffer(`watch remove ${entries[0]!.id}`)).stdout).toBe('It is watched no longer.\n')
    expect(await coffer(`watch remove ${entries[0]!.id}`)).toMatchObject({ code: 2 })
    expect((await coffer('watch list --json')).json<{ entries: object[] }>().entries).toHaveLength(4)
    expect(await readdir(home)).not.toContain('vault')
  })
})
