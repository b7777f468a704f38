import { inspect } from 'node:util'
import { HDKey } from '@scure/bip32'
import * as fc from 'fast-check'
import * as tiny from 'tiny-secp256k1'
import { describe, expect, it } from 'vitest'
import type { Engine } from './engine.ts'
import { nobleEngine } from './engines/noble.ts'
import { tinyEngine } from './engines/tiny.ts'
import { CofferError } from './error.ts'
import {
  fingerprintOf,
  type HdKey,
  hdDerive,
  hdDerivePublic,
  hdFromPublic,
  hdFromSeed,
  hdFromXprv,
  hdFromXpub,
  hdNeuter,
  hdSecret,
  hdToXprv,
  hdToXpub,
  hdWipe,
} from './hd.ts'
import { formatPath, HARDENED } from './path.ts'

// https://github.com/bitcoin/bips/blob/master/bip-0032.mediawiki#test-vectors
const VECTORS = [
  {
    seed: '000102030405060708090a0b0c0d0e0f',
    keys: `
m xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8 xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi
m/0h xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfDBFA1WEjWgP6LHhwBZeNK1VTsfTFUHCdrfp1bgwQ9xv5ski8PX9rL2dZXvgGDnw xprv9uHRZZhk6KAJC1avXpDAp4MDc3sQKNxDiPvvkX8Br5ngLNv1TxvUxt4cV1rGL5hj6KCesnDYUhd7oWgT11eZG7XnxHrnYeSvkzY7d2bhkJ7
m/0h/1 xpub6ASuArnXKPbfEwhqN6e3mwBcDTgzisQN1wXN9BJcM47sSikHjJf3UFHKkNAWbWMiGj7Wf5uMash7SyYq527Hqck2AxYysAA7xmALppuCkwQ xprv9wTYmMFdV23N2TdNG573QoEsfRrWKQgWeibmLntzniatZvR9BmLnvSxqu53Kw1UmYPxLgboyZQaXwTCg8MSY3H2EU4pWcQDnRnrVA1xe8fs
m/0h/1/2h xpub6D4BDPcP2GT577Vvch3R8wDkScZWzQzMMUm3PWbmWvVJrZwQY4VUNgqFJPMM3No2dFDFGTsxxpG5uJh7n7epu4trkrX7x7DogT5Uv6fcLW5 xprv9z4pot5VBttmtdRTWfWQmoH1taj2axGVzFqSb8C9xaxKymcFzXBDptWmT7FwuEzG3ryjH4ktypQSAewRiNMjANTtpgP4mLTj34bhnZX7UiM
m/0h/1/2h/2 xpub6FHa3pjLCk84BayeJxFW2SP4XRrFd1JYnxeLeU8EqN3vDfZmbqBqaGJAyiLjTAwm6ZLRQUMv1ZACTj37sR62cfN7fe5JnJ7dh8zL4fiyLHV xprvA2JDeKCSNNZky6uBCviVfJSKyQ1mDYahRjijr5idH2WwLsEd4Hsb2Tyh8RfQMuPh7f7RtyzTtdrbdqqsunu5Mm3wDvUAKRHSC34sJ7in334
m/0h/1/2h/2/1000000000 xpub6H1LXWLaKsWFhvm6RVpEL9P4KfRZSW7abD2ttkWP3SSQvnyA8FSVqNTEcYFgJS2UaFcxupHiYkro49S8yGasTvXEYBVPamhGW6cFJodrTHy xprvA41z7zogVVwxVSgdKUHDy1SKmdb533PjDz7J6N6mV6uS3ze1ai8FHa8kmHScGpWmj4WggLyQjgPie1rFSruoUihUZREPSL39UNdE3BBDu76`,
  },
  {
    seed: 'fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a29f9c999693908d8a8784817e7b7875726f6c696663605d5a5754514e4b484542',
    keys: `
m xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUapSCGu8ED9W6oDMSgv6Zz8idoc4a6mr8BDzTJY47LJhkJ8UB7WEGuduB xprv9s21ZrQH143K31xYSDQpPDxsXRTUcvj2iNHm5NUtrGiGG5e2DtALGdso3pGz6ssrdK4PFmM8NSpSBHNqPqm55Qn3LqFtT2emdEXVYsCzC2U
m/0 xpub69H7F5d8KSRgmmdJg2KhpAK8SR3DjMwAdkxj3ZuxV27CprR9LgpeyGmXUbC6wb7ERfvrnKZjXoUmmDznezpbZb7ap6r1D3tgFxHmwMkQTPH xprv9vHkqa6EV4sPZHYqZznhT2NPtPCjKuDKGY38FBWLvgaDx45zo9WQRUT3dKYnjwih2yJD9mkrocEZXo1ex8G81dwSM1fwqWpWkeS3v86pgKt
m/0/2147483647h xpub6ASAVgeehLbnwdqV6UKMHVzgqAG8Gr6riv3Fxxpj8ksbH9ebxaEyBLZ85ySDhKiLDBrQSARLq1uNRts8RuJiHjaDMBU4Zn9h8LZNnBC5y4a xprv9wSp6B7kry3Vj9m1zSnLvN3xH8RdsPP1Mh7fAaR7aRLcQMKTR2vidYEeEg2mUCTAwCd6vnxVrcjfy2kRgVsFawNzmjuHc2YmYRmagcEPdU9
m/0/2147483647h/1 xpub6DF8uhdarytz3FWdA8TvFSvvAh8dP3283MY7p2V4SeE2wyWmG5mg5EwVvmdMVCQcoNJxGoWaU9DCWh89LojfZ537wTfunKau47EL2dhHKon xprv9zFnWC6h2cLgpmSA46vutJzBcfJ8yaJGg8cX1e5StJh45BBciYTRXSd25UEPVuesF9yog62tGAQtHjXajPPdbRCHuWS6T8XA2ECKADdw4Ef
m/0/2147483647h/1/2147483646h xpub6ERApfZwUNrhLCkDtcHTcxd75RbzS1ed54G1LkBUHQVHQKqhMkhgbmJbZRkrgZw4koxb5JaHWkY4ALHY2grBGRjaDMzQLcgJvLJuZZvRcEL xprvA1RpRA33e1JQ7ifknakTFpgNXPmW2YvmhqLQYMmrj4xJXXWYpDPS3xz7iAxn8L39njGVyuoseXzU6rcxFLJ8HFsTjSyQbLYnMpCqE2VbFWc
m/0/2147483647h/1/2147483646h/2 xpub6FnCn6nSzZAw5Tw7cgR9bi15UV96gLZhjDstkXXxvCLsUXBGXPdSnLFbdpq8p9HmGsApME5hQTZ3emM2rnY5agb9rXpVGyy3bdW6EEgAtqt xprvA2nrNbFZABcdryreWet9Ea4LvTJcGsqrMzxHx98MMrotbir7yrKCEXw7nadnHM8Dq38EGfSh6dqA9QWTyefMLEcBYJUuekgW4BYPJcr9E7j`,
  },
  {
    // Leading zeros of the private key are kept.
    seed: '4b381541583be4423346c643850da4b320e46a87ae3d2a4e6da11eba819cd4acba45d239319ac14f863b8d5ab5a0d0c64d2e8a1e7d1457df2e5a3c51c73235be',
    keys: `
m xpub661MyMwAqRbcEZVB4dScxMAdx6d4nFc9nvyvH3v4gJL378CSRZiYmhRoP7mBy6gSPSCYk6SzXPTf3ND1cZAceL7SfJ1Z3GC8vBgp2epUt13 xprv9s21ZrQH143K25QhxbucbDDuQ4naNntJRi4KUfWT7xo4EKsHt2QJDu7KXp1A3u7Bi1j8ph3EGsZ9Xvz9dGuVrtHHs7pXeTzjuxBrCmmhgC6
m/0h xpub68NZiKmJWnxxS6aaHmn81bvJeTESw724CRDs6HbuccFQN9Ku14VQrADWgqbhhTHBaohPX4CjNLf9fq9MYo6oDaPPLPxSb7gwQN3ih19Zm4Y xprv9uPDJpEQgRQfDcW7BkF7eTya6RPxXeJCqCJGHuCJ4GiRVLzkTXBAJMu2qaMWPrS7AANYqdq6vcBcBUdJCVVFceUvJFjaPdGZ2y9WACViL4L`,
  },
  {
    // Leading zeros of the private key are kept.
    seed: '3ddd5602285899a946114506157c7997e5444528f3003f6134712147db19b678',
    keys: `
m xpub661MyMwAqRbcGczjuMoRm6dXaLDEhW1u34gKenbeYqAix21mdUKJyuyu5F1rzYGVxyL6tmgBUAEPrEz92mBXjByMRiJdba9wpnN37RLLAXa xprv9s21ZrQH143K48vGoLGRPxgo2JNkJ3J3fqkirQC2zVdk5Dgd5w14S7fRDyHH4dWNHUgkvsvNDCkvAwcSHNAQwhwgNMgZhLtQC63zxwhQmRv
m/0h xpub69AUMk3qDBi3uW1sXgjCmVjJ2G6WQoYSnNHyzkmdCHEhSZ4tBok37xfFEqHd2AddP56Tqp4o56AePAgCjYdvpW2PU2jbUPFKsav5ut6Ch1m xprv9vB7xEWwNp9kh1wQRfCCQMnZUEG21LpbR9NPCNN1dwhiZkjjeGRnaALmPXCX7SgjFTiCTT6bXes17boXtjq3xLpcDjzEuGLQBM5ohqkao9G
m/0h/1h xpub6BJA1jSqiukeaesWfxe6sNK9CCGaujFFSJLomWHprUL9DePQ4JDkM5d88n49sMGJxrhpjazuXYWdMf17C9T5XnxkopaeS7jGk1GyyVziaMt xprv9xJocDuwtYCMNAo3Zw76WENQeAS6WGXQ55RCy7tDJ8oALr4FWkuVoHJeHVAcAqiZLE7Je3vZJHxspZdFHfnBEjHqU5hG1Jaj32dVoS6XLT1`,
  },
]

const VECTOR_5 = [
  'xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6LBpB85b3D2yc8sfvZU521AAwdZafEz7mnzBBsz4wKY5fTtTQBm', // pubkey version / prvkey mismatch
  'xprv9s21ZrQH143K24Mfq5zL5MhWK9hUhhGbd45hLXo2Pq2oqzMMo63oStZzFGTQQD3dC4H2D5GBj7vWvSQaaBv5cxi9gafk7NF3pnBju6dwKvH', // prvkey version / pubkey mismatch
  'xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6Txnt3siSujt9RCVYsx4qHZGc62TG4McvMGcAUjeuwZdduYEvFn', // pubkey prefix 04
  'xprv9s21ZrQH143K24Mfq5zL5MhWK9hUhhGbd45hLXo2Pq2oqzMMo63oStZzFGpWnsj83BHtEy5Zt8CcDr1UiRXuWCmTQLxEK9vbz5gPstX92JQ', // prvkey prefix 04
  'xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6N8ZMMXctdiCjxTNq964yKkwrkBJJwpzZS4HS2fxvyYUA4q2Xe4', // pubkey prefix 01
  'xprv9s21ZrQH143K24Mfq5zL5MhWK9hUhhGbd45hLXo2Pq2oqzMMo63oStZzFAzHGBP2UuGCqWLTAPLcMtD9y5gkZ6Eq3Rjuahrv17fEQ3Qen6J', // prvkey prefix 01
  'xprv9s2SPatNQ9Vc6GTbVMFPFo7jsaZySyzk7L8n2uqKXJen3KUmvQNTuLh3fhZMBoG3G4ZW1N2kZuHEPY53qmbZzCHshoQnNf4GvELZfqTUrcv', // zero depth, parent fingerprint
  'xpub661no6RGEX3uJkY4bNnPcw4URcQTrSibUZ4NqJEw5eBkv7ovTwgiT91XX27VbEXGENhYRCf7hyEbWrR3FewATdCEebj6znwMfQkhRYHRLpJ', // zero depth, parent fingerprint
  'xprv9s21ZrQH4r4TsiLvyLXqM9P7k1K3EYhA1kkD6xuquB5i39AU8KF42acDyL3qsDbU9NmZn6MsGSUYZEsuoePmjzsB3eFKSUEh3Gu1N3cqVUN', // zero depth, index
  'xpub661MyMwAuDcm6CRQ5N4qiHKrJ39Xe1R1NyfouMKTTWcguwVcfrZJaNvhpebzGerh7gucBvzEQWRugZDuDXjNDRmXzSZe4c7mnTK97pTvGS8', // zero depth, index
  'DMwo58pR1QLEFihHiXPVykYB6fJmsTeHvyTp7hRThAtCX8CvYzgPcn8XnmdfHGMQzT7ayAmfo4z3gY5KfbrZWZ6St24UVf2Qgo6oujFktLHdHY4', // unknown version
  'DMwo58pR1QLEFihHiXPVykYB6fJmsTeHvyTp7hRThAtCX8CvYzgPcn8XnmdfHPmHJiEDXkTiJTVV9rHEBUem2mwVbbNfvT2MTcAqj3nesx8uBf9', // unknown version
  'xprv9s21ZrQH143K24Mfq5zL5MhWK9hUhhGbd45hLXo2Pq2oqzMMo63oStZzF93Y5wvzdUayhgkkFoicQZcP3y52uPPxFnfoLZB21Teqt1VvEHx', // private key 0
  'xprv9s21ZrQH143K24Mfq5zL5MhWK9hUhhGbd45hLXo2Pq2oqzMMo63oStZzFAzHGBP2UuGCqWLTAPLcMtD5SDKr24z3aiUvKr9bJpdrcLg1y3G', // private key n
  'xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6Q5JXayek4PRsn35jii4veMimro1xefsM58PgBMrvdYre8QyULY', // not on the curve
  'xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHL', // checksum
]

const fromHex = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'))
const failure = (call: () => unknown): CofferError => {
  try {
    call()
  } catch (error) {
    if (error instanceof CofferError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe.each([nobleEngine, tinyEngine(tiny)])('BIP-32 over $name', (engine) => {
  VECTORS.forEach(({ seed, keys }, i) => {
    it(`makes the keys of test vector ${i + 1}`, () => {
      const root = hdFromSeed(fromHex(seed), engine)
      let parent: HdKey | undefined
      for (const line of keys.trim().split('\n')) {
        const [path = '', xpub = '', xprv = ''] = line.split(' ')
        const key = hdDerive(root, path)
        expect(hdToXpub(key)).toBe(xpub)
        expect(hdToXprv(key)).toBe(xprv)
        expect(hdToXpub(hdFromXpub(xpub, engine))).toBe(xpub)
        expect(hdToXprv(hdFromXprv(xprv, engine))).toBe(xprv)
        expect(hdToXpub(hdNeuter(hdFromXprv(xprv, engine)))).toBe(xpub)
        if (parent) {
          const step = [key.index]
          expect(key.parentFingerprint).toBe(parent.fingerprint)
          expect(hdToXprv(hdDerive(parent, step))).toBe(xprv)
          if (key.index < HARDENED) expect(hdToXpub(hdDerivePublic(hdNeuter(parent), step))).toBe(xpub)
        }
        parent = key
      }
    })
  })

  it.each(VECTOR_5)('refuses %s of test vector 5', (text) => {
    for (const options of [{}, { testnet: true }])
      for (const read of [hdFromXprv, hdFromXpub]) {
        const error = failure(() => read(text, engine, options))
        expect(error.code).toBe('INVALID_KEY')
        expect(inspect(error, { depth: 10 })).not.toContain(text.slice(4, 12))
      }
  })
})

describe('differential: @scure/bip32 agrees', () => {
  const seed = fc.uint8Array({ minLength: 16, maxLength: 64 })
  const index = fc.oneof(
    fc.integer({ min: 0, max: 0xffffffff }),
    fc.nat(20),
    fc.nat(20).map((i) => i + HARDENED),
  )
  const soft = fc.integer({ min: 0, max: HARDENED - 1 })

  it('on private derivation', () => {
    fc.assert(
      fc.property(seed, fc.array(index, { maxLength: 6 }), (bytes, indexes) => {
        const path = formatPath(indexes)
        const ours = hdDerive(hdFromSeed(bytes, nobleEngine), path)
        const theirs = HDKey.fromMasterSeed(bytes).derive(path.replaceAll('h', "'"))
        expect(hdToXprv(ours)).toBe(theirs.privateExtendedKey)
        expect(hdToXpub(ours)).toBe(theirs.publicExtendedKey)
        expect(Number.parseInt(ours.fingerprint, 16)).toBe(theirs.fingerprint)
        expect(hdSecret(ours)).toEqual(theirs.privateKey)
      }),
      { numRuns: 40 },
    )
  })

  it('on public derivation, which equals private derivation', () => {
    fc.assert(
      fc.property(
        seed,
        fc.array(index, { maxLength: 2 }),
        fc.array(soft, { minLength: 1, maxLength: 3 }),
        (bytes, head, tail) => {
          const account = hdDerive(hdFromSeed(bytes, nobleEngine), head)
          const ours = hdDerivePublic(hdNeuter(account), tail)
          const theirs = HDKey.fromExtendedKey(hdToXpub(account)).derive(formatPath(tail))
          expect(hdToXpub(ours)).toBe(theirs.publicExtendedKey)
          expect(hdToXpub(ours)).toBe(hdToXpub(hdDerive(account, tail)))
          expect(hdDerivePublic(account, tail)).toEqual(ours)
        },
      ),
      { numRuns: 40 },
    )
  })
})

describe('HD keys', () => {
  const seed = fromHex(VECTORS[0]!.seed)
  const root = () => hdFromSeed(seed, nobleEngine)

  it('take seeds of 16 to 64 bytes and leave them alone', () => {
    const mine = seed.slice()
    hdDerive(hdFromSeed(mine, nobleEngine), 'm/0h')
    expect(mine).toEqual(seed)
    for (const length of [0, 15, 65])
      expect(failure(() => hdFromSeed(new Uint8Array(length), nobleEngine)).code).toBe('INVALID_KEY')
    expect(failure(() => hdFromSeed('00'.repeat(16) as unknown as Uint8Array, nobleEngine)).code).toBe(
      'INVALID_KEY',
    )
  })

  it('read and write the keys of test networks only when asked', () => {
    const xprv = hdToXprv(root(), { testnet: true })
    const xpub = hdToXpub(root(), { testnet: true })
    expect([xprv.slice(0, 4), xpub.slice(0, 4)]).toEqual(['tprv', 'tpub'])
    expect(hdFromXprv(xprv, nobleEngine, { testnet: true }).publicKey).toEqual(root().publicKey)
    expect(hdFromXpub(xpub, nobleEngine, { testnet: true }).publicKey).toEqual(root().publicKey)
    expect(failure(() => hdFromXprv(xprv, nobleEngine)).message).toMatch('is no xprv, but tprv')
    expect(failure(() => hdFromXpub(xpub, nobleEngine)).message).toMatch('is no xpub, but tpub')
    expect(failure(() => hdFromXpub(hdToXpub(root()), nobleEngine, { testnet: true })).message).toMatch(
      'but xpub',
    )
    expect(failure(() => hdFromXprv(hdToXpub(root()), nobleEngine)).message).toMatch('but xpub')
  })

  it('refuse hardened public steps, private steps from public keys, and too many levels', () => {
    expect(failure(() => hdDerivePublic(root(), 'm/0h')).code).toBe('INVALID_PATH')
    expect(failure(() => hdDerive(hdNeuter(root()), 'm/0')).code).toBe('INVALID_KEY')
    expect(failure(() => hdSecret(hdNeuter(root()))).code).toBe('INVALID_KEY')
    expect(failure(() => hdToXprv(hdNeuter(root()))).code).toBe('INVALID_KEY')
    const deep = hdDerive(root(), new Array(255).fill(HARDENED))
    expect(deep.depth).toBe(255)
    expect(failure(() => hdDerive(deep, 'm/0')).code).toBe('INVALID_PATH')
    expect(failure(() => hdDerive(root(), [2 ** 32])).code).toBe('INVALID_PATH')
  })

  it('show nothing secret', () => {
    const key = hdDerive(root(), 'm/84h/0h/0h')
    const secret = Buffer.from(hdSecret(key)).toString('hex')
    const shown = [
      JSON.stringify(key),
      inspect(key, { depth: 10, showHidden: true, maxArrayLength: null }),
    ].join()
    expect(shown).not.toContain(secret)
    expect(shown).not.toContain(Array.from(hdSecret(key)).join(','))
    expect(shown).not.toContain(Array.from(hdSecret(key)).join(', '))
    expect(
      Object.values(key).some(
        (value) => value instanceof Uint8Array && hdSecret(key).every((b, i) => b === value[i]),
      ),
    ).toBe(false)
  })

  it('are independent copies, also of themselves', () => {
    const first = root()
    const second = hdDerive(first, 'm')
    const neutered = hdNeuter(first)
    hdWipe(first)
    expect(hdToXprv(second)).toBe(hdToXprv(root()))
    expect(hdToXpub(neutered)).toBe(hdToXpub(root()))
    hdSecret(second).fill(0)
    expect(hdToXprv(second)).toBe(hdToXprv(root()))
  })

  it('can be wiped, once and for all', () => {
    const key = hdDerive(root(), 'm/0h')
    hdWipe(key)
    hdWipe(key)
    expect(key.chainCode.every((byte) => byte === 0)).toBe(true)
    for (const call of [
      hdSecret,
      hdToXprv,
      hdToXpub,
      hdNeuter,
      (k: HdKey) => hdDerive(k, 'm/0'),
      (k: HdKey) => hdDerivePublic(k, 'm/0'),
    ])
      expect(failure(() => call(key)).code).toBe('INVALID_KEY')
    expect(failure(() => hdSecret({ ...root() })).message).toMatch('A copy of one cannot be used')
  })

  it('wipe every secret that they met on the way', () => {
    const { engine, seen } = spy(nobleEngine)
    const key = hdDerive(hdFromSeed(seed, engine), 'm/84h/0h/0h/0/7')
    const own = hdSecret(key)
    const left = seen.filter((bytes) => bytes.some((byte) => byte !== 0))
    // The root's own key and the result's: each is wiped with its node.
    expect(left.length).toBeGreaterThan(0)
    for (const bytes of left)
      expect([Buffer.from(hdSecret(hdFromSeed(seed, nobleEngine))), Buffer.from(own)]).toContainEqual(
        Buffer.from(bytes),
      )
    hdWipe(key)
    expect(seen.length).toBeGreaterThan(10)
  })

  it('wipe what they have when a step fails, and name the path', () => {
    const { engine, seen } = spy({ ...nobleEngine, secretAdd: () => undefined, publicAdd: () => undefined })
    const start = hdFromSeed(seed, engine)
    const error = failure(() => hdDerive(start, 'm/44h/0'))
    expect([error.code, error.message]).toEqual([
      'INVALID_PATH',
      expect.stringContaining('No key exists at m/44h,'),
    ])
    expect(failure(() => hdDerivePublic(start, 'm/4/5')).message).toContain('No key exists at m/4,')
    hdWipe(start)
    for (const bytes of seen) expect(bytes.every((byte) => byte === 0)).toBe(true)
    const none = { ...nobleEngine, isSecret: () => false }
    expect(failure(() => hdFromSeed(seed, none)).message).toMatch('This seed makes no key')
  })

  it('are made again of their public parts, which are copied', () => {
    const account = hdNeuter(hdDerive(root(), 'm/44h/0h/7h'))
    const parts = { ...account, publicKey: account.publicKey.slice(), chainCode: account.chainCode.slice() }
    const again = hdFromPublic(parts, nobleEngine)
    parts.publicKey.fill(0)
    parts.chainCode.fill(0)
    expect(again).toEqual(account)
    expect(hdToXpub(again)).toBe(hdToXpub(account))
    expect(hdDerivePublic(again, 'm/0/5')).toEqual(hdDerivePublic(account, 'm/0/5'))
    for (const wrong of [
      { publicKey: account.publicKey.slice(1) },
      { publicKey: Uint8Array.of(2, ...new Uint8Array(32).fill(255)) },
      { chainCode: account.chainCode.slice(1) },
      { chainCode: '0'.repeat(32) as unknown as Uint8Array },
      { depth: 256 },
      { depth: -1 },
      { depth: 0.5 },
      { depth: 0 },
      { depth: 0, index: 0 },
      { depth: 0, parentFingerprint: '00000000' },
      { index: 2 * HARDENED },
      { index: -1 },
      { parentFingerprint: 'D34DB33F' },
    ])
      expect(failure(() => hdFromPublic({ ...account, ...wrong }, nobleEngine)).code).toBe('INVALID_KEY')
  })

  it('have the fingerprints of BIP-32', () => {
    expect(root().fingerprint).toBe('3442193e')
    expect(fingerprintOf(root().publicKey)).toBe('3442193e')
  })
})

/** Keeps a reference to every array that may hold a secret. */
function spy(inner: Engine): { engine: Engine; seen: Uint8Array[] } {
  const seen: Uint8Array[] = []
  const keep = (bytes: Uint8Array) => {
    seen.push(bytes)
    return bytes
  }
  const engine: Engine = {
    ...inner,
    isSecret: (secret) => inner.isSecret(keep(secret)),
    publicKey: (secret) => inner.publicKey(keep(secret)),
    secretAdd: (secret, tweak) => {
      const sum = inner.secretAdd(keep(secret), keep(tweak))
      return sum && keep(sum)
    },
  }
  return { engine, seen }
}
