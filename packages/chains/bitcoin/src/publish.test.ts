import {
  CofferError,
  createWallet,
  memoryStore,
  type Payment,
  type PaymentStatus,
  type Signed,
  type UtxoSource,
} from '@coffer/core'
import { softwareSigner } from '@coffer/signer-software'
import { describe, expect, it } from 'vitest'
import type { BitcoinAccount } from './account.ts'
import { parseAddress } from './address.ts'
import { regtest } from './bitcoin.ts'
import { deriveScripts } from './derive.ts'
import { readDescriptor } from './descriptor.ts'
import { type FakeChain, fakeChain } from './fake-source.fixture.ts'
import { regtestNetwork } from './networks.ts'
import { txidOf, weightOf } from './transaction.ts'

const mnemonic = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
const STRANGER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'

/** A wallet with one coin, a signed payment of it, and a source that a test may bend. */
async function signedPayment(
  bend: (source: UtxoSource, chain: FakeChain) => Partial<UtxoSource> = () => ({}),
) {
  const chain = fakeChain()
  const source: UtxoSource = { ...chain.source, ...bend(chain.source, chain) }
  const wallet = createWallet({
    chains: [regtest()],
    source: { for: () => source },
    signer: softwareSigner({ mnemonic }),
    store: memoryStore(),
  })
  const descriptor = await wallet.describe('regtest')
  const [script] = deriveScripts(readDescriptor(descriptor, regtestNetwork), 0, 0, 1)
  const coin = chain.pay([{ script: script!.script, amount: 1_000_000n }], 990)
  const account = await wallet.account('regtest')
  const draft = await account.create({ to: STRANGER, amount: 500_000n })
  const signed = await wallet.sign(draft)
  return { chain, wallet, account, signed, coin }
}

const refusing = (reason: string) => async (): Promise<string> => {
  throw new CofferError({ code: 'BROADCAST_REJECTED', message: `refused: ${reason}`, details: { reason } })
}

describe('publishing', () => {
  it('sends once, and takes "already known" for success', async () => {
    const { wallet, signed, chain } = await signedPayment()
    expect((await wallet.publish(signed)).txid).toBe(signed.txid)
    expect((await wallet.publish(signed)).txid).toBe(signed.txid)
    expect(chain.broadcasts).toEqual([signed.raw, signed.raw])
  })

  it('that loses its reply after acceptance succeeds, and never sends twice by itself (G12)', async () => {
    const { wallet, signed, chain } = await signedPayment((source) => ({
      broadcast: async (raw) => {
        await source.broadcast(raw)
        throw new CofferError({ code: 'NETWORK', message: 'reply lost', retryable: true })
      },
    }))
    expect((await wallet.publish(signed)).txid).toBe(signed.txid)
    expect(chain.broadcasts).toHaveLength(1)
  })

  it('says when it is not known whether the network has it', async () => {
    const lost = async (): Promise<never> => {
      throw new CofferError({ code: 'NETWORK', message: 'gone', retryable: true })
    }
    const { wallet, signed } = await signedPayment(() => ({ broadcast: lost, transactions: lost }))
    await expect(wallet.publish(signed)).rejects.toMatchObject({ code: 'BROADCAST_UNKNOWN', retryable: true })
    expect(await wallet.payments()).toHaveLength(1)
  })

  it.each([
    ['min relay fee not met, 10 < 141', 'FEE_TOO_LOW'],
    ['insufficient fee, rejecting replacement 00; new feerate 0.1 <= old feerate 0.2', 'FEE_TOO_LOW'],
    ['mempool min fee not met', 'FEE_TOO_LOW'],
    ['bad-txns-inputs-missingorspent', 'COIN_TAKEN'],
    ['txn-mempool-conflict', 'COIN_TAKEN'],
    ['dust', 'BROADCAST_REJECTED'],
    ['mandatory-script-verify-flag-failed (Signature must be zero)', 'BROADCAST_REJECTED'],
  ])('names the refusal: %s', async (reason, code) => {
    const { wallet, signed } = await signedPayment(() => ({ broadcast: refusing(reason) }))
    await expect(wallet.publish(signed)).rejects.toMatchObject({ code })
  })

  it.each([
    'txn-already-in-mempool',
    'txn-already-known',
    'Transaction already in block chain',
    'Transaction outputs already in utxo set',
  ])('takes "%s" for success', async (reason) => {
    const { wallet, signed } = await signedPayment(() => ({ broadcast: refusing(reason) }))
    expect((await wallet.publish(signed)).txid).toBe(signed.txid)
  })

  it('passes on that nothing was sent', async () => {
    const { wallet, signed } = await signedPayment(() => ({
      broadcast: async () => {
        throw new CofferError({
          code: 'NETWORK',
          message: 'no connection',
          retryable: true,
          details: { sent: false },
        })
      },
    }))
    await expect(wallet.publish(signed)).rejects.toMatchObject({ code: 'NETWORK', details: { sent: false } })
    expect(await wallet.payments()).toHaveLength(0)
  })

  it('does not believe a node that names another transaction', async () => {
    const { wallet, signed } = await signedPayment(() => ({
      broadcast: async () => 'ab'.repeat(32),
      transactions: async (queries) => queries.map(() => undefined),
    }))
    await expect(wallet.publish(signed)).rejects.toMatchObject({ code: 'BROADCAST_UNKNOWN' })
  })
})

/** Every change of a payment while `steps` happen, one at each change. */
async function follow(
  payment: Payment,
  steps: readonly (() => unknown)[],
  until: (status: PaymentStatus) => boolean,
) {
  const seen: PaymentStatus[] = []
  const left = [...steps]
  for await (const status of payment.watch({ interval: 5, dropAfter: 40 })) {
    seen.push(status)
    if (until(status)) break
    await left.shift()?.()
  }
  return seen
}

describe('a payment', () => {
  it('is pending, confirmed, reorged, confirmed again, final: in this order (G11)', async () => {
    const { wallet, signed, chain } = await signedPayment()
    const payment = await wallet.publish(signed)
    const seen = await follow(
      payment,
      [
        () => chain.mine(signed.txid, chain.height),
        () => chain.mine(signed.txid, 0),
        () => chain.mine(signed.txid, chain.height + 1) ?? (chain.height += 1),
        () => (chain.height += 5),
      ],
      ({ state }) => state === 'final',
    )
    expect(seen.map(({ state }) => state)).toEqual(['pending', 'confirmed', 'reorged', 'confirmed', 'final'])
    expect(seen.at(-1)).toMatchObject({ confirmations: 6, fee: expect.any(BigInt) })
  })

  it('is told to be replaced, first for now and then for good, and by which', async () => {
    const { wallet, signed, chain, account } = await signedPayment()
    const payment = await wallet.publish(signed)
    const other = await wallet.sign(await account.replace(payment, { action: 'cancel' }))
    const seen = await follow(
      payment,
      [
        async () => {
          await wallet.publish(other)
          chain.remove(signed.txid)
        },
        () => {
          chain.mine(other.txid, chain.height)
          chain.height += 5
        },
      ],
      (status) => status.state === 'replaced' && status.final,
    )
    expect(seen).toEqual([
      { state: 'pending' },
      { state: 'replaced', final: false, by: other.txid },
      { state: 'replaced', final: true, by: other.txid },
    ])
  })

  it('that was confirmed, reorged and double-spent is told so in that order', async () => {
    const { wallet, signed, chain, account } = await signedPayment()
    const payment = await wallet.publish(signed)
    const other = await wallet.sign(await account.replace(payment, { action: 'cancel' }))
    const seen = await follow(
      payment,
      [
        () => chain.mine(signed.txid, chain.height),
        async () => {
          chain.remove(signed.txid)
          await wallet.publish(other)
        },
      ],
      ({ state }) => state === 'replaced',
    )
    expect(seen.map(({ state }) => state)).toEqual(['pending', 'confirmed', 'reorged', 'replaced'])
  })

  it('that no node knows any more is dropped, and comes back when it is published again', async () => {
    const { wallet, signed, chain } = await signedPayment()
    const payment = await wallet.publish(signed)
    const seen = await follow(payment, [() => chain.remove(signed.txid)], ({ state }) => state === 'dropped')
    expect(seen.map(({ state }) => state)).toEqual(['pending', 'dropped'])
    await wallet.publish(signed)
    expect(await payment.status()).toEqual({ state: 'pending' })
  })
})

describe('what is replaced', () => {
  it('keeps recipients and amounts, pays more than BIP-125 asks, and spends the same coin again', async () => {
    const { wallet, signed, account } = await signedPayment()
    const payment = await wallet.publish(signed)
    const faster = await account.replace(payment, { action: 'speed-up', fee: { satPerVb: '1' } })
    const old = feeOf(signed, account)
    const vsize = BigInt(faster.effects.fields['vsize']!)
    expect(faster.fee.expected).toBeGreaterThanOrEqual((await old) + vsize)
    expect(faster.intent).toMatchObject({
      kind: 'pay',
      to: STRANGER,
      amount: 500_000n,
      replaces: signed.txid,
    })
    expect(faster.effects.fields['inputs']).toBe('1')
    const next = await wallet.publish(await wallet.sign(faster))
    expect(next.txid).not.toBe(signed.txid)
  })

  it('must wait, be known and be ours', async () => {
    const { wallet, signed, account, chain, coin } = await signedPayment()
    await expect(account.replace('ab'.repeat(32), { action: 'speed-up' })).rejects.toMatchObject({
      code: 'COIN_TAKEN',
    })
    const payment = await wallet.publish(signed)
    await expect(account.replace(txidOf(coin), { action: 'cancel' })).rejects.toMatchObject({
      code: 'COIN_TAKEN',
    })
    chain.mine(signed.txid, chain.height)
    await expect(account.replace(payment, { action: 'speed-up' })).rejects.toMatchObject({
      code: 'COIN_TAKEN',
    })
    await expect(account.replace(payment, { action: 'faster' as 'speed-up' })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
  })
})

async function feeOf(signed: Signed, account: BitcoinAccount): Promise<bigint> {
  const row = (await account.history()).items.find(({ txid }) => txid === signed.txid)
  return row!.fee!
}

it('replaces what no node took, out of the same coin, so that nothing is paid twice', async () => {
  const { wallet, signed, account } = await signedPayment(() => ({
    broadcast: refusing('min relay fee not met'),
  }))
  await expect(wallet.publish(signed)).rejects.toMatchObject({ code: 'FEE_TOO_LOW' })
  // One node's word: it may live elsewhere, so it is remembered and its coin stays held.
  expect(await wallet.payments()).toHaveLength(1)
  await expect(account.create({ to: STRANGER, amount: 500_000n })).rejects.toMatchObject({
    code: 'INSUFFICIENT_FUNDS',
  })
  const again = await account.replace(signed, { action: 'speed-up', fee: { satPerVb: '30' } })
  expect(again.intent).toMatchObject({ kind: 'pay', to: STRANGER, amount: 500_000n, replaces: signed.txid })
  expect(again.effects.fields['inputs']).toBe('1')
  await wallet.sign(again)
})

it('takes over a signed coin only from the payment that it replaces', async () => {
  const { wallet, signed, account } = await signedPayment()
  const draft = await account.replace(signed, { action: 'cancel' })
  const lie = JSON.parse(JSON.stringify(draft))
  lie.intent.replaces = 'ab'.repeat(32)
  await expect(wallet.sign(wallet.draft(JSON.stringify(lie)))).rejects.toMatchObject({ code: 'COIN_TAKEN' })
  await wallet.sign(draft)
})

it('keeps later payments that rest on one, unless told otherwise', async () => {
  const { wallet, signed, account } = await signedPayment()
  await wallet.publish(signed)
  const later = await wallet.sign(await account.create({ to: STRANGER, amount: 100_000n }))
  await wallet.publish(later)
  await expect(account.replace(signed, { action: 'speed-up' })).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    details: { txids: [later.txid] },
  })
  await account.replace(signed, { action: 'speed-up', evict: true })
  const last = await account.replace(later, { action: 'speed-up', fee: { satPerVb: '40' } })
  expect(last.intent).toMatchObject({ replaces: later.txid })
})

it('lets one recipient pay for a replacement, when told so', async () => {
  const { wallet, signed, account } = await signedPayment()
  await wallet.publish(signed)
  await expect(account.replace(signed, { action: 'speed-up', lower: STRANGER })).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
  })
  const all = await wallet.sign(
    await account.create({ to: STRANGER, amount: 'max', fee: { satPerVb: '30' } }),
  )
  await wallet.publish(all)
  const faster = await account.replace(all, { action: 'speed-up', fee: { satPerVb: '60' }, lower: STRANGER })
  expect(faster.intent).toMatchObject({ kind: 'sweep', to: STRANGER, replaces: all.txid })
  expect(faster.effects.list).toHaveLength(1)
  await expect(
    account.replace(all, { action: 'speed-up', lower: regtestNetwork.sample }),
  ).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
})

it('pays once for what several coins of one waiting parent are short of', async () => {
  const { account, chain } = await signedPayment()
  const scripts = account
    .addresses({ from: 2, count: 5 })
    .map((address) => parseAddress(address, regtestNetwork).script)
  const root = chain.pay([{ script: Uint8Array.of(0x51), amount: 1_000_500n }], 900)
  const parent = {
    version: 2,
    locktime: 0,
    inputs: [{ txid: txidOf(root), vout: 0, sequence: 0, scriptSig: new Uint8Array(), witness: [] }],
    outputs: scripts.map((script) => ({ script, amount: 200_000n })),
  }
  chain.add(parent, 0)
  const draft = await account.create({
    kind: 'batch',
    payments: [],
    rest: STRANGER,
    unconfirmed: true,
    coins: scripts.map((_, vout) => `${txidOf(parent)}:${vout}`),
    fee: { satPerVb: '50' },
  })
  const size = BigInt(draft.effects.fields['vsize']!) + BigInt(Math.ceil(weightOf(parent) / 4))
  const paid = draft.fee.expected + 500n
  expect(paid).toBeGreaterThanOrEqual(size * 50n)
  expect(paid).toBeLessThanOrEqual(size * 50n + 10n)
})

it('leaves the new coins of a miner alone until they are ripe', async () => {
  const { wallet, account, chain } = await signedPayment()
  const { script } = parseAddress((await account.receive()).address, regtestNetwork)
  const coinbase = {
    version: 2,
    locktime: 0,
    inputs: [
      {
        txid: '00'.repeat(32),
        vout: 0xffffffff,
        sequence: 0xffffffff,
        scriptSig: Uint8Array.of(1, 1),
        witness: [],
      },
    ],
    outputs: [{ amount: 5_000_000n, script }],
  }
  chain.add(coinbase, chain.height - 98)
  expect(await account.balance()).toMatchObject({ immature: 5_000_000n })
  await expect(account.create({ to: STRANGER, amount: 2_000_000n })).rejects.toMatchObject({
    code: 'INSUFFICIENT_FUNDS',
  })
  await expect(
    account.create({ to: STRANGER, amount: 2_000_000n, coins: [`${txidOf(coinbase)}:0`] }),
  ).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  chain.height += 1
  expect(await account.balance()).toMatchObject({ immature: 0n })
  await wallet.sign(await account.create({ to: STRANGER, amount: 2_000_000n }))
})
