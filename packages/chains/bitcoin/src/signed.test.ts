import { nobleEngine, type SignedFields } from '@coffer/core'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { base64 } from '@scure/base'
import { describe, expect, it } from 'vitest'
import { scriptAt } from './derive.ts'
import { parseDescriptor } from './descriptor.ts'
import { keysOf } from './keys.fixture.ts'
import { regtestNetwork } from './networks.ts'
import {
  accountOf,
  coinOf,
  draftOf,
  expectThrow,
  groupOf,
  network,
  pays,
  planOf,
  STRANGER,
} from './plan.fixture.ts'
import { cosign, finish, readSigned, sign } from './sign.ts'
import { decodeTx, encodeTx, type Tx, txidOf } from './transaction.ts'

const { descriptor, ring } = accountOf()
const signed = await sign(draftOf(descriptor), ring, network())
const group = groupOf(2, ['a', 'b', 'c'])
const shared = draftOf(group.descriptor)
const half = await cosign(shared, group.rings[0]!, network())
const both = await sign({ ...shared, signatures: half }, group.rings[1]!, network())

const refused = (fields: SignedFields, says: string): Promise<void> =>
  expectThrow(() => readSigned({ ...fields }, network()), 'INVALID_SIGNED', says)

/** The signed fields of a transaction that was changed. */
function changed(fields: SignedFields, step: (tx: Tx) => Tx): SignedFields {
  const tx = step(decodeTx(hexToBytes(fields.raw)))
  return { ...fields, raw: bytesToHex(encodeTx(tx)), txid: txidOf(tx) }
}
const witness = (
  fields: SignedFields,
  step: (items: readonly Uint8Array[], tx: Tx) => readonly Uint8Array[],
) =>
  changed(fields, (tx) => ({
    ...tx,
    inputs: tx.inputs.map((input, i) => (i === 1 ? { ...input, witness: step(input.witness, tx) } : input)),
  }))
/** What it says that it spends, with changed bytes. */
function spent(fields: SignedFields, step: (bytes: Uint8Array) => Uint8Array): SignedFields {
  return { ...fields, spent: base64.encode(step(base64.decode(fields.spent!))) }
}

describe('the bytes of a signed transaction', () => {
  it('are one transaction, in lower-case hexadecimal', async () => {
    const { raw } = signed
    for (const bad of [
      '',
      'zz',
      raw.toUpperCase(),
      `0x${raw}`,
      ` ${raw}`,
      `${raw}\n`,
      raw.slice(1),
      raw.slice(2),
    ])
      await refused({ ...signed, raw: bad }, 'no transaction')
    const error = await Promise.resolve()
      .then(() => readSigned({ ...signed, raw: 'zz' }, network()))
      .catch((error: Error) => error)
    expect((error as Error).cause).toBeInstanceOf(Error)
  })

  it('have the id that is told', () => refused({ ...signed, txid: 'ff'.repeat(32) }, 'Its id'))

  it('are signed as the account signs, in each input', async () => {
    const says = 'is not signed as the account signs'
    await refused(
      witness(signed, (items) => [...items, new Uint8Array()]),
      says,
    )
    await refused(
      witness(signed, (items) => items.slice(1)),
      says,
    )
    await refused(
      witness(both, (items) => items.slice(1)),
      says,
    )
    const scripted = changed(signed, (tx) => ({
      ...tx,
      inputs: tx.inputs.map((input) => ({ ...input, scriptSig: Uint8Array.of(0x51) })),
    }))
    await refused(scripted, says)
  })

  it('hold signatures that verify, each of another key', async () => {
    const wrong = 'A signature of input 1 is wrong'
    const first = ({ inputs }: Tx, at: number): Uint8Array => inputs[0]!.witness[at]!
    await refused(
      witness(signed, ([, key], tx) => [first(tx, 0), key!]),
      wrong,
    )
    await refused(
      witness(both, ([none, , two, script], tx) => [none!, first(tx, 1), two!, script!]),
      wrong,
    )
    await refused(
      witness(both, ([none, one, , script]) => [none!, one!, one!, script!]),
      wrong,
    )
  })

  it('hold them and all else as this account writes them', async () => {
    const says = 'not written as this account signs'
    await refused(
      witness(both, ([none, one, two, script]) => [none!, two!, one!, script!]),
      says,
    )
    await refused(
      witness(both, ([, one, two, script]) => [Uint8Array.of(1), one!, two!, script!]),
      says,
    )
    const { publicKey } = scriptAt(descriptor, 0, 5).keys[0]!
    await refused(
      witness(signed, ([signature]) => [signature!, publicKey]),
      says,
    )
  })

  it('are sound as they were made', () => {
    expect(readSigned({ ...signed }, network()).coins).toHaveLength(2)
    const { tx, coins, descriptor } = readSigned({ ...both }, network())
    expect(tx.inputs).toHaveLength(2)
    expect(coins.map(({ amount }) => amount)).toEqual([100_000n, 100_000n])
    expect(descriptor.text).toBe(group.descriptor.text)
  })
})

describe('what it says that it spends', () => {
  it('is told in full', async () => {
    const says = 'not told, or not in full'
    const { spent: _, ...silent } = signed
    await refused(silent as SignedFields, says)
    await refused({ ...signed, spent: '*' }, says)
    await refused({ ...signed, spent: '' }, says)
    await refused(
      spent(signed, (bytes) => bytes.slice(1)),
      says,
    )
    await refused(
      spent(signed, (bytes) => Uint8Array.of(...bytes, 0)),
      says,
    )
    await refused(
      spent(signed, (bytes) => bytes.slice(13)),
      says,
    )
    await refused(
      spent(signed, (bytes) => Uint8Array.of(...bytes, ...bytes.slice(13))),
      says,
    )
  })

  it('are addresses of the account', async () => {
    const says = 'Input 1 is of no address of this account'
    const at = (offset: number, value: number) => (bytes: Uint8Array) =>
      bytes.map((byte, i) => (i === 13 + offset ? value : byte))
    await refused(spent(signed, at(0, 2)), says)
    await refused(spent(signed, at(4, 0x80)), says)
    const first = (bytes: Uint8Array) =>
      Uint8Array.of(...bytes.slice(0, 14), 0, 0, 0, 0x80, ...bytes.slice(18))
    await refused(spent(signed, first), says)
    // The highest index is one, though not the one that was spent from.
    await refused(
      spent(signed, (bytes) => Uint8Array.of(...bytes.slice(0, 14), 255, 255, 255, 127, ...bytes.slice(18))),
      'wrong',
    )
  })

  it('of one key alone are its first and only address', async () => {
    const { key, ring } = keysOf('alone')
    const { publicKey } = key('m/0')
    const alone = parseDescriptor(`wpkh(${bytesToHex(publicKey)})`, regtestNetwork)
    const made = await sign(draftOf(alone), () => ring('m/0'), network())
    expect(readSigned({ ...made }, network()).coins.map(({ script }) => script.index)).toEqual([0, 0])
    await refused(
      spent(made, (bytes) => bytes.map((byte, i) => (i === 1 ? 1 : byte))),
      'of no address',
    )
    await refused(
      spent(made, (bytes) => bytes.map((byte, i) => (i === 0 ? 1 : byte))),
      'of no address',
    )
  })

  it('are their amounts, which cover the outputs', async () => {
    const poorer = (amount: bigint) => (bytes: Uint8Array) => {
      const copy = bytes.slice()
      new DataView(copy.buffer).setBigUint64(5, amount, true)
      return copy
    }
    // 198,500 satoshi go out, 100,000 of them from the second input.
    await refused(spent(signed, poorer(98_499n)), 'exceed')
    await refused(spent(signed, poorer(98_500n)), 'A signature of input 0 is wrong')
  })

  it('comes in any keychain, at any index, of any amount', async () => {
    const inputs = [
      coinOf(scriptAt(descriptor, 1, 0x01020304), 0x0000_0102_0304_0506n, 0, 1),
      coinOf(scriptAt(descriptor, 0, 0x7fffffff), 7n, 2, 2),
    ]
    const plan = planOf(descriptor, { inputs, outputs: [pays(40_000n)] })
    const made = await sign(draftOf(descriptor, plan), ring, network())
    expect(Buffer.from(made.spent!, 'base64').toString('hex')).toBe(
      `01${'04030201'}${'0605040302010000'}00${'ffffff7f'}${'0700000000000000'}`,
    )
    expect(readSigned({ ...made }, network()).coins).toEqual(
      inputs.map(({ script, amount }) => ({ script, amount })),
    )
  })
})

it('of an account of addresses alone was signed by nobody here', async () => {
  const watched = parseDescriptor(`addr(${STRANGER})`, regtestNetwork)
  await refused(
    spent({ ...signed, account: watched.text }, (bytes) => bytes.map((byte, i) => (i % 13 < 5 ? 0 : byte))),
    'is not signed as the account signs',
  )
})

it('of one of two signers needs one signature', async () => {
  const pair = groupOf(1, ['a', 'b'])
  const draft = draftOf(pair.descriptor)
  const signatures = await cosign(draft, pair.rings[1]!, network())
  const made = finish({ ...draft, signatures }, network(), nobleEngine)
  expect(readSigned({ ...made }, network()).tx.inputs[0]!.witness).toHaveLength(3)
})
