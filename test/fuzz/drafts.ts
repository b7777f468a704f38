import { type BitcoinIntent, encodeTx, regtest, regtestNetwork, txidOf } from '@coffer/bitcoin'
import {
  createDraft,
  createOfflineWallet,
  createSigned,
  type Draft,
  hdDerive,
  hdFromSeed,
  hdSecret,
  type KeyRing,
  nobleEngine,
  type OfflineWallet,
  type Signed,
} from '@coffer/core'
import { type EvmIntent, ethereum, ethereumNetwork, makeDraft as evmDraft } from '@coffer/evm'
import { mnemonicToSeed, softwareSigner } from '@coffer/signer-software'
import {
  encodeSigned,
  type TronIntent,
  tron,
  makeDraft as tronDraft,
  txidOf as tronId,
  tronNetwork,
} from '@coffer/tron'
import { scriptAt } from '../../packages/chains/bitcoin/src/derive.ts'
import { readDescriptor } from '../../packages/chains/bitcoin/src/descriptor.ts'
import { writePayload } from '../../packages/chains/bitcoin/src/payload.ts'
import { wantedOf } from '../../packages/chains/bitcoin/src/rebuild.ts'
import { fromHex, join } from './input.ts'

// Sound drafts and signed transactions of each chain, made by the chains themselves.

export const mnemonic = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
export const chains = { bitcoin: regtest(), evm: ethereum(), tron: tron() }
const signer = softwareSigner({ mnemonic })
/** With a store of its own: all drafts take the same coins and nonces. */
const open = (): OfflineWallet => createOfflineWallet({ chains: Object.values(chains), signer })
export const wallet: OfflineWallet = open()

export type Family = keyof typeof chains
type Made = { readonly drafts: readonly Draft[]; readonly signed: readonly Signed[] }
const made = new Map<Family, Promise<Made>>()

/** Made once. */
export function madeOf(family: Family): Promise<Made> {
  let found = made.get(family)
  if (!found) made.set(family, (found = make(family)))
  return found
}

async function make(family: Family): Promise<Made> {
  const drafts = await MAKERS[family]()
  const signed = await Promise.all(drafts.map((draft) => sign(family, draft)))
  return { drafts, signed: signed.filter((one) => one !== undefined) }
}

const root = mnemonicToSeed(mnemonic).then((seed) => hdFromSeed(seed, nobleEngine))
/** The keys of {@link wallet}. */
export const keys: KeyRing = async (path) => {
  const key = hdDerive(await root, path)
  return { publicKey: key.publicKey, ecdsa: (hash) => nobleEngine.ecdsaSign(hash, hdSecret(key)) }
}

async function sign(family: Family, draft: Draft): Promise<Signed | undefined> {
  if (family !== 'tron')
    return open().sign(draft, { accept: ['approval-for-all', 'unlimited-approval', 'permission-change'] })
  if ('permission' in draft.intent) return undefined
  // By hand: the wallet refuses what expired long ago, and a failing input must fail tomorrow too.
  const raw = fromHex(draft.payload.slice(2))
  const txid = tronId(raw)
  const key = await keys(chains.tron.path(0))
  const { signature, recovery } = await key.ecdsa!(fromHex(txid))
  const bytes = encodeSigned(raw, [join([signature, Uint8Array.of(27 + recovery)])])
  return createSigned(chains.tron, { chain: draft.chain, account: draft.account, txid, raw: bytes })
}

const MAKERS: Readonly<Record<Family, () => Promise<readonly Draft[]>>> = {
  bitcoin: async () => {
    const types = ['p2pkh', 'p2sh-p2wpkh', 'p2wpkh', 'p2tr']
    const accounts = await Promise.all(types.map((type) => wallet.describe('regtest', { type })))
    return accounts.flatMap(bitcoinDrafts)
  },
  evm: async () => {
    const account = await wallet.describe('ethereum')
    return EVM_INTENTS.map((intent) =>
      evmDraft(
        ethereumNetwork,
        account,
        intent,
        { nonce: 7n, gasLimit: 90_000n, maxFeePerGas: 3_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n },
        { gasUsed: '50000' },
      ),
    )
  },
  tron: async () => {
    const account = await wallet.describe('tron')
    return tronIntents(account.slice(account.lastIndexOf(':') + 1)).map((intent) => {
      const calls =
        ['approve', 'call', 'deploy'].includes(intent.kind) ||
        ('asset' in intent && intent.asset === chains.tron.assets[0]?.id)
      return tronDraft(
        tronNetwork,
        account,
        intent,
        {
          refBlockBytes: '1a2b',
          refBlockHash: '00112233aabbccdd',
          timestamp: 1_764_000_000_000n,
          expiration: 1_764_000_600_000n,
          feeLimit: calls ? 30_000_000n : 0n,
        },
        { bandwidthFrom: 'free', fee: '5' },
      )
    })
  },
}

// ---- Bitcoin ----

const PAID = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
const OTHER = 'mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn'

function bitcoinDrafts(account: string): Draft[] {
  const descriptor = readDescriptor(account, regtestNetwork)
  const change = scriptAt(descriptor, 1, 3)
  const stranger = 'ab'.repeat(32)
  const coins = [5, 7].map((index, i) => {
    const script = scriptAt(descriptor, 0, index)
    const tx = {
      version: 2,
      locktime: i,
      inputs: [{ txid: stranger, vout: i, sequence: 0xffffffff, scriptSig: new Uint8Array(), witness: [] }],
      outputs: [
        { amount: 1_234n, script: change.script },
        { amount: 100_000n, script: script.script },
      ],
    }
    const previous = encodeTx(tx, { witness: false })
    return { txid: txidOf(tx), vout: 1, sequence: 0xfffffffd, amount: 100_000n, script, previous }
  })
  const asset = chains.bitcoin.coin.id
  const intents: BitcoinIntent[] = [
    { kind: 'pay', asset, to: PAID, amount: 40_000n },
    { kind: 'pay', asset, to: PAID, amount: 40_000n, memo: '68656c6c6f', replaces: stranger },
    { kind: 'batch', asset, payments: [PAID, OTHER].map((to) => ({ to, amount: 40_000n })) },
    { kind: 'batch', asset, payments: [{ to: PAID, amount: 10_000n }], rest: OTHER },
    { kind: 'sweep', asset, to: PAID },
    { kind: 'cancel', replaces: stranger },
    { kind: 'bump', parent: coins[0]!.txid },
  ]
  return intents.map((intent) => {
    const wanted = wantedOf(intent, regtestNetwork)
    const left = 200_000n - wanted.reduce((sum, { amount = 0n }) => sum + amount, 0n) - 1_500n
    const takesRest = wanted.some(({ amount }) => amount === undefined)
    const outputs = [
      ...wanted.map(({ script, amount = left }) => ({ script, amount })),
      ...(takesRest ? [] : [{ script: change.script, amount: left, own: change }]),
    ]
    const payload = writePayload({ locktime: 800_000, inputs: coins, outputs })
    return createDraft(chains.bitcoin, { chain: chains.bitcoin.id, account, intent, payload, hints: {} })
  })
}

// ---- EVM ----

const ALICE = '0x000000000000000000000000000000000000a11c'
const token = chains.evm.assets[0]!.id
/** One word of call data. */
export const word = (value: bigint): string => value.toString(16).padStart(64, '0')

const EVM_INTENTS: readonly EvmIntent[] = [
  { kind: 'pay', asset: chains.evm.coin.id, to: ALICE, amount: 10n ** 16n },
  { kind: 'pay', asset: token, to: ALICE, amount: 5n },
  { kind: 'approve', asset: token, spender: ALICE, amount: 7n },
  { kind: 'call', to: ALICE, value: 1n, data: '0x12345678' },
  // transferFrom, setApprovalForAll, and a batch of token ids.
  { kind: 'call', to: ALICE, value: 0n, data: `0x23b872dd${word(1n)}${word(2n)}${word(3n)}` },
  { kind: 'call', to: ALICE, value: 0n, data: `0xa22cb465${word(1n)}${word(1n)}` },
  {
    kind: 'call',
    to: ALICE,
    value: 0n,
    data: `0x2eb2c2d6${[1n, 2n, 160n, 256n, 352n, 2n, 7n, 8n, 2n, 1n, 1n, 0n].map(word).join('')}`,
  },
  {
    kind: 'call',
    to: ALICE,
    value: 0n,
    data: '0x',
    accessList: [{ address: ALICE, storageKeys: [`0x${'11'.repeat(32)}`] }],
  },
  { kind: 'deploy', value: 0n, data: '0x6001600155' },
  { kind: 'cancel', replaces: { txid: `0x${'ab'.repeat(32)}`, nonce: 7n } },
  { kind: 'delegate', to: null },
]

// ---- Tron ----

const BOB = 'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8'
const EVE = 'TUoHaVjx7n5xz8LwPRDckgFrDWhMhuSuJM'

function tronIntents(own: string): readonly TronIntent[] {
  const { coin, id, assets } = chains.tron
  const asset = assets[0]!.id
  const permission = { id: 2, threshold: 1n, keys: [{ address: own, weight: 1n }] }
  const one = { threshold: 1n, keys: [{ address: EVE, weight: 1n }] }
  const two = [own, BOB].map((address) => ({ address, weight: 1n }))
  return [
    { kind: 'pay', asset: coin.id, to: BOB, amount: 1_000_000n },
    { kind: 'pay', asset: coin.id, to: BOB, amount: 1n, memo: 'c0ffee', again: true },
    { kind: 'pay', asset: `${id}/trc10:1000001`, to: BOB, amount: 3n, permission },
    { kind: 'pay', asset, to: BOB, amount: 5n },
    { kind: 'approve', asset, spender: BOB, amount: 7n },
    { kind: 'call', to: BOB, value: 1n, data: '0x12345678' },
    { kind: 'call', to: BOB, value: 0n, data: '0x', token: { id: 1_000_001n, amount: 9n } },
    {
      kind: 'deploy',
      value: 2n,
      data: '0x6001600155',
      name: 'C',
      userPercent: 100n,
      originEnergyLimit: 10_000_000n,
    },
    { kind: 'activate', to: BOB },
    { kind: 'freeze', amount: 5_000_000n, resource: 'energy' },
    { kind: 'unfreeze', amount: 5_000_000n, resource: 'bandwidth' },
    { kind: 'cancel-unfreeze' },
    { kind: 'withdraw' },
    { kind: 'claim' },
    { kind: 'delegate', to: BOB, amount: 1_000_000n, resource: 'energy', lockBlocks: 28_800n },
    { kind: 'undelegate', to: BOB, amount: 1_000_000n, resource: 'bandwidth' },
    { kind: 'vote', votes: [{ to: BOB, count: 3n }] },
    {
      kind: 'permissions',
      owner: { threshold: 2n, keys: two },
      actives: [{ ...one, name: 'active', operations: `02${'00'.repeat(31)}` }],
    },
  ]
}
