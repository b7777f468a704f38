import { memoryStore } from '@coffer/core'
import { hexToBytes } from '@noble/hashes/utils.js'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { openAccount } from './account.ts'
import { formatAddress } from './address.ts'
import { deriveScripts } from './derive.ts'
import { multisigDescriptor, readDescriptor } from './descriptor.ts'
import { fakeChain } from './fake-source.fixture.ts'
import { feeOfWeight, feeRate, ownRate } from './fees.ts'
import { keysOf } from './keys.fixture.ts'
import { regtestNetwork } from './networks.ts'
import { bitcoinRules } from './rules.ts'
import { cosign, sign } from './sign.ts'
import { decodeTx, weightOf } from './transaction.ts'

// A thousand wallets of six descriptors: the scripts of each are derived once.
vi.mock('./derive.ts', async (original) => {
  const real = await original<typeof import('./derive.ts')>()
  const made = new Map<string, ReturnType<typeof deriveScripts>>()
  return {
    ...real,
    deriveScripts: (...given: Parameters<typeof deriveScripts>) => {
      const [{ text }, ...place] = given
      const name = [text, ...place].join()
      const scripts = made.get(name) ?? real.deriveScripts(...given)
      made.set(name, scripts)
      return scripts
    },
  }
})

const rules = bitcoinRules(regtestNetwork)
const owners = ['one', 'two', 'three'].map(keysOf)
const strange = keysOf('stranger')
const TYPES = [
  'p2pkh',
  'p2sh-p2wpkh',
  'p2wpkh',
  'p2tr',
  'p2wsh-sortedmulti',
  'p2sh-p2wsh-sortedmulti',
] as const

const accounts = Object.fromEntries(
  TYPES.map((type) => {
    const text = type.endsWith('sortedmulti')
      ? multisigDescriptor(
          {
            threshold: 2,
            keys: owners.map(({ key }) => key('m/48h/1h/0h/2h')),
            type: type as 'p2wsh-sortedmulti',
          },
          regtestNetwork,
        )
      : rules.describe(owners[0]!.key(rules.path(0, type)), type)
    return [type, readDescriptor(text, regtestNetwork)]
  }),
)
const strangers = TYPES.slice(0, 4).flatMap((type) => {
  const text = rules.describe(strange.key(rules.path(0, type)), type)
  return deriveScripts(readDescriptor(text, regtestNetwork), 0, 0, 4).map(
    ({ script }) => formatAddress(script, regtestNetwork)!,
  )
})

/** The fee of a draft, and the virtual size of what signing makes of it. */
async function paidFor(
  type: (typeof TYPES)[number],
  amounts: readonly number[],
  rate: bigint,
  request: { payments: readonly [number, number][]; max: boolean },
) {
  const descriptor = accounts[type]!
  const chain = fakeChain()
  deriveScripts(descriptor, 0, 0, amounts.length).forEach(({ script }, i) => {
    chain.pay([{ script, amount: BigInt(amounts[i]!) }], 900)
  })
  const account = openAccount(regtestNetwork, {
    descriptor: descriptor.text,
    source: chain.source,
    store: memoryStore(),
  })
  const payments = request.payments.map(([to, amount]) => ({
    to: strangers[to % strangers.length]!,
    amount: BigInt(amount),
  }))
  const draft = await account.create(
    request.max
      ? { to: payments[0]!.to, amount: 'max', fee: { satPerKvb: rate } }
      : { kind: 'batch', payments, fee: { satPerKvb: rate } },
  )
  let signatures: readonly string[] = []
  if (descriptor.threshold > 1)
    signatures = await cosign({ ...draft, signatures }, owners[1]!.ring, regtestNetwork)
  // An ECDSA signature is a byte or two shorter by luck, which outside a witness may be 1%: of three the longest counts.
  let vsize = 0
  for (let i = 0; i < (type === 'p2pkh' ? 3 : 1); i++) {
    const signed = await sign({ ...draft, signatures }, owners[0]!.ring, regtestNetwork)
    vsize = Math.max(vsize, Math.ceil(weightOf(decodeTx(hexToBytes(signed.raw))) / 4))
  }
  return { draft, vsize, change: draft.effects.list.some(({ kind }) => kind === 'change') }
}

describe('fees', () => {
  it('are within 1% above the rate and never below, for 1,000 random wallets of every script type', async () => {
    let wallets = 0
    let short = 0
    let worst = 0
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...TYPES),
        fc.array(fc.integer({ min: 1_000, max: 50_000_000 }), { minLength: 1, maxLength: 12 }),
        fc.bigInt({ min: 1_000n, max: 150_000n }),
        fc.array(fc.tuple(fc.nat(15), fc.integer({ min: 1_000, max: 20_000_000 })), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.boolean(),
        async (type, amounts, rate, payments, max) => {
          let paid: Awaited<ReturnType<typeof paidFor>>
          try {
            paid = await paidFor(type, amounts, rate, { payments, max })
          } catch (error) {
            if ((error as { code?: string }).code !== 'INSUFFICIENT_FUNDS') throw error
            short++
            fc.pre(false)
            return
          }
          const { draft, vsize, change } = paid
          const least = Number(rate) * vsize
          expect(Number(draft.fee.expected) * 1000).toBeGreaterThanOrEqual(least)
          wallets++
          // What is too small to be an output goes to the fee: there is nowhere else for it.
          const ratio = (Number(draft.fee.expected) * 1000) / least
          if (change || max) {
            worst = Math.max(worst, ratio)
            expect(Number(draft.fee.expected)).toBeLessThanOrEqual(Math.ceil((least * 1.01) / 1000) + 1)
          } else {
            const over = Number(draft.fee.expected) - Math.ceil((least * 1.01) / 1000)
            expect(over).toBeLessThanOrEqual(546 + Math.ceil((43 * Number(rate)) / 1000))
          }
        },
      ),
      { numRuns: 1_000, seed: 20_261_121 },
    )
    expect(wallets).toBe(1_000)
    expect(worst).toBeLessThan(1.011)
    expect(short).toBeGreaterThan(0)
  }, 120_000)

  it('read fractional rates exactly, and refuse what is none', () => {
    expect(ownRate({ satPerVb: '12.5' })).toBe(12_500n)
    expect(ownRate({ satPerVb: '0.001' })).toBe(1n)
    expect(ownRate({ satPerKvb: 1_234n })).toBe(1_234n)
    expect(feeRate({ satPerVb: '1.234' }, [], regtestNetwork)).toBe(1_234n)
    expect(() => feeRate({ satPerVb: '0.5' }, [], regtestNetwork)).toThrow(/1 sat\/vB/)
    expect(() => feeRate('fast', [], regtestNetwork)).toThrow(/No node could say/)
    expect(feeOfWeight(561, 1_000n)).toBe(141n)
    expect(feeOfWeight(560, 1_001n)).toBe(141n)
  })

  it('choose the estimate of the speed', () => {
    const estimates = [1, 6, 144].map((blocks) => ({
      blocks,
      satPerKvb: BigInt(Math.floor(200_000 / blocks)),
    }))
    expect(feeRate('fast', estimates, regtestNetwork)).toBe(200_000n)
    expect(feeRate('normal', estimates, regtestNetwork)).toBe(33_333n)
    expect(feeRate('slow', estimates, regtestNetwork)).toBe(1_388n)
    expect(feeRate('fast', estimates.slice(1), regtestNetwork)).toBe(33_333n)
  })
})
