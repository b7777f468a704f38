import { isCofferError } from '@coffer/core'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { RawTx } from '@scure/btc-signer'
import { Transaction } from 'bitcoinjs-lib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeTx, encodeTx, isTx, type Tx, txidOf, vsizeOf, weightOf } from './transaction.ts'
import { anyTx, shown } from './tx.fixture.ts'
import { coreVectors } from './vectors.fixture.ts'

/** The first payment of the network, block 170. */
const FIRST =
  '0100000001c997a5e56e104102fa209c6a852dd90660a20b2d9c352423edce25857fcd3704000000004847304402204e45e16932b8af514961a1d3a1a25fdf3f4f7732e9d624c6c61548ab5fb8cd410220181522ec8eca07de4860a4acdd12909d831cc56cbbac4622082221a8768d1d0901ffffffff0200ca9a3b00000000434104ae1a62fe09c5f51b13905f07f06b99a2f7159b2225f374cd378d71302fa28414e7aab37397f554a7df5f142c21c1b7303b8a0626f1baded5c72a704f7e6cd84cac00286bee0000000043410411db93e1dcdb8a016b49840f8c53bc1eb68a382e97b1482ecad7b148a6909a5cb2e0eaddfb84ccf9744464f82e160bfa9b8b64f9d4c03f999b8643f656b412a3ac00000000'

test('the first payment of the network', () => {
  const tx = decodeTx(hexToBytes(FIRST))
  expect(tx.inputs).toHaveLength(1)
  expect(tx.outputs.map(({ amount }) => amount)).toEqual([1_000_000_000n, 4_000_000_000n])
  expect(txidOf(tx)).toBe('f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16')
  expect([weightOf(tx), vsizeOf(tx)]).toEqual([275 * 4, 275])
})

describe('as others write', () => {
  test('bitcoinjs-lib: bytes, ids, weights', () => {
    fc.assert(
      fc.property(anyTx, (tx) => {
        const peer = new Transaction()
        peer.version = tx.version
        peer.locktime = tx.locktime
        for (const { txid, vout, sequence, scriptSig, witness } of tx.inputs) {
          const i = peer.addInput(hexToBytes(txid).reverse(), vout, sequence, scriptSig)
          peer.setWitness(i, [...witness])
        }
        for (const { script, amount } of tx.outputs) peer.addOutput(script, amount)
        const bytes = encodeTx(tx)
        expect(bytesToHex(bytes)).toBe(peer.toHex())
        expect(shown(decodeTx(bytes))).toBe(shown(tx))
        expect(txidOf(tx)).toBe(peer.getId())
        expect(txidOf(bytes)).toBe(peer.getId())
        expect(weightOf(tx)).toBe(peer.weight())
        expect(vsizeOf(tx)).toBe(peer.virtualSize())
        expect(shown(decodeTx(encodeTx(tx, { witness: false }), { witness: false }).outputs)).toBe(
          shown(tx.outputs),
        )
      }),
      { numRuns: 300 },
    )
  })

  test('@scure/btc-signer reads what is written', () => {
    fc.assert(
      fc.property(anyTx, (tx) => {
        const peer = RawTx.decode(encodeTx(tx))
        expect(peer.inputs.map(({ txid, index }) => `${bytesToHex(txid)}:${index}`)).toEqual(
          tx.inputs.map(({ txid, vout }) => `${txid}:${vout}`),
        )
        expect(peer.outputs.map(({ amount }) => amount)).toEqual(tx.outputs.map(({ amount }) => amount))
        expect(peer.lockTime).toBe(tx.locktime)
      }),
    )
  })

  test("Core's valid transactions are read and written byte by byte", () => {
    const rows = (coreVectors('bitcoind/tx_valid.json') as unknown[][]).filter((row) => row.length === 3)
    expect(rows.length).toBeGreaterThanOrEqual(50)
    for (const [, raw] of rows as [unknown, string][]) {
      const bytes = hexToBytes(raw)
      expect(bytesToHex(encodeTx(decodeTx(bytes)))).toBe(raw.toLowerCase())
      expect(txidOf(bytes)).toBe(Transaction.fromHex(raw).getId())
    }
  })
})

describe('refused', () => {
  const segwit: Tx = {
    version: 2,
    locktime: 0,
    inputs: [
      {
        txid: '11'.repeat(32),
        vout: 0,
        sequence: 0,
        scriptSig: new Uint8Array(),
        witness: [Uint8Array.of(7)],
      },
    ],
    outputs: [{ amount: 1n, script: Uint8Array.of(0x51) }],
  }
  const hex = bytesToHex(encodeTx(segwit))
  const refused = (bytes: string, message: string) => {
    expect(() => decodeTx(hexToBytes(bytes))).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST', message: expect.stringContaining(message) }),
    )
    expect(isTx(hexToBytes(bytes))).toBe(false)
  }

  test('a witness part with no witness in it', () => refused(hex.replace('010107', '00'), 'no witness in it'))
  test('another flag', () => refused(hex.replace('020000000001', '020000000002'), 'not known'))
  test('no inputs', () => refused('02000000000000000000', 'no inputs'))
  test('bytes left over', () => refused(`${hex}00`, 'left over'))
  test('nothing', () => refused('', 'too early'))
  test('more inputs than bytes', () => refused('02000000feffffffff', 'more parts'))
  test('more outputs than there are', () => refused(FIRST.replace('ffffffff02', 'ffffffff03'), 'too early'))
  test('more outputs than bytes', () => refused(FIRST.replace('ffffffff02', 'fffffffffc'), 'more parts'))
  test('more witness items than bytes', () => refused(hex.replace('010107', 'fdffff07'), 'more parts'))
  test('a length in a longer form', () => refused(hex.replace('010107', '01fd010007'), 'longer form'))
  test('a script longer than all', () => refused(hex.replace('0151', '4c51'), 'past the end'))

  test('what is larger than a block, by bytes and by weight', () => {
    expect(() => decodeTx(new Uint8Array(4_000_001))).toThrow('larger than a block')
    const tx = { ...segwit, outputs: [{ amount: 1n, script: new Uint8Array(1_000_000) }] }
    expect(() => decodeTx(encodeTx(tx))).toThrow('larger than a block')
    expect(isTx(encodeTx(tx))).toBe(false)
    const witness = { ...segwit, inputs: [{ ...segwit.inputs[0]!, witness: [new Uint8Array(1_000_000)] }] }
    expect(() => decodeTx(encodeTx(witness))).not.toThrow()
    expect(isTx(encodeTx(witness))).toBe(true)
  })

  test('what weighs more than a block by one unit, and not what weighs as much', () => {
    // 60 bytes besides the script, whose length takes five.
    const heavy = (script: number, witness: readonly Uint8Array[]): Uint8Array =>
      encodeTx({
        ...segwit,
        inputs: [{ ...segwit.inputs[0]!, witness }],
        outputs: [{ amount: 1n, script: new Uint8Array(script) }],
      })
    const room = 1_000_000 - 64
    for (const [bytes, fits] of [
      [heavy(room, []), true],
      [heavy(room + 1, []), false],
      // Marker, flag, the number of items, and an item with its length: 4 + n bytes.
      [heavy(room - 25, [new Uint8Array(96)]), true],
      [heavy(room - 25, [new Uint8Array(97)]), false],
    ] as const) {
      expect(isTx(bytes)).toBe(fits)
      if (fits) expect(weightOf(decodeTx(bytes))).toBe(4_000_000)
      else expect(() => decodeTx(bytes)).toThrow('larger than a block')
    }
  })

  test('every cut', () => {
    for (let n = 0; n < hex.length; n += 2)
      expect(() => decodeTx(hexToBytes(hex.slice(0, n)))).toThrow(
        expect.objectContaining({ code: 'INVALID_REQUEST' }),
      )
  })

  test.each<[string, Partial<Tx>]>([
    ['a short id', { inputs: [{ ...segwit.inputs[0]!, txid: '11' }] }],
    ['a long id', { inputs: [{ ...segwit.inputs[0]!, txid: '1'.repeat(65) }] }],
    ['an id with more behind it', { inputs: [{ ...segwit.inputs[0]!, txid: `${'1'.repeat(64)}z` }] }],
    ['an id in capitals', { inputs: [{ ...segwit.inputs[0]!, txid: 'AA'.repeat(32) }] }],
    ['an index beyond 32 bits', { inputs: [{ ...segwit.inputs[0]!, vout: 2 ** 32 }] }],
    ['a negative sequence', { inputs: [{ ...segwit.inputs[0]!, sequence: -1 }] }],
    ['a locktime that is no whole number', { locktime: 0.5 }],
    ['a version that is none', { version: Number.NaN }],
    ['a negative amount', { outputs: [{ amount: -1n, script: new Uint8Array() }] }],
    ['an amount beyond 64 bits', { outputs: [{ amount: 1n << 64n, script: new Uint8Array() }] }],
    ['no inputs', { inputs: [] }],
  ])('to write %s', (_, change) => {
    expect(() => encodeTx({ ...segwit, ...change })).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    )
  })

  test('no inputs are written and read where witnesses cannot be', () => {
    const none: Tx = { ...segwit, inputs: [] }
    const bytes = encodeTx(none, { witness: false })
    expect(decodeTx(bytes, { witness: false })).toEqual(none)
    expect(() => decodeTx(bytes)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })
})

describe('what is as small as it can be', () => {
  const input = { txid: '11'.repeat(32), vout: 0, sequence: 0, scriptSig: new Uint8Array() }
  const output = { amount: 0n, script: new Uint8Array() }

  test('is read, however much of it there is', () => {
    const inputs = Array.from({ length: 100 }, () => ({ ...input, witness: [] }))
    const outputs = Array.from({ length: 100 }, () => output)
    const items = Array.from({ length: 100 }, () => new Uint8Array())
    for (const tx of [
      { version: 2, locktime: 0, inputs, outputs: [output] },
      { version: 2, locktime: 0, inputs: inputs.slice(99), outputs },
      { version: 2, locktime: 0, inputs: [{ ...input, witness: items }], outputs: [output] },
    ]) {
      const bytes = encodeTx(tx)
      expect(shown(decodeTx(bytes))).toBe(shown(tx))
      expect(isTx(bytes)).toBe(true)
    }
  })

  test('weighs a quarter in the witness, which is no part of the id', () => {
    const witness = [new Uint8Array(3), new Uint8Array(300)]
    const bare = { ...input, witness: [] }
    const tx: Tx = { version: 2, locktime: 0, inputs: [bare, { ...input, witness }, bare], outputs: [output] }
    // Marker, flag, three counts, two lengths of one and of three bytes.
    expect(weightOf(tx)).toBe(4 * (10 + 3 * 41 + 9) + 2 + 3 + 1 + 3 + 3 + 300)
    expect(vsizeOf(tx)).toBe(Math.ceil(weightOf(tx) / 4))
    expect(txidOf(tx)).toBe(Transaction.fromBuffer(encodeTx(tx)).getId())
    expect(txidOf(encodeTx(tx))).toBe(txidOf(tx))
  })
})

describe('whatever comes', () => {
  const onlyOurs = (bytes: Uint8Array) => {
    let tx: Tx
    try {
      tx = decodeTx(bytes)
    } catch (error) {
      if (!isCofferError(error, 'INVALID_REQUEST')) throw error
      expect(isTx(bytes)).toBe(false)
      return
    }
    expect(bytesToHex(encodeTx(tx))).toBe(bytesToHex(bytes))
    expect(isTx(bytes)).toBe(true)
  }

  test('one changed byte: refused, or read as what it is', () => {
    fc.assert(
      fc.property(anyTx, fc.nat(), fc.integer({ min: 1, max: 255 }), (tx, at, flip) => {
        const bytes = encodeTx(tx)
        bytes[at % bytes.length]! ^= flip
        onlyOurs(bytes)
      }),
      { numRuns: 500 },
    )
  })

  test('noise', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), onlyOurs), { numRuns: 500 })
  })
})
