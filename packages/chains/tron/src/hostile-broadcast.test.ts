import { createOfflineWallet, createWallet, memoryStore, type TronSource } from '@coffer/core'
import { softwareSigner } from '@coffer/signer-software'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  BOB,
  EVE,
  type FakeNode,
  fakeNode,
  fakeWallet,
  MNEMONIC,
  ok,
  refused,
} from './fake-source.fixture.ts'
import { codeOf, DAY, inside, later, read, valueIn, when, write } from './hostile.fixture.ts'
import { tronNetwork } from './networks.ts'
import { tronRules } from './rules.ts'
import { tron } from './tron.ts'

afterEach(() => vi.useRealTimers())

const STRANGER = 'test test test test test test test test test test test junk'

describe('T6: a broadcast that is held back', () => {
  /** A payment of 1 TRX to Bob that the node took and keeps. */
  async function withheld() {
    const made = await fakeWallet()
    made.node.withholds = true
    const draft = await made.account.create({ to: BOB, amount: '1' })
    const signed = await made.wallet.sign(draft)
    await made.wallet.publish(signed)
    return { ...made, draft, signed }
  }
  const same = { to: BOB, amount: '1' } as const

  it('is only ever tried again with the identical bytes', async () => {
    const { wallet, signed, node, draft } = await withheld()
    await wallet.publish(signed)
    await wallet.publish(await wallet.sign(draft))
    await wallet.publish(wallet.signed(JSON.stringify(signed)))
    expect(new Set(node.broadcasts).size).toBe(1)
    expect(node.broadcasts).toHaveLength(4)
  })

  it('keeps the same intent open until the final block is past its time', async () => {
    const { account, node, wallet, signed } = await withheld()
    await expect(account.create(same)).rejects.toMatchObject({
      code: 'PAYMENT_OPEN',
      retryable: true,
      details: { txid: signed.txid },
    })
    await expect(account.create({ ...same, expiresIn: 3_600, feeLimit: 5n })).rejects.toMatchObject({
      code: 'PAYMENT_OPEN',
    })
    // Others are other payments.
    for (const other of [
      { ...same, amount: '2' },
      { ...same, to: EVE },
      { ...same, memo: 'x' },
    ])
      await expect(account.create(other)).resolves.toMatchObject({ kind: 'draft' })
    // The newest block is past it, and the final one is not.
    later(node, 10.05)
    expect(await wallet.payment(signed).status()).toEqual({ state: 'unknown' })
    await expect(account.create(same)).rejects.toMatchObject({ code: 'PAYMENT_OPEN' })
    await expect(account.retry(signed)).rejects.toMatchObject({ code: 'PAYMENT_OPEN' })
  })

  it('keeps the same intent open while the node has it waiting', async () => {
    const { account, node, wallet } = await fakeWallet()
    const signed = await wallet.sign(await account.create(same))
    await wallet.publish(signed)
    await expect(account.create(same)).rejects.toMatchObject({ code: 'PAYMENT_OPEN' })
    await expect(account.retry(signed)).rejects.toMatchObject({ code: 'PAYMENT_OPEN' })
    node.mine()
    await expect(account.create(same)).resolves.toMatchObject({ kind: 'draft' })
  })

  it('two of one batch that are the very same are refused, where that is not said to be meant', async () => {
    const { account } = await fakeWallet()
    await expect(account.createBatch([same, same])).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await expect(account.createBatch([same, { ...same, again: true }])).resolves.toHaveLength(2)
  })

  it('a node that remembers what it refused is not believed that it has it', async () => {
    const { account, node, wallet } = await fakeWallet()
    const signed = await wallet.sign(await account.create(same))
    const remembered = {
      result: false,
      code: 'DUP_TRANSACTION_ERROR',
      message: 'Transaction already exists.',
    }
    node.withholds = true
    node.bend = when('wallet/broadcasthex', () => ok({ ...remembered, txid: signed.txid }))
    await expect(wallet.publish(signed)).rejects.toMatchObject({ code: 'BROADCAST_UNKNOWN', retryable: true })
    node.withholds = false
    await expect(wallet.publish(signed)).resolves.toMatchObject({ txid: signed.txid })
  })

  it('may be paid anew when that is proven, and the old bytes are dead by then', async () => {
    const { account, node, wallet, signed } = await withheld()
    later(node, 15)
    expect(await wallet.payment(signed).status()).toEqual({ state: 'expired' })
    const again = await wallet.sign(await account.create(same))
    expect(again.txid).not.toBe(signed.txid)
    await expect(wallet.publish(signed)).rejects.toMatchObject({ code: 'BROADCAST_REJECTED' })
  })

  it('is no reason to forget it when a block took it in the end', async () => {
    const { node, wallet, signed, account } = await withheld()
    node.withholds = false
    await wallet.publish(signed)
    later(node, 15)
    expect(await wallet.payment(signed).status()).toMatchObject({ state: 'mined', ok: true, final: true })
    await expect(account.retry(signed)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    // It was paid: the same again is a new payment.
    await expect(account.create(same)).resolves.toMatchObject({ kind: 'draft' })
  })

  it('stays open while either tree of blocks has it', async () => {
    for (const hidden of ['wallet', 'walletsolidity'] as const) {
      const { node, wallet, signed } = await withheld()
      node.withholds = false
      await wallet.publish(signed)
      later(node, 15)
      node.bend = when(`${hidden}/gettransactioninfobyid`, () => ok({}))
      expect((await wallet.payment(signed).status()).state).toBe('mined')
    }
  })

  it('is not called expired by a node that keeps no receipts, when it has the transaction', async () => {
    // java-tron with storage.transHistory.switch = "off": receipts are {} for ever, transactions are there.
    const { node, wallet, signed, account } = await withheld()
    node.withholds = false
    await wallet.publish(signed)
    later(node, 15)
    node.bend = (call) => (/gettransactioninfobyid$/.test(call.path) ? ok({}) : undefined)
    expect((await wallet.payment(signed).status()).state).not.toBe('expired')
    await expect(account.retry(signed)).rejects.toMatchObject({ name: 'CofferError' })
  })

  it('is not called expired when one server tells the time, and another that lags tells of no block', async () => {
    // It is let through at the last moment. The second server is 30 blocks, a minute and a half, behind the first.
    const { node, signed, store, account, wallet } = await withheld()
    later(node, 9.9)
    node.withholds = false
    await wallet.publish(signed)
    node.mine(1)
    const { height } = node.mined.get(signed.txid)!
    later(node, 1.15)
    const late = behind(node, 30)
    expect((await wallet.payment(signed).status()).state).toBe('mined')
    expect(late.mined.has(signed.txid)).toBe(false)
    expect(node.head.height - height).toBeLessThan(30)

    // Whole requests in turn, as a cluster sends them; and single calls in turn, as a balancer behind one address does.
    let turn = 1
    const request: TronSource['request'] = (calls, options) =>
      (turn++ % 2 ? late : node).source.request(calls, options)
    const byCall: TronSource['request'] = async (calls, options) =>
      (
        await Promise.all(
          calls.map((call) =>
            (call.path.endsWith('/getblock') ? node : late).source.request([call], options),
          ),
        )
      ).flat()
    for (const source of [
      { ...node.source, request },
      { ...node.source, request: byCall },
    ]) {
      turn = 1
      const opened = tron().open({ source, store, descriptor: account.descriptor })
      expect(await codeOf(opened.retry(signed))).not.toBe('nothing')
      turn = 1
      expect((await tron().status(signed, { source })).state).not.toBe('expired')
    }
  })

  it('is not called expired by a node that tells of a time which this machine has not seen', async () => {
    // Twenty minutes: no clock is that good, and it is all that the node needs to be paid twice.
    for (const ahead of [20 * 60_000, 3_650 * DAY]) {
      const { node, wallet, signed, account } = await withheld()
      node.bend = (call, result) => {
        if (!call.path.endsWith('/getblock')) return undefined
        const block = structuredClone(valueIn(result)) as {
          block_header: { raw_data: { timestamp: number } }
        }
        block.block_header.raw_data.timestamp += ahead
        return ok(block)
      }
      const state = await wallet
        .payment(signed)
        .status()
        .then(
          (now) => now.state as string,
          (error) => error.code as string,
        )
      expect(state).not.toBe('expired')
      expect(await codeOf(account.retry(signed))).toMatch(/PAYMENT_OPEN|BAD_RESPONSE/)
      expect(await codeOf(account.create(same))).toMatch(/PAYMENT_OPEN|BAD_RESPONSE/)
    }
  })

  it('is not called expired when a block took it while that was asked', async () => {
    const { node, wallet, signed } = await withheld()
    const one = { txid: signed.txid, tx: inside(signed), height: node.head.height + 100, ok: true, fee: 0n }
    later(node, 15)
    let requests = 0
    node.before = () => {
      if (++requests === 2) node.mined.set(signed.txid, one)
    }
    expect(await wallet.payment(signed).status()).toEqual({ state: 'pending' })
    expect(await wallet.payment(signed).status()).toMatchObject({ state: 'mined', final: true })
  })

  it('is not called expired while refusals hide whether a block has it', async () => {
    for (const path of ['wallet/gettransactioninfobyid', 'walletsolidity/gettransactioninfobyid']) {
      const { node, wallet, signed, account } = await withheld()
      node.bend = when(path, () => refused('no'))
      await expect(wallet.payment(signed).status()).rejects.toMatchObject({ code: 'RPC_ERROR' })
      later(node, 15)
      node.bend = when(path, () => refused('this API is closed because this node is a lite fullnode'))
      await expect(wallet.payment(signed).status()).rejects.toMatchObject({ code: 'RPC_ERROR' })
      await expect(account.create(same)).rejects.toMatchObject({ code: 'RPC_ERROR' })
      node.bend = when(path, () => ok({ id: 'ab'.repeat(32) }))
      await expect(wallet.payment(signed).status()).rejects.toMatchObject({ code: 'BAD_RESPONSE' })
      await expect(account.create(same)).rejects.toMatchObject({ code: 'BAD_RESPONSE' })
    }
  })

  it('is still open after a restart with the same store, and in a second wallet over it', async () => {
    const { node, store, draft, wallet } = await withheld()
    const after = await fakeWallet({ node, store })
    await expect(after.account.create(same)).rejects.toMatchObject({ code: 'PAYMENT_OPEN' })
    const foreign = {
      ...read(draft),
      timestamp: BigInt(node.head.time + 5),
      expiration: BigInt(node.head.time + 700_000),
    }
    const second = { ...draft, payload: write(foreign) }
    await expect(after.wallet.sign(second)).rejects.toMatchObject({ code: 'PAYMENT_OPEN' })
    await expect(wallet.sign(second)).rejects.toMatchObject({ code: 'PAYMENT_OPEN' })
  })

  it('two drafts that were made before either was signed are not both signed, also at the same time', async () => {
    const { wallet, account, store, node } = await fakeWallet()
    const other = await fakeWallet({ node, store })
    const drafts = await Promise.all([account.create(same), other.account.create(same), account.create(same)])
    expect(new Set(drafts.map(({ payload }) => payload)).size).toBe(3)
    const results = await Promise.all([
      codeOf(wallet.sign(drafts[0])),
      codeOf(other.wallet.sign(drafts[1])),
      codeOf(wallet.sign(drafts[2])),
    ])
    expect(results.sort()).toEqual(['PAYMENT_OPEN', 'PAYMENT_OPEN', 'nothing'])
  })

  it('a signature that was refused leaves nothing open', async () => {
    const { wallet, account } = await fakeWallet({ policy: { maxFee: { 'tron:0x2b6653dc': 1n } } })
    await expect(wallet.sign(await account.create(same))).rejects.toMatchObject({ code: 'POLICY_REFUSED' })
    await expect(account.create(same)).resolves.toMatchObject({ kind: 'draft' })
    const stranger = createWallet({
      chains: [tron()],
      source: { for: () => fakeNode().source },
      signer: softwareSigner({ mnemonic: STRANGER }),
    })
    const draft = await account.create(same)
    await expect(stranger.sign(draft)).rejects.toMatchObject({ code: 'WRONG_ACCOUNT' })
    await expect(stranger.sign(draft)).rejects.toMatchObject({ code: 'WRONG_ACCOUNT' })
  })

  it('a second one is made for who says again: true', async () => {
    const { account, wallet, signed } = await withheld()
    const draft = await account.create({ ...same, again: true })
    const second = await wallet.sign(draft)
    expect(second.txid).not.toBe(signed.txid)
    await expect(account.create(same)).rejects.toMatchObject({ code: 'PAYMENT_OPEN' })
  })

  it('bytes that were signed behind an air gap and published by another wallet are open there too', async () => {
    const { account, wallet, node, store } = await fakeWallet()
    const offline = createOfflineWallet({
      chains: [tronRules(tronNetwork)],
      signer: softwareSigner({ mnemonic: MNEMONIC }),
    })
    const signed = await offline.sign(offline.draft(JSON.stringify(await account.create(same))))
    node.withholds = true
    await wallet.publish(wallet.signed(JSON.stringify(signed)))
    await expect(account.create(same)).rejects.toMatchObject({ code: 'PAYMENT_OPEN' })
    const after = await fakeWallet({ node, store })
    await expect(after.account.create(same)).rejects.toMatchObject({ code: 'PAYMENT_OPEN' })
  })

  it('a clock that runs days ahead does not make it forgotten', async () => {
    const { account } = await fakeWallet()
    const first = await account.create(same)
    const second = await account.create(same)
    vi.useFakeTimers({ now: Date.now() + 5 * DAY, toFake: ['Date'] })
    const chain = tron()
    const wallet = createWallet({
      chains: [chain],
      signer: softwareSigner({ mnemonic: MNEMONIC }),
      store: memoryStore(),
    })
    await codeOf(wallet.sign(first))
    expect(await codeOf(wallet.sign(second))).not.toBe('nothing')
  })

  it('a node that refuses and sends all the same leaves a payment to follow', async () => {
    const { account, wallet, node } = await fakeWallet()
    const signed = await wallet.sign(await account.create(same))
    node.withholds = true
    node.bend = when('wallet/broadcasthex', () =>
      ok({ result: false, code: 'CONTRACT_VALIDATE_ERROR', message: 'no', txid: signed.txid }),
    )
    await expect(wallet.publish(signed)).rejects.toMatchObject({ code: 'BROADCAST_REJECTED' })
    await expect(account.create(same)).rejects.toMatchObject({ code: 'PAYMENT_OPEN' })
    expect((await wallet.payments()).map(({ txid }) => txid)).toEqual([signed.txid])
  })
})

/** A node that knows the same chain, but for its last blocks. */
function behind(node: FakeNode, blocks: number): FakeNode {
  const late = fakeNode()
  const { height, time } = node.head
  late.head = { height: height - blocks, time: time - blocks * 3_000 }
  for (const [txid, one] of node.mined) if (one.height <= late.head.height) late.mined.set(txid, one)
  for (const [address, one] of node.accounts) late.accounts.set(address, one)
  for (const [address, one] of node.resources) late.resources.set(address, one)
  return late
}
