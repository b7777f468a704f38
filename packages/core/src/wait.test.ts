import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { CofferError } from './error.ts'
import {
  abortError,
  abortWith,
  deadline,
  onAbort,
  orAbort,
  sleep,
  throwIfAborted,
  withTimeout,
} from './wait.ts'

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length

describe('throwIfAborted', () => {
  it('passes a live signal and none at all', () => {
    throwIfAborted(undefined)
    throwIfAborted(new AbortController().signal)
  })

  it('throws ABORTED without the foreign reason, and keeps a Coffer one', () => {
    expect(() => throwIfAborted(AbortSignal.abort(new Error('https://user:pw@host/key')))).toThrow(
      expect.objectContaining({ code: 'ABORTED', message: 'The caller cancelled this.' }),
    )
    const reason = new CofferError({ code: 'TIMEOUT', message: 'Late.' })
    expect(() => throwIfAborted(AbortSignal.abort(reason))).toThrow(reason)
  })
})

describe('abortWith', () => {
  it('keeps the reason where signals have none', () => {
    const controller = new AbortController()
    Object.defineProperty(controller.signal, 'reason', { value: undefined })
    const reason = new CofferError({ code: 'TIMEOUT', message: 'Late.' })
    abortWith(controller, reason)
    expect(abortError(controller.signal)).toBe(reason)
  })
})

describe('onAbort', () => {
  it('puts one listener on a signal, however many wait, and takes it away with the last', () => {
    const controller = new AbortController()
    const ran: number[] = []
    const forgets = Array.from({ length: 50 }, (_, i) => onAbort(controller.signal, () => ran.push(i)))
    expect(listeners(controller.signal)).toBe(1)
    for (const forget of forgets.slice(1)) forget()
    expect(listeners(controller.signal)).toBe(1)
    forgets[0]?.()
    forgets[0]?.()
    expect(listeners(controller.signal)).toBe(0)
    onAbort(controller.signal, () => ran.push(99))
    forgets[0]?.()
    controller.abort()
    expect(ran).toEqual([99])
    expect(listeners(controller.signal)).toBe(0)
  })

  it('runs each one, also those that let go of others', () => {
    const controller = new AbortController()
    const ran: string[] = []
    const forget = onAbort(controller.signal, () => ran.push('a'))
    onAbort(controller.signal, () => {
      ran.push('b')
      forget()
    })
    controller.abort()
    expect(ran).toEqual(['a', 'b'])
  })
})

describe('sleep', () => {
  it('waits and removes its listener', async () => {
    const controller = new AbortController()
    const start = performance.now()
    await sleep(30, controller.signal)
    expect(performance.now() - start).toBeGreaterThan(25)
    expect(listeners(controller.signal)).toBe(0)
  })

  it('ends at once with ABORTED', async () => {
    const controller = new AbortController()
    const sleeping = sleep(60_000, controller.signal)
    controller.abort()
    await expect(sleeping).rejects.toMatchObject({ code: 'ABORTED' })
    await expect(sleep(60_000, controller.signal)).rejects.toMatchObject({ code: 'ABORTED' })
    expect(listeners(controller.signal)).toBe(0)
  })
})

describe('deadline', () => {
  it('aborts with TIMEOUT and lets go of the caller', async () => {
    const controller = new AbortController()
    const limit = deadline(5, controller.signal, 'Too late.')
    await sleep(30)
    expect(limit.signal.reason).toMatchObject({ code: 'TIMEOUT', message: 'Too late.', retryable: true })
    expect(listeners(controller.signal)).toBe(0)
  })

  it('passes on the caller’s abort', () => {
    const controller = new AbortController()
    const limit = deadline(60_000, controller.signal)
    controller.abort()
    expect(limit.signal.reason).toMatchObject({ code: 'ABORTED' })
    expect(deadline(1, controller.signal).signal.aborted).toBe(true)
  })

  it('leaves nothing behind when cleared', () => {
    const controller = new AbortController()
    const limit = deadline(60_000, controller.signal)
    limit.clear()
    expect(listeners(controller.signal)).toBe(0)
    controller.abort()
    expect(limit.signal.aborted).toBe(false)
  })

  it('takes a limit beyond what timers can hold', async () => {
    const limit = deadline(Number.MAX_SAFE_INTEGER)
    await sleep(10)
    expect(limit.signal.aborted).toBe(false)
    limit.clear()
  })
})

describe('withTimeout', () => {
  it('gives the value and cleans up', async () => {
    const controller = new AbortController()
    expect(await withTimeout(60_000, controller.signal, async () => 7)).toBe(7)
    expect(listeners(controller.signal)).toBe(0)
  })

  it('rejects in time though the task is deaf', async () => {
    await expect(withTimeout(10, undefined, () => new Promise(() => {}))).rejects.toMatchObject({
      code: 'TIMEOUT',
    })
  })

  it('does not start a task for an aborted caller', async () => {
    let started = false
    const run = withTimeout(10, AbortSignal.abort(), async () => {
      started = true
    })
    await expect(run).rejects.toMatchObject({ code: 'ABORTED' })
    expect(started).toBe(false)
  })

  it('cleans up after a task that throws', async () => {
    const controller = new AbortController()
    const run = withTimeout(60_000, controller.signal, () => {
      throw new Error('no')
    })
    await expect(run).rejects.toThrow('no')
    expect(listeners(controller.signal)).toBe(0)
  })

  it('ends what a failed task leaves behind', async () => {
    let left: AbortSignal | undefined
    const run = withTimeout(60_000, undefined, async (signal) => {
      left = signal
      throw new Error('no')
    })
    await expect(run).rejects.toThrow('no')
    expect(left?.aborted).toBe(true)
  })
})

describe('orAbort', () => {
  it('takes whichever comes first and swallows the loser', async () => {
    const controller = new AbortController()
    const work = sleep(20).then(() => {
      throw new Error('late')
    })
    const raced = orAbort(work, controller.signal)
    controller.abort()
    await expect(raced).rejects.toMatchObject({ code: 'ABORTED' })
    await sleep(40)
    expect(await orAbort(Promise.resolve(1), new AbortController().signal)).toBe(1)
  })
})
