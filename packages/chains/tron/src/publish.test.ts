import { CofferError, type ErrorCode, type TronCall } from '@coffer/core'
import { describe, expect, it } from 'vitest'
import { BOB, EVE, type FakeNode, fakeWallet, ok, refused, TRX } from './fake-source.fixture.ts'
import { when } from './hostile.fixture.ts'

const SENT = 'wallet/broadcasthex'

async function signedPayment(bend?: (txid: string) => FakeNode['bend']) {
  const made = await fakeWallet()
  const signed = await made.wallet.sign(await made.account.create({ to: BOB, amount: '1' }))
  if (bend) made.node.bend = bend(signed.txid)
  return { ...made, signed }
}
const failing = (error: CofferError): FakeNode['bend'] =>
  when(SENT, () => {
    throw error
  })
const error = (code: ErrorCode, details = {}): CofferError =>
  new CofferError({ code, message: 'It broke off.', details })

describe('publishing', () => {
  it('sends the signed bytes once, and takes "it has them" for success', async () => {
    const { wallet, signed, node } = await signedPayment()
    expect((await wallet.publish(signed)).txid).toBe(signed.txid)
    expect((await wallet.publish(signed)).txid).toBe(signed.txid)
    expect(node.broadcasts).toEqual([signed.raw, signed.raw])
    expect(node.calls.filter(({ path }) => path === SENT)[0]?.body).toEqual({ transaction: signed.raw })
  })

  it.each([
    ['SIGERROR', 'Validate signature error', 'BROADCAST_REJECTED'],
    ['CONTRACT_VALIDATE_ERROR', 'Contract validate error : No contract!', 'BROADCAST_REJECTED'],
    [
      'CONTRACT_VALIDATE_ERROR',
      'Validate TransferContract error, balance is not sufficient.',
      'INSUFFICIENT_FUNDS',
    ],
    ['CONTRACT_EXE_ERROR', 'x', 'BROADCAST_REJECTED'],
    ['BANDWITH_ERROR', 'Account resource insufficient error.', 'INSUFFICIENT_FUNDS'],
    ['TAPOS_ERROR', 'Tapos check error.', 'BROADCAST_REJECTED'],
    ['TOO_BIG_TRANSACTION_ERROR', 'x', 'BROADCAST_REJECTED'],
    ['TRANSACTION_EXPIRATION_ERROR', 'Transaction expired', 'BROADCAST_REJECTED'],
    ['OTHER_ERROR', 'x', 'BROADCAST_REJECTED'],
    ['SERVER_BUSY', 'x', 'NETWORK'],
    ['NO_CONNECTION', 'x', 'NETWORK'],
    ['NOT_ENOUGH_EFFECTIVE_CONNECTION', 'x', 'NETWORK'],
    ['BLOCK_UNSOLIDIFIED', 'x', 'NETWORK'],
  ])('a node that says %s (%s) is told as %s', async (nodeCode, message, code) => {
    for (const said of [message, Buffer.from(message).toString('hex')]) {
      const { wallet, signed, node } = await signedPayment((txid) =>
        when(SENT, () => ok({ result: false, code: nodeCode, message: said, txid })),
      )
      node.withholds = true
      await expect(wallet.publish(signed)).rejects.toMatchObject({
        code,
        retryable: code === 'NETWORK',
        details: { txid: signed.txid, nodeCode, reason: message },
      })
    }
  })

  it.each([
    ['a refusal of the call', () => when(SENT, () => refused('no such path')), 'BROADCAST_REJECTED'],
    ['another id', () => when(SENT, () => ok({ result: true, txid: 'ab'.repeat(32) })), 'BROADCAST_UNKNOWN'],
    [
      'a duplicate of another',
      () => when(SENT, () => ok({ result: false, code: 'DUP_TRANSACTION_ERROR', txid: 'ab'.repeat(32) })),
      'BROADCAST_UNKNOWN',
    ],
    ['yes without an id', () => when(SENT, () => ok({ result: true })), 'BROADCAST_UNKNOWN'],
    [
      'a yes that is none',
      (txid: string) => when(SENT, () => ok({ result: 'true', txid })),
      'BROADCAST_UNKNOWN',
    ],
    ['nothing', () => when(SENT, () => ok({})), 'BROADCAST_UNKNOWN'],
    ['a list', () => when(SENT, () => ok([])), 'BROADCAST_UNKNOWN'],
    ['a page', () => when(SENT, () => ok('<html>')), 'BROADCAST_UNKNOWN'],
    ['no word in time', () => failing(error('TIMEOUT')), 'BROADCAST_UNKNOWN'],
    ['a broken line', () => failing(error('NETWORK')), 'BROADCAST_UNKNOWN'],
    ['a caller who left', () => failing(error('ABORTED')), 'BROADCAST_UNKNOWN'],
    ['a line that never was', () => failing(error('NETWORK', { sent: false })), 'NETWORK'],
    ['another chain', () => failing(error('CHAIN_MISMATCH')), 'CHAIN_MISMATCH'],
  ] as const)('%s', async (_, bend, code) => {
    const { wallet, signed, node } = await signedPayment(bend)
    node.withholds = true
    await expect(wallet.publish(signed)).rejects.toMatchObject({ code })
    // Whatever it was: when the node turns out to have it, it is success.
    node.withholds = false
    node.before = () => {}
    const { raw } = signed
    const sent: TronCall = { path: SENT, body: { transaction: raw } }
    const { bend: lies } = node
    node.bend = () => undefined
    await node.source.request([sent])
    node.mine()
    node.bend = lies
    await expect(wallet.publish(signed)).resolves.toMatchObject({ txid: signed.txid })
  })

  it('a refusal by a node that cannot say whether it has it is not known', async () => {
    const { wallet, signed } = await signedPayment((txid) => (call) => {
      if (call.path === SENT) return ok({ result: false, code: 'OTHER_ERROR', message: 'x', txid })
      return /gettransaction/.test(call.path) ? refused('closed') : undefined
    })
    await expect(wallet.publish(signed)).rejects.toMatchObject({ code: 'BROADCAST_UNKNOWN', retryable: true })
  })

  it('asks nothing and notes nothing for a caller who left before', async () => {
    const { wallet, signed, node } = await signedPayment()
    const stop = new AbortController()
    stop.abort()
    const before = node.calls.length
    await expect(wallet.publish(signed, { signal: stop.signal })).rejects.toMatchObject({ code: 'ABORTED' })
    expect(node.calls.length).toBe(before)
  })

  it('bytes that were tampered with are not sent', async () => {
    const { wallet, signed, node } = await signedPayment()
    for (const changed of [
      { raw: signed.raw.replace(/..$/, (v) => (v === '1b' ? '1c' : '1b')) },
      { raw: `${signed.raw}00` },
      { raw: signed.raw.toUpperCase() },
      { raw: `0x${signed.raw}` },
      { txid: 'ab'.repeat(32) },
      { account: `tron:0x2b6653dc:${EVE}` },
      { chain: 'tron:0x94a9059e' as const },
    ])
      await expect(wallet.publish({ ...signed, ...changed })).rejects.toMatchObject({ name: 'CofferError' })
    expect(node.broadcasts).toEqual([])
  })
})

describe('where a payment stands', () => {
  it('unknown, pending, mined, final: with what it cost', async () => {
    const { wallet, signed, node } = await signedPayment()
    const status = () => wallet.payment(signed).status()
    expect(await status()).toEqual({ state: 'unknown' })
    await wallet.publish(signed)
    expect(await status()).toEqual({ state: 'pending' })
    node.mine()
    node.mined.get(signed.txid)!.fee = 268_000n
    const mined = { state: 'mined', height: node.head.height, ok: true, fee: 268_000n }
    expect(await status()).toMatchObject({ ...mined, confirmations: 1, final: false })
    node.mine(18)
    expect(await status()).toMatchObject({ ...mined, confirmations: 19, final: false })
    node.mine()
    expect(await status()).toMatchObject({ ...mined, confirmations: 20, final: true })
  })

  it('mined and failed', async () => {
    const { wallet, signed, node } = await signedPayment()
    await wallet.publish(signed)
    node.mine()
    Object.assign(node.mined.get(signed.txid)!, { ok: false, fee: 5n * TRX })
    expect(await wallet.payment(signed).status()).toMatchObject({ state: 'mined', ok: false, fee: 5n * TRX })
    await expect(wallet.payment(signed).confirmed(1, { interval: 1 })).rejects.toMatchObject({
      code: 'PAYMENT_FAILED',
    })
  })

  it('a node that cannot tell what waits is believed in the rest', async () => {
    const { wallet, signed, node } = await signedPayment()
    node.bend = when('wallet/gettransactionfrompending', () => refused('no such path'))
    expect(await wallet.payment(signed).status()).toEqual({ state: 'unknown' })
    await wallet.publish(signed)
    node.mine()
    expect(await wallet.payment(signed).status()).toMatchObject({ state: 'mined' })
  })

  it('a block that is not the one that was asked for is refused', async () => {
    const { wallet, signed, node } = await signedPayment()
    await wallet.publish(signed)
    node.mine()
    node.bend = (call) =>
      call.path === 'wallet/getblock' && call.body?.['id_or_num'] !== undefined ? ok({}) : undefined
    await expect(wallet.payment(signed).status()).rejects.toMatchObject({ code: 'BAD_RESPONSE' })
  })
})
