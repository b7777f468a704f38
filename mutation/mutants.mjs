import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Instrumenter } from '@stryker-mutator/instrumenter'

const home = new URL('.', import.meta.resolve('@stryker-mutator/instrumenter'))
const { allMutators } = await import(new URL('mutators/mutate.js', home).href)

/**
 * Every mutant of the files, and the files with all of them inside, each behind a switch. The kinds of mutants are Stryker's,
 * with two of ours: numbers go one up, and single statements go away.
 */
export async function mutantsOf(root, files) {
  const sources = Object.fromEntries(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]))
  const quiet = { debug() {}, info() {}, warn: console.warn, isDebugEnabled: () => false }
  const options = { excludedMutations: [], ignorers: [{ shouldIgnore: forPeople }], plugins: null }
  const made = await new Instrumenter(quiet).instrument(
    files.map((name) => ({ name, mutate: true, content: sources[name] })),
    options,
  )
  const seen = new Map()
  const mutants = made.mutants.map(({ id, fileName: file, location, mutatorName, replacement, status }) => {
    const { line, column } = location.start
    const from = short(cut(sources[file], location))
    const change = `${from} → ${short(replacement ?? '')}`
    const code = sources[file].split('\n')[line].trim()
    const same = `${file}|${code}|${change}`
    const nth = seen.get(same) ?? 0
    seen.set(same, nth + 1)
    return {
      id,
      file,
      line: line + 1,
      column: column + 1,
      kind: mutatorName,
      code,
      change,
      key: `${same}|${nth}`,
      ignored: status === 'Ignored',
    }
  })
  return { mutants, instrumented: Object.fromEntries(made.files.map(({ name, content }) => [name, content])) }
}

function cut(source, { start, end }) {
  const lines = source.split('\n').slice(start.line, end.line + 1)
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column)
  lines[0] = lines[0].slice(start.column)
  return lines.join('\n')
}

function short(text) {
  const one = text.replace(/\s+/g, ' ').trim()
  return one.length > 90 ? `${one.slice(0, 60)} … ${one.slice(-27)}` : one
}

// ---- two kinds of mutants more ----

const number = {
  name: 'Number',
  *mutate(path) {
    const { node, parent } = path
    if (path.isNumericLiteral() && !(parent.key === node && !parent.computed))
      yield { type: 'NumericLiteral', value: node.value + 1 }
    if (path.isBigIntLiteral()) yield { type: 'BigIntLiteral', value: String(BigInt(node.value) + 1n) }
  },
}

const statement = {
  name: 'Statement',
  *mutate(path) {
    if (path.isExpressionStatement() || path.isThrowStatement()) yield { type: 'EmptyStatement' }
  },
}

allMutators.push(number, statement)

// ---- the text of messages ----

const SAYS =
  /^(wrong|warn|refuse|invalid|broken|bad|fail|throw|reason|why|unusable|error|problem|cannot|not)/i

/** A text is for people when it is a `message`, or a sentence handed to what makes an error or a warning. */
function forPeople(path) {
  if (!path.isStringLiteral() && !path.isTemplateLiteral()) return undefined
  const text = path.isStringLiteral()
    ? path.node.value
    : path.node.quasis.map(({ value }) => value.raw).join('…')
  const holder = path.findParent(
    (up) =>
      up.isObjectProperty() ||
      up.isVariableDeclarator() ||
      up.isCallExpression() ||
      up.isStatement() ||
      up.isFunction(),
  )
  if (holder?.isObjectProperty() && !holder.node.computed)
    return /^(message|why|reason)$/.test(holder.node.key.name) ? 'text for people' : undefined
  if (!/\s/.test(text.trim())) return undefined
  if (holder?.isVariableDeclarator() && /^(message|why|reason)$/.test(holder.node.id.name))
    return 'text for people'
  if (
    holder?.isCallExpression() &&
    SAYS.test(holder.node.callee.name ?? holder.node.callee.property?.name ?? '')
  )
    return 'text for people'
  if (path.findParent((up) => up.isThrowStatement())) return 'text for people'
  const fn = path.getFunctionParent()
  if (fn?.isFunctionDeclaration() && /^(reason|why)/.test(fn.node.id.name)) return 'text for people'
  return undefined
}
