import { isCofferError } from '@coffer/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatLabels, type Label, parseLabels } from './labels.ts'
import { bitcoinNetwork, testnet4Network } from './networks.ts'

// https://github.com/bitcoin/bips/blob/master/bip-0329.mediawiki
const TXID = 'f91d0a8a78462bc59398f2c5d7a84fcff491c26ba54c4833478b202796c8aafd'
const EXAMPLE = `{ "type": "tx", "ref": "${TXID}", "label": "Transaction", "origin": "wpkh([d34db33f/84'/0'/0'])" }
{ "type": "addr", "ref": "bc1q34aq5drpuwy3wgl9lhup9892qp6svr8ldzyy7c", "label": "Address" }
{ "type": "pubkey", "ref": "0283409659355b6d1cc3c32decd5d561abaac86c37a353b52895a5e6c196d6f448", "label": "Public Key" }
{ "type": "input", "ref": "${TXID}:0", "label": "Input" }
{ "type": "output", "ref": "${TXID}:1", "label": "Output", "spendable": false }
{ "type": "xpub", "ref": "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8", "label": "Extended Public Key" }
{ "type": "spscan", "ref": "spscan1q5zs2pg9q5zs2pg9q5zs2pg9q5zs2pg9q5zs2pg9q5zs2pg9q5zsq9q6qjevn2kmdrnpuxt0v6h2kr2a2epkr0g6nk55ftf0xcxtddazgkrth3e", "label": "Silent Payments Scan Key Expression" }
{ "type": "tx", "ref": "f546156d9044844e02b181026a1a407abfca62e7ea1159f87bbeaa77b4286c74", "label": "Account #1 Transaction", "origin": "wpkh([d34db33f/84'/0'/1'])" }`

const read = (text: string) => parseLabels(text, bitcoinNetwork)
const line = (fields: Record<string, unknown>): string =>
  JSON.stringify({ type: 'tx', ref: TXID, label: 'x', ...fields })

test('the export of the standard', () => {
  const { labels, skipped } = read(EXAMPLE)
  expect(skipped).toEqual([])
  expect(labels).toEqual(EXAMPLE.split('\n').map((line) => JSON.parse(line)))
  const written = formatLabels(labels, bitcoinNetwork)
  expect(
    written
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line)),
  ).toEqual(labels)
  expect(written.startsWith('{"type":"tx","ref":"f91d')).toBe(true)
})

describe('reading', () => {
  test('further fields are kept, numbers beyond 2^53 as text', () => {
    const more = {
      height: 800_000,
      time: '2025-01-23T11:40:35Z',
      fee: 141,
      value: -5,
      rate: { USD: 105620.5 },
    }
    expect(read(line(more)).labels[0]!.more).toEqual(more)
    const big = read(`{"type":"tx","ref":"${TXID}","value":99999999999999999999}`).labels[0]!
    expect(big).toEqual({ type: 'tx', ref: TXID, more: { value: '99999999999999999999' } })
    expect(read(formatLabels([big], bitcoinNetwork)).labels).toEqual([big])
  })

  test('names come back in their canonical writing', () => {
    const ref = (type: string, ref: string) => read(line({ type, ref })).labels[0]!.ref
    expect(ref('tx', TXID.toUpperCase())).toBe(TXID)
    expect(ref('output', `${TXID.toUpperCase()}:4294967295`)).toBe(`${TXID}:4294967295`)
    expect(ref('addr', 'BC1QCR8TE4KR609GCAWUTMRZA0J4XV80JY8Z306FYU')).toBe(
      'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu',
    )
    for (const key of ['a'.repeat(64), `02${'A'.repeat(64)}`, `04${'a'.repeat(128)}`])
      expect(ref('pubkey', key)).toBe(key.toLowerCase())
  })

  test('other ends of lines, empty ones and a mark at the beginning', () => {
    expect(
      read(`\ufeff${line({})}\r\n\n  \n${line({ label: 'y' })}`).labels.map(({ label }) => label),
    ).toEqual(['x', 'y'])
    expect(read('')).toEqual({ labels: [], skipped: [] })
  })

  test.each([
    ['an unknown type', line({ type: 'coin' }), '"type" is not known'],
    ['a type of the prototype', line({ type: 'constructor' }), '"type" is not known'],
    ['no type', '{"ref":"a"}', 'no "type"'],
    ['no ref', '{"type":"tx"}', 'no "type" or no "ref"'],
    ['an array', '[]', 'no JSON object'],
    ['null', 'null', 'no JSON object'],
    ['no JSON', 'type: tx', 'This JSON is refused'],
    ['a line cut short', EXAMPLE.slice(0, 50), 'This JSON is refused'],
    ['G8: a key twice', `{"type":"tx","type":"tx","ref":"${TXID}"}`, 'same key twice'],
    ['G8: a prototype', `{"__proto__":{"type":"tx"},"type":"tx","ref":"${TXID}"}`, '__proto__'],
    ['a short transaction id', line({ ref: 'ab' }), '"ref" is none of the type "tx"'],
    [
      'an address with a wrong checksum',
      line({ type: 'addr', ref: 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyx' }),
      'none of the type',
    ],
    [
      'an address of another network',
      line({ type: 'addr', ref: testnet4Network.sample }),
      'none of the type "addr" on bitcoin',
    ],
    ['a key of 31 bytes', line({ type: 'pubkey', ref: 'a'.repeat(62) }), 'none of the type'],
    ['an output without index', line({ type: 'output', ref: TXID }), 'none of the type'],
    ['an index of 2^32', line({ type: 'input', ref: `${TXID}:4294967296` }), 'none of the type'],
    ['an index with a zero before it', line({ type: 'input', ref: `${TXID}:01` }), 'none of the type'],
    [
      'a private extended key',
      line({
        type: 'xpub',
        ref: 'xprv9xpXFhFpqdQK3TmytPBqXtGSwS3DLjojFhTGht8gwAAii8py5X6pxeBnQ6ehJiyJ6nDjWGJfZ95WxByFXVkDxHXrqu53WCRGypk2ttuqncb',
      }),
      'none of the type',
    ],
    ['a label that is no text', line({ label: 5 }), '"label" is no text'],
    ['an origin that is no text', line({ origin: 5 }), '"origin" is none'],
    ['an origin that is no descriptor', line({ origin: 'my wallet' }), '"origin" is none'],
    ['spendable of a transaction', line({ spendable: true }), '"spendable"'],
    ['spendable as text', line({ type: 'output', ref: `${TXID}:0`, spendable: 'false' }), '"spendable"'],
    ['a long line', line({ label: 'a'.repeat(100_000) }), 'more than 100000 bytes'],
    ['deep nesting', line({ a: [[[[[[[[[[]]]]]]]]]] }), 'nests deeper'],
  ])('is skipped and told of, and spoils nothing else: %s', (_, bad, reason) => {
    const { labels, skipped } = read(`${line({})}\n${bad}\n${line({ label: 'y' })}`)
    expect(labels.map(({ label }) => label)).toEqual(['x', 'y'])
    expect(skipped).toEqual([{ line: 2, reason: expect.stringContaining(reason) }])
  })

  test('what is skipped is not repeated', () => {
    expect(JSON.stringify(read('legal winner thank year wave').skipped)).not.toMatch(/legal|winner/)
  })

  test.each([
    ['no text', 7 as unknown as string],
    ['too many lines', '\n'.repeat(1_000_001)],
    ['too long', ' '.repeat(64 * 1024 * 1024 + 1)],
  ])('refused: %s', (_, text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'INVALID_JSON' }))
  })
})

test('what is written is read back', () => {
  const place = fc.tuple(fc.stringMatching(/^[0-9a-f]{64}$/), fc.nat(0xffffffff))
  const more = fc.dictionary(
    fc.stringMatching(/^[a-z]{7}$/),
    fc.oneof(fc.string(), fc.integer(), fc.boolean()),
    {
      minKeys: 1,
      maxKeys: 3,
      noNullPrototype: true,
    },
  )
  const label = fc.oneof(
    place.map(([txid]): Label => ({ type: 'tx', ref: txid })),
    fc
      .tuple(place, fc.boolean())
      .map(([[txid, n], spendable]): Label => ({ type: 'output', ref: `${txid}:${n}`, spendable })),
  )
  const rest = fc.record(
    { label: fc.string({ unit: 'grapheme' }), origin: fc.constant("tr([d34db33f/86'/0'/0'])"), more },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(label, rest).map(([one, two]) => ({ ...one, ...two }))), (labels) => {
      expect(read(formatLabels(labels, bitcoinNetwork))).toEqual({ labels, skipped: [] })
    }),
  )
})

test('nothing is written that would not be read', () => {
  for (const bad of [
    { type: 'coin', ref: TXID },
    { type: 'tx', ref: 'ab' },
    { type: 'tx', ref: TXID, spendable: true },
    { type: 'tx', ref: TXID, label: 'a'.repeat(100_000) },
    { type: 'tx', ref: TXID, more: { fee: 2 ** 60 } },
  ])
    expect(() => formatLabels([bad as Label], bitcoinNetwork)).toThrow(
      expect.objectContaining({ code: 'INVALID_JSON' }),
    )
  // What a label has itself cannot be smuggled in a second time.
  expect(formatLabels([{ type: 'tx', ref: TXID, more: { label: 'x' } }], bitcoinNetwork)).toBe(
    `{"type":"tx","ref":"${TXID}"}\n`,
  )
})

test('no text makes anything but labels and reasons', () => {
  fc.assert(
    fc.property(
      fc.nat(EXAMPLE.length),
      fc.nat(20),
      fc.string({ maxLength: 8, unit: 'binary' }),
      (at, gone, more) => {
        try {
          read(EXAMPLE.slice(0, at) + more + EXAMPLE.slice(at + gone))
        } catch (error) {
          if (!isCofferError(error)) throw error
        }
      },
    ),
    { numRuns: 300 },
  )
})
