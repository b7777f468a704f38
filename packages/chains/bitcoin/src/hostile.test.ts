import { createDraft, createOfflineWallet, type Draft, isCofferError, memoryStore } from '@coffer/core'
import { softwareSigner } from '@coffer/signer-software'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { openAccount } from './account.ts'
import { bitcoin, regtest } from './bitcoin.ts'
import { deriveScripts, scriptAt } from './derive.ts'
import { type Descriptor, parseDescriptor, readDescriptor } from './descriptor.ts'
import { fakeChain } from './fake-source.fixture.ts'
import { bitcoinNetwork, regtestNetwork } from './networks.ts'
import { readPayload, writePayload } from './payload.ts'
import { decodePsbt, encodePsbt, type Psbt, toBase64 } from './psbt.ts'
import type { SingleKeyType } from './rules.ts'
import { decodeTx, encodeTx, txidOf } from './transaction.ts'

const mnemonic = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
const STRANGER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
const chain = regtest()
const wallet = createOfflineWallet({ chains: [chain, bitcoin()], signer: softwareSigner({ mnemonic }) })

/** A sound draft of two coins, and a way to make others of its PSBT. */
async function sound(type: SingleKeyType = 'p2wpkh') {
  const account = await wallet.describe('regtest', { type })
  const descriptor = readDescriptor(account, regtestNetwork)
  const fake = fakeChain()
  for (const { script } of deriveScripts(descriptor, 0, 0, 2)) fake.pay([{ script, amount: 600_000n }], 900)
  const opened = openAccount(regtestNetwork, {
    descriptor: account,
    source: fake.source,
    store: memoryStore(),
  })
  const draft = await opened.create({ to: STRANGER, amount: 1_000_000n })
  const psbt = decodePsbt(draft.payload)
  return { account, descriptor, draft, psbt, fake, opened }
}

/** The draft with another PSBT in it, as a man in the middle would send it: through JSON. */
function forged(draft: Draft, psbt: Psbt): Draft {
  const payload = toBase64(encodePsbt(psbt, { version: 0 }))
  return wallet.draft(JSON.stringify({ ...JSON.parse(JSON.stringify(draft)), payload }))
}

async function refusal(work: () => unknown): Promise<string> {
  try {
    await work()
  } catch (error) {
    if (isCofferError(error)) return error.code
    throw error
  }
  return 'signed'
}

const signForged = (draft: Draft, psbt: Psbt): Promise<string> =>
  refusal(async () => wallet.sign(forged(draft, psbt)))

const change = <T>(list: readonly T[], at: number, step: (item: T) => T): T[] =>
  list.map((item, i) => (i === at ? step(item) : item))

let base: Awaited<ReturnType<typeof sound>>
beforeAll(async () => {
  base = await sound()
})

describe('the previous transaction of each input (B1)', () => {
  it('is needed, but for taproot', async () => {
    const { draft, psbt } = base
    const without = change(psbt.inputs, 0, ({ previous: _, ...input }) => input)
    expect(await signForged(draft, { ...psbt, inputs: without })).toBe('INVALID_DRAFT')
    const taproot = await sound('p2tr')
    const bare = taproot.psbt.inputs.map(({ previous: _, ...input }) => input)
    expect(await signForged(taproot.draft, { ...taproot.psbt, inputs: bare })).toBe('signed')
  })

  it('is the one that the input names, and agrees on the amount', async () => {
    const { draft, psbt } = base
    const [one, two] = psbt.inputs as [Psbt['inputs'][0], Psbt['inputs'][0]]
    const swapped = change(psbt.inputs, 0, (input) => ({ ...input, previous: two.previous! }))
    expect(await signForged(draft, { ...psbt, inputs: swapped })).toBe('INVALID_DRAFT')
    const more = change(psbt.inputs, 0, (input) => ({
      ...input,
      witnessUtxo: { ...input.witnessUtxo!, amount: input.witnessUtxo!.amount + 1n },
    }))
    expect(await signForged(draft, { ...psbt, inputs: more })).toBe('INVALID_DRAFT')
    // A transaction with another amount has another id.
    const lied = decodeTx(one.previous!)
    const richer = encodeTx({
      ...lied,
      outputs: lied.outputs.map((output) => ({ ...output, amount: output.amount * 2n })),
    })
    const fake = change(psbt.inputs, 0, ({ witnessUtxo: _, ...input }) => ({ ...input, previous: richer }))
    expect(await signForged(draft, { ...psbt, inputs: fake })).toBe('INVALID_DRAFT')
    const none = change(psbt.inputs, 0, (input) => ({ ...input, vout: 7 }))
    expect(await signForged(draft, { ...psbt, inputs: none })).toBe('INVALID_DRAFT')
  })

  it('keeps two drafts with swapped amounts from adding up to a stolen fee', async () => {
    const { draft, psbt } = base
    // First run: input 0 tells the truth and input 1 lies; second run: the other way round. Neither is signed.
    for (const liar of [0, 1]) {
      const inputs = change(psbt.inputs, liar, ({ previous: _, ...input }) => ({
        ...input,
        witnessUtxo: { ...input.witnessUtxo!, amount: 1_000n },
      }))
      expect(await signForged(draft, { ...psbt, inputs })).toBe('INVALID_DRAFT')
    }
  })
})

it.each([2, 3, 0x81, 0x82, 0x83, 0x80])(
  'signs no sighash type but ALL and DEFAULT (B2): 0x%x',
  async (sighashType) => {
    for (const type of ['p2wpkh', 'p2tr'] as const) {
      const { draft, psbt } = type === 'p2wpkh' ? base : await sound(type)
      const inputs = change(psbt.inputs, 0, (input) => ({ ...input, sighashType }))
      expect(await signForged(draft, { ...psbt, inputs })).toBe('INVALID_DRAFT')
    }
  },
)

describe('change (B3)', () => {
  const withChange = (psbt: Psbt, step: (output: Psbt['outputs'][0]) => Psbt['outputs'][0]): Psbt => ({
    ...psbt,
    outputs: psbt.outputs.map((output) =>
      output.derivations.length + output.tapDerivations.length ? step(output) : output,
    ),
  })

  it('is what the descriptor of the account makes, and nothing else', async () => {
    const { draft, psbt } = base
    const other = async (type: SingleKeyType, index: number): Promise<Descriptor> =>
      readDescriptor(await wallet.describe('regtest', { type, index }), regtestNetwork)
    const places = [
      scriptAt(await other('p2wpkh', 1), 1, 0), // another account of the same words
      scriptAt(await other('p2tr', 0), 1, 0), // another script type of the same words
      scriptAt(base.descriptor, 1, 20_000), // so far off that nobody would find it
    ]
    for (const { script, keys } of places) {
      const lied = withChange(psbt, (output) => ({ ...output, script, derivations: keys }))
      const shown = forged(draft, lied)
      expect(shown.effects.list.filter(({ kind }) => kind === 'change')).toEqual([])
      expect(shown.effects.list.filter(({ kind }) => kind === 'transfer')).toHaveLength(2)
      expect(await signForged(draft, lied)).toBe('DRAFT_MISMATCH')
    }
  })

  it('under steps that no wallet takes by itself is shown as a payment', async () => {
    const { draft, psbt } = base
    const evil = base.account.replace(/#.*$/, '').replace('<0;1>', '<0;1987654321>')
    const { text } = parseDescriptor(evil, regtestNetwork)
    const { script, keys } = scriptAt(readDescriptor(text, regtestNetwork), 1, 7)
    const lied = withChange(psbt, (output) => ({ ...output, script, derivations: keys }))
    const payload = toBase64(encodePsbt(lied, { version: 0 }))
    const json = { ...JSON.parse(JSON.stringify(draft)), account: text, payload }
    expect(wallet.draft(JSON.stringify(json)).effects.list.some(({ kind }) => kind === 'change')).toBe(false)
    expect(await refusal(async () => wallet.sign(wallet.draft(JSON.stringify(json))))).toBe('DRAFT_MISMATCH')
  })

  it('is not believed by its derivation alone', async () => {
    const { draft, psbt } = base
    const thief = withChange(psbt, (output) => ({
      ...output,
      script: psbt.outputs.find(({ derivations }) => derivations.length === 0)!.script,
    }))
    expect(forged(draft, thief).effects.list.some(({ kind }) => kind === 'change')).toBe(false)
    expect(await signForged(draft, thief)).toBe('DRAFT_MISMATCH')
  })

  it('of an own address within reach is still own, and shown with its path', async () => {
    const { draft, psbt, descriptor } = base
    const { script, keys } = scriptAt(descriptor, 1, 9_999)
    const far = withChange(psbt, (output) => ({ ...output, script, derivations: keys }))
    expect(forged(draft, far).effects.list).toContainEqual(
      expect.objectContaining({ kind: 'change', path: '1/9999' }),
    )
  })
})

it('isolates chains: no mainnet path signs for a test network, nor the reverse (B4)', async () => {
  expect(() => bitcoin().parseAccount(base.account)).toThrow(
    expect.objectContaining({ code: 'INVALID_ACCOUNT' }),
  )
  const mainnet = await wallet.describe('bitcoin')
  expect(() => chain.parseAccount(mainnet)).toThrow(expect.objectContaining({ code: 'INVALID_ACCOUNT' }))
  const json = JSON.parse(JSON.stringify(base.draft))
  for (const lie of [
    { ...json, chain: bitcoinNetwork.id },
    { ...json, chain: bitcoinNetwork.id, account: mainnet },
    { ...json, account: mainnet },
  ])
    expect(await refusal(async () => wallet.sign(wallet.draft(JSON.stringify(lie))))).not.toBe('signed')
  expect(mainnet).toContain('/84h/0h/0h]xpub')
  expect(base.account).toContain('/84h/1h/0h]tpub')
})

describe('structure (B5)', () => {
  const tampered: readonly [string, (psbt: Psbt) => Psbt][] = [
    [
      'an added output',
      (psbt) => ({ ...psbt, outputs: [...psbt.outputs, { ...psbt.outputs[0]!, amount: 1_000n }] }),
    ],
    [
      'a missing recipient',
      (psbt) => ({ ...psbt, outputs: psbt.outputs.filter(({ derivations }) => derivations.length > 0) }),
    ],
    ['an input twice', (psbt) => ({ ...psbt, inputs: [...psbt.inputs, psbt.inputs[0]!] })],
    ['a time lock', (psbt) => ({ ...psbt, locktime: 1_900_000_000 })],
    [
      'a relative lock',
      (psbt) => ({ ...psbt, inputs: psbt.inputs.map((input) => ({ ...input, sequence: 144 })) }),
    ],
    ['transaction version 1', (psbt) => ({ ...psbt, txVersion: 1 })],
    [
      'an unknown global key',
      (psbt) => ({ ...psbt, other: [{ key: Uint8Array.of(0xf0), value: Uint8Array.of(1) }] }),
    ],
    [
      'an unknown input key',
      (psbt) => ({
        ...psbt,
        inputs: change(psbt.inputs, 0, (i) => ({
          ...i,
          other: [{ key: Uint8Array.of(0xf0), value: Uint8Array.of(1) }],
        })),
      }),
    ],
    [
      'an unknown output key',
      (psbt) => ({
        ...psbt,
        outputs: change(psbt.outputs, 0, (o) => ({
          ...o,
          other: [{ key: Uint8Array.of(0xf0), value: Uint8Array.of(1) }],
        })),
      }),
    ],
    [
      'a signature',
      (psbt) => ({
        ...psbt,
        inputs: change(psbt.inputs, 0, (i) => ({ ...i, finalScriptSig: Uint8Array.of(1) })),
      }),
    ],
  ]
  it.each(tampered)('%s is refused', async (_, step) => {
    expect(['INVALID_DRAFT', 'DRAFT_MISMATCH']).toContain(await signForged(base.draft, step(base.psbt)))
  })

  it('inputs of somebody else are refused', async () => {
    const stranger = await sound('p2pkh')
    const psbt = { ...base.psbt, inputs: [base.psbt.inputs[0]!, stranger.psbt.inputs[0]!] }
    expect(await signForged(base.draft, psbt)).toBe('INVALID_DRAFT')
  })

  it('any one-byte change of the unsigned transaction is refused or shown', async () => {
    const { draft } = base
    const bytes = Buffer.from(draft.payload, 'base64')
    const face = JSON.stringify(draft.effects, (_, value) => (typeof value === 'bigint' ? `${value}` : value))
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Uint8Array.from(bytes)
        changed[at] = changed[at]! ^ flip
        try {
          const other = createDraft(chain, { ...draft, payload: toBase64(changed) })
          if (chain.rebuild(other) !== other.payload) return
          expect(
            JSON.stringify(other.effects, (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
          ).not.toBe(face)
        } catch (error) {
          expect(isCofferError(error, 'INVALID_DRAFT', 'DRAFT_MISMATCH')).toBe(true)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

it('caps fees: absolute, by rate, and as a share of the amount (B6)', async () => {
  const { draft, psbt } = base
  const { expected, rate } = draft.fee
  const outcome = (policy: object, extra = 0n): Promise<string> =>
    refusal(async () => {
      const one = createOfflineWallet({ chains: [chain], signer: softwareSigner({ mnemonic }), policy })
      const outputs = psbt.outputs.map((output) =>
        output.derivations.length ? { ...output, amount: output.amount - extra } : output,
      )
      await one.sign(one.draft(JSON.stringify(forged(draft, { ...psbt, outputs }))))
    })
  expect(await outcome({ maxFee: { [chain.id]: expected - 1n } })).toBe('POLICY_REFUSED')
  expect(await outcome({ maxFee: { [chain.id]: expected } })).toBe('signed')
  expect(await outcome({ maxFeeRate: { [chain.id]: rate.value - 1n } })).toBe('POLICY_REFUSED')
  expect(await outcome({ maxFeeRate: { [chain.id]: rate.value } })).toBe('signed')
  expect(await outcome({ maxFeePercent: 0 })).toBe('POLICY_REFUSED')
  expect(await outcome({ maxFeePercent: 1 })).toBe('signed')
  // Without a policy the network's own caps hold: 180,000 satoshi for 209 virtual bytes are below its rate.
  expect(await outcome({}, 180_000n)).toBe('signed')
  expect(await outcome({ maxFeeRate: { [chain.id]: 500_000n } }, 180_000n)).toBe('POLICY_REFUSED')
})

describe('dust and poisoned coins (B7)', () => {
  it('are never spent by themselves, and no dust change is made', async () => {
    const account = await wallet.describe('regtest', { index: 3 })
    const descriptor = readDescriptor(account, regtestNetwork)
    const fake = fakeChain()
    const [a, b] = deriveScripts(descriptor, 0, 0, 2) as unknown as [
      { script: Uint8Array },
      { script: Uint8Array },
    ]
    const tiny = fake.pay([{ script: a.script, amount: 546n }], 900)
    fake.pay([{ script: b.script, amount: 100_000n }], 900)
    const opened = openAccount(regtestNetwork, {
      descriptor: account,
      source: fake.source,
      store: memoryStore(),
    })
    for (const request of [
      { to: STRANGER, amount: 'max' },
      { to: STRANGER, amount: 99_000n },
    ] as const) {
      const draft = await opened.create({ ...request, fee: { satPerVb: '1' } })
      expect(readPayload(draft, regtestNetwork).inputs.map(({ txid }) => txid)).not.toContain(txidOf(tiny))
      for (const { amount } of readPayload(draft, regtestNetwork).outputs)
        expect(amount).toBeGreaterThanOrEqual(294n)
      await opened.discard(draft)
    }
    // By hand they are.
    const draft = await opened.create({
      to: STRANGER,
      amount: 'max',
      coins: [
        `${txidOf(tiny)}:0`,
        ...(await opened.coins()).filter(({ amount }) => amount > 546n).map(({ outpoint }) => outpoint),
      ],
      fee: { satPerVb: '1' },
    })
    expect(draft.effects.fields['inputs']).toBe('2')
  })

  it('never lower what the recipient gets', async () => {
    await expect(base.opened.create({ to: STRANGER, amount: 1_200_000n })).rejects.toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
    })
    await expect(base.opened.create({ to: STRANGER, amount: 293n })).rejects.toMatchObject({
      code: 'INVALID_AMOUNT',
    })
    await expect(base.opened.create({ to: STRANGER, amount: 0n })).rejects.toMatchObject({
      code: 'INVALID_AMOUNT',
    })
    const { draft, psbt } = base
    const less = {
      ...psbt,
      outputs: psbt.outputs.map((output) =>
        output.derivations.length ? output : { ...output, amount: output.amount - 1n },
      ),
    }
    expect(await signForged(draft, less)).toBe('DRAFT_MISMATCH')
  })
})

it('refuses outputs above inputs (B8)', async () => {
  const { draft, psbt } = base
  const outputs = change(psbt.outputs, 0, (output) => ({ ...output, amount: 2_000_000n }))
  expect(await signForged(draft, { ...psbt, outputs })).toBe('INVALID_DRAFT')
  const payload = writePayload({
    ...readPayload(draft, regtestNetwork),
    outputs: readPayload(draft, regtestNetwork).outputs.map((output) => ({
      ...output,
      amount: 21_000_000n * 100_000_000n + 1n,
    })),
  })
  expect(() => readPayload({ ...draft, payload }, regtestNetwork)).toThrow(
    expect.objectContaining({ code: 'INVALID_DRAFT' }),
  )
})
