import { describe, expect, it } from 'vitest'
import { scriptAt } from './derive.ts'
import { inspect, inspectPlan } from './inspect.ts'
import { bitcoinNetwork, regtestNetwork } from './networks.ts'
import { type Plan, type PlannedOutput, unsignedTx } from './payload.ts'
import {
  accountOf,
  coinOf,
  draftOf,
  network,
  OTHER,
  pays,
  planOf,
  STRANGER,
  scriptOf,
} from './plan.fixture.ts'
import { planWeight } from './plan-weight.ts'
import { nullData } from './script.ts'
import { txidOf } from './transaction.ts'

const { descriptor } = accountOf()
const asset = regtestNetwork.coin.id
const SENDER = 'bcrt1'
const data = (amount: bigint): PlannedOutput => ({ amount, script: nullData(Uint8Array.of(0xca, 0xfe)) })
const own = scriptAt(descriptor, 1, 3)
const back = (amount: bigint): PlannedOutput => ({ amount, script: own.script, own })
const effects = (change: Partial<Plan>) => inspectPlan(planOf(descriptor, change), network())
const warnings = (outputs: Plan['outputs']) =>
  effects({ outputs }).warnings.map(({ code, message }) => `${code}: ${message}`)

it('tells of a plan who gets what, what comes back, the fee, and each field', () => {
  const plan = planOf(descriptor)
  const { list, fee, fields, warnings } = inspectPlan(plan, network())
  expect(list).toEqual([
    { kind: 'transfer', asset, from: expect.stringContaining(SENDER), to: STRANGER, amount: 40_000n },
    { kind: 'change', asset, to: expect.stringContaining(SENDER), amount: 158_500n, path: '1/3' },
  ])
  // Two inputs of 272 weight units, two outputs of 31 bytes, 42 for the rest.
  expect(planWeight(plan)).toBe(834)
  expect(fee).toEqual({
    asset,
    expected: 1_500n,
    ceiling: 1_500n,
    rate: { value: 7_177n, unit: 'satPerKvb' },
    detail: '7.177 sat/vB for 209 vB',
  })
  expect(warnings).toEqual([])
  expect(fields).toEqual({
    unsignedId: txidOf(unsignedTx(plan)),
    inputs: '2',
    outputs: '2',
    spent: '200000',
    locktime: '800000',
    sequence: 'fffffffd',
    replaceable: 'yes',
    vsize: '209',
  })
})

it('says whether any input lets it be replaced (BIP-125)', () => {
  const { inputs } = planOf(descriptor)
  const replaceable = (...sequences: readonly number[]) =>
    effects({ inputs: inputs.map((input, i) => ({ ...input, sequence: sequences[i]! })) }).fields[
      'replaceable'
    ]
  expect(replaceable(0xfffffffe, 0xfffffffe)).toBe('no')
  expect(replaceable(0xffffffff, 0xfffffffe)).toBe('no')
  expect(replaceable(0xffffffff, 0xfffffffd)).toBe('yes')
  expect(replaceable(0xfffffffd, 0xffffffff)).toBe('yes')
})

describe('an output', () => {
  it('without coins that carries data is a memo, with coins a payment', () => {
    const { list } = effects({ outputs: [data(0n), data(5n)] })
    expect(list[0]).toEqual({ kind: 'memo', data: 'cafe' })
    expect(list[1]).toMatchObject({ kind: 'transfer', to: 'script:6a02cafe', amount: 5n })
  })

  it('to no address is told by its script', () => {
    const { list } = effects({ outputs: [{ amount: 600n, script: Uint8Array.of(0x51) }] })
    expect(list[0]).toMatchObject({ kind: 'transfer', to: 'script:51', amount: 600n })
  })

  it('to the account counts as its own only where that is proved', () => {
    const { list } = effects({ outputs: [{ amount: 600n, script: own.script }] })
    expect(list[0]!.kind).toBe('transfer')
  })
})

describe('a warning', () => {
  const FEE = 'fee-above-amount: The fee costs more than the amount that is sent.'
  const DUST = 'dust: An output is so small that nodes will not pass the transaction on.'
  const BURNT = 'unknown-script: It destroys coins: an output that nobody can spend holds some.'
  const ODD = 'unknown-script: It pays to a script that no address stands for.'

  it('is given for a fee above what is sent, not counting what comes back', () => {
    expect(warnings([pays(1_000n), back(197_999n)])).toEqual([FEE])
    expect(warnings([pays(1_000n), back(198_000n)])).toEqual([])
    expect(warnings([pays(1n), back(1_000n)])).toEqual([FEE, DUST])
    // Nothing is sent: there is nothing to hold the fee against.
    expect(warnings([back(1_000n)])).toEqual([])
    expect(warnings([back(1_000n), data(0n)])).toEqual([])
  })

  it('is given for dust, of change, too', () => {
    expect(warnings([pays(198_000n), pays(293n)])).toEqual([DUST])
    expect(warnings([pays(198_000n), back(293n)])).toEqual([DUST])
    expect(warnings([pays(198_000n), pays(294n)])).toEqual([])
    expect(warnings([pays(198_000n, OTHER), pays(545n, OTHER)])).toEqual([DUST])
  })

  it('is given for coins that are destroyed', () => {
    expect(warnings([pays(100_000n), data(98_000n)])).toEqual([BURNT])
    expect(warnings([pays(198_000n), data(1n)])).toEqual([BURNT])
    expect(warnings([pays(198_000n), data(0n)])).toEqual([])
  })

  it('is given for scripts without an address', () => {
    expect(warnings([pays(100_000n), { amount: 98_000n, script: Uint8Array.of(0x51) }])).toEqual([ODD])
    expect(warnings([pays(100_000n), { amount: 98_000n, script: scriptOf(OTHER) }])).toEqual([])
  })

  it('is given for a recipient that looks like somebody known', () => {
    const draft = draftOf(descriptor)
    const told = (lookalike: string) =>
      inspect({ ...draft, hints: { lookalike } }, network()).warnings.map(({ code }) => code)
    expect(told(OTHER)).toEqual(['lookalike'])
    expect(told('nobody')).toEqual([])
    expect(told(bitcoinNetwork.sample)).toEqual([])
    const dusty = draftOf(descriptor, planOf(descriptor, { outputs: [pays(198_000n), pays(200n)] }))
    const both = inspect({ ...dusty, hints: { lookalike: OTHER } }, network())
    expect(both.warnings.map(({ code }) => code)).toEqual(['dust', 'lookalike'])
  })
})

it('names the address of the first coin as the one that sends', () => {
  const [first, second] = [scriptAt(descriptor, 0, 5), scriptAt(descriptor, 0, 7)].map((script, i) =>
    coinOf(script, 100_000n, 1, i),
  ) as [Plan['inputs'][0], Plan['inputs'][0]]
  const from = (inputs: Plan['inputs']) => (effects({ inputs }).list[0] as { from: string }).from
  expect(from([first, second])).toBe(from([first]))
  expect(from([second, first])).toBe(from([second]))
  expect(from([first])).not.toBe(from([second]))
  expect(scriptOf(from([first]))).toEqual(first.script.script)
})
