import { formatWif, normaliseXprv, parseWif, regtestNetwork } from '@coffer/bitcoin'
import { type CofferError, hdFromSeed, hdSecret, isCofferError, nobleEngine } from '@coffer/core'
import { type Devnet, startDevnet } from '@coffer/devnet'
import {
  checkMnemonic,
  generateMnemonic,
  mnemonicToSeed,
  privateKeySigner,
  softwareSigner,
  xprvSigner,
} from '@coffer/signer-software'
import { HDKey } from '@scure/bip32'
import { mnemonicToSeedSync } from '@scure/bip39'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { CHAINS, type LiveChain, live, reason } from './secrets/chains.fixture.ts'
import { keySecrets, type Secret, searchFor, secretsOf, testnetXprv } from './secrets/search.fixture.ts'

// What the search can find is shown in secrets/search.test.ts; that bytes are wiped, in secrets/buffers.test.ts.

const mnemonic = 'ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic'
const passphrase = 'correct horse'
const key = new Uint8Array(32).map((_, i) => (i * 73 + 201) % 256)

const PATHS: Record<LiveChain, readonly string[]> = {
  ethereum: ['m/44h/60h/0h/0/0'],
  regtest: ['44h', '49h', '84h', '86h']
    .flatMap((purpose) => [`m/${purpose}/1h/0h/0/0`, `m/${purpose}/1h/0h/1/0`])
    .concat('m/48h/1h/0h/2h/0/0'),
  'tron-devnet': ['m/44h/1h/0h/0/0', 'm/44h/1h/0h/0/1'],
}
const ALL = Object.values(PATHS).flat()
/** Trees of their own, since each life leaves its account behind it. */
const rootOf = (passphrase: string): HDKey => HDKey.fromMasterSeed(mnemonicToSeedSync(mnemonic, passphrase))
const root = rootOf('')

/** Each kind of signer, with all that it must keep to itself. */
const SIGNERS = {
  words: () => ({ signer: softwareSigner({ mnemonic }), secrets: secretsOf(mnemonic, { paths: ALL }) }),
  'words and a passphrase': () => ({
    signer: softwareSigner({ mnemonic, passphrase }),
    secrets: secretsOf(mnemonic, { passphrase, paths: ALL }),
  }),
  xprv: () => ({
    signer: xprvSigner({ xprv: rootOf('of the xprv').privateExtendedKey! }),
    secrets: secretsOf(mnemonic, { passphrase: 'of the xprv', paths: ALL }),
  }),
  tprv: () => ({
    signer: xprvSigner({ xprv: testnetXprv(rootOf('of the tprv')), testnet: true }),
    secrets: secretsOf(mnemonic, { passphrase: 'of the tprv', paths: ALL }),
  }),
  'a private key': () => ({
    signer: privateKeySigner({ privateKey: key }),
    secrets: keySecrets('the key', key),
  }),
}

let devnet: Devnet<'ethereum' | 'bitcoin' | 'tron'>
beforeAll(async () => {
  devnet = await startDevnet({ chains: ['ethereum', 'bitcoin', 'tron'] })
})
afterAll(() => devnet?.stop())
afterEach(() => void vi.restoreAllMocks())

/** Everything that is written or sent from here on. */
function listen(): { readonly said: unknown[][]; readonly sent: unknown[][] } {
  const said: unknown[][] = []
  const sent: unknown[][] = []
  for (const name of ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir', 'table'] as const)
    vi.spyOn(console, name).mockImplementation((...args: unknown[]) => void said.push(args))
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((...args: unknown[]) => said.push(args) > 0)
  vi.spyOn(process, 'emitWarning').mockImplementation((...args: unknown[]) => void said.push(args))
  const real = globalThis.fetch
  vi.spyOn(globalThis, 'fetch').mockImplementation((...args) => {
    sent.push(args)
    return real(...args)
  })
  return { said, sent }
}

/** What regular expressions keep of the last text that they met, for all to read. */
const lastMatch = (): string =>
  JSON.stringify(['$_', '$&', '$`', "$'", '$+', '$1', '$2'].map((name) => Reflect.get(RegExp, name)))

function expectNone(secrets: readonly Secret[], things: Readonly<Record<string, unknown>>): void {
  for (const [name, thing] of Object.entries(things))
    expect(searchFor(secrets, thing), `what ${name} holds`).toEqual([])
}

describe.each(CHAINS)('G7: a full life on %s', (chain) => {
  it.each(Object.keys(SIGNERS) as (keyof typeof SIGNERS)[])('of %s shows no secret', async (kind) => {
    const { said, sent } = listen()
    const { signer, secrets } = SIGNERS[kind]()
    expectNone(secrets, { 'the signer before use': signer })
    const { objects, failures, dispose } = await live(devnet, chain, signer)
    expectNone(secrets, withoutChainCodes(objects))
    expect(failures.length).toBeGreaterThan(10)
    failures.forEach((failure, i) => {
      expect(isCofferError(failure), `failure ${i} is an error`).toBe(true)
      expectNone(secrets, { [`failure ${i}, ${(failure as CofferError).code},`]: failure })
    })
    dispose()
    const late = await Promise.all([
      reason(signer.publicKey('m')),
      reason(signer.signMessage!({ chain: {} as never, account: '', message: 'x' })),
    ])
    for (const error of late) expect(error).toMatchObject({ code: 'SIGNER_DISPOSED' })
    expectNone(secrets, { ...withoutChainCodes(objects), 'an error after dispose': late })
    expect(sent.length).toBeGreaterThan(3)
    expectNone(secrets, { 'what was sent': sent, 'what was said': said })
    expect(said).toEqual([])
  })
})

/** The chain code of the account's own key is public to whoever may derive below it; the private key is not. */
function withoutChainCodes(objects: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(objects).map(([name, value]) => [
      name,
      name.startsWith('the public key') ? { ...(value as object), chainCode: undefined } : value,
    ]),
  )
}

describe('G7: what is wrong is not repeated', () => {
  it('not the words', () => {
    const almost = mnemonic.replace('picnic', 'abandon')
    for (const text of [almost, `${mnemonic} extra`, mnemonic.replace('grace', 'grase')]) {
      const error = caught(() => softwareSigner({ mnemonic: text }))
      expect(error).toMatchObject({ code: 'INVALID_MNEMONIC' })
      expect(searchFor(secretsOf(mnemonic, { paths: ['m'] }), error)).toEqual([])
      for (const word of ['ozone', 'curtain', 'grase', 'pudding', 'abandon'])
        expect(String(error)).not.toContain(word)
    }
  })

  it('not a key in any form', () => {
    const hex = Buffer.from(key).toString('hex')
    const xprv = root.privateExtendedKey!
    const secrets = [...keySecrets('the key', key), ...secretsOf(mnemonic, { paths: ['m'] })]
    for (const make of [
      () => privateKeySigner({ privateKey: `${hex}00` }),
      () => privateKeySigner({ privateKey: `${hex.slice(0, -1)}g` }),
      () => privateKeySigner({ privateKey: `0X${hex}` }),
      () => xprvSigner({ xprv: `${xprv.slice(0, -1)}1` }),
      () => xprvSigner({ xprv, testnet: true }),
      () => xprvSigner({ xprv, origin: { fingerprint: '00000000', path: 'm/1' } }),
    ]) {
      const error = caught(make)
      expect(error).toMatchObject({ code: 'INVALID_KEY' })
      expectNone(secrets, { 'the error': error })
    }
  })

  it('nor does a regular expression keep it, where the whole program could read it', async () => {
    const hex = Buffer.from(key).toString('hex')
    const xprv = root.privateExtendedKey!
    const secrets = [...keySecrets('the key', key), ...secretsOf(mnemonic, { passphrase, paths: ['m'] })]
    const makers: (() => unknown)[] = [
      () => softwareSigner({ mnemonic, passphrase }),
      () => softwareSigner({ mnemonic, passphrase }).publicKey('m/1h'),
      () => softwareSigner({ mnemonic: `${mnemonic} x` }),
      () => checkMnemonic(` ${mnemonic.toUpperCase()}\n`),
      () => mnemonicToSeed(mnemonic, { passphrase }),
      () => privateKeySigner({ privateKey: `0x${hex}` }),
      () => privateKeySigner({ privateKey: `${hex}00` }),
      () => xprvSigner({ xprv }),
      () => xprvSigner({ xprv, testnet: true }),
      () => parseWif(formatWif({ secret: key }, regtestNetwork), regtestNetwork),
      () => normaliseXprv(xprv),
    ]
    for (const make of makers) {
      ;/^/.test('')
      let made: unknown
      try {
        made = make()
      } catch {
        // Refused, after it was read.
      }
      const atOnce = lastMatch()
      await Promise.resolve(made).catch(() => {})
      expectNone(secrets, { [`the last match of ${make}`]: [atOnce, lastMatch()] })
    }
    for (const words of [12, 24] as const) {
      ;/^/.test('')
      const made = generateMnemonic({ words })
      const atOnce = lastMatch()
      expect(atOnce).not.toContain(made.split(' ')[0])
    }
    // The search would see it.
    ;/./.test(mnemonic)
    expect(searchFor(secrets, lastMatch())).toContain('the words')
  })

  it('and a node of the tree shows its public side alone', async () => {
    const node = hdFromSeed(await mnemonicToSeed(mnemonic), nobleEngine)
    const { chainCode, ...rest } = node
    expect(hdSecret(node)).toEqual(root.privateKey)
    expect(chainCode).toEqual(root.chainCode)
    expectNone(secretsOf(mnemonic, { paths: ['m'] }), { 'the node': rest })
  })
})

function caught(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
