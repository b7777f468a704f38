import { describe, expect, it } from 'vitest'
import { forEach, openGate } from './gate.ts'
import { shared } from './shared.ts'

const never = new AbortController().signal
const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1))

describe('a gate', () => {
  it('lets so many in, in the order in which they came', async () => {
    const gate = openGate(2)
    const order: number[] = []
    let now = 0
    await Promise.all(
      [0, 1, 2, 3, 4, 5].map((i) =>
        gate(never, async () => {
          expect(++now).toBeLessThanOrEqual(2)
          order.push(i)
          await tick()
          now--
        }),
      ),
    )
    expect(order).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('opens again after a failure', async () => {
    const gate = openGate(1)
    await expect(gate(never, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await gate(never, async () => 5)).toBe(5)
  })

  it('loses no place when one in the line leaves', async () => {
    const gate = openGate(1)
    const controller = new AbortController()
    const first = gate(never, tick)
    const left = gate(controller.signal, async () => 'ran')
    const last = gate(never, async () => 'last')
    controller.abort()
    await expect(left).rejects.toMatchObject({ code: 'ABORTED' })
    await first
    expect(await last).toBe('last')
    expect(await gate(never, async () => 'again')).toBe('again')
  })
})

describe('forEach', () => {
  it('aborts the others when one fails', async () => {
    const aborted: number[] = []
    const failing = forEach([1, 2, 3], never, async (item, signal) => {
      if (item === 2) throw new Error('two')
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
      aborted.push(item)
    })
    await expect(failing).rejects.toThrow('two')
    await tick()
    expect(aborted).toEqual([1, 3])
  })
})

describe('shared', () => {
  it('runs once for all who ask meanwhile, and anew afterwards', async () => {
    let runs = 0
    const ask = shared(async () => {
      await tick()
      return ++runs
    })
    expect(await Promise.all([ask(undefined), ask(undefined)])).toEqual([1, 1])
    expect(await ask(undefined)).toBe(2)
  })

  it('is aborted when all have left, and a failure is not kept', async () => {
    let aborted = 0
    const ask = shared(async (signal) => {
      await new Promise<void>((_, reject) =>
        signal.addEventListener('abort', () => reject(new Error(`${++aborted}`))),
      )
    })
    const [one, two] = [new AbortController(), new AbortController()]
    const both = [ask(one.signal), ask(two.signal)].map((promise) => promise.catch((error) => error.code))
    one.abort()
    await tick()
    expect(aborted).toBe(0)
    two.abort()
    expect(await Promise.all(both)).toEqual(['ABORTED', 'ABORTED'])
    expect(aborted).toBe(1)
    const third = new AbortController()
    const again = ask(third.signal).catch((error) => error.code)
    third.abort()
    expect(await again).toBe('ABORTED')
    expect(aborted).toBe(2)
  })
})
