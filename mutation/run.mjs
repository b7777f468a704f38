import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { printTable, readReasons, reasonOf, tableOf, writeReasons, writeReport } from './report.mjs'
import { LEAST_SCORE, SLOWEST, targets } from './targets.mjs'

// npm run mutation -- <target or file> [--reasons] [--tests <part of a test file's name>]

const root = fileURLToPath(new URL('..', import.meta.url))
const HANG = 90_000

const args = process.argv.slice(2)
const option = (name) => args.includes(name)
const after = (name) => (option(name) ? args[args.indexOf(name) + 1] : undefined)
const wanted = args[0] ?? ''
const chosen = choose(wanted)
if (!existsSync(new URL('node_modules', import.meta.url)))
  stop('Install its tools first: npm ci --prefix mutation')
const { mutantsOf } = await import('./mutants.mjs')

const began = Date.now()
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
const { mutants, instrumented } = await mutantsOf(root, chosen.files)
const byId = new Map(mutants.map((mutant) => [mutant.id, mutant]))
const folder = mkdtempSync(join(tmpdir(), 'coffer-mutation-'))
writeFileSync(join(folder, 'instrumented.json'), JSON.stringify(instrumented))

const memoryFile = fileURLToPath(new URL(`node_modules/.memory/${chosen.target}.json`, import.meta.url))
const memory = existsSync(memoryFile) ? JSON.parse(readFileSync(memoryFile, 'utf8')) : {}

/** What is known so far, from the events of the workers. */
const killed = new Map()
const hits = new Map() // test → { file, ms, ids }
const tried = new Map() // test → ids that survived it
const early = new Map() // file → ids that run before or between its tests, or only once
const unsteady = new Set()
const unsound = new Map() // file → how often it failed without a change
const asked = new Set() // ids that a test ran with, in the warm way
const pending = () => mutants.filter(({ id, ignored }) => !ignored && !killed.has(id)).map(({ id }) => id)

await killAgain()
await askTests(undefined, 30, chosen.tests)
await askTests(planOf(150), 150)
await askTests(planOf(SLOWEST), SLOWEST)
await askFresh()
finish()

// ---- the steps ----

/** First the test that killed a mutant the last time: most die at the first try. */
async function killAgain() {
  const plan = {}
  const files = new Set()
  for (const mutant of mutants) {
    const last = memory[mutant.key]
    if (!last || last.test === 'fresh' || mutant.ignored || !chosen.tests.includes(last.file)) continue
    ;(plan[last.test] ??= []).push(mutant.id)
    files.add(last.file)
  }
  await askTests(plan, SLOWEST, [...files])
}

async function askTests(plan, longest, files = filesOf(plan)) {
  let left = files
  for (let round = 0; left.length > 0 && round < 50; round++) {
    const job = {
      mode: 'each',
      files: left,
      pending: pending(),
      tried: Object.fromEntries(tried),
      plan,
      longest,
    }
    const events = await work(job)
    const ended = new Set(events.filter(({ t }) => t === 'end').map((event) => relative(root, event.file)))
    const stopped = new Set(events.filter(({ t }) => t === 'stop').map((event) => relative(root, event.file)))
    left = left.filter((file) => !ended.has(file) || stopped.has(file))
    const why = new Set(events.filter(({ t }) => t === 'stop').map((event) => event.why))
    const again =
      left.length > 0
        ? `; again (${[...why].join(', ')}): ${left.map((file) => basename(file)).join(', ')}`
        : ''
    console.log(`${clock()} ${killed.size} killed, ${pending().length} left${again}`)
    remember()
  }
}

/** For each test the mutants that it reaches and was not asked about. */
function planOf(longest) {
  const open = new Set(pending())
  const plan = {}
  for (const [test, { file, ms, ids }] of hits) {
    if (ms > longest || unsteady.has(test)) continue
    const known = new Set(tried.get(test) ?? [])
    const rest = ids.filter((id) => open.has(id) && !known.has(id) && !early.get(file)?.has(id))
    if (rest.length > 0) plan[test] = rest
  }
  return plan
}

function filesOf(plan) {
  const files = [...new Set(Object.keys(plan).map((test) => hits.get(test).file))]
  const cost = (file) => sum([...hits.values()].filter((test) => test.file === file).map(({ ms }) => ms))
  return files.sort((a, b) => cost(a) - cost(b))
}

/** What runs while modules are loaded is asked in new processes, where the mutant is there from the start. */
async function askFresh() {
  const cost = (file) =>
    sum([...hits.values()].filter((test) => test.file === file).map(({ ms }) => Math.min(ms, SLOWEST)))
  let fresh = pending()
    .map((id) => {
      const own = byId.get(id).file.replace(/\.ts$/, '.test.ts')
      const last = memory[byId.get(id).key]?.file
      const files = chosen.tests.filter((file) => early.get(file)?.has(id))
      const named = (file) => basename(file).includes(basename(own, '.test.ts'))
      const rank = (file) => (file === last ? -2 : named(file) ? -1 : cost(file))
      files.sort((a, b) => rank(a) - rank(b))
      // Where tests were asked already and said nothing, the start of a few more is enough.
      return asked.has(id) ? { id, files: files.slice(0, 3), twice: true } : { id, files, twice: false }
    })
    .filter(({ files }) => files.length > 0)
  const slow = [...hits].filter(([, { ms }]) => ms > SLOWEST).map(([test]) => test)
  if (fresh.length > 0) console.log(`${clock()} ${fresh.length} in processes of their own`)
  while (fresh.length > 0) {
    const events = await work({ mode: 'fresh', fresh, slow })
    const done = new Set(events.filter(({ t }) => t === 'kill' || t === 'fresh').map(({ id }) => id))
    const { file, why } = events.find(({ t }) => t === 'unsound') ?? {}
    if (file) {
      console.log(`${clock()} ${basename(file)} fails without any change: ${why}`)
      unsound.set(file, (unsound.get(file) ?? 0) + 1)
    } else if (done.size === 0) break
    fresh = fresh
      .filter(({ id }) => !done.has(id))
      .map((item) => ({ ...item, files: item.files.filter((name) => (unsound.get(name) ?? 0) < 3) }))
  }
}

function finish() {
  const survivors = mutants.filter(({ id, ignored }) => !ignored && !killed.has(id))
  if (option('--reasons')) writeReasons(chosen.files, survivors)
  const reasons = readReasons()
  const rows = tableOf(mutants, killed)
  const seconds = Math.round((Date.now() - began) / 1000)
  const count = (how) => [...killed.values()].filter((kill) => kill.how === how).length
  const ways = `${count('fail')} by a test that fails, ${count('loop')} by a loop, ${count('time') + count('hang')} by the clock`
  const silent = survivors.filter((mutant) => !reasonOf(reasons, mutant))
  for (const mutant of silent) {
    const reached = [...hits.values()].some(({ ids }) => ids.includes(mutant.id))
    const note =
      reached || [...early.values()].some((ids) => ids.has(mutant.id)) ? '' : ' (no test reaches it)'
    console.log(`${mutant.file}:${mutant.line}:${mutant.column} ${mutant.kind}: ${mutant.change}${note}`)
  }
  printTable(rows)
  const quick = [...hits.values()].filter(({ ms }) => ms <= SLOWEST).length
  console.log(`Killed ${ways}.`)
  console.log(
    `${quick} tests asked, ${hits.size - quick} too slow, ${unsteady.size} that fail or cannot be repeated; ${seconds} s`,
  )
  for (const file of chosen.files) {
    const stale = (reasons[file] ?? []).filter(
      (reason) =>
        !survivors.some(
          (mutant) => mutant.file === file && mutant.code === reason.code && mutant.change === reason.change,
        ),
    )
    for (const { change } of stale)
      console.log(`survivors.json explains what no longer survives: ${file} ${change}`)
  }
  if (chosen.whole) writeReport(chosen.target, { rows, mutants, survivors, reasons, seconds, ways })
  remember()
  rmSync(folder, { recursive: true })
  const { score } = rows.at(-1)
  if (silent.length > 0) stop(`${silent.length} survivors have no reason in mutation/survivors.json.`)
  if (score < LEAST_SCORE) stop(`The score is below ${LEAST_SCORE} %.`)
}

/** Which test killed what, for the next run. Not part of the repository. */
function remember() {
  mkdirSync(join(memoryFile, '..'), { recursive: true })
  for (const mutant of mutants) if (killed.has(mutant.id)) memory[mutant.key] = killed.get(mutant.id)
  writeFileSync(memoryFile, JSON.stringify(memory))
}

// ---- workers ----

/** Runs a job in a process of its own, ends it when it hangs, and takes in what it tells. */
async function work(job) {
  const file = join(folder, 'events.jsonl')
  writeFileSync(file, '')
  writeFileSync(join(folder, 'killed'), '')
  writeFileSync(join(folder, 'job.json'), JSON.stringify(job))
  const child = spawn(process.execPath, [fileURLToPath(new URL('worker.mjs', import.meta.url))], {
    cwd: root,
    env: { ...process.env, COFFER_MUTATION: folder, CI: 'true', NODE_NO_WARNINGS: '1' },
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  })
  const end = () => {
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {}
  }
  process.once('exit', end)
  let size = 0
  let moved = Date.now()
  const watch = setInterval(() => {
    const now = statSync(file).size
    if (now !== size) moved = Date.now()
    size = now
    if (Date.now() - moved > HANG) end()
  }, 500)
  await new Promise((done) => child.once('close', done))
  clearInterval(watch)
  process.removeListener('exit', end)
  end()
  const events = readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
  // A process that ended in the middle of a mutant was ended by it.
  const last = events.at(-1)
  if (last?.t === 'try') {
    const { test } = last
    events.push({ t: 'kill', id: last.id, test, file: hits.get(test)?.file ?? 'fresh', how: 'hang' })
  }
  for (const event of events) takeIn(event)
  return events
}

function takeIn({ t, id, test, file, ...event }) {
  const source = file && relative(root, resolve(root, file))
  const add = (map, key, ids) => map.set(key, new Set([...(map.get(key) ?? []), ...ids]))
  if (t === 'test') {
    if (event.failed) {
      console.log(`Fails without any change, and is not asked: ${test}`)
      unsteady.add(test)
      return
    }
    hits.set(test, { file: source, ms: event.ms, ids: event.hits })
  }
  if (t === 'static') add(early, source, event.ids)
  if (t === 'kill') killed.set(id, { test, file: source, how: event.how })
  if (t === 'live' || t === 'unhit') tried.set(test, [...(tried.get(test) ?? []), id])
  if (t === 'live') asked.add(id)
  if (t === 'unhit') add(early, source, [id])
  if (t === 'stop' && event.why === 'cannot be repeated') {
    unsteady.add(test)
    add(early, source, hits.get(test)?.ids ?? [])
    tried.set(test, hits.get(test)?.ids ?? [])
  }
}

// ---- what to do ----

function choose(name) {
  const found = Object.entries(targets).find(
    ([target, { folder, modules }]) =>
      target === name || modules.some((module) => `${folder}/${module}.ts` === name),
  )
  if (!found)
    stop(`Name one of ${Object.keys(targets).join(', ')}, or one of their files. See mutation/targets.mjs.`)
  const [target, { folder, modules, tests }] = found
  const files = target === name ? modules.map((module) => `${folder}/${module}.ts`) : [name]
  const part = after('--tests') ?? ''
  const all = tests
    .flatMap((place) =>
      place.endsWith('.ts')
        ? [place]
        : readdirSync(join(root, place), { recursive: true }).map((file) => `${place}/${file}`),
    )
    .filter((file) => file.endsWith('.test.ts') && file.includes(part))
  return { target, files, tests: all.sort(), whole: target === name && part === '' }
}

function clock() {
  return `${String(Math.round((Date.now() - began) / 1000)).padStart(4)} s `
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0)
}

function stop(message) {
  console.error(message)
  process.exit(1)
}
