import { createWallet, memoryStore, type Payment, type PaymentStatus, type Store } from '@coffer/core'
import { cluster, esplora } from '@coffer/daemon-client'
import { type Devnet, startDevnet } from '@coffer/devnet'
import { privateKeySigner, softwareSigner } from '@coffer/signer-software'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BitcoinAccount } from './account.ts'
import { regtest } from './bitcoin.ts'
import { multisigDescriptor } from './descriptor.ts'
import { regtestNetwork } from './networks.ts'
import type { SingleKeyType } from './rules.ts'
import { formatWif, parseWif } from './wif.ts'

const mnemonic = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
const BTC = 100_000_000n
const TYPES: readonly SingleKeyType[] = ['p2pkh', 'p2sh-p2wpkh', 'p2wpkh', 'p2tr']
const CHAIN = regtestNetwork.id

let devnet: Devnet<'bitcoin'>
beforeAll(async () => {
  devnet = await startDevnet({ chains: ['bitcoin'] })
})
afterAll(() => devnet.stop())

function open({ words = mnemonic, store }: { words?: string; store?: Store } = {}) {
  return createWallet({
    chains: [regtest()],
    source: cluster({ [CHAIN]: [esplora(devnet.bitcoin.esploraUrl)] }),
    signer: softwareSigner({ mnemonic: words }),
    ...(store ? { store } : {}),
  })
}
type TestWallet = ReturnType<typeof open>

let nextIndex = 0
/** A fresh account of its own for each test, with so many coins. */
async function funded({
  type = 'p2wpkh',
  coins = [BTC],
  store,
}: {
  type?: SingleKeyType
  coins?: readonly bigint[]
  store?: Store
} = {}) {
  const wallet = open(store ? { store } : {})
  const account = await wallet.account('regtest', { index: nextIndex++, type })
  for (const amount of coins)
    await devnet.bitcoin.fund((await account.receive({ fresh: true })).address, { amount })
  return { wallet, account, node: devnet.bitcoin }
}

/** An address of bitcoind's own wallet. */
const strange = (kind = 'bech32'): Promise<string> =>
  devnet.bitcoin.walletRpc('faucet', 'getnewaddress', ['', kind])

async function send(
  wallet: TestWallet,
  account: BitcoinAccount,
  request: Parameters<BitcoinAccount['create']>[0],
) {
  const draft = await account.create(request)
  const signed = await wallet.sign(draft)
  const [accepted] = await devnet.bitcoin.rpc<[{ allowed: boolean; vsize: number; fees: { base: number } }]>(
    'testmempoolaccept',
    [[signed.raw]],
  )
  return { draft, signed, accepted, payment: await wallet.publish(signed) }
}

async function statesOf(payment: Payment, count: number, step?: (status: PaymentStatus) => Promise<void>) {
  const states: PaymentStatus[] = []
  for await (const status of payment.watch({ interval: 50, dropAfter: 300 })) {
    states.push(status)
    await step?.(status)
    if (states.length >= count) break
  }
  return states.map(({ state }) => state)
}

describe('a Bitcoin account on a real node', () => {
  it.each(TYPES)('pays from %s: bitcoind accepts it, at the rate that was asked for', async (type) => {
    const { wallet, account, node } = await funded({ type, coins: [BTC, BTC / 2n] })
    const to = await strange()
    const { draft, signed, accepted, payment } = await send(wallet, account, {
      to,
      amount: '1.2',
      fee: { satPerVb: '7.3' },
    })
    expect(draft.effects.list).toContainEqual({
      kind: 'transfer',
      asset: regtestNetwork.coin.id,
      from: expect.any(String),
      to,
      amount: (BTC * 12n) / 10n,
    })
    expect(draft.effects.list.map(({ kind }) => kind).sort()).toEqual(['change', 'transfer'])
    expect(accepted).toMatchObject({ allowed: true })
    const rate = Number(draft.fee.expected) / accepted.vsize
    expect(rate).toBeGreaterThanOrEqual(7.3)
    expect(rate).toBeLessThanOrEqual(7.3 * 1.01)
    expect(payment.txid).toBe(signed.txid)
    const status = await payment.confirmed(1, { interval: 50 })
    expect(status.fee).toBe(draft.fee.expected)
    const decoded = await node.rpc<{ txid: string; locktime: number; vin: { sequence: number }[] }>(
      'decoderawtransaction',
      [signed.raw],
    )
    expect(decoded.txid).toBe(signed.txid)
    expect(decoded.vin.every(({ sequence }) => sequence === 0xfffffffd)).toBe(true)
    expect((await account.balance()).total).toBe(BTC + BTC / 2n - (BTC * 12n) / 10n - status.fee)
    await node.mine(6)
    expect(await statesOf(payment, 1)).toEqual(['final'])
  })

  it('pays every type of address in one batch, with a memo', async () => {
    const { wallet, account, node } = await funded()
    const payments = await Promise.all(
      ['legacy', 'p2sh-segwit', 'bech32', 'bech32m'].map(async (kind) => ({
        to: await strange(kind),
        amount: '0.01',
      })),
    )
    const p2wsh = (await devnet.bitcoin.rpc<{ address: string }>('decodescript', ['51'])) as unknown as {
      segwit: { address: string }
    }
    const all = [...payments, { to: p2wsh.segwit.address, amount: '0.02' }]
    const { draft, accepted, payment } = await send(wallet, account, {
      kind: 'batch',
      payments: all,
      memo: 'for all of them',
    })
    expect(accepted.allowed).toBe(true)
    expect(draft.effects.list.filter(({ kind }) => kind === 'transfer')).toHaveLength(5)
    expect(draft.effects.list).toContainEqual({
      kind: 'memo',
      data: Buffer.from('for all of them').toString('hex'),
    })
    await payment.confirmed(1, { interval: 50 })
    const { items } = await account.history()
    expect(
      items
        .filter(({ direction }) => direction === 'out')
        .map(({ to }) => to)
        .sort(),
    ).toEqual(all.map(({ to }) => to).sort())
    expect(node.chain).toBe(CHAIN)
  })

  it('pays 100 recipients in one transaction', async () => {
    const { wallet, account } = await funded({ type: 'p2tr', coins: [5n * BTC] })
    const to = await Promise.all(Array.from({ length: 100 }, () => strange()))
    const { draft, accepted } = await send(wallet, account, {
      kind: 'batch',
      payments: to.map((to, i) => ({ to, amount: BigInt(10_000 + i) })),
    })
    expect(accepted.allowed).toBe(true)
    expect(draft.effects.list.filter(({ kind }) => kind === 'transfer')).toHaveLength(100)
  })

  it.each(['p2wpkh', 'p2tr'] as const)('spends 500 coins of %s at once', async (type) => {
    const { wallet, account } = await funded({ type, coins: [] })
    const addresses = account.addresses({ count: 15 })
    // 500 coins in a few transactions of the faucet.
    const amounts = Object.fromEntries(addresses.map((address) => [address, 0.001]))
    await devnet.bitcoin.setAutomine(false)
    for (let i = 0; i < 34; i++) await devnet.bitcoin.walletRpc('faucet', 'sendmany', ['', amounts])
    await devnet.bitcoin.setAutomine(true)
    await devnet.bitcoin.mine(1)
    expect((await account.balance()).confirmed).toBe(510n * 100_000n)
    const coins = (await account.coins()).slice(0, 500).map(({ outpoint }) => outpoint)
    const { draft, accepted } = await send(wallet, account, {
      to: await strange(),
      amount: 'max',
      coins,
      fee: { satPerVb: '2' },
    })
    expect(draft.effects.fields['inputs']).toBe('500')
    expect(accepted.allowed).toBe(true)
    const rate = Number(draft.fee.expected) / accepted.vsize
    expect(rate).toBeGreaterThanOrEqual(2)
    expect(rate).toBeLessThanOrEqual(2.02)
  })

  it('speeds a payment up and cancels it, by RBF', async () => {
    const { wallet, account, node } = await funded()
    await node.setAutomine(false)
    try {
      const to = await strange()
      const slow = await send(wallet, account, { to, amount: '0.1', fee: { satPerVb: '1' } })
      const faster = await account.replace(slow.payment, { action: 'speed-up', fee: { satPerVb: '10' } })
      expect(faster.effects.list).toContainEqual(
        expect.objectContaining({ kind: 'transfer', to, amount: BTC / 10n }),
      )
      const second = await wallet.publish(await wallet.sign(faster))
      expect(await slow.payment.status()).toEqual({ state: 'replaced', final: false, by: second.txid })
      const nothing = await account.replace(second, { action: 'cancel' })
      expect(nothing.effects.list.map(({ kind }) => kind)).toEqual(['change'])
      const third = await wallet.publish(await wallet.sign(nothing))
      expect((await second.status()).state).toBe('replaced')
      await node.mine(1)
      await third.confirmed(1, { interval: 50 })
      expect(await second.status()).toEqual({ state: 'replaced', final: false, by: third.txid })
      await node.mine(6)
      expect(await statesOf(second, 9)).toEqual(['replaced'])
      expect((await account.balance()).total).toBe(BTC - nothing.fee.expected)
    } finally {
      await node.setAutomine(true)
    }
  })

  it('pushes a payment of somebody else by CPFP, for the rate of both', async () => {
    const { wallet, account, node } = await funded({ coins: [] })
    await node.setAutomine(false)
    try {
      const { address } = await account.receive()
      const parent = await devnet.bitcoin.walletRpc<string>('faucet', 'sendtoaddress', [
        address,
        0.5,
        '',
        '',
        false,
        true,
        null,
        'unset',
        false,
        1,
      ])
      await devnet.bitcoin.rpc('getmempoolentry', [parent])
      const draft = await account.replace(parent, { action: 'speed-up', fee: { satPerVb: '20' } })
      expect(draft.effects.list.map(({ kind }) => kind)).toEqual(['change'])
      const signed = await wallet.sign(draft)
      await wallet.publish(signed)
      const entry = await node.rpc<{ ancestorsize: number; fees: { ancestor: number } }>('getmempoolentry', [
        signed.txid,
      ])
      const rate = (entry.fees.ancestor * 1e8) / entry.ancestorsize
      expect(rate).toBeGreaterThanOrEqual(20)
      expect(rate).toBeLessThanOrEqual(20.4)
    } finally {
      await node.setAutomine(true)
      await node.mine(1)
    }
  })

  it('sends everything there is, and one chosen coin', async () => {
    const { wallet, account } = await funded({ coins: [BTC, BTC / 2n, BTC / 4n] })
    const [coin] = (await account.coins()).filter(({ amount }) => amount === BTC / 2n)
    const one = await send(wallet, account, { to: await strange(), amount: 'max', coins: [coin!.outpoint] })
    expect(one.draft.effects.fields['inputs']).toBe('1')
    const all = await send(wallet, account, { to: await strange(), amount: 'max' })
    expect(all.draft.effects.list).toHaveLength(1)
    await all.payment.confirmed(1, { interval: 50 })
    expect((await account.balance()).total).toBe(0n)
  })

  it('leaves frozen coins, dust of strangers and the waiting coins of others alone', async () => {
    const { account, node } = await funded({ coins: [BTC, 900n] })
    const [big] = (await account.coins()).filter(({ amount }) => amount === BTC)
    await account.freeze(big!.outpoint)
    await expect(account.create({ to: await strange(), amount: '0.1' })).rejects.toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
    })
    await account.thaw(big!.outpoint)
    const draft = await account.create({ to: await strange(), amount: '0.1' })
    expect(draft.effects.fields['inputs']).toBe('1')
    await account.discard(draft)
    await node.setAutomine(false)
    try {
      await devnet.bitcoin.walletRpc('faucet', 'sendtoaddress', [(await account.receive()).address, 1])
      await expect(account.create({ to: await strange(), amount: '1.5' })).rejects.toMatchObject({
        code: 'INSUFFICIENT_FUNDS',
      })
      const risky = await account.create({ to: await strange(), amount: '1.5', unconfirmed: true })
      expect(risky.effects.fields['inputs']).toBe('2')
      await account.discard(risky)
    } finally {
      await node.setAutomine(true)
      await node.mine(1)
    }
  })

  it('gives every coin to one draft alone, when many are made at once', async () => {
    const { wallet, account } = await funded({ coins: Array.from({ length: 6 }, () => BTC / 10n) })
    const to = await strange()
    const drafts = await Promise.all(Array.from({ length: 6 }, () => account.create({ to, amount: '0.06' })))
    const signed = await Promise.all(drafts.map((draft) => wallet.sign(draft)))
    const payments = await Promise.all(signed.map((one) => wallet.publish(one)))
    for (const payment of payments) await payment.confirmed(1, { interval: 50 })
    expect(new Set(payments.map(({ txid }) => txid)).size).toBe(6)
    await expect(account.create({ to, amount: '0.25' })).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS' })
  })

  it('refuses to sign a second draft of one coin, but for a replacement', async () => {
    const { wallet, account } = await funded()
    const to = await strange()
    const [coin] = await account.coins()
    const first = await account.create({ to, amount: '0.1', coins: [coin!.outpoint] })
    await expect(account.create({ to, amount: '0.2', coins: [coin!.outpoint] })).rejects.toMatchObject({
      code: 'COIN_TAKEN',
    })
    await account.discard(first)
    const second = await account.create({ to, amount: '0.2', coins: [coin!.outpoint] })
    await wallet.sign(second)
    await expect(wallet.sign(first)).rejects.toMatchObject({ code: 'COIN_TAKEN' })
  })

  it('signs for 2 of 3 keys with three separate signers, in any order', async () => {
    const words = [mnemonic, `${'zoo '.repeat(11)}wrong`, `${'abandon '.repeat(11)}about`]
    const wallets = words.map((one) => open({ words: one }))
    const signers = words.map((one) => softwareSigner({ mnemonic: one }))
    const keys = await Promise.all(signers.map((signer) => signer.publicKey('m/48h/1h/0h/2h')))
    for (const type of ['p2wsh-sortedmulti', 'p2sh-p2wsh-sortedmulti'] as const) {
      const descriptor = multisigDescriptor({ threshold: 2, keys, type }, regtestNetwork)
      const account = (await wallets[0]!.watch(descriptor)) as BitcoinAccount
      await devnet.bitcoin.fund((await account.receive()).address, { amount: BTC })
      await devnet.bitcoin.fund((await account.receive({ fresh: true })).address, { amount: BTC })
      const draft = await account.create({ to: await strange(), amount: '1.5', fee: { satPerVb: '5' } })
      await expect(wallets[0]!.sign(draft)).rejects.toMatchObject({
        code: 'SIGNATURES_MISSING',
        details: { have: 1, need: 2 },
      })
      const one = await wallets[2]!.cosign(wallets[2]!.draft(JSON.stringify(draft)))
      const other = await wallets[1]!.cosign(wallets[1]!.draft(JSON.stringify(draft)))
      const signed = wallets[0]!.finish([one, other])
      const [accepted] = await devnet.bitcoin.rpc<[{ allowed: boolean; vsize: number }]>(
        'testmempoolaccept',
        [[signed.raw]],
      )
      expect(accepted.allowed).toBe(true)
      const rate = Number(draft.fee.expected) / accepted.vsize
      expect(rate).toBeGreaterThanOrEqual(5)
      expect(rate).toBeLessThanOrEqual(5.05)
      // The last signer puts it together itself.
      const again = await wallets[0]!.sign(wallets[0]!.draft(JSON.stringify(one)))
      expect(again.txid).toBe(signed.txid)
      const payment = await wallets[0]!.publish(again)
      await payment.confirmed(1, { interval: 50 })
    }
  })

  it('tells a reorganisation, a replacement and a dropped payment apart, in order', async () => {
    const { wallet, account, node } = await funded()
    const { payment } = await send(wallet, account, { to: await strange(), amount: '0.1' })
    let reorged = false
    const states = await statesOf(payment, 4, async ({ state }) => {
      if (state === 'confirmed' && !reorged) {
        reorged = true
        await node.setAutomine(false)
        await node.reorg(1)
      } else if (state === 'reorged') {
        await node.setAutomine(true)
        await node.mine(6)
      }
    })
    expect(states.filter((state, i) => state !== states[i - 1])).toEqual(
      expect.arrayContaining(['confirmed', 'reorged', 'final']),
    )
    expect(states.indexOf('reorged')).toBeLessThan(states.indexOf('final'))

    await node.setAutomine(false)
    try {
      const lost = await send(wallet, account, { to: await strange(), amount: '0.05' })
      await node.dropTransaction(lost.payment.txid)
      expect((await statesOf(lost.payment, 2)).at(-1)).toBe('dropped')
      // Publishing the same bytes again is safe, and brings it back.
      await wallet.publish(lost.signed)
      expect(await lost.payment.status()).toEqual({ state: 'pending' })
    } finally {
      await node.setAutomine(true)
      await node.mine(1)
    }
  })

  it('finds a wallet again from its words alone, also across gaps, and reopens a snapshot', async () => {
    const { account, node } = await funded({ coins: [] })
    const far = account.addresses({ from: 60, count: 1 })[0]!
    const near = account.addresses({ from: 15, count: 1 })[0]!
    await node.fund(near, { amount: 1_000_000n })
    await node.fund(far, { amount: 2_000_000n })
    const store = memoryStore()
    const again = createWallet({
      chains: [regtest()],
      source: cluster({ [CHAIN]: [esplora(node.esploraUrl)] }),
      store,
    })
    const watched = (await again.watch(account.descriptor, { chain: 'regtest' })) as BitcoinAccount
    await watched.sync({ gapLimit: 50 })
    expect((await watched.balance()).total).toBe(3_000_000n)
    const snapshot = await watched.snapshot()
    const other = (await createWallet({
      chains: [regtest()],
      source: cluster({ [CHAIN]: [esplora(node.esploraUrl)] }),
    }).watch(account.descriptor)) as BitcoinAccount
    await other.restore(snapshot)
    expect((await other.balance()).total).toBe(3_000_000n)
    expect((await other.history()).items).toHaveLength(2)
  })

  it('watches one address, and a group of them', async () => {
    const { account, node } = await funded({ coins: [] })
    const [a, b, c] = account.addresses({ count: 3 }) as [string, string, string]
    await node.fund(a, { amount: 1_000_000n })
    await node.fund(c, { amount: 3_000_000n })
    const wallet = createWallet({
      chains: [regtest()],
      source: cluster({ [CHAIN]: [esplora(node.esploraUrl)] }),
    })
    const one = (await wallet.watch(a)) as BitcoinAccount
    const group = (await wallet.watch(`${a}, ${b} ${c}`)) as BitcoinAccount
    expect((await one.balance()).total).toBe(1_000_000n)
    expect((await group.balance()).total).toBe(4_000_000n)
    expect((await one.receive()).address).toBe(a)
    const caip = (await wallet.watch(`${CHAIN}:${a}`)) as BitcoinAccount
    expect(caip.descriptor).toBe(one.descriptor)
  })

  it.each([
    ['p2pkh', true],
    ['p2pkh-uncompressed', false],
    ['p2sh-p2wpkh', true],
    ['p2wpkh', true],
    ['p2tr', true],
  ])('sweeps a paper key: %s', async (type, compressed) => {
    const paper = formatWif({ secret: new Uint8Array(32).fill(0x2a), compressed }, regtestNetwork)
    const { secret } = parseWif(paper, regtestNetwork)
    const wallet = createWallet({
      chains: [regtest()],
      source: cluster({ [CHAIN]: [esplora(devnet.bitcoin.esploraUrl)] }),
      signer: privateKeySigner({ privateKey: secret }),
    })
    const account = await wallet.account('regtest', { type })
    const { address } = await account.receive()
    const known = await devnet.bitcoin.rpc<{ descriptor: string }>('getdescriptorinfo', [account.descriptor])
    expect(await devnet.bitcoin.rpc('deriveaddresses', [known.descriptor])).toEqual([address])
    await devnet.bitcoin.fund(address, { amount: BTC })
    await devnet.bitcoin.fund(address, { amount: BTC / 2n })
    const { accepted, draft, payment } = await send(wallet, account, {
      to: await strange(),
      amount: 'max',
      fee: { satPerVb: '5' },
    })
    expect(accepted.allowed).toBe(true)
    const rate = Number(draft.fee.expected) / accepted.vsize
    expect(rate).toBeGreaterThanOrEqual(5)
    expect(rate).toBeLessThanOrEqual(5.05)
    await payment.confirmed(1, { interval: 50 })
    expect((await account.balance()).total).toBe(0n)
  })

  it('labels coins and keeps the labels', async () => {
    const store = memoryStore()
    const { account } = await funded({ store })
    const [coin] = await account.coins()
    const line = JSON.stringify({ type: 'output', ref: coin!.outpoint, label: 'rent', spendable: false })
    expect(await account.importLabels(line)).toEqual({ read: 1, skipped: [] })
    expect((await account.coins())[0]).toMatchObject({ label: 'rent', frozen: true })
    expect(JSON.parse(await account.exportLabels())).toEqual(JSON.parse(line))
  })
})
