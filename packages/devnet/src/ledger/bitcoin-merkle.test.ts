import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import type { Host } from './bitcoin-host.ts'
import { leafHash, listElement, type MerkleList, mapValue, preimage, readKeys } from './bitcoin-merkle.ts'
import { byteReader } from './bitcoin-reader.ts'
import { hex } from './exchange.fixture.ts'

const require = createRequire(import.meta.url)
const client = '@ledgerhq/ledger-bitcoin/build/main/lib'
const { ClientCommandInterpreter } = require(`${client}/clientCommands`) as {
  ClientCommandInterpreter: new () => {
    addKnownList(elements: readonly Buffer[]): void
    addKnownPreimage(preimage: Buffer): void
    execute(question: Buffer): Buffer
  }
}
const { Merkle } = require(`${client}/merkle`) as {
  Merkle: new (leaves: readonly Buffer[]) => { getRoot(): Buffer }
}

type Lie = (question: Uint8Array, answer: Buffer) => Buffer

/** Ledger's own client as the host of some lists. */
function hostOf(lists: readonly (readonly Buffer[])[], lie: Lie = (_, answer) => answer): Host {
  const interpreter = new ClientCommandInterpreter()
  for (const list of lists) interpreter.addKnownList(list)
  return {
    ask: async (question) => {
      const answer = interpreter.execute(Buffer.from(question))
      return byteReader(Uint8Array.from(lie(question, answer)), 0x6a80)
    },
  }
}

const listOf = (elements: readonly Buffer[]): MerkleList => ({
  root: Uint8Array.from(new Merkle(elements.map((element) => Buffer.from(leafHash(element)))).getRoot()),
  size: elements.length,
})

const numbered = (size: number, length = 3): Buffer[] =>
  Array.from({ length: size }, (_, at) =>
    Buffer.concat([Buffer.from([at >> 8, at]), Buffer.alloc(length, at)]),
  )

describe('elements of lists', () => {
  it.each([1, 2, 3, 5, 8, 100, 300])('of %i', async (size) => {
    const elements = numbered(size)
    const host = hostOf([elements])
    for (const at of new Set([0, 1, size >> 1, size - 2, size - 1].filter((at) => at >= 0 && at < size)))
      expect(hex(await listElement(host, listOf(elements), at))).toBe(hex(elements[at]!))
  })

  it.each([1, 250, 252, 253, 1000, 70_000])('of %i bytes', async (length) => {
    const elements = [Buffer.alloc(length, 5), Buffer.from('a')]
    expect(hex(await listElement(hostOf([elements]), listOf(elements), 0))).toBe(hex(elements[0]!))
  })

  it('longer than the device has room for are refused', async () => {
    const elements = [Buffer.alloc(34), Buffer.alloc(35)]
    const [host, list] = [hostOf([elements]), listOf(elements)]
    expect(await listElement(host, list, 0, 34)).toHaveLength(34)
    await expect(listElement(host, list, 1, 34)).rejects.toMatchObject({ word: 0x6a80 })
  })
})

const flipped = (answer: Buffer, at: number): Buffer => {
  const changed = Buffer.from(answer)
  changed[at]! ^= 1
  return changed
}
const shortened = (answer: Buffer): Buffer => answer.subarray(0, answer.length - 1)

describe('lies of the host', () => {
  const elements = numbered(300)
  const list = listOf(elements)
  const lies: readonly (readonly [string, Lie])[] = [
    ['another leaf', ([code], answer) => (code === 0x41 ? flipped(answer, 0) : answer)],
    ['another sibling', ([code], answer) => (code === 0x41 ? flipped(answer, 40) : answer)],
    ['another last sibling', ([code], answer) => (code === 0xa0 ? flipped(answer, 10) : answer)],
    ['a proof that ends early', ([code], answer) => (code === 0x41 ? shortened(answer) : answer)],
    ['a longer proof', ([code], answer) => (code === 0x41 ? flipped(answer, 33) : answer)],
    ['another element', ([code], answer) => (code === 0x40 ? flipped(answer, 4) : answer)],
    [
      'a shorter element',
      ([code], answer) => (code === 0x40 ? Buffer.from([5, ...answer.subarray(1)]) : answer),
    ],
    ['siblings of another length', ([code], answer) => (code === 0xa0 ? flipped(answer, 1) : answer)],
  ]

  it.each(lies)('%s', async (_, lie) => {
    await expect(listElement(hostOf([elements], lie), list, 7)).rejects.toMatchObject({ word: 0x6a80 })
  })

  it('an element of another place', async () => {
    const honest = hostOf([elements])
    const ask: Host['ask'] = (question) => {
      // The question for the ninth instead of the eighth.
      if (question[0] === 0x41) return honest.ask(Uint8Array.of(...question.slice(0, 36), 8))
      return honest.ask(question)
    }
    await expect(listElement({ ask }, list, 7)).rejects.toMatchObject({ word: 0x6a80 })
  })

  it('another preimage', async () => {
    const interpreter = new ClientCommandInterpreter()
    interpreter.addKnownPreimage(Buffer.from('policy'))
    const hash = Uint8Array.from(
      await crypto.subtle.digest('SHA-256', Buffer.from('policy')).then((digest) => new Uint8Array(digest)),
    )
    const host = (change: boolean): Host => ({
      ask: async (question) => {
        const answer = interpreter.execute(Buffer.from(question))
        return byteReader(Uint8Array.from(change ? flipped(answer, 3) : answer), 0x6a80)
      },
    })
    expect(Buffer.from(await preimage(host(false), hash)).toString()).toBe('policy')
    await expect(preimage(host(true), hash)).rejects.toMatchObject({ word: 0x6a80 })
  })
})

describe('maps', () => {
  const keys = [Buffer.from([1]), Buffer.from([2]), Buffer.from([2, 1]), Buffer.from([3])]
  const values = ['one', 'two', 'two and one', 'three'].map((value) => Buffer.from(value))
  const map = { keys: listOf(keys), values: listOf(values) }

  it('have values', async () => {
    const host = hostOf([keys, values])
    expect(Buffer.from(await mapValue(host, map, 3)).toString()).toBe('three')
    await expect(mapValue(host, map, 4)).rejects.toMatchObject({ word: 0x6a80 })
  })

  it('whose host points to another key are refused', async () => {
    const lie: Lie = ([code], answer) => (code === 0x42 ? Buffer.from([1, 0]) : answer)
    await expect(mapValue(hostOf([keys, values], lie), map, 3)).rejects.toMatchObject({ word: 0x6a80 })
    const beyond: Lie = ([code], answer) => (code === 0x42 ? Buffer.from([1, 9]) : answer)
    await expect(mapValue(hostOf([keys, values], beyond), map, 3)).rejects.toMatchObject({ word: 0x6a80 })
  })

  it.each([
    ['in order', keys, true],
    ['out of order', [keys[1]!, keys[0]!], false],
    ['twice the same', [keys[0]!, keys[0]!], false],
    ['a longer one before its beginning', [keys[2]!, keys[1]!], false],
  ])('have keys %s', async (_, list, isFine) => {
    const read = readKeys(hostOf([list]), listOf(list))
    if (isFine) await read
    else await expect(read).rejects.toMatchObject({ word: 0x6a80 })
  })
})
