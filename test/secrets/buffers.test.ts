import { createHash } from 'node:crypto'
import {
  type ChainRules,
  type Engine,
  hdFromSeed,
  hdFromXprv,
  hdToXprv,
  hdWipe,
  type Keys,
  nobleEngine,
  type Signer,
} from '@coffer/core'
import {
  generateMnemonic,
  mnemonicToSeed,
  privateKeySigner,
  seedSigner,
  softwareSigner,
  xprvSigner,
} from '@coffer/signer-software'
import { HDKey } from '@scure/bip32'
import { mnemonicToEntropy, mnemonicToSeedSync } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Found, type Watch, watchBytes } from './bytes.fixture.ts'
import { type Secret, secretsOf } from './search.fixture.ts'

// Every array that JavaScript makes during the life of a signer is kept, and afterwards none of them may hold a secret.

const mnemonic = 'ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic'
const passphrase = 'correct horse'
const PATH = 'm/86h/1h/0h/0/0'
const OTHER = 'm/86h/1h/0h/1h'
const HASH = new Uint8Array(32).fill(7)
const TWEAK = new Uint8Array(32).fill(2)
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

const seed = mnemonicToSeedSync(mnemonic, passphrase)
const root = HDKey.fromMasterSeed(seed)
const leaf = root.derive(PATH.replaceAll('h', "'"))
const key = leaf.privateKey!.slice()
const xprv = root.privateExtendedKey!
const d = big(key)

/** What the watch looks for: the tree, and what signing makes of its leaf. */
const secrets: readonly Needle[] = [
  ...secretsOf(mnemonic, { passphrase, paths: [PATH, OTHER] }).flatMap(toNeedle),
  ['the passphrase', new TextEncoder().encode(passphrase)],
  ['the negated key', bytes(-d)],
  ...[d, -d].flatMap((secret): Needle[] => [
    ['the tweaked key', bytes(secret + big(TWEAK))],
    ['the tweaked key, negated', bytes(-secret - big(TWEAK))],
  ]),
]
type Needle = readonly [name: string, bytes: Uint8Array]

const MAKE: Record<string, (engine?: Engine) => Signer> = {
  softwareSigner: (engine) => softwareSigner({ mnemonic, passphrase, engine }),
  seedSigner: (engine) => seedSigner({ seed, engine }),
  'xprvSigner of a root': (engine) => xprvSigner({ xprv, engine }),
  'privateKeySigner of bytes': (engine) => privateKeySigner({ privateKey: key, engine }),
  'privateKeySigner of hex': (engine) =>
    privateKeySigner({ privateKey: Buffer.from(key).toString('hex'), engine }),
}
const KINDS = Object.keys(MAKE)
const pathOf = ({ keys }: Signer): string => (keys === 'hd' ? PATH : 'm')

let watch: Watch | undefined
afterEach(() => {
  watch?.stop()
  vi.unstubAllGlobals()
})

/**
 * Copies that nobody but their makers could wipe, and nobody can reach: noble makes the nonce of RFC 6979 of them, and Node
 * copies the salt of PBKDF2, which has the passphrase. They are gone with the next garbage collection.
 */
const NOT_OURS = /@noble\/curves\/abstract\/weierstrass\.js|at normalizeAlgorithm \(node:internal\/crypto/

/** What is left of `needles` in arrays that Coffer, or what it calls, did not wipe. */
function left(needles: readonly Needle[] = secrets): readonly Found[] {
  watch?.stop()
  return watch!.find(needles).filter(({ place }) => !NOT_OURS.test(place))
}

/** The keys of a path, as a chain gets them. */
async function keysOf(signer: Signer, path = pathOf(signer)): Promise<Required<Keys>> {
  let keys: Keys | undefined
  const chain = {
    signMessage: async (_: unknown, ring: (path: string) => Promise<Keys>) => {
      keys = await ring(path)
      return ''
    },
  } as unknown as ChainRules
  await signer.signMessage!({ chain, account: '', message: '' })
  return keys as Required<Keys>
}

async function use(signer: Signer): Promise<{ ecdsa: Uint8Array; schnorr: Uint8Array }> {
  const keys = await keysOf(signer)
  const { signature } = await keys.ecdsa(HASH)
  const schnorr = await keys.schnorr(HASH)
  await keys.schnorr(HASH, { tweak: TWEAK })
  if (signer.keys === 'hd') await signer.publicKey(OTHER)
  return { ecdsa: signature, schnorr }
}

describe('the watch', () => {
  it('sees what is forgotten, whoever made it and however', () => {
    const secret = bytes(0x1234567890abcdef1234567890abcdefn)
    const needles: Needle[] = [
      ['it', secret],
      ['the text', Buffer.from('ozone drill grab')],
    ]
    watch = watchBytes()
    const makers = [
      () => new Uint8Array(secret),
      () => Uint8Array.from(secret),
      () => Uint8Array.of(0, ...secret),
      () => secret.slice(),
      () => new Uint8Array(40).map((_, i) => secret[i] ?? 0),
      () => new TextEncoder().encode('ozone drill grab'),
    ]
    for (const make of makers) make()
    new Uint8Array(secret).fill(0)
    const found = left(needles)
    expect(found).toHaveLength(makers.length)
  })

  it.each(KINDS)('finds the key of %s before dispose', async (kind) => {
    watch = watchBytes()
    const signer = MAKE[kind]!()
    await use(signer)
    expect(left().map(({ name }) => name)).toContain(
      kind.startsWith('private') ? `the key at ${PATH.replaceAll('h', "'")}` : 'the key at m',
    )
    signer.dispose()
  })
})

describe('G7: after dispose', () => {
  it.each(KINDS)('no array of %s holds a secret, from the root to the leaf and its tweaks', async (kind) => {
    watch = watchBytes()
    const signer = MAKE[kind]!()
    const { schnorr } = await use(signer)
    signer.dispose()
    watch.stop()
    expect(watch.arrays.length).toBeGreaterThan(50)
    const nonce = schnorrNonce(schnorr)
    expect(
      left([...secrets, ['the nonce', bytes(nonce)], ['the nonce, negated', bytes(-nonce)]]).map(String),
    ).toEqual([])
  })

  it('nor where noble makes the seed, since WebCrypto is missing', async () => {
    const { crypto } = globalThis
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) })
    watch = watchBytes()
    const signer = softwareSigner({ mnemonic, passphrase })
    await use(signer)
    signer.dispose()
    expect(left().map(String)).toEqual([])
  })

  it.each(KINDS)('nor where %s was never used, or disposed at each moment of its first use', async (kind) => {
    for (let turns = 0; turns < 12; turns++) {
      watch = watchBytes()
      const signer = MAKE[kind]!()
      const used = turns > 0 ? use(signer).catch((error: unknown) => error) : undefined
      for (let turn = 1; turn < turns; turn++)
        await (turn % 4 === 0 ? new Promise((done) => setTimeout(done, turn)) : Promise.resolve())
      signer.dispose()
      await used
      expect(left().map(String), `after ${turns} turns`).toEqual([])
    }
  })

  it.each(KINDS)('nor where what was asked of %s failed', async (kind) => {
    const right = { ...nobleEngine }
    const fault = (): never => {
      throw new Error('a fault')
    }
    const faults: Partial<Engine>[] = [
      { ecdsaSign: fault },
      { schnorrSign: fault },
      { ecdsaVerify: () => false },
      { schnorrVerify: () => false },
      { publicKey: fault },
      { secretAdd: fault },
      { secretAdd: () => undefined },
      { publicAdd: fault },
      { publicAdd: () => undefined },
    ]
    for (const broken of faults) {
      const engine: Engine = { ...right }
      watch = watchBytes()
      const signer = MAKE[kind]!(engine)
      // The root is made by a sound engine, what comes after it by the other one.
      await signer.publicKey(signer.keys === 'hd' ? 'm/86h/1h/0h' : 'm')
      Object.assign(engine, broken)
      await use(signer).catch(() => {})
      await keysOf(signer)
        .then(
          ({ schnorr }) => schnorr(HASH, { tweak: TWEAK }),
          () => {},
        )
        .catch(() => {})
      await signer.publicKey('m/1h', { signal: AbortSignal.abort() }).catch(() => {})
      await signer.publicKey('m/nonsense').catch(() => {})
      signer.dispose()
      expect(left().map(String), Object.keys(broken)[0]).toEqual([])
    }
  })

  it('nor where no signer came of it', async () => {
    for (const engine of [
      { ...nobleEngine, isSecret: () => false },
      {
        ...nobleEngine,
        publicKey: () => {
          throw new Error('a fault')
        },
      },
    ] as Engine[])
      for (const kind of KINDS) {
        watch = watchBytes()
        try {
          const signer = MAKE[kind]!(engine)
          await signer.publicKey('m').catch(() => {})
          signer.dispose()
        } catch {
          // It failed at once.
        }
        expect(left().map(String), kind).toEqual([])
      }
  })
})

describe('G7: on the way', () => {
  it('the entropy of new words is wiped, wherever it was copied', () => {
    for (const words of [12, 15, 18, 21, 24] as const) {
      watch = watchBytes()
      const made = generateMnemonic({ words })
      watch.stop()
      expect(left([['the entropy', mnemonicToEntropy(made, wordlist)]]).map(String)).toEqual([])
    }
  })

  it('the words are wiped once their seed is made, and the seed is the caller’s', async () => {
    watch = watchBytes()
    const made = await mnemonicToSeed(mnemonic, { passphrase })
    expect(left(secrets).map(({ name }) => name)).toEqual(['the seed'])
    made.fill(0)
    expect(left(secrets)).toEqual([])
  })

  it('extended keys leave nothing but the node, read and written', () => {
    watch = watchBytes()
    const node = hdFromXprv(xprv, nobleEngine)
    expect(hdToXprv(node)).toBe(xprv)
    hdWipe(node)
    const again = hdFromSeed(seed, nobleEngine)
    hdWipe(again)
    expect(left().map(String)).toEqual([])
  })

  it('the chain code of a public key is the caller’s, and the one that the signer keeps is wiped', async () => {
    watch = watchBytes()
    const signer = seedSigner({ seed })
    const { chainCode } = await signer.publicKey('m')
    signer.dispose()
    expect(left()).toHaveLength(1)
    chainCode!.fill(0)
    expect(left()).toEqual([])
  })

  it('whatever an engine was handed holds only zeros', async () => {
    for (const kind of KINDS) {
      const handed: Uint8Array[] = []
      const signer = MAKE[kind]!(recording(handed))
      await use(signer)
      expect(handed.filter((one) => one.some((byte) => byte !== 0)).length).toBeGreaterThan(0)
      signer.dispose()
      expect(handed.length).toBeGreaterThan(6)
      for (const one of handed) expect(one.every((byte) => byte === 0)).toBe(true)
    }
  })
})

/** Keeps a reference to every secret that the engine is handed or makes. */
function recording(handed: Uint8Array[]): Engine {
  const keep = <T extends Uint8Array | undefined>(one: T): T => {
    if (one) handed.push(one)
    return one
  }
  return {
    ...nobleEngine,
    isSecret: (secret) => nobleEngine.isSecret(keep(secret)),
    publicKey: (secret) => nobleEngine.publicKey(keep(secret)),
    ecdsaSign: (hash, secret) => nobleEngine.ecdsaSign(hash, keep(secret)),
    schnorrSign: (hash, secret, ...more) => nobleEngine.schnorrSign(hash, keep(secret), ...more),
    // A taproot tweak is public, and the caller's.
    secretAdd: (secret, tweak) =>
      keep(nobleEngine.secretAdd(keep(secret), tweak === TWEAK ? tweak : keep(tweak))),
    secretNegate: (secret) => keep(nobleEngine.secretNegate(keep(secret))),
  }
}

/** k of a BIP-340 signature of {@link HASH}: who has it, has the key. */
function schnorrNonce(signature: Uint8Array): bigint {
  const tag = createHash('sha256').update('BIP0340/challenge').digest()
  const publicKey = leaf.publicKey!.slice(1)
  const challenge = createHash('sha256').update(tag).update(tag)
  const e = big(challenge.update(signature.slice(0, 32)).update(publicKey).update(HASH).digest())
  const even = leaf.publicKey![0] === 2 ? d : N - d
  return (((big(signature.slice(32)) - e * even) % N) + N) % N
}

function toNeedle({ name, bytes }: Secret): Needle[] {
  return bytes ? [[name, bytes]] : []
}

function big(from: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(from).toString('hex')}`)
}

function bytes(value: bigint): Uint8Array {
  const inside = ((value % N) + N) % N
  return new Uint8Array(Buffer.from(inside.toString(16).padStart(64, '0'), 'hex'))
}
