import fc from 'fast-check'
import {
  type Branch,
  fromHex,
  type Input,
  isBranch,
  join,
  LARGEST,
  type Shape,
  type Tree,
  toBytes,
  toText,
  writeTree,
} from './input.ts'

/** One change. Numbers choose places, taken modulo what there is, so that smaller ones are simpler. */
interface Change {
  /** 0 changes the input as it stands; others look at one of its shapes. */
  readonly view: number
  readonly how: number
  readonly at: number
  readonly to: number
  readonly size: number
}

const change: fc.Arbitrary<Change> = fc.record({
  view: fc.nat(3),
  how: fc.nat(63),
  at: fc.nat(4095),
  to: fc.nat(4095),
  size: fc.oneof(fc.nat(8), fc.nat(300)),
})

/**
 * Inputs for a decoder: sound ones, mostly with up to six changes to their bytes or to their structure, some that are of nothing
 * but chance. Failures shrink to fewer and simpler changes.
 */
export function mutated(corpus: readonly Input[], shapes: readonly Shape[]): fc.Arbitrary<Input> {
  const changed = fc
    .tuple(fc.nat(corpus.length - 1), fc.array(change, { maxLength: 6 }))
    .map(([start, changes]) =>
      changes.reduce<Input>((input, change) => {
        const next = apply(input, change, corpus, shapes)
        return next.length > LARGEST ? input : next
      }, corpus[start]!),
    )
  const noise: fc.Arbitrary<Input> =
    typeof corpus[0] === 'string'
      ? fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ unit: 'binary-ascii' }))
      : fc.uint8Array({ maxLength: 300 })
  return fc.oneof({ weight: 24, arbitrary: changed }, { weight: 1, arbitrary: noise })
}

function apply(input: Input, change: Change, corpus: readonly Input[], shapes: readonly Shape[]): Input {
  const shape = change.view === 0 ? undefined : shapes[(change.view - 1) % Math.max(1, shapes.length)]
  const tree = shape?.(input)
  if (tree) {
    const changed = writeTree(changeTree(tree, change))
    return typeof input === 'string' ? toText(changed) : toBytes(changed)
  }
  return typeof input === 'string'
    ? changeText(input, change, corpus[change.to % corpus.length] as string)
    : changeBytes(input, change, toBytes(corpus[change.to % corpus.length]!))
}

// ---- structure ----

function nodesOf(tree: Tree, into: Tree[] = []): Tree[] {
  into.push(tree)
  if (isBranch(tree)) for (const item of tree.items) nodesOf(item, into)
  return into
}

function changeTree(root: Branch, { how, at, to, size }: Change): Tree {
  const nodes = nodesOf(root)
  const chosen = nodes[at % nodes.length]!
  const other = nodes[to % nodes.length]!
  const leaf = (): Tree => {
    const input = writeTree(chosen)
    const change = { view: 0, how: to, at: size * 7 + at, to: at, size }
    return typeof input === 'string'
      ? changeText(input, change, 'x')
      : changeBytes(input, change, toBytes(writeTree(other)))
  }
  const changes: readonly (() => readonly Tree[])[] = [
    () => (isBranch(chosen) ? [other] : [leaf()]),
    () => (isBranch(chosen) ? [chosen, chosen] : [leaf()]),
    () => (isBranch(chosen) ? [{ ...chosen, items: [] }] : [leaf()]),
    () => [],
    () => [chosen, chosen],
    () => [other],
    () => [other, chosen],
    () => [typeof writeTree(chosen) === 'string' ? '' : new Uint8Array()],
    () => new Array<Tree>(Math.min(size, 100)).fill(chosen),
    () => [nested(chosen, root, size)],
    () => [longer(chosen)],
    () => [isBranch(chosen) ? longer(chosen) : leaf()],
    () => [isBranch(chosen) ? { ...chosen, items: [...chosen.items].reverse() } : leaf()],
    () => [isBranch(chosen) ? { ...chosen, items: [...chosen.items, other] } : leaf()],
  ]
  return replaced(root, chosen, changes[how % changes.length]!())
}

function longer(tree: Tree): Tree {
  return isBranch(tree) && tree.writeLonger ? { ...tree, write: tree.writeLonger } : tree
}

/** A branch in a branch of its kind in a branch of its kind. */
function nested(tree: Tree, root: Branch, depth: number): Tree {
  const { write } = isBranch(tree) ? tree : root
  let deep = tree
  for (let i = 0; i < Math.min(depth, 100); i++) deep = { items: [deep], write }
  return deep
}

/** The first place alone, so that what was repeated is not changed all over. */
function replaced(root: Branch, chosen: Tree, by: readonly Tree[]): Tree {
  let done = false
  const visit = (tree: Tree): readonly Tree[] => {
    if (tree === chosen && !done) {
      done = true
      return by
    }
    return isBranch(tree) ? [{ ...tree, items: tree.items.flatMap(visit) }] : [tree]
  }
  return visit(root)[0] ?? root.write([])
}

// ---- bytes ----

/** Lengths that announce what is not there, numbers at their edges, in the ways of the formats here. */
const MARKS = [
  'fdffff',
  'feffffffff',
  'ffffffffffffffffff',
  'fd0000',
  'fe00000000',
  'ff0000000000000000',
  'b9ffff',
  'bf7fffffffffffffff',
  'bfffffffffffffffff',
  'f9ffff',
  'fbffffffff',
  'ffffffffff7fffffff',
  'ffffffffffffffffff01',
  '8080808080808080808001',
  '808000',
  'c0',
  '80',
  '4effffffff',
  '4dffff',
  'ffffffff',
  '00000080',
  '0000000000000080',
  'ffffffffffffff7f',
].map(fromHex)
const EDGES = [0, 1, 0x7f, 0x80, 0xc0, 0xfd, 0xfe, 0xff]

function changeBytes(bytes: Uint8Array, { how, at, to, size }: Change, other: Uint8Array): Uint8Array {
  const place = at % (bytes.length + 1)
  const end = Math.min(bytes.length, place + 1 + size)
  const before = bytes.subarray(0, place)
  const after = bytes.subarray(place)
  const rest = bytes.subarray(end)
  const mark = MARKS[to % MARKS.length]!
  switch (how % 12) {
    case 0:
      return set(bytes, place, (bytes[place] ?? 0) ^ (1 << (to % 8)))
    case 1:
      return set(bytes, place, EDGES[to % EDGES.length]!)
    case 2:
      return set(bytes, place, (bytes[place] ?? 0) + (to % 2 ? 1 : 255))
    case 3:
      return join([before])
    case 4:
      return join([before, rest])
    case 5:
      return join([before, bytes.subarray(place, end), after])
    case 6:
      return join([before, mark, after])
    case 7:
      return join([before, mark, bytes.subarray(place + mark.length)])
    case 8:
      return join([before, other.subarray(to % (other.length + 1))])
    case 9:
      return join([before, other.subarray(to % (other.length + 1), (to % (other.length + 1)) + size), after])
    case 10:
      return join([before, new Uint8Array(size).fill(EDGES[to % EDGES.length]!), after])
    default:
      return join([rest, bytes.subarray(place, end), before])
  }
}

function set(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice()
  if (at < copy.length) copy[at] = value
  return copy
}

// ---- text ----

const WORDS = [
  '__proto__',
  'constructor',
  'prototype',
  '"__proto__":{"polluted":true},',
  '"constructor":{"prototype":{"polluted":true}},',
  'toString',
  '\0',
  '\u202e',
  '\u200b',
  '\ufeff',
  '\ud800',
  '\udfff',
  'ı',
  'ſ',
  'К',
  '٣',
  ' ',
  '\n',
  '\r\n',
  '\t',
  '"',
  '\\',
  '\\u0000',
  '%00',
  '%',
  '%ff',
  '&',
  '=',
  '?',
  '#',
  '/',
  ':',
  '@',
  ',',
  ';',
  "'",
  '(',
  ')',
  '<0;1>',
  '*',
  '{',
  '}',
  '[',
  ']',
  'null',
  'true',
  '{}',
  '[]',
  '""',
  '-',
  '-0',
  '+1',
  '0x',
  '0X1',
  '1e400',
  '1e-400',
  '1e21',
  '9007199254740993',
  '18446744073709551616',
  '9223372036854775808',
  '4294967296',
  '2147483648',
  '-1',
  '0.1',
  '.5',
  '5.',
  '00',
  'NaN',
  'Infinity',
  'req-x=1',
]
const LONG = [
  '[',
  '{"a":',
  '(',
  '9',
  '0',
  'a',
  '/0',
  'sh(',
  '\u0301',
  ' ',
  '%41',
  ',',
  '&a=b',
  '<',
  '-',
  '\\',
]

function changeText(text: string, { how, at, to, size }: Change, other: string): string {
  const place = at % (text.length + 1)
  const end = Math.min(text.length, place + 1 + size)
  const before = text.slice(0, place)
  const after = text.slice(place)
  const rest = text.slice(end)
  const part = text.slice(place, end)
  const word = WORDS[to % WORDS.length]!
  switch (how % 15) {
    case 0:
      return before + word + after
    case 1:
      return before + word + text.slice(place + 1)
    case 2:
      return before + rest
    case 3:
      return before
    case 4:
      return before + part + after
    case 5:
      return before + part.toUpperCase() + rest
    case 6:
      return before + part.toLowerCase() + rest
    case 7:
      return before + other.slice(to % (other.length + 1))
    case 8:
      return before + String.fromCharCode(to * 16 + (size % 16)) + text.slice(place + 1)
    case 9:
      return before + String.fromCharCode(33 + (to % 94)) + text.slice(place + 1)
    case 10:
      return before + LONG[to % LONG.length]!.repeat(size * Math.min(size, 100)) + after
    case 11:
      return before + [...part].reverse().join('') + rest
    case 12:
      return text.replaceAll(text.charAt(place), word)
    case 13:
      return word
    default:
      return before + JSON.stringify(part).slice(1, -1) + rest
  }
}
