import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Devnet, startDevnet } from '@coffer/devnet'
import { TOTP } from 'otpauth'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runIn } from './fake-io.fixture.ts'

const STRANGER = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'

let devnet: Devnet<'ethereum'>
let home: string
let passphrase: string
beforeAll(async () => {
  devnet = await startDevnet({ chains: ['ethereum'] })
  home = await mkdtemp(join(tmpdir(), 'coffer-cli-'))
  passphrase = join(home, 'passphrase')
  await writeFile(passphrase, 'a long enough passphrase\n')
  const made = await runIn(home, `new --passphrase-file ${passphrase} --json`)
  const { accounts } = made.json<{ accounts: { address: `0x${string}` }[] }>()
  await devnet.ethereum.fund(accounts[0]!.address, { amount: 10n ** 19n })
})
afterAll(() => devnet?.stop())

const policy = (steps: unknown) => writeFile(join(home, 'policy.json'), JSON.stringify({ steps }))
const send = (amount: string, answers?: readonly (readonly [string, string])[]) =>
  runIn(
    home,
    `send --chain ethereum --to ${STRANGER} --amount ${amount} --rpc ethereum=${devnet.ethereum.url} --passphrase-file ${passphrase} --yes`,
    answers ? { answers } : {},
  )

it('keeps a payment waiting as policy.json says, shows it, and forgets it when told to', async () => {
  await policy([
    { when: { above: { asset: 'eip155:1/slip44:60', amount: '1000000000000000000' } }, delay: 3600 },
  ])
  expect((await send('1')).code).toBe(0)
  const refused = await send('2')
  expect([refused.code, refused.stderr]).toEqual([
    3,
    expect.stringMatching(/^Error \[POLICY_DELAYED\]: .+ ask again after /m),
  ])
  const waiting = await runIn(home, 'waiting')
  expect(waiting.stdout.split('\n')).toEqual([
    expect.stringMatching(/^[0-9a-f]{12} on ethereum$/),
    `  Send 2 ETH to ${STRANGER}`,
    expect.stringMatching(/^ {2}asked for \d{4}-\d\d-\d\d \d\d:\d\d, may be signed from /),
    '',
  ])
  expect((await runIn(home, 'waiting --cancel ffffffff')).code).toBe(2)
  expect((await runIn(home, `waiting --cancel ${waiting.stdout.slice(0, 12)}`)).stdout).toBe(
    'Nothing waits.\n',
  )
})

it('asks for the code of an authenticator that was set up before', async () => {
  await policy([{ ask: 'code' }])
  const without = await send('0.1')
  expect([without.code, without.stderr]).toEqual([2, expect.stringContaining('Run: coffer second-factor.')])

  const wrong = await runIn(home, 'second-factor', {
    answers: [['The code that the app shows now', '000000']],
  })
  expect(wrong.code).toBe(2)
  const shown = /type this into it: ([A-Z2-7]{32})/.exec(wrong.stderr)?.[1]
  expect(shown).toBeDefined()

  // What the person's device does: it reads the secret from the screen and shows its code.
  const answer: [string, string] = ['The code that the app shows now', '']
  const made = await runIn(home, 'second-factor --label wallet', {
    answers: [answer],
    hear: (text) => {
      const secret = /type this into it: ([A-Z2-7]{32})/.exec(text)?.[1]
      if (secret) answer[1] = new TOTP({ secret }).generate()
    },
  })
  expect(made.code).toBe(0)
  const secret = (await readFile(join(home, 'second-factor'), 'utf8')).trim()
  const code = new TOTP({ secret }).generate()

  const no = await send('0.1', [['Code of the authenticator', '000000']])
  expect([no.code, no.stderr]).toEqual([3, expect.stringContaining('The code is wrong.')])
  expect((await send('0.1', [['Code of the authenticator', code]])).code).toBe(0)
  const twice = await send('0.1', [['Code of the authenticator', code]])
  expect([twice.code, twice.stderr]).toEqual([3, expect.stringContaining('The code was used already.')])
  expect((await runIn(home, 'second-factor')).code).toBe(2)
})
