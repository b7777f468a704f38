import { memoryStore, type Store } from '@coffer/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Ahead, claimNonce, freeNonce, giveNonces, holdPublished, type NodeNonces } from './nonce.ts'

const account = 'eip155:1:0xabc'
const MINUTE = 60_000

let store: Store
beforeEach(() => {
  vi.useFakeTimers()
  store = memoryStore()
})
afterEach(() => void vi.useRealTimers())

let nextId = 0
async function give(node: Partial<Record<keyof NodeNonces, number>> = {}, wanted?: bigint) {
  const latest = BigInt(node.latest ?? 5)
  const finalized = node.finalized === undefined ? latest : BigInt(node.finalized)
  const told = { latest, pending: BigInt(node.pending ?? Number(latest)), finalized }
  const id = `draft ${nextId++}`
  return giveNonces(store, account, told, [wanted], ([nonce], ahead) => ({
    ids: [id],
    drafts: { id, nonce: nonce as bigint, ahead: ahead as Ahead },
  }))
}

const sign = ({ nonce, id }: { nonce: bigint; id: string }, replaces = false) =>
  claimNonce(store, account, nonce, { id, replaces })
const publish = ({ nonce, id }: { nonce: bigint; id: string }) => holdPublished(store, account, nonce, id)
const free = ({ nonce, id }: { nonce: bigint; id: string }) => freeNonce(store, account, nonce, id)

describe('E7: the book of nonces', () => {
  it('gives each caller its own, also a hundred at once', async () => {
    const given = await Promise.all(Array.from({ length: 100 }, () => give()))
    expect(given.map(({ nonce }) => Number(nonce)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 100 }, (_, i) => i + 5),
    )
  })

  it('takes nothing when a draft cannot be built', async () => {
    const broken = giveNonces(store, account, { latest: 5n, pending: 5n }, [undefined], () => {
      throw new Error('no')
    })
    await expect(broken).rejects.toThrow('no')
    expect((await give()).nonce).toBe(5n)
  })

  it('gives a nonce back once, to nobody else, and by itself after ten minutes', async () => {
    const [a, b] = [await give(), await give()]
    await free(a)
    const c = await give()
    expect(c.nonce).toBe(a.nonce)
    await free(a)
    expect((await give()).nonce).toBe(b.nonce + 1n)
    vi.advanceTimersByTime(11 * MINUTE)
    expect((await give()).nonce).toBe(5n)
  })

  it('books a nonce that the caller names', async () => {
    expect((await give({}, 5n)).nonce).toBe(5n)
    expect((await give()).nonce).toBe(6n)
  })

  it('says when earlier drafts are not signed yet', async () => {
    const a = await give()
    expect((await give()).ahead.unsigned).toEqual([a.nonce])
  })

  it('signs one transaction with a nonce, or its replacement', async () => {
    const a = await give()
    await sign(a)
    await expect(sign({ ...a, id: 'another' })).rejects.toMatchObject({ code: 'NONCE_TAKEN' })
    await sign(a)
    await sign({ ...a, id: 'replacement' }, true)
  })

  it('keeps the nonce of a live payment when its replacement is not signed after all', async () => {
    const a = await give()
    await sign(a)
    await publish(a)
    const undo = await sign({ ...a, id: 'replacement' }, true)
    await undo()
    await free({ ...a, id: 'replacement' })
    expect((await give()).nonce).toBe(a.nonce + 1n)
  })

  it('keeps the nonce of a signed transaction when signing it again fails', async () => {
    const a = await give()
    await sign(a)
    await (await sign(a))()
    await free(a)
    expect((await give()).nonce).toBe(a.nonce + 1n)
  })

  it('frees the nonce of a refused broadcast, unless an earlier one lives', async () => {
    const a = await give()
    await sign(a)
    await (await publish(a))('free')
    const b = await give()
    expect(b.nonce).toBe(a.nonce)
    await sign(b)
    await publish(b)
    const replacement = { ...b, id: 'replacement' }
    await sign(replacement, true)
    await (await publish(replacement))('free')
    expect((await give()).nonce).toBe(b.nonce + 1n)
  })

  it('leaves the nonce to a signed transaction that could not be sent and will be sent again', async () => {
    const a = await give()
    await sign(a)
    await (await publish(a))('retry')
    expect((await give()).nonce).toBe(a.nonce + 1n)
    await expect(sign({ ...a, id: 'another' })).rejects.toMatchObject({ code: 'NONCE_TAKEN' })
  })

  it('keeps a published nonce until it is final, whatever one node says of mined transactions', async () => {
    const a = await give()
    await sign(a)
    await publish(a)
    vi.advanceTimersByTime(62 * MINUTE)
    expect((await give()).nonce).toBe(a.nonce + 1n)
    const far = await give({ latest: 4_000_000_000, finalized: 5 })
    expect(far.ahead.gap).toBe(true)
    vi.advanceTimersByTime(11 * MINUTE)
    expect((await give()).nonce).toBe(a.nonce + 1n)
  })

  it('never goes below what is final', async () => {
    await give({ latest: 9, finalized: 9 })
    vi.advanceTimersByTime(11 * MINUTE)
    expect((await give({ latest: 3, finalized: 3 })).nonce).toBe(9n)
  })

  it('says when transactions that it does not know wait before its own', async () => {
    expect((await give({ pending: 8 })).ahead.gap).toBe(true)
    store = memoryStore()
    const a = await give()
    await sign(a)
    await publish(a)
    expect((await give({ pending: 6 })).ahead.gap).toBe(false)
  })
})
