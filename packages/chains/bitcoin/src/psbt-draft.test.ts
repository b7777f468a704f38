import { createOfflineWallet, hdDerive, hdFromSeed, hdSecret, memoryStore, nobleEngine } from '@coffer/core'
import { mnemonicToSeed, softwareSigner } from '@coffer/signer-software'
import { base64 } from '@scure/base'
import { Transaction } from '@scure/btc-signer'
import { beforeAll, describe, expect, it } from 'vitest'
import { openAccount } from './account.ts'
import { regtest } from './bitcoin.ts'
import { deriveScripts } from './derive.ts'
import { multisigDescriptor, readDescriptor } from './descriptor.ts'
import { fakeChain } from './fake-source.fixture.ts'
import { regtestNetwork } from './networks.ts'
import { readPayload } from './payload.ts'
import { decodePsbt, encodePsbt, toBase64 } from './psbt.ts'
import { draftToPsbt, psbtToDraft, withPsbtSignatures } from './psbt-draft.ts'
import type { SingleKeyType } from './rules.ts'

const words = [
  'legal winner thank year wave sausage worth useful legal winner thank yellow',
  `${'zoo '.repeat(11)}wrong`,
]
const STRANGER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
const network = regtestNetwork
const wallets = words.map((mnemonic) =>
  createOfflineWallet({ chains: [regtest()], signer: softwareSigner({ mnemonic }) }),
)
const wallet = wallets[0]!
const TYPES: readonly SingleKeyType[] = ['p2pkh', 'p2sh-p2wpkh', 'p2wpkh', 'p2tr']

let root: ReturnType<typeof hdFromSeed>
beforeAll(async () => {
  root = hdFromSeed(await mnemonicToSeed(words[0]!), nobleEngine)
})

async function draftOf(account: string) {
  const fake = fakeChain()
  for (const { script } of deriveScripts(readDescriptor(account, network), 0, 0, 3))
    fake.pay([{ script, amount: 600_000n }], 900)
  const opened = openAccount(network, { descriptor: account, source: fake.source, store: memoryStore() })
  return opened.create({ to: STRANGER, amount: 1_700_000n, memo: 'psbt' })
}

describe.each(TYPES)('a draft of %s', (type) => {
  it.each([0, 2] as const)(
    'is signed by btc-signer as a PSBT of version %i, and finished here',
    async (version) => {
      const draft = await draftOf(await wallet.describe('regtest', { type }))
      const text = draftToPsbt(draft, { network, version })
      expect(decodePsbt(text).version).toBe(version)
      const theirs = Transaction.fromPSBT(base64.decode(text), { allowUnknownOutputs: true })
      const { inputs } = readPayload(draft, network)
      inputs.forEach(({ script }, i) => {
        const secret = hdSecret(hdDerive(root, script.keys[0]!.path))
        expect(theirs.signIdx(secret, i)).toBe(true)
      })
      const partial = withPsbtSignatures(draft, theirs.toPSBT(version), { network })
      expect(partial.signatures).toHaveLength(1)
      theirs.finalize()
      const final = withPsbtSignatures(draft, theirs.toPSBT(version), { network })
      const { finish } = regtest()
      for (const done of [partial, final]) {
        const signed = finish!(wallet.draft(JSON.stringify(done)))
        expect(signed.txid).toBe(theirs.id)
        regtest().checkSigned(signed)
      }
    },
  )

  it('comes back from a PSBT of another wallet as the same bytes, and is signed', async () => {
    const account = await wallet.describe('regtest', { type })
    const draft = await draftOf(account)
    const theirs = Transaction.fromPSBT(base64.decode(draftToPsbt(draft, { network })), {
      allowUnknownOutputs: true,
    })
    for (const version of [0, 2] as const) {
      const read = psbtToDraft(theirs.toPSBT(version), { account, network })
      expect(read.payload).toBe(draft.payload)
      expect(read.intent).toEqual(draft.intent)
      expect(read.effects).toEqual(draft.effects)
    }
    const signed = await wallet.sign(psbtToDraft(theirs.toPSBT(0), { account, network }))
    // With a scriptSig the id is known only once it is signed.
    if (type === 'p2wpkh' || type === 'p2tr') expect(signed.txid).toBe(theirs.id)
    regtest().checkSigned(signed)
  })
})

it('carries signatures of several keys both ways', async () => {
  const keys = await Promise.all(
    words.map((mnemonic) => softwareSigner({ mnemonic }).publicKey('m/48h/1h/0h/2h')),
  )
  const account = multisigDescriptor({ threshold: 2, keys }, network)
  const draft = await draftOf(account)
  const one = await wallets[1]!.sign(draft).then(
    () => undefined,
    (error: { code: string }) => error.code,
  )
  expect(one).toBe('SIGNATURES_MISSING')
  const chain = regtest()
  // The second signer is a stranger with btc-signer, which knows nothing but the PSBT.
  const text = draftToPsbt(draft, { network })
  const theirs = Transaction.fromPSBT(base64.decode(text), { allowUnknownOutputs: true })
  const { inputs } = readPayload(draft, network)
  inputs.forEach(({ script }, i) => {
    const own = script.keys.find(({ fingerprint }) => fingerprint === root.fingerprint)!
    theirs.signIdx(hdSecret(hdDerive(root, own.path)), i)
  })
  const half = withPsbtSignatures(draft, theirs.toPSBT(0), { network })
  expect(half.signatures).toHaveLength(1)
  expect(decodePsbt(draftToPsbt(half, { network })).inputs[0]!.partialSignatures).toHaveLength(1)
  const signed = await wallets[1]!.sign(wallets[1]!.draft(JSON.stringify(half)))
  chain.checkSigned(signed)
})

it('refuses signatures that are wrong, and PSBTs of another transaction', async () => {
  const draft = await draftOf(await wallet.describe('regtest'))
  const other = await draftOf(await wallet.describe('regtest', { index: 1 }))
  expect(() => withPsbtSignatures(draft, draftToPsbt(other, { network }), { network })).toThrow(
    expect.objectContaining({ code: 'INVALID_REQUEST' }),
  )
  const theirs = Transaction.fromPSBT(base64.decode(draftToPsbt(draft, { network })), {
    allowUnknownOutputs: true,
  })
  readPayload(draft, network).inputs.forEach(({ script }, i) => {
    theirs.signIdx(hdSecret(hdDerive(root, script.keys[0]!.path)), i)
  })
  const psbt = decodePsbt(theirs.toPSBT(0))
  const [first, second] = psbt.inputs as [(typeof psbt.inputs)[0], (typeof psbt.inputs)[0]]
  const swapped = [
    {
      ...first,
      partialSignatures: [
        { ...first!.partialSignatures[0]!, signature: second!.partialSignatures[0]!.signature },
      ],
    },
    ...psbt.inputs.slice(1),
  ]
  expect(() =>
    withPsbtSignatures(draft, toBase64(encodePsbt({ ...psbt, inputs: swapped as typeof psbt.inputs })), {
      network,
    }),
  ).toThrow(expect.objectContaining({ code: 'SIGNATURE_WRONG' }))
})
