import { createWallet } from '@coffer/core'
import { cluster, esplora } from '@coffer/daemon-client'
import { type BitcoinNode, type Devnet, startDevnet } from '@coffer/devnet'
import { softwareSigner } from '@coffer/signer-software'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BitcoinAccount } from './account.ts'
import { regtest } from './bitcoin.ts'
import { multisigDescriptor } from './descriptor.ts'
import { regtestNetwork } from './networks.ts'
import { draftToPsbt, psbtToDraft } from './psbt-draft.ts'
import type { SingleKeyType } from './rules.ts'

/** Bitcoin Core as the other wallet: what it decodes, funds, finishes and verifies is held against ours. */

const words = [
  'legal winner thank year wave sausage worth useful legal winner thank yellow',
  `${'zoo '.repeat(11)}wrong`,
]
const BTC = 100_000_000n
const network = regtestNetwork

const CORE_NAMES = {
  p2pkh: 'legacy',
  'p2sh-p2wpkh': 'p2sh-segwit',
  p2wpkh: 'bech32',
  p2tr: 'bech32m',
} as const

let devnet: Devnet<'bitcoin'>
let node: BitcoinNode
beforeAll(async () => {
  devnet = await startDevnet({ chains: ['bitcoin'] })
  node = devnet.bitcoin
})
afterAll(() => devnet.stop())

const open = (mnemonic = words[0]!) =>
  createWallet({
    chains: [regtest()],
    source: cluster({ [network.id]: [esplora(node.esploraUrl)] }),
    signer: softwareSigner({ mnemonic }),
  })

interface Decoded {
  readonly tx: { readonly txid: string }
  readonly fee: number
  readonly inputs: readonly {
    readonly non_witness_utxo?: { readonly txid: string }
    readonly witness_utxo?: { readonly amount: number }
    readonly bip32_derivs?: readonly {
      readonly pubkey: string
      readonly master_fingerprint: string
      readonly path: string
    }[]
    readonly taproot_bip32_derivs?: readonly { readonly pubkey: string; readonly path: string }[]
    readonly partial_signatures?: Readonly<Record<string, string>>
  }[]
  readonly outputs: readonly {
    readonly bip32_derivs?: readonly unknown[]
    readonly taproot_bip32_derivs?: readonly unknown[]
  }[]
}

describe.each(['p2pkh', 'p2sh-p2wpkh', 'p2wpkh', 'p2tr'] as const)(
  'Bitcoin Core and a PSBT of %s',
  (type: SingleKeyType) => {
    it('agree on fee, origin of keys, change, and on the finished transaction', async () => {
      const wallet = open()
      const account = await wallet.account('regtest', { type })
      await node.fund((await account.receive({ fresh: true })).address, { amount: BTC })
      await node.fund((await account.receive({ fresh: true })).address, { amount: BTC })
      const to = await node.walletRpc<string>('faucet', 'getnewaddress')
      const draft = await account.create({ to, amount: '1.5', fee: { satPerVb: '3' } })
      const decoded = await node.rpc<Decoded>('decodepsbt', [draftToPsbt(draft, { network })])
      expect(BigInt(Math.round(decoded.fee * 1e8))).toBe(draft.fee.expected)
      expect(decoded.inputs).toHaveLength(2)
      for (const input of decoded.inputs) {
        expect(input.non_witness_utxo).toBeDefined()
        if (type !== 'p2pkh') expect(input.witness_utxo?.amount).toBe(1)
        const [key] = (type === 'p2tr' ? input.taproot_bip32_derivs : input.bip32_derivs) ?? []
        expect(key?.path).toMatch(/^m\/(44|49|84|86)[h']\/1[h']\/0[h']\/0\/\d+$/)
      }
      const own = decoded.outputs.filter((output) => output.bip32_derivs ?? output.taproot_bip32_derivs)
      expect(own).toHaveLength(1)
      const analysed = await node.rpc<{ next: string; fee: number }>('analyzepsbt', [
        draftToPsbt(draft, { network }),
      ])
      // Of taproot inputs Core's analysis never tells that a signature alone is missing.
      expect(analysed.next).toBe(type === 'p2tr' ? 'updater' : 'signer')
      // With our signatures in, Core finishes it to what we finish it to.
      const one = await wallet.cosign(draft)
      const core = await node.rpc<{ complete: boolean; hex: string }>('finalizepsbt', [
        draftToPsbt(one, { network }),
      ])
      const signed = wallet.finish(one)
      expect(core).toMatchObject({ complete: true, hex: signed.raw })
      const [accepted] = await node.rpc<[{ allowed: boolean }]>('testmempoolaccept', [[core.hex]])
      expect(accepted.allowed).toBe(true)
      await (await wallet.publish(signed)).confirmed(1, { interval: 50 })
    })

    it('agree the other way round: Core funds, we sign', async () => {
      const wallet = open()
      const account = await wallet.account('regtest', { type, index: 5 })
      await node.fund((await account.receive()).address, { amount: BTC })
      const watching = `watch-${type}`
      const [receive, change] = [0, 1].map((keychain) =>
        account.descriptor.replace(/#.*$/, '').replace('<0;1>', `${keychain}`),
      )
      await node.rpc('createwallet', [watching, true, true])
      const requests = await Promise.all(
        [receive, change].map(async (text, i) => {
          const { descriptor } = await node.rpc<{ descriptor: string }>('getdescriptorinfo', [text])
          return { desc: descriptor, timestamp: 0, active: true, internal: i === 1, range: [0, 30] }
        }),
      )
      const imported = await node.walletRpc<{ success: boolean }[]>(watching, 'importdescriptors', [requests])
      expect(imported.every(({ success }) => success)).toBe(true)
      const to = await node.walletRpc<string>('faucet', 'getnewaddress')
      const { psbt, fee } = await node.walletRpc<{ psbt: string; fee: number }>(
        watching,
        'walletcreatefundedpsbt',
        [[], [{ [to]: 0.4 }], 0, { fee_rate: 4, change_type: CORE_NAMES[type] }],
      )
      const draft = psbtToDraft(psbt, { account: account.descriptor, network })
      expect(draft.intent).toMatchObject({ kind: 'pay', to, amount: (BTC * 4n) / 10n })
      expect(draft.fee.expected).toBe(BigInt(Math.round(fee * 1e8)))
      expect(draft.effects.list.map(({ kind }) => kind).sort()).toEqual(['change', 'transfer'])
      const payment = await wallet.publish(await wallet.sign(draft))
      await payment.confirmed(1, { interval: 50 })
    })
  },
)

it('agree on 2 of 2 keys, signed partly here', async () => {
  const wallets = words.map(open)
  const keys = await Promise.all(
    words.map((mnemonic) => softwareSigner({ mnemonic }).publicKey('m/48h/1h/0h/2h')),
  )
  const text = multisigDescriptor({ threshold: 2, keys }, network)
  const account = (await wallets[0]!.watch(text)) as BitcoinAccount
  await node.fund((await account.receive()).address, { amount: BTC })
  const draft = await account.create({ to: await node.walletRpc('faucet', 'getnewaddress'), amount: '0.3' })
  const half = await wallets[0]!.cosign(draft)
  const decoded = await node.rpc<Decoded>('decodepsbt', [draftToPsbt(half, { network })])
  expect(Object.keys(decoded.inputs[0]!.partial_signatures ?? {})).toHaveLength(1)
  expect(decoded.inputs[0]!.bip32_derivs).toHaveLength(2)
  const other = await wallets[1]!.cosign(draft)
  const combined = await node.rpc<string>('combinepsbt', [
    [half, other].map((one) => draftToPsbt(one, { network })),
  ])
  const { complete, hex } = await node.rpc<{ complete: boolean; hex: string }>('finalizepsbt', [combined])
  expect(complete).toBe(true)
  expect(hex).toBe(wallets[0]!.finish([half, other]).raw)
})

it('agree on addresses and messages of every script type', async () => {
  const wallet = open()
  for (const type of ['p2pkh', 'p2sh-p2wpkh', 'p2wpkh', 'p2tr'] as const) {
    const account = await wallet.account('regtest', { type })
    const theirs = await node.rpc<string[][]>('deriveaddresses', [account.descriptor, [0, 9]])
    expect(theirs).toEqual([account.addresses({ count: 10 }), account.addresses({ change: true, count: 10 })])
    const [address] = account.addresses({ from: 3, count: 1 })
    const signature = await wallet.signMessage(account, 'Coffer', { address: address! })
    // Its versions until now know no prefix (BIP-322 of 2026).
    const bare = signature.replace(/^ful/, '')
    expect(await node.rpc('verifymessage', [address, bare, 'Coffer'])).toBe(true)
    expect(regtest().verifyMessage!({ address: address!, message: 'Coffer', signature })).toBe(true)
    expect(await node.rpc('verifymessage', [address, bare, 'coffer']).catch(() => false)).toBe(false)
  }
  const address = await node.walletRpc<string>('faucet', 'getnewaddress', ['', 'legacy'])
  const signature = await node.walletRpc<string>('faucet', 'signmessage', [address, 'from Core'])
  expect(regtest().verifyMessage!({ address, message: 'from Core', signature })).toBe(true)
})
