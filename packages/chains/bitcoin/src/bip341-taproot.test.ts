// The vectors of https://github.com/bitcoin/bips/blob/master/bip-0341/wallet-test-vectors.json
import { nobleEngine } from '@coffer/core'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { describe, expect, test } from 'vitest'
import { formatAddress, parseAddress } from './address.ts'
import { compareBytes, taggedHash } from './bytes.ts'
import { bitcoinNetwork } from './networks.ts'
import { p2trScript } from './script.ts'
import { makeSighash } from './sighash.ts'
import { evenKey, outputKey, tapOutputKey, tapTweakHash } from './taproot.ts'
import { decodeTx } from './transaction.ts'
import { coreVectors } from './vectors.fixture.ts'

interface Leaf {
  script: string
  leafVersion: number
}
type Tree = Leaf | Tree[]
interface Vectors {
  scriptPubKey: {
    given: { internalPubkey: string; scriptTree: Tree | null }
    intermediary: { merkleRoot: string | null; tweak: string; tweakedPubkey: string }
    expected: { scriptPubKey: string; bip350Address: string }
  }[]
  keyPathSpending: {
    given: { rawUnsignedTx: string; utxosSpent: { scriptPubKey: string; amountSats: number }[] }
    inputSpending: {
      given: { txinIndex: number; internalPrivkey: string; merkleRoot: string | null; hashType: number }
      intermediary: { internalPubkey: string; tweak: string; tweakedPrivkey: string; sigHash: string }
      expected: { witness: string[] }
    }[]
  }[]
}

const { scriptPubKey, keyPathSpending } = coreVectors('bitcoind/wallet_test_vectors.json') as Vectors
const optional = (hex: string | null) => (hex === null ? undefined : hexToBytes(hex))

test('there are as many as the standard has', () => {
  expect(scriptPubKey).toHaveLength(7)
  expect(keyPathSpending[0]!.inputSpending).toHaveLength(7)
})

describe.each(scriptPubKey)('output $expected.bip350Address', ({ given, intermediary, expected }) => {
  const key = hexToBytes(given.internalPubkey)
  const root = given.scriptTree ? rootOf(given.scriptTree) : undefined

  test('tweak, key, script and address', () => {
    expect(root && bytesToHex(root)).toBe(intermediary.merkleRoot ?? undefined)
    expect(bytesToHex(tapTweakHash(key, root))).toBe(intermediary.tweak)
    const output = tapOutputKey(key, root)
    expect(bytesToHex(output)).toBe(intermediary.tweakedPubkey)
    const script = p2trScript(output)
    expect(bytesToHex(script)).toBe(expected.scriptPubKey)
    expect(outputKey(script)).toEqual(output)
    expect(formatAddress(script, bitcoinNetwork)).toBe(expected.bip350Address)
    expect(parseAddress(expected.bip350Address, bitcoinNetwork)).toEqual({
      address: expected.bip350Address,
      script,
    })
  })
})

describe.each(keyPathSpending)('spending', ({ given, inputSpending }) => {
  const prevouts = given.utxosSpent.map(({ scriptPubKey, amountSats }) => ({
    amount: BigInt(amountSats),
    script: hexToBytes(scriptPubKey),
  }))
  const { taproot } = makeSighash(decodeTx(hexToBytes(given.rawUnsignedTx)), prevouts)

  test.each(inputSpending)(
    'input $given.txinIndex, type $given.hashType',
    ({ given, intermediary, expected }) => {
      const hash = taproot(given.txinIndex, given.hashType)
      expect(bytesToHex(hash)).toBe(intermediary.sigHash)
      const root = optional(given.merkleRoot)
      const internal = nobleEngine.publicKey(hexToBytes(given.internalPrivkey))
      expect(bytesToHex(internal.slice(1))).toBe(intermediary.internalPubkey)
      expect(bytesToHex(tapTweakHash(internal.slice(1), root))).toBe(intermediary.tweak)
      const signature = hexToBytes(expected.witness[0]!).slice(0, 64)
      const output = outputKey(prevouts[given.txinIndex]!.script)
      expect(tapOutputKey(internal.slice(1), root)).toEqual(output)
      expect(nobleEngine.schnorrVerify(signature, hash, output)).toBe(true)
    },
  )
})

describe('refused', () => {
  test.each<[string, () => unknown, string]>([
    ['an internal key of 33 bytes', () => tapTweakHash(new Uint8Array(33)), 'INVALID_KEY'],
    ['a root of 31 bytes', () => tapTweakHash(new Uint8Array(32), new Uint8Array(31)), 'INVALID_KEY'],
    ['an internal key off the curve', () => tapOutputKey(new Uint8Array(32).fill(0xff)), 'INVALID_KEY'],
    [
      'a sum at infinity, which no hash is known to make',
      () =>
        tapOutputKey(new Uint8Array(32).fill(7), undefined, { ...nobleEngine, publicAdd: () => undefined }),
      'INVALID_KEY',
    ],
    ['another script', () => outputKey(new Uint8Array(34)), 'INVALID_REQUEST'],
  ])('%s', (_, make, code) => {
    expect(make).toThrow(expect.objectContaining({ code }))
  })

  test('the even key has the x that it is made of', () => {
    expect(bytesToHex(evenKey(new Uint8Array(32).fill(7)))).toBe(`02${'07'.repeat(32)}`)
  })
})

function rootOf(tree: Tree): Uint8Array {
  if (!Array.isArray(tree)) {
    const script = hexToBytes(tree.script)
    return taggedHash('TapLeaf', Uint8Array.of(tree.leafVersion, script.length), script)
  }
  const [left, right] = tree.map(rootOf).sort(compareBytes) as [Uint8Array, Uint8Array]
  return taggedHash('TapBranch', left, right)
}
