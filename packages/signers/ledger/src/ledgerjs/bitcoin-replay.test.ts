import { bitcoin, decodeTx, parseDescriptor, testnet4 } from '@coffer/bitcoin'
import { isCofferError, memoryStore } from '@coffer/core'
import { hexToBytes } from '@noble/hashes/utils.js'
import { describe, expect, it } from 'vitest'
import { approvedDraft } from '../approved.fixture.ts'
import { ecdsaOfDer } from '../apps/der.ts'
import { deviceError } from '../status.ts'
import { bitcoinClients } from './bitcoin.ts'
import { bitcoinApp, ledgerSigner } from './index.ts'
import { type Recording, recordings, replay } from './replay.fixture.ts'

const all = [...recordings('btc-mainnet-2.4.6.json'), ...recordings('btc-ledger-bitcoin-0.3.1.json')]
const find = (id: string): Recording => all.find((one) => one.id === id)!

/** What is recorded and cannot be asked in the same bytes, with the reason. */
const NOT_OURS: Readonly<Record<string, string>> = {
  'address-44':
    'addresses are derived here and only shown on the device; the library asks for one in silence',
  'address-49': 'as address-44',
  'address-86': 'as address-44',
  'sign-psbt-86':
    'a failure of the other library, hw-app-btc: it sends taproot PSBTs without what the app needs',
  'sign-psbt-86-v0-known': 'a way of hw-app-btc alone: our PSBTs name their derivations',
  'sign-psbt-84-bare-known': 'a way of hw-app-btc alone: our PSBTs name their derivations',
  'sign-psbt-84-no-nonwitness':
    'our PSBTs always bring the previous transaction, so that the device warns of nothing',
  'register-wallet-multisig':
    'of an older version of the library, which did not ask for an address afterwards; register-wallet-multisig-lb031 is replayed',
  'eth-cla-on-btc': 'a command of another app: the signer asks which app is open before it sends any',
  'unknown-ins': 'no such command is ever sent',
}

const chainOf = (recording: Pick<Recording, 'app'>) =>
  recording.app.name === 'Bitcoin' ? bitcoin() : testnet4()

/** The account of a recorded policy, as our descriptor. */
function accountOf(recording: Pick<Recording, 'app'>, template: string, keys: readonly string[]): string {
  const text = keys.reduce(
    (text, key, i) => text.replace(`@${i}/**`, `${key.replaceAll("'", 'h')}/<0;1>/*`),
    template,
  )
  return parseDescriptor(text, chainOf(recording).network).text
}

const hex = (text: string): string => Buffer.from(text).toString('hex')
/** What may be asked beside: the fingerprint, and the extended keys that the recordings name. */
const ASIDE: Record<string, string> = { e105000100: 'f5acc2fd9000' }
const SOME_KEY = /\[f5acc2fd\/(\d+)'\/(\d+)'\/(\d+)'\]([xt]pub\w+)/
for (const { args } of all)
  for (const text of (args as unknown[]).flat()) {
    const [, purpose, coin, account, xpub] = SOME_KEY.exec(String(text)) ?? []
    if (xpub === undefined) continue
    const path = [purpose, coin, account].map((step) => (0x80000000 + Number(step)).toString(16)).join('')
    ASIDE[`e10000010e0003${path}`] = `${hex(xpub)}9000`
  }

const METHODS: Readonly<Record<string, (recording: Recording) => Promise<unknown>>> = {
  getAppAndVersion: async (recording) => {
    const signer = ledgerSigner({ transport: replay(recording).transport, apps: [bitcoinApp()] })
    return { ...(await signer.app()), flags: '00' }
  },
  getMasterFingerprint: async (recording) =>
    (await bitcoinClients.connect(replay(recording).transport)).fingerprint(),
  getWalletXpub: async ({ args: [{ path }], ...recording }) => {
    const { transport, left } = replay(recording, ASIDE)
    const signer = ledgerSigner({ transport, apps: [bitcoinApp()] })
    const key = await signer.publicKey(`m/${path}`)
    expect(left()).toBe(0)
    const chain = chainOf(recording)
    const [, xpub] = /\](xpub\w+)/.exec(chain.describe(key))!
    return xpub
  },
  getExtendedPubkey: async ({ args: [path], ...recording }) =>
    ledgerSigner({ transport: replay(recording, ASIDE).transport, apps: [bitcoinApp()] }).publicKey(path),
  getWalletAddress: (recording) => METHODS['AppClient.getWalletAddress']!(recording),
  'AppClient.getWalletAddress': async ({ args: [template, key, , change, index, show], ...recording }) => {
    const account = accountOf(recording, template, [key])
    const { transport, left } = replay(recording, ASIDE)
    if (show && index === 0) {
      const signer = ledgerSigner({ transport, apps: [bitcoinApp()] })
      return signer.showAddress({ chain: chainOf(recording), account })
    }
    const client = await bitcoinClients.connect(transport)
    const policy = { name: '', template, keys: [key] }
    const address = await client.address({ policy, hmac: undefined, keychain: change, index, show })
    expect(left()).toBe(0)
    return address
  },
  'AppClient.signPsbt': async ({ args: [psbt, template, key], expected, ...recording }) => {
    const chain = chainOf(recording)
    const account = accountOf(recording, template, [key])
    const { transport, left } = replay(recording, ASIDE)
    const signer = ledgerSigner({ transport, apps: [bitcoinApp()] })
    const { raw } = await signer.sign({ chain, draft: await approvedDraft(chain, account, psbt) })
    expect(left()).toBe(0)
    const { inputs } = decodeTx(hexToBytes(raw))
    const signatures = inputs.map(({ witness, scriptSig }) =>
      Buffer.from(witness.length ? witness[0]! : scriptSig.subarray(1, 1 + scriptSig[0]!)).toString('hex'),
    )
    const wanted = (expected.result as [number, { signature: string }][])
      .sort(([a], [b]) => a - b)
      .map(([, { signature }]) => signature)
    expect(signatures).toEqual(wanted)
    return expected.result
  },
  signPsbtBuffer: async ({ args: [psbt, { accountPath }], expected, ...recording }) => {
    const [, purpose] = /^m\/(\d+)'/.exec(accountPath)!
    const key = Object.values(all.flatMap(({ args }) => args.flat())).find((text) =>
      String(text).startsWith(`[f5acc2fd/${purpose}'/0'/0']`),
    ) as string
    const template = { '44': 'pkh(@0/**)', '84': 'wpkh(@0/**)', '86': 'tr(@0/**)' }[purpose!]!
    const account = accountOf(recording, template, [key])
    const { transport, left } = replay(recording, ASIDE)
    const chain = bitcoin()
    const signer = ledgerSigner({ transport, apps: [bitcoinApp()] })
    const { raw } = await signer.sign({ chain, draft: await approvedDraft(chain, account, psbt) })
    expect(left()).toBe(0)
    expect(raw).toBe(expected.result.tx)
    return expected.result
  },
  registerWallet: (recording) => METHODS['AppClient.registerWallet']!(recording),
  'AppClient.registerWallet': async ({ args: [name, template, keys], expected, ...recording }) => {
    const store = memoryStore()
    const { transport, left } = replay(recording, ASIDE)
    const signer = ledgerSigner({ transport, apps: [bitcoinApp({ store })] })
    const account = accountOf(recording, template, keys)
    await signer.registerAccount({ chain: bitcoin(), account, name })
    expect(left()).toBe(0)
    const [key] = await store.keys('ledger/')
    const { hmac } = JSON.parse((await store.get(key!))!) as { hmac: string }
    expect(hmac).toBe(expected.result[1])
    return expected.result
  },
  signMessage: async ({ args: [, message], expected, ...recording }) => {
    const key = find('wallet-address-display-84').args[1] as string
    const account = accountOf(recording, 'wpkh(@0/**)', [key])
    const { transport, left } = replay(recording, ASIDE)
    const signer = ledgerSigner({ transport, apps: [bitcoinApp()] })
    const signature = await signer.signMessage!({ chain: bitcoin(), account, message: hexToBytes(message) })
    expect(left()).toBe(0)
    const { r, s } = expected.result
    expect(Buffer.from(signature, 'base64').subarray(1).toString('hex')).toBe(r + s)
    return expected.result
  },
}

const ERRORS: Readonly<Record<string, string>> = {
  'wallet-address-rejected-lb031': 'SIGNER_REFUSED',
  'sign-psbt-84-rejected': 'SIGNER_REFUSED',
  'xpub-nonstandard': 'INVALID_PATH',
}

describe('recordings of the Bitcoin app 2.4.6', () => {
  for (const recording of all) {
    const { id, method, expected, description } = recording
    if (id in NOT_OURS) continue
    it(`${id}: ${description}`, async () => {
      const run = METHODS[method]!(recording)
      if (!expected.error) return expect(await run).toEqual(expected.result)
      const error: unknown = await run.catch((error: unknown) => error)
      expect(isCofferError(error) ? error.code : error).toBe(ERRORS[id])
    })
  }

  it('reads DER, and refuses what is none', () => {
    expect(() => ecdsaOfDer(Uint8Array.of(0x30, 2, 1, 1))).toThrow('not a signature')
    expect(deviceError(Object.assign(new Error(), { statusCode: 0x1234 }), { app: 'Bitcoin' })).toMatchObject(
      {
        code: 'DEVICE_FAILED',
        details: { statusWord: '0x1234' },
      },
    )
  })
})
