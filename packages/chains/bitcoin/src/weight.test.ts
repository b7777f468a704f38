import { nobleEngine } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import {
  Address,
  NETWORK,
  OutScript,
  p2ms,
  p2pkh,
  p2sh,
  p2tr,
  p2wpkh,
  p2wsh,
  Transaction,
} from '@scure/btc-signer'
import { describe, expect, test } from 'vitest'
import type { ScriptType } from './descriptor.ts'
import {
  nullData,
  p2aScript,
  p2pkhScript,
  p2shScript,
  p2trScript,
  p2wpkhScript,
  p2wshScript,
} from './script.ts'
import { decodeTx, weightOf } from './transaction.ts'
import {
  dustOf,
  estimateWeight,
  inputWeight,
  outputWeight,
  type Spending,
  spendingWeight,
  txOverheadWeight,
} from './weight.ts'

const hash20 = new Uint8Array(20).fill(1)
const hash32 = new Uint8Array(32).fill(1)
const secrets = Array.from({ length: 20 }, (_, i) => sha256(Uint8Array.of(i)))
const keys = secrets.map((secret) => nobleEngine.publicKey(secret))

type Signed = Exclude<ScriptType, 'address'>
interface Kind {
  type: Signed
  keys: number
  threshold: number
}
const KINDS: Kind[] = [
  ...(['p2pkh', 'p2sh-p2wpkh', 'p2wpkh', 'p2tr'] as const).map((type) => ({ type, keys: 1, threshold: 1 })),
  ...(['p2wsh-sortedmulti', 'p2sh-p2wsh-sortedmulti'] as const).flatMap((type) =>
    [
      [1, 1],
      [3, 2],
      [7, 5],
      [15, 15],
    ].map(([keys, threshold]) => ({ type, keys: keys!, threshold: threshold! })),
  ),
]

/** How a peer pays to such an account. */
function payment({ type, keys: n, threshold }: Kind) {
  const multi = () => p2wsh(p2ms(threshold, sorted(n)))
  switch (type) {
    case 'p2pkh':
      return p2pkh(keys[0]!)
    case 'p2wpkh':
      return p2wpkh(keys[0]!)
    case 'p2sh-p2wpkh':
      return p2sh(p2wpkh(keys[0]!))
    case 'p2tr':
      return p2tr(keys[0]!.slice(1))
    case 'p2wsh-sortedmulti':
      return multi()
    case 'p2sh-p2wsh-sortedmulti':
      return p2sh(multi())
  }
}

function sorted(n: number): Uint8Array[] {
  return keys.slice(0, n).sort((a, b) => Buffer.compare(a, b))
}

const spendingOf = (kind: Kind): Spending => {
  const { script, redeemScript, witnessScript } = payment(kind) as Spending
  return { script, ...(redeemScript ? { redeemScript } : {}), ...(witnessScript ? { witnessScript } : {}) }
}

/** Signed and finished by the peer. */
function signed(kinds: readonly Kind[], outputs: readonly Uint8Array[]) {
  const tx = new Transaction({ allowUnknownOutputs: true, allowLegacyWitnessUtxo: true })
  for (const [i, kind] of kinds.entries()) {
    const { script, redeemScript, witnessScript } = payment(kind) as Spending
    tx.addInput({
      txid: sha256(Uint8Array.of(i)),
      index: i,
      witnessUtxo: { script, amount: 100_000n },
      ...(redeemScript ? { redeemScript } : {}),
      ...(witnessScript ? { witnessScript } : {}),
      ...(kind.type === 'p2tr' ? { tapInternalKey: keys[0]!.slice(1) } : {}),
    })
  }
  for (const script of outputs) tx.addOutput({ script, amount: 1_000n })
  for (const [i, { threshold }] of kinds.entries())
    for (const secret of secrets.filter((_, k) => k < threshold)) tx.signIdx(secret, i)
  tx.finalize()
  return decodeTx(tx.extract())
}

const OUTPUTS = [p2wpkhScript(hash20), p2trScript(keys[0]!.slice(1)), p2pkhScript(hash20), nullData(hash32)]

describe('against transactions that a peer signed', () => {
  test.each(KINDS)('$type, $threshold of $keys', (kind) => {
    for (const count of kind.keys > 3 ? [1] : [1, 3]) {
      const kinds = Array.from({ length: count }, () => kind)
      const real = weightOf(signed(kinds, OUTPUTS))
      const tx = { inputs: kinds.map(spendingOf), outputs: OUTPUTS.map((script) => ({ script })) }
      const most = estimateWeight(tx)
      const perByte = kind.type === 'p2pkh' ? 4 : 1
      // One byte less for each signature with a small r, and once in 128 one more.
      const slack = kind.type === 'p2tr' ? 0 : count * kind.threshold * 3 * perByte
      expect(most).toBeGreaterThanOrEqual(real)
      expect(most - real).toBeLessThanOrEqual(slack)
      expect(estimateWeight(tx, 'expected')).toBe(
        kind.type === 'p2tr' ? real : Math.ceil(most - (count * kind.threshold * perByte) / 2),
      )
    }
  })

  test('all kinds in one: witnesses cost those a byte that have none', () => {
    const kinds = [...KINDS, KINDS[0]!]
    const real = signed(kinds, OUTPUTS)
    const most = estimateWeight({
      inputs: kinds.map(spendingOf),
      outputs: OUTPUTS.map((script) => ({ script })),
    })
    // As if every signature were of 72 bytes.
    const short = (items: readonly Uint8Array[]) =>
      items.reduce((sum, item) => sum + (item[0] === 0x30 && item.length < 73 ? 72 - item.length : 0), 0)
    const missing = real.inputs.reduce((sum, { witness, scriptSig }) => {
      const isLegacy = witness.length === 0
      return sum + (isLegacy ? 4 * (72 - scriptSig[0]!) : short(witness))
    }, 0)
    expect(most).toBe(weightOf(real) + missing)
  })
})

describe('the same by type and by scripts', () => {
  test.each(KINDS)('$type, $threshold of $keys', (kind) => {
    for (const signatures of ['most', 'expected'] as const)
      expect(inputWeight(kind.type, { ...kind, signatures })).toBe(
        spendingWeight(spendingOf(kind), signatures),
      )
  })

  test('the figures everybody knows', () => {
    expect(inputWeight('p2pkh')).toBe(148 * 4)
    expect(inputWeight('p2wpkh')).toBe(272)
    expect(inputWeight('p2sh-p2wpkh')).toBe(272 + 92)
    expect(inputWeight('p2tr')).toBe(230)
    expect(inputWeight('p2wsh-sortedmulti', { keys: 3, threshold: 2 })).toBe(418)
  })

  test('what is not said', () => {
    expect(inputWeight('p2wsh-sortedmulti')).toBe(
      inputWeight('p2wsh-sortedmulti', { keys: 1, threshold: 1, signatures: 'most' }),
    )
    const coin = { script: p2wpkhScript(hash20) }
    expect(spendingWeight(coin)).toBe(spendingWeight(coin, 'most'))
    expect(txOverheadWeight(1, 1, true)).toBe(42)
  })

  test('17 to 20 keys', () => {
    const base = inputWeight('p2wsh-sortedmulti', { keys: 16, threshold: 16 })
    expect(inputWeight('p2wsh-sortedmulti', { keys: 17, threshold: 16 })).toBe(base + 35)
    expect(inputWeight('p2wsh-sortedmulti', { keys: 17, threshold: 17 })).toBe(base + 35 + 1 + 73)
  })

  test.each<[string, () => unknown]>([
    ['addresses', () => inputWeight('address')],
    ['P2SH without its script', () => spendingWeight({ script: p2shScript(hash20) })],
    ['P2WSH without its script', () => spendingWeight({ script: p2wshScript(hash32) })],
    [
      'a redeem script where there is none',
      () => spendingWeight({ script: p2wpkhScript(hash20), redeemScript: hash32 }),
    ],
    [
      'P2SH of a key',
      () => spendingWeight({ script: p2shScript(hash20), redeemScript: p2pkhScript(hash20) }),
    ],
    [
      'a script of another kind',
      () => spendingWeight({ script: p2wshScript(hash32), witnessScript: p2pkhScript(hash20) }),
    ],
    ['future versions', () => spendingWeight({ script: Uint8Array.of(0x52, 2, 1, 1) })],
  ])('nobody knows for %s', (_, weigh) => {
    expect(weigh).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
  })
})

describe('what is neither input nor output', () => {
  test.each([
    [1, 1, false, 0, 40],
    [1, 1, true, 0, 42],
    [252, 252, false, 0, 40],
    [253, 252, false, 0, 48],
    [252, 253, false, 0, 48],
    [65_535, 1, true, 0, 50],
    [65_536, 1, true, 0, 58],
    [3, 1, true, 2, 44],
  ])('%i inputs, %i outputs, segwit %s, %i plain', (inputs, outputs, segwit, plain, weight) => {
    expect(txOverheadWeight(inputs, outputs, segwit, plain)).toBe(weight)
  })

  test.each([252, 253])('%i inputs and outputs, as written', (count) => {
    const input = { txid: '11'.repeat(32), vout: 0, sequence: 0 }
    const inputs = Array.from({ length: count }, () => ({
      ...input,
      scriptSig: new Uint8Array(),
      witness: [new Uint8Array(72), new Uint8Array(33)],
    }))
    const outputs = Array.from({ length: count }, () => ({ amount: 1n, script: p2trScript(hash32) }))
    const real = weightOf({ version: 2, locktime: 0, inputs, outputs })
    expect(estimateWeight({ inputs: inputs.map(() => ({ script: p2wpkhScript(hash20) })), outputs })).toBe(
      real,
    )
  })

  test('with and without witnesses, and with both', () => {
    const [old, coin] = [{ script: p2pkhScript(hash20) }, { script: p2wpkhScript(hash20) }]
    const outputs = [{ script: p2pkhScript(hash20) }]
    expect(estimateWeight({ inputs: [old], outputs })).toBe(592 + 136 + 40)
    expect(estimateWeight({ inputs: [coin], outputs })).toBe(272 + 136 + 42)
    expect(estimateWeight({ inputs: [old, coin, old], outputs })).toBe(592 * 2 + 272 + 136 + 42 + 2)
  })

  test('outputs', () => {
    expect(outputWeight(p2wpkhScript(hash20))).toBe(31 * 4)
    expect(outputWeight(new Uint8Array(252))).toBe((8 + 1 + 252) * 4)
    expect(outputWeight(new Uint8Array(253))).toBe((8 + 3 + 253) * 4)
  })
})

test('dust, as Core counts it', () => {
  expect(dustOf(p2pkhScript(hash20))).toBe(546n)
  expect(dustOf(p2shScript(hash20))).toBe(540n)
  expect(dustOf(p2wpkhScript(hash20))).toBe(294n)
  expect(dustOf(p2wshScript(hash32))).toBe(330n)
  expect(dustOf(p2trScript(hash32))).toBe(330n)
  expect(dustOf(p2aScript())).toBe(240n)
  expect(dustOf(nullData(hash20))).toBe(0n)
  expect(dustOf(new Uint8Array(10_000))).toBe(BigInt((8 + 3 + 10_000 + 148) * 3))
  expect(dustOf(new Uint8Array(10_001))).toBe(0n)
  expect(dustOf(OutScript.encode(Address(NETWORK).decode('1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa')))).toBe(546n)
})
