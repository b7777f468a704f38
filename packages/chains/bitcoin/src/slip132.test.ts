import { hdFromXprv, hdToXpub, isCofferError, nobleEngine } from '@coffer/core'
import { describe, expect, test } from 'vitest'
import { addressesOf } from './accounts.fixture.ts'
import { parseDescriptor } from './descriptor.ts'
import { bitcoinNetwork, testnet4Network } from './networks.ts'
import { formatXpub, normaliseXprv, normaliseXpub } from './slip132.ts'

// https://github.com/satoshilabs/slips/blob/master/slip-0132.md, the mnemonic "abandon … about", m/44h/0h/0h, m/49h/0h/0h, m/84h/0h/0h
const PAIRS = [
  [
    'xprv9xpXFhFpqdQK3TmytPBqXtGSwS3DLjojFhTGht8gwAAii8py5X6pxeBnQ6ehJiyJ6nDjWGJfZ95WxByFXVkDxHXrqu53WCRGypk2ttuqncb',
    'xpub6BosfCnifzxcFwrSzQiqu2DBVTshkCXacvNsWGYJVVhhawA7d4R5WSWGFNbi8Aw6ZRc1brxMyWMzG3DSSSSoekkudhUd9yLb6qx39T9nMdj',
    undefined,
    '1LqBGSKuX5yYUonjxT5qGfpUsXKYYWeabA',
  ],
  [
    'yprvAHwhK6RbpuS3dgCYHM5jc2ZvEKd7Bi61u9FVhYMpgMSuZS613T1xxQeKTffhrHY79hZ5PsskBjcc6C2V7DrnsMsNaGDaWev3GLRQRgV7hxF',
    'ypub6Ww3ibxVfGzLrAH1PNcjyAWenMTbbAosGNB6VvmSEgytSER9azLDWCxoJwW7Ke7icmizBMXrzBx9979FfaHxHcrArf3zbeJJJUZPf663zsP',
    'p2sh-p2wpkh',
    '37VucYSaXLCAsxYyAPfbSi9eh4iEcbShgf',
  ],
  [
    'zprvAdG4iTXWBoARxkkzNpNh8r6Qag3irQB8PzEMkAFeTRXxHpbF9z4QgEvBRmfvqWvGp42t42nvgGpNgYSJA9iefm1yYNZKEm7z6qUWCroSQnE',
    'zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs',
    'p2wpkh',
    'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu',
  ],
] as const

describe('the keys of the standard', () => {
  test.each(PAIRS)('%s', (given, pub, type, address) => {
    const { xprv, ...about } = normaliseXprv(given)
    const { xpub, ...same } = normaliseXpub(pub)
    expect(same).toEqual(about)
    expect(about).toEqual({ dialect: pub.slice(0, 4), testnet: false, ...(type ? { type } : {}) })
    expect(hdToXpub(hdFromXprv(xprv, nobleEngine))).toBe(xpub)
    expect(formatXpub(xpub, type ?? 'p2pkh')).toBe(pub)
    const text = type ? pub : `pkh(${pub}/<0;1>/*)`
    expect(addressesOf(text, bitcoinNetwork)).toEqual([address])
  })

  test('of a test network (BIP-49)', () => {
    const upub =
      'upub5EFU65HtV5TeiSHmZZm7FUffBGy8UKeqp7vw43jYbvZPpoVsgU93oac7Wk3u6moKegAEWtGNF8DehrnHtv21XXEMYRUocHqguyjknFHYfgY'
    const uprv =
      'uprv91G7gZkzehuMVxDJTYE6tLivdF8e4rvzSu1LFfKw3b2Qx1Aj8vpoFnHdfUZ3hmi9jsvPifmZ24RTN2KhwB8BfMLTVqaBReibyaFFcTP1s9n'
    const { xpub, ...about } = normaliseXpub(upub)
    expect(about).toEqual({ dialect: 'upub', testnet: true, type: 'p2sh-p2wpkh' })
    expect(
      hdToXpub(hdFromXprv(normaliseXprv(uprv).xprv, nobleEngine, { testnet: true }), { testnet: true }),
    ).toBe(xpub)
    expect(formatXpub(xpub, 'p2sh-p2wpkh')).toBe(upub)
    expect(() => parseDescriptor(upub, bitcoinNetwork)).toThrow(/of a test network/)
  })
})

test('each type has its letters, on each network', () => {
  const { xpub } = normaliseXpub(PAIRS[2][1])
  const { xpub: tpub } = normaliseXpub(
    'tpubDC5FSnBiZDMmhiuCmWAYsLwgLYrrT9rAqvTySfuCCrgsWz8wxMXUS9Tb9iVMvcRbvFcAHGkMD5Kx8koh4GquNGNTfohfk7pgjhaPCdXpoba',
  )
  const letters = (key: string): readonly string[] =>
    (['p2pkh', 'p2sh-p2wpkh', 'p2wpkh', 'p2tr', 'p2wsh-sortedmulti', 'p2sh-p2wsh-sortedmulti'] as const).map(
      (type) => {
        const text = formatXpub(key, type)
        expect(normaliseXpub(text).xpub).toBe(key)
        return text.slice(0, 4)
      },
    )
  expect(letters(xpub)).toEqual(['xpub', 'ypub', 'zpub', 'xpub', 'Zpub', 'Ypub'])
  expect(letters(tpub)).toEqual(['tpub', 'upub', 'vpub', 'tpub', 'Vpub', 'Upub'])
  expect(parseDescriptor(formatXpub(tpub, 'p2wpkh'), testnet4Network).type).toBe('p2wpkh')
})

test('a dialect stands for its own kind of account', () => {
  const zpub = PAIRS[2][1]
  const Zpub = formatXpub(normaliseXpub(zpub).xpub, 'p2wsh-sortedmulti')
  const other = PAIRS[1][1]
  const read = (text: string) => parseDescriptor(text, bitcoinNetwork)
  expect(read(`wpkh(${zpub}/<0;1>/*)`).text).toBe(read(zpub).text)
  expect(() => read(`sh(wpkh(${zpub}/<0;1>/*))`)).toThrow(/stands for another kind of account/)
  expect(() => read(`tr(${zpub}/<0;1>/*)`)).toThrow(/stands for another kind of account/)
  expect(() => read(Zpub)).toThrow(/one of several keys/)
  expect(read(`wsh(sortedmulti(1,${Zpub}/0/*,${normaliseXpub(other).xpub}/0/*))`).type).toBe(
    'p2wsh-sortedmulti',
  )
  expect(() => read(`wsh(sortedmulti(1,${Zpub}/0/*,${other}/0/*))`)).toThrow(
    /stands for another kind of account/,
  )
})

test.each([
  ['a private key', () => normaliseXpub(PAIRS[2][0]), 'It is private'],
  ['a public key', () => normaliseXprv(PAIRS[2][1]), 'It is public'],
  ['a wrong letter', () => normaliseXprv(PAIRS[2][0].replace('G4i', 'G5i')), 'checksum is wrong'],
  [
    'another coin',
    () =>
      normaliseXpub(
        'Ltub2YDQmP391UYeDYvLye9P1SuNJFkcRGN7SYHM8JMxaDnegcPTXHJ2BnYmvHnFnGPGKu2WMuCga6iZV3SDxDMGrRyMcrYEfSPhrpS1EPkC43E',
      ),
    'no network that is known',
  ],
  ['a short one', () => normaliseXpub('1LqBGSKuX5yYUonjxT5qGfpUsXKYYWeabA'), 'length is wrong'],
  ['a long one', () => normaliseXpub('x'.repeat(1_000_000)), 'is wrong'],
])('refused, and not repeated: %s', (_, run, reason) => {
  let error: unknown
  try {
    run()
  } catch (thrown) {
    error = thrown
  }
  expect(isCofferError(error, 'INVALID_KEY')).toBe(true)
  expect((error as Error).message).toContain(reason)
  expect(`${JSON.stringify(error)}${String((error as Error).stack)}`).not.toMatch(/[1-9A-Za-z]{40}/)
})
