import {
  CofferError,
  createWallet,
  type EvmSource,
  type RpcCall,
  type RpcResult,
  type SourceFactory,
} from '@coffer/core'
import { type Devnet, startDevnet } from '@coffer/devnet'
import { ethereum } from '@coffer/evm'
import { softwareSigner } from '@coffer/signer-software'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { cluster } from './cluster.ts'
import type { ClusterEvent } from './failover.ts'
import { jsonRpc } from './jsonRpc.ts'
import { type QuorumOptions, quorum } from './quorum.ts'

const mnemonic = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
const ALICE = '0x000000000000000000000000000000000000a11c'
const ETH = 10n ** 18n
const CHAIN = 'eip155:1'

let devnet: Devnet<'ethereum'>
beforeAll(async () => {
  devnet = await startDevnet({ chains: ['ethereum'] })
})
afterAll(() => devnet?.stop())

type Request = EvmSource['request']
const ok = (value: unknown): RpcResult => ({ ok: true, value })
const call = (method: string, ...params: unknown[]): RpcCall => ({ method, params })

/** The devnet's node behind somebody who changes what is asked, or what it says. */
function bent(change: (real: Request) => Request, name = 'http://liar'): SourceFactory<EvmSource> {
  return (chain) => {
    const real = jsonRpc(devnet.ethereum.url)(chain)
    return { ...real, name, request: change(real.request) }
  }
}

const saying = (lie: (call: RpcCall, result: RpcResult) => RpcResult): SourceFactory<EvmSource> =>
  bent(
    (real) => async (calls, options) =>
      (await real(calls, options)).map((result, i) => lie(calls[i]!, result)),
  )

const honest: SourceFactory<EvmSource> = bent((real) => real, 'http://honest')
const slow =
  (ms: number, source: SourceFactory<EvmSource> = honest): SourceFactory<EvmSource> =>
  (chain) => {
    const real = source(chain)
    return {
      ...real,
      request: async (calls, options) => {
        await new Promise((resolve) => setTimeout(resolve, ms))
        return real.request(calls, options)
      },
    }
  }

/** A node that stopped so many blocks ago. */
const lagging = (blocks: number): SourceFactory<EvmSource> =>
  bent((real) => async (calls, options) => {
    const [newest] = await real([call('eth_blockNumber')], options)
    const head = `0x${(Number(newest?.ok ? newest.value : 0) - blocks).toString(16)}`
    const asked = calls.map(({ method, params }) => ({
      method,
      params: params.map((param) => (param === 'latest' ? head : param)),
    }))
    return real(asked, options)
  })

const inflated = saying((call, result) =>
  call.method === 'eth_getBalance' ? ok('0xffffffffffffffffff') : result,
)

let next = 0
async function open(
  sources: readonly SourceFactory<EvmSource>[],
  { index = next++, ...options }: QuorumOptions & { index?: number } = {},
) {
  const events: ClusterEvent[] = []
  const source = cluster(
    { [CHAIN]: [quorum(sources, options)] },
    { onEvent: (event) => void events.push(event) },
  )
  const wallet = createWallet({ chains: [ethereum()], source, signer: softwareSigner({ mnemonic }) })
  const account = await wallet.account('ethereum', { index })
  return { wallet, account, events, source: source.for(CHAIN) as EvmSource, close: () => source.close?.() }
}

const fund = (address: string): Promise<unknown> => devnet.ethereum.fund(address, { amount: 10n * ETH })

describe('G14: one of three nodes', () => {
  it('G14: that inflates a balance is outvoted, and told of', async () => {
    for (const sources of [
      [inflated, honest, honest],
      [honest, slow(50, inflated), honest],
    ]) {
      const { account, events } = await open(sources)
      await fund(account.address)
      expect((await account.balances())[0]?.amount).toBe(10n * ETH)
      await vi.waitFor(() =>
        expect(events).toContainEqual({
          type: 'dissent',
          chain: CHAIN,
          source: 'http://liar',
          question: expect.stringContaining('eth_getBalance'),
          said: '"0xffffffffffffffffff"',
          agreed: '"0x8ac7230489e80000"',
        }),
      )
      expect(events.every((event) => event.type === 'dissent' && event.source === 'http://liar')).toBe(true)
    }
  })

  it('G14: that inflates a token in the middle of a long answer is outvoted', async () => {
    const { account, events } = await open([
      saying((call, result) =>
        call.method === 'eth_call' && result.ok
          ? ok(String(result.value).replace(/0(?=[1-9a-f]{1,12}$)/, 'f'))
          : result,
      ),
      honest,
      honest,
    ])
    await devnet.ethereum.fund(account.address, { token: 'USDT', amount: 7_654321n })
    expect(await account.balance('USDT')).toBe(7_654321n)
    await vi.waitFor(() => expect(events.some(({ type }) => type === 'dissent')).toBe(true))
  })

  it('G14: that hides what came in is outvoted', async () => {
    const { account } = await open([
      saying((call, result) => (call.method === 'eth_getBalance' ? ok('0x0') : result)),
      honest,
      honest,
    ])
    await fund(account.address)
    expect(await account.balance()).toBe(10n * ETH)
  })

  it('G14: that lags by 100 blocks is left out, and told of', async () => {
    await devnet.ethereum.mine(120)
    const { account, events } = await open([lagging(100), honest, slow(80)])
    await fund(account.address)
    expect(await account.balance()).toBe(10n * ETH)
    expect(events).toEqual([
      {
        type: 'lagging',
        chain: CHAIN,
        source: 'http://liar',
        height: expect.any(Number),
        common: expect.any(Number),
      },
    ])
    const [event] = events
    if (event?.type !== 'lagging') throw new Error('no event')
    expect(event.common - event.height).toBeGreaterThanOrEqual(99)
    // Told once, for as long as it lags.
    await account.balance()
    expect(events).toHaveLength(1)
  })

  it('G14: that claims blocks that nobody else has moves nobody', async () => {
    const ahead = saying((call, result) =>
      call.method === 'eth_getBlockByNumber' && call.params[0] === 'latest' && result.ok
        ? ok({ ...(result.value as object), number: '0xffffff' })
        : result,
    )
    const { account, events } = await open([ahead, honest, honest])
    await fund(account.address)
    expect(await account.balance()).toBe(10n * ETH)
    await vi.waitFor(() =>
      expect(events).toContainEqual(
        expect.objectContaining({ type: 'dissent', question: 'the newest block', said: '16777215' }),
      ),
    )
  })

  it('G14: that serves another chain is dropped, and told of', async () => {
    const other: SourceFactory<EvmSource> = (chain) => ({
      ...jsonRpc(devnet.ethereum.url)('eip155:56'),
      name: 'http://other',
      chain,
    })
    const { account, events } = await open([other, honest, slow(30)])
    await fund(account.address)
    expect(await account.balance()).toBe(10n * ETH)
    expect(events).toContainEqual({
      type: 'dropped',
      chain: CHAIN,
      source: 'http://other',
      code: 'CHAIN_MISMATCH',
    })
  })

  it('G14: with other blocks at the same height does not vote, even where it says the same', async () => {
    const fork = saying((call, result) =>
      call.method === 'eth_getBlockByNumber' && result.ok && result.value
        ? ok({ ...(result.value as object), hash: `0x${'66'.repeat(32)}` })
        : result,
    )
    const { account, events } = await open([fork, honest, honest])
    await fund(account.address)
    expect(await account.balance()).toBe(10n * ETH)
    await vi.waitFor(() =>
      expect(events).toContainEqual(
        expect.objectContaining({ type: 'dissent', question: expect.stringMatching(/^block \d+$/) }),
      ),
    )
    const two = await open([fork, honest])
    await expect(two.account.balance()).rejects.toMatchObject({ code: 'NODES_DISAGREE' })
  })

  it('G14: that hides a receipt, or forges one, changes no status', async () => {
    const { wallet, account } = await open([honest, honest, honest], { index: 90 })
    await fund(account.address)
    const payment = await wallet.publish(await wallet.sign(await account.create({ to: ALICE, amount: 1n })))
    await payment.confirmed()
    for (const lie of [
      null,
      { transactionHash: payment.txid, blockHash: `0x${'01'.repeat(32)}`, blockNumber: '0x1', status: '0x0' },
    ]) {
      const liar = saying((call, result) => (call.method === 'eth_getTransactionReceipt' ? ok(lie) : result))
      const { source } = await open([liar, honest, honest])
      const [receipt] = await source.request([call('eth_getTransactionReceipt', payment.txid)])
      expect(receipt).toMatchObject({ ok: true, value: { transactionHash: payment.txid, status: '0x1' } })
    }
  })
})

describe('G14: one honest node and one that lies, where two must agree', () => {
  it.each([
    ['a balance', () => inflated],
    ['its height', () => lagging(100)],
  ])('G14: about %s: says so, and guesses nothing', async (_what, liar) => {
    await devnet.ethereum.mine(120)
    const { account } = await open([liar(), honest], { agree: 2 })
    await fund(account.address)
    await expect(account.balance()).rejects.toMatchObject({
      code: 'NODES_DISAGREE',
      retryable: true,
      details: {
        chain: CHAIN,
        agree: 2,
        answers: [
          { source: expect.any(String), said: expect.any(String) },
          { source: expect.any(String), said: expect.any(String) },
        ],
      },
    })
  })

  it('G14: names who said what about which question', async () => {
    const { source } = await open([inflated, honest])
    const error = await source
      .request([call('eth_getBalance', ALICE, 'latest')])
      .catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'NODES_DISAGREE' })
    const { question, answers } = (error as CofferError).details
    expect(question).toContain('eth_getBalance')
    expect(answers).toContainEqual({ source: 'http://liar', said: '"0xffffffffffffffffff"' })
  })

  it('G14: prices far apart are no median of two, and of three the middle one', async () => {
    const dear = saying((call, result) => (call.method === 'eth_gasPrice' ? ok('0xffffffffffff') : result))
    const [two, three] = [await open([dear, honest]), await open([dear, honest, slow(40)])]
    await expect(two.source.request([call('eth_gasPrice')])).rejects.toMatchObject({ code: 'NODES_DISAGREE' })
    const [real] = await honest(CHAIN).request([call('eth_gasPrice')])
    expect(await three.source.request([call('eth_gasPrice')])).toEqual([real])
    await vi.waitFor(() => expect(three.events).toContainEqual(expect.objectContaining({ type: 'dissent' })))
  })
})

describe('a quorum of EVM nodes', () => {
  const dead = jsonRpc('http://127.0.0.1:9')

  it('says how many answered when too few did', async () => {
    const { source, events } = await open([dead, honest, jsonRpc('http://127.0.0.1:10')], { agree: 2 })
    const error = await source.request([call('eth_gasPrice')]).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'SOURCES_FAILED', retryable: true })
    expect(JSON.stringify((error as CofferError).details)).toContain(
      '1 of 3 sources of eip155:1 answered, and 2 must agree',
    )
    expect(events.filter(({ type }) => type === 'failed')).toHaveLength(2)
  })

  it('does not wait for the slowest, and leaves nothing behind', async () => {
    let aborted = false
    const stuck = bent(
      () => (_calls, options) =>
        new Promise((_, reject) =>
          options?.signal?.addEventListener('abort', () => {
            aborted = true
            reject(new CofferError({ code: 'ABORTED', message: 'left' }))
          }),
        ),
    )
    const { account } = await open([honest, stuck, honest], { patience: 30 })
    await fund(account.address)
    const before = performance.now()
    expect(await account.balance()).toBe(10n * ETH)
    expect(performance.now() - before).toBeLessThan(2_000)
    await vi.waitFor(() => expect(aborted).toBe(true))
    const two = await open([honest, stuck], { agree: 2 })
    const controller = new AbortController()
    const left = two.source.request([call('eth_chainId')], { signal: controller.signal })
    controller.abort()
    await expect(left).rejects.toMatchObject({ code: 'ABORTED' })
    const flying = two.source.request([call('eth_chainId')])
    two.close()
    await expect(flying).rejects.toMatchObject({ code: 'ABORTED' })
  })

  it('pays, and shows what it paid at once', async () => {
    const { wallet, account, events } = await open([honest, slow(20), dead])
    await fund(account.address)
    const payment = await wallet.publish(await wallet.sign(await account.create({ to: ALICE, amount: '1' })))
    const { fee } = await payment.confirmed()
    expect(await account.balance()).toBe(9n * ETH - fee)
    expect((await account.create({ to: ALICE, amount: 1n })).effects.fields.nonce).toBe('1')
    expect(events.filter(({ type }) => type === 'dissent')).toEqual([])
  })

  it('G14: waiting transactions that one node invents make no gap', async () => {
    const { account } = await open([
      saying((call, result) => (call.params[1] === 'pending' ? ok('0x99') : result)),
      honest,
      honest,
    ])
    await fund(account.address)
    const draft = await account.create({ to: ALICE, amount: 1n })
    expect(draft.effects.fields.nonce).toBe('0')
    expect(draft.effects.warnings.map(({ code }) => code)).not.toContain('nonce-gap')
  })
})

describe('sending through a quorum', () => {
  const lost = (sent: boolean): SourceFactory<EvmSource> =>
    bent(
      (real) => async (calls, options) => {
        if (!calls.some(({ method }) => method === 'eth_sendRawTransaction')) return real(calls, options)
        const details = sent ? {} : { sent: false }
        throw new CofferError({ code: 'NETWORK', message: 'gone', retryable: true, details })
      },
      'http://lost',
    )
  const refusing = bent((real) => async (calls, options) => {
    if (!calls.some(({ method }) => method === 'eth_sendRawTransaction')) return real(calls, options)
    return [{ ok: false, error: { code: -32000, message: 'transaction underpriced' } }]
  })
  const misnaming = saying((call, result) =>
    call.method === 'eth_sendRawTransaction' ? ok(`0x${'12'.repeat(32)}`) : result,
  )
  async function signed(sources: readonly SourceFactory<EvmSource>[]) {
    const { wallet, account } = await open(sources)
    await fund(account.address)
    return { wallet, bytes: await wallet.sign(await account.create({ to: ALICE, amount: 1n })) }
  }

  it('G12: goes to all, and one that takes it is enough', async () => {
    const { wallet, bytes } = await signed([refusing, lost(true), slow(30)])
    expect((await wallet.publish(bytes)).txid).toBe(bytes.txid)
    // Again, and every node knows it.
    expect((await wallet.publish(bytes)).txid).toBe(bytes.txid)
  })

  it('G12: is not refused while one of them may have taken it', async () => {
    const { wallet, bytes } = await signed([refusing, lost(true), refusing])
    await expect(wallet.publish(bytes)).rejects.toMatchObject({ code: 'BROADCAST_UNKNOWN', retryable: true })
  })

  it('is refused when all who were reached refuse', async () => {
    const { wallet, bytes } = await signed([refusing, lost(false), refusing])
    await expect(wallet.publish(bytes)).rejects.toMatchObject({ code: 'FEE_TOO_LOW' })
  })

  it('says that nothing was sent when nobody was reached', async () => {
    const { source } = await open([lost(false), lost(false)])
    await expect(source.request([call('eth_sendRawTransaction', '0x02')])).rejects.toMatchObject({
      details: { sent: false },
    })
  })

  it('G14: a node that names another transaction does not hide that others took it', async () => {
    const { wallet, bytes } = await signed([misnaming, slow(30), slow(30)])
    expect((await wallet.publish(bytes)).txid).toBe(bytes.txid)
    const alone = await signed([misnaming])
    expect((await alone.wallet.publish(alone.bytes)).txid).toBe(alone.bytes.txid)
  })
})

it('wants sources that belong together, and more than half of them', () => {
  const many = [honest, honest, honest, honest]
  for (const agree of [0, 2, 5, 1.5])
    expect(() => quorum(many, { agree })).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  expect(() => quorum([])).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  expect(() => quorum(many, { maxLag: -1 })).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  expect(() => quorum(many, { agree: 3 })(CHAIN)).not.toThrow()
})
