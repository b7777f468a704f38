import { isCofferError } from '@coffer/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatAddress } from './address.ts'
import { bitcoinNetwork, regtestNetwork, testnet4Network } from './networks.ts'
import { p2pkhScript, p2wpkhScript, p2wshScript } from './script.ts'
import { formatUri, parseUri } from './uri.ts'

const read = (text: string) => parseUri(text, bitcoinNetwork)
const refused = (text: string, network = bitcoinNetwork as Parameters<typeof parseUri>[1]): string => {
  try {
    parseUri(text, network)
  } catch (error) {
    if (!isCofferError(error)) throw error
    return `${error.code} ${error.message}`
  }
  throw new Error('It was accepted.')
}

// https://github.com/bitcoin/bips/blob/master/bip-0321.mediawiki; its addresses are invalid on purpose, so others stand for them.
const TO = '1BoatSLRHtKNngkdXEeobR76b53LETtpyT'
const BC1Q = 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu'
const BC1P = 'bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr'
const TB1 = 'tb1q6rz28mcfaxtmd6v789l9rrlrusdprr9pqcpvkl'
const chain = bitcoinNetwork.id
const none = { chain, others: [], parameters: [] }

describe('the examples of the standard', () => {
  test.each([
    [`bitcoin:${TO}`, { ...none, to: TO }],
    [`bitcoin:${TO}?label=Luke-Jr`, { ...none, to: TO, label: 'Luke-Jr' }],
    [
      `bitcoin:${TO}?amount=20.3&label=Luke-Jr`,
      { ...none, to: TO, amount: 2_030_000_000n, label: 'Luke-Jr' },
    ],
    [
      `bitcoin:${TO}?amount=50&label=Luke-Jr&message=Donation%20for%20project%20xyz`,
      { ...none, to: TO, amount: 5_000_000_000n, label: 'Luke-Jr', message: 'Donation for project xyz' },
    ],
    [
      `bitcoin:${TO}?lightning=lnbc420bogusinvoice`,
      { ...none, to: TO, parameters: [{ name: 'lightning', value: 'lnbc420bogusinvoice' }] },
    ],
    [
      'bitcoin:?lightning=lnbc420bogusinvoice',
      { ...none, parameters: [{ name: 'lightning', value: 'lnbc420bogusinvoice' }] },
    ],
    ['bitcoin:?lno=lno1bogusoffer', { ...none, parameters: [{ name: 'lno', value: 'lno1bogusoffer' }] }],
    [
      'bitcoin:?lno=lno1bogusoffer&sp=sp1qsilentpayment',
      {
        ...none,
        parameters: [
          { name: 'lno', value: 'lno1bogusoffer' },
          { name: 'sp', value: 'sp1qsilentpayment' },
        ],
      },
    ],
    [
      `bitcoin:${TO}?sp=sp1qsilentpayment`,
      { ...none, to: TO, parameters: [{ name: 'sp', value: 'sp1qsilentpayment' }] },
    ],
    [
      `bitcoin:${TO}?somethingyoudontunderstand=50&somethingelseyoudontget=999`,
      {
        ...none,
        to: TO,
        parameters: [
          { name: 'somethingyoudontunderstand', value: '50' },
          { name: 'somethingelseyoudontget', value: '999' },
        ],
      },
    ],
    [`bitcoin:?bc=${BC1Q}&bc=${BC1P}`, { ...none, to: BC1Q, others: [BC1P] }],
    [`BITCOIN:${BC1Q.toUpperCase()}?BC=${BC1P.toUpperCase()}`, { ...none, to: BC1Q, others: [BC1P] }],
    [`BITCOIN:?BC=${BC1Q.toUpperCase()}&BC=${BC1P.toUpperCase()}`, { ...none, to: BC1Q, others: [BC1P] }],
    [
      `bitcoin:${TO}?pop=initiatingapp%3a`,
      { ...none, to: TO, parameters: [{ name: 'pop', value: 'initiatingapp:' }] },
    ],
    [
      'bitcoin:?lightning=lnbc420bogusinvoice&pop=callbackuri%3abody%3fpop=',
      {
        ...none,
        parameters: [
          { name: 'lightning', value: 'lnbc420bogusinvoice' },
          { name: 'pop', value: 'callbackuri:body?pop=' },
        ],
      },
    ],
  ])('%s', (text, expected) => {
    expect(read(text)).toEqual(expected)
  })

  test('of a test network', () => {
    expect(parseUri(`bitcoin:?tb=${TB1}`, testnet4Network)).toMatchObject({ to: TB1 })
    expect(refused(`bitcoin:?tb=${TB1}`)).toContain('no address of bitcoin')
    expect(refused(`bitcoin:${TB1}`)).toContain('INVALID_ADDRESS')
    expect(refused(`bitcoin:${BC1Q}`, testnet4Network)).toContain('INVALID_ADDRESS')
    expect(
      parseUri(`bitcoin:${regtestNetwork.sample}?bcrt=${regtestNetwork.sample}`, regtestNetwork),
    ).toMatchObject({
      to: regtestNetwork.sample,
      others: [],
    })
  })

  test.each([
    ['two labels', `bitcoin:${TO}?label=Luke-Jr&label=Matt`, 'says its label twice'],
    ['two amounts', `bitcoin:${TO}?amount=42&amount=10`, 'says its amount twice'],
    ['the same amount twice', `bitcoin:${TO}?amount=42&amount=42`, 'says its amount twice'],
    ['two proofs of payment', `bitcoin:${TO}?pop=callback%3a&req-pop=callback%3a`, 'requires something'],
    ['an address under another prefix', `bitcoin:?bc=${TB1}`, 'under another network'],
    [
      'what is required and unknown',
      `bitcoin:${TO}?req-somethingyoudontunderstand=50&req-somethingelseyoudontget=999`,
      'requires something',
    ],
    [
      'a proof that goes to a web site',
      `bitcoin:${TO}?req-pop=https%3aevilwebsite.com`,
      'requires something',
    ],
  ])('invalid: %s', (_, text, reason) => {
    expect(refused(text)).toContain('INVALID_URI')
    expect(refused(text)).toContain(reason)
  })
})

describe('the rules', () => {
  test.each([
    ['two messages', `bitcoin:${TO}?message=a&MESSAGE=b`, 'says its message twice'],
    ['two amounts, one of them encoded', `bitcoin:${TO}?amount=1&%61mount=2`, 'says its amount twice'],
    ['two proofs', `bitcoin:${TO}?pop=a%3a&POP=b%3a`, 'says its pop twice'],
    ['required in capitals', `bitcoin:${TO}?REQ-x=1`, 'requires something'],
    ['required, encoded', `bitcoin:${TO}?%72eq-x=1`, 'requires something'],
    [
      'required, after a hundred empty parts',
      `bitcoin:${TO}?${'&'.repeat(200)}req-x=1`,
      'requires something',
    ],
    ['another scheme', `bitcoincash:${TO}`, 'does not begin'],
    ['no scheme', TO, 'does not begin'],
    ['nothing', '', 'does not begin'],
    ['no text', 7 as unknown as string, 'sensible length'],
    ['a fragment', `bitcoin:${TO}#amount=5`, 'does not begin'],
    ['a fragment after parameters', `bitcoin:${TO}?amount=5#x`, 'does not begin'],
    ['a line break', `bitcoin:${TO}?label=a\n`.replace('label=a', '='), 'part without a name'],
    ['no way to pay', 'bitcoin:?amount=5', 'names no way to pay'],
    ['an empty one', 'bitcoin:', 'names no way to pay'],
    ['an invoice without content', 'bitcoin:?lightning=', 'names no way to pay'],
    ['broken encoding', `bitcoin:${TO}?label=%f`, 'not encoded'],
    ['bytes that are no UTF-8', `bitcoin:${TO}?label=%ff`, 'not encoded'],
    ['marks that turn the direction', `bitcoin:${TO}?label=%E2%80%AEabc`, 'hide invisible'],
    ['zero-width characters', `bitcoin:${TO}?message=a%E2%80%8Bb`, 'hide invisible'],
    ['control characters', `bitcoin:${TO}?message=a%00b`, 'hide invisible'],
    ['long words', `bitcoin:${TO}?message=${'a'.repeat(1_001)}`, 'too long'],
    ['many parts', `bitcoin:${TO}?${'a=1&'.repeat(101)}`, 'too many parts'],
    ['a long one', `bitcoin:${TO}?a=${'a'.repeat(8_000)}`, 'sensible length'],
  ])('refused: %s', (_, text, reason) => {
    expect(refused(text)).toContain('INVALID_URI')
    expect(refused(text)).toContain(reason)
  })

  test.each([
    ['a wrong checksum', `bitcoin:${TO.slice(0, -1)}U`],
    ['slashes', `bitcoin://${TO}`],
    ['a space', `bitcoin: ${TO}`],
    ['a space, encoded', `bitcoin:%20${TO}`],
    ['a wrong checksum in a parameter', `bitcoin:${TO}?bc=${BC1Q.slice(0, -1)}q`],
    ['a legacy address in a parameter', `bitcoin:?bc=${TO}`],
  ])('refused, and never guessed: %s', (_, text) => {
    expect(refused(text)).toMatch(/^INVALID_(ADDRESS|URI)/)
  })

  test('later kinds of addresses are left to later wallets', () => {
    // BIP-350: witness version 2.
    const later = 'bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs'
    expect(read(`bitcoin:${BC1Q}?bc=${later}`)).toEqual({
      ...none,
      to: BC1Q,
      parameters: [{ name: 'bc', value: later }],
    })
    expect(refused(`bitcoin:?bc=${later}`)).toContain('no address of bitcoin that can be paid')
  })

  test('words keep their line breaks, and every letter', () => {
    expect(read(`bitcoin:${TO}?label=%C3%84+%26%3D&message=a%0Ab&&`)).toMatchObject({
      label: 'Ä+&=',
      message: 'a\nb',
    })
    expect(read(`bitcoin:${TO}?label=`)).toMatchObject({ label: '' })
    expect(read(`bitcoin:${TO}?flag`)).toMatchObject({ parameters: [{ name: 'flag', value: '' }] })
  })
})

describe('G3: amounts', () => {
  test.each([
    ['50.00', 5_000_000_000n],
    ['50', 5_000_000_000n],
    ['0.00000001', 1n],
    ['.5', 50_000_000n],
    ['5.', 500_000_000n],
    ['0', 0n],
    ['007', 700_000_000n],
    ['0.1000000000', 10_000_000n],
    ['20999999.9769', 2_099_999_997_690_000n],
    ['21000000', 2_100_000_000_000_000n],
  ])('%s', (text, amount) => {
    expect(read(`bitcoin:${TO}?amount=${text}`).amount).toBe(amount)
  })

  test.each([
    '50,000.00',
    '1e8',
    '-1',
    '+1',
    '',
    '.',
    '0x10',
    '1 ',
    'NaN',
    '0.000000001',
    '21000000.00000001',
    '9'.repeat(400),
    '٣',
    '1.2.3',
  ])('refused: %j', (text) => {
    expect(refused(`bitcoin:${TO}?amount=${encodeURIComponent(text)}`)).toContain('INVALID_AMOUNT')
  })
})

describe('writing', () => {
  test('what is written is read back', () => {
    const hash = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
    const to = fc
      .oneof(hash(20).map(p2pkhScript), hash(20).map(p2wpkhScript), hash(32).map(p2wshScript))
      .map((script) => formatAddress(script, bitcoinNetwork)!)
    const other = hash(20).map((bytes) => formatAddress(p2wpkhScript(bytes), bitcoinNetwork)!)
    const words = fc.stringMatching(/^[ -~äß€𝄞+&=#%?]{0,30}$/u)
    const fields = fc.record(
      {
        to,
        others: fc.array(other, { maxLength: 2 }),
        amount: fc.bigInt(0n, 2_100_000_000_000_000n),
        label: words,
        message: words,
        parameters: fc.array(fc.record({ name: fc.constantFrom('lightning', 'x y', 'ä='), value: words }), {
          maxLength: 3,
        }),
      },
      { requiredKeys: ['to'] },
    )
    fc.assert(
      fc.property(fields, (fields) => {
        const others = [...new Set(fields.others ?? [])].filter((address) => address !== fields.to)
        expect(read(formatUri(fields, bitcoinNetwork))).toEqual({ ...none, ...fields, others })
      }),
    )
  })

  test('as short as can be', () => {
    expect(formatUri({ to: BC1Q.toUpperCase() }, bitcoinNetwork)).toBe(`bitcoin:${BC1Q}`)
    expect(formatUri({ to: BC1Q, amount: 25_000_000n, label: 'Tea & cake' }, bitcoinNetwork)).toBe(
      `bitcoin:${BC1Q}?amount=0.25&label=Tea%20%26%20cake`,
    )
    expect(formatUri({ parameters: [{ name: 'lightning', value: 'lnbc1' }] }, bitcoinNetwork)).toBe(
      'bitcoin:?lightning=lnbc1',
    )
  })

  test.each([
    ['a wrong address', { to: `${BC1Q}q` }, 'INVALID_ADDRESS'],
    ['an address of another network', { to: TB1 }, 'INVALID_ADDRESS'],
    ['G3: a JS number', { to: BC1Q, amount: 5 }, 'INVALID_AMOUNT'],
    ['G3: a negative amount', { to: BC1Q, amount: -1n }, 'INVALID_AMOUNT'],
    ['G3: more than there are', { to: BC1Q, amount: 2_100_000_000_000_001n }, 'INVALID_AMOUNT'],
    ['nothing', {}, 'INVALID_URI'],
    ['a second label', { to: BC1Q, label: 'a', parameters: [{ name: 'Label', value: 'b' }] }, 'INVALID_URI'],
    ['a requirement', { to: BC1Q, parameters: [{ name: 'req-x', value: 'b' }] }, 'INVALID_URI'],
    ['half a character', { to: BC1Q, label: '\ud800' }, 'INVALID_URI'],
    ['hidden characters', { to: BC1Q, label: 'a\u202eb' }, 'INVALID_URI'],
  ])('%s is refused', (_, fields, code) => {
    expect(() => formatUri(fields as never, bitcoinNetwork)).toThrow(expect.objectContaining({ code }))
  })
})

test('no text makes anything but a request or one of our errors', () => {
  const text = `bitcoin:${BC1Q}?amount=0.5&label=x&bc=${BC1P}&lightning=lnbc1`
  fc.assert(
    fc.property(
      fc.nat(text.length),
      fc.nat(12),
      fc.string({ maxLength: 6, unit: 'binary' }),
      (at, gone, more) => {
        try {
          const { parameters, ...rest } = read(text.slice(0, at) + more + text.slice(at + gone))
          expect(read(formatUri({ ...rest, parameters }, bitcoinNetwork))).toEqual({ ...rest, parameters })
        } catch (error) {
          if (!isCofferError(error)) throw error
        }
      },
    ),
    { numRuns: 1_000 },
  )
})

test('G2: half of a character is no part of a link', () => {
  for (const half of ['\ud800', '\udc00'])
    for (const part of [`other=${half}`, `${half}=1`, `label=a${half}`])
      expect(refused(`bitcoin:${TO}?${part}`)).toMatch(/^INVALID_URI .*half of a character/)
  expect(read(`bitcoin:${TO}?other=\u{1f511}`).parameters).toEqual([{ name: 'other', value: '\u{1f511}' }])
})
