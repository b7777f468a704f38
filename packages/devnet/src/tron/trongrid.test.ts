import { TronWeb } from 'tronweb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDevnet } from '../devnet.ts'
import type { TronNode } from './node.ts'
import { newcomer, type Someone, send, TRX } from './tronweb.fixture.ts'

let devnet: Awaited<ReturnType<typeof startDevnet<'tron'>>>
let node: TronNode
let a: Someone
let b: Someone

beforeAll(async () => {
  devnet = await startDevnet({ chains: ['tron'] })
  node = devnet.tron
  ;[a, b] = [await newcomer(node), await newcomer(node)]
  for (let i = 1; i <= 5; i++) {
    await send(a.tronWeb, a.tronWeb.transactionBuilder.sendTrx(b.address, i, a.address))
  }
  await node.fund(a.address, { token: 'USDT', amount: 100n })
  const usdt = await a.tronWeb.contract().at(node.tokens.USDT.address)
  await usdt.transfer?.(b.address, 30).send({ feeLimit: 100 * TRX })
  await usdt.approve?.(b.address, 20).send({ feeLimit: 100 * TRX })
  await node.fund(b.address, { token: 'TEX', amount: 10n ** 18n })
})
afterAll(() => devnet.stop())

interface Page {
  readonly data: readonly Record<string, unknown>[]
  readonly success: boolean
  readonly meta: { readonly fingerprint?: string; readonly page_size: number }
}

async function ask(path: string): Promise<Page> {
  const answer = await fetch(`${node.url}/v1/accounts/${path}`)
  return answer.json() as Promise<Page>
}

test('transactions of an account, newest first, in pages', async () => {
  const seen: unknown[] = []
  let fingerprint = ''
  do {
    const page = await ask(`${b.address}/transactions?limit=2${fingerprint && `&fingerprint=${fingerprint}`}`)
    seen.push(...page.data.map(({ txID }) => txID))
    fingerprint = page.meta.fingerprint ?? ''
    // Between two pages another comes in, which moves nothing.
    await send(a.tronWeb, a.tronWeb.transactionBuilder.sendTrx(b.address, 100 + seen.length, a.address))
  } while (fingerprint)
  expect(new Set(seen).size).toBe(seen.length)
  expect(seen).toHaveLength(6)
})

test('a row says what it cost and when it was', async () => {
  const { data } = await ask(
    `${TronWeb.address.toHex(a.address)}/transactions?limit=200&order_by=block_timestamp,asc`,
  )
  expect(data[1]).toMatchObject({
    txID: expect.stringMatching(/^[0-9a-f]{64}$/),
    ret: [{ contractRet: 'SUCCESS', fee: 0 }],
    net_usage: expect.any(Number),
    net_fee: 0,
    energy_usage_total: 0,
    blockNumber: expect.any(Number),
    block_timestamp: expect.any(Number),
    raw_data: { contract: [{ type: 'TransferContract', parameter: { value: { amount: 1 } } }] },
  })
})

test('only what comes in, only what goes out, only what is final', async () => {
  const count = async (query: string): Promise<number> =>
    (await ask(`${a.address}/transactions?limit=200&${query}`)).data.length
  const all = await count('')
  expect(await count('only_to=true')).toBe(1)
  expect(await count('only_from=true')).toBe(all - 1)
  expect(await count('only_confirmed=true')).toBe(all - 2)
  expect(await count('only_unconfirmed=true')).toBe(2)
})

test('token transfers and approvals', async () => {
  const { data } = await ask(`${b.address}/transactions/trc20?limit=10`)
  const usdt = { symbol: 'USDT', address: node.tokens.USDT.address, decimals: 6, name: 'Tether USD' }
  expect(data).toMatchObject([
    {
      type: 'Transfer',
      value: '1000000000000000000',
      to: b.address,
      token_info: { symbol: 'TEX', decimals: 18 },
    },
    { type: 'Approval', value: '20', from: a.address, to: b.address, token_info: usdt },
    { type: 'Transfer', value: '30', from: a.address, to: b.address, token_info: usdt },
  ])
  const only = await ask(
    `${b.address}/transactions/trc20?contract_address=${node.tokens.USDT.address}&only_to=true`,
  )
  expect(only.data).toHaveLength(2)
  const paged = await ask(`${b.address}/transactions/trc20?limit=1`)
  const rest = await ask(`${b.address}/transactions/trc20?limit=10&fingerprint=${paged.meta.fingerprint}`)
  expect([...paged.data, ...rest.data].map(({ transaction_id: id }) => id)).toEqual(
    data.map(({ transaction_id: id }) => id),
  )
})

test('an account, or none', async () => {
  const one = await ask(a.address)
  expect(one).toMatchObject({ success: true, data: [{ address: TronWeb.address.toHex(a.address) }] })
  const nobody = await newcomer(node, 0)
  expect(await ask(nobody.address)).toMatchObject({ success: true, data: [] })
})

test('a bad address or limit is said with status 400', async () => {
  for (const path of [
    'nonsense/transactions',
    `${a.address}/transactions?limit=0`,
    `${a.address}/transactions?limit=201`,
    `${a.address}/transactions?fingerprint=x`,
  ]) {
    const answer = await fetch(`${node.url}/v1/accounts/${path}`)
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ success: false, error: expect.any(String) })
  }
})
