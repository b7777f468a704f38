import { nobleEngine } from '@coffer/core'
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { base64 } from '@scure/base'
import { Signer, Verifier } from 'bip322-js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatAddress } from './address.ts'
import { bip137Hash } from './bip137.ts'
import { hash160 } from './bytes.ts'
import { addressOf, keysOfWif, scriptOf } from './messages.fixture.ts'
import { checkMessage, signMessage, verifyMessage } from './messages.ts'
import { bitcoinNetwork, regtestNetwork } from './networks.ts'
import { p2pkhScript } from './script.ts'

const WIF = 'L3VFeEujGtevx9w18HD1fhRbCH67Az2dpCymeRE1SoPK6XQtaN2k'
const TYPES = ['p2pkh', 'p2sh-p2wpkh', 'p2wpkh'] as const
const FIRST = { p2pkh: 31, 'p2sh-p2wpkh': 35, p2wpkh: 39 } as const

function withHeader(signature: string, change: (header: number) => number): string {
  const bytes = base64.decode(signature)
  bytes[0] = change(bytes[0] as number)
  return base64.encode(bytes)
}

describe('vectors of Bitcoin Core', () => {
  const SIGNATURE = 'IPojfrX2dfPnH26UegfbGQQLrdK844DlHq5157/P6h57WyuS/Qsl+h/WSVGDF4MUi4rWSswW38oimDYfNNUBUOk='
  const ADDRESS = '15CRxFdyRpGZLW9w8HnHvVduizdL5jKNbs'

  test('message_sign', async () => {
    const secret = hexToBytes('d97f5108f11cda6eeebaaa420fef0726b1f898060b98489fa3098463c0032866')
    const publicKey = nobleEngine.publicKey(secret)
    const script = p2pkhScript(hash160(publicKey))
    expect(formatAddress(script, bitcoinNetwork)).toBe(ADDRESS)
    const text = await signMessage({
      keys: { publicKey, ecdsa: (hash) => nobleEngine.ecdsaSign(hash, secret) },
      script: { keychain: 0, index: 0, script, keys: [{ publicKey, fingerprint: '00000000', path: [] }] },
      message: 'Trust no one',
    })
    expect(text).toBe(SIGNATURE)
    expect(bytesToHex(bip137Hash(utf8ToBytes('Trust no one')))).toBe(
      'aa8215d723ecd2f14867eeb7e19f192be7bc15a2352a24b991d4f5870cbaf6e8',
    )
  })

  test.each([
    ['3B5fQsEXEaV8v6U3ejYc8XaKXAkyQj2MjV', 'signature should be irrelevant', 'message too', false],
    ['1KqbBpLy5FARmTPD4VZnDDpYjkUvkr82Pm', 'invalid signature, not in base64 encoding', 'irrelevant', false],
    ['1KqbBpLy5FARmTPD4VZnDDpYjkUvkr82Pm', `${'A'.repeat(87)}=`, 'irrelevant', false],
    [ADDRESS, SIGNATURE, 'I never signed this', false],
    [ADDRESS, SIGNATURE, 'Trust no one', true],
    [
      '11canuhp9X2NocwCq7xNrQYTmUgZAnLK3',
      'IIcaIENoYW5jZWxsb3Igb24gYnJpbmsgb2Ygc2Vjb25kIGJhaWxvdXQgZm9yIGJhbmtzIAaHRtbCeDZINyavx14=',
      'Trust me',
      true,
    ],
  ])('message_verify %s', (address, signature, message, holds) => {
    expect(verifyMessage({ address, signature, message }, bitcoinNetwork)).toBe(holds)
  })

  test('signmessagewithprivkey', async () => {
    const wif = 'cUeKHd5orzT3mz8P9pxyREHfsWtVfgsfDjiZZBcjUBAaGk1BTj7N'
    const message = 'This is just a test message'
    expect(addressOf(wif, 'p2pkh', regtestNetwork)).toBe('mpLQjfK79b7CCV4VMJWEWAj5Mpx8Up5zxB')
    expect(await signMessage({ keys: keysOfWif(wif), script: scriptOf(wif, 'p2pkh'), message })).toBe(
      'INbVnW4e6PeRmsv2Qgu8NuopvrVjkcxob+sX8OcZG0SALhWybUjzMLPdAsXI46YZGb0KQTRii+wWIQzRpG/U+S0=',
    )
  })
})

describe('BIP-137', () => {
  test.each(TYPES)('%s: the header of its kind, verified strictly by bip322-js', async (type) => {
    const address = addressOf(WIF, type)
    const request = { keys: keysOfWif(WIF), script: scriptOf(WIF, type), format: 'bip137' } as const
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (message) => {
        const signature = await signMessage({ ...request, message })
        const header = base64.decode(signature)[0] as number
        expect([FIRST[type], FIRST[type] + 1]).toContain(header)
        expect(Verifier.verifySignature(address, message, signature, true)).toBe(true)
        expect(checkMessage({ address, message, signature }, bitcoinNetwork)).toEqual({
          format: 'bip137',
          strict: true,
          locktime: 0,
          sequence: 0,
        })
        expect(verifyMessage({ address, message: `${message} `, signature }, bitcoinNetwork)).toBe(false)
        if (type === 'p2pkh') expect(signature).toBe(Signer.sign(WIF, address, message))
      }),
      { numRuns: 8 },
    )
  })

  test('P2PKH is signed so when no format is named; taproot never', async () => {
    const message = 'm'
    const keys = keysOfWif(WIF)
    const signature = await signMessage({ keys, script: scriptOf(WIF, 'p2pkh'), message })
    expect(
      checkMessage({ address: addressOf(WIF, 'p2pkh'), message, signature }, bitcoinNetwork)?.format,
    ).toBe('bip137')
    await expect(
      signMessage({ keys, script: scriptOf(WIF, 'p2tr'), message, format: 'bip137' }),
    ).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    })
    expect(verifyMessage({ address: addressOf(WIF, 'p2tr'), message, signature }, bitcoinNetwork)).toBe(false)
  })

  test('every header on every kind of address: strict, loose, or not at all', async () => {
    const message = 'Hello World'
    const signature = await signMessage({ keys: keysOfWif(WIF), script: scriptOf(WIF, 'p2pkh'), message })
    const recovery = ((base64.decode(signature)[0] as number) - 27) & 3
    const seen: Record<string, Record<number, boolean>> = {}
    for (const type of TYPES)
      for (let header = 0; header < 256; header++) {
        const proof = checkMessage(
          { address: addressOf(WIF, type), message, signature: withHeader(signature, () => header) },
          bitcoinNetwork,
        )
        if (proof) seen[type] = { ...seen[type], [header]: proof.strict }
      }
    expect(seen).toEqual({
      p2pkh: { [31 + recovery]: true },
      'p2sh-p2wpkh': { [27 + recovery]: false, [31 + recovery]: false, [35 + recovery]: true },
      p2wpkh: { [27 + recovery]: false, [31 + recovery]: false, [39 + recovery]: true },
    })
  })

  test('the oldest addresses, of keys of 65 bytes', async () => {
    const keys = keysOfWif(WIF)
    const address = formatAddress(
      p2pkhScript(hash160(nobleEngine.uncompressed(keys.publicKey))),
      bitcoinNetwork,
    ) as string
    const compressed = await signMessage({ keys, script: scriptOf(WIF, 'p2pkh'), message: 'm' })
    const signature = withHeader(compressed, (header) => header - 4)
    expect(checkMessage({ address, message: 'm', signature }, bitcoinNetwork)?.strict).toBe(true)
    expect(verifyMessage({ address, message: 'm', signature: compressed }, bitcoinNetwork)).toBe(false)
    expect(verifyMessage({ address: addressOf(WIF, 'p2pkh'), message: 'm', signature }, bitcoinNetwork)).toBe(
      false,
    )
  })

  test('the form counts whatever an engine makes of it', async () => {
    const keys = keysOfWif(WIF)
    const engine = { ...nobleEngine, ecdsaRecover: () => keys.publicKey }
    const check = (bytes: Uint8Array): boolean =>
      verifyMessage(
        { address: addressOf(WIF, 'p2pkh'), message: 'm', signature: base64.encode(bytes) },
        bitcoinNetwork,
        engine,
      )
    const bytes = new Uint8Array(65).fill(1)
    for (const [header, holds] of [
      [31, true],
      [32, true],
      [33, false],
      [34, false],
    ] as const) {
      bytes[0] = header
      expect(check(bytes)).toBe(holds)
    }
    bytes[0] = 31
    expect(check(bytes.slice(0, 64))).toBe(false)
    expect(check(Uint8Array.of(...bytes, 0))).toBe(false)
    const named = `smp${base64.encode(bytes)}`
    expect(
      verifyMessage(
        { address: addressOf(WIF, 'p2pkh'), message: 'm', signature: named },
        bitcoinNetwork,
        engine,
      ),
    ).toBe(false)
  })

  test('bytes are signed as they are; lengths of every width are counted', async () => {
    const keys = keysOfWif(WIF)
    const script = scriptOf(WIF, 'p2pkh')
    const address = addressOf(WIF, 'p2pkh')
    for (const length of [0, 252, 253, 65_535, 65_536]) {
      const signature = await signMessage({ keys, script, message: new Uint8Array(length).fill(97) })
      expect(Verifier.verifySignature(address, 'a'.repeat(length), signature)).toBe(true)
      expect(verifyMessage({ address, message: 'a'.repeat(length), signature }, bitcoinNetwork)).toBe(true)
    }
  })

  test('one changed bit of a signature is enough', async () => {
    const message = 'Hello World'
    const address = addressOf(WIF, 'p2pkh')
    const bytes = base64.decode(
      await signMessage({ keys: keysOfWif(WIF), script: scriptOf(WIF, 'p2pkh'), message }),
    )
    for (let i = 0; i < bytes.length; i++) {
      const changed = bytes.slice()
      changed[i] = (changed[i] as number) ^ (1 << (i % 8))
      expect(verifyMessage({ address, message, signature: base64.encode(changed) }, bitcoinNetwork)).toBe(
        false,
      )
    }
    for (const length of [64, 66])
      expect(
        verifyMessage(
          { address, message, signature: base64.encode(new Uint8Array(length).fill(31)) },
          bitcoinNetwork,
        ),
      ).toBe(false)
  })

  test('G5: a key that signs something else is found out', async () => {
    const keys = keysOfWif(WIF)
    const wrong = { ...keys, ecdsa: () => keys.ecdsa(new Uint8Array(32)) }
    await expect(
      signMessage({ keys: wrong, script: scriptOf(WIF, 'p2pkh'), message: 'm' }),
    ).rejects.toMatchObject({ code: 'SIGNATURE_WRONG' })
  })
})
