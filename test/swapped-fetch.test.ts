import { type Draft, isCofferError, type Signed } from '@coffer/core'
import { type Devnet, startDevnet } from '@coffer/devnet'
import { softwareSigner } from '@coffer/signer-software'
import { addressToHex } from '@coffer/tron'
import { address as bitcoinAddress, networks, Transaction } from 'bitcoinjs-lib'
import { utils } from 'tronweb'
import { decodeFunctionData, erc20Abi, parseTransaction, recoverTransactionAddress } from 'viem'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { fund, type LiveChain, openWallet } from './secrets/chains.fixture.ts'

// A package somewhere in the app has put its own `fetch` in place: it reads and changes all that goes to the nodes and comes
// back. Whatever it does, what is signed pays whom the user typed, as independent libraries read it, or nothing is signed.
// (One that patches what JavaScript itself is made of, such as `JSON.parse` or arrays, is in the same memory as the keys, and
// nothing in that memory stands against it: that takes a signer elsewhere, a device or a signing server.)

const mnemonic = 'ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic'

interface Case {
  readonly chain: LiveChain
  readonly asset?: string
  /** Whom the user pays, and who wants it. */
  readonly to: string
  readonly thief: string
  readonly amount: string
  /** All ways in which an address is written in what nodes are told and tell, without `0x`. */
  writings(address: string): string[]
  /** Who gets how much, as a library that is not ours reads the signed bytes. */
  paid(signed: Signed): Promise<readonly (readonly [to: string, amount: bigint])[]>
  /** What an address has, in the asset. */
  holds(address: string): Promise<bigint>
}

let devnet: Devnet<'ethereum' | 'bitcoin' | 'tron'>
beforeAll(async () => {
  devnet = await startDevnet({ chains: ['ethereum', 'bitcoin', 'tron'] })
})
afterAll(() => devnet?.stop())
afterEach(() => void vi.unstubAllGlobals())

const hexOf = (address: string): string => address.slice(2).toLowerCase()
const wordOf = (address: string): string => hexOf(address).padStart(64, '0')
const scriptOf = (address: string): string =>
  Buffer.from(bitcoinAddress.toOutputScript(address, networks.regtest)).toString('hex')

async function paidOnEthereum({ raw }: Signed): Promise<[string, bigint][]> {
  const tx = parseTransaction(raw as `0x02${string}`)
  await recoverTransactionAddress({ serializedTransaction: raw as `0x02${string}` })
  if (!tx.data || tx.data === '0x') return [[tx.to!.toLowerCase(), tx.value ?? 0n]]
  const { functionName, args } = decodeFunctionData({ abi: erc20Abi, data: tx.data })
  expect([functionName, tx.to!.toLowerCase()]).toEqual([
    'transfer',
    devnet.ethereum.tokens.USDC.address.toLowerCase(),
  ])
  return [[String(args![0]).toLowerCase(), args![1] as bigint]]
}

async function paidOnTron({ raw }: Signed): Promise<[string, bigint][]> {
  // Field 1 of the transaction: the raw data, with its length.
  const bytes = Buffer.from(raw, 'hex')
  expect(bytes[0]).toBe(0x0a)
  const [length, start] = bytes[1]! < 0x80 ? [bytes[1]!, 2] : [(bytes[1]! & 0x7f) | (bytes[2]! << 7), 3]
  const rawData = bytes.subarray(start, start + length).toString('hex')
  const type = /TransferContract$/.test(typeIn(rawData)) ? 'TransferContract' : 'TriggerSmartContract'
  const { contract } = utils.deserializeTx.deserializeTransaction(type, rawData)
  const { to_address, amount, data, contract_address } = contract[0].parameter.value
  if (type === 'TransferContract') return [[String(to_address).toLowerCase(), BigInt(amount)]]
  expect(contract_address.toLowerCase()).toBe(addressToHex(devnet.tron.tokens.USDT.address))
  const { args } = decodeFunctionData({ abi: erc20Abi, data: `0x${data.toLowerCase()}` })
  return [[`41${hexOf(String(args![0]))}`, args![1] as bigint]]
}

const typeIn = (rawData: string): string =>
  /type\.googleapis\.com\/protocol\.(\w+Contract)/.exec(Buffer.from(rawData, 'hex').toString('latin1'))![1]!

async function paidOnBitcoin({ raw }: Signed): Promise<[string, bigint][]> {
  return Transaction.fromHex(raw).outs.map(({ script, value }) => [
    bitcoinAddress.fromOutputScript(script, networks.regtest),
    value,
  ])
}

async function balanceOf(address: string, token?: string): Promise<bigint> {
  return BigInt(
    token === undefined
      ? await devnet.ethereum.rpc<string>('eth_getBalance', [address, 'latest'])
      : await devnet.ethereum.rpc<string>('eth_call', [
          { to: token, data: `0x70a08231${wordOf(address)}` },
          'latest',
        ]),
  )
}

async function tronHolds(address: string, token?: string): Promise<bigint> {
  if (token === undefined)
    return BigInt(
      (await devnet.tron.request<{ balance?: number }>('wallet/getaccount', { address, visible: true }))
        .balance ?? 0,
    )
  const { constant_result } = await devnet.tron.request<{ constant_result: string[] }>(
    'wallet/triggerconstantcontract',
    {
      owner_address: address,
      contract_address: token,
      function_selector: 'balanceOf(address)',
      parameter: addressToHex(address).slice(2).padStart(64, '0'),
      visible: true,
    },
  )
  return BigInt(`0x${constant_result[0]}`)
}

const ETHEREUM = {
  chain: 'ethereum',
  to: '0x70997970c51812dc3a010c7d01b50e0d17dc79c8',
  thief: '0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc',
  writings: (address) => [hexOf(address)],
  paid: paidOnEthereum,
} as const satisfies Partial<Case>
const TRON = {
  chain: 'tron-devnet',
  to: 'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8',
  thief: 'TUoHaVjx7n5xz8LwPRDckgFrDWhMhuSuJM',
  writings: (address) => [address, addressToHex(address), addressToHex(address).slice(2)],
  paid: paidOnTron,
} as const satisfies Partial<Case>

const CASES: Record<string, Case> = {
  ether: { ...ETHEREUM, amount: '0.25', holds: (address) => balanceOf(address) },
  'a token of Ethereum': {
    ...ETHEREUM,
    asset: 'USDC',
    amount: '2.5',
    holds: (address) => balanceOf(address, devnet.ethereum.tokens.USDC.address),
  },
  bitcoin: {
    chain: 'regtest',
    to: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080',
    thief: 'bcrt1qcr8te4kr609gcawutmrza0j4xv80jy8zeqchgx',
    amount: '0.25',
    writings: (address) => [address, scriptOf(address), scriptOf(address).slice(4)],
    paid: paidOnBitcoin,
    holds: async (address) => {
      const { total_amount } = await devnet.bitcoin.rpc<{ total_amount: number }>('scantxoutset', [
        'start',
        [`addr(${address})`],
      ])
      return BigInt(Math.round(total_amount * 1e8))
    },
  },
  TRX: { ...TRON, amount: '0.25', holds: (address) => tronHolds(address) },
  'a token of Tron': {
    ...TRON,
    asset: 'USDT',
    amount: '2.5',
    holds: (address) => tronHolds(address, devnet.tron.tokens.USDT.address),
  },
}

/** A `fetch` that puts the thief in the place of whoever is paid, in what goes out, in what comes in, or in both. */
function swapFetch({ writings, to, thief }: Case, ways: readonly ('out' | 'in')[]): { swapped: number } {
  const real = globalThis.fetch
  const count = { swapped: 0 }
  const pairs = writings(to).map((writing, i) => [writing, writings(thief)[i]!] as const)
  const swap = (text: string): string =>
    pairs.reduce((changed, [from, into]) => {
      const next = changed.replaceAll(new RegExp(from, from.startsWith('T') ? 'g' : 'gi'), into)
      if (next !== changed) count.swapped++
      return next
    }, text)
  vi.stubGlobal('fetch', async (url: string | URL, init: RequestInit = {}) => {
    const out = ways.includes('out')
    const answer = await real(out ? swap(String(url)) : url, {
      ...init,
      ...(out && typeof init.body === 'string' ? { body: swap(init.body) } : {}),
    })
    const body = await answer.text()
    return new Response(ways.includes('in') ? swap(body) : body, {
      status: answer.status,
      headers: { 'content-type': answer.headers.get('content-type') ?? 'application/json' },
    })
  })
  return count
}

describe.each(Object.keys(CASES))('G15: a fetch that swaps addresses, paying %s', (name) => {
  const one = CASES[name]!

  async function ready(index: number) {
    const wallet = openWallet(devnet, softwareSigner({ mnemonic }))
    const account = await wallet.account(one.chain, { index })
    await fund(devnet, one.chain, 'address' in account ? account.address : (await account.receive()).address)
    if (one.asset && 'address' in account) {
      const to = account.address as `0x${string}`
      if (one.chain === 'ethereum') await devnet.ethereum.fund(to, { token: 'USDC', amount: 10_000_000n })
      else await devnet.tron.setAccount(to, { tokens: { USDT: 10_000_000n } })
    }
    return { wallet, account }
  }

  interface Payer {
    create(asked: typeof request): Promise<Draft>
  }
  const request = { to: one.to, amount: one.amount, ...(one.asset ? { asset: one.asset } : {}) }
  const sum = (draft: Draft): bigint => (draft.intent as unknown as { amount: bigint }).amount

  it.each<[readonly ('out' | 'in')[]]>([[['out', 'in']], [['in']], [['out']]])(
    '%j: never pays the thief',
    async (ways) => {
      const { wallet, account } = await ready(nextIndex++)
      const [before, beforeThief] = [await one.holds(one.to), await one.holds(one.thief)]
      const count = swapFetch(one, ways)
      let signed: Signed | undefined
      let published = false
      try {
        const draft = await (account as Payer).create(request)
        // What a person is shown is read from the bytes.
        const shown = draft.effects.list.flatMap((effect) =>
          'to' in effect && effect.kind === 'transfer' ? [effect.to] : [],
        )
        expect(shown.map((to) => to.toLowerCase())).toContain(one.to.toLowerCase())
        expect(JSON.stringify(shown).toLowerCase()).not.toContain(one.thief.toLowerCase())
        signed = await wallet.sign(draft)
        const paid = await one.paid(signed)
        const [to, thief] = [one.to, one.thief].map((address) =>
          (one.chain === 'tron-devnet' ? addressToHex(address) : address).toLowerCase(),
        )
        expect(paid.filter(([who]) => who.toLowerCase() === to)).toEqual([[expect.anything(), sum(draft)]])
        expect(paid.filter(([who]) => who.toLowerCase() === thief)).toEqual([])
        await wallet.publish(signed)
        published = true
      } catch (error) {
        if (!isCofferError(error)) throw error
      }
      vi.unstubAllGlobals()
      // A block for whatever got through.
      if (one.chain === 'regtest') await devnet.bitcoin.mine(1)
      expect(await one.holds(one.thief)).toBe(beforeThief)
      if (ways.includes('out')) expect(count.swapped).toBeGreaterThan(0)
      // Bytes that were changed on the way out are no longer signed, and no node takes them.
      expect(published).toBe(!ways.includes('out'))
      const after = await one.holds(one.to)
      expect(after > before).toBe(published)
      expect(signed).toBeDefined()
    },
  )

  it('a draft whose words say another recipient than its bytes is refused', async () => {
    const { wallet, account } = await ready(nextIndex++)
    const draft = await (account as Payer).create(request)
    const changed = { ...draft, intent: { ...draft.intent, to: one.thief } }
    await expect(wallet.sign(changed)).rejects.toMatchObject({ code: 'DRAFT_MISMATCH' })
  })
})

/** An account of its own for each run. */
let nextIndex = 0
