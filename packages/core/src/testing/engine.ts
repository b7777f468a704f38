import { sha256 } from '@noble/hashes/sha2.js'
import type { Engine } from '../engine.ts'
import { fromHex, ok, type Runner, refuses, same, toHex } from './assert.ts'

export interface EngineSubject {
  readonly name: string
  make(): Engine | Promise<Engine>
}

/**
 * What every engine must do: published vectors of RFC 6979 and BIP-340, and the edges of the group.
 *
 * @example
 * import { describe, it } from 'vitest'
 * engineConformance({ describe, it }, { name: 'mine', make: () => myEngine })
 */
export function engineConformance({ describe, it }: Runner, { name, make }: EngineSubject): void {
  const test = (title: string, body: (engine: Engine) => void | Promise<void>) =>
    it(title, async () => body(await make()))

  describe(`engine ${name}`, () => {
    describe('private keys', () => {
      test('are 32 bytes from 1 to n − 1', (engine) => {
        for (const secret of [ONE, TWO, N_MINUS_1]) ok(engine.isSecret(secret), `${toHex(secret)} is a key`)
        for (const secret of NOT_SECRETS) ok(!engine.isSecret(secret), `${toHex(secret)} is no key`)
      })
      test('that are out of range throw INVALID_KEY everywhere', async (engine) => {
        for (const secret of NOT_SECRETS) {
          await refuses(() => engine.publicKey(secret), 'INVALID_KEY')
          await refuses(() => engine.ecdsaSign(HASH, secret), 'INVALID_KEY')
          await refuses(() => engine.schnorrSign(HASH, secret, ZERO), 'INVALID_KEY')
          await refuses(() => engine.secretAdd(secret, ONE), 'INVALID_KEY')
          await refuses(() => engine.secretNegate(secret), 'INVALID_KEY')
        }
      })
      test('make the public keys of the curve', (engine) => {
        same(engine.publicKey(ONE), fromHex(G), 'G')
        same(engine.publicKey(N_MINUS_1), fromHex(`03${G.slice(2)}`), '−G')
        same(engine.publicKey(fromHex(RFC6979[4]!.secret)), fromHex(RFC6979[4]!.publicKey), 'the public key')
      })
    })

    describe('public keys', () => {
      test('are uncompressed', (engine) => {
        same(engine.uncompressed(fromHex(G)), fromHex(`04${G.slice(2)}${G_Y}`), 'G')
        same(engine.uncompressed(fromHex(`03${G.slice(2)}`)), fromHex(`04${G.slice(2)}${MINUS_G_Y}`), '−G')
      })
      test('that are not on the curve, or not compressed, throw INVALID_KEY', async (engine) => {
        for (const publicKey of NOT_PUBLIC) {
          await refuses(() => engine.uncompressed(publicKey), 'INVALID_KEY')
          await refuses(() => engine.publicAdd(publicKey, ONE), 'INVALID_KEY')
        }
      })
    })

    describe('ECDSA', () => {
      for (const { secret, publicKey, message, signature } of RFC6979)
        test(`signs as RFC 6979: "${message.slice(0, 20)}" with ${secret.slice(0, 4)}…${secret.slice(-4)}`, (engine) => {
          const hash = sha256(new TextEncoder().encode(message))
          const signed = engine.ecdsaSign(hash, fromHex(secret))
          same(signed.signature, fromHex(signature), 'the signature')
          same(engine.publicKey(fromHex(secret)), fromHex(publicKey), 'the public key')
          ok(engine.ecdsaVerify(signed.signature, hash, fromHex(publicKey)), 'it verifies')
          ok(
            engine.ecdsaVerify(signed.signature, hash, fromHex(publicKey), signed.recovery),
            'so does its recovery bit',
          )
          same(engine.ecdsaRecover(signed, hash), fromHex(publicKey), 'the recovered key')
        })

      test('is deterministic, low in s, and changes no argument', (engine) => {
        for (let i = 0; i < 24; i++) {
          const hash = sha256(Uint8Array.of(i))
          const secret = sha256(Uint8Array.of(i, 1))
          const [hashBefore, secretBefore] = [hash.slice(), secret.slice()]
          const first = engine.ecdsaSign(hash, secret)
          same(engine.ecdsaSign(hash, secret), first, 'the second signature')
          ok(toHex(first.signature.subarray(32)) <= HALF_N, 's is low')
          ok(first.recovery === 0 || first.recovery === 1, 'the recovery bit is 0 or 1')
          same(engine.ecdsaRecover(first, hash), engine.publicKey(secret), 'the recovered key')
          same([hash, secret], [hashBefore, secretBefore], 'the arguments')
        }
      })
      test('signs hashes at and above the order', (engine) => {
        for (const hash of [ZERO, ONE, N, fromHex('ff'.repeat(32))]) {
          const signed = engine.ecdsaSign(hash, TWO)
          ok(
            engine.ecdsaVerify(signed.signature, hash, engine.publicKey(TWO), signed.recovery),
            'it verifies',
          )
          same(engine.ecdsaRecover(signed, hash), engine.publicKey(TWO), 'the recovered key')
        }
      })
      test('refuses high s, and recovers from it all the same', (engine) => {
        const publicKey = engine.publicKey(TWO)
        const signed = engine.ecdsaSign(HASH, TWO)
        const high = signed.signature.slice()
        high.set(engine.secretNegate(signed.signature.slice(32)), 32)
        const recovery = 1 - signed.recovery
        ok(!engine.ecdsaVerify(high, HASH, publicKey), 'high s is refused')
        ok(!engine.ecdsaVerify(high, HASH, publicKey, recovery), 'high s is refused with its recovery bit')
        same(engine.ecdsaRecover({ signature: high, recovery }, HASH), publicKey, 'the recovered key')
      })
      test('refuses what does not fit, first or after many', (engine) => {
        const publicKey = engine.publicKey(TWO)
        const { signature, recovery } = engine.ecdsaSign(HASH, TWO)
        const others = [
          ...[0, 31, 32, 63].map((i) => flip(signature, i)),
          new Uint8Array(64),
          join(signature.subarray(0, 32), ZERO),
          join(ZERO, signature.subarray(32)),
          join(N, signature.subarray(32)),
          join(fromHex(P), signature.subarray(32)),
          join(signature.subarray(0, 32), N),
          signature.subarray(0, 63),
          join(signature, Uint8Array.of(0)),
        ]
        for (let round = 0; round < 40; round++) {
          ok(engine.ecdsaVerify(signature, HASH, publicKey, recovery), 'the signature verifies')
          ok(!engine.ecdsaVerify(signature, HASH, publicKey, 1 - recovery), 'the other recovery bit does not')
          ok(!engine.ecdsaVerify(signature, HASH, publicKey, recovery + 2), 'nor does a large one')
          ok(!engine.ecdsaVerify(signature, ONE, publicKey, recovery), 'nor does another hash')
          ok(!engine.ecdsaVerify(signature, HASH, engine.publicKey(ONE), recovery), 'nor does another key')
          const other = others[round % others.length]!
          ok(!engine.ecdsaVerify(other, HASH, publicKey), `${toHex(other)} does not`)
        }
        for (const wrong of NOT_PUBLIC)
          ok(!engine.ecdsaVerify(signature, HASH, wrong), 'a broken key verifies nothing')
      })
      test('recovers nothing from nonsense', async (engine) => {
        const { signature, recovery } = engine.ecdsaSign(HASH, TWO)
        const noX = join(fromHex(NOT_AN_X), signature.subarray(32))
        for (const wrong of [noX, new Uint8Array(64), join(N, signature.subarray(32)), signature.subarray(1)])
          await refuses(() => engine.ecdsaRecover({ signature: wrong, recovery }, HASH), 'INVALID_SIGNATURE')
        await refuses(() => engine.ecdsaRecover({ signature, recovery: 4 }, HASH), 'INVALID_SIGNATURE')
        // R = G, s = hash: the key would be the point at infinity.
        const infinity = { signature: join(fromHex(G.slice(2)), ONE), recovery: 0 }
        await refuses(() => engine.ecdsaRecover(infinity, ONE), 'INVALID_SIGNATURE')
      })
      test('refuses hashes of another length with INVALID_REQUEST', async (engine) => {
        const { signature, recovery } = engine.ecdsaSign(HASH, TWO)
        for (const hash of [new Uint8Array(31), new Uint8Array(33), new Uint8Array(0)]) {
          await refuses(() => engine.ecdsaSign(hash, TWO), 'INVALID_REQUEST')
          await refuses(() => engine.ecdsaVerify(signature, hash, engine.publicKey(TWO)), 'INVALID_REQUEST')
          await refuses(() => engine.ecdsaRecover({ signature, recovery }, hash), 'INVALID_REQUEST')
          await refuses(() => engine.schnorrSign(hash, TWO, ZERO), 'INVALID_REQUEST')
        }
      })
    })

    describe('Schnorr, BIP-340', () => {
      for (const { index, secret, publicKey, aux, message, signature, valid } of BIP340) {
        if (secret !== '')
          test(`signs vector ${index}`, (engine) => {
            const signed = engine.schnorrSign(fromHex(message), fromHex(secret), fromHex(aux))
            same(signed, fromHex(signature), 'the signature')
            same(engine.publicKey(fromHex(secret)).slice(1), fromHex(publicKey), 'the public key')
          })
        test(`${valid ? 'verifies' : 'refuses'} vector ${index}`, (engine) => {
          for (let round = 0; round < 30; round++)
            same(
              engine.schnorrVerify(fromHex(signature), fromHex(message), fromHex(publicKey)),
              valid,
              'the verdict',
            )
        })
      }
      test('signs the same with the public key said, and nothing that verifies with a wrong one', (engine) => {
        for (let i = 0; i < 8; i++) {
          const secret = sha256(Uint8Array.of(i, 4))
          const publicKey = engine.publicKey(secret)
          const signature = engine.schnorrSign(HASH, secret, ZERO)
          same(engine.schnorrSign(HASH, secret, ZERO, publicKey), signature, 'the signature')
          const negative = Uint8Array.of(publicKey[0]! ^ 1, ...publicKey.subarray(1))
          for (const wrong of [negative, engine.publicKey(sha256(Uint8Array.of(i, 5)))]) {
            const other = engine.schnorrSign(HASH, secret, ZERO, wrong)
            if (toHex(other) === toHex(signature)) continue // this engine finds the key by itself
            ok(!engine.schnorrVerify(other, HASH, publicKey.subarray(1)), 'it does not verify')
            ok(!engine.schnorrVerify(other, HASH, wrong.subarray(1)), 'nor for the other key')
            ok(toHex(other).slice(0, 64) !== toHex(signature).slice(0, 64), 'nor has it the same nonce')
          }
        }
      })
      test('refuses signatures and keys of another length', (engine) => {
        const { signature, message, publicKey } = BIP340[0]!
        ok(
          !engine.schnorrVerify(fromHex(signature).subarray(1), fromHex(message), fromHex(publicKey)),
          'it refuses',
        )
        ok(
          !engine.schnorrVerify(fromHex(signature), fromHex(message), fromHex(`02${publicKey}`)),
          'it refuses',
        )
      })
    })

    describe('tweaks', () => {
      test('add to private and public keys alike', (engine) => {
        for (let i = 0; i < 40; i++) {
          const secret = sha256(Uint8Array.of(i, 2))
          const tweak = sha256(Uint8Array.of(i, 3))
          const sum = engine.secretAdd(secret, tweak)
          ok(sum, 'there is a sum')
          same(
            engine.publicAdd(engine.publicKey(secret), tweak),
            engine.publicKey(sum),
            'the tweaked public key',
          )
        }
      })
      test('of zero change nothing', (engine) => {
        same(engine.secretAdd(TWO, ZERO), TWO, 'the private key')
        same(engine.publicAdd(engine.publicKey(TWO), ZERO), engine.publicKey(TWO), 'the public key')
      })
      test('wrap around the order', (engine) => {
        same(engine.secretAdd(N_MINUS_1, TWO), ONE, 'the private key')
        same(engine.publicAdd(engine.publicKey(N_MINUS_1), TWO), engine.publicKey(ONE), 'the public key')
      })
      test('that equal the key double it', (engine) => {
        for (const secret of [ONE, TWO, N_MINUS_1])
          same(
            engine.publicAdd(engine.publicKey(secret), secret),
            engine.publicKey(engine.secretAdd(secret, secret)!),
            'the doubled key',
          )
      })
      test('that end at zero, or are not below the order, give undefined', (engine) => {
        same(engine.secretAdd(N_MINUS_1, ONE), undefined, 'the private key')
        same(engine.publicAdd(engine.publicKey(N_MINUS_1), ONE), undefined, 'the public key')
        for (const tweak of [N, fromHex('ff'.repeat(32))]) {
          same(engine.secretAdd(TWO, tweak), undefined, 'the private key')
          same(engine.publicAdd(engine.publicKey(TWO), tweak), undefined, 'the public key')
        }
      })
      test('negate', (engine) => {
        same(engine.secretNegate(ONE), N_MINUS_1, 'n − 1')
        same(engine.secretNegate(N_MINUS_1), ONE, '1')
      })
      test('leave their arguments alone and return new bytes', (engine) => {
        const secret = TWO.slice()
        const results = [
          engine.secretAdd(secret, ZERO)!,
          engine.secretNegate(secret),
          engine.publicKey(secret),
        ]
        same(secret, TWO, 'the private key')
        for (const result of results) result.fill(0)
        same(secret, TWO, 'the private key')
      })
    })
  })
}

const ZERO = new Uint8Array(32)
const ONE = fromHex('01'.padStart(64, '0'))
const TWO = fromHex('02'.padStart(64, '0'))
const N = fromHex('fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141')
const N_MINUS_1 = fromHex('fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140')
const HALF_N = '7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0'
const P = 'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f'
const G = '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'
const G_Y = '483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8'
const MINUS_G_Y = 'b7c52588d95c3b9aa25b0403f1eef75702e84bb7597aabe663b82f6f04ef2777'
const NOT_AN_X = '0000000000000000000000000000000000000000000000000000000000000005'
const HASH = fromHex('4b688df40bcedbe641ddb16ff0a1842d9c67ea1c3bf63f3e0471baa664531d1a')

const NOT_SECRETS = [
  ZERO,
  N,
  fromHex('ff'.repeat(32)),
  new Uint8Array(31).fill(1),
  new Uint8Array(33).fill(1),
]
const NOT_PUBLIC = [
  fromHex(`02${NOT_AN_X}`),
  fromHex(`02${P}`),
  fromHex(`00${G.slice(2)}`),
  fromHex(`04${G.slice(2)}`),
  fromHex(`04${G.slice(2)}${G_Y}`),
  fromHex(G.slice(2)),
  new Uint8Array(33),
]

/** The vectors in common use for RFC 6979 over secp256k1 with SHA-256. */
const RFC6979 = [
  {
    secret: '0000000000000000000000000000000000000000000000000000000000000001',
    publicKey: G,
    message: 'Satoshi Nakamoto',
    signature:
      '934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d82442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5',
  },
  {
    secret: '0000000000000000000000000000000000000000000000000000000000000001',
    publicKey: G,
    message: 'All those moments will be lost in time, like tears in rain. Time to die...',
    signature:
      '8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b547fe64427496db33bf66019dacbf0039c04199abb0122918601db38a72cfc21',
  },
  {
    secret: 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140',
    publicKey: '0379be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
    message: 'Satoshi Nakamoto',
    signature:
      'fd567d121db66e382991534ada77a6bd3106f0a1098c231e47993447cd6af2d06b39cd0eb1bc8603e159ef5c20a5c8ad685a45b06ce9bebed3f153d10d93bed5',
  },
  {
    secret: 'f8b8af8ce3c7cca5e300d33939540c10d45ce001b8f252bfbc57ba0342904181',
    publicKey: '0292df7b245b81aa637ab4e867c8d511008f79161a97d64f2ac709600352f7acbc',
    message: 'Alan Turing',
    signature:
      '7063ae83e7f62bbb171798131b4a0564b956930092b33b07b395615d9ec7e15c58dfcc1e00a35e1572f366ffe34ba0fc47db1e7189759b9fb233c5b05ab388ea',
  },
  {
    secret: 'e91671c46231f833a6406ccbea0e3e392c76c167bac1cb013f6f1013980455c2',
    publicKey: '03567b7512001f3cc4dcb8b8096c046fff571ab07adb2126cd42908f2ff1ca424a',
    message:
      "There is a computer disease that anybody who works with computers knows about. It's a very serious disease and it interferes completely with the work. The trouble with computers is that you 'play' with them!",
    signature:
      'b552edd27580141f3b2a5463048cb7cd3e047b97c9f98076c32dbdf85a68718b279fa72dd19bfae05577e06c7c0c1900c371fcd5893f7e1d56a37d30174671f6',
  },
]

/** https://github.com/bitcoin/bips/blob/master/bip-0340/test-vectors.csv, those with messages of 32 bytes. */
export const BIP340: readonly {
  index: string
  secret: string
  publicKey: string
  aux: string
  message: string
  signature: string
  valid: boolean
}[] = `
0|0000000000000000000000000000000000000000000000000000000000000003|f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9|0000000000000000000000000000000000000000000000000000000000000000|0000000000000000000000000000000000000000000000000000000000000000|e907831f80848d1069a5371b402410364bdf1c5f8307b0084c55f1ce2dca821525f66a4a85ea8b71e482a74f382d2ce5ebeee8fdb2172f477df4900d310536c0|true
1|b7e151628aed2a6abf7158809cf4f3c762e7160f38b4da56a784d9045190cfef|dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659|0000000000000000000000000000000000000000000000000000000000000001|243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89|6896bd60eeae296db48a229ff71dfe071bde413e6d43f917dc8dcf8c78de33418906d11ac976abccb20b091292bff4ea897efcb639ea871cfa95f6de339e4b0a|true
2|c90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b14e5c9|dd308afec5777e13121fa72b9cc1b7cc0139715309b086c960e18fd969774eb8|c87aa53824b4d7ae2eb035a2b5bbbccc080e76cdc6d1692c4b0b62d798e6d906|7e2d58d8b3bcdf1abadec7829054f90dda9805aab56c77333024b9d0a508b75c|5831aaeed7b44bb74e5eab94ba9d4294c49bcf2a60728d8b4c200f50dd313c1bab745879a5ad954a72c45a91c3a51d3c7adea98d82f8481e0e1e03674a6f3fb7|true
3|0b432b2677937381aef05bb02a66ecd012773062cf3fa2549e44f58ed2401710|25d1dff95105f5253c4022f628a996ad3a0d95fbf21d468a1b33f8c160d8f517|ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff|ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff|7eb0509757e246f19449885651611cb965ecc1a187dd51b64fda1edc9637d5ec97582b9cb13db3933705b32ba982af5af25fd78881ebb32771fc5922efc66ea3|true
4||d69c3509bb99e412e68b0fe8544e72837dfa30746d8be2aa65975f29d22dc7b9||4df3c3f68fcc83b27e9d42c90431a72499f17875c81a599b566c9889b9696703|00000000000000000000003b78ce563f89a0ed9414f5aa28ad0d96d6795f9c6376afb1548af603b3eb45c9f8207dee1060cb71c04e80f593060b07d28308d7f4|true
5||eefdea4cdb677750a420fee807eacf21eb9898ae79b9768766e4faa04a2d4a34||243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89|6cff5c3ba86c69ea4b7376f31a9bcb4f74c1976089b2d9963da2e5543e17776969e89b4c5564d00349106b8497785dd7d1d713a8ae82b32fa79d5f7fc407d39b|false
6||dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659||243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89|fff97bd5755eeea420453a14355235d382f6472f8568a18b2f057a14602975563cc27944640ac607cd107ae10923d9ef7a73c643e166be5ebeafa34b1ac553e2|false
7||dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659||243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89|1fa62e331edbc21c394792d2ab1100a7b432b013df3f6ff4f99fcb33e0e1515f28890b3edb6e7189b630448b515ce4f8622a954cfe545735aaea5134fccdb2bd|false
8||dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659||243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89|6cff5c3ba86c69ea4b7376f31a9bcb4f74c1976089b2d9963da2e5543e177769961764b3aa9b2ffcb6ef947b6887a226e8d7c93e00c5ed0c1834ff0d0c2e6da6|false
9||dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659||243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89|0000000000000000000000000000000000000000000000000000000000000000123dda8328af9c23a94c1feecfd123ba4fb73476f0d594dcb65c6425bd186051|false
10||dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659||243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89|00000000000000000000000000000000000000000000000000000000000000017615fbaf5ae28864013c099742deadb4dba87f11ac6754f93780d5a1837cf197|false
11||dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659||243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89|4a298dacae57395a15d0795ddbfd1dcb564da82b0f269bc70a74f8220429ba1d69e89b4c5564d00349106b8497785dd7d1d713a8ae82b32fa79d5f7fc407d39b|false
12||dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659||243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89|fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f69e89b4c5564d00349106b8497785dd7d1d713a8ae82b32fa79d5f7fc407d39b|false
13||dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659||243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89|6cff5c3ba86c69ea4b7376f31a9bcb4f74c1976089b2d9963da2e5543e177769fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141|false
14||fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc30||243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89|6cff5c3ba86c69ea4b7376f31a9bcb4f74c1976089b2d9963da2e5543e17776969e89b4c5564d00349106b8497785dd7d1d713a8ae82b32fa79d5f7fc407d39b|false`
  .trim()
  .split('\n')
  .map((line) => {
    const [index = '', secret = '', publicKey = '', aux = '', message = '', signature = '', valid] =
      line.split('|')
    return { index, secret, publicKey, aux, message, signature, valid: valid === 'true' }
  })

function join(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

function flip(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))
}
