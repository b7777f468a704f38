import { describe, expect, it } from 'vitest'
import type { TxState } from './chain.ts'
import { CofferError } from './error.ts'
import { createSigned } from './forms.ts'
import { followPayment, type PaymentStatus } from './payment.ts'
import type { Head, Source } from './source.ts'
import { fakeChain, fakeDraft, signedOf } from './testing/fake-chain.ts'

const mined = (
  hash: string,
  confirmations: number,
  more: Partial<TxState & { state: 'mined' }> = {},
): TxState => ({
  state: 'mined',
  height: 10,
  hash,
  confirmations,
  ok: true,
  final: false,
  fee: 3n,
  ...more,
})

function payment(states: (TxState | Error)[], source: Partial<Source> = {}) {
  const chain = fakeChain({ published: [], states: [...states] })
  return followPayment(
    chain,
    { family: 'fake', chain: 'fake:1', ...source },
    createSigned(chain, signedOf(fakeDraft(chain))),
  )
}

async function watched(states: (TxState | Error)[]): Promise<string[]> {
  const list: string[] = []
  for await (const status of payment(states).watch({ dropAfter: 40 }))
    list.push('confirmations' in status ? `${status.state} ${status.confirmations}` : status.state)
  return list
}

describe('payment.watch', () => {
  it('tells each change once, and ends when it is final', async () => {
    expect(
      await watched([
        { state: 'unknown' },
        { state: 'pending' },
        mined('a', 1),
        mined('a', 1),
        mined('a', 2),
        mined('a', 9, { final: true }),
      ]),
    ).toEqual(['pending', 'confirmed 1', 'confirmed 2', 'final 9'])
  })

  it('G11: tells confirmed, reorged and replaced in that order', async () => {
    expect(
      await watched([mined('a', 2), { state: 'pending' }, { state: 'replaced', final: true, by: 'x' }]),
    ).toEqual(['confirmed 2', 'reorged', 'replaced'])
    expect(await watched([mined('a', 2), { state: 'replaced', final: true }])).toEqual([
      'confirmed 2',
      'reorged',
      'replaced',
    ])
    expect(await watched([mined('a', 2), mined('b', 1), mined('b', 9, { final: true })])).toEqual([
      'confirmed 2',
      'reorged',
      'confirmed 1',
      'final 9',
    ])
  })

  it('takes a replacement back when it was undone, and calls it final only then', async () => {
    expect(
      await watched([
        { state: 'pending' },
        { state: 'replaced', final: false },
        { state: 'replaced', final: false },
        mined('a', 1),
        mined('a', 9, { final: true }),
      ]),
    ).toEqual(['pending', 'replaced', 'confirmed 1', 'final 9'])
    const states: TxState[] = [{ state: 'replaced', final: false }, mined('a', 1)]
    expect(await payment(states).confirmed()).toMatchObject({ state: 'confirmed' })
  })

  it('calls a payment dropped when no node has known it for a while, and goes on', async () => {
    const watch = payment([{ state: 'pending' }, { state: 'unknown' }]).watch({ dropAfter: 30 })
    const seen: PaymentStatus[] = []
    for await (const status of watch) {
      seen.push(status)
      if (status.state === 'dropped') break
    }
    expect(seen.map(({ state }) => state)).toEqual(['pending', 'dropped'])
  })

  it('shows a failed payment until its failure is final', async () => {
    expect(await watched([mined('a', 1, { ok: false }), mined('a', 3, { ok: false, final: true })])).toEqual([
      'failed 1',
      'failed 3',
    ])
  })

  it('bridges short network troubles, and throws when they last', async () => {
    const trouble = new CofferError({ code: 'NETWORK', message: 'down', retryable: true })
    expect(await watched([trouble, trouble, mined('a', 1, { final: true })])).toEqual(['final 1'])
    const refused = new CofferError({ code: 'RPC_ERROR', message: 'indexing' })
    expect(await watched([refused, mined('a', 1, { final: true })])).toEqual(['final 1'])
    await expect(watched([trouble])).rejects.toMatchObject({ code: 'NETWORK' })
    await expect(watched([new CofferError({ code: 'CHAIN_MISMATCH', message: 'x' })])).rejects.toMatchObject({
      code: 'CHAIN_MISMATCH',
    })
  })

  it('ends with ABORTED when its signal aborts', async () => {
    const abort = new AbortController()
    setTimeout(() => abort.abort(), 20)
    const watch = payment([{ state: 'pending' }]).watch({ signal: abort.signal })
    await watch.next()
    await expect(watch.next()).rejects.toMatchObject({ code: 'ABORTED' })
  })

  it('asks at once when the source tells of a new head', async () => {
    let tell = (): void => {}
    const heads = async function* (): AsyncGenerator<Head> {
      await new Promise<void>((resolve) => (tell = resolve))
      yield { height: 1, hash: 'a' }
    }
    const watch = payment([{ state: 'pending' }, mined('a', 1, { final: true })], { heads }).watch({
      interval: 60_000,
    })
    await watch.next()
    setTimeout(() => tell(), 10)
    expect((await watch.next()).value).toMatchObject({ state: 'final' })
  })
})

describe('payment.confirmed', () => {
  it('waits for the confirmations asked for', async () => {
    expect(await payment([{ state: 'pending' }, mined('a', 1), mined('a', 2)]).confirmed(2)).toMatchObject({
      confirmations: 2,
    })
    expect(await payment([mined('a', 1, { final: true })]).confirmed(6)).toMatchObject({ state: 'final' })
  })

  it('throws what became of the payment instead', async () => {
    await expect(payment([mined('a', 1, { ok: false })]).confirmed()).rejects.toMatchObject({
      code: 'PAYMENT_FAILED',
    })
    await expect(payment([mined('a', 9, { ok: false, final: true })]).confirmed(30)).rejects.toMatchObject({
      code: 'PAYMENT_FAILED',
      details: { fee: 3n },
    })
    await expect(payment([{ state: 'replaced', final: true, by: 'x' }]).confirmed()).rejects.toMatchObject({
      code: 'PAYMENT_REPLACED',
      details: { by: 'x' },
    })
    await expect(payment([{ state: 'unknown' }]).confirmed(1, { dropAfter: 10 })).rejects.toMatchObject({
      code: 'PAYMENT_DROPPED',
      retryable: true,
    })
    await expect(payment([{ state: 'pending' }]).confirmed(1, { timeout: 20 })).rejects.toMatchObject({
      code: 'TIMEOUT',
    })
    await expect(payment([{ state: 'pending' }]).confirmed(0)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
    const abort = new AbortController()
    setTimeout(() => abort.abort(), 10)
    await expect(
      payment([{ state: 'pending' }]).confirmed(1, { signal: abort.signal }),
    ).rejects.toMatchObject({
      code: 'ABORTED',
    })
  })
})
