import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { RawTx } from '@scure/btc-signer/script.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { headerHash, isHex, readTx, writeTx } from './bitcoinBytes.ts'
import { doubleSha } from './testing/ledger.ts'

const hex = (least: number, most: number) =>
  fc.uint8Array({ minLength: least, maxLength: most }).map((bytes) => bytesToHex(bytes))
const u32 = fc.nat(0xffff_ffff)
const input = fc.record({
  txid: hex(32, 32),
  vout: u32,
  script: fc.oneof(hex(0, 30), hex(252, 254)),
  sequence: u32,
  witness: fc.array(
    fc.oneof(
      { weight: 20, arbitrary: hex(0, 80) },
      { weight: 1, arbitrary: fc.constant('cd'.repeat(65_536)) },
    ),
    {
      maxLength: 3,
    },
  ),
})
const output = fc.record({ amount: fc.nat(2_100_000_000_000_000), script: hex(0, 60) })
const transaction = fc.record({
  version: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
  locktime: u32,
  inputs: fc.array(input, { minLength: 1, maxLength: 4 }),
  outputs: fc.array(output, { maxLength: 4 }),
})

describe('transactions, beside @scure/btc-signer', () => {
  it('are written and read alike', () => {
    fc.assert(
      fc.property(transaction, (tx) => {
        const isSegwit = tx.inputs.some(({ witness }) => witness.length > 0)
        const fields = {
          version: tx.version,
          inputs: tx.inputs.map(({ txid, vout, script, sequence }) => ({
            txid: hexToBytes(txid),
            index: vout,
            finalScriptSig: hexToBytes(script),
            sequence,
          })),
          outputs: tx.outputs.map(({ amount, script }) => ({
            amount: BigInt(amount),
            script: hexToBytes(script),
          })),
          lockTime: tx.locktime,
        }
        const witnesses = tx.inputs.map(({ witness }) => witness.map((item) => hexToBytes(item)))
        const raw = bytesToHex(
          RawTx.encode({ ...fields, segwitFlag: isSegwit, ...(isSegwit ? { witnesses } : {}) } as never),
        )
        const txid = doubleSha(bytesToHex(RawTx.encode({ ...fields, segwitFlag: false } as never)))
        expect(writeTx(tx)).toEqual({ raw, txid })
        expect(readTx(raw)).toEqual({
          txid,
          inputs: tx.inputs.map(({ txid, vout }) => ({ txid, vout })),
          outputs: tx.outputs.map(({ script }) => script),
        })
      }),
      { numRuns: 150 },
    )
  })

  it('with more than 252 outputs and inputs', () => {
    for (const count of [252, 253, 300]) {
      const tx = {
        version: 2,
        locktime: 0,
        inputs: Array.from({ length: count }, (_, vout) => ({
          txid: 'ab'.repeat(32),
          vout,
          script: '',
          sequence: 0,
          witness: [],
        })),
        outputs: Array.from({ length: count }, (_, i) => ({ amount: i, script: '51' })),
      }
      const { raw, txid } = writeTx(tx)
      expect(RawTx.decode(hexToBytes(raw)).outputs).toHaveLength(count)
      expect(readTx(raw)).toMatchObject({ txid, outputs: Array(count).fill('51') })
    }
  })

  it('that are none, are not read', () => {
    fc.assert(
      fc.property(transaction, fc.nat(), (tx, cut) => {
        const { raw } = writeTx({ ...tx, inputs: tx.inputs.map((input) => ({ ...input, witness: ['aa'] })) })
        expect(readTx(raw.slice(0, (cut % (raw.length / 2)) * 2))).toBeUndefined()
        expect(readTx(`${raw}00`)).toBeUndefined()
        expect(readTx(raw.slice(1))).toBeUndefined()
      }),
      { numRuns: 100 },
    )
    for (const raw of [
      '',
      '00',
      'zz',
      '01000000000000000000',
      `01000000${'ff'.repeat(9)}`,
      `0100000001${'00'.repeat(36)}fe${'ff'.repeat(4)}`,
    ])
      expect(readTx(raw)).toBeUndefined()
  })

  it('never throws, whatever the bytes are, and ends at once where counts are lies', () => {
    fc.assert(fc.property(hex(0, 200), (raw) => void readTx(raw)))
    const start = performance.now()
    expect(readTx(`01000000feffffffff${'00'.repeat(1_000)}`)).toBeUndefined()
    expect(performance.now() - start).toBeLessThan(500)
  })
})

describe('the genesis block of mainnet', () => {
  // https://en.bitcoin.it/wiki/Genesis_block
  const HEADER =
    '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c'
  const COINBASE =
    '01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000'

  it('hashes as it should', () => {
    expect(headerHash(HEADER)).toBe('000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f')
    expect(readTx(COINBASE)?.txid).toBe('4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b')
  })
})

it('isHex takes whole bytes in small letters only', () => {
  expect(['', 'ab', '00ff'].map(isHex)).toEqual([true, true, true])
  expect(['a', 'AB', 'zz', '0x', ' ab', 'ab\n', 5, null, undefined].some(isHex)).toBe(false)
  expect(isHex('ab'.repeat(4_000_000))).toBe(true)
})
