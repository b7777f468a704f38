// How fast a ready key signs, and how long words take to become a key.
import { createWallet } from '@coffer/core'
import { nativeEngine } from '@coffer/core/engines/native'
import { tinyEngine } from '@coffer/core/engines/tiny'
import { encodeUnsigned, ethereum } from '@coffer/evm'
import { mnemonicToSeed, softwareSigner } from '@coffer/signer-software'
import { mnemonicToSeedSync } from '@scure/bip39'
import WalletManagerEvm from '@tetherto/wdk-wallet-evm'
import { HDNodeWallet, Mnemonic } from 'ethers'
import secp256k1 from 'secp256k1'
import * as tiny from 'tiny-secp256k1'
import { recoverTransactionAddress } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { count, ratio, runAlone, takeTurns, times } from './lib/harness.mjs'
import { address, mnemonic, payment } from './lib/payment.mjs'

/** Different payments, so that nobody signs the same twice in a row. */
const payments = Array.from({ length: 64 }, (_, nonce) => payment(nonce))
const chain = ethereum()

export async function measure() {
  const signing = await prepare()
  await assertSameBytes(signing)
  const perSecond = await takeTurns(
    Object.fromEntries(
      Object.entries(signing).map(([name, sign]) => [name, (i) => sign(i % payments.length)]),
    ),
  )
  const stretching = await takeTurns(stretchers, { slice: 150 })
  const opening = await takeTurns(openers, { slice: 150 })
  const faster = (a, b) => ratio(perSecond[a], perSecond[b])
  const seedFaster = ratio(stretching['Coffer: mnemonicToSeed'], stretching['noble: mnemonicToSeedSync'])
  const viem = 'viem: account.signTransaction'
  const tinyFaster = faster('Coffer with tiny-secp256k1: wallet.sign', viem)
  const nativeFaster = faster('Coffer with secp256k1: wallet.sign', viem)
  return {
    title: 'Signing',
    notes: [
      'A ready key, a ready EIP-1559 payment, the signed bytes. `wallet.sign` inspects the bytes, rebuilds them from the intent, holds them against the policy, signs, verifies the signature and reads the result back. `chain.sign` signs and verifies; the others sign. All sign the same bytes.',
    ],
    tables: [
      {
        caption: 'EIP-1559 payments signed',
        columns: ['who', 'per second', 'of viem'],
        rows: Object.entries(perSecond).map(([name, result]) => [
          name,
          count(result.perSecond),
          times(ratio(result, perSecond['viem: account.signTransaction'])),
        ]),
      },
      {
        caption: 'From words to the seed',
        columns: ['who', 'ms', 'as fast as noble'],
        rows: slowness(stretching, 'noble: mnemonicToSeedSync'),
      },
      {
        caption: 'From words to the first address',
        columns: ['who', 'ms', 'as fast as viem'],
        rows: slowness(opening, 'viem: mnemonicToAccount'),
      },
    ],
    goals: [
      {
        timed: true,
        goal: 'wallet.sign in pure JavaScript at least as fast as viem',
        found: times(faster('Coffer: wallet.sign', viem)),
        holds: faster('Coffer: wallet.sign', viem) >= 1,
      },
      {
        timed: true,
        goal: 'wallet.sign in pure JavaScript at least as fast as viem when it too checks what it signed',
        found: times(faster('Coffer: wallet.sign', VIEM_CHECKED)),
        holds: faster('Coffer: wallet.sign', VIEM_CHECKED) >= 1,
      },
      {
        timed: true,
        goal: 'with an optional engine at least 1.5× as fast as viem, which is where Trust Wallet Core stands',
        found: `${times(tinyFaster)} tiny-secp256k1, ${times(nativeFaster)} secp256k1`,
        holds: tinyFaster >= 1.5 && nativeFaster >= 1.5,
      },
      {
        timed: true,
        goal: 'words to seed at least 5× as fast as synchronous noble',
        found: times(seedFaster),
        holds: seedFaster >= 5,
      },
    ],
  }
}

const slowness = (results, reference) =>
  Object.entries(results).map(([name, result]) => [
    name,
    (1000 / result.perSecond).toFixed(2),
    times(ratio(result, results[reference])),
  ])

const VIEM_CHECKED = 'viem: the same, and who signed it recovered'

async function prepare() {
  const engines = {
    Coffer: undefined,
    'Coffer with tiny-secp256k1': tinyEngine(tiny),
    'Coffer with secp256k1': nativeEngine(secp256k1),
  }
  const tasks = {}
  for (const [name, engine] of Object.entries(engines)) {
    const signer = softwareSigner({ mnemonic, ...(engine ? { engine } : {}) })
    const wallet = createWallet({ chains: [chain], signer })
    const account = chain.describe(await signer.publicKey(chain.path(0)))
    const drafts = payments.map((tx) => wallet.draft(draftOf(tx, account)))
    const keys = await keysOf(signer, drafts[0])
    tasks[`${name}: wallet.sign`] = async (i) => (await wallet.sign(drafts[i])).raw
    tasks[`${name}: chain.sign alone`] = async (i) => (await chain.sign(drafts[i], keys)).raw
  }
  const viem = mnemonicToAccount(mnemonic)
  tasks['viem: account.signTransaction'] = (i) => {
    const { gasLimit, ...tx } = payments[i]
    return viem.signTransaction({ type: 'eip1559', gas: gasLimit, ...tx })
  }
  tasks[VIEM_CHECKED] = async (i) => {
    const raw = await tasks['viem: account.signTransaction'](i)
    if ((await recoverTransactionAddress({ serializedTransaction: raw })) !== address)
      throw new Error('wrong signature')
    return raw
  }
  const ethers = HDNodeWallet.fromPhrase(mnemonic)
  tasks['ethers: wallet.signTransaction'] = (i) => ethers.signTransaction({ type: 2, ...payments[i] })
  const wdk = await new WalletManagerEvm(mnemonic).getAccount(0)
  tasks['WDK: account.signTransaction'] = (i) => wdk.signTransaction({ type: 2, ...payments[i] })
  return tasks
}

const draftOf = ({ chainId, nonce, ...tx }, account) => ({
  kind: 'draft',
  version: 1,
  chain: chain.id,
  account,
  intent: { kind: 'pay', asset: chain.coin.id, to: tx.to, amount: tx.value.toString() },
  payload: encodeUnsigned({
    ...tx,
    type: 'eip1559',
    chainId: BigInt(chainId),
    nonce: BigInt(nonce),
    data: '0x',
    accessList: [],
  }),
  hints: {},
})

/** The keys that the signer hands to a chain, caught on their way, to time the chain without the wallet. */
async function keysOf(signer, draft) {
  let caught
  const spy = { ...chain, sign: (draft, keys) => chain.sign(draft, (caught = keys)) }
  await createWallet({ chains: [spy], signer }).sign(draft)
  return caught
}

async function assertSameBytes(signing) {
  for (const i of [0, 1, 63]) {
    const raws = await Promise.all(Object.values(signing).map((sign) => sign(i)))
    const other = raws.findIndex((raw) => raw.toLowerCase() !== raws[0].toLowerCase())
    if (other > 0) throw new Error(`${Object.keys(signing)[other]} signs other bytes`)
  }
}

const stretchers = {
  'Coffer: mnemonicToSeed': () => mnemonicToSeed(mnemonic),
  'noble: mnemonicToSeedSync': () => mnemonicToSeedSync(mnemonic),
  'ethers: Mnemonic.computeSeed': () => Mnemonic.fromPhrase(mnemonic).computeSeed(),
}

const openers = {
  'Coffer: softwareSigner, publicKey, describe': async () => {
    const signer = softwareSigner({ mnemonic })
    const account = chain.describe(await signer.publicKey(chain.path(0)))
    signer.dispose()
    return account
  },
  'viem: mnemonicToAccount': () => mnemonicToAccount(mnemonic).address,
  'ethers: HDNodeWallet.fromPhrase': () => HDNodeWallet.fromPhrase(mnemonic).address,
  'WDK: getAccount': async () => (await new WalletManagerEvm(mnemonic).getAccount(0)).address,
}

await runAlone(import.meta, measure)
