// Lowers the budgets of .size-limit.json to what the packages weigh now, plus 2 %, and gives one to entries without. It
// never raises one: whoever needs more bytes writes the larger figure by hand, where a reviewer sees it.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readJson, root } from './lib/places.mjs'

const file = join(root, '.size-limit.json')
const budgets = readJson(file)
const sizes = new Map(JSON.parse(sizeLimit()).map(({ name, size }) => [name, size]))

for (const budget of budgets) {
  const limit = Math.ceil((sizes.get(budget.name) * 1.02) / 10) / 100
  if (!(limit > Number.parseFloat(budget.limit))) budget.limit = `${limit.toFixed(2)} kB`
  const size = (sizes.get(budget.name) / 1000).toFixed(2)
  process.stdout.write(`${budget.name.padEnd(44)} ${size.padStart(6)} of ${budget.limit}\n`)
}
writeFileSync(file, `${JSON.stringify(budgets, undefined, 2)}\n`)
execFileSync('npx', ['biome', 'format', '--write', file], {
  cwd: root,
  stdio: ['ignore', 'ignore', 'inherit'],
})

/** Exits with 1 when a budget is exceeded, and prints the figures all the same. */
function sizeLimit() {
  try {
    return execFileSync('npx', ['size-limit', '--json'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  } catch (error) {
    if (error.stdout?.trim().startsWith('[')) return error.stdout
    throw error
  }
}
