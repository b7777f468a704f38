import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createVitest } from 'vitest/node'

/** One Vitest that stays warm: runs the files of the job, or each of its mutants in a process of its own. */
const folder = process.env['COFFER_MUTATION']
const root = fileURLToPath(new URL('..', import.meta.url))
const here = (name) => fileURLToPath(new URL(name, import.meta.url))
const job = JSON.parse(readFileSync(join(folder, 'job.json'), 'utf8'))
const instrumented = JSON.parse(readFileSync(join(folder, 'instrumented.json'), 'utf8'))
const say = (event) => appendFileSync(join(folder, 'events.jsonl'), `${JSON.stringify(event)}\n`)

const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'))
const alias = Object.entries(compilerOptions.paths).map(([entry, [file]]) => ({
  find: new RegExp(`^${entry.replaceAll('.', '\\.').replace('*', '(.+)')}$`),
  replacement: join(root, file).replace('*', '$1'),
}))

const vitest = await createVitest(
  'test',
  {
    root,
    config: false,
    watch: false,
    include: ['packages/**/src/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 1,
    isolate: true,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    bail: job.mode === 'fresh' ? 1 : 0,
    runner: here('runner.mjs'),
    setupFiles: [here('setup.mjs')],
    reporters: [{}],
    silent: true,
    update: false,
    cache: false,
    env: { COFFER_MUTATION: folder },
  },
  {
    resolve: { alias },
    plugins: [
      {
        name: 'coffer-mutation',
        enforce: 'pre',
        transform: (_, id) => instrumented[relative(root, id.split('?')[0])],
      },
    ],
  },
)
const specs = new Map((await vitest.globTestSpecifications()).map((spec) => [spec.moduleId, spec]))
const run = (files) =>
  vitest.runTestSpecifications(
    files.map((file) => specs.get(join(root, file))),
    false,
  )

/** When a file last passed without a change. */
const passed = new Map()
const RECENT = 30_000

/** Why the file fails in a new process with this mutant in it, or with none. */
async function fails(file, id) {
  writeFileSync(join(folder, 'job.json'), JSON.stringify({ ...job, fresh: [], active: id }))
  vitest.state.clearErrors()
  const { testModules, unhandledErrors } = await run([file])
  // Vitest also tells of the files of earlier runs.
  const own = testModules.filter(({ moduleId }) => moduleId === join(root, file))
  const errors = own.flatMap((module) => [
    ...module.errors(),
    ...[...module.children.allTests('failed')].flatMap((test) => test.result().errors ?? []),
  ])
  if (own.length > 0 && own.every((module) => module.ok()) && unhandledErrors.length === 0) return undefined
  return [...errors, ...unhandledErrors][0]?.message ?? 'It did not run.'
}

/**
 * A file kills a mutant when it fails with it and passes without it at about the same time. Where other tests had nothing to say,
 * it has to fail twice: on a busy machine a test may fail for its own reasons.
 */
async function kills(file, id, twice) {
  if (!(await fails(file, id))) return false
  if (Date.now() - (passed.get(file) ?? 0) > RECENT) {
    const why = await fails(file, 'none')
    if (why) {
      // The sources may have changed under this Vitest: another one has to look again.
      say({ t: 'unsound', file, why })
      process.exit(0)
    }
    passed.set(file, Date.now())
  }
  return !twice || Boolean(await fails(file, id))
}

if (job.mode === 'fresh')
  for (const { id, files, twice } of job.fresh) {
    say({ t: 'try', id, test: 'fresh' })
    let by
    for (const file of files) if (!by && (await kills(file, id, twice))) by = file
    say(by ? { t: 'kill', id, file: by, test: 'fresh', how: 'fail' } : { t: 'fresh', id })
  }
else for (const file of job.files) await run([file])

await vitest.close()
process.exit(0)
