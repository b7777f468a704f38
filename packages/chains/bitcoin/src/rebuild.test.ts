import { describe, expect, it } from 'vitest'
import { formatAddress } from './address.ts'
import { scriptAt } from './derive.ts'
import type { BitcoinIntent } from './intent.ts'
import { regtestNetwork } from './networks.ts'
import { type Plan, type PlannedOutput, writePayload } from './payload.ts'
import {
  accountOf,
  draftOf,
  expectThrow,
  network,
  OTHER,
  PAY,
  pays,
  planOf,
  STRANGER,
  scriptOf,
} from './plan.fixture.ts'
import { hasRest, rebuild, wantedOf } from './rebuild.ts'
import { nullData } from './script.ts'

const { descriptor } = accountOf()
const asset = regtestNetwork.coin.id
const MEMO = '68656c6c6f'
const memo: PlannedOutput = { amount: 0n, script: nullData(Uint8Array.from(Buffer.from('hello'))) }
const ownAt = (index: number, amount: bigint): PlannedOutput => {
  const own = scriptAt(descriptor, 1, index)
  return { amount, script: own.script, own }
}
const batch = (payments: readonly (readonly [string, bigint])[], rest?: string): BitcoinIntent => ({
  kind: 'batch',
  asset,
  payments: payments.map(([to, amount]) => ({ to, amount })),
  ...(rest === undefined ? {} : { rest }),
})
const sweep: Extract<BitcoinIntent, { kind: 'sweep' }> = { kind: 'sweep', asset, to: STRANGER }
const parent = planOf(descriptor).inputs[1]!.txid

const rebuilt = (intent: BitcoinIntent, outputs: Plan['outputs']) => {
  const draft = draftOf(descriptor, planOf(descriptor, { outputs }))
  return rebuild({ ...draft, intent }, network())
}
const sound = (intent: BitcoinIntent, outputs: Plan['outputs']): void =>
  expect(rebuilt(intent, outputs)).toBe(writePayload(planOf(descriptor, { outputs })))
const refused = (intent: BitcoinIntent, outputs: Plan['outputs'], says: string): Promise<void> =>
  expectThrow(() => rebuilt(intent, outputs), 'DRAFT_MISMATCH', says)

describe('what an intent pays', () => {
  const to = scriptOf(STRANGER)
  it.each<[string, BitcoinIntent, readonly object[], boolean]>([
    ['a payment', PAY, [{ script: to, amount: 40_000n }], false],
    ['a payment with a memo', { ...PAY, memo: MEMO }, [{ script: to, amount: 40_000n }, memo], false],
    [
      'a batch',
      {
        ...batch([
          [STRANGER, 1n],
          [OTHER, 2n],
        ]),
        memo: MEMO,
      },
      [{ script: to, amount: 1n }, { script: scriptOf(OTHER), amount: 2n }, memo],
      false,
    ],
    [
      'a batch with a rest',
      batch([[STRANGER, 1n]], OTHER),
      [{ script: to, amount: 1n }, { script: scriptOf(OTHER) }],
      true,
    ],
    ['a sweep', sweep, [{ script: to }], true],
    ['a sweep with a memo', { ...sweep, memo: MEMO }, [{ script: to }, memo], true],
    ['a cancel', { kind: 'cancel' }, [], false],
    ['a bump with a memo', { kind: 'bump', parent, memo: MEMO }, [memo], false],
  ])('is, of %s, all that it names', (_, intent, wanted, rest) => {
    expect(wantedOf(intent, network())).toEqual(wanted)
    expect(hasRest(intent)).toBe(rest)
  })

  it('is a rest in a batch alone', () => {
    expect(hasRest({ ...PAY, rest: OTHER } as BitcoinIntent)).toBe(false)
  })
})

describe('the payload that an intent makes', () => {
  it('is that of the draft, in whatever order it pays', () => {
    const payment = pays(40_000n)
    sound(PAY, [payment, ownAt(3, 158_500n)])
    sound(PAY, [ownAt(3, 158_500n), payment])
    sound(PAY, [payment])
    sound({ ...PAY, memo: MEMO }, [memo, ownAt(3, 1_000n), payment])
    const many: BitcoinIntent = {
      ...batch([
        [STRANGER, 1_000n],
        [OTHER, 2_000n],
        [STRANGER, 1_000n],
      ]),
      memo: MEMO,
    }
    sound(many, [pays(2_000n, OTHER), pays(1_000n), memo, pays(1_000n), ownAt(3, 5_000n)])
    sound(batch([[STRANGER, 1_000n]], OTHER), [pays(9_000n, OTHER), pays(1_000n)])
    sound(sweep, [pays(198_000n)])
    sound({ kind: 'cancel' }, [ownAt(3, 198_000n)])
    sound({ kind: 'bump', parent }, [ownAt(3, 198_000n)])
  })

  it('keeps own addresses own where they are paid', () => {
    const own = ownAt(3, 40_000n)
    const to = formatAddress(own.script, regtestNetwork)!
    sound({ ...PAY, to }, [own, ownAt(4, 1_000n)])
    sound({ ...PAY, to }, [own, ownAt(3, 1_000n)])
    sound({ ...sweep, to }, [own])
  })

  it('pays nobody else, and brings back once at most (B5)', async () => {
    const says = 'nobody asked for'
    await refused(PAY, [pays(40_000n), pays(1_000n, OTHER)], says)
    await refused(PAY, [pays(40_001n), ownAt(3, 1_000n)], says)
    await refused(PAY, [pays(40_000n, OTHER)], says)
    await refused(PAY, [pays(40_000n), pays(40_000n)], says)
    await refused(PAY, [pays(40_000n), memo], says)
    await refused(PAY, [pays(40_000n), ownAt(3, 1_000n), ownAt(4, 1_000n)], says)
    await refused(sweep, [pays(40_000n), ownAt(3, 1_000n)], says)
    await refused(batch([[STRANGER, 1_000n]], OTHER), [pays(1_000n), pays(9n, OTHER), ownAt(3, 1_000n)], says)
    await refused({ kind: 'cancel' }, [ownAt(3, 1_000n), pays(1_000n)], says)
  })

  it('pays all that was asked for', async () => {
    const says = 'all that was asked for'
    await refused(PAY, [ownAt(3, 1_000n)], says)
    await refused({ ...PAY, memo: MEMO }, [pays(40_000n)], says)
    await refused(
      batch([
        [STRANGER, 1_000n],
        [STRANGER, 1_000n],
      ]),
      [pays(1_000n), ownAt(3, 1_000n)],
      says,
    )
  })

  it('of a cancel and of a bump comes back', async () => {
    const only: Plan['outputs'] = [memo]
    await refused({ kind: 'cancel', memo: MEMO }, only, 'brings nothing back')
    await refused({ kind: 'bump', parent, memo: MEMO }, only, 'brings nothing back')
    sound({ ...sweep, to: STRANGER, memo: MEMO }, [memo, pays(1_000n)])
  })

  it('of a bump spends from what it should push', async () => {
    const says = 'the transaction that it should push'
    await refused({ kind: 'bump', parent: 'ff'.repeat(32) }, [ownAt(3, 1_000n)], says)
    sound({ kind: 'cancel', parent: 'ff'.repeat(32) } as BitcoinIntent, [ownAt(3, 1_000n)])
  })

  it('has the coins and the locktime of the draft', () => {
    const plan = planOf(descriptor, { locktime: 5, outputs: [pays(40_000n)] })
    const draft = draftOf(descriptor, { ...plan, inputs: plan.inputs.slice(1) })
    expect(rebuild(draft as never, network())).toBe(draft.payload)
  })
})
