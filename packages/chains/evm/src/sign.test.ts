import {
  type DraftFields,
  type EcdsaSignature,
  type KeyRing,
  nobleEngine,
  type SignedFields,
} from '@coffer/core'
import { Transaction } from 'ethers'
import fc from 'fast-check'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import { bytesToHex, hexToBytes } from './hex.ts'
import type { Address, EvmNetwork, EvmTransaction } from './intent.ts'
import { bnbNetwork, ethereumNetwork } from './networks.ts'
import { checkSigned, readSignedTransaction, sign } from './sign.ts'
import { decodeSigned, encodeSigned, encodeUnsigned, txid } from './transaction.ts'

const KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const SELF: Address = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
const TO: Address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const DELEGATE: Address = '0x63c0c19a282a1B52b07dD5a65b58948A07DAE32B'
const NETWORK: EvmNetwork = { ...ethereumNetwork, delegates: [DELEGATE] }
const ACCOUNT = `[d34db33f/44h/60h/0h/0/0]eip155:1:${SELF}`
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

const ring = (
  change: (signature: EcdsaSignature, hash: Uint8Array) => EcdsaSignature = (same) => same,
): KeyRing => {
  const secret = hexToBytes(KEY)
  return async () => ({
    publicKey: nobleEngine.publicKey(secret),
    ecdsa: (hash) => change(nobleEngine.ecdsaSign(hash, secret), hash),
  })
}

const BASE: Extract<EvmTransaction, { type: 'eip1559' }> = {
  type: 'eip1559',
  chainId: 1n,
  nonce: 7n,
  gasLimit: 50_000n,
  to: TO,
  value: 10n ** 18n,
  data: '0x',
  maxFeePerGas: 30n,
  maxPriorityFeePerGas: 2n,
  accessList: [],
}
const DELEGATION = {
  ...BASE,
  type: 'eip7702',
  to: SELF,
  value: 0n,
  authorizationList: [{ chainId: 1n, address: DELEGATE, nonce: 8n }],
} as const satisfies EvmTransaction

function draftOf(tx: EvmTransaction): DraftFields {
  return {
    chain: 'eip155:1',
    account: ACCOUNT,
    intent: { kind: 'pay' },
    payload: encodeUnsigned(tx),
    hints: {},
  }
}

describe('signing', () => {
  test.each<[string, EvmTransaction]>([
    ['eip1559', BASE],
    ['legacy', { ...BASE, type: 'legacy', gasPrice: 5n } as EvmTransaction],
    ['eip2930', { ...BASE, type: 'eip2930', gasPrice: 5n } as EvmTransaction],
    ['eip7702', DELEGATION],
  ])('%s: what ethers reads is what was drafted, signed by the account', async (_, tx) => {
    const signed = await sign(draftOf(tx), ring(), NETWORK)
    const read = Transaction.from(signed.raw)
    expect(read.from).toBe(SELF)
    expect(read.hash).toBe(signed.txid)
    expect(read.value).toBe(tx.value)
    expect(signed).toMatchObject({ chain: 'eip155:1', account: ACCOUNT })
    if (tx.type !== 'eip7702') expect(read.unsignedSerialized).toBe(draftOf(tx).payload)
  })

  test('G5: the bytes are those that viem signs, with the same nonce of the signature', async () => {
    const account = privateKeyToAccount(KEY)
    await fc.assert(
      fc.asyncProperty(fc.nat(1000), fc.bigInt(0n, 1n << 90n), async (nonce, value) => {
        const { raw } = await sign(draftOf({ ...BASE, nonce: BigInt(nonce), value }), ring(), NETWORK)
        const fields = {
          chainId: 1,
          nonce,
          gas: 50_000n,
          to: TO,
          value,
          maxFeePerGas: 30n,
          maxPriorityFeePerGas: 2n,
        }
        expect(raw).toBe(await account.signTransaction({ type: 'eip1559', ...fields }))
      }),
      { numRuns: 10 },
    )
  })

  test('E3: an own authorisation is signed as viem signs it, before the transaction', async () => {
    const { raw } = await sign(draftOf(DELEGATION), ring(), NETWORK)
    const { tx } = decodeSigned(raw)
    const account = privateKeyToAccount(KEY)
    const { r, s, yParity } = await account.signAuthorization({ chainId: 1, address: DELEGATE, nonce: 8 })
    expect(tx).toMatchObject({
      authorizationList: [
        { chainId: 1n, address: DELEGATE, nonce: 8n, signature: { r: BigInt(r), s: BigInt(s), yParity } },
      ],
    })
  })

  test('the key is taken from the path of the account, and from m where it has none', async () => {
    const asked: string[] = []
    const keys: KeyRing = async (path) => {
      asked.push(path)
      return ring()(path)
    }
    await sign(draftOf(BASE), keys, NETWORK)
    await sign({ ...draftOf(BASE), account: `eip155:1:${SELF}` }, keys, NETWORK)
    expect(asked).toEqual(['m/44h/60h/0h/0/0', 'm'])
  })

  test('another key is WRONG_ACCOUNT, and signs nothing', async () => {
    let signed = 0
    const keys: KeyRing = async () => ({
      publicKey: nobleEngine.publicKey(new Uint8Array(32).fill(5)),
      ecdsa: (hash) => {
        signed++
        return nobleEngine.ecdsaSign(hash, new Uint8Array(32).fill(5))
      },
    })
    await expect(sign(draftOf(BASE), keys, NETWORK)).rejects.toThrow(
      expect.objectContaining({ code: 'WRONG_ACCOUNT' }),
    )
    expect(signed).toBe(0)
  })

  test.each<[string, (signature: EcdsaSignature, hash: Uint8Array) => EcdsaSignature]>([
    ['of another key', (_, hash) => nobleEngine.ecdsaSign(hash, new Uint8Array(32).fill(5))],
    ['of another hash', () => nobleEngine.ecdsaSign(new Uint8Array(32).fill(5), hexToBytes(KEY))],
    ['with the wrong parity', ({ signature, recovery }) => ({ signature, recovery: 1 - recovery })],
    ['with a parity of two', ({ signature }) => ({ signature, recovery: 2 })],
    ['of zeros', () => ({ signature: new Uint8Array(64), recovery: 0 })],
    ['with high s', ({ signature, recovery }) => ({ signature: highS(signature), recovery: 1 - recovery })],
  ])('G5: a signature %s does not leave', async (_, change) => {
    for (const tx of [BASE, DELEGATION])
      await expect(sign(draftOf(tx), ring(change), NETWORK)).rejects.toThrow(
        expect.objectContaining({ code: 'SIGNATURE_WRONG' }),
      )
  })

  test.each<[string, EvmTransaction, EvmNetwork]>([
    ['E1: of another chain', { ...BASE, chainId: 56n }, NETWORK],
    [
      'E3: with an authorisation for every chain',
      { ...DELEGATION, authorizationList: [{ ...DELEGATION.authorizationList[0], chainId: 0n }] },
      NETWORK,
    ],
    ['E3: with a contract that is not pinned', DELEGATION, ethereumNetwork],
  ])('a draft %s is not signed', async (_, tx, network) => {
    let asked = 0
    const keys: KeyRing = async (path) => {
      asked++
      return ring()(path)
    }
    await expect(sign(draftOf(tx), keys, network)).rejects.toThrow(
      expect.objectContaining({ code: 'INVALID_DRAFT' }),
    )
    expect(asked).toBe(0)
  })
})

function highS(signature: Uint8Array): Uint8Array {
  const s = N - BigInt(bytesToHex(signature.slice(32)))
  return hexToBytes(`${bytesToHex(signature.slice(0, 32))}${s.toString(16).padStart(64, '0')}`)
}

describe('checking what was signed', () => {
  const good = (tx: EvmTransaction = BASE): Promise<SignedFields> => sign(draftOf(tx), ring(), NETWORK)

  test('reads sender and nonce', async () => {
    const read = readSignedTransaction(await good(), NETWORK)
    expect(read).toMatchObject({ from: SELF, nonce: 7n, transaction: BASE })
  })

  test('E1, G5: another chain, account, id or sender is refused', async () => {
    const signed = await good()
    const other = await privateKeyToAccount(`0x${'59'.repeat(32)}`).signTransaction({
      type: 'eip1559',
      chainId: 1,
      gas: 1n,
    })
    for (const bad of [
      { ...signed, chain: 'eip155:56' as const },
      { ...signed, account: `eip155:1:${TO}` },
      { ...signed, txid: `0x${'00'.repeat(32)}` },
      { ...signed, txid: signed.txid.toUpperCase() },
      { ...signed, raw: signed.raw.toUpperCase().replace('0X', '0x') },
      { ...signed, raw: `${signed.raw}00` },
      { ...signed, raw: draftOf(BASE).payload },
      { ...signed, raw: other, txid: txid(other) },
    ])
      expect(() => checkSigned(bad, NETWORK)).toThrow(expect.objectContaining({ code: 'INVALID_SIGNED' }))
    expect(() => checkSigned({ ...signed, chain: 'eip155:56' }, bnbNetwork)).toThrow(
      expect.objectContaining({ code: 'INVALID_SIGNED' }),
    )
  })

  test('E3: an authorisation of somebody else, or for a contract that is not pinned, is refused', async () => {
    const signed = await good(DELEGATION)
    checkSigned(signed, NETWORK)
    expect(() => checkSigned(signed, ethereumNetwork)).toThrow(
      expect.objectContaining({ code: 'INVALID_SIGNED' }),
    )
    const { tx } = decodeSigned(signed.raw)
    const stranger = privateKeyToAccount(`0x${'59'.repeat(32)}`)
    const { r, s, yParity } = await stranger.signAuthorization({ chainId: 1, address: DELEGATE, nonce: 8 })
    const authorization = {
      ...DELEGATION.authorizationList[0],
      signature: { r: BigInt(r), s: BigInt(s), yParity: yParity! },
    }
    const swapped = { ...tx, authorizationList: [authorization] } as EvmTransaction
    const whole = await sign(draftOf(swapped), ring(), NETWORK)
    expect(() => checkSigned(whole, NETWORK)).toThrow(expect.objectContaining({ code: 'INVALID_SIGNED' }))
  })

  test('any change of a byte is refused', async () => {
    const signed = await good()
    fc.assert(
      fc.property(fc.nat((signed.raw.length - 2) / 2 - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = hexToBytes(signed.raw)
        bytes[at]! ^= change
        const raw = bytesToHex(bytes)
        expect(() => checkSigned({ ...signed, raw, txid: txid(raw) }, NETWORK)).toThrow(
          expect.objectContaining({ code: 'INVALID_SIGNED' }),
        )
      }),
      { numRuns: 100 },
    )
  })

  test('a signature written with high s is refused', async () => {
    const signed = await good()
    const { tx, signature } = decodeSigned(signed.raw)
    expect(() =>
      encodeSigned(tx, { ...signature, s: N - signature.s, yParity: 1 - signature.yParity }),
    ).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })
})
