import { nobleEngine } from '@coffer/core'
import { bytesToHex } from '@noble/hashes/utils.js'
import { describe, expect, it } from 'vitest'
import { scriptAt } from './derive.ts'
import { type Descriptor, readDescriptor } from './descriptor.ts'
import { keysOf } from './keys.fixture.ts'
import { regtestNetwork } from './networks.ts'
import { accountOf, draftOf, groupOf, network, planOf, STRANGER } from './plan.fixture.ts'
import { baseWeight, coinWeight, planWeight } from './plan-weight.ts'
import { readSigned, sign } from './sign.ts'
import { weightOf } from './transaction.ts'

const { key, ring } = keysOf('paper')
const { publicKey } = key('m/0')
const paper = (form: Uint8Array): Descriptor => readDescriptor(`pkh(${bytesToHex(form)})`, regtestNetwork)
const long = paper(nobleEngine.uncompressed(publicKey))
const short = paper(publicKey)

describe('the weight of a plan', () => {
  it.each([
    ['p2pkh', accountOf('p2pkh').descriptor, accountOf('p2pkh').ring],
    ['p2tr', accountOf('p2tr').descriptor, accountOf('p2tr').ring],
    ['the uncompressed key of an old paper', long, () => ring('m/0')],
  ] as const)('is what its transaction of %s weighs at most, once it is signed', async (_, of, ring) => {
    const plan = planOf(of)
    const real = weightOf(readSigned(await sign(draftOf(of), ring, network()), network()).tx)
    expect(planWeight(plan)).toBeGreaterThanOrEqual(real)
    // Two signatures, each a byte or two shorter than the longest.
    expect(planWeight(plan) - real).toBeLessThanOrEqual(of.type === 'p2tr' ? 0 : 2 * 2 * 4)
  })

  it('has 32 bytes more for each uncompressed key', () => {
    expect(planWeight(planOf(long)) - planWeight(planOf(short))).toBe(2 * 32 * 4)
    expect(coinWeight(scriptAt(long, 0, 0)) - coinWeight(scriptAt(short, 0, 0))).toBe(32 * 4)
    expect(coinWeight(scriptAt(short, 0, 0))).toBe(148 * 4)
  })
})

it('of a coin whose key nobody knows here is that of its script', () => {
  const watched = readDescriptor(`addr(${STRANGER})`, regtestNetwork)
  expect(coinWeight(scriptAt(watched, 0, 0))).toBe(272)
})

describe('the weight of all but the inputs', () => {
  it.each([
    accountOf('p2pkh').descriptor,
    accountOf('p2sh-p2wpkh').descriptor,
    accountOf('p2wpkh').descriptor,
    accountOf('p2tr').descriptor,
    groupOf(2, ['a', 'b']).descriptor,
  ])('is what the whole weighs without them: $type', (of) => {
    const plan = planOf(of)
    const [payment, back] = plan.outputs as [(typeof plan.outputs)[0], (typeof plan.outputs)[0]]
    const change = scriptAt(of, 1, 3)
    const base = baseWeight([payment.script, payment.script], change)
    const coins = plan.inputs.reduce((sum, { script }) => sum + coinWeight(script), 0)
    const whole = (outputs: typeof plan.outputs) => planWeight({ ...plan, outputs }) - coins
    expect(base(2, false)).toBe(whole([payment, payment]))
    expect(base(2, true)).toBe(whole([payment, payment, back]))
    // The number of outputs takes two bytes more from 253 on.
    const many = (count: number) => Array<typeof payment>(count).fill(payment)
    for (const count of [251, 252]) {
      const base = baseWeight(
        many(count).map(({ script }) => script),
        change,
      )
      expect(base(2, false)).toBe(whole(many(count)))
      expect(base(2, true)).toBe(whole([...many(count), back]))
    }
  })
})
