import { CofferError, memoryStore, type Store } from '@coffer/core'
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

/** A queue over a wallet; each call is a process of its own over the same node and store. */
async function process(
  node: FakeNode = fakeNode(),
  store: Store = memoryStore(),
  options: Partial<PayoutQueueConfig> = {},
) {
  const { wallet, account } = await fakeWallet({ node, store })
  return { node, store, wallet, account, queue: payoutQueue({ wallet, account, store, ...options }) }
}

/** Runs a queue to its end, with a block after each change. */
async function runAll({ queue, node }: Awaited<ReturnType<typeof process>>, grow = 25): Promise<string[]> {
  const seen: string[] = []
  const timer = setInterval(() => node.mine(grow), 2)
  try {
    for await (const { id, state } of queue.run({ interval: 1 })) seen.push(`${id} ${state}`)
  } finally {
    clearInterval(timer)
  }
  return seen
}

/** What each received of what left the account. */
const paid = (node: FakeNode): Record<string, number> =>