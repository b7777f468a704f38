import { inspect } from 'node:util'
import { HDKey } from '@scure/bip32'
import { mnemonicToSeedSync } from '@scure/bip39'
import { describe, expect, it } from 'vitest'
import { searchFor, secretsOf, testnetXprv } from './search.fixture.ts'

// A search that finds nothing proves nothing until it was seen to find.

const mnemonic = 'ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic'
const passphrase = 'correct horse'
const path = 'm/84h/1h/0h/0/0'
const secrets = secretsOf(mnemonic, { passphrase, paths: [path] })
const seed = mnemonicToSeedSync(mnemonic, passphrase)
const node = HDKey.fromMasterSeed(seed).derive("m/84'/1'/0'/0/0")
const key = node.privateKey!
const hex = Buffer.from(key).toString('hex')
const KEY = "the key at m/84'/1'/0'/0/0"

describe('G7: the search for secrets', () => {
  it('finds each secret in each of its writings, wherever it stands', () => {
    expect(secrets.length).toBeGreaterThan(30)
    for (const { name, writings } of secrets)
      for (const writing of writings) expect(searchFor(secrets, { deep: [{ writing }] })).toContain(name)
  })

  it.each<[string, unknown]>([
    ['bytes', key],
    ['a part of a larger array', { all: new Uint8Array([1, ...key, 2]) }],
    ['what an array leaves out of its buffer', new Uint8Array([...key, 7]).subarray(32)],
    ['a buffer', Uint8Array.from(key).buffer],
    ['bytes as a list', [...key]],
    ['bytes in JSON', JSON.stringify(key)],
    ['bytes as inspect shows them', inspect(key)],
    ['a Buffer as inspect shows it', JSON.stringify({ key: Buffer.from(key) })],
    ['hex', `0x${hex}`],
    ['hex in capitals, broken over lines', hex.toUpperCase().replace(/.{16}/g, '$&\n')],
    ['half of it', hex.slice(32)],
    ['base64', Buffer.from(key).toString('base64')],
    ['base64 that begins before it', Buffer.from([1, ...key]).toString('base64url')],
    ['a bigint', { d: BigInt(`0x${hex}`) }],
    ['a decimal text', BigInt(`0x${hex}`).toString()],
    ['a symbol', { [Symbol('key')]: hex }],
    ['a hidden property', Object.defineProperty({}, 'key', { value: key })],
    [
      'an accessor',
      {
        get key() {
          return hex
        },
      },
    ],
    [
      'a private field that inspect shows',
      new (class Holder {
        [inspect.custom]() {
          return hex
        }
      })(),
    ],
    ['a prototype', Object.create({ key: hex })],
    ['a map', new Map([[{}, new Set([key])]])],
    ['a function that carries it', Object.assign(() => {}, { key })],
    ['an error', new Error(hex)],
    ['its cause', new Error('x', { cause: new Error('y', { cause: { key } }) })],
    ['one of several errors', new AggregateError([new Error(hex)], 'z')],
    ['its stack', Object.assign(new Error('x'), { stack: hex })],
  ])('finds a key in %s', (_, value) => {
    expect(searchFor(secrets, value)).toContain(KEY)
  })

  it('finds words, passphrase and extended keys in a text', () => {
    for (const [name, text] of [
      ['the words', mnemonic],
      ['the words', mnemonic.replaceAll(' ', '\n')],
      ['some of the words', 'grab  fiber curtain grace'],
      ['the words as a list', JSON.stringify({ words: mnemonic.split(' ') })],
      ['the passphrase', `--passphrase "${passphrase}"`],
      ["the xprv at m/84'/1'/0'/0/0", node.privateExtendedKey!],
      ["the tprv at m/84'/1'/0'/0/0", testnetXprv(node)],
    ] as const)
      expect(searchFor(secrets, [text])).toContain(name)
  })

  it('finds nothing where nothing is', () => {
    const { publicKey, publicExtendedKey, chainCode } = node
    expect(
      searchFor(secrets, { publicKey, publicExtendedKey, chainCode, mnemonic: 'ozone picnic', path }),
    ).toEqual([])
  })
})
