import { CofferError, memoryStore, type Store, type TronCall, throwIfAborted } from '@coffer/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { BOB, EVE, type FakeNode, fakeNode, fakeWallet, OWN, ok, TRX, USDT } from './fake-source.fixture.ts'
import { codeOf, later, when } from './hostile.fixture.ts'
import { type PayoutQueueConfig, type PayoutState, payoutQueue } from './payout-queue.ts'

afterEach(() => vi.useRealTimers())

const payouts = [
  { id: 'ann', to: BOB, amount: '1' },
  { id: 'bob', to: EVE, amount: 2_000_000n },
  { id: 'ann-again', to: BOB, amount: '1' },
] as const
/** What each receives of them, in whole coins. */
const ALL = { [BOB]: 2, [EVE]: 2 }

/** A queue over a wallet; each call is a process of its own over the same node and store. */
async function process(
  node: FakeNode = fakeNode(),
  store: Store = memoryStore(),
  options: Partial<PayoutQueueConfig> = {},
) {
  const { wallet, account } = await fakeWallet({ node, store })
  return { node, store, wallet, account, queue: payoutQueue({ wallet, account, store, ...options }) }
}

type Process = Awaited<ReturnType<typeof process>>

/** Runs a queue to its end, while the chain grows as far as somebody waits for it. */
async function runAll({ queue, node }: Pick<Process, 'queue' | 'node'>): Promise<string[]> {
  const seen: string[] = []
  const timer = setInterval(() => {
    const isFinal = [...node.mined.values()].every(({ height }) => height <= node.head.height - node.lag)
    if (node.waiting.size > 0) node.mine()
    else if (!isFinal) node.mine(node.lag)
  }, 2)
  try {
    for await (const { id, state } of queue.run({ interval: 1 })) seen.push(`${id} ${state}`)
  } finally {
    clearInterval(timer)
  }
  return seen
}

/** What each received of what left the account, in whole coins. */
function paid({ mined }: FakeNode): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { tx } of mined.values()) {
    if (tx.contract.type !== 'TransferContract') throw new Error('another contract')
    const { toAddress, amount } = tx.contract
    sums[toAddress] = (sums[toAddress] ?? 0) + Number(amount / TRX)
  }
  return sums
}

const states = async ({ queue }: Process): Promise<PayoutState[]> =>
  (await queue.list()).map(({ state }) => state)
const pause = (ms: number): Promise<string> => new Promise((resolve) => setTimeout(resolve, ms, 'quiet'))
const refuses = when('wallet/broadcasthex', () =>
  ok({ result: false, code: 'SIGERROR', message: 'validate signature error' }),
)

describe('a queue of payouts', () => {
  it('pays each once, also two that are the same, and tells each change', async () => {
    const made = await process()
    await made.queue.add(payouts)
    const seen = await runAll(made)
    expect(paid(made.node)).toEqual(ALL)
    expect(seen.filter((line) => line.endsWith('final'))).toHaveLength(3)
    expect(seen.filter((line) => line.endsWith('signed'))).toHaveLength(3)
    expect(new Set((await made.queue.list()).map(({ txid }) => txid)).size).toBe(3)
    expect(await runAll(made)).toEqual([])
    expect(made.node.mined.size).toBe(3)
  })

  it('passes over ids that are there, in one list, in two, and at the same time', async () => {
    const made = await process()
    const other = await process(made.node, made.store)
    await Promise.all([made.queue.add(payouts), made.queue.add(payouts), other.queue.add(payouts)])
    await made.queue.add([{ ...payouts[0], amount: '500' }, payouts[1], payouts[1]])
    expect((await made.queue.list()).map(({ id, amount }) => [id, amount])).toEqual([
      ['ann', TRX],
      ['bob', 2n * TRX],
      ['ann-again', TRX],
    ])
  })

  it('adds all or nothing of a list with a wrong word in it', async () => {
    const { queue } = await process()
    for (const wrong of [
      { id: '' },
      { id: 'a/b' },
      { to: 'nobody' },
      { amount: 'max' },
      { amount: '0' },
      { amount: 2n ** 63n },
      { asset: 'DOGE' },
      { memo: '' },
    ])
      await expect(
        queue.add([payouts[1], { ...payouts[0], ...wrong }]),
        Object.keys(wrong)[0],
      ).rejects.toMatchObject({
        name: 'CofferError',
      })
    expect(await queue.list()).toEqual([])
  })

  it('keeps queues of other names apart, whatever they are called', async () => {
    const one = await process(undefined, undefined, { name: 'a' })
    const named = (name: string) => payoutQueue({ ...one, name })
    await one.queue.add([payouts[0]])
    await named('b').add([payouts[1]])
    expect((await one.queue.list()).map(({ id }) => id)).toEqual(['ann'])
    // Either such a name is refused, or it is a queue of its own.
    const nested = async (): Promise<void> => named('a/b').add([payouts[1]])
    await nested().catch((error) => expect(error).toMatchObject({ code: 'INVALID_REQUEST' }))
    expect((await one.queue.list()).map(({ id }) => id)).toEqual(['ann'])
  })

  it('rests in its store as JSON, and another process goes on', async () => {
    const first = await process()
    await first.queue.add(payouts)
    for await (const { state } of first.queue.run({ interval: 1 })) if (state === 'signed') break
    const copy = memoryStore()
    for (const key of await first.store.keys()) await copy.set(key, (await first.store.get(key))!)
    const second = await process(first.node, copy)
    await runAll(second)
    expect(paid(first.node)).toEqual(ALL)
    expect(await states(second)).toEqual(['final', 'final', 'final'])
  })

  it('that runs twice at the same time pays each once', async () => {
    const one = await process()
    await one.queue.add(payouts)
    const two = await process(one.node, one.store)
    await Promise.all([runAll(one), runAll(two), runAll(one)])
    expect(paid(one.node)).toEqual(ALL)
    expect(one.node.mined.size).toBe(3)
    expect(new Set(one.node.broadcasts).size).toBe(3)
  })

  it('that runs twice, once with somebody who looks at each change for long, pays each once', async () => {
    const slow = await process()
    await slow.queue.add(payouts)
    const turns = slow.queue.run({ interval: 1 })
    expect((await turns.next()).value).toMatchObject({ id: 'ann', state: 'signed' })
    // What it saw as waiting is not any more when it goes on.
    const fast = await process(slow.node, slow.store)
    await runAll(fast)
    for await (const { state } of turns) expect(state).not.toBe('signed')
    await runAll(slow)
    expect(paid(slow.node)).toEqual(ALL)
    expect(slow.node.mined.size).toBe(3)
  })

  it('pays each once when it dies at any write of the store, before it or after it', async () => {
    let writes = 0
    const counted = await process(
      undefined,
      breaking(memoryStore(), (write) => {
        writes = write
        return false
      }),
    )
    await counted.queue.add(payouts)
    await runAll(counted)
    expect(writes).toBeGreaterThan(10)
    for (let dies = 1; dies <= writes; dies++)
      for (const after of [false, true]) {
        const store = memoryStore()
        const node = fakeNode()
        const dying = await process(
          node,
          breaking(store, (write) => write === dies, after),
        )
        await dying.queue.add(payouts).catch(() => {})
        await runAll(dying).catch(() => {})
        const next = await process(node, store)
        await next.queue.add(payouts)
        await runAll(next)
        expect(paid(node), `write ${dies}, ${after ? 'after' : 'before'}`).toEqual(ALL)
        expect(node.mined.size).toBe(3)
      }
  })

  it('pays each once when signing, sending or asking breaks off, before it or after it', async () => {
    for (const breaks of ['sign', 'publish', 'status'] as const)
      for (const after of [false, true]) {
        const made = await process()
        let left = 2
        const through = async <T>(step: typeof breaks, task: () => Promise<T>): Promise<T> => {
          const breaksNow = step === breaks && left-- > 0
          if (breaksNow && !after) throw broken()
          const result = await task()
          if (breaksNow) throw broken()
          return result
        }
        const { wallet } = made
        const queue = payoutQueue({
          ...made,
          wallet: {
            signed: wallet.signed,
            sign: (draft, options) => through('sign', () => wallet.sign(draft, options)),
            publish: (signed, options) => through('publish', () => wallet.publish(signed, options)),
            payment: (signed) => {
              const payment = wallet.payment(signed)
              return { ...payment, status: (options) => through('status', () => payment.status(options)) }
            },
          },
        })
        await queue.add(payouts)
        let failures = 0
        for (let i = 0; i < 3; i++)
          await runAll({ ...made, queue }).catch((error) => {
            failures++
            expect(error).toMatchObject({ code: 'STORE_FAILED' })
          })
        expect(failures).toBe(2)
        expect(paid(made.node), `${breaks}, ${after ? 'after' : 'before'}`).toEqual(ALL)
        expect(made.node.mined.size).toBe(3)
      }
  })

  it('whose broadcast is held back signs anew only when the old one is dead', async () => {
    const made = await process()
    await made.queue.add([payouts[0]])
    made.node.withholds = true
    const turns = made.queue.run({ interval: 1 })
    expect((await turns.next()).value).toMatchObject({ state: 'signed' })
    const first = (await made.queue.list())[0]?.txid
    const moved = turns.next().then(() => 'moved')
    await pause(30)
    expect(made.node.broadcasts).toHaveLength(1)
    later(made.node, 10)
    expect(await Promise.race([moved, pause(30)])).toBe('quiet')
    expect((await made.queue.list())[0]?.txid).toBe(first)
    made.node.withholds = false
    later(made.node, 5)
    await runAll(made)
    const [row] = await made.queue.list()
    expect(row).toMatchObject({ state: 'final' })
    expect(row?.txid).not.toBe(first)
    expect(paid(made.node)).toEqual({ [BOB]: 1 })
  })

  it('that a node refused waits until it has expired, and is paid then', async () => {
    const made = await process()
    await made.queue.add([payouts[0]])
    made.node.withholds = true
    made.node.bend = refuses
    expect(await runAll(made)).toEqual(['ann signed', 'ann refused'])
    expect((await made.queue.list())[0]).toMatchObject({ reason: expect.stringContaining('SIGERROR') })
    made.node.bend = () => undefined
    made.node.withholds = false
    // Not yet: the refused one could still be mined.
    expect(await runAll(made)).toEqual([])
    expect(made.node.mined.size).toBe(0)
    later(made.node, 15)
    const seen = await runAll(made)
    expect(seen.slice(0, 2)).toEqual(['ann waiting', 'ann signed'])
    expect(seen.at(-1)).toBe('ann final')
    expect(paid(made.node)).toEqual({ [BOB]: 1 })
  })

  it('that was refused and mined all the same is not paid again', async () => {
    const made = await process()
    await made.queue.add([payouts[0]])
    made.node.bend = (call, result) =>
      call.path === 'wallet/gettransactionbyid' && made.node.mined.size === 0 ? ok({}) : refuses(call, result)
    const seen: string[] = []
    for await (const { state } of made.queue.run({ interval: 1 })) seen.push(state)
    expect(seen).toEqual(['signed', 'refused'])
    expect(made.node.waiting.size).toBe(1)
    later(made.node, 15)
    expect(await runAll(made)).toEqual(['ann final'])
    expect(paid(made.node)).toEqual({ [BOB]: 1 })
  })

  it('that one answer calls dead and the next one mined is not paid again', async () => {
    const made = await process()
    await made.queue.add([payouts[0]])
    const turns = made.queue.run({ interval: 1 })
    const txid = (await turns.next()).value?.txid
    const next = turns.next()
    await pause(20)
    made.node.mine()
    later(made.node, 20)
    // The status looks twice before it calls it dead; then the queue looks again.
    let looks = 0
    made.node.before = (calls) => {
      if (calls.some(({ path }) => path === 'wallet/gettransactioninfobyid')) looks++
    }
    made.node.bend = ({ path }) => (/\/gettransaction/.test(path) && looks <= 2 ? ok({}) : undefined)
    expect((await next).value).toMatchObject({ state: 'final', txid })
    expect(looks).toBeGreaterThan(2)
    expect((await turns.next()).done).toBe(true)
    expect(paid(made.node)).toEqual({ [BOB]: 1 })
  })

  it('that one answer calls dead and the next one final is done, also after a restart or a refusal', async () => {
    for (const first of ['restart', 'refusal'] as const) {
      const made = await process()
      await made.queue.add([payouts[0]])
      if (first === 'refusal') {
        made.node.bend = (call, result) =>
          call.path === 'wallet/gettransactionbyid' ? ok({}) : refuses(call, result)
        for await (const _ of made.queue.run({ interval: 1 }));
        expect(await states(made)).toEqual(['refused'])
      } else {
        const turns = made.queue.run({ interval: 60_000 })
        await turns.next()
        void turns.next()
        await pause(20)
      }
      made.node.mine()
      later(made.node, 20)
      let looks = 0
      made.node.before = (calls) => {
        if (calls.some(({ path }) => path === 'wallet/gettransactioninfobyid')) looks++
      }
      made.node.bend = ({ path }) => (/\/gettransaction/.test(path) && looks <= 2 ? ok({}) : undefined)
      const next = await process(made.node, made.store)
      expect(await runAll(next)).toEqual(['ann final'])
      expect(await states(next)).toEqual(['final'])
      expect(paid(made.node)).toEqual({ [BOB]: 1 })
      vi.useRealTimers()
    }
  })

  it('tells of a call that was mined and failed, once it is final', async () => {
    const made = await process()
    await made.queue.add([{ id: 'x', to: BOB, amount: '5', asset: 'USDT' }])
    const turns = made.queue.run({ interval: 1 })
    await turns.next()
    const next = turns.next()
    await pause(20)
    made.node.mine()
    for (const one of made.node.mined.values()) Object.assign(one, { ok: false, fee: 2_965_000n })
    expect(await Promise.race([next, pause(20)])).toBe('quiet')
    made.node.mine(25)
    expect((await next).value).toMatchObject({ state: 'failed', fee: 2_965_000n })
  })

  it('goes back to signed when a block with it is undone', async () => {
    const made = await process()
    await made.queue.add([payouts[0]])
    const seen: string[] = []
    made.node.before = () => {
      if (made.node.waiting.size > 0) made.node.mine(seen.includes('confirmed') ? 25 : 1)
    }
    let undone = false
    for await (const { state, txid } of made.queue.run({ interval: 1 })) {
      seen.push(state)
      if (state !== 'confirmed' || undone) continue
      undone = true
      // Out of its block, and for a while nobody has it.
      made.node.reorg(txid!)
      const waiting = made.node.waiting.get(txid!)!
      made.node.waiting.clear()
      setTimeout(() => made.node.waiting.set(txid!, waiting), 200)
    }
    expect(seen).toEqual(['signed', 'confirmed', 'signed', 'final'])
  })

  it('one that a contract refuses does not hold up the others', async () => {
    const made = await process()
    const black = made.node.token(USDT, { balances: new Map([[OWN, 100n * TRX]]) })
    await made.queue.add([{ id: 'black', to: BOB, amount: '1', asset: 'USDT' }, payouts[1]])
    black.revert = 'blacklisted'
    for (let i = 0; i < 3; i++)
      await runAll(made).catch((error) => expect(error).toMatchObject({ code: 'EXECUTION_REVERTED' }))
    expect((await made.queue.list()).map(({ id, state }) => [id, state])).toContainEqual(['bob', 'final'])
  })

  it('stops with the error that stopped it, and loses nothing', async () => {
    const made = await process()
    await made.queue.add([...payouts, { id: 'much', to: BOB, amount: '5000' }])
    expect(await codeOf(runAll(made))).toBe('INSUFFICIENT_FUNDS')
    expect(await states(made)).toContain('waiting')
    const stop = new AbortController()
    const turns = made.queue.run({ interval: 1, signal: stop.signal })
    stop.abort()
    expect(await codeOf(turns.next())).toBe('ABORTED')
  })

  it.each([
    ['before', 'before'],
    ['after', 'bend'],
  ] as const)('stopped %s one arrives, pays each once all the same', async (_, hook) => {
    const made = await process()
    await made.queue.add(payouts)
    const stop = new AbortController()
    // From then on nothing comes back, whatever is asked.
    made.node[hook] = (calls: TronCall | readonly TronCall[]) => {
      if ([calls].flat().some(({ path }) => path === 'wallet/broadcasthex')) stop.abort()
      throwIfAborted(stop.signal)
      return undefined
    }
    const turns = made.queue.run({ interval: 1, signal: stop.signal })
    expect((await turns.next()).value).toMatchObject({ state: 'signed' })
    expect(await codeOf(turns.next())).toBe('ABORTED')
    expect(made.node.waiting.size).toBe(hook === 'bend' ? 1 : 0)
    made.node.before = () => {}
    made.node.bend = () => undefined
    await runAll(await process(made.node, made.store))
    expect(paid(made.node)).toEqual(ALL)
    expect(made.node.mined.size).toBe(3)
  })

  it('keeps no more on their way than it was told', async () => {
    const made = await process(undefined, undefined, { inFlight: 2 })
    await made.queue.add(payouts)
    let most = 0
    made.node.before = () => {
      most = Math.max(most, made.node.waiting.size)
    }
    await runAll(made)
    expect(most).toBe(2)
    expect(paid(made.node)).toEqual(ALL)
  })
})

/** A store that fails at one of its writes, and at everything after. */
function breaking(store: Store, dies: (write: number) => boolean, after = false): Store {
  let writes = 0
  let dead = false
  const write = async (task: () => Promise<void>): Promise<void> => {
    if (dead) throw broken()
    dead = dies(++writes)
    if (!dead || after) await task()
    if (dead) throw broken()
  }
  return {
    get: async (key) => {
      if (dead) throw broken()
      return store.get(key)
    },
    keys: (prefix) => store.keys(prefix),
    set: (key, value) => write(() => store.set(key, value)),
    delete: (key) => write(() => store.delete(key)),
  }
}

function broken(): CofferError {
  return new CofferError({ code: 'STORE_FAILED', message: 'It broke off.' })
}
