import type { EvmSource } from '@coffer/core'
import { jsonRpc } from '@coffer/daemon-client'
import { type Devnet, startDevnet } from '@coffer/devnet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseAddress } from './address.ts'
import type { Address, Hex } from './intent.ts'
import { ethereumNetwork } from './networks.ts'
import { contractReads, uintAnswer } from './reader.ts'
import { ask, take } from './rpc.ts'
import { balanceOf, readBalances } from './tokens-read.ts'

let devnet: Devnet<'ethereum'>
let source: EvmSource
beforeAll(async () => {
  devnet = await startDevnet({ chains: ['ethereum'] })
  source = jsonRpc(devnet.ethereum.url)('eip155:1')
})
afterAll(() => devnet.stop())

const OWNER = parseAddress('0x000000000000000000000000000000000000a11c')
let nextAddress = 0xc0de00n

/** A contract of the given code, at an address of its own. */
async function contract(code: Hex): Promise<Address> {
  const address = parseAddress(`0x${(nextAddress++).toString(16).padStart(40, '0')}`)
  await devnet.ethereum.rpc('anvil_setCode', [address, code])
  return address
}

async function readAll(...targets: Address[]) {
  const [answers] = await ask(source, [
    contractReads(targets.map((to) => ({ to, data: balanceOf(OWNER) }))),
  ] as const)
  return take(answers)
}

describe('contract reads', () => {
  it('E8: a contract that burns gas, floods, refuses or is not there spoils no other answer', async () => {
    const dai = devnet.ethereum.tokens.DAI.address as Address
    await devnet.ethereum.fund(OWNER, { token: 'DAI', amount: 77n })
    const answers = await readAll(
      dai,
      await contract('0x5b600056'), // loops for ever
      await contract('0x620186a06000f3'), // returns 100 KB
      await contract('0x620186a06000fd'), // reverts with 100 KB
      await contract('0xfe'), // invalid
      OWNER, // no contract
      dai,
    )
    expect(answers.map(({ ok, data }) => [ok, (data.length - 2) / 2])).toEqual([
      [true, 32],
      [false, 0],
      [true, 1024],
      [false, 1024],
      [false, 0],
      [true, 0],
      [true, 32],
    ])
    expect([uintAnswer(answers[0]!), uintAnswer(answers[6]!)]).toEqual([77n, 77n])
    expect(answers.slice(1, 6).map(uintAnswer)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })

  it('reads 400 tokens in one request', async () => {
    const dai = devnet.ethereum.tokens.DAI.address as Address
    expect(await readAll(...Array.from({ length: 400 }, () => dai))).toHaveLength(400)
    expect(() => contractReads(Array.from({ length: 401 }, () => ({ to: dai, data: '0x' as Hex })))).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    )
  })

  it('gives each balance its own answer, error or amount', async () => {
    const burner = await contract('0x5b600056')
    const asset = (address: string) =>
      ({ id: `eip155:1/erc20:${address}`, symbol: 'X', name: 'X', decimals: 18 }) as const
    const balances = await readBalances(
      source,
      ethereumNetwork,
      OWNER,
      [asset(burner), asset(devnet.ethereum.tokens.DAI.address), ethereumNetwork.coin],
      {},
    )
    expect(balances.map(({ amount, error }) => amount ?? error?.code)).toEqual(['TOKEN_UNREADABLE', 77n, 0n])
  })

  it('refuses an answer with too few, too many or broken parts', () => {
    const { parse } = contractReads([{ to: OWNER, data: '0x' }])
    for (const bad of [
      '0x',
      '0x01',
      '0x0100',
      '0x010001',
      '0x01000100ff01000100',
      '0x01000000',
      `0x01${'00'.repeat(3)}`,
    ])
      expect(() => parse(bad), bad).toThrow(expect.objectContaining({ code: 'BAD_RESPONSE' }))
    expect(parse('0x010001ff')).toEqual([{ ok: true, data: '0xff' }])
  })
})
