// One file: each rule is tried on every kind of software signer, and they are made here once.
import { inspect } from 'node:util'
import {
  type ApprovedDraft,
  type Bulk,
  createBulk,
  createWallet,
  type Engine,
  fingerprintOf,
  hdDerive,
  hdFromSeed,
  hdToXprv,
  type KeyRing,
  type Keys,
  nobleEngine,
  type Signer,
} from '@coffer/core'
import { tinyEngine } from '@coffer/core/engines/tiny'
import { approvedKeyChainDraft, keyChain, keyChainDraft, signerConformance } from '@coffer/core/testing'
import * as tiny from 'tiny-secp256k1'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { fromHex, toHex } from './hex.fixture.ts'
import {
  exportPrivateKey,
  mnemonicToSeed,
  privateKeySigner,
  seedSigner,
  softwareSigner,
  xprvSigner,
} from './index.ts'

const MNEMONIC = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
const PASSPHRASE = 'correct horse'
const SEED = await mnemonicToSeed(MNEMONIC, { passphrase: PASSPHRASE })
const ROOT = hdFromSeed(SEED, nobleEngine)
const ACCOUNT = 'm/44h/1h/0h'
const KEY = 'c9'.repeat(32)

const chain = keyChain(nobleEngine)
const factories: Record<string, (engine?: Engine) => Signer> = {
  softwareSigner: (engine) => softwareSigner({ mnemonic: MNEMONIC, passphrase: PASSPHRASE, engine }),
  seedSigner: (engine) => seedSigner({ seed: SEED, engine }),
  xprvSigner: (engine) => xprvSigner({ xprv: hdToXprv(ROOT), engine }),
  'xprvSigner of an account': (engine) =>
    xprvSigner({
      xprv: hdToXprv(hdDerive(ROOT, ACCOUNT)),
      origin: { fingerprint: ROOT.fingerprint, path: ACCOUNT },
      engine,
    }),
  privateKeySigner: (engine) => privateKeySigner({ privateKey: KEY, engine }),
}
const pathsOf = (name: string) =>
  name === 'privateKeySigner' ? ['m'] : [`${ACCOUNT}/0/0`, `${ACCOUNT}/0/1`, `${ACCOUNT}/1h`]

for (const engine of [nobleEngine, tinyEngine(tiny)])
  for (const [name, make] of Object.entries(factories))
    signerConformance(
      { describe, it },
      {
        name: `${name} over ${engine.name}`,
        make: () => make(engine),
        chain,
        paths: pathsOf(name),
        draft: (key) => keyChainDraft(key),
        address: ({ publicKey }) => toHex(publicKey),
        typedData: { hello: 'world' },
      },
    )

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('the four factories', () => {
  it('make the same keys from the same tree', async () => {
    const keys = await Promise.all(
      ['softwareSigner', 'seedSigner', 'xprvSigner', 'xprvSigner of an account'].map((name) =>
        factories[name]!().publicKey(`${ACCOUNT}/0/5`),
      ),
    )
    const { publicKey, chainCode } = hdDerive(ROOT, `${ACCOUNT}/0/5`)
    const parentFingerprint = hdDerive(ROOT, `${ACCOUNT}/0`).fingerprint
    const { fingerprint } = ROOT
    for (const key of keys)
      expect(key).toEqual({ publicKey, chainCode, fingerprint, parentFingerprint, path: `${ACCOUNT}/0/5` })
    expect(await factories['seedSigner']!().publicKey('m')).not.toHaveProperty('parentFingerprint')
  })

  it('check what they are given at once, and say what is wrong without repeating it', () => {
    const wrong: [() => unknown, string, string][] = [
      [() => softwareSigner({ mnemonic: MNEMONIC.replace('winner', 'winer') }), 'INVALID_MNEMONIC', 'winer'],
      [() => softwareSigner({ mnemonic: MNEMONIC, passphrase: 'secret\ud800' }), 'INVALID_REQUEST', 'secret'],
      [() => seedSigner({ seed: new Uint8Array(15).fill(7) }), 'INVALID_KEY', '7,7'],
      [() => seedSigner({ seed: 'abcdabcdabcdabcd' as unknown as Uint8Array }), 'INVALID_KEY', 'abcd'],
      [
        () => xprvSigner({ xprv: `${hdToXprv(ROOT).slice(0, -1)}1` }),
        'INVALID_KEY',
        hdToXprv(ROOT).slice(20, 40),
      ],
      [() => privateKeySigner({ privateKey: `${KEY}c9` }), 'INVALID_KEY', 'c9c9'],
      [() => privateKeySigner({ privateKey: 'zz'.repeat(32) }), 'INVALID_KEY', 'zz'],
      [() => privateKeySigner({ privateKey: new Uint8Array(32) }), 'INVALID_KEY', '0, 0'],
      [() => privateKeySigner({ privateKey: 'ff'.repeat(32) }), 'INVALID_KEY', 'ffff'],
      [() => privateKeySigner({ privateKey: new Uint8Array(31).fill(1) }), 'INVALID_KEY', '1, 1'],
      [() => privateKeySigner({ privateKey: 7 as unknown as string }), 'INVALID_KEY', ': 7'],
    ]
    for (const [make, code, secret] of wrong) {
      const error = caught(make)
      expect(error).toMatchObject({ code })
      expect(JSON.stringify(error) + inspect(error, { depth: 10 }).replace(/^\s+at .*$/gm, '')).not.toContain(
        secret,
      )
    }
  })

  it('privateKeySigner takes bytes, hex and 0x-hex alike, and copies the bytes', async () => {
    const bytes = fromHex(KEY)
    const signers = [bytes, KEY, `0x${KEY}`, KEY.toUpperCase()].map((privateKey) =>
      privateKeySigner({ privateKey }),
    )
    bytes.fill(0)
    const publicKey = nobleEngine.publicKey(fromHex(KEY))
    for (const signer of signers)
      expect(await signer.publicKey('m')).toEqual({
        publicKey,
        fingerprint: fingerprintOf(publicKey),
        path: 'm',
      })
  })

  it('seedSigner copies the seed', async () => {
    const seed = SEED.slice()
    const signer = seedSigner({ seed })
    seed.fill(0)
    expect((await signer.publicKey('m')).fingerprint).toBe(ROOT.fingerprint)
  })

  it('xprvSigner wants the origin of a key that is not the root, and holds the key to it', async () => {
    const xprv = hdToXprv(hdDerive(ROOT, ACCOUNT))
    const { fingerprint } = ROOT
    const hint = (options: Parameters<typeof xprvSigner>[0]) => String(caught(() => xprvSigner(options)))
    expect(hint({ xprv })).toContain('3 levels below its root')
    expect(hint({ xprv, origin: { fingerprint, path: 'm/44h/1h' } })).toContain('its origin has 2')
    expect(hint({ xprv, origin: { fingerprint, path: 'm/44h/1h/1h' } })).toContain(
      'The last step of the origin',
    )
    expect(hint({ xprv, origin: { fingerprint: 'D34DB33F', path: ACCOUNT } })).toContain(
      'eight lower-case hex digits',
    )
    expect(hint({ xprv: hdToXprv(ROOT), origin: { fingerprint: 'd34db33f', path: 'm' } })).toContain(
      'not that of the root',
    )
    const child = hdToXprv(hdDerive(ROOT, 'm/44h'))
    expect(hint({ xprv: child, origin: { fingerprint: 'd34db33f', path: 'm/44h' } })).toContain(
      'not that of the root',
    )
    expect(hint({ xprv: child, origin: { fingerprint, path: '44h' } })).toContain('is not a key path')
    for (const path of ['m', 'm/44h/1h', 'm/44h/1h/1h/0/0', "m/84'/1'/0'/0/0"]) {
      const signer = xprvSigner({ xprv, origin: { fingerprint, path: ACCOUNT } })
      await expect(signer.publicKey(path)).rejects.toMatchObject({ code: 'INVALID_PATH' })
    }
    const signer = xprvSigner({ xprv, origin: { fingerprint, path: "m/44'/1'/0'" } })
    expect((await signer.publicKey(ACCOUNT)).publicKey).toEqual(hdDerive(ROOT, ACCOUNT).publicKey)
    expect(xprvSigner({ xprv: child, origin: { fingerprint, path: 'm/44h' } }).keys).toBe('hd')
  })

  it('xprvSigner takes keys of test networks when asked', async () => {
    const xprv = hdToXprv(ROOT, { testnet: true })
    expect(caught(() => xprvSigner({ xprv }))).toMatchObject({ code: 'INVALID_KEY' })
    expect((await xprvSigner({ xprv, testnet: true }).publicKey('m')).publicKey).toEqual(ROOT.publicKey)
  })

  it('keep more addresses than they remember apart', async () => {
    const signer = seedSigner({ seed: SEED, engine: tinyEngine(tiny) })
    const paths = Array.from({ length: 2100 }, (_, i) => `m/44h/1h/${i % 20}h/0/${i}`)
    const first = await Promise.all(paths.map((path) => signer.publicKey(path)))
    const some = paths.slice(0, 100)
    expect(await Promise.all(some.map((path) => signer.publicKey(path)))).toEqual(first.slice(0, 100))
    expect(first[77]!.publicKey).toEqual(hdDerive(ROOT, paths[77]!).publicKey)
  })

  it('serve a wallet', async () => {
    const wallet = createWallet({ chains: [chain], signer: softwareSigner({ mnemonic: MNEMONIC }) })
    const key = await softwareSigner({ mnemonic: MNEMONIC }).publicKey(chain.path(0))
    const signed = await wallet.sign(keyChainDraft(key))
    chain.checkSigned(signed)
    const message = await wallet.signMessage({ chain: chain.id, descriptor: chain.describe(key) }, 'hello')
    expect(
      chain.verifyMessage!({ address: toHex(key.publicKey), message: 'hello', signature: message }),
    ).toBe(true)
    wallet.dispose()
    await expect(wallet.sign(keyChainDraft(key))).rejects.toMatchObject({
      code: 'SIGNER_DISPOSED',
    })
  })
})

/** The keys of a path as a chain gets them. */
async function keysOf(signer: Signer, path: string, bulk?: Bulk): Promise<Required<Keys>> {
  let keys: Keys | undefined
  const asking = {
    ...chain,
    signMessage: async (_: unknown, ring: KeyRing) => {
      keys = await ring(path, bulk)
      return ''
    },
  }
  await signer.signMessage!({ chain: asking, account: '', message: '' })
  return keys as Required<Keys>
}

describe('Keys', () => {
  const path = `${ACCOUNT}/0/0`
  const hash = new Uint8Array(32).fill(9)

  it('G5: sign as RFC 6979, low in s, the same each time', async () => {
    const { ecdsa, publicKey } = await keysOf(seedSigner({ seed: SEED }), path)
    const key = hdDerive(ROOT, path)
    expect(publicKey).toEqual(key.publicKey)
    const secret = await exportPrivateKey(seedSigner({ seed: SEED }), path, { yesExportTheKey: true })
    const signed = await ecdsa(hash)
    expect(signed).toEqual(nobleEngine.ecdsaSign(hash, secret))
    expect(await ecdsa(hash)).toEqual(signed)
    expect(nobleEngine.ecdsaVerify(signed.signature, hash, publicKey, signed.recovery)).toBe(true)
  })

  const faults: [string, (engine: Engine) => Partial<Engine>][] = [
    ['a bit of r flips', (engine) => ({ ecdsaSign: (...args) => bend(engine.ecdsaSign(...args), 3) })],
    ['a bit of s flips', (engine) => ({ ecdsaSign: (...args) => bend(engine.ecdsaSign(...args), 63) })],
    [
      'the recovery bit is wrong',
      (engine) => ({
        ecdsaSign: (...args) => {
          const { signature, recovery } = engine.ecdsaSign(...args)
          return { signature, recovery: 1 - recovery }
        },
      }),
    ],
    [
      's is high',
      (engine) => ({
        ecdsaSign: (...args) => {
          const { signature, recovery } = engine.ecdsaSign(...args)
          const high = Uint8Array.of(
            ...signature.subarray(0, 32),
            ...engine.secretNegate(signature.slice(32)),
          )
          return { signature: high, recovery: 1 - recovery }
        },
      }),
    ],
    [
      'another hash is signed',
      (engine) => ({ ecdsaSign: (_, secret) => engine.ecdsaSign(new Uint8Array(32).fill(1), secret) }),
    ],
    [
      'another key signs',
      (engine) => ({ ecdsaSign: (hash) => engine.ecdsaSign(hash, new Uint8Array(32).fill(1)) }),
    ],
  ]
  describe.each([nobleEngine, tinyEngine(tiny)])('G5: over $name', (engine) => {
    it.each(faults)('throw SIGNATURE_WRONG when %s', async (_, fault) => {
      const signer = seedSigner({ seed: SEED, engine: { ...engine, ...fault(engine) } })
      const { ecdsa } = await keysOf(signer, path)
      expect(() => ecdsa(hash)).toThrow(expect.objectContaining({ code: 'SIGNATURE_WRONG' }))
      const key = await signer.publicKey(path)
      await expect(signer.sign({ chain, draft: await approvedKeyChainDraft(key) })).rejects.toMatchObject({
        code: 'SIGNATURE_WRONG',
      })
    })

    it('throw SIGNATURE_WRONG when a Schnorr signature is wrong, with and without tweak', async () => {
      const broken: Partial<Engine>[] = [
        { schnorrSign: (...args) => bytesBent(engine.schnorrSign(...args), 5) },
        { schnorrSign: (hash, _, aux) => engine.schnorrSign(hash, new Uint8Array(32).fill(1), aux) },
        { secretNegate: (secret) => secret.slice(), secretAdd: (secret) => secret.slice() },
      ]
      for (const change of broken) {
        const { schnorr } = await keysOf(
          privateKeySigner({ privateKey: KEY, engine: { ...engine, ...change } }),
          'm',
        )
        const tweak = new Uint8Array(32).fill(3)
        expect(() => schnorr(hash, { tweak })).toThrow(expect.objectContaining({ code: 'SIGNATURE_WRONG' }))
        if (change.schnorrSign)
          expect(() => schnorr(hash)).toThrow(expect.objectContaining({ code: 'SIGNATURE_WRONG' }))
      }
    })

    it('sign for taproot as BIP-341, for keys of either parity', async () => {
      // https://github.com/bitcoin/bips/blob/master/bip-0341/wallet-test-vectors.json, keyPathSpending, input 0
      const internal = '6b973d88838f27366ed61c9ad6367663045cb456e28335c109e30717ae0c6baa'
      const { schnorr, publicKey } = await keysOf(privateKeySigner({ privateKey: internal, engine }), 'm')
      expect(toHex(publicKey.slice(1))).toBe(
        'd6889cb081036e0faefa3a35157ad71086b123b2b144b649798b494c300a961d',
      )
      const tweak = fromHex('b86e7be8f39bab32a6f2c0443abbc210f0edac0e2c53d501b36b64437d9c6c70')
      const output = fromHex('53a1f6e454df1aa2776a2814a721372d6258050de330b3c6d10ee8f4e0dda343')
      expect(engine.schnorrVerify(await schnorr(hash, { tweak }), hash, output)).toBe(true)
      expect(engine.schnorrVerify(await schnorr(hash), hash, publicKey.slice(1))).toBe(true)

      const parities = new Set<number>()
      for (let i = 1; i <= 8; i++) {
        const keys = await keysOf(
          privateKeySigner({ privateKey: i.toString(16).padStart(64, '0'), engine }),
          'm',
        )
        parities.add(keys.publicKey[0]!)
        const out = nobleEngine.publicAdd(Uint8Array.of(2, ...keys.publicKey.slice(1)), tweak)!
        expect(nobleEngine.schnorrVerify(await keys.schnorr(hash, { tweak }), hash, out.slice(1))).toBe(true)
      }
      expect(parities).toEqual(new Set([2, 3]))
    })
  })

  describe.each([nobleEngine, tinyEngine(tiny)])('in bulk, over $name', (engine) => {
    const tweak = new Uint8Array(32).fill(3)
    const hashes = Array.from({ length: 80 }, (_, i) => new Uint8Array(32).fill(i + 1))

    it('sign the same as one at a time', async () => {
      const signer = seedSigner({ seed: SEED, engine })
      const bulk = createBulk()
      const sign = (at: number, bulk?: Bulk) =>
        keysOf(signer, `${ACCOUNT}/0/${at % 30}`, bulk).then((keys) => keys.ecdsa(hashes[at]!))
      const together = await Promise.all(hashes.map((_, i) => sign(i, bulk)))
      for (const i of [0, 29, 30, 63, 64, 79]) expect(together[i]).toEqual(await sign(i))
      const keys = await keysOf(signer, path, bulk)
      const signatures = await Promise.all(hashes.map((hash) => keys.schnorr(hash, { tweak })))
      const output = engine.publicAdd(Uint8Array.of(2, ...keys.publicKey.subarray(1)), tweak)!
      signatures.forEach((signature, i) => {
        expect(engine.schnorrVerify(signature, hashes[i]!, output.subarray(1))).toBe(true)
      })
    })

    it.each(faults)('G5: throw SIGNATURE_WRONG when %s, and only there', async (_, fault) => {
      const bent = fault(engine)
      let calls = 0
      const once: Engine = {
        ...engine,
        ecdsaSign: (...args) => (++calls === 5 ? bent.ecdsaSign!(...args) : engine.ecdsaSign(...args)),
      }
      const { ecdsa } = await keysOf(seedSigner({ seed: SEED, engine: once }), path, createBulk())
      const results = await Promise.allSettled(hashes.slice(0, 9).map((hash) => ecdsa(hash)))
      expect(results.map(({ status }) => status)).toEqual(
        results.map((_, i) => (i === 4 ? 'rejected' : 'fulfilled')),
      )
      expect(results[4]).toMatchObject({ reason: { code: 'SIGNATURE_WRONG' } })
    })

    it('G5: throw SIGNATURE_WRONG for Schnorr too', async () => {
      const bent: Engine = { ...engine, schnorrSign: (...args) => bytesBent(engine.schnorrSign(...args), 40) }
      const { schnorr } = await keysOf(seedSigner({ seed: SEED, engine: bent }), path, createBulk())
      await expect(schnorr(hashes[0]!)).rejects.toMatchObject({ code: 'SIGNATURE_WRONG' })
      await expect(schnorr(hashes[0]!, { tweak })).rejects.toMatchObject({ code: 'SIGNATURE_WRONG' })
    })

    it('G5: believe no verdict but that of their own library', async () => {
      const bent: Engine = { ...engine, ecdsaSign: (...args) => bend(engine.ecdsaSign(...args), 3) }
      const signer = seedSigner({ seed: SEED, engine: bent })
      for (const bulk of [
        { verify: async () => true, verified: () => 1 },
        { ...createBulk(), verify: async () => true },
      ]) {
        const { ecdsa } = await keysOf(signer, path, bulk)
        expect(() => ecdsa(hash)).toThrow(expect.objectContaining({ code: 'SIGNATURE_WRONG' }))
      }
    })
  })

  it('draw fresh randomness for Schnorr, and refuse to go without', async () => {
    const { schnorr } = await keysOf(privateKeySigner({ privateKey: KEY }), 'm')
    expect(await schnorr(hash)).not.toEqual(await schnorr(hash))
    vi.stubGlobal('crypto', undefined)
    expect(() => schnorr(hash)).toThrow(expect.objectContaining({ code: 'NO_RANDOMNESS' }))
    vi.stubGlobal('crypto', { getRandomValues: () => {} })
    expect(() => schnorr(hash)).toThrow(expect.objectContaining({ code: 'WEAK_RANDOMNESS' }))
  })

  it('refuse hashes and tweaks that are none', async () => {
    const { ecdsa, schnorr } = await keysOf(privateKeySigner({ privateKey: KEY }), 'm')
    for (const wrong of [
      new Uint8Array(31),
      new Uint8Array(33),
      undefined,
      '00'.repeat(32),
    ] as Uint8Array[]) {
      expect(() => ecdsa(wrong)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
      expect(() => schnorr(wrong)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
    }
    expect(() => schnorr(hash, { tweak: new Uint8Array(31) })).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    )
    expect(() => schnorr(hash, { tweak: new Uint8Array(32).fill(255) })).toThrow(
      expect.objectContaining({ code: 'INVALID_KEY' }),
    )
  })

  it('go on when the signer has forgotten their key in between, and end when it is disposed', async () => {
    const { engine, seen } = spy(tinyEngine(tiny))
    const signer = seedSigner({ seed: SEED, engine })
    const { ecdsa, schnorr } = await keysOf(signer, path)
    const before = await ecdsa(hash)
    const again = async () => {
      const from = seen.length
      expect(await ecdsa(hash)).toEqual(before)
      return seen.length - from
    }
    const remembered = await again()
    expect(await again()).toBe(remembered)
    for (let i = 0; i < 2050; i++) await signer.publicKey(`m/${i}`)
    expect(await again()).toBeGreaterThan(remembered)
    expect(await again()).toBe(remembered)
    signer.dispose()
    expect(() => ecdsa(hash)).toThrow(expect.objectContaining({ code: 'SIGNER_DISPOSED' }))
    expect(() => schnorr(hash)).toThrow(expect.objectContaining({ code: 'SIGNER_DISPOSED' }))
  })

  it('go on where WebCrypto is missing', async () => {
    vi.stubGlobal('crypto', { getRandomValues: globalThis.crypto.getRandomValues.bind(globalThis.crypto) })
    const signer = softwareSigner({ mnemonic: MNEMONIC, passphrase: PASSPHRASE })
    expect((await signer.publicKey('m')).publicKey).toEqual(ROOT.publicKey)
  })
})

describe('exportPrivateKey', () => {
  it('gives a copy of the key, to whoever says so in as many words', async () => {
    const signer = softwareSigner({ mnemonic: MNEMONIC, passphrase: PASSPHRASE })
    const path = `${ACCOUNT}/0/0`
    const key = await exportPrivateKey(signer, path, { yesExportTheKey: true })
    expect(nobleEngine.publicKey(key)).toEqual(hdDerive(ROOT, path).publicKey)
    key.fill(0)
    expect(toHex(await exportPrivateKey(signer, path, { yesExportTheKey: true }))).not.toBe('00'.repeat(32))
    for (const no of [undefined, {}, { yesExportTheKey: false }, { yesExportTheKey: 1 }, true])
      await expect(exportPrivateKey(signer, path, no as { yesExportTheKey: true })).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
      })
    const copy = { ...signer }
    await expect(exportPrivateKey(copy, path, { yesExportTheKey: true })).rejects.toThrow(
      'Only a software signer',
    )
    await expect(exportPrivateKey(signer, 'nonsense', { yesExportTheKey: true })).rejects.toMatchObject({
      code: 'INVALID_PATH',
    })
    signer.dispose()
    await expect(exportPrivateKey(signer, path, { yesExportTheKey: true })).rejects.toMatchObject({
      code: 'SIGNER_DISPOSED',
    })
  })

  it('exports the key of a single-key signer at m', async () => {
    const signer = privateKeySigner({ privateKey: KEY })
    expect(toHex(await exportPrivateKey(signer, 'm', { yesExportTheKey: true }))).toBe(KEY)
  })
})

describe('G7: secrets', () => {
  const secrets = async (): Promise<string[]> => {
    const root = await exportPrivateKey(seedSigner({ seed: SEED }), 'm', { yesExportTheKey: true })
    const leaf = await exportPrivateKey(seedSigner({ seed: SEED }), `${ACCOUNT}/0/0`, {
      yesExportTheKey: true,
    })
    const forms = [root, leaf, SEED, fromHex(KEY)].flatMap((bytes) => [
      toHex(bytes),
      Buffer.from(bytes).toString('base64'),
      bytes.join(','),
      bytes.join(', '),
      JSON.stringify(Array.from(bytes)).slice(1, -1),
      Array.from(bytes, (byte, i) => `"${i}":${byte}`).join(','),
      BigInt(`0x${toHex(bytes)}`).toString(),
    ])
    return [...forms, hdToXprv(ROOT), 'sausage', PASSPHRASE, MNEMONIC]
  }

  it.each(Object.entries(factories))('%s shows none, whole or used', async (name, make) => {
    const signer = make()
    const path = pathsOf(name)[0]!
    const shown: string[] = []
    const look = (value: unknown) =>
      shown.push(
        JSON.stringify(value),
        inspect(value, {
          depth: 10,
          showHidden: true,
          maxArrayLength: null,
          maxStringLength: null,
          getters: true,
        }),
        Object.getOwnPropertyNames(value).join(),
        String(value),
      )
    look(signer)
    const key = await signer.publicKey(path)
    const draft = await approvedKeyChainDraft(key)
    look(await signer.sign({ chain, draft }))
    look(await keysOf(signer, path))
    look(signer)
    for (const wrong of [
      () => signer.publicKey('m/x'),
      () => signer.sign({ chain, draft: { ...draft } as ApprovedDraft }),
    ])
      look(await wrong().catch((error: unknown) => error))
    signer.dispose()
    look(signer)
    look(await signer.publicKey(path).catch((error: unknown) => error))
    for (const secret of await secrets()) expect(shown.join('\n')).not.toContain(secret)
    expect(Object.getOwnPropertyNames(signer).sort()).toEqual(
      ['cosign', 'dispose', 'keys', 'name', 'publicKey', 'sign', 'signMessage', 'signTypedData'].sort(),
    )
    expect(Object.isFrozen(signer)).toBe(true)
  })

  it.each(Object.entries(factories))('%s leaves only zeros after dispose', async (name, make) => {
    const { engine, seen } = spy(nobleEngine)
    const signer = make(engine)
    for (const path of pathsOf(name)) {
      const key = await signer.publicKey(path)
      await signer.sign({ chain, draft: await approvedKeyChainDraft(key) })
      const { schnorr } = await keysOf(signer, path)
      await schnorr(new Uint8Array(32).fill(1))
      await schnorr(new Uint8Array(32).fill(1), { tweak: new Uint8Array(32).fill(2) })
    }
    if (signer.keys === 'hd') for (let i = 0; i < 80; i++) await signer.publicKey(`${ACCOUNT}/${i % 12}/${i}`)
    expect(seen.some((bytes) => bytes.some((byte) => byte !== 0))).toBe(true)
    signer.dispose()
    expect(seen.length).toBeGreaterThan(5)
    for (const bytes of seen) expect(bytes.every((byte) => byte === 0)).toBe(true)
  })

  it.each(Object.entries(factories))(
    '%s leaves only zeros when it is disposed before or while it opens',
    async (name, make) => {
      for (const wait of [0, 1]) {
        const { engine, seen } = spy(nobleEngine)
        const signer = make(engine)
        const begun = [signer.publicKey(pathsOf(name)[0]!), signer.publicKey(pathsOf(name).at(-1)!)]
        if (wait) await Promise.resolve()
        signer.dispose()
        for (const result of await Promise.allSettled(begun))
          expect(result).toMatchObject({ status: 'rejected', reason: { code: 'SIGNER_DISPOSED' } })
        for (const bytes of seen) expect(bytes.every((byte) => byte === 0)).toBe(true)
      }
    },
  )

  it('wipes words and passphrase once the seed is made, and when it is never made', async () => {
    const encoded: Uint8Array[] = []
    class Encoder extends TextEncoder {
      override encode(text?: string): Uint8Array<ArrayBuffer> {
        const bytes = super.encode(text)
        encoded.push(bytes)
        return bytes
      }
    }
    const wordsIn = () =>
      encoded.filter(
        (bytes) => Buffer.from(bytes).includes('sausage') || Buffer.from(bytes).includes('horse'),
      )
    vi.stubGlobal('TextEncoder', Encoder)
    const used = softwareSigner({ mnemonic: MNEMONIC, passphrase: PASSPHRASE })
    expect(wordsIn()).toHaveLength(2)
    await used.publicKey('m')
    expect(wordsIn()).toHaveLength(0)
    const unused = softwareSigner({ mnemonic: MNEMONIC, passphrase: PASSPHRASE })
    expect(wordsIn()).toHaveLength(2)
    unused.dispose()
    expect(wordsIn()).toHaveLength(0)
  })

  it('wipes the seed once the root is made', async () => {
    const copies: Uint8Array[] = []
    const from = Uint8Array.from.bind(Uint8Array) as (given: ArrayLike<number>) => Uint8Array<ArrayBuffer>
    vi.spyOn(Uint8Array, 'from').mockImplementation((given: unknown) => {
      const copy = from(given as ArrayLike<number>)
      if (given === SEED) copies.push(copy)
      return copy
    })
    const signer = seedSigner({ seed: SEED })
    expect(copies).toEqual([SEED])
    await signer.publicKey('m')
    vi.restoreAllMocks()
    expect(copies).toEqual([new Uint8Array(SEED.length)])
  })

  it('copies what it is given, also a Buffer, whose slices are no copies', async () => {
    const [seed, privateKey] = [Buffer.from(SEED), Buffer.from(KEY, 'hex')]
    const makers = [() => seedSigner({ seed }), () => privateKeySigner({ privateKey })]
    const expected: string[] = []
    for (const make of makers) {
      const signer = make()
      expected.push(toHex((await signer.publicKey('m')).publicKey))
      signer.dispose()
    }
    expect([toHex(seed), toHex(privateKey)]).toEqual([toHex(SEED), KEY])
    const signers = makers.map((make) => make())
    seed.fill(0)
    privateKey.fill(0)
    for (const [i, signer] of signers.entries())
      expect(toHex((await signer.publicKey('m')).publicKey)).toBe(expected[i])
  })

  it('tries again after it failed to open', async () => {
    let broken = true
    const engine: Engine = { ...nobleEngine, isSecret: (secret) => !broken && nobleEngine.isSecret(secret) }
    const signer = seedSigner({ seed: SEED, engine })
    await expect(signer.publicKey('m')).rejects.toMatchObject({ code: 'INVALID_KEY' })
    broken = false
    expect((await signer.publicKey('m')).publicKey).toEqual(ROOT.publicKey)
  })
})

function caught(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    return error
  }
}

function bytesBent(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, i) => (i === at ? byte ^ 4 : byte))
}

function bend<T extends { signature: Uint8Array }>(signed: T, at: number): T {
  return { ...signed, signature: bytesBent(signed.signature, at) }
}

/** Keeps a reference to every array that may hold a secret. */
function spy(inner: Engine): { engine: Engine; seen: Uint8Array[] } {
  const seen: Uint8Array[] = []
  const keep = <T extends Uint8Array | undefined>(bytes: T): T => {
    if (bytes) seen.push(bytes)
    return bytes
  }
  const engine: Engine = {
    ...inner,
    isSecret: (secret) => inner.isSecret(keep(secret)),
    publicKey: (secret) => inner.publicKey(keep(secret)),
    ecdsaSign: (hash, secret) => inner.ecdsaSign(hash, keep(secret)),
    schnorrSign: (hash, secret, aux) => inner.schnorrSign(hash, keep(secret), aux),
    // A taproot tweak is public; it comes from the caller and stays his.
    secretAdd: (secret, tweak) =>
      keep(inner.secretAdd(keep(secret), tweak.every((b) => b === 2) ? tweak : keep(tweak))),
    secretNegate: (secret) => keep(inner.secretNegate(keep(secret))),
  }
  return { engine, seen }
}
