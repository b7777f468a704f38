import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AnyTarget, check } from './fuzz/check.ts'
import { type Input, toJson } from './fuzz/input.ts'
import { mutated } from './fuzz/mutate.ts'
import { targets } from './fuzz/targets.ts'
import { startWatch, type Watch } from './fuzz/watch.ts'

// So many runs for each decoder as fit into about half a minute together; `npm run fuzz` goes on for longer, in CI for three minutes.
// The seed is fixed, so that a change fails here for its own sake alone.
const SEED = 20_090_103

let watch: Watch
beforeAll(() => {
  watch = startWatch()
})
afterAll(() => watch.close())

describe.each(targets)('$name', (target) => {
  it(`${target.threat}: fuzzed, it reads or refuses, and nothing else`, async () => {
    const corpus = await target.corpus()
    // What refuses all would pass every test.
    expect((await Promise.all(corpus.map((input) => isRead(target, input)))).includes(true)).toBe(true)
    for (const input of corpus)
      expect(await check(target, input), JSON.stringify(toJson(input))).toBeUndefined()
    await fc.assert(
      fc.asyncProperty(mutated(corpus, target.shapes ?? []), async (input) => {
        watch.begin(target.name, input)
        const wrong = await check(target, input)
        watch.end()
        if (wrong)
          throw new Error(`${target.name}: ${wrong}\n${JSON.stringify(toJson(input)).slice(0, 2_000)}`)
      }),
      { seed: SEED, numRuns: target.runs / 2 },
    )
  }, 120_000)
})

async function isRead(target: AnyTarget, input: Input): Promise<boolean> {
  try {
    await target.decode(input as never)
    return true
  } catch {
    return false
  }
}
