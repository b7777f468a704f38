import { fingerprintOf, hdDerivePublic, isCofferError } from '@coffer/core'
import { type BitcoinNode, type Devnet, startDevnet } from '@coffer/devnet'
import { bytesToHex } from '@noble/hashes/utils.js'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addressesOf, publicKeyOf } from './accounts.fixture.ts'
import { descriptorChecksum } from './checksum.ts'
import { accountDescriptor, multisigDescriptor, parseDescriptor } from './descriptor.ts'
import { regtestNetwork as network } from './networks.ts'

/** A real bitcoind reads the descriptors that are written here, and makes the same addresses of them. */

let devnet: Devnet<'bitcoin'>
let node: BitcoinNode
beforeAll(async () => {
  devnet = await startDevnet({ chains: ['bitcoin'] })
  node = devnet.bitcoin
}, 180_000)
afterAll(() => devnet?.stop())

const single = (type: Parameters<typeof accountDescriptor>[1], purpose: number, account = 0): string =>
  accountDescriptor(publicKeyOf(`m/${purpose}h/1h/${account}h`), type, network)
const people = [1, 2, 3].map((n) => publicKeyOf('m/48h/1h/0h/2h', new Uint8Array(32).fill(n)))
const { hd } = parseDescriptor(single('p2wpkh', 84), network).keys[0]!
const hex = bytesToHex(hdDerivePublic(hd!, 'm/5/6').publicKey)
const origin = `[${fingerprintOf(hd!.publicKey)}/5/6]`

const RANGED = [
  single('p2pkh', 44),
  single('p2sh-p2wpkh', 49),
  single('p2wpkh', 84, 7),
  single('p2tr', 86),
  multisigDescriptor({ threshold: 2, keys: people }, network),
  multisigDescriptor({ threshold: 1, keys: people.slice(1), type: 'p2sh-p2wsh-sortedmulti' }, network),
]
const FIXED = [
  `pkh(${hex})`,
  `sh(wpkh(${origin}${hex}))`,
  `wpkh(${hex})`,
  `tr(${hex.slice(2)})`,
  `tr(${hex})`,
  `wsh(sortedmulti(1,${hex},${RANGED[4]!.split(',')[2]!.replace('<0;1>/*', '7/8')}))`,
  `addr(${network.sample})`,
].map((text) => parseDescriptor(text, network).text)

interface Info {
  readonly descriptor: string
  readonly checksum: string
  readonly isrange: boolean
  readonly multipath_expansion?: readonly string[]
}

const info = (text: string): Promise<Info> => node.rpc<Info>('getdescriptorinfo', [text])
/** One keychain of a multipath descriptor, with its checksum. */
const keychainOf = (text: string, keychain: 0 | 1): string => {
  const one = text.slice(0, -9).replaceAll('<0;1>', `${keychain}`)
  return `${one}#${descriptorChecksum(one)}`
}

describe('Bitcoin Core agrees', () => {
  test.each([...RANGED, ...FIXED])('on the text and the checksum: %s', async (text) => {
    const each = text.includes('<') ? [keychainOf(text, 0), keychainOf(text, 1)] : undefined
    expect((await info(text)).multipath_expansion).toEqual(each)
    for (const one of each ?? [text]) {
      const { descriptor, checksum, isrange } = await info(one)
      expect(descriptor).toBe(one)
      expect(checksum).toBe(one.slice(-8))
      expect(isrange).toBe(parseDescriptor(text, network).ranged)
      expect((await info(one.slice(0, -9))).checksum).toBe(one.slice(-8))
    }
  })

  test.each(RANGED)('on the addresses: %s', async (text) => {
    for (const keychain of [0, 1] as const)
      for (const [from, to] of [
        [0, 4],
        [2 ** 31 - 3, 2 ** 31 - 1],
      ] as const)
        expect(addressesOf(text, network, { keychain, from, count: to - from + 1 })).toEqual(
          await node.rpc('deriveaddresses', [keychainOf(text, keychain), [from, to]]),
        )
  })

  test.each(FIXED)('on the address: %s', async (text) => {
    expect(addressesOf(text, network)).toEqual(await node.rpc('deriveaddresses', [text]))
  })

  test('on what is written in another way, or wrongly', async () => {
    const text = keychainOf(RANGED[2]!, 0).slice(0, -9)
    const junk = fc.constantFrom(
      "'",
      'h',
      '/',
      '/0',
      '*',
      '<',
      ';',
      ',',
      ')',
      '(',
      '[',
      ']',
      '#',
      '0',
      '9',
      'a',
      'X',
      '',
    )
    const changes = fc.sample(fc.tuple(fc.nat(text.length), fc.nat(2), junk), { numRuns: 150, seed: 380 })
    let accepted = 0
    for (const [at, gone, more] of changes) {
      const changed = text.slice(0, at) + more + text.slice(at + gone)
      let own: string
      try {
        own = parseDescriptor(changed, network).text
      } catch (error) {
        if (!isCofferError(error)) throw error
        continue
      }
      accepted++
      const core = await info(changed)
      expect(core.descriptor.replaceAll("'", 'h').slice(0, -9)).toBe(own.slice(0, -9))
    }
    expect(accepted).toBeGreaterThan(0)
  })
})
