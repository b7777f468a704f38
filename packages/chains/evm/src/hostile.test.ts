import {
  CofferError,
  createWallet,
  type Draft,
  type EvmSource,
  type RpcCall,
  type RpcResult,
  type SourceFactory,
} from '@coffer/core'
import { cluster, jsonRpc } from '@coffer/daemon-client'
import { type Devnet, startDevnet } from '@coffer/devnet'
import { softwareSigner } from '@coffer/signer-software'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ethereum } from './evm.ts'
import { decodeUnsigned, encodeUnsigned } from './transaction.ts'

const mnemonic = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
const ALICE = '0x000000000000000000000000000000000000a11c'
const EVE = '0x0000000000000000000000000000000000000eee'
const ETH = 10n ** 18n

let devnet: Devnet<'ethereum'>
beforeAll(async () => {
  devnet = await startDevnet({ chains: ['ethereum'] })
})
afterAll(() => devnet.stop())

type Bend = (call: RpcCall, result: RpcResult) => RpcResult
const ok = (value: unknown): RpcResult => ({ ok: true, value })

/** A real node behind somebody who changes what it says. */
function bent(bend: Bend): SourceFactory<EvmSource> {
  return (chain) => {
    const real = jsonRpc(devnet.ethereum.url)(chain) as EvmSource
    return {
      ...real,
      request: async (calls, options) =>
        (await real.request(calls, options)).map((result, i) => bend(calls[i]!, result)),
    }
  }
}

let nextIndex = 0
async function through(source: SourceFactory<EvmSource>, options: { index?: number } = {}) {
  const wallet = createWallet({
    chains: [ethereum()],
    source: cluster({ 'eip155:1': [source] }),
    signer: softwareSigner({ mnemonic }),
  })
  const index = options.index ?? nextIndex++
  const account = await wallet.account('ethereum', { index })
  if (options.index === undefined) {
    await devnet.ethereum.fund(account.address, { amount: 10n * ETH })
    await devnet.ethereum.fund(account.address, { token: 'USDT', amount: 1000_000000n })
  }
  return { wallet, account, index }
}
const when =
  (method: string, value: unknown): Bend =>
  (call, result) =>
    call.method === method ? ok(value) : result

describe('a hostile network', () => {
  it('E1: a node of another chain is not used, and bytes of another chain are not signed', async () => {
    const wallet = createWallet({
      chains: [ethereum()],
      source: cluster({ 'eip155:1': [(await otherChain()).factory] }),
      signer: softwareSigner({ mnemonic }),
    })
    const account = await wallet.account('ethereum')
    await expect(account.create({ to: ALICE, amount: 1n })).rejects.toMatchObject({ code: 'SOURCES_FAILED' })
    const { wallet: honest, account: funded } = await through(jsonRpc(devnet.ethereum.url))
    const draft = await funded.create({ to: ALICE, amount: 1n })
    const moved = encodeUnsigned({ ...decodeUnsigned(draft.payload), chainId: 56n })
    await expect(honest.sign({ ...draft, payload: moved })).rejects.toMatchObject({ code: 'INVALID_DRAFT' })
  })

  it('E2: fields that nobody asked for are refused', async () => {
    const { wallet, account } = await through(jsonRpc(devnet.ethereum.url))
    const draft = await account.create({ to: ALICE, amount: 1n })
    const tx = decodeUnsigned(draft.payload)
    if (tx.type !== 'eip1559') throw new Error('not the type that was made')
    const changes = [
      { ...tx, to: EVE },
      { ...tx, value: 2n },
      { ...tx, data: '0x00' },
      { ...tx, accessList: [{ address: EVE, storageKeys: [] }] },
      {
        ...tx,
        type: 'eip7702',
        authorizationList: [{ chainId: 1n, address: `0x${'0'.repeat(40)}`, nonce: 1n }],
      },
    ] as (typeof tx)[]
    for (const changed of changes) {
      const evil: Draft = { ...draft, payload: encodeUnsigned(changed) }
      await expect(wallet.sign(evil)).rejects.toMatchObject({ code: 'DRAFT_MISMATCH' })
    }
    await expect(wallet.sign({ ...draft, payload: `0x03${draft.payload.slice(4)}` })).rejects.toMatchObject({
      code: 'INVALID_DRAFT',
    })
  })

  it('E6: lies about gas and prices end at the ceiling', async () => {
    const dear = await through(
      bent(
        when('eth_feeHistory', {
          baseFeePerGas: ['0x174876e80000', '0x174876e80000'],
          reward: [['0x1', '0x1', '0x1']],
        }),
      ),
    )
    await expect(dear.account.create({ to: ALICE, amount: '1', maxFee: '0.01' })).rejects.toMatchObject({
      code: 'FEE_TOO_HIGH',
    })
    await expect(
      dear.wallet.sign(await dear.account.create({ to: ALICE, amount: '1' })),
    ).rejects.toMatchObject({
      code: 'POLICY_REFUSED',
      details: { rule: 'max-fee' },
    })
    const hungry = await through(bent(when('eth_estimateGas', '0x989680')))
    await expect(hungry.account.create({ to: ALICE, amount: '1', maxFee: '0.01' })).rejects.toMatchObject({
      code: 'FEE_TOO_HIGH',
    })
    const absurd = await through(bent(when('eth_estimateGas', `0x${'f'.repeat(64)}`)))
    await expect(absurd.account.create({ to: ALICE, amount: '1' })).rejects.toMatchObject({
      code: 'BAD_RESPONSE',
    })
  })

  it('E7: nonces that are low, high or gapped neither pay twice nor pass unseen', async () => {
    let lie: string | undefined
    const liar = bent((call, result) =>
      call.method === 'eth_getTransactionCount' && lie !== undefined ? ok(lie) : result,
    )
    const { wallet, account } = await through(liar)
    const send = async (amount: bigint) =>
      wallet.publish(await wallet.sign(await account.create({ to: ALICE, amount })))
    await (await send(1n)).confirmed()
    await (await send(2n)).confirmed()
    lie = '0x0' // A node that lags: what was used stays used.
    const third = await account.create({ to: ALICE, amount: 3n })
    expect(third.effects.fields['nonce']).toBe('2')
    lie = '0x20' // A node that is ahead of everybody: shown, since the payment would wait for ever.
    const far = await account.create({ to: ALICE, amount: 4n })
    expect(far.effects.fields['nonce']).toBe('32')
    lie = `0x${'f'.repeat(40)}`
    await expect(account.create({ to: ALICE, amount: 5n })).rejects.toMatchObject({ code: 'BAD_RESPONSE' })
  })

  it('E7: warns of transactions that wait before ours', async () => {
    const { account } = await through(
      bent((call, result) =>
        call.method === 'eth_getTransactionCount' && call.params[1] === 'pending' ? ok('0x9') : result,
      ),
    )
    const draft = await account.create({ to: ALICE, amount: 1n })
    expect(draft.effects.warnings.map(({ code }) => code)).toContain('nonce-gap')
  })

  it('E8: a node that lies about the decimals of a listed token changes no amount', async () => {
    const { account } = await through(
      bent((call, result) => {
        const data = (call.params[0] as { data?: string } | undefined)?.data ?? ''
        if (call.method !== 'eth_call' || !data.includes('313ce567') || !result.ok) return result
        // The answer to decimals(): success, 32 bytes, 6 becomes 18.
        return ok(
          String(result.value).replace(
            `01${'0020'}${'6'.padStart(64, '0')}`,
            `01${'0020'}${'12'.padStart(64, '0')}`,
          ),
        )
      }),
    )
    await expect(account.create({ to: ALICE, amount: '1', asset: 'USDT' })).rejects.toMatchObject({
      code: 'TOKEN_MISMATCH',
    })
  })

  it('E8: a token that would return false is not paid with', async () => {
    const { account } = await through(
      bent((call, result) => {
        const data = (call.params[0] as { data?: string } | undefined)?.data ?? ''
        return call.method === 'eth_call' && data.startsWith('0xa9059cbb')
          ? ok(`0x${'0'.repeat(64)}`)
          : result
      }),
    )
    await expect(account.create({ to: ALICE, amount: '1', asset: 'USDT' })).rejects.toMatchObject({
      code: 'EXECUTION_REVERTED',
    })
  })

  it('G1: zero-value and unknown-token rows never enter the history, and look-alikes are shown and refused', async () => {
    const { wallet, account } = await through(jsonRpc(devnet.ethereum.url))
    const friend = '0x1234560000000000000000000000000000abcdef'
    const twin = '0x1234569999999999999999999999999999abcdef'
    await (
      await wallet.publish(await wallet.sign(await account.create({ to: friend, amount: 5n })))
    ).confirmed()
    const fake = await devnet.ethereum.deployToken({ name: 'Tether USD', symbol: 'USDT', decimals: 6 })
    await devnet.ethereum.fund(account.address, { token: fake, amount: 5n })
    const { items } = await account.history()
    expect(items.map(({ asset, amount }) => [asset.symbol, amount])).toEqual([
      ['ETH', 5n],
      ['USDT', 1000_000000n],
      ['ETH', 10n * ETH],
    ])
    const poisoned = await account.create({ to: twin, amount: 5n })
    expect(poisoned.effects.warnings.map(({ code }) => code)).toContain('lookalike')
    await expect(wallet.sign(poisoned)).rejects.toMatchObject({
      code: 'POLICY_REFUSED',
      details: { rule: 'lookalike' },
    })
  })

  it('G12: a reply that is lost after acceptance is settled by asking; the same bytes never pay twice', async () => {
    let sent = 0
    let deaf = false
    const losing: SourceFactory<EvmSource> = (chain) => {
      const real = jsonRpc(devnet.ethereum.url)(chain) as EvmSource
      return {
        ...real,
        request: async (calls, options) => {
          const sending = calls.some(({ method }) => method === 'eth_sendRawTransaction')
          if (!sending && deaf) throw new CofferError({ code: 'NETWORK', message: 'gone', retryable: true })
          const results = await real.request(calls, options)
          if (!sending) return results
          sent++
          throw new CofferError({ code: 'NETWORK', message: 'The connection broke.', retryable: true })
        },
      }
    }
    const { wallet, account } = await through(losing)
    const before = await account.balance()
    const signed = await wallet.sign(await account.create({ to: ALICE, amount: '1' }))
    deaf = true
    await expect(wallet.publish(signed)).rejects.toMatchObject({ code: 'BROADCAST_UNKNOWN', retryable: true })
    expect(sent).toBe(1)
    deaf = false
    const payment = await wallet.publish(signed)
    expect(payment.txid).toBe(signed.txid)
    const { fee } = await payment.confirmed()
    expect(await account.balance()).toBe(before - ETH - fee)
  })

  it('G12: a refusal is believed only when the node was asked and does not know the transaction', async () => {
    let lie: Bend = (_, result) => result
    const { wallet, account } = await through(bent((call, result) => lie(call, result)))
    const throttled: RpcResult = { ok: false, error: { code: 429, message: 'Too Many Requests' } }
    const signed = await wallet.sign(await account.create({ to: ALICE, amount: 1n }))
    await (await wallet.publish(signed)).confirmed()
    // Mined long ago; the node says "nonce too low", and has no time to look it up.
    lie = (call, result) => (call.method === 'eth_sendRawTransaction' ? result : throttled)
    await expect(wallet.publish(signed)).rejects.toMatchObject({ code: 'BROADCAST_UNKNOWN', retryable: true })
    lie = (call, result) => (call.method === 'eth_sendRawTransaction' ? throttled : result)
    expect((await wallet.publish(signed)).txid).toBe(signed.txid)
    lie = (_, result) => result
    expect((await wallet.publish(signed)).txid).toBe(signed.txid)

    const other = await wallet.sign(await account.create({ to: ALICE, amount: 2n }))
    const low: RpcResult = { ok: false, error: { code: -32000, message: 'transaction underpriced' } }
    lie = (call, result) =>
      call.method === 'eth_sendRawTransaction'
        ? low
        : call.method.startsWith('eth_getTransactionBy') || call.method.endsWith('Receipt')
          ? ok(null)
          : result
    // Refused, and unknown to the node when it was asked.
    await expect(wallet.publish(other)).rejects.toMatchObject({ code: 'FEE_TOO_LOW' })
  })

  it('G12: a payment is not called replaced for good by a node that is ahead of its own index', async () => {
    let lie: Bend = (_, result) => result
    const { wallet, account } = await through(bent((call, result) => lie(call, result)))
    await devnet.ethereum.setAutomine(false)
    try {
      const payment = await wallet.publish(await wallet.sign(await account.create({ to: ALICE, amount: 1n })))
      lie = (call, result) =>
        call.method === 'eth_getTransactionCount' && call.params[1] === 'latest' ? ok('0x9') : result
      expect(await payment.status()).toEqual({ state: 'replaced', final: false })
      const done = payment.confirmed()
      await new Promise((resolve) => setTimeout(resolve, 200))
      lie = (_, result) => result
      await devnet.ethereum.mine(1)
      expect(await done).toMatchObject({ state: 'confirmed' })
    } finally {
      await devnet.ethereum.setAutomine(true)
    }
  })

  it('G11: a payment is replaced for good also on a chain without finality, when it is deep enough', async () => {
    const noFinality: Bend = (call, result) =>
      call.params.includes('finalized')
        ? { ok: false, error: { code: -32602, message: 'unknown tag' } }
        : result
    const { wallet, account } = await through(bent(noFinality))
    await devnet.ethereum.setAutomine(false)
    try {
      const first = await wallet.publish(await wallet.sign(await account.create({ to: ALICE, amount: 1n })))
      await wallet.publish(await wallet.sign(await account.replace(first, { action: 'cancel' })))
      await devnet.ethereum.mine(1)
      expect(await first.status()).toEqual({ state: 'replaced', final: false })
      await devnet.ethereum.mine(ethereum().network.finalAfter + 1)
      expect(await first.status()).toEqual({ state: 'replaced', final: true })
    } finally {
      await devnet.ethereum.setAutomine(true)
    }
  })

  it('E7: a broadcast that never left this machine keeps its nonce for the retry', async () => {
    let down = false
    const flaky: SourceFactory<EvmSource> = (chain) => {
      const real = jsonRpc(devnet.ethereum.url)(chain) as EvmSource
      return {
        ...real,
        request: async (calls, options) => {
          if (down && calls.some(({ method }) => method === 'eth_sendRawTransaction'))
            throw new CofferError({
              code: 'NETWORK',
              message: 'refused',
              retryable: true,
              details: { sent: false },
            })
          return real.request(calls, options)
        },
      }
    }
    const { wallet, account } = await through(flaky)
    const signed = await wallet.sign(await account.create({ to: ALICE, amount: 1n }))
    down = true
    await expect(wallet.publish(signed)).rejects.toMatchObject({ retryable: true })
    expect((await account.create({ to: ALICE, amount: 2n })).effects.fields['nonce']).toBe('1')
    down = false
    await (await wallet.publish(signed)).confirmed()
  })

  it('E8: a batch is held to the strictest idea of a token, and to the sum of its amounts', async () => {
    const { account } = await through(jsonRpc(devnet.ethereum.url))
    const address = await devnet.ethereum.deployToken({ name: 'Six', symbol: 'SIX', decimals: 6 })
    await devnet.ethereum.fund(account.address, { token: address, amount: 100n })
    const token = await account.token(address)
    const wrong = { ...token, decimals: 18 }
    await expect(
      account.createBatch([
        { to: ALICE, amount: '0.000000000000000001', asset: wrong },
        { to: ALICE, amount: 1n, asset: token.id },
      ]),
    ).rejects.toMatchObject({ code: 'TOKEN_MISMATCH' })
    await expect(
      account.createBatch([
        { to: ALICE, amount: 60n, asset: { ...token } },
        { to: ALICE, amount: 60n, asset: { ...token } },
      ]),
    ).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS' })
  })

  it('keeps nothing of answers that are not what was asked for', async () => {
    for (const junk of [null, 5, '5', '0x', 'ff', {}, [], `0x${'f'.repeat(65)}`, '<html>']) {
      for (const method of [
        'eth_getBalance',
        'eth_getTransactionCount',
        'eth_feeHistory',
        'eth_estimateGas',
      ]) {
        const { account } = await through(bent(when(method, junk)), { index: 0 })
        await expect(
          account.create({ to: ALICE, amount: 1n }),
          `${method} ${JSON.stringify(junk)}`,
        ).rejects.toMatchObject({
          code: 'BAD_RESPONSE',
        })
      }
      const { account } = await through(bent(when('eth_call', junk)), { index: 0 })
      await expect(account.balances()).rejects.toMatchObject({ code: 'BAD_RESPONSE' })
    }
  })
})

/** The same node, saying that it is of another chain. */
async function otherChain(): Promise<{ factory: SourceFactory<EvmSource> }> {
  const { createServer } = await import('node:http')
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      const calls = JSON.parse(body) as { id: number } | { id: number }[]
      const answer = (call: { id: number }) => ({ jsonrpc: '2.0', id: call.id, result: '0x38' })
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(Array.isArray(calls) ? calls.map(answer) : answer(calls)))
    })
  }).listen(0, '127.0.0.1')
  server.unref()
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('no port')
  return { factory: jsonRpc(`http://127.0.0.1:${address.port}`) as SourceFactory<EvmSource> }
}
