import { expect, test } from 'vitest'
import { deriveScripts, scriptAt } from './derive.ts'
import { parseDescriptor } from './descriptor.ts'
import { bitcoinNetwork } from './networks.ts'

const read = (text: string) => parseDescriptor(text, bitcoinNetwork)

// https://github.com/bitcoin/bips/blob/master/bip-0389.mediawiki
const A =
  'xpub6ERApfZwUNrhLCkDtcHTcxd75RbzS1ed54G1LkBUHQVHQKqhMkhgbmJbZRkrgZw4koxb5JaHWkY4ALHY2grBGRjaDMzQLcgJvLJuZZvRcEL'
const B =
  'xpub68NZiKmJWnxxS6aaHmn81bvJeTESw724CRDs6HbuccFQN9Ku14VQrADWgqbhhTHBaohPX4CjNLf9fq9MYo6oDaPPLPxSb7gwQN3ih19Zm4Y'
const C =
  'xpub69H7F5d8KSRgmmdJg2KhpAK8SR3DjMwAdkxj3ZuxV27CprR9LgpeyGmXUbC6wb7ERfvrnKZjXoUmmDznezpbZb7ap6r1D3tgFxHmwMkQTPH'
const ROOT =
  'xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUapSCGu8ED9W6oDMSgv6Zz8idoc4a6mr8BDzTJY47LJhkJ8UB7WEGuduB'

test.each([
  ['a fixed script each', `pkh(${B}/<0;1>)`, `pkh(${B}/0)`, `pkh(${B}/1)`],
  [
    'a pair before the last step',
    `wpkh([ffffffff/13h]${C}/<1;3>/2/*)`,
    `wpkh([ffffffff/13h]${C}/1/2/*)`,
    `wpkh([ffffffff/13h]${C}/3/2/*)`,
  ],
  [
    'in step for several keys',
    `wsh(sortedmulti(2,${A}/<1;2>/*,${B}/<3;4>/0/*))`,
    `wsh(sortedmulti(2,${A}/1/*,${B}/3/0/*))`,
    `wsh(sortedmulti(2,${A}/2/*,${B}/4/0/*))`,
  ],
  [
    'beside a key without a pair',
    `sh(wsh(sortedmulti(2,${A}/<1;2>/0/*,${B}/0/*)))`,
    `sh(wsh(sortedmulti(2,${A}/1/0/*,${B}/0/*)))`,
    `sh(wsh(sortedmulti(2,${A}/2/0/*,${B}/0/*)))`,
  ],
])('a pair stands for two descriptors: %s', (_, pair, receive, change) => {
  const descriptor = read(pair)
  expect(descriptor.keychains).toBe(2)
  expect(read(receive).keychains).toBe(1)
  const count = descriptor.ranged ? 3 : 1
  const bare = (text: string) =>
    deriveScripts(read(text), 0, 0, count).map(({ keychain: _, ...rest }) => rest)
  const [first, second] = ([0, 1] as const).map((keychain) =>
    deriveScripts(descriptor, keychain, 0, count).map(({ keychain: _, ...rest }) => rest),
  )
  expect(first).toEqual(bare(receive))
  expect(second).toEqual(bare(change))
  expect(scriptAt(descriptor, 1, 0).keychain).toBe(1)
})

test.each([
  ['two pairs', `pkh(${ROOT}/<0;1>/<2;3>)`, 'Only one step'],
  ['a pair in the origin', `pkh([deadbeef/<0;1>]${ROOT}/0)`, 'origin of a key is broken'],
  ['three values', `pkh(${ROOT}/<0;1;2>)`, 'three or more are not supported'],
  ['different numbers of values', `wsh(sortedmulti(2,${A}/<1;2;3>/0/*,${B}/<3;4>/*))`, 'not supported'],
  ['no values', `wpkh(${ROOT}/<>/*)`, 'Write it like <0;1>'],
  ['one value', `wpkh(${ROOT}/<0>/*)`, 'One, three or more'],
  ['no beginning', `wpkh(${ROOT}/0>/*)`, 'below 2147483648'],
  ['no end', `wpkh(${ROOT}/<0/*)`, 'Write it like <0;1>'],
  ['a missing value', `wpkh(${ROOT}/<0;>/*)`, 'below 2147483648'],
  ['a value twice', `wpkh(${ROOT}/<1;1>/*)`, 'are the same'],
  ['a hardened value', `wpkh(${ROOT}/<0h;1>/*)`, 'takes its private key'],
  ['a value out of range', `wpkh(${ROOT}/<0;2147483648>/*)`, 'below 2147483648'],
])('refused: %s', (_, text, reason) => {
  expect(() => read(text)).toThrow(
    expect.objectContaining({ code: 'INVALID_ACCOUNT', message: expect.stringContaining(reason) }),
  )
})
