import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { VitestTestRunner } from 'vitest/runners'

// Tests may replace both.
const { setTimeout, clearTimeout, performance } = globalThis
const LOOP = 10_000

/**
 * Vitest's runner, that repeats each test in the same process: first as it is, then once for each mutant that
 * it reaches. A mutant counts as killed when the test failed with it and had passed just before; after that
 * the test must pass again without it, or the process is given up since the mutant has left something behind.
 *
 * With the mode `fresh` it runs plainly with one mutant active from the first import on.
 */
export default function MutationRunner(config) {
  const folder = process.env['COFFER_MUTATION']
  const job = JSON.parse(readFileSync(join(folder, 'job.json'), 'utf8'))
  const stryker = (globalThis.__stryker__ = { mutantCoverage: { static: {}, perTest: {} } })
  const runner = new VitestTestRunner(config)
  const plain = {
    onCollected: runner.onCollected?.bind(runner),
    onBeforeRunTask: runner.onBeforeRunTask.bind(runner),
    onBeforeTryTask: runner.onBeforeTryTask.bind(runner),
    onAfterRunFiles: runner.onAfterRunFiles.bind(runner),
  }
  const say = (event) => appendFileSync(join(folder, 'events.jsonl'), `${JSON.stringify(event)}\n`)
  let file = ''
  const keys = new Map()

  const onCollected = (files) => {
    for (const collected of files) {
      file = collected.filepath
      nameTests(collected, keys)
    }
    return plain.onCollected?.(files)
  }

  if (job.mode === 'fresh') {
    Object.assign(stryker, { activeMutant: job.active, hitCount: 0, hitLimit: 100 * LOOP })
    return Object.assign(runner, {
      onCollected,
      onBeforeRunTask(test) {
        if (job.slow.includes(keys.get(test))) test.mode = 'skip'
        return plain.onBeforeRunTask(test)
      },
    })
  }

  const killed = new Set(
    existsSync(join(folder, 'killed')) ? readFileSync(join(folder, 'killed'), 'utf8').split('\n') : [],
  )
  const pending = new Set(job.pending.filter((id) => !killed.has(id)))
  const states = new Map()
  let stopped = false

  function begin(test, state) {
    const { active, key } = state
    const perTest = stryker.mutantCoverage.perTest
    perTest[key] = {}
    Object.assign(stryker, {
      currentTestId: key,
      activeMutant: active,
      hitCount: active === undefined ? undefined : 0,
      hitLimit: LOOP + 100 * (state.hits?.[active] ?? 0),
    })
    if (active !== undefined) say({ t: 'try', id: active, test: key })
    state.start = performance.now()
    state.cpu = process.cpuUsage()
    return plain.onBeforeTryTask(test)
  }

  /** What comes after a run of a test: the next mutant in `state.active`, or `undefined` in `state`. */
  function judge(state, failed) {
    const { key, active } = state
    const looped = stryker.hitCount > stryker.hitLimit
    const hit = stryker.hitCount > 0
    Object.assign(stryker, { currentTestId: undefined, activeMutant: undefined, hitCount: undefined })
    if (active === undefined) {
      state.runs++
      if (state.runs === 1) {
        state.ms = performance.now() - state.start
        const { user, system } = process.cpuUsage(state.cpu)
        // Others may be at work on this machine: what counts is how much a test does, unless it mostly waits.
        const cost = Math.max((user + system) / 1000, state.ms / 4)
        state.hits = { ...stryker.mutantCoverage.perTest[key] }
        say({ t: 'test', file, test: key, ms: Math.round(cost), hits: Object.keys(state.hits), failed })
        if (failed || cost > job.longest) return false
        const tried = new Set(job.tried[key] ?? [])
        const asked = job.plan ? new Set(job.plan[key]) : pending
        // What ran before the tests too may be compared here with what it made there, without the change.
        const { static: before } = stryker.mutantCoverage
        state.queue = Object.keys(state.hits).filter(
          (id) => pending.has(id) && asked.has(id) && !tried.has(id) && !before[id],
        )
        return state.queue.length > 0
      }
      if (failed) {
        say({
          t: 'stop',
          file,
          test: key,
          why: state.runs === 2 ? 'cannot be repeated' : 'left something behind',
        })
        stopped = true
        return false
      }
      state.sure = true
    } else if (failed || looped) {
      if (state.timedOut || state.sure) {
        say({
          t: 'kill',
          id: active,
          file,
          test: key,
          how: looped ? 'loop' : state.timedOut ? 'time' : 'fail',
        })
        appendFileSync(join(folder, 'killed'), `${active}\n`)
        pending.delete(active)
        state.queue.shift()
      }
      // Not sure: a mutant before may have left something behind. It is tried again in a new process.
      if (state.timedOut) {
        say({ t: 'stop', file, test: key, why: 'time' })
        stopped = true
        return false
      }
      state.sure = false
      state.active = undefined
      return true
    } else {
      say({ t: hit ? 'live' : 'unhit', id: active, file, test: key })
      state.queue.shift()
      state.sure = false
    }
    state.active = state.queue[0]
    return state.active !== undefined
  }

  return Object.assign(runner, {
    onCollected,
    async onBeforeRunTask(test) {
      const key = keys.get(test)
      if (stopped || (job.plan && !job.plan[key])) test.mode = 'skip'
      test.repeats = Number.MAX_SAFE_INTEGER
      test.retry = 0
      states.set(test, { key, active: undefined, runs: 0, sure: false, timedOut: false })
      return plain.onBeforeRunTask(test)
    },
    onBeforeTryTask(test) {
      return begin(test, states.get(test))
    },
    async runTask(test) {
      const state = states.get(test)
      const limit = state.runs === 0 ? 60_000 : 2000 + 10 * state.ms
      let timer
      const late = new Promise((_, reject) => {
        timer = setTimeout(() => {
          state.timedOut = state.active !== undefined
          reject(new Error('It took too long.'))
        }, limit)
      })
      try {
        await Promise.race([VitestTestRunner.getTestFn(test)(), late])
      } finally {
        clearTimeout(timer)
      }
    },
    onAfterRetryTask(test) {
      const { result } = test
      const skipped = result.state === 'skip'
      const failed = (result.state === 'fail') !== Boolean(test.fails)
      const again = !skipped && judge(states.get(test), failed)
      result.state = again ? 'run' : 'skip'
      result.errors = undefined
    },
    onAfterRunFiles() {
      say({ t: 'static', file, ids: Object.keys(stryker.mutantCoverage.static) })
      say({ t: 'end', file })
      return plain.onAfterRunFiles()
    },
  })
}

/** Titles are not unique: a number tells equal ones apart. */
function nameTests(file, keys) {
  const count = new Map()
  const walk = (task, names) => {
    if (task.type === 'suite') for (const child of task.tasks) walk(child, [...names, child.name])
    else {
      const name = `${file.name} > ${names.join(' > ')}`
      const nth = count.get(name) ?? 0
      count.set(name, nth + 1)
      keys.set(task, nth === 0 ? name : `${name} #${nth + 1}`)
    }
  }
  walk(file, [])
}
