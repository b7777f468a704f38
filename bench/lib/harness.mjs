import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'

/**
 * Runs the tasks in turns, A B C, C B A, A B C …, so that whatever else the machine does hits all of them alike.
 * Returns for each the median of its calls per second, and each round's own figure, from which ratios are taken.
 *
 * @param {Record<string, (i: number) => unknown>} tasks
 */
export async function takeTurns(tasks, { rounds = 15, slice = 100, warmUp = 2 } = {}) {
  const names = Object.keys(tasks)
  const rates = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = -warmUp; round < rounds; round++) {
    for (const name of round % 2 ? names : names.toReversed()) {
      const rate = await ratePerSecond(tasks[name], slice)
      if (round >= 0) rates[name].push(rate)
    }
  }
  return Object.fromEntries(
    names.map((name) => [name, { perSecond: median(rates[name]), rounds: rates[name] }]),
  )
}

async function ratePerSecond(task, slice) {
  const start = performance.now()
  let calls = 0
  let elapsed = 0
  do {
    await task(calls++)
    elapsed = performance.now() - start
  } while (elapsed < slice)
  return (calls * 1000) / elapsed
}

/** How many times as much A did as B: the median over the rounds, each compared with its own neighbour. */
export function ratio(a, b) {
  return median(a.rounds.map((rate, i) => rate / b.rounds[i]))
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * What a measure gives: tables of texts, goals that hold or do not, and notes.
 *
 * @typedef {object} Report
 * @property {string} title
 * @property {string[]} [notes]
 * @property {{ caption?: string, columns: string[], rows: (string | number)[][] }[]} tables
 * @property {{ goal: string, found: string, holds: boolean }[]} [goals]
 */

/** Runs a measure when its file was started by itself; `--json` is for run.mjs. */
export async function runAlone(meta, measure) {
  if (process.argv[1] !== fileURLToPath(meta.url)) return
  const report = await measure()
  if (process.argv.includes('--json')) process.stdout.write(JSON.stringify(report))
  else process.stdout.write(`${markdown(report)}\n`)
  process.exit(0)
}

/** @param {Report} report */
export function markdown({ title, notes = [], tables, goals = [] }) {
  const parts = [`## ${title}`, ...notes]
  for (const { caption, columns, rows } of tables) {
    if (caption) parts.push(`**${caption}**`)
    parts.push(table(columns, rows))
  }
  if (goals.length > 0)
    parts.push(
      table(
        ['goal', 'found', ''],
        goals.map(({ goal, found, holds }) => [goal, found, holds ? 'holds' : '**missed**']),
      ),
    )
  return parts.join('\n\n')
}

function table(columns, rows) {
  const cells = [columns, ...rows].map((row) => row.map((cell) => String(cell).replaceAll('|', '\\|')))
  const widths = columns.map((_, i) => Math.max(3, ...cells.map((row) => row[i].length)))
  const line = (row) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`
  const rule = `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`
  return [line(cells[0]), rule, ...cells.slice(1).map(line)].join('\n')
}

export const times = (value) => `${value.toFixed(2)}×`
export const count = (value) => Math.round(value).toLocaleString('en-US')
export const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`
