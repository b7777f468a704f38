import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { type AnyTarget, check } from './check.ts'
import { fromJson, type Input, toJson } from './input.ts'
import { mutated } from './mutate.ts'
import { targets } from './targets.ts'
import { startWatch, type Watch } from './watch.ts'

// The long run: npm run fuzz -- --minutes 30 [--only psbt] [--seed 7], and --replay file for what it found.

const FOLDER = '.fuzz'
const BATCH = 200

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    only: { type: 'string', default: '' },
    seed: { type: 'string' },
    replay: { type: 'string' },
  },
})
process.exitCode = values.replay === undefined ? await search() : await replay(values.replay)

async function replay(path: string): Promise<number> {
  const { target: name, input } = JSON.parse(readFileSync(path, 'utf8')) as { target: string; input: unknown }
  const target = targets.find((target) => target.name === name)
  if (!target) throw new Error(`There is no target "${name}".`)
  // Some look at what they were given to begin with.
  await target.corpus()
  const watch = startWatch()
  const wrong = await watched(watch, target, fromJson(input))
  watch.close()
  console.log(wrong === undefined ? `${name}: nothing is wrong with it now.` : `${name}: ${wrong}`)
  return wrong === undefined ? 0 : 1
}

async function search(): Promise<number> {
  const chosen = targets.filter(({ name }) => name.includes(values.only))
  if (chosen.length === 0) throw new Error(`No target has "${values.only}" in its name.`)
  const first = values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed)
  const end = Date.now() + Number(values.minutes) * 60_000
  console.log(`${chosen.length} targets, ${values.minutes} minutes, --seed ${first}`)
  const watch = startWatch()
  const runs = new Map<string, number>()
  const found = new Map<string, string>()
  for (let round = 0; Date.now() < end; round++) {
    for (const target of chosen) {
      if (round > 0 && Date.now() >= end) break
      const start = performance.now()
      await searchOne(target, first + round, found, watch)
      runs.set(target.name, (runs.get(target.name) ?? 0) + BATCH)
      const rate = (performance.now() - start) / BATCH
      const failures = [...found.keys()].filter((key) => key.startsWith(`${target.name}: `)).length
      if (round % 20 === 0)
        console.log(
          `${target.name.padEnd(28)} ${String(runs.get(target.name)).padStart(9)} runs ${rate.toFixed(2).padStart(7)} ms each ${failures} failures`,
        )
    }
  }
  watch.close()
  const total = [...runs.values()].reduce((sum, runs) => sum + runs, 0)
  console.log(`${total} runs, ${found.size} failures`)
  return found.size === 0 ? 0 : 1
}

/** One batch. What was found before is passed over, so that it hides nothing else. */
async function searchOne(
  target: AnyTarget,
  seed: number,
  found: Map<string, string>,
  watch: Watch,
): Promise<void> {
  const corpus = await target.corpus()
  const keyOf = (wrong: string): string => `${target.name}: ${wrong.replace(/"(?:[^"\\]|\\.)*"?/g, '…')}`
  const result = await fc.check(
    fc.asyncProperty(mutated(corpus, target.shapes ?? []), async (input) => {
      const wrong = await watched(watch, target, input)
      if (wrong !== undefined && !found.has(keyOf(wrong))) throw new Error(wrong)
    }),
    { seed, numRuns: BATCH, endOnFailure: false, errorWithCause: true } as fc.Parameters<[Input]>,
  )
  if (!result.failed || !result.counterexample) return
  const [input] = result.counterexample
  const wrong = (await check(target, input)) ?? 'it failed once, and not again'
  const id = createHash('sha256')
    .update(JSON.stringify(toJson(input)))
    .digest('hex')
    .slice(0, 12)
  const path = `${FOLDER}/${target.name.replaceAll('/', '-')}-${id}.json`
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(
    path,
    `${JSON.stringify({ target: target.name, wrong, seed, input: toJson(input) }, null, 2)}\n`,
  )
  found.set(keyOf(wrong), path)
  console.log(`FOUND ${target.name}: ${wrong}\n      ${path}`)
}

async function watched(watch: Watch, target: AnyTarget, input: Input): Promise<string | undefined> {
  watch.begin(target.name, input)
  try {
    return await check(target, input)
  } finally {
    watch.end()
  }
}
