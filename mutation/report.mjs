import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { LEAST_SCORE, SLOWEST } from './targets.mjs'

const reportFile = new URL('report.md', import.meta.url)
const reasonsFile = new URL('survivors.json', import.meta.url)

/** `{ file: [{ code, change, why }] }`: why a mutant that survives does no harm. */
export function readReasons() {
  return JSON.parse(readFileSync(reasonsFile, 'utf8'))
}

export function reasonOf(reasons, { file, code, change }) {
  const found = reasons[file]?.find((reason) => reason.code === code && reason.change === change)
  return found?.why || undefined
}

/** Adds a place for a reason for each survivor that has none, and drops those of the same files that no survivor needs. */
export function writeReasons(files, survivors) {
  const reasons = readReasons()
  for (const file of files) {
    const all = survivors.filter((mutant) => mutant.file === file)
    const unique = [...new Map(all.map((mutant) => [`${mutant.code}|${mutant.change}`, mutant])).values()]
    reasons[file] = unique.map(({ code, change }) => ({
      code,
      change,
      why: reasonOf(reasons, { file, code, change }) ?? '',
    }))
    if (unique.length === 0) delete reasons[file]
  }
  const sorted = Object.fromEntries(Object.entries(reasons).sort(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync(reasonsFile, `${JSON.stringify(sorted, null, 2)}\n`)
}

/** One row a file, and their sum. */
export function tableOf(mutants, killed) {
  const files = [...new Set(mutants.map(({ file }) => file))]
  const row = (name, of) => {
    const counted = of.filter(({ ignored }) => !ignored)
    const dead = counted.filter(({ id }) => killed.has(id)).length
    return {
      name,
      mutants: counted.length,
      killed: dead,
      survived: counted.length - dead,
      score: counted.length === 0 ? 100 : (100 * dead) / counted.length,
    }
  }
  const rows = files.map((file) =>
    row(
      file.replace(/^.*\/src\//, ''),
      mutants.filter((mutant) => mutant.file === file),
    ),
  )
  return [...rows, row('all', mutants)]
}

export function printTable(rows) {
  const line = ({ name, mutants, killed, survived, score }) =>
    `${name.padEnd(22)}${[mutants, killed, survived].map((n) => String(n).padStart(10)).join('')}${score.toFixed(1).padStart(10)} %`
  console.log(
    `${'file'.padEnd(22)}${['mutants', 'killed', 'survived', 'score'].map((n) => n.padStart(10)).join('')}`,
  )
  for (const row of rows) console.log(line(row))
}

const INTRO = `# Mutation

What happens to the tests when the modules that decide whether bytes are signed are broken on purpose, one small change at a time.
The changes are those of Stryker's instrumenter, and two kinds of ours: a number goes one up, a single statement goes away. Left
out are changes in the text of messages for people; codes, rules, kinds, selectors and numbers are in. A change counts as killed
when a test fails with it, loops or runs out of time. Tests longer than ${SLOWEST} ms are not asked. Below ${LEAST_SCORE} %, or with a
survivor that nobody has explained, \`npm run mutation\` fails.
`

/** Puts the section of a target into \`report.md\`. */
export function writeReport(name, { rows, mutants, survivors, reasons, seconds, ways }) {
  const old = existsSync(reportFile) ? readFileSync(reportFile, 'utf8') : ''
  const sections = new Map(
    old
      .split(/^(?=## )/m)
      .slice(1)
      .map((section) => [section.slice(3, section.indexOf('\n')), section.trimEnd()]),
  )
  const ignored = mutants.filter((mutant) => mutant.ignored).length
  const cell = (text) => text.replaceAll('|', '\\|')
  const code = (text) => (text.includes('`') ? `\`\` ${cell(text)} \`\`` : `\`${cell(text)}\``)
  const lines = [
    `## ${name}`,
    '',
    `${rows.at(-1).score.toFixed(1)} %, in ${seconds} seconds. Killed ${ways}. ${ignored} changes in texts for people are left out.`,
    '',
    '| file | mutants | killed | survived | score |',
    '| --- | --: | --: | --: | --: |',
    ...rows.map(
      (row) =>
        `| ${row.name} | ${row.mutants} | ${row.killed} | ${row.survived} | ${row.score.toFixed(1)} % |`,
    ),
    '',
    ...(survivors.length === 0 ? [] : ['| survivor | change | why it does no harm |', '| --- | --- | --- |']),
    ...survivors.map(
      (mutant) =>
        `| ${mutant.file.replace(/^.*\/src\//, '')}:${mutant.line} | ${code(mutant.change)} | ${cell(reasonOf(reasons, mutant) ?? '**not explained**')} |`,
    ),
  ]
  sections.set(name, lines.join('\n').trimEnd())
  const sorted = [...sections].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, section]) => section)
  writeFileSync(reportFile, `${[INTRO.trimEnd(), ...sorted].join('\n\n')}\n`)
}
