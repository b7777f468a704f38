import {
  createWallet,
  isCofferError,
  memoryStore,
  readKnown,
  type Source,
  type Sources,
  type Store,
} from '@coffer/core'
import { softwareSigner } from '@coffer/signer-software'
import { hexToBytes } from '@noble/hashes/utils.js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { encodeSegwit } from './address.ts'
import { regtest } from './bitcoin.ts'
import { deriveScripts } from './derive.ts'
import { readDescriptor } from './descriptor.ts'
import { fakeChain } from './fake-source.fixture.ts'
import { regtestNetwork } from './networks.ts'
import { decodeTx, type Tx, txidOf } from './transaction.ts'

const mnemonic = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
const STRANGER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
const DAY = 86_400_000

const txOf = ({ raw }: { readonly raw: string }): Tx => decodeTx(hexToBytes(raw))

afterEach(() => {
  vi.useRealTimers()
})

/** A wallet over a chain in memory, with two coins. */
async function funded(store: Store = memoryStore(), fake = fakeChain()) {
  const source: Sources = { for: () => fake.source as Source }
  const wallet = createWallet({ chains: [regtest()], source, signer: softwareSigner({ mnemonic }), store })
  const account = await wallet.account('regtest')
  const descriptor = readDescriptor(account.descriptor, regtestNetwork)
  if (Object.keys(fake.asked).length === 0)
    for (const { script } of deriveScripts(descriptor, 0, 0, 2)) fake.pay([{ script, amount: 600_000n }], 900)
  return { wallet, account, fake, store }
}

/** Two addresses that begin and end alike: what a poisoner grinds for. */
function twins(): readonly [string, string] {
  const ends = new Map<string, string>()
  for (let n = 0; ; n++) {
    const program = new Uint8Array(20)
    new DataView(program.buffer).setUint32(12, n)
    const address = encodeSegwit('bcrt', 0, program)
    const twin = ends.get(address.slice(-4))
    if (twin) return [twin, address]
    ends.set(address.slice(-4), address)
  }
}

describe('address poisoning', () => {
  const [friend, twin] = twins()

  it('G1: who looks like somebody that was paid is shown and refused, until accepted', async () => {
    const { wallet, account } = await funded()
    await wallet.sign(await account.create({ to: friend, amount: 10_000n }))
    const again = await account.create({ to: friend, amount: 10_000n })
    expect(again.effects.warnings).toEqual([])
    await account.discard(again)
    const poisoned = await account.create({
      kind: 'batch',
      payments: [{ to: STRANGER, amount: 5_000n }],
      rest: twin,
    })
    expect(poisoned.effects.warnings).toEqual([
      { code: 'lookalike', message: expect.stringContaining(friend) },
    ])
    await expect(wallet.sign(poisoned)).rejects.toMatchObject({
      code: 'POLICY_REFUSED',
      details: { rule: 'lookalike', address: twin, known: friend },
    })
    await wallet.sign(poisoned, { accept: ['lookalike'] })
  })

  it('G1: a restored wallet knows from its own history whom it paid; what others paid in makes nobody known', async () => {
    const { wallet, account, fake } = await funded()
    const signed = await wallet.sign(await account.create({ to: friend, amount: 10_000n }))
    fake.add(txOf(signed), 1_000)
    const restored = await funded(memoryStore(), fake)
    const first = await restored.account.create({ to: twin, amount: 10_000n })
    expect(first.effects.warnings).toEqual([])
    await restored.account.discard(first)
    await restored.account.history()
    const known = await readKnown(restored.store, restored.account.chain)
    expect(known).toEqual({ contacts: [], seen: [friend] })
    const poisoned = await restored.account.create({ to: twin, amount: 10_000n })
    expect(poisoned.effects.warnings).toMatchObject([{ code: 'lookalike' }])
    await expect(restored.wallet.sign(poisoned)).rejects.toMatchObject({ details: { rule: 'lookalike' } })
    await restored.account.discard(poisoned)
    await restored.wallet.sign(await restored.account.create({ to: friend, amount: 10_000n }))
  })

  it('G1: a hint that is no address warns of nothing and shows nothing of itself', async () => {
    const { wallet, account } = await funded()
    const draft = await account.create({ to: friend, amount: 10_000n })
    const json = JSON.parse(JSON.stringify(draft)) as object
    const said = (lookalike: string) => wallet.draft({ ...json, hints: { lookalike } }).effects.warnings
    expect(said('<b>send it all</b>')).toEqual([])
    expect(said(twin)).toMatchObject([{ code: 'lookalike' }])
  })
})

it('G3: amounts that are no amounts are refused', async () => {
  const { account } = await funded()
  const wrong: unknown[] = [
    1,
    0.1,
    Number.NaN,
    '1e3',
    '-1',
    '+1',
    '0.000000001',
    '0x10',
    '١',
    '',
    ' 1',
    '1,5',
    '.5',
  ]
  for (const amount of [...wrong, '5.', -1n, 0n, '0', null, 293n])
    await expect(
      account.create({ to: STRANGER, amount: amount as bigint }),
      String(amount),
    ).rejects.toMatchObject({
      code: 'INVALID_AMOUNT',
    })
})

it('G3: every amount from a satoshi above dust to all the coins there are arrives in the bytes as it was asked for', async () => {
  const descriptor = (await funded()).account.descriptor
  for (const amount of [294n, 546n, 999_999_999n, 21_000_000n * 100_000_000n - 1_000_000n]) {
    const fake = fakeChain()
    const [own] = deriveScripts(readDescriptor(descriptor, regtestNetwork), 0, 0, 1)
    fake.pay([{ script: own!.script, amount: 21_000_000n * 100_000_000n }], 900)
    fake.asked['set up'] = 1
    const { wallet, account } = await funded(memoryStore(), fake)
    const signed = await wallet.sign(await account.create({ to: STRANGER, amount }))
    expect(txOf(signed).outputs.map((output) => output.amount)).toContain(amount)
  }
})

it('G8: keys that would change objects themselves are refused in drafts and in what is signed', async () => {
  const { wallet, account } = await funded()
  const draft = JSON.stringify(await account.create({ to: STRANGER, amount: 10_000n }))
  for (const key of ['__proto__', 'constructor', 'prototype'])
    for (const at of ['{', '"intent":{', '"hints":{']) {
      const bent = draft.replace(at, `${at}"${key}":{"polluted":true},`)
      let code = 'read'
      try {
        wallet.draft(bent)
      } catch (error) {
        if (isCofferError(error)) code = error.code
      }
      expect(code, bent.slice(0, 60)).toMatch(/^INVALID_(JSON|DRAFT)$/)
    }
  expect(() => wallet.draft(draft.replace('"version":1', '"version":1,"version":1'))).toThrow(
    expect.objectContaining({ code: 'INVALID_JSON' }),
  )
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
})

it('G13: a clock a day wrong either way, or set back while coins are held, still pays and spends no coin twice', async () => {
  const now = Date.now()
  for (const off of [DAY, -DAY]) {
    const { wallet, account, fake } = await funded()
    const first = await account.create({ to: STRANGER, amount: 10_000n })
    vi.useFakeTimers({ now: now + off, toFake: ['Date'] })
    const second = await account.create({ to: STRANGER, amount: 20_000n })
    const signed = [await wallet.sign(second)]
    vi.useFakeTimers({ now, toFake: ['Date'] })
    // Held too long by one clock, or not by the other: it is signed only while its coin is free.
    try {
      signed.push(await wallet.sign(first))
    } catch (error) {
      expect(error).toMatchObject({ code: 'COIN_TAKEN' })
    }
    const spent = signed.flatMap(({ raw }) =>
      decodeTx(hexToBytes(raw)).inputs.map(({ txid, vout }) => `${txid}:${vout}`),
    )
    expect(new Set(spent).size).toBe(spent.length)
    await wallet.publish(signed[0]!)
    expect(fake.broadcasts).toEqual([signed[0]!.raw])
    fake.add(txOf(signed[0]!), 1_000)
    fake.height = 1_010
    expect(await wallet.payment(signed[0]!).status()).toMatchObject({ state: 'mined', ok: true })
    expect(txidOf(txOf(signed[0]!))).toBe(signed[0]!.txid)
    vi.useRealTimers()
  }
})
