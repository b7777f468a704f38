import { regtest } from '@coffer/bitcoin'
import { createWallet, type UtxoSource } from '@coffer/core'
import { bitcoinCore, blockbook, cluster, electrum, esplora } from '@coffer/daemon-client'
import { electrumTcp } from '@coffer/daemon-client/node'
import { softwareSigner } from '@coffer/signer-software'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type Devnet, startDevnet } from '../devnet.ts'
import * as lies from './lies/all.ts'
import { decodeTx, encodeTx, hash256, txidOf } from './lies/bitcoin-bytes.ts'
import { type Liar, startHostile } from './start.ts'

const CHAIN = 'bip122:0f9188f13cb7b2c71f2a335e3a4fc328' as const
const mnemonic = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
const COIN = 100_000_000n
const KINDS = ['esplora', 'electrum', 'electrumWs', 'blockbook', 'core'] as const
type Kind = (typeof KINDS)[number]

let devnet: Devnet<'bitcoin'>
const liars = {} as Record<Kind, Liar>
const sources = {} as Record<Kind, UtxoSource>
/** What was paid to whom before the tests. */
let paid: { address: string; script: string; txid: string; raw: string; height: number; vout: number }

beforeAll(async () => {
  devnet = await startDevnet({ chains: ['bitcoin'] })
  const { bitcoin: node } = devnet
  const urls: Record<Kind, string> = {
    ...{ esplora: node.esploraUrl, electrum: node.electrumUrl, electrumWs: node.electrumWsUrl },
    ...{ blockbook: node.blockbookUrl, core: node.url },
  }
  for (const kind of KINDS) liars[kind] = await startHostile(urls[kind])
  for (const kind of KINDS) sources[kind] = factories[kind](liars[kind].url)(CHAIN)
  node.setFeeEstimates({ 1: '12.5', 6: '4' })
  const address = await node.walletRpc<string>('user', 'getnewaddress', ['', 'bech32'])
  const { scriptPubKey: script } = await node.rpc<{ scriptPubKey: string }>('validateaddress', [address])
  const txid = await node.fund(address, { amount: COIN })
  const raw = await node.rpc<string>('getrawtransaction', [txid])
  const vout = decodeTx(raw)!.outputs.findIndex((output) => output.script === script)
  paid = { address, script, txid, raw, height: await node.rpc<number>('getblockcount'), vout }
})
afterEach(() => {
  for (const kind of KINDS) liars[kind].calm()
})
afterAll(async () => {
  for (const kind of KINDS) {
    sources[kind]?.close?.()
    await liars[kind]?.stop()
  }
  await devnet?.stop()
})

const factories = {
  esplora: (url: string) => esplora(url),
  electrum: (url: string) => electrumTcp(url),
  electrumWs: (url: string) => electrum(url, { webSocket: WebSocket }),
  blockbook: (url: string) => blockbook(url),
  core: (url: string) => {
    const { username, password } = devnet.bitcoin.access
    return bitcoinCore({ url, username, password })
  },
}

test.each(KINDS)('a wallet behind a calm liar pays as if it was not there: %s', async (kind) => {
  await using calm = await startHostile(kind === 'core' ? devnet.bitcoin.url : devnet.bitcoin[`${kind}Url`])
  const wallet = createWallet({
    chains: [regtest()],
    source: cluster({ [CHAIN]: [factories[kind](calm.url)] }),
    signer: softwareSigner({ mnemonic }),
  })
  const account = await wallet.account('regtest', { index: KINDS.indexOf(kind) })
  await devnet.bitcoin.fund((await account.receive({ fresh: true })).address, { amount: COIN })
  const draft = await account.create({ to: paid.address, amount: '0.25', fee: { satPerVb: '5' } })
  const payment = await wallet.publish(await wallet.sign(draft))
  await payment.confirmed()
  expect((await account.balance()).total).toBe(COIN - COIN / 4n - draft.fee.expected)
  expect(calm.played).toEqual([])
  expect(calm.calls.length).toBeGreaterThan(5)
})

test('transactions come out of the codec as they went in', async () => {
  const block = await devnet.bitcoin.rpc<{ tx: { hex: string; txid: string }[] }>('getblock', [
    await devnet.bitcoin.rpc('getbestblockhash'),
    2,
  ])
  for (const { hex, txid } of [...block.tx, { hex: paid.raw, txid: paid.txid }]) {
    expect(encodeTx(decodeTx(hex)!)).toBe(hex)
    expect(txidOf(decodeTx(hex)!)).toBe(txid)
  }
  for (const bad of ['', '00', paid.raw.slice(2), `${paid.raw}00`, 7]) expect(decodeTx(bad)).toBeUndefined()
})

describe.each(KINDS)('lies of %s', (kind) => {
  const source = (): UtxoSource => sources[kind]
  const liar = (): Liar => liars[kind]
  const ask = () => source().transactions([{ txid: paid.txid, script: paid.script }])

  test('B1: another amount, another script, another transaction: each is seen through by its id', async () => {
    const [honest] = await ask()
    expect(honest?.raw).toBe(paid.raw)
    const block = await devnet.bitcoin.rpc('getblockhash', [paid.height])
    const { tx } = await devnet.bitcoin.rpc<{ tx: string[] }>('getblock', [block])
    const others = [
      lies.bitcoin.outputAmount(5n * COIN),
      lies.bitcoin.outputScript('6a'),
      lies.bitcoin.otherTransaction(tx[0] ?? '', { insteadOf: paid.txid }),
    ]
    for (const lie of others) {
      const before = liar().played.length
      liar().play(lie)
      await expect(ask()).rejects.toMatchObject({ code: 'BAD_RESPONSE' })
      expect(
        liar()
          .played.slice(before)
          .map((one) => one.lie),
      ).toContain(lie.name)
      liar().calm()
    }
    expect(await ask()).toEqual([honest])
  })

  test('B4: another network', async () => {
    const lie = lies.bitcoin.genesis('mainnet')
    liar().play(lie)
    const other = factories[kind](liar().url)(CHAIN)
    await expect(other.tip()).rejects.toMatchObject({ code: 'CHAIN_MISMATCH' })
    other.close?.()
    const asMainnet = factories[kind](liar().url)('bip122:000000000019d6689c085ae165831e93')
    expect(await asMainnet.tip()).toMatchObject({ height: expect.any(Number) })
    asMainnet.close?.()
    expect(liar().played.at(-1)).toMatchObject({ attack: 'B4' })
  })

  test('B6: fee rates', async () => {
    liar().play(lies.bitcoin.feeRates(2_500))
    const rates = await source().feeRates()
    expect(rates.length).toBeGreaterThan(0)
    expect(rates.every(({ satPerKvb }) => satPerKvb === 2_500_000n)).toBe(true)
    expect(liar().played.at(-1)).toMatchObject({ attack: 'B6' })
  })

  test('G11: withheld headers, and other ones', async () => {
    const [honest] = await source().headers([paid.height])
    liar().play(lies.bitcoin.withheldHeaders(paid.height))
    const withheld = await source()
      .headers([paid.height - 1, paid.height])
      .catch((error) => error)
    if (Array.isArray(withheld)) expect([typeof withheld[0], withheld[1]]).toEqual(['string', undefined])
    else expect(withheld).toMatchObject({ code: 'BAD_RESPONSE' })
    expect(liar().played.at(-1)).toMatchObject({ lie: 'bitcoin.withheldHeaders' })
    liar().calm()
    if (kind === 'blockbook') return // It has no headers, and its blocks prove themselves.
    liar().play(lies.bitcoin.reorgedHeaders(paid.height))
    const [below, other] = await source().headers([paid.height - 1, paid.height])
    expect(other).not.toBe(honest)
    expect(hash256(other ?? '')).not.toBe(hash256(honest ?? ''))
    expect(other?.slice(0, 150)).toBe(honest?.slice(0, 150))
    liar().calm()
    expect(await source().headers([paid.height - 1, paid.height])).toEqual([below, honest])
  })

  test('G14: a stale tip, and a frozen one', async () => {
    const tip = await source().tip()
    liar().play(lies.heads.stale(3))
    const stale = await source().tip()
    expect(stale.height).toBe(tip.height - 3)
    expect(stale.hash).toBe(await devnet.bitcoin.rpc('getblockhash', [stale.height]))
    liar().calm()
    liar().play(lies.heads.frozen())
    const first = await source().tip()
    await devnet.bitcoin.mine()
    expect(await source().tip()).toEqual(first)
    liar().calm()
    expect((await source().tip()).height).toBe(first.height + 1)
  })

  test('G11: another newest block of the same height', async () => {
    const tip = await source().tip()
    if (kind === 'blockbook') return // Its tip is a height alone.
    liar().play(lies.heads.otherHash())
    const other = await source().tip()
    expect(other.height).toBe(tip.height)
    expect(other.hash).not.toBe(tip.hash)
    expect(liar().played.at(-1)).toMatchObject({ lie: 'heads.otherHash' })
  })
})

describe.each(['esplora', 'electrum', 'electrumWs', 'blockbook'] as const)('history of %s', (kind) => {
  const liar = (): Liar => liars[kind]
  // A source of its own, since sources remember.
  async function history(script = paid.script): Promise<string[]> {
    const source = factories[kind](liar().url)(CHAIN)
    const [found] = await source.history([{ script }])
    source.close?.()
    return found?.entries?.map(({ txid }) => txid) ?? []
  }

  test('G14: a hidden coin', async () => {
    expect(await history()).toContain(paid.txid)
    liar().play(lies.bitcoin.hiddenTransaction(paid.txid))
    expect(await history()).not.toContain(paid.txid)
    expect(liar().played.at(-1)).toMatchObject({ lie: 'bitcoin.hiddenTransaction', attack: 'G14' })
  })

  test('G14: a coin that does not exist, whose bytes hash to its id', async () => {
    const before = await history()
    for (const height of [paid.height - 1, undefined]) {
      const coin = lies.bitcoin.inventedCoin({
        ...{ script: paid.script, address: paid.address, value: 21n * COIN },
        ...(height === undefined ? {} : { height }),
      })
      liar().play(coin)
      const told = await history()
      expect([...told].sort()).toEqual([...before, coin.txid].sort())
      const source = factories[kind](liar().url)(CHAIN)
      const [record] = await source.transactions([{ txid: coin.txid, script: paid.script }])
      source.close?.()
      expect(record?.height).toBe(height ?? 0)
      expect(decodeTx(record?.raw)?.outputs).toEqual([{ value: 21n * COIN, script: paid.script }])
      liar().calm()
    }
  })

  test('G14: a history that lacks its beginning', async () => {
    const { bitcoin: node } = devnet
    const address = await node.walletRpc<string>('user', 'getnewaddress')
    const { scriptPubKey } = await node.rpc<{ scriptPubKey: string }>('validateaddress', [address])
    const ids: string[] = []
    for (let i = 0; i < 3; i++) ids.push(await node.fund(address, { amount: COIN }))
    expect(await history(scriptPubKey)).toEqual(ids)
    liar().play(lies.bitcoin.truncatedHistory(2))
    expect(await history(scriptPubKey)).toEqual(ids.slice(1))
  })
})

test('G14: balances and coins that are told without bytes', async () => {
  const { esplora: liar } = liars
  const before = await (await fetch(`${liar.url}/address/${paid.address}/utxo`)).json()
  liar.play(lies.bitcoin.balance(77n))
  const coins = await (await fetch(`${liar.url}/address/${paid.address}/utxo`)).json()
  expect(coins).toEqual(before.map((coin: object) => ({ ...coin, value: 77 })))
  const { chain_stats } = await (await fetch(`${liar.url}/address/${paid.address}`)).json()
  expect(chain_stats).toMatchObject({ funded_txo_sum: 77, spent_txo_sum: 0 })
  liars.blockbook.play(lies.bitcoin.balance(77n))
  const told = await (await fetch(`${liars.blockbook.url}/api/v2/address/${paid.address}`)).json()
  expect(told).toMatchObject({ balance: '77' })
})

describe('broadcasts', () => {
  test.each(KINDS)('G12, T6: %s', async (kind) => {
    const { bitcoin: node } = devnet
    const liar = liars[kind]
    const sign = async (): Promise<{ raw: string; txid: string }> => {
      const address = await node.walletRpc<string>('user', 'getnewaddress')
      const txid = await node.fund(address, { amount: COIN })
      const { vout } = await node.walletRpc<{ vout: { n: number; scriptPubKey: { address: string } }[] }>(
        'user',
        'decoderawtransaction',
        [await node.rpc('getrawtransaction', [txid])],
      )
      const n = vout.find(({ scriptPubKey }) => scriptPubKey.address === address)?.n
      const raw = await node.rpc('createrawtransaction', [[{ txid, vout: n }], { [address]: '0.999' }])
      const { hex } = await node.walletRpc<{ hex: string }>('user', 'signrawtransactionwithwallet', [raw])
      return { raw: hex, txid: txidOf(decodeTx(hex)!) }
    }
    const isKnown = (txid: string) => node.rpc('getrawtransaction', [txid]).then(Boolean, () => false)
    const send = async (lie: Parameters<Liar['play']>[0]) => {
      const { raw, txid } = await sign()
      liar.play(lie, { times: 1 })
      const said = await sources[kind].broadcast(raw).catch((error) => error.code)
      expect(liar.played.at(-1)?.lie).toBe(lie.name)
      return { said: said === txid ? 'its id' : said, isSent: await isKnown(txid) }
    }
    expect(await send(lies.broadcast.withheld())).toEqual({ said: 'its id', isSent: false })
    expect(await send(lies.broadcast.lostReply())).toEqual({ said: 'NETWORK', isSent: true })
    expect(await send(lies.broadcast.refusedAfter())).toEqual({ said: 'BROADCAST_REJECTED', isSent: true })
    expect(await send(lies.broadcast.refusedBefore())).toEqual({ said: 'BROADCAST_REJECTED', isSent: false })
    const twice = await send(lies.broadcast.duplicated())
    expect(twice.isSent).toBe(true)
    const other = await send(lies.broadcast.otherId())
    expect(other).toMatchObject({ said: expect.stringMatching(/^[0-9a-f]{64}$/), isSent: true })
  })
})
