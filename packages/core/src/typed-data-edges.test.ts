import { describe, expect, test } from 'vitest'
import { CofferError } from './error.ts'
import { checkTypedData, type TypedDataRules } from './typed-data.ts'

const RULES: TypedDataRules = {
  chainId: 7n,
  network: 'seven',
  parseAddress: (text) => {
    if (text === 'bob') return 'BOB'
    throw new Error('no address')
  },
  addressBytes: () => new Uint8Array(20),
}
const DOMAIN = { name: 'Test', chainId: 7 }
const START = 'This typed data is not signed. '
const END = ' Do not trust the site that asks for it.'

/** A request with these types, whose first one is asked for. */
const request = (types: object, message: unknown, more: object = {}): object => ({
  types,
  primaryType: Object.keys(types)[0],
  domain: DOMAIN,
  message,
  ...more,
})
const ask = (type: unknown, value: unknown, more: object = {}): object =>
  request({ Ask: [{ name: 'a', type }], ...more }, { a: value })
const read = (type: string, value: unknown, more: object = {}): unknown =>
  checkTypedData(ask(type, value, more), RULES).message['a']

/** Why it is refused; what is not refused for its data makes the test fail. */
function why(typedData: unknown): string {
  try {
    checkTypedData(typedData, RULES)
  } catch (error) {
    if (!(error instanceof CofferError) || error.code !== 'INVALID_TYPED_DATA') throw error
    expect(error.message.startsWith(START) && error.message.endsWith(END)).toBe(true)
    return error.message.slice(START.length, -END.length)
  }
  return 'nothing'
}
const whyNot = (type: unknown, value: unknown, more: object = {}): string => why(ask(type, value, more))

describe('E5: the request', () => {
  test('is an object with four fields, or its text', () => {
    const sound = ask('bool', true)
    expect(why(sound)).toBe('nothing')
    expect(why(JSON.stringify(sound))).toBe('nothing')
    for (const value of [null, undefined, 5, [], [sound]])
      expect(why(value)).toBe('It is missing or is not an object.')
    expect(why('5')).toBe('It is missing or is not an object.')
    expect(why({ ...sound, more: 1 })).toBe('It has a field that is not declared.')
    const { message: _, ...less } = sound as { message: unknown }
    expect(why(less)).toBe('It lacks the field "message".')
    expect(why({ ...less, more: 1 })).toBe('It lacks the field "message".')
    expect(why(Object.assign(Object.create({ message: { a: true } }), less))).toBe(
      'It lacks the field "message".',
    )
    expect(() => checkTypedData('{', RULES)).toThrow(expect.objectContaining({ code: 'INVALID_JSON' }))
  })

  test('has a primary type that it declares, and not the domain', () => {
    const reason = 'Its primary type is not one of the types that it declares.'
    for (const primaryType of ['Other', 'bool', 'toString', 'EIP712Domain', undefined, null, ['Ask']])
      expect(why({ ...ask('bool', true), primaryType })).toBe(reason)
  })

  test('keeps the digits of large numbers in a text', () => {
    const text = JSON.stringify(ask('uint256', 0)).replace('"a":0', '"a":9007199254740993')
    expect(checkTypedData(text, RULES).message).toEqual({ a: 9007199254740993n })
  })
})

describe('E5: the domain', () => {
  const of = (domain: unknown, EIP712Domain?: unknown): string =>
    why({ ...ask('bool', true, EIP712Domain ? { EIP712Domain } : {}), domain })
  const own = 'Its domain declares a field that a domain does not have.'

  test('is an object that is not empty, with its own fields alone', () => {
    for (const domain of [null, [], 'x'])
      expect(of(domain)).toBe('Its domain is missing or is not an object.')
    expect(of({})).toBe('Its domain is empty, so any contract could use the signature.')
    expect(of(DOMAIN, [])).toBe('Its domain is empty, so any contract could use the signature.')
    expect(of({ ...DOMAIN, owner: 'x' })).toBe('domain has a field that is not declared.')
    expect(of({ name: 'Test' }, [{ name: 'name', type: 'string' }])).toBe('nothing')
    expect(of({ name: 'Test' }, [{ name: 'version', type: 'string' }])).toBe(
      'domain lacks the field "version".',
    )
  })

  test('declares its fields by their own names and types', () => {
    expect(of({ owner: 'x' }, [{ name: 'owner', type: 'string' }])).toBe(own)
    expect(of({ chainId: 'x' }, [{ name: 'chainId', type: 'string' }])).toBe(own)
    expect(of({ salt: 'x' }, [{ name: 'salt', type: 'string' }])).toBe(own)
  })

  test('comes back with its type, declared or implied, in the order of the standard', () => {
    const types = [
      { name: 'version', type: 'string' },
      { name: 'chainId', type: 'uint256' },
    ]
    const implied = checkTypedData({ ...ask('bool', true), domain: { chainId: 7, version: '1' } }, RULES)
    expect(implied.types['EIP712Domain']).toEqual(types)
    const turned = [...types].reverse()
    const declared = { ...ask('bool', true, { EIP712Domain: turned }), domain: { chainId: 7, version: '1' } }
    expect(checkTypedData(declared, RULES).types['EIP712Domain']).toEqual(turned)
  })
})

describe('E5: types', () => {
  const many = (count: number): object =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`T${i}`, []]))

  test('are a list of no more than a hundred', () => {
    for (const types of [null, [], 'x'])
      expect(why({ ...ask('bool', true), types })).toBe('Its list of types is missing or is not an object.')
    expect(whyNot('bool', true, many(99))).toBe('nothing')
    expect(whyNot('bool', true, many(100))).toBe('It declares too many types.')
  })

  test('have names that mean nothing else', () => {
    const reason = 'It declares a type with a name that cannot be one.'
    const long = 'A'.repeat(100)
    for (const name of ['$', '_a', 'T9', long]) expect(whyNot(name, {}, { [name]: [] })).toBe('nothing')
    for (const name of ['', '9', 'a b', 'a-b', 'A[]', ' A', 'A ', `${long}A`, 'constructor', 'prototype'])
      expect(whyNot('bool', true, { [name]: [] }), name).toBe(reason)
    for (const name of ['address', 'bool', 'string', 'bytes', 'bytes1', 'bytes32', 'uint8', 'int256'])
      expect(whyNot('bool', true, { [name]: [] }), name).toBe(reason)
    const proto = JSON.parse('{"Ask":[{"name":"a","type":"bool"}],"__proto__":[]}') as object
    expect(why(request(proto, { a: true }))).toBe(reason)
  })

  test('have fields: a list of no more than a hundred, each with a name of its own and a type', () => {
    const of = (fields: unknown, message: object = {}): string => why(request({ Ask: fields }, message))
    const fields = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ name: `f${i}`, type: 'bool' }))
    const values = Object.fromEntries(fields(100).map(({ name }) => [name, true]))
    expect(of(fields(100), values)).toBe('nothing')
    for (const wrong of [fields(101), {}, null, 'x', { length: 1 }])
      expect(of(wrong)).toBe('The fields of its type Ask are not a list.')
    expect(of([null])).toBe('A field of its type Ask is missing or is not an object.')
    expect(of([{ name: 'a' }])).toBe('A field of its type Ask lacks the field "type".')
    expect(of([{ name: 'a', type: 'bool', indexed: true }])).toBe(
      'A field of its type Ask has a field that is not declared.',
    )
    const cannot = 'A field of its type Ask has a name or a type that cannot be one.'
    for (const name of [5, ['a'], 'a b', '', 'constructor', '__proto__', 'a,bool b'])
      expect(of([{ name, type: 'bool' }], { [String(name)]: true }), String(name)).toBe(cannot)
    for (const type of [5, null, ['bool']]) expect(of([{ name: 'a', type }], { a: true })).toBe(cannot)
    expect(of([...fields(1), ...fields(1)], { f0: true })).toBe('Its type Ask declares a field twice.')
    const long = 'A'.repeat(100)
    expect(whyNot(`${long}${'[]'.repeat(25)}`, [], { [long]: [] })).toBe('nothing')
    const less = 'A'.repeat(99)
    expect(whyNot(`${less}${'[]'.repeat(26)}`, [], { [less]: [] })).toBe(cannot)
  })

  test('that are used are declared, and are written exactly', () => {
    for (const type of [
      ...['Other', 'Other[]', 'toString', '', '[]', 'bool[', 'bool]', 'bool[0]', 'bool[01]', 'bool[-1]'],
      ...['bool[100000]', 'bool[2]x', 'x\nbool[]', 'bool []', 'bool[ ]', 'bool[1x]'],
      ...['uint', 'int', 'uint0', 'uint08', 'uint7', 'uint12', 'uint257', 'uint264', 'uint1000', 'Uint8'],
      ...['xint8', 'xuint8', 'int8x', 'uint8 ', 'uuint8', 'fixed8', 'byte', 'bytes0', 'bytes01', 'bytes33'],
      ...['bytes100', 'xbytes4', 'bytes4x', 'function', 'tuple'],
    ])
      expect(whyNot(type, []), type).toBe('It uses a type that it does not declare.')
    expect(whyNot('bool', true, { Unused: [{ name: 'x', type: 'Gone[2][]' }] })).toBe(
      'It uses a type that it does not declare.',
    )
  })

  test('do not contain themselves, at any depth and in lists', () => {
    expect(whyNot('Ask', {})).toBe('Its type Ask contains itself.')
    const b = (type: string) => ({ B: [{ name: 'x', type }] })
    expect(whyNot('B', {}, b('Ask[2][]'))).toBe('Its type Ask contains itself.')
    expect(whyNot('B', {}, b('B'))).toBe('Its type B contains itself.')
    expect(whyNot('bool', true, b('B[]'))).toBe('Its type B contains itself.')
  })

  test('may be used by many others, and are looked at once', () => {
    const types = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => {
        const type = i === 59 ? 'bool' : `T${i + 1}[]`
        return [
          `T${i}`,
          [
            { name: 'left', type },
            { name: 'right', type },
          ],
        ]
      }),
    )
    expect(why(request(types, { left: [], right: [] }))).toBe('nothing')
  })
})

describe('E5: values', () => {
  test('of structs are objects with the declared fields and no others, and are named when they are wrong', () => {
    const more = { Inner: [{ name: 'b', type: 'bool' }] }
    const inner = (...items: unknown[]) => whyNot('Inner[]', items, more)
    expect(inner({ b: true }, { b: 5 })).toBe('message.a[1].b should be true or false.')
    expect(inner({ b: true }, {})).toBe('message.a[1] lacks the field "b".')
    expect(inner({ b: true, c: 1 })).toBe('message.a[0] has a field that is not declared.')
    for (const value of [null, 5, 'x', [], [true], undefined])
      expect(inner(value)).toBe('message.a[0] is missing or is not an object.')
    expect(why(request({ Ask: [] }, { a: 1 }))).toBe('message has a field that is not declared.')
    expect(read('Inner[]', [{ b: true }], more)).toEqual([{ b: true }])
  })

  test('are ten thousand at most, all counted', () => {
    // The domain and its two fields, the message, and the list itself are five.
    expect(read('bool[]', Array(9_995).fill(true))).toHaveLength(9_995)
    expect(whyNot('bool[]', Array(9_996).fill(true))).toBe('It holds more than 10000 values.')
  })

  test('of lists are lists, as long as they were declared', () => {
    for (const value of [null, 'x', { length: 0 }, true])
      expect(whyNot('bool[]', value)).toBe('message.a should be a list.')
    expect(read('bool[12]', Array(12).fill(true))).toHaveLength(12)
    expect(whyNot('bool[12]', Array(11).fill(true))).toBe('message.a should have 12 elements and has 11.')
    expect(whyNot('bool[2][]', [[true, true], [true]])).toBe('message.a[1] should have 2 elements and has 1.')
    expect(whyNot('bool[][2]', [[]])).toBe('message.a should have 2 elements and has 1.')
    expect(whyNot('bool[1]', [])).toBe('message.a should have 1 elements and has 0.')
    // A hole is a value that is missing.
    expect(whyNot('bool[2]', Array(2))).toBe('message.a[0] should be true or false.')
  })

  test('that are true or false are just that', () => {
    expect(read('bool', false)).toBe(false)
    for (const value of ['true', 1, 0, null, [true]])
      expect(whyNot('bool', value)).toBe('message.a should be true or false.')
  })

  test('of text have a UTF-8 form', () => {
    expect(read('string', 'é 😀')).toBe('é 😀')
    for (const value of ['\ud83d', 'a\ude00', 5, null, ['x'], undefined])
      expect(whyNot('string', value)).toBe('message.a should be text with a UTF-8 form.')
  })

  test('of addresses are what the chain reads', () => {
    expect(read('address', 'bob')).toBe('BOB')
    for (const value of ['eve', 5, null])
      expect(whyNot('address', value)).toBe('message.a should be an address.')
    try {
      checkTypedData(ask('address', 'eve'), RULES)
      expect.unreachable()
    } catch (error) {
      expect((error as CofferError).cause).toMatchObject({ message: 'no address' })
    }
  })

  test('of bytes are hexadecimal, whole, and as many as declared', () => {
    expect(read('bytes', '0x')).toBe('0x')
    expect(read('bytes', '0xABcd12')).toBe('0xabcd12')
    expect(read('bytes1', '0xFF')).toBe('0xff')
    expect(read('bytes32', `0x${'12'.repeat(32)}`)).toBe(`0x${'12'.repeat(32)}`)
    const reason = (type: string) => `message.a should be bytes in hex, as many as ${type} has.`
    for (const value of ['', '0xabc', '0xabcg', 'ab', 'x0xab', '0xab ', '0xab\n', '0Xab', 5, null, ['0xab']])
      expect(whyNot('bytes', value), String(value)).toBe(reason('bytes'))
    for (const value of ['0x', '0xabcd', '0xabcdef12ab', '0xabcdefgg'])
      expect(whyNot('bytes4', value), value).toBe(reason('bytes4'))
  })

  test('of integers fit, to the last one', () => {
    const fits = (type: string, least: bigint, most: bigint) => {
      for (const value of [least, most]) {
        expect(read(type, value)).toBe(value)
        expect(read(type, String(value))).toBe(value)
      }
      for (const value of [least - 1n, most + 1n])
        expect(whyNot(type, value)).toBe('message.a does not fit into its type.')
    }
    fits('uint8', 0n, 255n)
    fits('int8', -128n, 127n)
    fits('uint256', 0n, (1n << 256n) - 1n)
    fits('int256', -(1n << 255n), (1n << 255n) - 1n)
    fits('int248', -(1n << 247n), (1n << 247n) - 1n)
  })

  test('of integers are written exactly', () => {
    expect(read('int64', 2 ** 53 - 1)).toBe(9007199254740991n)
    expect(read('int64', -5)).toBe(-5n)
    expect(read('uint256', `0x${'fF'.repeat(32)}`)).toBe((1n << 256n) - 1n)
    expect(read('uint8', '0x00ff')).toBe(255n)
    expect(read('uint8', '0x0')).toBe(0n)
    const reason = 'message.a should be a whole number that is written exactly, as a string or up to 2^53.'
    for (const value of [
      ...[2 ** 53, 1.5, Number.NaN, Number.POSITIVE_INFINITY, true, null, undefined, ['5'], {}],
      ...[
        '',
        ' 5',
        '5 ',
        '5\n',
        'x5',
        '5x',
        '05',
        '+5',
        '--5',
        '1e3',
        '5.0',
        '1_0',
        '0x',
        '-0x5',
        '0xg1',
        'x0x5',
      ],
      ...['0x5g', `0x${'0'.repeat(65)}`, '9'.repeat(79)],
    ])
      expect(whyNot('uint256', value), String(value)).toBe(reason)
  })
})
