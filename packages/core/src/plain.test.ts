import { expect, it } from 'vitest'
import { copyPlain } from './plain.ts'

it('copies plain data through and through', () => {
  const value = { a: [1n, { b: 'c' }], bytes: new Uint8Array([1, 2]), nothing: null, missing: undefined }
  const copy = copyPlain(value)
  expect(copy).toEqual(value)
  expect(copy.a).not.toBe(value.a)
  copy.bytes[0] = 9
  expect(value.bytes[0]).toBe(1)
})

it('asks no method of what it copies: what it gives is an array, or bytes, of its own', () => {
  class Shifty extends Array<number> {
    override map(): never {
      throw new Error('asked')
    }
    override *[Symbol.iterator](): ArrayIterator<number> {
      yield 666
    }
  }
  const list = Shifty.of(1, 2) as number[]
  const copy = copyPlain(list)
  expect([copy.constructor, [...copy]]).toEqual([Array, [1, 2]])
  const bytes = Object.assign(new Uint8Array([1, 2]), { slice: () => new Uint8Array([6, 6, 6]) })
  expect(copyPlain(bytes)).toEqual(new Uint8Array([1, 2]))
})
