import { fold, invertAll, modP, type Point, sumOf } from './points.ts'

/**
 * The sum of each list of points; `undefined` at infinity. Neighbours are added in pairs, round after round, and each
 * round of all lists shares one inversion: cheaper than Jacobian additions as soon as there are some pairs.
 */
export function addUp(lists: readonly (readonly Point[])[]): (Point | undefined)[] {
  const pairs: Point[] = []
  for (const list of lists) for (let i = 0; i < list.length - (list.length % 2); i++) pairs.push(list[i]!)
  if (pairs.length === 0) return lists.map(([point]) => point)
  if (lists.length === 1 && pairs.length < 32) return [sumOf(lists[0]!)]
  const sums = addPairs(pairs)
  let next = 0
  return addUp(
    lists.map((list) => {
      const shorter = list.length % 2 === 1 ? [list.at(-1)!] : []
      for (let i = 1; i < list.length; i += 2) {
        const sum = sums[next++]
        if (sum) shorter.push(sum)
      }
      return shorter
    }),
  )
}

/** The sums of the first and the second point, the third and the fourth …, with one inversion; `undefined` at infinity. */
function addPairs(points: readonly Point[]): (Point | undefined)[] {
  const divisors: bigint[] = []
  for (let i = 0; i < points.length; i += 2) {
    const a = points[i]!
    const b = points[i + 1]!
    // No point of the curve has y = 0, so that no divisor is 0.
    divisors.push(a.x !== b.x ? b.x - a.x : 2n * a.y)
  }
  return invertAll(divisors).map((inverse, i) => {
    const a = points[2 * i]!
    const b = points[2 * i + 1]!
    const same = a.x === b.x
    if (same && a.y !== b.y) return undefined
    const slope = fold((same ? fold(3n * a.x * a.x) : b.y - a.y) * inverse)
    const x = modP(slope * slope - a.x - b.x)
    return { x, y: modP(slope * (a.x - x) - a.y) }
  })
}
