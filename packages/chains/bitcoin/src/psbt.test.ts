import { isCofferError, nobleEngine } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js'
import { RawPSBTV0, RawPSBTV2 } from '@scure/btc-signer/psbt.js'
import { Psbt as PeerPsbt } from 'bitcoinjs-lib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodePsbt,
  encodePsbt,
  fromBase64,
  type Psbt,
  type PsbtInput,
  toBase64,
  unsignedTxOf,
} from './psbt.ts'
import { combinePsbts } from './psbt-merge.ts'
import { p2wpkhScript } from './script.ts'
import { derEncode } from './signature.ts'
import { encodeTx, txidOf } from './transaction.ts'
import { anyTx, shown } from './tx.fixture.ts'

const pool = Array.from({ length: 6 }, (_, i) => {
  const secret = sha256(Uint8Array.of(i))
  return {
    publicKey: nobleEngine.publicKey(secret),
    signature: concatBytes(derEncode(nobleEngine.ecdsaSign(secret, secret).signature), Uint8Array.of(1)),
  }
}).sort((a, b) => (bytesToHex(a.publicKey) < bytesToHex(b.publicKey) ? -1 : 1))

const maybe = <T>(arb: fc.Arbitrary<T>) => fc.option(arb, { nil: undefined })
const bytes = (min: number, max = min) => fc.uint8Array({ minLength: min, maxLength: max })
const u32 = fc.nat(0xffffffff)
const keys = fc.subarray(pool, { maxLength: 3 })
const origin = fc.record({ fingerprint: bytes(4).map(bytesToHex), path: fc.array(u32, { maxLength: 6 }) })
const leafHashes = fc.array(bytes(32), { maxLength: 2 })
/** Unknown fields, in ascending order. */
const other = fc
  .uniqueArray(fc.record({ key: bytes(0, 5), value: bytes(0, 300) }), {
    selector: ({ key }) => bytesToHex(key),
    maxLength: 3,
  })
  .map((pairs) =>
    pairs
      .map(({ key, value }) => ({ key: Uint8Array.of(0xf0, ...key), value }))
      .sort((a, b) => (bytesToHex(a.key) < bytesToHex(b.key) ? -1 : 1)),
  )

const keyFields = fc.record({ redeemScript: maybe(bytes(1, 40)), witnessScript: maybe(bytes(1, 300)) })
const derivations = fc
  .tuple(keys, fc.array(origin, { minLength: 3, maxLength: 3 }))
  .map(([list, origins]) => list.map(({ publicKey }, i) => ({ publicKey, ...origins[i]! })))
const tapDerivations = fc
  .tuple(keys, fc.array(origin, { minLength: 3, maxLength: 3 }), leafHashes)
  .map(([list, origins, leafHashes]) =>
    list
      .map(({ publicKey }, i) => ({ publicKey: publicKey.slice(1), ...origins[i]!, leafHashes }))
      .sort((a, b) => (bytesToHex(a.publicKey) < bytesToHex(b.publicKey) ? -1 : 1)),
  )

const inputFields = fc.record({
  sequence: u32,
  keyFields,
  previous: fc.boolean(),
  witnessUtxo: maybe(fc.record({ amount: fc.bigInt(0n, 2_100_000_000_000_000n), script: bytes(1, 300) })),
  partialSignatures: keys,
  sighashType: maybe(fc.constantFrom(0, 1, 2, 3, 0x81)),
  finalScriptSig: maybe(bytes(1, 100)),
  finalWitness: maybe(fc.array(bytes(0, 100), { minLength: 1, maxLength: 4 })),
  tapKeySignature: maybe(
    fc.oneof(
      bytes(64),
      bytes(64).map((b) => Uint8Array.of(...b, 1)),
    ),
  ),
  tapInternalKey: maybe(fc.constantFrom(...pool).map(({ publicKey }) => publicKey.slice(1))),
  tapMerkleRoot: maybe(bytes(32)),
  derivations,
  tapDerivations,
  other,
})

/** Both versions; what comes out is as reading makes it. */
const anyPsbt: fc.Arbitrary<Psbt> = fc
  .record({
    version: fc.constantFrom(0 as const, 2 as const),
    txVersion: fc.constantFrom(1, 2),
    locktime: u32,
    inputs: fc.array(fc.tuple(anyTx, inputFields), { minLength: 1, maxLength: 3 }),
    outputs: fc.array(
      fc.record({
        amount: fc.bigInt(0n, 2_100_000_000_000_000n),
        script: bytes(1, 40),
        keyFields,
        tapInternalKey: maybe(fc.constantFrom(...pool).map(({ publicKey }) => publicKey.slice(1))),
        derivations,
        tapDerivations,
        other,
      }),
      { minLength: 1, maxLength: 3 },
    ),
    xpubs: fc.uniqueArray(origin, { selector: ({ fingerprint }) => fingerprint, maxLength: 2 }),
    other,
    modifiable: maybe(fc.nat(7)),
  })
  .map(({ inputs, outputs, xpubs, modifiable, version, ...rest }) =>
    compact({
      ...rest,
      version,
      ...(version === 2 ? { modifiable } : {}),
      ...(version === 2 && rest.locktime > 0 ? { fallbackLocktime: rest.locktime } : {}),
      inputs: inputs.map(([tx, { keyFields, previous, ...fields }], i) => ({
        txid: txidOf(tx),
        vout: i,
        ...(previous ? { previous: encodeTx(tx) } : {}),
        ...keyFields,
        ...fields,
      })),
      outputs: outputs.map(({ keyFields, ...fields }) => ({ ...keyFields, ...fields })),
      xpubs: xpubs
        .map(({ fingerprint, path }) => ({ fingerprint, path, xpub: xpubAt(fingerprint, path.length) }))
        .sort((a, b) => (bytesToHex(a.xpub) < bytesToHex(b.xpub) ? -1 : 1)),
    } as unknown as Psbt),
  )

describe('writing and reading', () => {
  test('are each other turned round, in both versions and all texts', () => {
    fc.assert(
      fc.property(anyPsbt, (psbt) => {
        const written = encodePsbt(psbt)
        expect(shown(decodePsbt(written))).toBe(shown(psbt))
        expect(shown(decodePsbt(toBase64(written)))).toBe(shown(psbt))
        expect(shown(decodePsbt(bytesToHex(written)))).toBe(shown(psbt))
        expect(shown(decodePsbt(bytesToHex(written).toUpperCase()))).toBe(shown(psbt))
        expect(shown(encodePsbt(decodePsbt(written)))).toBe(shown(written))
      }),
      { numRuns: 120 },
    )
  })

  test('the other version holds the same', () => {
    fc.assert(
      fc.property(anyPsbt, (psbt) => {
        const { modifiable: _, fallbackLocktime: _1, ...kept } = psbt
        const older = decodePsbt(encodePsbt(psbt, { version: 0 }))
        expect(shown(older)).toBe(shown({ ...kept, version: 0 }))
        const later = decodePsbt(encodePsbt(older, { version: 2 }))
        expect(shown(encodePsbt(later, { version: 0 }))).toBe(shown(encodePsbt(older)))
        expect(shown(unsignedTxOf(later))).toBe(shown(unsignedTxOf(psbt)))
      }),
    )
  })

  test('in whatever order fields and keys are given, one text comes out', () => {
    fc.assert(
      fc.property(anyPsbt, (psbt) => {
        const turned = (input: PsbtInput): PsbtInput => ({
          ...input,
          partialSignatures: [...input.partialSignatures].reverse(),
          derivations: [...input.derivations].reverse(),
          tapDerivations: [...input.tapDerivations].reverse(),
          other: [...input.other].reverse(),
        })
        const other = { ...psbt, inputs: psbt.inputs.map(turned), xpubs: [...psbt.xpubs].reverse() }
        expect(shown(encodePsbt(other))).toBe(shown(encodePsbt(psbt)))
      }),
    )
  })

  test('combining with itself changes nothing that is open', () => {
    fc.assert(
      fc.property(anyPsbt, (psbt) => {
        const open = {
          ...psbt,
          inputs: psbt.inputs.map(({ finalScriptSig: _, finalWitness: _1, ...input }) => input),
        }
        expect(shown(encodePsbt(combinePsbts([open, open, open])))).toBe(shown(encodePsbt(open)))
      }),
    )
  })
})

describe('as others write', () => {
  test('@scure/btc-signer, byte by byte', () => {
    fc.assert(
      fc.property(anyPsbt, (psbt) => {
        // Unknown global fields the peer writes after the version, whatever their key.
        const written = encodePsbt({ ...psbt, other: [] })
        const peer = psbt.version === 0 ? RawPSBTV0 : RawPSBTV2
        const read = peer.decode(written)
        expect(read.inputs).toHaveLength(psbt.inputs.length)
        expect(bytesToHex(peer.encode(read as never))).toBe(bytesToHex(written))
      }),
      { numRuns: 80 },
    )
  })

  test('bitcoinjs-lib, byte by byte', () => {
    fc.assert(
      fc.property(anyPsbt, (psbt) => {
        const plain = {
          ...psbt,
          version: 0 as const,
          txVersion: 2,
          inputs: psbt.inputs.map(({ witnessUtxo: _, ...input }) => input),
        }
        const written = encodePsbt(plain)
        const peer = PeerPsbt.fromBuffer(written)
        expect(peer.txInputs.map(({ index, sequence }) => [index, sequence])).toEqual(
          plain.inputs.map(({ vout, sequence }) => [vout, sequence]),
        )
        expect(bytesToHex(peer.toBuffer())).toBe(bytesToHex(written))
      }),
      { numRuns: 100 },
    )
  })
})

// ---- what is refused ----

const SAMPLE: Psbt = {
  version: 0,
  txVersion: 2,
  locktime: 0,
  inputs: [
    {
      txid: '11'.repeat(32),
      vout: 0,
      sequence: 0xfffffffd,
      witnessUtxo: { amount: 5n, script: p2wpkhScript(new Uint8Array(20)) },
      partialSignatures: pool.slice(0, 2),
      derivations: pool.map(({ publicKey }) => ({
        publicKey,
        fingerprint: '01020304',
        path: [0x80000054, 1],
      })),
      tapDerivations: [],
      other: [],
    },
  ],
  outputs: [
    { amount: 4n, script: p2wpkhScript(new Uint8Array(20)), derivations: [], tapDerivations: [], other: [] },
  ],
  xpubs: [],
  other: [],
}
const HEX = bytesToHex(encodePsbt(SAMPLE))
const refused = (psbt: unknown, message = '') => {
  expect(() => decodePsbt(psbt as string)).toThrow(
    expect.objectContaining({ code: 'INVALID_DRAFT', message: expect.stringContaining(message) }),
  )
}
/** The sample with nothing but one pair in the map of its input. */
const withPair = (key: string, value: string) => {
  const pairs = [{ key: hexToBytes(key), value: hexToBytes(value) }]
  const [{ txid, vout, sequence }] = SAMPLE.inputs as [PsbtInput]
  const input = {
    txid,
    vout,
    sequence,
    partialSignatures: [],
    derivations: [],
    tapDerivations: [],
    other: pairs,
  }
  return encodePsbt({ ...SAMPLE, inputs: [input] })
}

describe('refused', () => {
  test.each<[string, unknown, string]>([
    ['nothing', '', 'begin'],
    ['no text', undefined, 'no byte string'],
    ['a list of numbers', [0x70, 0x73], 'no byte string'],
    ['a transaction', encodeTx(unsignedTxOf(SAMPLE)), 'begin'],
    ['another magic', HEX.replace('70736274ff', '70736274fe'), 'begin'],
    ['hexadecimal with a space', `${HEX} `, 'hexadecimal'],
    ['half a byte', `${HEX}0`, 'hexadecimal'],
    ['base64 with a line', `${toBase64(hexToBytes(HEX))}\n`, 'base64'],
    ['base64 of the other alphabet', toBase64(hexToBytes(HEX)).replace(/.$/, '_'), 'base64'],
    ['bytes left over', `${HEX}00`, 'left over'],
    ['maps missing', HEX.slice(0, -2), 'too early'],
    ['a text beyond all bounds', 'A'.repeat(200_000_000), 'too long'],
    ['bytes beyond all bounds', new Uint8Array(70_000_000), 'more than'],
  ])('%s', (_, psbt, message) => refused(psbt, message))

  test('base64 in its one writing', () => {
    const text = toBase64(hexToBytes(HEX))
    const tail = text.replace(/=*$/, '')
    if (tail !== text) {
      refused(tail, 'base64')
      const last = tail.at(-1)!
      const next = String.fromCharCode(last.charCodeAt(0) + 1)
      expect(() => fromBase64(tail.slice(0, -1) + next + text.slice(tail.length))).toThrow('base64')
    }
    expect(() => fromBase64('AB==')).toThrow('base64')
    expect(() => fromBase64('AA=')).toThrow('base64')
    expect(fromBase64('AA==')).toEqual(Uint8Array.of(0))
  })

  test.each<[string, string, string]>([
    ['a signature that is none', `02${'02'.repeat(33)}`, '3006020101020101'],
    ['a signature of an unknown type', `02${'02'.repeat(33)}`, '300602010102010105'],
    ['a signature for a short key', '020202', '300602010102010101'],
    ['a signature for a key of no form', `0205${'02'.repeat(32)}`, '300602010102010101'],
    ['a type of signature of three bytes', '03', '010000'],
    ['a witness utxo that goes on', '01', `0000000000000000015100`],
    ['a witness utxo that ends early', '01', `00000000000000000251`],
    ['a witness utxo in a longer form', '01', `0000000000000000fd010051`],
    ['a path of three bytes', `06${'02'.repeat(33)}`, '01020304010203'],
    ['a path without a fingerprint', `06${'02'.repeat(33)}`, ''],
    ['a path below all depths', `06${'02'.repeat(33)}`, '00'.repeat(4 + 4 * 256)],
    ['a witness that ends early', '08', '0201aa'],
    ['a witness that goes on', '08', '0101aaaa'],
    ['a witness that counts too far', '08', 'feffffffff'],
    ['leaf hashes that end early', `16${'02'.repeat(32)}`, '01aabb'],
    ['a preimage of no hash', '0b0102', 'aa'],
    ['a preimage of a short hash', `0a${'00'.repeat(32)}`, 'aa'],
    ['a commitment with a key', '0900', 'aa'],
    ['a short root', '18', '00'.repeat(31)],
    ['a previous transaction that is none', '00', '00'.repeat(60)],
    ['a field of version 2', '0e', '11'.repeat(32)],
  ])('%s', (_, key, value) => refused(withPair(key, value)))

  test('the same key twice, next to each other and apart', () => {
    const pair = { key: hexToBytes('f0'), value: new Uint8Array() }
    const [input] = SAMPLE.inputs
    expect(() => encodePsbt({ ...SAMPLE, inputs: [{ ...input!, other: [pair, pair] }] })).toThrow('twice')
    expect(() => encodePsbt({ ...SAMPLE, other: [pair, { ...pair, key: hexToBytes('f1') }, pair] })).toThrow(
      'twice',
    )
    expect(() => encodePsbt({ ...SAMPLE, other: [{ ...pair, key: new Uint8Array() }] })).toThrow('empty')
    const twice = '01f00001f000'
    refused(HEX.replace(/00$/, `${twice}00`), 'twice')
    refused(HEX.replace(/00$/, '01f10001f00001f10000'), 'twice')
    expect(decodePsbt(HEX.replace(/00$/, '01f10001f00000')).outputs[0]!.other).toHaveLength(2)
  })

  test('keys out of their order are read in their order', () => {
    const pair = (key: string) => ({ key: hexToBytes(key), value: hexToBytes('aa') })
    const [input] = SAMPLE.inputs
    const [output] = SAMPLE.outputs
    const list = [pair('f0'), pair('f1')]
    const psbt = {
      ...SAMPLE,
      inputs: [{ ...input!, other: list }],
      outputs: [{ ...output!, other: list }],
      other: list,
    }
    const written = bytesToHex(encodePsbt(psbt))
    const turned = written.replaceAll('01f001aa01f101aa', '01f101aa01f001aa')
    expect(turned).not.toBe(written)
    expect(shown(decodePsbt(turned))).toBe(shown(psbt))
  })

  test('a key type in a longer form than needed, which hides one', () => {
    refused(HEX.replace(/00$/, '03fd00000000'), 'longer form')
    refused(HEX.replace(/00$/, '02fd000000'), 'too early')
    expect(decodePsbt(HEX.replace(/00$/, '03fdfd000000')).outputs[0]!.other).toHaveLength(1)
  })

  test('versions that nobody knows', () => {
    const version = (n: number) =>
      HEX.replace(/(70736274ff0100(?:..))/, `$1`).replace('70736274ff', `70736274ff01fb040${n}000000`)
    expect(decodePsbt(version(0)).version).toBe(0)
    refused(version(1), 'not known')
    refused(version(3), 'not known')
    refused(version(2), 'counts'.slice(0, 0))
  })

  test('more inputs than bytes', () => {
    const later = bytesToHex(encodePsbt(SAMPLE, { version: 2 }))
    refused(later.replace('01040101', '010405feffffffff'), 'more parts')
    refused(later.replace('01040101', '01040201'), '')
    refused(later.replace('01040101', '010403fd0100'), 'longer form')
  })

  test('an extended key that is not at its path', () => {
    const xpub = xpubAt('01020304', 2)
    expect(() => encodePsbt({ ...SAMPLE, xpubs: [{ xpub, fingerprint: '01020304', path: [1] }] })).toThrow(
      'path',
    )
    const good = bytesToHex(
      encodePsbt({ ...SAMPLE, xpubs: [{ xpub, fingerprint: '01020304', path: [1, 2] }] }),
    )
    refused(
      good.replace('0c010203040100000002000000', '08010203040100000002000000'.replace('02000000', '')),
      'not at its path',
    )
    refused(good.replace('4f01', '5001'), '')
  })

  test('uncompressed keys are kept as they came', () => {
    const key = `0204${'11'.repeat(64)}`
    const psbt = decodePsbt(withPair(key, '300602010102010101'))
    expect(psbt.inputs[0]!.other.map(({ key }) => bytesToHex(key))).toEqual([key])
    refused(withPair(key.replace('0204', '0205'), '300602010102010101'), 'public key')
  })
})

describe('not written', () => {
  const [input] = SAMPLE.inputs
  const [output] = SAMPLE.outputs
  const derivation = SAMPLE.inputs[0]!.derivations[0]!
  test.each<[string, Partial<Psbt>]>([
    ['a short id', { inputs: [{ ...input!, txid: '11' }] }],
    ['an index beyond 32 bits', { inputs: [{ ...input!, vout: 2 ** 32 }] }],
    ['a negative amount', { outputs: [{ ...output!, amount: -1n }] }],
    ['an amount beyond 64 bits', { outputs: [{ ...output!, amount: 1n << 64n }] }],
    [
      'a negative amount that is spent',
      { inputs: [{ ...input!, witnessUtxo: { amount: -1n, script: new Uint8Array() } }] },
    ],
    [
      'a key of 32 bytes',
      { inputs: [{ ...input!, derivations: [{ ...derivation, publicKey: new Uint8Array(32) }] }] },
    ],
    [
      'a fingerprint of a word',
      { inputs: [{ ...input!, derivations: [{ ...derivation, fingerprint: 'fingerpr' }] }] },
    ],
    ['a step beyond 32 bits', { inputs: [{ ...input!, derivations: [{ ...derivation, path: [2 ** 32] }] }] }],
    ['half a step', { outputs: [{ ...output!, derivations: [{ ...derivation, path: [0.5] }] }] }],
    [
      'a path below all depths',
      { outputs: [{ ...output!, derivations: [{ ...derivation, path: new Array(256).fill(0) }] }] },
    ],
    ['a taproot key of 33 bytes', { inputs: [{ ...input!, tapInternalKey: new Uint8Array(33) }] }],
    ['a short taproot signature', { inputs: [{ ...input!, tapKeySignature: new Uint8Array(63) }] }],
    ['a signature type beyond 32 bits', { inputs: [{ ...input!, sighashType: -1 }] }],
    [
      'a short leaf hash',
      {
        inputs: [
          {
            ...input!,
            tapDerivations: [
              { ...derivation, publicKey: new Uint8Array(32), leafHashes: [new Uint8Array(31)] },
            ],
          },
        ],
      },
    ],
  ])('%s', (_, change) => {
    for (const version of [0, 2] as const)
      expect(() => encodePsbt({ ...SAMPLE, ...change }, { version })).toThrow(
        expect.objectContaining({ code: 'INVALID_DRAFT' }),
      )
  })
})

describe('whatever comes', () => {
  const onlyOurs = (bytes: Uint8Array) => {
    let psbt: Psbt
    try {
      psbt = decodePsbt(bytes)
    } catch (error) {
      if (!isCofferError(error, 'INVALID_DRAFT')) throw error
      return
    }
    expect(shown(decodePsbt(encodePsbt(psbt)))).toBe(shown(psbt))
  }

  test('one changed byte: refused, or read as what it is', () => {
    fc.assert(
      fc.property(anyPsbt, fc.nat(), fc.integer({ min: 1, max: 255 }), (psbt, at, flip) => {
        const bytes = encodePsbt(psbt)
        bytes[at % bytes.length]! ^= flip
        onlyOurs(bytes)
      }),
      { numRuns: 250 },
    )
  })

  test('a cut at every place', () => {
    for (let n = 0; n < HEX.length; n += 2) refused(HEX.slice(0, n))
  })

  test('noise after the magic', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) =>
        onlyOurs(concatBytes(hexToBytes('70736274ff'), noise)),
      ),
      { numRuns: 400 },
    )
  })
})

test('time grows with the number of inputs, and not with its square', () => {
  const previous = encodeTx({
    ...unsignedTxOf(SAMPLE),
    outputs: Array.from({ length: 6 }, () => SAMPLE.outputs[0]!),
  })
  const [input] = SAMPLE.inputs as [PsbtInput]
  const timeOf = (count: number): number => {
    const inputs = Array.from({ length: count }, (_, vout) => ({ ...input, vout, previous }))
    const times = Array.from({ length: 5 }, () => {
      const started = performance.now()
      expect(decodePsbt(encodePsbt({ ...SAMPLE, inputs })).inputs).toHaveLength(count)
      return performance.now() - started
    })
    return Math.min(...times)
  }
  timeOf(200)
  // Thirty times as many: nine hundred times as long if it were the square.
  expect(timeOf(3000)).toBeLessThan(timeOf(100) * 300)
})

/** 78 bytes at a depth. */
function xpubAt(fingerprint: string, depth: number): Uint8Array {
  const { publicKey } = pool[Number.parseInt(fingerprint, 16) % pool.length]!
  const chainCode = sha256(hexToBytes(fingerprint))
  return concatBytes(hexToBytes('0488b21e'), Uint8Array.of(depth), new Uint8Array(8), chainCode, publicKey)
}

/** Without fields that are undefined, as reading leaves them out. */
function compact<T>(value: T): T {
  if (Array.isArray(value)) return value.map(compact) as T
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[key, compact(item)]])),
  ) as T
}
