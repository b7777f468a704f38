import { CofferError, type KeyRing, type Keys, nobleEngine } from '@coffer/core'
import { describe, expect, it } from 'vitest'
import { readDescriptor } from './descriptor.ts'
import { regtestNetwork } from './networks.ts'
import { accountOf, draftOf, expectThrow, network, PAY, pays, planOf, STRANGER } from './plan.fixture.ts'
import { cosign, finish, readSigned, sign } from './sign.ts'
import { txidOf } from './transaction.ts'

const TYPES = ['p2pkh', 'p2sh-p2wpkh', 'p2wpkh', 'p2tr']
const { descriptor, ring } = accountOf()
const draft = draftOf(descriptor)
const stranger = accountOf('p2wpkh', 'stranger').ring

/** A ring that answers as another one does, with a change. */
const changed =
  (ring: KeyRing, step: (keys: Keys) => Partial<Keys>): KeyRing =>
  async (path, bulk) => {
    const keys = await ring(path, bulk)
    return { ...keys, ...step(keys) }
  }
const mirrored = (key: Uint8Array): Uint8Array => Uint8Array.of(key[0]! ^ 1, ...key.subarray(1))
/** An engine that counts what it verifies. */
function counting() {
  const count = { verified: 0 }
  const engine = {
    ...nobleEngine,
    ecdsaVerify: (...args: Parameters<typeof nobleEngine.ecdsaVerify>) => {
      count.verified++
      return nobleEngine.ecdsaVerify(...args)
    },
  }
  return { count, engine }
}

describe.each(TYPES)('an account of %s', (type) => {
  const { descriptor, ring } = accountOf(type)
  const draft = draftOf(descriptor)

  it('signs what stands by itself, frozen', async () => {
    const signed = await sign(draft, ring, network())
    expect(signed).toMatchObject({ chain: regtestNetwork.id, account: descriptor.text })
    expect(Object.isFrozen(signed)).toBe(true)
    const { tx, coins } = readSigned({ ...signed }, network())
    expect(signed.txid).toBe(txidOf(tx))
    expect(tx.outputs).toEqual(planOf(descriptor).outputs.map(({ amount, script }) => ({ amount, script })))
    expect(coins).toEqual(planOf(descriptor).inputs.map(({ script, amount }) => ({ script, amount })))
  })

  it('collects a signature first, and is finished then', async () => {
    const signatures = await cosign(draft, ring, network())
    expect(signatures).toHaveLength(1)
    const signed = finish({ ...draft, signatures }, network())
    expect(readSigned({ ...signed }, network()).tx.inputs).toHaveLength(2)
  })

  it('is not signed for by a stranger', async () => {
    const { ring: other } = accountOf(type, 'stranger')
    await expectThrow(() => sign(draft, other, network()), 'WRONG_ACCOUNT', 'holds no key of this account')
    await expectThrow(() => cosign(draft, other, network()), 'WRONG_ACCOUNT')
    await expect(sign(draft, other, network())).rejects.toMatchObject({
      details: { account: descriptor.text },
    })
  })
})

describe('a signer', () => {
  it('that begins below the path of the account has no key of it', async () => {
    const below: KeyRing = async () => {
      throw new CofferError({ code: 'INVALID_PATH', message: 'below' })
    }
    await expectThrow(() => sign(draft, below, network()), 'WRONG_ACCOUNT')
  })

  it('that fails in another way is heard', async () => {
    const busy = new CofferError({ code: 'SIGNER_LOCKED', message: 'locked' } as never)
    const odd = { code: 'INVALID_PATH' }
    for (const error of [busy, odd, undefined, new Error('broken')]) {
      const failing: KeyRing = () => Promise.reject(error)
      const caught = await sign(draft, failing, network()).catch((caught: unknown) => ({ caught }))
      expect(caught).toEqual({ caught: error })
    }
  })

  it('that knows only some of the keys is none', async () => {
    const half: KeyRing = (path) => (path.endsWith('/7') ? stranger(path) : ring(path))
    await expectThrow(() => sign(draft, half, network()), 'WRONG_ACCOUNT')
  })

  it('of the key of the other sign is another signer, but for taproot', async () => {
    const mirror = (ring: KeyRing): KeyRing =>
      changed(ring, ({ publicKey }) => ({ publicKey: mirrored(publicKey) }))
    await expectThrow(() => sign(draft, mirror(ring), network()), 'WRONG_ACCOUNT')
    const taproot = accountOf('p2tr')
    const signed = await sign(draftOf(taproot.descriptor), mirror(taproot.ring), network())
    expect(readSigned({ ...signed }, network()).coins).toHaveLength(2)
  })

  it.each(['p2wpkh', 'p2tr'])('of a key that differs in one byte is another signer: %s', async (type) => {
    const { descriptor, ring } = accountOf(type)
    for (const at of [1, 2, 32]) {
      const near = changed(ring, (keys) => ({
        publicKey: keys.publicKey.map((byte, i) => (i === at ? byte ^ 1 : byte)),
      }))
      await expectThrow(() => sign(draftOf(descriptor), near, network()), 'WRONG_ACCOUNT')
    }
  })

  it('without taproot signatures says so', async () => {
    const taproot = accountOf('p2tr')
    const old: KeyRing = async (path) => {
      const { publicKey, ecdsa } = await taproot.ring(path)
      return { publicKey, ecdsa }
    }
    await expectThrow(() => sign(draftOf(taproot.descriptor), old, network()), 'UNSUPPORTED')
  })

  it('that signs something else is found out when its transaction is looked at', async () => {
    const lying = changed(ring, ({ ecdsa }) => ({ ecdsa: (hash) => ecdsa(hash.map((byte) => byte ^ 1)) }))
    const signed = await sign(draft, lying, network())
    await expectThrow(
      () => readSigned(signed, network()),
      'INVALID_SIGNED',
      'A signature of input 0 is wrong',
    )
  })

  it('of an account that is known by its address alone is nobody', async () => {
    const { text } = readDescriptor(`addr(${STRANGER})`, regtestNetwork)
    const watched = { ...draft, account: text }
    for (const work of [
      () => sign(watched, ring, network()),
      () => cosign(watched, ring, network()),
      () => finish(watched, network()),
    ])
      await expectThrow(work, 'WRONG_ACCOUNT', 'watch-only')
  })
})

describe('nothing is verified twice', () => {
  it('where each signature was verified as it was made', async () => {
    const { count, engine } = counting()
    const verifying: KeyRing = async (path, bulk) => {
      const keys = await ring(path)
      const ecdsa: Keys['ecdsa'] = async (hash) => {
        const made = await keys.ecdsa(hash)
        await bulk!.verify(engine, { ...made, hash, publicKey: keys.publicKey })
        return made
      }
      return { ...keys, ecdsa }
    }
    const signed = await sign(draft, verifying, network())
    expect(count.verified).toBe(2)
    const { tx, coins } = readSigned({ ...signed }, network())
    expect(readSigned(signed, network(), engine)).toMatchObject({
      tx,
      coins,
      descriptor: { text: descriptor.text },
    })
    expect(count.verified).toBe(2)
    // Where one of two inputs was not, both are.
    const half: KeyRing = (path, bulk) => (path.endsWith('/7') ? ring : verifying)(path, bulk)
    readSigned(await sign(draft, half, network()), network(), engine)
    expect(count.verified).toBe(5)
  })

  it('where it was looked at before, and nobody can have changed it since', async () => {
    const { count, engine } = counting()
    const signed = await sign(draft, ring, network())
    const open = { ...signed }
    for (const [object, verified] of [
      [signed, 2],
      [signed, 2],
      [open, 4],
      [open, 6],
    ] as const) {
      readSigned(object, network(), engine)
      expect(count.verified).toBe(verified)
    }
    open.raw = open.raw.replace(/^02/, '01')
    await expectThrow(() => readSigned(open, network(), engine), 'INVALID_SIGNED')
  })

  it('where it was finished of signatures that were verified', async () => {
    const signatures = await cosign(draft, ring, network())
    const { count, engine } = counting()
    const signed = finish({ ...draft, signatures }, network(), engine)
    expect(count.verified).toBe(2)
    readSigned(signed, network(), engine)
    expect(count.verified).toBe(2)
  })
})

it('asks the ring for the paths of the account, with one bulk for all', async () => {
  const asked: string[] = []
  const bulks = new Set<unknown>()
  const listening: KeyRing = (path, bulk) => {
    asked.push(path)
    bulks.add(bulk)
    return ring(path, bulk)
  }
  await sign(draftOf(descriptor, planOf(descriptor, { outputs: [pays(40_000n)] }), PAY), listening, network())
  expect(asked).toEqual(['m/84h/1h/0h/0/5', 'm/84h/1h/0h/0/7'])
  expect(bulks.size).toBe(1)
})
