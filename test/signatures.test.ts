import {
  type ChainRules,
  type Draft,
  type EcdsaSignature,
  type Engine,
  type KeyRing,
  type Keys,
  nobleEngine,
  type Signer,
} from '@coffer/core'
import { type Devnet, startDevnet } from '@coffer/devnet'
import { softwareSigner } from '@coffer/signer-software'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { fund, openWallet, reason, STRANGERS, type TestWallet, typedData } from './secrets/chains.fixture.ts'

// Every chain's signatures: the same each time, low s, and looked at before they leave. A signer verifies what its engine made;
// a wallet verifies what its signer made.

const mnemonic = 'ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic'
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const OTHER_KEY = new Uint8Array(32).fill(5)

/** Accounts with ECDSA, and the one with Schnorr. */
const ACCOUNTS = [
  ['ethereum', undefined],
  ['tron-devnet', undefined],
  ['regtest', 'p2wpkh'],
  ['regtest', 'p2pkh'],
  ['regtest', 'p2sh-p2wpkh'],
  ['regtest', 'p2tr'],
] as const
const ECDSA = ACCOUNTS.filter(([, type]) => type !== 'p2tr')

let devnet: Devnet<'ethereum' | 'bitcoin' | 'tron'>
const drafts = new Map<string, Draft>()
beforeAll(async () => {
  devnet = await startDevnet({ chains: ['ethereum', 'bitcoin', 'tron'] })
  const wallet = walletWith(softwareSigner({ mnemonic }))
  for (const [name, type] of ACCOUNTS) {
    const account = await wallet.account(name, { type })
    const address = 'address' in account ? account.address : (await account.receive()).address
    await fund(devnet, name, address)
    // Two inputs, of which the second could be the wrong one.
    if (name === 'regtest') await fund(devnet, name, address)
    const draft = await account.create({ to: STRANGERS[name], amount: name === 'regtest' ? '1.5' : '0.5' })
    drafts.set(`${name} ${type}`, draft)
  }
})
afterAll(() => devnet?.stop())
afterEach(() => void vi.unstubAllGlobals())

const walletWith = (signer: Signer): TestWallet => openWallet(devnet, signer)
const withEngine = (engine: Partial<Engine>): TestWallet =>
  walletWith(softwareSigner({ mnemonic, engine: { ...nobleEngine, ...engine } }))
const draftOf = (name: string, type: string | undefined): Draft => drafts.get(`${name} ${type}`)!

type Bend = (signed: EcdsaSignature, hash: Uint8Array) => EcdsaSignature
const BENT: Record<string, Bend> = {
  'a wrong r': ({ signature, recovery }) => ({ signature: flipped(signature, 3), recovery }),
  'a wrong s': ({ signature, recovery }) => ({ signature: flipped(signature, 50), recovery }),
  'a high s, which verifies elsewhere': ({ signature, recovery }) => {
    const s = N - big(signature.slice(32))
    return { signature: new Uint8Array([...signature.slice(0, 32), ...bytes(s)]), recovery: recovery ^ 1 }
  },
  'the signature of another key': (_, hash) => nobleEngine.ecdsaSign(hash, OTHER_KEY),
  'the recovery bit of another key': ({ signature, recovery }) => ({ signature, recovery: recovery ^ 1 }),
  nothing: () => ({ signature: new Uint8Array(64), recovery: 0 }),
}

describe.each(ECDSA)('G5: ECDSA of %s %s', (name, type) => {
  it('is the same each time, with low s', async () => {
    const made: Uint8Array[] = []
    const signed = await Promise.all(
      [1, 2, 3].map(() =>
        withEngine({
          ecdsaSign: (hash, secret) => {
            const signature = nobleEngine.ecdsaSign(hash, secret)
            made.push(signature.signature)
            return signature
          },
        }).sign(draftOf(name, type)),
      ),
    )
    expect(new Set(signed.map(({ raw }) => raw)).size).toBe(1)
    expect(made.length).toBeGreaterThanOrEqual(3)
    const raw = signed[0]!.raw.toLowerCase()
    for (const signature of made) {
      expect(big(signature.slice(32)) <= N / 2n).toBe(true)
      // What leaves is this very signature; leading zeros are not written everywhere.
      for (const half of [signature.slice(0, 32), signature.slice(32)])
        expect(raw).toContain(big(half).toString(16))
    }
  })

  it.each(Object.entries(BENT))('is refused when the engine makes %s', async (_, bend) => {
    const wallet = withEngine({
      ecdsaSign: (hash, secret) => bend(nobleEngine.ecdsaSign(hash, secret), hash),
    })
    expect(await reason(wallet.sign(draftOf(name, type)))).toMatchObject({ code: 'SIGNATURE_WRONG' })
  })

  it('is refused when one of many is wrong, or of another transaction', async () => {
    let calls = 0
    const wallet = withEngine({
      ecdsaSign: (hash, secret) => {
        calls++
        const signed = nobleEngine.ecdsaSign(hash, secret)
        const isLast = calls === (name === 'regtest' ? 2 : 1)
        return isLast ? nobleEngine.ecdsaSign(new Uint8Array(32).fill(1), secret) : signed
      },
    })
    expect(await reason(wallet.sign(draftOf(name, type)))).toMatchObject({ code: 'SIGNATURE_WRONG' })
    expect(calls).toBeGreaterThanOrEqual(name === 'regtest' ? 2 : 1)
  })

  // The recovery bit is nothing that Bitcoin's transactions carry.
  const carried = Object.entries(BENT).filter(([what]) => name !== 'regtest' || !/recovery/.test(what))
  it.each(carried)('is refused from a signer that does not verify: %s', async (_, bend) => {
    const wallet = walletWith(
      careless((keys) => ({
        ...keys,
        ecdsa: async (hash) => bend(await keys.ecdsa(hash), hash),
      })),
    )
    const error = await reason(wallet.sign(draftOf(name, type)))
    expect(['SIGNATURE_WRONG', 'INVALID_SIGNED']).toContain((error as { code?: string }).code)
  })
})

describe('G5: Schnorr of regtest p2tr', () => {
  const draft = (): Draft => draftOf('regtest', 'p2tr')
  const withAux = (byte: number) => {
    let calls = 0
    vi.stubGlobal('crypto', {
      getRandomValues: (array: Uint8Array) => array.map((_, i) => array.fill(byte + calls++, i, i + 1)[i]!),
    })
  }

  it('is the same with the same auxiliary bytes, and another one with others', async () => {
    const raws = []
    for (const byte of [1, 1, 100]) {
      withAux(byte)
      raws.push(await withEngine({}).sign(draft()))
    }
    expect(raws[0]!.raw).toBe(raws[1]!.raw)
    expect(raws[0]!.raw).not.toBe(raws[2]!.raw)
    expect(raws[0]!.txid).toBe(raws[2]!.txid)
  })

  it.each<[string, Engine['schnorrSign']]>([
    ['a wrong R', (...args) => flipped(nobleEngine.schnorrSign(...args), 3)],
    ['a wrong s', (...args) => flipped(nobleEngine.schnorrSign(...args), 50)],
    ['the signature of another key', (hash, _, aux) => nobleEngine.schnorrSign(hash, OTHER_KEY, aux)],
    ['the signature of another hash', (_, ...more) => nobleEngine.schnorrSign(new Uint8Array(32), ...more)],
    ['an ECDSA signature', (hash, secret) => nobleEngine.ecdsaSign(hash, secret).signature],
    ['nothing', () => new Uint8Array(64)],
  ])('is refused when the engine, or a signer that does not verify, makes %s', async (_, schnorrSign) => {
    expect(await reason(withEngine({ schnorrSign }).sign(draft()))).toMatchObject({ code: 'SIGNATURE_WRONG' })
    const secret = new Uint8Array(32).fill(9)
    const wallet = walletWith(
      careless((keys) => ({
        ...keys,
        schnorr: async (hash) => schnorrSign(hash, secret, new Uint8Array(32)),
      })),
    )
    const error = await reason(wallet.sign(draft()))
    expect(['SIGNATURE_WRONG', 'INVALID_SIGNED']).toContain((error as { code?: string }).code)
  })

  it('is refused when the engine tweaks the key wrongly', async () => {
    const engine: Engine = { ...nobleEngine }
    const wallet = walletWith(softwareSigner({ mnemonic, engine }))
    // The key itself is derived while all is well.
    await wallet.sign(draft())
    engine.secretAdd = (secret) => secret.slice()
    expect(await reason(wallet.sign(draft()))).toMatchObject({ code: 'SIGNATURE_WRONG' })
  })
})

describe('G5: messages and typed data', () => {
  it.each(ECDSA)(
    'of %s %s are the same each time, and refused when the engine is wrong',
    async (name, type) => {
      const sign = async (wallet: TestWallet) =>
        wallet.signMessage(await wallet.account(name, { type }), 'hello')
      expect(await sign(withEngine({}))).toBe(await sign(withEngine({})))
      for (const bend of Object.values(BENT)) {
        const bent = {
          ecdsaSign: (hash: Uint8Array, secret: Uint8Array) =>
            bend(nobleEngine.ecdsaSign(hash, secret), hash),
        }
        expect(await reason(sign(withEngine(bent)))).toMatchObject({ code: 'SIGNATURE_WRONG' })
      }
    },
  )

  it.each(['ethereum', 'tron-devnet'] as const)('typed data of %s, too', async (name) => {
    const sign = async (wallet: TestWallet) =>
      wallet.signTypedData(await wallet.account(name), typedData(name))
    expect(await sign(withEngine({}))).toBe(await sign(withEngine({})))
    for (const bend of Object.values(BENT)) {
      const bent = {
        ecdsaSign: (hash: Uint8Array, secret: Uint8Array) => bend(nobleEngine.ecdsaSign(hash, secret), hash),
      }
      expect(await reason(sign(withEngine(bent)))).toMatchObject({ code: 'SIGNATURE_WRONG' })
    }
  })
})

/** A signer of somebody else's making, which looks at nothing. */
function careless(change: (keys: Keys) => Keys): Signer {
  const inner = softwareSigner({ mnemonic })
  const ringOf = async (): Promise<KeyRing> => {
    let ring: KeyRing | undefined
    const chain = {
      signMessage: async (_: unknown, keys: KeyRing) => {
        ring = keys
        return ''
      },
    }
    await inner.signMessage!({ chain: chain as unknown as ChainRules, account: '', message: '' })
    return async (path) => change(await ring!(path))
  }
  return { ...inner, name: 'careless', sign: async ({ chain, draft }) => chain.sign(draft, await ringOf()) }
}

function flipped(from: Uint8Array, at: number): Uint8Array {
  return from.map((byte, i) => (i === at ? byte ^ 4 : byte))
}

function big(from: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(from).toString('hex')}`)
}

function bytes(value: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'))
}
