// How fast a ready key signs payments of TRX and of a TRC-20 token.
import { createRequire } from 'node:module'
import { createWallet } from '@coffer/core'
import { nativeEngine } from '@coffer/core/engines/native'
import { tinyEngine } from '@coffer/core/engines/tiny'
import { softwareSigner } from '@coffer/signer-software'
import { decodeSigned, makeDraft, tron, tronNetwork, txidOf } from '@coffer/tron'
import secp256k1 from 'secp256k1'
import * as tiny from 'tiny-secp256k1'
import { TronWeb } from 'tronweb'
import { count, ratio, runAlone, takeTurns, times } from './lib/harness.mjs'
import { mnemonic } from './lib/payment.mjs'
import { assertBuilt } from './lib/places.mjs'
import { block, transferAt, tronAddress, tronPath, USDT } from './lib/tron-payment.mjs'

/** Different payments, so that nobody signs the same twice in a row; few, as a wallet has few that are not settled. */
const PAYMENTS = 8
const LEAST = 1.5
const TRONWEB = 'tronweb: trx.sign'
const CHECKED = 'tronweb: the same, and who signed it recovered'
const TRUST = 'Trust Wallet Core: AnySigner.sign, which builds too'

const engines = {
  Coffer: undefined,
  'Coffer with tiny-secp256k1': tinyEngine(tiny),
  'Coffer with secp256k1': nativeEngine(secp256k1),
}

const kinds = {
  TRX: { caption: 'Payments of TRX signed', feeLimit: 0 },
  'TRC-20': { caption: 'Payments of a TRC-20 token signed', feeLimit: 30_000_000 },
}

export async function measure() {
  assertBuilt()
  const found = {}
  for (const kind of Object.keys(kinds)) {
    const signing = await prepare(kind)
    await assertSame(signing)
    found[kind] = await takeTurns(
      Object.fromEntries(
        Object.entries(signing).map(([name, { sign }]) => [name, (i) => sign(i % PAYMENTS)]),
      ),
    )
  }
  const faster = (kind, name, than = TRONWEB) => ratio(found[kind][name], found[kind][than])
  const table = (kind) => ({
    caption: kinds[kind].caption,
    columns: ['who', 'per second', 'of tronweb', `${LEAST}× tronweb`],
    rows: Object.entries(found[kind]).map(([name, { perSecond }]) => [
      name,
      count(perSecond),
      times(faster(kind, name)),
      name.startsWith('Coffer') ? (faster(kind, name) >= LEAST ? 'yes' : 'no') : '',
    ]),
  })
  const goal = (kind, who, than, text) => {
    const value = faster(kind, `${who}: wallet.sign`, than)
    return {
      timed: true,
      goal: `${kind}: ${who}, wallet.sign at least ${LEAST}× as fast as tronweb${text}`,
      found: times(value),
      holds: value >= LEAST,
    }
  }
  const goals = Object.keys(kinds).flatMap((kind) => [
    ...Object.keys(engines).map((who) => goal(kind, who, TRONWEB, '')),
    goal(kind, 'Coffer', CHECKED, ' when it too checks what it signed'),
  ])
  return {
    title: 'Tron: signing',
    notes: [
      'A ready key, a ready transaction, the signed bytes. `wallet.sign` inspects the bytes, rebuilds them from the intent, holds them against the policy and the book of open payments, signs, verifies the signature and reads the result back. `chain.sign` signs and verifies. tronweb derives the address of the key again, writes the transaction again and compares, and signs; Trust Wallet Core takes fields, not bytes, so that it builds as well. All make the same transaction id and the same signature.',
    ],
    tables: Object.keys(kinds).map(table),
    goals,
  }
}

/** Each with `sign`, which is timed, and `read`, which gives `txid signature` of what it returned. */
async function prepare(kind) {
  const { feeLimit } = kinds[kind]
  const now = Math.floor(Date.now() / 1000) * 1000
  const payments = Array.from({ length: PAYMENTS }, (_, i) => transferAt(now + i, { feeLimit }))
  return {
    ...(await coffer(kind, payments)),
    ...(await tronweb(kind, payments)),
    ...(await trust(kind, payments)),
  }
}

async function coffer(kind, payments) {
  const chain = tron()
  const asset = kind === 'TRX' ? chain.coin.id : `${chain.id}/trc20:${USDT}`
  const contestants = {}
  for (const [name, engine] of Object.entries(engines)) {
    const signer = softwareSigner({ mnemonic, ...(engine ? { engine } : {}) })
    const wallet = createWallet({ chains: [chain], signer })
    const account = chain.describe(await signer.publicKey(chain.path(0)))
    const drafts = payments.map(({ to, amount, numbers }, i) => {
      // Not the same intent twice: that would want a yes to it.
      const intent = { kind: 'pay', asset, to, amount: BigInt(amount + i) }
      return makeDraft(tronNetwork, account, intent, numbers)
    })
    const keys = await keysOf(chain, signer, drafts[0])
    contestants[`${name}: wallet.sign`] = { sign: (i) => wallet.sign(drafts[i]), read: readRaw }
    contestants[`${name}: chain.sign alone`] = { sign: (i) => chain.sign(drafts[i], keys), read: readRaw }
  }
  return contestants
}

function readRaw({ raw: bytes }) {
  const { raw, signatures } = decodeSigned(bytes)
  return `${txidOf(raw)} ${hex(signatures[0])}`
}

/** The keys that the signer hands to a chain, caught on their way, to time the chain without the wallet. */
async function keysOf(chain, signer, draft) {
  let caught
  const spy = { ...chain, sign: (draft, keys) => chain.sign(draft, (caught = keys)) }
  await createWallet({ chains: [spy], signer }).sign(draft)
  return caught
}

/** Built locally, since the header is given. */
async function tronweb(kind, payments) {
  const { privateKey, address } = TronWeb.fromMnemonic(mnemonic, tronPath)
  const key = privateKey.replace(/^0x/, '')
  const { transactionBuilder: builder, trx } = new TronWeb({
    fullHost: 'https://api.trongrid.io',
    privateKey: key,
  })
  const txs = []
  for (const [i, { to, amount, blockHeader, numbers }] of payments.entries()) {
    if (kind === 'TRX') {
      txs.push(await builder.sendTrx(to, amount + i, address, { blockHeader }))
      continue
    }
    const options = { txLocal: true, feeLimit: Number(numbers.feeLimit), blockHeader }
    const parameters = [
      { type: 'address', value: to },
      { type: 'uint256', value: amount + i },
    ]
    const made = await builder.triggerSmartContract(
      USDT,
      'transfer(address,uint256)',
      options,
      parameters,
      address,
    )
    txs.push(made.transaction)
  }
  const read = ({ txID, signature }) => `${txID} ${signature[0]}`.toLowerCase()
  const sign = (i) => trx.sign(txs[i])
  const checked = async (i) => {
    const signed = await sign(i)
    if (trx.ecRecover(signed) !== address) throw new Error('wrong signature')
    return signed
  }
  return { [TRONWEB]: { sign, read }, [CHECKED]: { sign: checked, read } }
}

/** It takes a whole block header and makes the reference of it. Its signatures end with 0 or 1, where others have 27 or 28. */
async function trust(kind, payments) {
  const { initWasm, TW } = createRequire(import.meta.url)('@trustwallet/wallet-core')
  const { AnySigner, CoinType, HDWallet } = await initWasm()
  const { SigningInput, SigningOutput } = TW.Tron.Proto
  const privateKey = HDWallet.createWithMnemonic(mnemonic, '').getKey(CoinType.tron, tronPath).data()
  const inputs = payments.map(({ to, amount, numbers }, i) => ({
    privateKey,
    transaction: {
      timestamp: Number(numbers.timestamp),
      expiration: Number(numbers.expiration),
      blockHeader: block,
      feeLimit: Number(numbers.feeLimit),
      ...(kind === 'TRX'
        ? { transfer: { ownerAddress: tronAddress, toAddress: to, amount: amount + i } }
        : {
            triggerSmartContract: {
              ownerAddress: tronAddress,
              contractAddress: USDT,
              data: transferData(to, amount + i),
            },
          }),
    },
  }))
  const sign = (i) => {
    const encoded = SigningInput.encode(SigningInput.create(inputs[i])).finish()
    const output = SigningOutput.decode(AnySigner.sign(encoded, CoinType.tron))
    if (output.error) throw new Error(`Trust Wallet Core: ${output.errorMessage || output.error}`)
    return output
  }
  const read = ({ id, signature }) =>
    `${hex(id)} ${hex(signature.subarray(0, 64))}${(27 + signature[64]).toString(16)}`
  return { [TRUST]: { sign, read } }
}

/** Its own TRC-20 transfer writes the 41 of an address into the word, which others leave out. */
const transferData = (to, amount) => {
  const address = TronWeb.address.toHex(to).slice(2)
  const words = [address, amount.toString(16)].map((word) => word.padStart(64, '0'))
  return Uint8Array.from(Buffer.from(`a9059cbb${words.join('')}`, 'hex'))
}
const hex = (bytes) => Buffer.from(bytes).toString('hex')

async function assertSame(signing) {
  for (let i = 0; i < PAYMENTS; i++) {
    const seen = await Promise.all(Object.values(signing).map(async ({ sign, read }) => read(await sign(i))))
    const other = seen.findIndex((one) => one !== seen[0])
    if (other > 0) throw new Error(`${Object.keys(signing)[other]} signs ${seen[other]}, not ${seen[0]}`)
  }
}

await runAlone(import.meta, measure)
