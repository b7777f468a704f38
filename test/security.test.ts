import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const ALL = ['bitcoin', 'evm', 'tron'] as const
const root = new URL('../', import.meta.url).pathname

/** Every file of tests, and the suites that packages run. */
const files = ['packages', 'examples', 'test'].flatMap((folder) => walk(folder))

function walk(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return /^(node_modules|dist|__snapshots__)$/.test(entry.name) ? [] : walk(path)
    return /\.test\.ts$|\/testing\/[\w-]+\.ts$/.test(path) ? [path] : []
  })
}

/** The numbers that the titles of a file's tests bear. Those of the lies come from the lies. */
function numbersIn(path: string): Set<string> {
  const text = readFileSync(join(root, path), 'utf8')
  // The first argument of a call, with another one after it.
  const titles = [...text.matchAll(/\(\s*(['"`])((?:\\.|(?!\1)[^\n])*)\1,\s/g)].map((match) => match[2]!)
  const lies = text.includes('everyLie(') ? liesOf(chainOf(path)) : []
  return new Set([...titles, ...lies].flatMap((title) => title.match(/\b[BETG]\d{1,2}\b/g) ?? []))
}

/** The numbers of the lies that are played at the servers of a chain. */
function liesOf(chain: string | undefined): readonly string[] {
  const folder = join(root, 'packages/devnet/src/hostile/lies')
  const foreign = ALL.filter((one) => one !== chain)
  return readdirSync(folder)
    .filter((file) => !foreign.some((other) => file.startsWith(other)))
    .flatMap((file) => readFileSync(join(folder, file), 'utf8').match(/'[BETG]\d{1,2}'/g) ?? [])
}

interface Row {
  readonly number: string
  readonly attack: string
  readonly defence: string
  readonly tests: readonly string[]
}

const page = readFileSync(join(root, 'docs/security.md'), 'utf8')
const rows: Row[] = [...page.matchAll(/^\| ([BETG]\d+) \| (.+?) \| (.+) \| (.+) \|$/gm)].map(
  ([, number, attack, defence, tests]) => ({
    number: number!,
    attack: attack!,
    defence: defence!,
    tests: [...tests!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!),
  }),
)

/** What of the attacks on every chain has its place below chains: there is one test for all of them. */
const BELOW = ['G4', 'G6', 'G7', 'G15']

/** Of which chain a file's tests are. */
function chainOf(path: string): string | undefined {
  if (/bitcoin|Utxo|esplora|electrum|blockbook/i.test(path)) return 'bitcoin'
  if (/chains\/evm|ethereum|Evm|jsonRpc/.test(path)) return 'evm'
  return /tron/i.test(path) ? 'tron' : undefined
}

describe('the security page', () => {
  it('lists every numbered attack, in order', () => {
    const range = (letter: string, count: number) =>
      Array.from({ length: count }, (_, i) => `${letter}${i + 1}`)
    expect(rows.map(({ number }) => number)).toEqual([
      ...range('B', 8),
      ...range('E', 8),
      ...range('T', 7),
      ...range('G', 15),
    ])
    for (const { attack, defence } of rows) expect(attack.length * defence.length).toBeGreaterThan(200)
  })

  it.each(rows)('names tests of $number that are there and bear its number', ({ number, tests }) => {
    expect(tests.length).toBeGreaterThan(0)
    for (const name of tests) {
      const found = files.filter((path) => path === name || path.endsWith(`/${name}`))
      expect(found, name).toHaveLength(1)
      expect([...numbersIn(found[0]!)], name).toContain(number)
    }
  })

  it.each(rows.filter(({ number }) => number.startsWith('G') && !BELOW.includes(number)))(
    '$number is tried on every chain',
    ({ number }) => {
      const bearing = files.filter((path) => numbersIn(path).has(number))
      const chains = new Set(bearing.flatMap((path) => chainOf(path) ?? []))
      expect([...chains].sort()).toEqual([...ALL])
    },
  )
})
