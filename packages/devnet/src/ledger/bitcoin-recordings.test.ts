import { readFileSync } from 'node:fs'
import { schnorr } from '@noble/curves/secp256k1.js'
import { Transaction } from '@scure/btc-signer'
import { describe, expect, it } from 'vitest'
import { bitcoinDeviceApp } from './bitcoin.ts'
import { clientOf, DefaultWalletPolicy, WalletPolicy } from './bitcoin-client.fixture.ts'
import { type LedgerDevice, ledgerDevice } from './device.ts'
import { bytes, hex } from './exchange.fixture.ts'

interface Recording {
  readonly id: string
  readonly app: { readonly name: string }
  readonly mnemonic: string
  readonly method: string
  readonly args: readonly unknown[]
  readonly apdus: readonly (readonly [command: string, answer: string])[]
  readonly expected: { readonly result?: unknown; readonly error?: { readonly statusCode: string } }
}

const read = (name: string): readonly Recording[] =>
  JSON.parse(
    readFileSync(new URL(`../../../../test/ledger/recordings/${name}.json`, import.meta.url), 'utf8'),
  )

const FILES = ['btc-mainnet-2.4.6', 'btc-ledger-bitcoin-0.3.1']
const errors = read('errors-speculos').filter(({ app }) => app.name === 'Bitcoin')

const deviceOf = ({ id, app, mnemonic }: Recording): LedgerDevice =>
  ledgerDevice({
    mnemonic,
    apps: [bitcoinDeviceApp(), bitcoinDeviceApp({ network: 'test' })],
    open: app.name,
    person: () => (id.includes('rejected') ? 'refuse' : 'approve'),
  })

/** A signature of BIP-340 that is given to the host: which input, the key, the signature. */
const SCHNORR = /^10(..)20(.{64})(.{128})e000$/

/** Whether a signature of BIP-340 signs an input of a PSBT, by another library's hash. */
function isSigned(psbt: string, input: number, key: string, signature: string): boolean {
  const transaction = Transaction.fromPSBT(Uint8Array.from(Buffer.from(psbt, 'base64')))
  const spent = Array.from(
    { length: transaction.inputsLength },
    (_, index) => transaction.getInput(index).witnessUtxo!,
  )
  const hash = transaction.preimageWitnessV1(
    input,
    spent.map(({ script }) => script),
    0,
    spent.map(({ amount }) => amount),
  )
  return schnorr.verify(bytes(signature), hash, bytes(key))
}

/** The device makes up the nonces of its Schnorr signatures: they are verified, all else is compared. */
describe.each([...FILES.map((name) => [name, read(name)] as const), ['errors-speculos', errors] as const])(
  'the commands of %s are answered as recorded, byte by byte',
  (_, recordings) => {
    it.each(recordings)('$id', async (recording) => {
      const device = deviceOf(recording)
      for (const [command, answer] of recording.apdus) {
        const ours = hex(await device.exchange(bytes(command)))
        const [, input, key, recorded] = SCHNORR.exec(answer) ?? []
        if (!key) {
          expect(ours).toBe(answer)
          continue
        }
        const [, ourInput, ourKey, made] = SCHNORR.exec(ours) ?? []
        expect([ourInput, ourKey]).toEqual([input, key])
        for (const signature of [recorded!, made!])
          expect(isSigned(recording.args[0] as string, Number(input), key, signature)).toBe(true)
      }
    })
  },
)

describe('how many there are', () => {
  it('of each file', () => {
    expect([...FILES.map((name) => read(name).length), errors.length]).toEqual([27, 15, 5])
  })
})

type Client = Awaited<ReturnType<typeof clientOf>>

const registration = (given: unknown): Buffer | null =>
  typeof given === 'string' ? Buffer.from(given, 'hex') : null

/** The methods that Ledger's own client has, with the arguments as they are recorded. */
const METHODS: Readonly<Record<string, (client: Client, args: readonly never[]) => Promise<unknown>>> = {
  getAppAndVersion: async (client) => {
    const { flags, ...rest } = await client.getAppAndVersion()
    return { ...rest, flags: hex(flags) }
  },
  getMasterFingerprint: (client) => client.getMasterFingerprint(),
  getExtendedPubkey: (client, [path]) => client.getExtendedPubkey(path!),
  getWalletXpub: (client, [options]) =>
    client.getExtendedPubkey((options as unknown as { path: string }).path),
  getWalletAddress: (client, [descriptor, key, hmac, change, index, display]) =>
    client.getWalletAddress(
      new DefaultWalletPolicy(descriptor!, key!),
      registration(hmac),
      change!,
      index!,
      display!,
    ),
  registerWallet: async (client, [name, descriptor, keys]) =>
    (await client.registerWallet(new WalletPolicy(name!, descriptor!, keys!))).map(hex),
  signPsbt: async (client, [psbt, descriptor, key, hmac]) => {
    const policy = new DefaultWalletPolicy(descriptor!, key!)
    const signatures = await client.signPsbt(Buffer.from(psbt!, 'base64'), policy, registration(hmac))
    return signatures.map(([input, { pubkey, signature }]) => [
      input,
      { pubkey: hex(pubkey), signature: hex(signature) },
    ])
  },
  signMessage: async (client, [path, message]) => {
    const signature = Buffer.from(await client.signMessage(Buffer.from(message!, 'hex'), path!), 'base64')
    return {
      v: (signature[0]! - 27) & 1,
      r: hex(signature.subarray(1, 33)),
      s: hex(signature.subarray(33)),
    }
  },
}

describe('Ledger’s own client gets what is recorded', () => {
  const methodOf = ({ method }: Recording): string => method.replace('AppClient.', '')
  const all = FILES.flatMap(read)
  const mine = all.filter((recording) => methodOf(recording) in METHODS)

  it('with all methods that it has; the others are compared above alone', () => {
    const others = all.filter((recording) => !(methodOf(recording) in METHODS))
    expect([...new Set(others.map(methodOf))]).toEqual(['getWalletPublicKey', 'signPsbtBuffer', 'send'])
    expect([mine.length, others.length]).toEqual([30, 12])
  })

  it.each(mine)('$id', async (recording) => {
    const { args, expected } = recording
    const call = METHODS[methodOf(recording)]!(await clientOf(deviceOf(recording)), args as readonly never[])
    if (expected.error) {
      await expect(call).rejects.toMatchObject({ statusCode: Number(expected.error.statusCode) })
      return
    }
    const result = await call
    if (args[1] !== 'tr(@0/**)' || methodOf(recording) !== 'signPsbt') {
      expect(result).toEqual(expected.result)
      return
    }
    type Signatures = [input: number, { pubkey: string; signature: string }][]
    const keys = (given: unknown) => (given as Signatures).map(([input, { pubkey }]) => [input, pubkey])
    expect(keys(result)).toEqual(keys(expected.result))
    for (const [input, { pubkey, signature }] of result as Signatures)
      expect(isSigned(args[0] as string, input, pubkey, signature)).toBe(true)
  })
})
