import { describe, expect, it } from 'vitest'
import { formatAddress } from './address.ts'
import { scriptAt } from './derive.ts'
import type { BitcoinIntent } from './intent.ts'
import { regtestNetwork } from './networks.ts'
import { type Plan, type PlannedOutput, writePayload } from './payload.ts'
import { accountOf, expectThrow, network, OTHER, PAY, pays, planOf, STRANGER } from './plan.fixture.ts'
import { decodePsbt, encodePsbt, type Psbt, toBase64 } from './psbt.ts'
import { psbtToDraft } from './psbt-draft.ts'
import { rebuild } from './rebuild.ts'
import { nullData } from './script.ts'

const { descriptor } = accountOf()
const asset = regtestNetwork.coin.id
const PAIR = { key: Uint8Array.of(0xf0), value: Uint8Array.of(1) }
const data = (amount: bigint, byte = 0xca): PlannedOutput => ({
  amount,
  script: nullData(Uint8Array.of(byte, 0xfe)),
})
const ownAt = (index: number, amount = 1_000n): PlannedOutput => {
  const own = scriptAt(descriptor, 1, index)
  return { amount, script: own.script, own }
}
const addressAt = (index: number): string => formatAddress(ownAt(index).script, regtestNetwork)!

const read = (psbt: string | Uint8Array, account = descriptor.text) =>
  psbtToDraft(psbt, { account, network: network() })
const ofOutputs = (outputs: Plan['outputs']) => read(writePayload(planOf(descriptor, { outputs })))
/** What is read of a PSBT that was changed, of either version. */
const changed = (step: (psbt: Psbt) => Psbt, of = descriptor, version: 0 | 2 = 0) =>
  read(encodePsbt(step(decodePsbt(writePayload(planOf(of)))), { version }), of.text)
const inputs =
  (change: object) =>
  (psbt: Psbt): Psbt => ({ ...psbt, inputs: psbt.inputs.map((input) => ({ ...input, ...change })) })

describe('what a PSBT does, as an intent', () => {
  it.each<[string, Plan['outputs'], BitcoinIntent]>([
    ['one payment', [pays(40_000n)], PAY],
    ['one payment and change', [ownAt(3), pays(40_000n)], PAY],
    ['one payment with a memo', [data(0n), pays(40_000n), ownAt(3)], { ...PAY, memo: 'cafe' }],
    [
      'several payments',
      [pays(1_000n), pays(2_000n, OTHER), ownAt(3), data(0n)],
      {
        kind: 'batch',
        asset,
        payments: [
          { to: STRANGER, amount: 1_000n },
          { to: OTHER, amount: 2_000n },
        ],
        memo: 'cafe',
      },
    ],
    ['one that comes back', [ownAt(3)], { kind: 'sweep', asset, to: addressAt(3) }],
    [
      'one that comes back, with a memo',
      [data(0n), ownAt(3)],
      { kind: 'sweep', asset, to: addressAt(3), memo: 'cafe' },
    ],
    [
      'two that come back: the first is change',
      [ownAt(3, 1_000n), ownAt(4, 2_000n)],
      { kind: 'pay', asset, to: addressAt(4), amount: 2_000n },
    ],
    ['a memo alone', [data(0n)], { kind: 'batch', asset, payments: [], memo: 'cafe' }],
  ])('%s', (_, outputs, intent) => {
    const draft = ofOutputs(outputs)
    expect(draft.intent).toStrictEqual(intent)
    expect(draft).toMatchObject({ chain: regtestNetwork.id, account: descriptor.text, hints: {} })
    expect(draft.payload).toBe(writePayload(planOf(descriptor, { outputs })))
    expect(rebuild(draft, network())).toBe(draft.payload)
  })

  it.each<[string, Plan['outputs']]>([
    ['two memos', [data(0n), data(0n, 1), pays(1_000n)]],
    ['coins that are destroyed', [data(5n), pays(1_000n)]],
    ['a script without an address', [{ amount: 1_000n, script: Uint8Array.of(0x51) }]],
  ])('%s are nothing that this wallet signs', (_, outputs) =>
    expectThrow(() => ofOutputs(outputs), 'INVALID_DRAFT', 'no address stands for'),
  )
})

describe('what changes nothing of what is signed', () => {
  const payload = writePayload(planOf(descriptor))
  const xpub = () => {
    const bytes = new Uint8Array(78)
    bytes.set([0x04, 0x35, 0x87, 0xcf, 1])
    bytes.set([0x80], 9)
    bytes.set(descriptor.keys[0]!.publicKey, 45)
    return { xpub: bytes, fingerprint: '00000000', path: [0x80000000] }
  }

  it.each<[string, (psbt: Psbt) => Psbt, (0 | 2)?]>([
    ['nothing', (psbt) => psbt],
    ['version 2', (psbt) => psbt, 2],
    ['unknown fields', (psbt) => ({ ...psbt, other: [PAIR] })],
    ['extended keys', (psbt) => ({ ...psbt, xpubs: [xpub()] })],
    ['leave to change it', (psbt) => ({ ...psbt, modifiable: 3 }), 2],
    ['another fallback', (psbt) => ({ ...psbt, fallbackLocktime: psbt.locktime }), 2],
    ['unknown fields of inputs', inputs({ other: [PAIR] })],
    ['a type that says ALL', inputs({ sighashType: 1 })],
    ['a lowest height', inputs({ requiredHeight: 800_000 }), 2],
    [
      'unknown fields and trees of outputs',
      (psbt) => ({
        ...psbt,
        outputs: psbt.outputs.map((output) => ({
          ...output,
          other: [PAIR],
          tapTree: Uint8Array.of(0, 0xc0, 1, 0x51),
        })),
      }),
    ],
  ])('is left out: %s', (_, step, version) => {
    expect(changed(step, descriptor, version).payload).toBe(payload)
  })

  it('is made whole: what the previous transaction tells', () => {
    const bare = changed((psbt) => ({
      ...psbt,
      inputs: psbt.inputs.map(({ witnessUtxo: _, ...input }) => input),
    }))
    expect(bare.payload).toBe(payload)
  })

  it('may be the previous transaction, of taproot coins', () => {
    const taproot = accountOf('p2tr').descriptor
    const without = (psbt: Psbt): Psbt => ({
      ...psbt,
      inputs: psbt.inputs.map(({ previous: _, ...input }) => input),
    })
    const bare = changed(without, taproot)
    expect(bare.effects).toEqual(changed((psbt) => psbt, taproot).effects)
    expect(toBase64(encodePsbt(without(decodePsbt(changed((psbt) => psbt, taproot).payload))))).toBe(
      bare.payload,
    )
    expect(bare.effects.list.some(({ kind }) => kind === 'change')).toBe(true)
  })
})

it.each([2, 3, 0x81])('the type %i of signatures is refused, as in a draft (B2)', (sighashType) =>
  expectThrow(() => changed(inputs({ sighashType })), 'INVALID_DRAFT', 'another type'),
)

it('the coins of others, and amounts without proof, are refused as in a draft (B1)', async () => {
  const stranger = accountOf('p2wpkh', 'stranger').descriptor
  const psbt = writePayload(planOf(stranger))
  await expectThrow(() => read(psbt), 'INVALID_DRAFT', 'not a coin of this account')
  await expectThrow(
    () => changed((psbt) => ({ ...psbt, inputs: psbt.inputs.map(({ previous: _, ...input }) => input) })),
    'INVALID_DRAFT',
    'not proven',
  )
})
