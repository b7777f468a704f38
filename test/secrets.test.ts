import { inspect } from 'node:util'
import { createWallet, isCofferError, memoryStore } from '@coffer/core'
import { cluster, jsonRpc } from '@coffer/daemon-client'
import { type Devnet, startDevnet } from '@coffer/devnet'
import { ethereum } from '@coffer/evm'
import { privateKeySigner, softwareSigner, xprvSigner } from '@coffer/signer-software'
import { HDKey } from '@scure/bip32'
import { mnemonicToSeedSync } from '@scure/bip39'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'

const mnemonic = 'letter advice cage absurd amount doctor acoustic avoid letter advice cage above'
const seed = mnemonicToSeedSync(mnemonic)
const root = HDKey.fromMasterSeed(seed)
const leaf = root.derive("m/44'/60'/0'/0/0")
const ALICE = '0x000000000000000000000000000000000000a11c'

/** Every writing in which a secret could leave. */
const secrets = [
  ['the words', mnemonic],
  ['some of the words', 'cage absurd amount doctor'],
  ...[
    ['the seed', seed],
    ['the root key', root.privateKey!],
    ['the key', leaf.privateKey!],
    ['the root chain code', root.chainCode!],
  ].flatMap(([name, bytes]) => writings(bytes as Uint8Array).map((text) => [name, text] as const)),
  ['the xprv', root.privateExtendedKey],
  ['the account xprv', leaf.privateExtendedKey],
] as const

function writings(bytes: Uint8Array): string[] {
  const buffer = Buffer.from(bytes)
  const part = [...bytes.slice(0, 8)]
  return [
    buffer.toString('hex'),
    buffer.toString('hex').toUpperCase(),
    buffer.toString('base64').slice(0, 40),
    BigInt(`0x${buffer.toString('hex')}`).toString(),
    part.join(','),
    part.join(', '),
  ]
}

function search(what: string, value: unknown): void {
  const seen = [
    inspect(value, { depth: 12, showHidden: true, maxArrayLength: 500, maxStringLength: null }),
    safeJson(value),
    bytesIn(value).join('\n'),
    value instanceof Error ? `${value.message} ${value.stack} ${inspect(value.cause, { depth: 12 })}` : '',
  ].join('\n')
  for (const [name, text] of secrets) if (seen.includes(text)) throw new Error(`${what} holds ${name}.`)
}

/** Every byte array that can be reached from a value, whatever hides it from JSON, in hex. */
function bytesIn(value: unknown, met = new Set<unknown>()): string[] {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || met.has(value))
    return []
  met.add(value)
  if (value instanceof Uint8Array) return [Buffer.from(value).toString('hex')]
  if (value instanceof ArrayBuffer) return [Buffer.from(value).toString('hex')]
  const inner =
    value instanceof Map ? [...value.keys(), ...value.values()] : value instanceof Set ? [...value] : []
  const own = Reflect.ownKeys(value).flatMap((name) => {
    const found = Object.getOwnPropertyDescriptor(value, name)
    return found && 'value' in found ? [found.value as unknown] : []
  })
  return [...inner, ...own].flatMap((one) => bytesIn(one, met))
}

function safeJson(value: unknown): string {
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? inner.toString() : inner)) ?? ''
}

let devnet: Devnet<'ethereum'>
beforeAll(async () => {
  devnet = await startDevnet({ chains: ['ethereum'] })
})
afterAll(() => devnet.stop())

it('G7: the search itself finds each secret in each writing', () => {
  for (const [, text] of secrets) expect(() => search('this', { deep: [{ text }] })).toThrow()
  expect(() => search('bytes', { key: new Uint8Array(leaf.privateKey!) })).toThrow('bytes holds the key')
  expect(() => search('an error', new Error(mnemonic))).toThrow()
})

it('G7: no object, error or log of a full run holds a secret, before and after dispose', async () => {
  const log = vi.spyOn(console, 'log')
  const warn = vi.spyOn(console, 'warn')
  const error = vi.spyOn(console, 'error')
  const sent: unknown[] = []
  const real = globalThis.fetch
  const fetched = vi.spyOn(globalThis, 'fetch').mockImplementation((...args) => {
    sent.push(args)
    return real(...args)
  })
  const signers = [
    softwareSigner({ mnemonic }),
    softwareSigner({ mnemonic, passphrase: 'TREZOR' }),
    xprvSigner({ xprv: root.privateExtendedKey }),
    privateKeySigner({ privateKey: leaf.privateKey! }),
  ]
  for (const signer of signers) {
    const store = memoryStore()
    const chains = [ethereum()]
    const source = cluster({ 'eip155:1': [jsonRpc(devnet.ethereum.url)] })
    const wallet = createWallet({
      chains,
      source,
      signer,
      store,
      policy: { maxFee: { 'eip155:1': 10n ** 16n } },
    })
    const account = await wallet.account('ethereum')
    await devnet.ethereum.fund(account.address, { amount: 10n ** 18n })
    const draft = await account.create({ to: ALICE, amount: '0.1' })
    const signed = await wallet.sign(draft)
    const payment = await wallet.publish(signed)
    const status = await payment.confirmed()
    const message = await wallet.signMessage(account, 'hello')
    const path = account.descriptor.includes('/') ? 'm/44h/60h/0h/0/0' : 'm'
    const key = await signer.publicKey(path)
    const failures = await Promise.all(
      [
        account.create({ to: 'nonsense', amount: '1' }),
        account.create({ to: ALICE, amount: '1000' }),
        account.create({ to: ALICE, amount: 'x' }),
        wallet.sign({ ...draft, payload: `${draft.payload.slice(0, -2)}c1` }),
        signer.sign({ chain: chains[0]!, draft }),
        signer.publicKey('m/nonsense'),
        wallet.account('nonsense' as 'ethereum'),
        wallet.signTypedData(account, { types: {}, primaryType: 'X', domain: {}, message: {} }),
      ].map((promise) =>
        promise.then(
          () => undefined,
          (reason: unknown) => reason,
        ),
      ),
    )
    expect(failures.every((failure) => isCofferError(failure))).toBe(true)
    const rest = await Promise.all((await store.keys()).map(async (name) => [name, await store.get(name)]))
    const everything = { signer, wallet, account, draft, signed, payment, status, message, rest }
    // The chain code of the account's own key is public knowledge to whoever may derive below it; the private key is not.
    search('the public key', { ...key, chainCode: undefined })
    for (const [name, value] of Object.entries(everything)) search(name, value)
    for (const failure of failures) search('an error', failure)
    wallet.dispose()
    for (const [name, value] of Object.entries(everything)) search(`${name} after dispose`, value)
    const late = await signer.publicKey(path).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(late).toMatchObject({ code: 'SIGNER_DISPOSED' })
    search('an error after dispose', late)
  }
  search('what was sent', sent)
  expect(sent.length).toBeGreaterThan(10)
  for (const spy of [log, warn, error]) {
    search('what was logged', spy.mock.calls)
    expect(spy).not.toHaveBeenCalled()
  }
  fetched.mockRestore()
})

it('G7: words that are wrong are not repeated in the error', () => {
  const almost = mnemonic.replace('above', 'abandon')
  for (const text of [almost, `${mnemonic} extra`, mnemonic.replace('doctor', 'doktor')])
    try {
      softwareSigner({ mnemonic: text })
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ code: 'INVALID_MNEMONIC' })
      search('the error', error)
      for (const word of ['letter', 'absurd', 'doktor', 'extra', 'abandon'])
        expect(String(error)).not.toContain(word)
    }
})
