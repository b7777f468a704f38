// The vectors of https://github.com/bitcoin/bips/blob/master/bip-0067.mediawiki
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { expect, test } from 'vitest'
import { formatAddress } from './address.ts'
import { hash160 } from './bytes.ts'
import { bitcoinNetwork } from './networks.ts'
import { p2shScript, readMultiScript, sortedMultiScript } from './script.ts'

const X = '0000000000000000000000000000000000004141414141414141414141414140'
const Y = '0000000000000000000000000000000000004141414141414141414141414141'

test.each([
  {
    keys: [
      '02ff12471208c14bd580709cb2358d98975247d8765f92bc25eab3b2763ed605f8',
      '02fe6f0a5a297eb38c391581c4413e084773ea23954d93f7753db7dc0adc188b2f',
    ],
    sorted: [1, 0],
    address: '39bgKC7RFbpoCRbtD5KEdkYKtNyhpsNa3Z',
  },
  {
    keys: [
      '02632b12f4ac5b1d1b72b2a3b508c19172de44f6f46bcee50ba33f3f9291e47ed0',
      '027735a29bae7780a9755fae7a1c4374c656ac6a69ea9f3697fda61bb99a4f3e77',
      '02e2cc6bd5f45edd43bebe7cb9b675f0ce9ed3efe613b177588290ad188d11b404',
    ],
    sorted: [0, 1, 2],
    address: '3CKHTjBKxCARLzwABMu9yD85kvtm7WnMfH',
  },
  {
    keys: [`03${Y}`, `02${Y}`, `02${X}`, `03${X}`],
    sorted: [2, 1, 3, 0],
    address: '32V85igBri9zcfBRVupVvwK18NFtS37FuD',
  },
  {
    keys: [
      '022df8750480ad5b26950b25c7ba79d3e37d75f640f8e5d9bcd5b150a0f85014da',
      '03e3818b65bcc73a7d64064106a859cc1a5a728c4345ff0b641209fba0d90de6e9',
      '021f2f6e1e50cb6a953935c3601284925decd3fd21bc445712576873fb8c6ebc18',
    ],
    sorted: [2, 0, 1],
    address: '3Q4sF6tv9wsdqu2NtARzNCpQgwifm2rAba',
  },
])('2 of $keys.length: $address', ({ keys, sorted, address }) => {
  const script = sortedMultiScript(2, keys.map(hexToBytes))
  const inOrder = sorted.map((i) => keys[i]!)
  expect(bytesToHex(script)).toBe(`52${inOrder.map((key) => `21${key}`).join('')}5${keys.length}ae`)
  expect(formatAddress(p2shScript(hash160(script)), bitcoinNetwork)).toBe(address)
  expect(readMultiScript(script)?.keys.map(bytesToHex)).toEqual(inOrder)
})
