import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseJson, writeJson } from './json.ts'
import { type Table, table } from './table.ts'

test('forks see what was there, and nothing that the other does later', () => {
  const key = fc.constantFrom('00', '0100', '0200', 'ff', 'a1', 'x:01')
  const step = fc.oneof(
    fc.record({ do: fc.constant('set' as const), on: fc.nat(7), key, value: fc.nat() }),
    fc.record({ do: fc.constant('delete' as const), on: fc.nat(7), key }),
    fc.record({ do: fc.constant('fork' as const), on: fc.nat(7) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const pairs: { real: Table<number>; model: Map<string, number> }[] = [
        { real: table(), model: new Map() },
      ]
      for (const one of steps) {
        const pair = pairs[one.on % pairs.length] as (typeof pairs)[number]
        if (one.do === 'fork') {
          pairs.push({ real: pair.real.fork(), model: new Map(pair.model) })
        } else if (one.do === 'set') {
          pair.real.set(one.key, one.value)
          pair.model.set(one.key, one.value)
        } else {
          pair.real.delete(one.key)
          pair.model.delete(one.key)
        }
      }
      for (const { real, model } of pairs) {
        expect([...real.keys()].sort()).toEqual([...model.keys()].sort())
        expect([...real.values()].sort()).toEqual([...model.values()].sort())
        for (const [name, value] of model) expect(real.get(name)).toBe(value)
      }
    }),
    { numRuns: 300 },
  )
})

test('JSON keeps integers of any size', () => {
  const text =
    '{"a":9223372036854775807,"b":[-9223372036854775808,1.5],"c":"12345678901234567890 \\" 9223372036854775807"}'
  expect(parseJson(text)).toEqual({
    a: '9223372036854775807',
    b: ['-9223372036854775808', 1.5],
    c: '12345678901234567890 " 9223372036854775807',
  })
  expect(writeJson({ a: 2n ** 63n - 1n, b: [undefined, null, 'x"'], c: undefined, d: { e: true } })).toBe(
    '{"a":9223372036854775807,"b":[null,null,"x\\""],"d":{"e":true}}',
  )
  expect(parseJson('{"a":1e21,"b":0.1234567890123456789}')).toEqual({ a: 1e21, b: 0.12345678901234568 })
})
