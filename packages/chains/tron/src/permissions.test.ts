import { createWallet, memoryStore, nobleEngine } from '@coffer/core'
import { softwareSigner } from '@coffer/signer-software'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressOf } from './address.ts'
import { BOB, EVE, fakeNode, fakeWallet, give, MNEMONIC, OWN, TRX, USDT } from './fake-source.fixture.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import { codeOf, inside, plain } from './hostile.fixture.ts'
import type { SigningPermission } from './intent.ts'
import { tronNetwork } from './networks.ts'
import { parsePermission } from './parse-intent.ts'
import { invalidDraft } from './payload.ts'
import { enough, weigh, weightOf, writePermission } from './permissions.ts'
import { signersOf } from './permissions-of.ts'
import { accountRead } from './reads.ts'
import { fromEcdsa } from './signature.ts'
import { decodeSigned, encodeSigned } from './transaction.ts'
import { tron } from './tron.ts'

const PHRASES = [
  MNEMONIC,
  'test test test test test test test test test test test junk',
  'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about',
]

/** Keys that are small numbers. */
const keys = [1, 2, 3, 4, 5].map((n) => {
  const secret = new Uint8Array(32)
  secret[31] = n
  const publicKey = nobleEngine.publicKey(secret)
  return {
    address: addressOf(publicKey),
    sign: (hash: Uint8Array) => fromEcdsa(nobleEngine.ecdsaSign(hash, secret)),
  }
})
const hash = new Uint8Array(32).fill(7)
const permission = (weights: readonly bigint[], threshold: bigint): SigningPermission => ({
  id: 2,
  threshold,
  keys: weights.map((weight, i) => ({ address: keys[i]!.address, weight })),
})
const signedBy = (...who: number[]) => who.map((i) => keys[i]!.sign(hash))

describe('weighing', () => {
  it('tells who signed, whatever the order, and what they weigh', () => {
    const all = permission([1n, 2n, 4n], 5n)
    for (const order of [[0, 1, 2], [2, 0, 1], [1, 2], []]) {
      const found = weigh(hash, signedBy(...order), all, invalidDraft)
      expect([...found.keys()]).toEqual(order.map((i) => keys[i]!.address))
      expect(weightOf(found.keys(), all)).toBe(order.reduce((sum, i) => sum + (1n << BigInt(i)), 0n))
    }
  })

  it('refuses one that is foreign, doubled, over something else, or written in another way', () => {
    const two = permission([1n, 1n], 2n)
    const [first] = signedBy(0)
    const high = first!.slice()
    const n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
    const s = n - BigInt(`0x${bytesToHex(first!.slice(32, 64))}`)
    high.set(hexToBytes(s.toString(16).padStart(64, '0')), 32)
    high[64] = 55 - high[64]!
    for (const wrong of [
      signedBy(0, 2),
      signedBy(0, 0),
      [first!, Uint8Array.of(...first!.slice(0, 64), first![64]! - 27)],
      [keys[0]!.sign(new Uint8Array(32).fill(8))],
      [high],
      [new Uint8Array(65)],
      [first!.slice(0, 64)],
    ])
      expect(() => weigh(hash, wrong, two, invalidDraft)).toThrow(
        expect.objectContaining({ code: 'INVALID_DRAFT' }),
      )
  })

  it('takes the fewest that are enough, and says what is missing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: 1n, max: 10n }), { minLength: 1, maxLength: 5 }),
        fc.bigInt({ min: 1n, max: 30n }),
        fc.integer({ min: 0, max: 31 }),
        (weights, threshold, mask) => {
          const all = permission(weights, threshold)
          const who = weights.flatMap((_, i) => ((mask >> i) & 1 ? [i] : []))
          const sum = who.reduce((total, i) => total + weights[i]!, 0n)
          const found = new Map(who.map((i) => [keys[i]!.address, Uint8Array.of(i)]))
          if (sum < threshold) {
            expect(() => enough(found, all)).toThrow(
              expect.objectContaining({
                code: 'SIGNATURES_MISSING',
                details: {
                  weight: sum,
                  threshold,
                  signed: expect.arrayContaining(who.map((i) => keys[i]!.address)),
                },
              }),
            )
            return
          }
          const chosen = enough(found, all).map(([i]) => weights[i!]!)
          expect(chosen.reduce((total, weight) => total + weight, 0n)).toBeGreaterThanOrEqual(threshold)
          const fewer = who
            .map((i) => weights[i]!)
            .sort((a, b) => Number(b - a))
            .slice(0, chosen.length - 1)
          expect(fewer.reduce((total, weight) => total + weight, 0n)).toBeLessThan(threshold)
        },
      ),
    )
  })

  it('travels as JSON', () => {
    const all = permission([1n, 2n ** 63n - 1n], 3n)
    expect(parsePermission(JSON.parse(writePermission(all)))).toEqual(all)
  })
})

describe('who signs', () => {
  const state = (more: object) => accountRead(OWN).parse({ address: OWN, ...more })
  const keysOf = (threshold: number, ...addresses: string[]) => ({
    threshold,
    keys: addresses.map((address) => ({ address, weight: 1 })),
  })
  const pay = { kind: 'pay', asset: tronNetwork.coin.id, to: BOB, amount: 1n } as const
  const of = (more: object, wanted?: number) => signersOf(state(more), OWN, pay, wanted, tronNetwork)

  it('is the own key while it decides alone', () => {
    expect(of({})).toBeUndefined()
    expect(of({ owner_permission: keysOf(1, OWN, BOB) })).toBeUndefined()
    expect(of({ owner_permission: keysOf(2, OWN, BOB) })).toMatchObject({ id: 0, threshold: 2n })
    expect(of({ owner_permission: keysOf(1, BOB) })).toMatchObject({ id: 0, keys: [{ address: BOB }] })
  })

  it('is the permission that was asked for, when it is there and may sign this', () => {
    const active = (id: number, bits: string) => ({ ...keysOf(1, EVE), id, operations: bits.padEnd(64, '0') })
    expect(of({}, 2)).toMatchObject({ id: 2, keys: [{ address: OWN }] })
    expect(of({ active_permission: [active(3, '02')] }, 3)).toMatchObject({ id: 3, keys: [{ address: EVE }] })
    expect(() => of({ active_permission: [active(3, '04')] }, 3)).toThrow(/may not sign a TransferContract/)
    expect(() => of({ active_permission: [active(3, '02')] }, 2)).toThrow(/no permission 2/)
    expect(() => of({}, 1)).toThrow(/no permission 1/)
    // It signs blocks, and no transactions.
    expect(() => of({ witness_permission: keysOf(1, EVE) }, 1)).toThrow(/no permission 1/)
  })
})

describe('an account of two of three', () => {
  async function family() {
    const node = fakeNode()
    const made = PHRASES.map((mnemonic) => {
      const store = memoryStore()
      const config = { chains: [tron()] as const, source: { for: () => node.source }, store }
      return createWallet({ ...config, signer: softwareSigner({ mnemonic }) })
    })
    const wallets = made as [(typeof made)[0], (typeof made)[0], (typeof made)[0]]
    const addresses = await Promise.all(wallets.map(async (wallet) => (await wallet.account('tron')).address))
    expect(addresses[0]).toBe(OWN)
    give(node, OWN, 1_000n * TRX, {
      owner_permission: { threshold: 2, keys: addresses.map((address) => ({ address, weight: 1 })) },
    })
    give(node, BOB, 1n)
    const account = await wallets[0].account('tron')
    const draft = await account.create({ to: BOB, amount: '1' })
    /** As the next signer gets it. */
    const pass = (to: number, from: typeof draft) => wallets[to as 0].draft(JSON.stringify(from))
    return { node, wallets, addresses, account, draft, pass }
  }

  it('pays with any two, in any order, one after the other or side by side', async () => {
    for (const [first, second] of [
      [0, 1],
      [1, 0],
      [1, 2],
      [2, 0],
    ] as const) {
      const { wallets, draft, pass, node } = await family()
      const half = await wallets[first].cosign(pass(first, draft))
      const signed = await wallets[second].sign(pass(second, half as typeof draft))
      expect(decodeSigned(signed.raw).signatures).toHaveLength(2)
      expect(inside(signed).permission).toBe(0)
      await wallets[2].publish(wallets[2].signed(JSON.stringify(signed)))
      expect(node.waiting.has(signed.txid)).toBe(true)

      const other = await wallets[second].cosign(pass(second, draft))
      expect(wallets[0].finish([half, other]).txid).toBe(signed.txid)
    }
  })

  it('charges for two signatures, and warns of five in the ceiling', async () => {
    const { draft } = await family()
    expect(draft.effects.fields['multiSign']).toBe('1000000')
    expect(draft.fee.ceiling).toBe(
      (BigInt(draft.payload.length / 2 - 1) + 3n + 5n * 67n + 64n) * 1_000n + 1_100_000n + TRX,
    )
  })

  it('is not paid by one alone, nor by one that signs twice', async () => {
    const { wallets, draft, pass } = await family()
    await expect(wallets[0].sign(draft)).rejects.toMatchObject({
      code: 'SIGNATURES_MISSING',
      details: { weight: 1n, threshold: 2n },
    })
    const half = await wallets[0].cosign(draft)
    const twice = await wallets[0].cosign(pass(0, half as typeof draft))
    expect(twice.signatures).toEqual(half.signatures)
    expect(() => wallets[0].finish([half, twice])).toThrow(
      expect.objectContaining({ code: 'SIGNATURES_MISSING' }),
    )
  })

  it('takes no signature of strangers, of other bytes, or a second time', async () => {
    const { wallets, draft, pass, account } = await family()
    const half = plain(await wallets[0].cosign(draft))
    const [own] = half['signatures'] as [string]
    const other = await wallets[1].cosign(pass(1, await account.create({ to: BOB, amount: '2' })))
    for (const signatures of [
      [own, own],
      [other.signatures![0]!],
      [own.slice(2)],
      [own.toUpperCase(), own],
      ['', own],
      [bytesToHex(keys[4]!.sign(hash))],
    ]) {
      const forged = wallets[1].draft(JSON.stringify({ ...half, signatures }))
      await expect(wallets[1].sign(forged), signatures.join()).rejects.toMatchObject({
        code: 'SIGNATURE_WRONG',
      })
      await expect(wallets[1].cosign(forged)).rejects.toMatchObject({ code: 'SIGNATURE_WRONG' })
    }
  })

  it('refuses a draft that names other signers or another permission than its bytes', async () => {
    const { wallets, draft } = await family()
    const json = plain(draft) as { intent: { permission: { id: number; threshold: string; keys: object[] } } }
    const named = (change: object) => ({
      ...json,
      intent: { ...json.intent, permission: { ...json.intent.permission, ...change } },
    })
    expect(await codeOf(wallets[0].sign(wallets[0].draft(named({ id: 2 }))))).toBe('DRAFT_MISMATCH')
    expect(
      await codeOf(wallets[0].sign(wallets[0].draft(named({ keys: [{ address: EVE, weight: '9' }] })))),
    ).toBe('WRONG_ACCOUNT')
  })

  it('checks what comes back signed: too few, doubled, of strangers, under another permission', async () => {
    const { wallets, draft, pass } = await family()
    const half = await wallets[0].cosign(draft)
    const signed = await wallets[1].sign(pass(1, half as typeof draft))
    const { raw, signatures } = decodeSigned(signed.raw)
    const json = plain(signed as never) as Record<string, string>
    const one = signatures[0]!
    for (const changed of [
      { raw: encodeSigned(raw, [one]) },
      { raw: encodeSigned(raw, [one, one]) },
      { raw: encodeSigned(raw, [one, keys[4]!.sign(hash)]) },
      { spent: json['spent']!.replace('"id":0', '"id":2') },
      { spent: '{}' },
      { spent: 'x' },
    ])
      expect(() => wallets[2].signed({ ...json, ...changed })).toThrow(
        expect.objectContaining({ code: 'INVALID_SIGNED' }),
      )
    const { spent: _, ...bare } = json
    expect(() => wallets[2].signed(bare)).toThrow(expect.objectContaining({ code: 'INVALID_SIGNED' }))
  })

  it('an active permission signs what it may, by its own number', async () => {
    const { node, wallet, account } = await fakeWallet()
    const active = {
      id: 3,
      threshold: 1,
      keys: [{ address: OWN, weight: 1 }],
      operations: `0200008${'0'.repeat(57)}`,
    }
    give(node, OWN, 1_000n * TRX, { active_permission: [active] })
    const signed = await wallet.sign(await account.create({ to: BOB, amount: '1', permission: 3 }))
    expect(inside(signed).permission).toBe(3)
    await wallet.publish(signed)
    await expect(
      account.create({ kind: 'freeze', amount: '1', resource: 'energy', permission: 3 }),
    ).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
    const token = await account.create({ to: BOB, amount: '1', asset: USDT && 'USDT', permission: 3 })
    expect(token.effects.fields['permission']).toBe('3')
  })
})
