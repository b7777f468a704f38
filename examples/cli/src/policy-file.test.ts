import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { allChains } from './families/index.ts'
import { readPolicy } from './policy-file.ts'

let home = ''
const yes = async () => true
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'coffer-cli-'))
})

async function read(policy: unknown) {
  await writeFile(join(home, 'policy.json'), JSON.stringify(policy))
  return readPolicy(home, allChains(), yes)
}

it('is empty without a file', async () => {
  expect(await readPolicy(home, allChains(), yes)).toEqual({})
})

it('reads every rule, and writes addresses as the library compares them', async () => {
  const lower = '0xdac17f958d2ee523a2206206994597c13d831ec7'
  const usdt = '0xdAC17F958D2ee523a2206206994597C13D831ec7'
  const policy = {
    maxFee: { 'eip155:1': '1000000000000000' },
    maxFeePercent: 5,
    recipients: [`eip155:1:${lower}`],
    limits: [{ asset: `eip155:1/erc20:${lower}`, amount: '5000000', seconds: 86400 }],
    unlimitedApprovals: false,
    approvalForAll: false,
    unknownCalls: false,
    permissionChanges: false,
  }
  expect(await read(policy)).toEqual({
    ...policy,
    maxFee: { 'eip155:1': 1_000_000_000_000_000n },
    recipients: [`eip155:1:${usdt}`],
    limits: [{ asset: `eip155:1/erc20:${usdt}`, amount: 5_000_000n, seconds: 86400 }],
  })
})

it('reads assets and accounts of Tron in any of their writings', async () => {
  const hex = '41a614f803b6fd780986a42c78ec9c7f77e6ded13c'
  const usdt = 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t'
  const limit = (asset: string) => ({ asset, amount: '5', seconds: 60 })
  const { limits, recipients, permissionChanges } = await read({
    permissionChanges: true,
    recipients: [`tron:0x2b6653dc:${usdt}`],
    limits: [`trc20:${hex}`, 'trc10:1000001', 'slip44:195'].map((asset) => limit(`tron:0x2b6653dc/${asset}`)),
  })
  expect(permissionChanges).toBe(true)
  expect(recipients).toEqual([`tron:0x2b6653dc:${usdt}`])
  expect(limits?.map(({ asset }) => asset)).toEqual([
    `tron:0x2b6653dc/trc20:${usdt}`,
    'tron:0x2b6653dc/trc10:1000001',
    'tron:0x2b6653dc/slip44:195',
  ])
})

it('reads steps: when they are due, how long they wait, and that they ask', async () => {
  const above = { asset: 'eip155:1/slip44:60', amount: '100' }
  const { steps } = await read({
    steps: [{ ask: 'code' }, { when: { above, newRecipient: true, effects: ['call'] }, delay: 60 }],
  })
  expect(steps).toEqual([
    { ask: yes },
    { when: { above: { ...above, amount: 100n }, newRecipient: true, effects: ['call'] }, delay: 60 },
  ])
})

it.each([
  ['a misspelt key', { recipient: [] }],
  ['a misspelt key of a limit', { limits: [{ asset: 'eip155:1/slip44:60', amount: '1', second: 1 }] }],
  ['a number for an amount', { maxFee: { 'eip155:1': 1000 } }],
  ['decimals in an amount', { maxFee: { 'eip155:1': '0.1' } }],
  ['a chain that is not there', { maxFee: { 'eip155:137': '1' } }],
  ['a short name of a chain', { maxFee: { ethereum: '1' } }],
  [
    'an address with a wrong checksum',
    { recipients: ['eip155:1:0xdAC17F958D2ee523a2206206994597C13D831eC7'] },
  ],
  ['an address without its chain', { recipients: ['0xdAC17F958D2ee523a2206206994597C13D831ec7'] }],
  ['the coin of another chain', { limits: [{ asset: 'eip155:1/slip44:714', amount: '1', seconds: 1 }] }],
  [
    'a coin of Tron by the number of tests',
    { limits: [{ asset: 'tron:0x2b6653dc/slip44:1', amount: '1', seconds: 1 }] },
  ],
  [
    'a TRC-10 token with a name',
    { limits: [{ asset: 'tron:0x2b6653dc/trc10:tea', amount: '1', seconds: 1 }] },
  ],
  ['a share that is no whole number', { maxFeePercent: 0.5 }],
  ['a word for a switch', { unknownCalls: 'no' }],
  ['a step that neither asks nor waits', { steps: [{ when: { newRecipient: true } }] }],
  ['a step that asks for something else', { steps: [{ ask: 'nicely' }] }],
  ['a misspelt key of a step', { steps: [{ ask: 'code', unless: {} }] }],
  ['a misspelt condition', { steps: [{ ask: 'code', when: { newRecipients: true } }] }],
  ['a condition that is false', { steps: [{ ask: 'code', when: { newRecipient: false } }] }],
  ['an effect that there is not', { steps: [{ ask: 'code', when: { effects: ['theft'] } }] }],
  ['a condition without its asset', { steps: [{ ask: 'code', when: { above: { amount: '1' } } }] }],
  ['a delay of nothing', { steps: [{ delay: 0 }] }],
  ['a list for the whole', []],
])('refuses %s, because a limit that is not understood does not hold', async (_, policy) => {
  await expect(read(policy)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
})
