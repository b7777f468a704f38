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
          ok(engine.ecdsaVerify(signed.signature, hash, fromHex(publicKey), signed.recovery), 'so does its recovery bit')
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
          ok(engine.ecdsaVerify(signed.signature, hash, engine.publicKey(TWO), signed.recovery), 'it verifies')
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
        for (const wrong of NOT_PUBLIC) ok(!engine.ecdsaVerify(signature, HASH, wrong), 'a broken key verifies nothing')
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
            same(engine.schnorrVerify(fromHex(signature), fromHex(message), fromHex(publicKey)), valid, 'the verdict')
        })
      }
      test('refuses signatures and keys of another length', (engine) => {
        const { signature, message, publicKey } = BIP340[0]!
        ok(!engine.schnorrVerify(fromHex(signature).subarray(1), fromHex(message), fromHex(publicKey)), 'it refuses')
        ok(!engine.schnorrVerify(fromHex(signature), fromHex(message), fromHex(`02${publicKey}`)), 'it refuses')
      })
    })

    describe('tweaks', () => {
      test('add to private and public keys alike', (engine) => {
        for (let i = 0; i < 40; i++) {
          const secret = sha256(Uint8Array.of(i, 2))
          const tweak = sha256(Uint8Array.of(i, 3))
          const sum = engine.secretAdd(secret, tweak)
          ok(sum, 'there is a sum')
          same(engine.publicAdd(engine.publicKey(secret), tweak), engine.publicKey(sum), 'the tweaked public key')
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
        const results = [engine.secretAdd(secret, ZERO)!, engine.secretNegate(secret), engine.publicKey(secret)]
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

const NOT_SECRETS = [ZERO, N, fromHex('ff'.repeat(32)), new Uint8Array(31).fill(1), new Uint8Array(33).fill(1)]
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
    publicKey: '03bc9bdb8fed5f1e9a4a3b0b5d0ed7d3a9ce5e2a5a9ef0dd1c6d8a1c86cb5a7d4a',
    message:
      "There is a computer disease that anybody who works with computers knows about. It's a very serious disease and it interferes completely with the work. The trouble with computers is that you 'play' with them!",
    signature:
      'b552edd27580141f3b2a5463048cb7cd3e047b97c9f98076c32dbdf85a68718b279fa72dd19bfae05577e06c7c0c1900c371fcd5893f7e1d56a37d30174671f6',
  },
]

/** https://github.com/bitcoin/bips/blob/master/bip-0340/test-vectors.csv, those with messages of 32 bytes. */
const BIP340 = `
0|0000000000000000000000000000000000000000000000000000000000000003|F9308A019258C31049344F85F89D5229B531C845836F99B08601F113BCE036F9|0000000000000000000000000000000000000000000000000000000000000000|0000000000000000000000000000000000000000000000000000000000000000|067E337AD551B2276EC705E43F0920926A9CE08AC68159F9D258C9BBA412781C9F059FCDF4824F13B3D7C1305316F956704BB3FEA2C26142E18ACD90A90C947E|TRUE
1|B7E151628AED2A6ABF7158809CF4F3C762E7160F38B4DA56A784D9045190CFEF|DFF1D77F2A671C5F36183726DB2341BE58FEAE1DA2DECED843240F7B502BA659|0000000000000000000000000000000000000000000000000000000000000001|243F6A8885A308D313198A2E03707344A4093822299F31D0082EFA98EC4E6C89|0E12B8C520948A776753A96F21ABD7FDC2D7D0C0DDC90851BE17B04E75EF86A47EF0DA46C4DC4D0D1BCB8668C2CE16C54C7C23A6716EDE303AF86774917CF928|TRUE
2|C90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B14E5C9|DD308AFEC5777E13121FA72B9CC1B7CC0139715309B086C960E18FD969774EB8|C87AA53824B4D7AE2EB035A2B5BBBCCC080E76CDC6D1692C4B0B62D798E6D906|7E2D58D8B3BCDF1ABADEC7829054F90DDA9805AAB56C77333024B9D0A508B75C|FC012F9FB8FE00A358F51EF93DCE0DC0C895F6E9A87C6C4905BC820B0C3677616B8737D14E703AF8E16E22E5B8F26227D41E5128F82D86F747244CC289C74D1D|TRUE
3|0B432B2677937381AEF05BB02A66ECD012773062CF3FA2549E44F58ED2401710|25D1DFF95105F5253C4022F628A996AD3A0D95FBF21D468A1B33F8C160D8F517|FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF|FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF|FC132D4E426DFF535AEC0FA7083AC5118BC1D5FFFD848ABD8290C23F271CA0DD11AEDCEA3F55DA9BD677FE29C9DDA0CF878BCE43FDE0E313D69D1AF7A5AE8369|TRUE
4||D69C3509BB99E412E68B0FE8544E72837DFA30746D8BE2AA65975F29D22DC7B9||4DF3C3F68FCC83B27E9D42C90431A72499F17875C81A599B566C9889B9696703|00000000000000000000003B78CE563F89A0ED9414F5AA28AD0D96D6795F9C630EC50E5363E227ACAC6F542CE1C0B186657E0E0D1A6FFE283A33438DE4738419|TRUE
5||EEFDEA4CDB677750A420FEE807EACF21EB9898AE79B9768766E4FAA04A2D4A34||243F6A8885A308D313198A2E03707344A4093822299F31D0082EFA98EC4E6C89|7036D6BFE1837AE919631039A2CF652A295DFAC9A8BBB0806014B2F48DD7C807941607B563ABBA414287F374A332BA3636DE009EE1EF551A17796B72B68B8A24|FALSE
6||DFF1D77F2A671C5F36183726DB2341BE58FEAE1DA2DECED843240F7B502BA659||243F6A8885A308D313198A2E03707344A4093822299F31D0082EFA98EC4E6C89|F9308A019258C31049344F85F89D5229B531C845836F99B08601F113BCE036F995A579DA959FA739FCE39E8BD16FECB5CDCF97060B2C73CDE60E87ABCA1AA5D9|FALSE
7||DFF1D77F2A671C5F36183726DB2341BE58FEAE1DA2DECED843240F7B502BA659||243F6A8885A308D313198A2E03707344A4093822299F31D0082EFA98EC4E6C89|F8704654F4687B7365ED32E796DE92761390A3BCC495179BFE073817B7ED32824E76B987F7C1F9A751EF5C343F7645D3CFFC7D570B9A7192EBF1898E1344E3BF|FALSE
8||DFF1D77F2A671C5F36183726DB2341BE58FEAE1DA2DECED843240F7B502BA659||243F6A8885A308D313198A2E03707344A4093822299F31D0082EFA98EC4E6C89|7036D6BFE1837AE919631039A2CF652A295DFAC9A8BBB0806014B2F48DD7C8076BE9F84A9C5445BEBD780C8B5CCD45C883D0DC47CD594B21A858F31A19AAB71D|FALSE
9||DFF1D77F2A671C5F36183726DB2341BE58FEAE1DA2DECED843240F7B502BA659||243F6A8885A308D313198A2E03707344A4093822299F31D0082EFA98EC4E6C89|00000000000000000000000000000000000000000000000000000000000000009915EE59F07F9DBBAEDC31BFCC9B34AD49DE669CD24773BCED77DDA36D073EC8|FALSE
10||DFF1D77F2A671C5F36183726DB2341BE58FEAE1DA2DECED843240F7B502BA659||243F6A8885A308D313198A2E03707344A4093822299F31D0082EFA98EC4E6C89|0000000000000000000000000000000000000000000000000000000000000001C7EC918B2B9CF34071BB54BED7EB4BB6BAB148E9A7E36E6B228F95DFA08B43EC|FALSE
11||DFF1D77F2A671C5F36183726DB2341BE58FEAE1DA2DECED843240F7B502BA659||243F6A8885A308D313198A2E03707344A4093822299F31D0082EFA98EC4E6C89|4A298DACAE57395A15D0795DDBFD1DCB564DA82B0F269BC70A74F8220429BA1D941607B563ABBA414287F374A332BA3636DE009EE1EF551A17796B72B68B8A24|FALSE
12||DFF1D77F2A671C5F36183726DB2341BE58FEAE1DA2DECED843240F7B502BA659||243F6A8885A308D313198A2E03707344A4093822299F31D0082EFA98EC4E6C89|FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F941607B563ABBA414287F374A332BA3636DE009EE1EF551A17796B72B68B8A24|FALSE
13||DFF1D77F2A671C5F36183726DB2341BE58FEAE1DA2DECED843240F7B502BA659||243F6A8885A308D313198A2E03707344A4093822299F31D0082EFA98EC4E6C89|7036D6BFE1837AE919631039A2CF652A295DFAC9A8BBB0806014B2F48DD7C807FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141|FALSE
14||FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC30||243F6A8885A308D313198A2E03707344A4093822299F31D0082EFA98EC4E6C89|7036D6BFE1837AE919631039A2CF652A295DFAC9A8BBB0806014B2F48DD7C807941607B563ABBA414287F374A332BA3636DE009EE1EF551A17796B72B68B8A24|FALSE`
  .trim()
  .split('\n')
  .map((line) => {
    const [index = '', secret = '', publicKey = '', aux = '', message = '', signature = '', valid] = line.split('|')
    return { index, secret, publicKey, aux, message, signature, valid: valid === 'TRUE' }
  })

function join(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

function flip(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))
}
