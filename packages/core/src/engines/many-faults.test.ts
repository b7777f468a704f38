import { expect, it, vi } from 'vitest'
import { publicAddMany } from './many.ts'
import { nobleEngine } from './noble.ts'

let fault = false
vi.mock('./points.ts', async (original) => {
  const points = await original<typeof import('./points.ts')>()
  // A bit that flips in memory, in what is read from a table.
  const multiples: typeof points.multiples = (...args) => {
    const found = points.multiples(...args)
    return fault ? found.map((point, i) => (i === 3 ? { ...point, x: point.x ^ 4n } : point)) : found
  }
  return { ...points, multiples }
})

it('publicAddMany gives no key that a fault of memory moved off the curve', () => {
  const parent = nobleEngine.publicKey(new Uint8Array(32).fill(3))
  const tweaks = Array.from({ length: 40 }, (_, i) => new Uint8Array(32).fill(i + 1))
  expect(publicAddMany(nobleEngine, parent, tweaks)).toHaveLength(40)
  fault = true
  expect(() => publicAddMany(nobleEngine, parent, tweaks)).toThrow(
    expect.objectContaining({ code: 'INVALID_KEY' }),
  )
})
