// One file: the accounts of a simulated Ledger are added and paid once, and each part builds on what the ones before it left.
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { regtestNetwork } from '@coffer/bitcoin'
import { type Devnet, startDevnet } from '@coffer/devnet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { announceDevnet } from './devnet-file.ts'
import { type Answers, type Ran, runIn } from './fake-io.fixture.ts'
import { localNodes } from './local-node.ts'

const TO: Readonly<Record<string, string>> = {
  ethereum: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
  bnb: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
  regtest: regtestNetwork.sample,
  'tron-devnet': 'TUoHaVjx7n5xz8LwPRDckgFrDWhMhuSuJM',
}
const CHAINS = Object.keys(TO)

let home = ''
let devnet: Devnet
const ledger = (line: string, answers?: Answers): Promise<Ran> =>
  runIn(home, `--signer ledger --ledger simulator ${line} --devnet`, answers ? { answers } : {})

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'coffer-cli-'))
  devnet = await startDevnet()
  await announceDevnet(home, Object.fromEntries(localNodes(devnet).map(({ chain, url }) => [chain, url])))
})
afterAll(() => devnet?.stop())

const addresses: Record<string, string> = {}

describe('coffer --signer ledger', () => {
  it('says what is open on the device', async () => {
    const ran = await ledger('ledger status')
    expect([ran.code, ran.stdout]).toEqual([0, 'No app is open (1.6.0)\n'])
  })

  it('adds accounts without a vault, opening one app after the other', async () => {
    for (const chain of CHAINS) {
      const ran = await ledger(`accounts --add --chain ${chain} --json`)
      expect(ran.stderr).toContain('confirm it on the Ledger')
      expect(ran.code).toBe(0)
    }
    const { accounts } = JSON.parse(await readFile(join(home, 'ledger.json'), 'utf8')) as {
      accounts: object[]
    }
    expect(accounts).toHaveLength(CHAINS.length)
    const verified = await ledger('accounts --verify')
    expect(verified.stderr).toContain('Every account comes from the Ledger.')
  })

  it('shows an address on the device before it is given away', async () => {
    for (const chain of CHAINS) {
      const ran = await ledger(`receive --chain ${chain} --json`)
      expect(ran.stderr).toContain('· address')
      addresses[chain] = ran.json<{ address: string }>().address
    }
    for (const node of localNodes(devnet)) {
      const name = CHAINS.find((chain) => addresses[chain] && nameOf(node.chain) === chain)
      if (name) await node.pay(addresses[name]!)
    }
  })

  it.each(CHAINS)('pays on %s', async (chain) => {
    const amount = chain === 'regtest' ? '0.5' : '1.25'
    const ran = await ledger(`send --chain ${chain} --to ${TO[chain]} --amount ${amount} --yes --json`)
    expect(ran.stderr).toContain('Check the transaction on the Ledger')
    expect(ran.stderr).toContain('· transaction')
    expect(ran.code).toBe(0)
    expect(ran.json<{ status: object }>().status).toMatchObject({
      state: expect.stringMatching(/confirmed|final/),
    })
  })

  it('pays a token on Ethereum and on Tron', async () => {
    for (const chain of ['ethereum', 'tron-devnet']) {
      const ran = await ledger(
        `send --chain ${chain} --to ${TO[chain]} --amount 12.5 --asset USDT --yes --json`,
      )
      expect(ran.code).toBe(0)
    }
  })

  it('is refused at the device, and nothing is sent', async () => {
    const ran = await ledger(`send --chain ethereum --to ${TO['ethereum']} --amount 1 --yes`, [
      ['Approve on the simulated Ledger', 'y'],
      ['Approve on the simulated Ledger', 'n'],
    ])
    expect(ran.stderr).toContain('Error [SIGNER_REFUSED]: It was refused on the Ledger.')
    expect(ran.code).toBe(3)
  })

  it('is left by Ctrl-C while it asks', async () => {
    const ctrlC = new AbortController()
    const ran = await runIn(
      home,
      `--signer ledger --ledger simulator send --chain ethereum --to ${TO['ethereum']} --amount 1 --yes --devnet`,
      {
        signal: ctrlC.signal,
        answers: [['Approve on the simulated Ledger', 'y']],
        hear: (text) => text.includes('Check the transaction') && ctrlC.abort(),
      },
    )
    expect([ran.code, ran.stdout]).toEqual([130, ''])
  })

  it('has no simulator for chains where money is real', async () => {
    const ran = await runIn(home, '--signer ledger --ledger simulator ledger status')
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain('it is for --devnet alone')
  })

  it('says what a device on USB needs, and what is no place of one', async () => {
    const usb = await runIn(home, '--signer ledger ledger status')
    expect(usb.stderr).toMatch(/Error \[(MISSING_DEPENDENCY|DEVICE_DISCONNECTED)\]: /)
    const nowhere = await runIn(home, '--signer ledger --ledger somewhere ledger status')
    expect(nowhere.stderr).toContain('Error [INVALID_REQUEST]: --ledger "somewhere" is no place of a Ledger.')
  })

  it('tells of missing accounts how to add them', async () => {
    const ran = await ledger(`send --chain ethereum --account 7 --to ${TO['ethereum']} --amount 1 --yes`)
    expect(ran.stderr).toContain('Add it with "coffer --signer ledger accounts --add".')
  })
})

function nameOf(chain: string): string {
  if (chain === 'eip155:1') return 'ethereum'
  if (chain === 'eip155:56') return 'bnb'
  return chain.startsWith('tron:') ? 'tron-devnet' : 'regtest'
}
