import { CofferError, type DraftFields, type KeyRing, nobleEngine, type SignedFields } from '@coffer/core'
import { beforeEach, describe, expect, it } from 'vitest'
import { addressOf } from './address.ts'
import { makeDraft } from './draft.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import { forget } from './hostile.fixture.ts'
import type { SigningPermission, TronIntent } from './intent.ts'
import { nileNetwork, tronNetwork } from './networks.ts'
import { writePermission } from './permissions.ts'
import { checkSigned, cosign, finish, pathOf, readSignedTransaction, sign } from './sign.ts'
import { fromEcdsa } from './signature.ts'
import { decodeSigned, encodeSigned, signingHash, txidOf } from './transaction.ts'

beforeEach(forget)

/** Keys that are small numbers. */
const secretOf = (n: number): Uint8Array => Uint8Array.of(...new Uint8Array(31), n)
const addressAt = (n: number): string => addressOf(nobleEngine.publicKey(secretOf(n)))
const [OWN, TWO, THREE, FOUR] = [1, 2, 3, 4].map(addressAt) as [string, string, string, string]
const ACCOUNT = `tron:0x2b6653dc:${OWN}`
const numbers = {
  refBlockBytes: '1a2b',
  refBlockHash: '00112233aabbccdd',
  timestamp: 1_764_000_000_000n,
  expiration: 1_764_000_600_000n,
  feeLimit: 0n,
}
const pay: TronIntent = { kind: 'pay', asset: tronNetwork.coin.id, to: TWO, amount: 5n }
const permissionOf = (threshold: bigint, ...addresses: string[]): SigningPermission => ({
  id: 0,
  threshold,
  keys: addresses.map((address) => ({ address, weight: 1n })),
})
const draftOf = (permission?: SigningPermission, account = ACCOUNT): DraftFields<TronIntent> =>
  makeDraft(tronNetwork, account, { ...pay, ...(permission ? { permission } : {}) }, numbers)
const withSignatures = (draft: DraftFields, signatures: readonly string[]) => ({ ...draft, signatures })
const rawOf = (draft: DraftFields): Uint8Array => hexToBytes(draft.payload.slice(2))
const signatureOf = (n: number, draft: DraftFields): Uint8Array =>
  fromEcdsa(nobleEngine.ecdsaSign(signingHash(rawOf(draft)), secretOf(n)))
const hexOf = (n: number, draft: DraftFields): string => bytesToHex(signatureOf(n, draft))

/** Holds the keys of some paths, and writes down which it was asked for. */
function ringOf(paths: Readonly<Record<string, number>>, asked: string[] = []): KeyRing {
  return async (path) => {
    asked.push(path)
    const n = paths[path]
    if (n === undefined) throw new CofferError({ code: 'INVALID_PATH', message: 'No such path.' })
    return {
      publicKey: nobleEngine.publicKey(secretOf(n)),
      ecdsa: (hash) => nobleEngine.ecdsaSign(hash, secretOf(n)),
    }
  }
}
const usual = (index: number): string => `m/44h/195h/0h/0/${index}`
const code = (code: string): object => expect.objectContaining({ code })

describe('an account whose own key decides', () => {
  it('is signed for by that key alone', async () => {
    const draft = draftOf()
    const signed = await sign(draft, ringOf({ m: 1 }), tronNetwork)
    const raw = rawOf(draft)
    const bytes = encodeSigned(raw, [signatureOf(1, draft)])
    expect(signed).toStrictEqual({
      chain: 'tron:0x2b6653dc',
      account: ACCOUNT,
      txid: txidOf(raw),
      raw: bytes,
    })
    await expect(sign(draft, ringOf({ m: 2 }), tronNetwork)).rejects.toMatchObject(code('WRONG_ACCOUNT'))
    await expect(sign(draft, ringOf({ m: 1 }), nileNetwork)).rejects.toMatchObject(code('INVALID_DRAFT'))
  })

  it('has nothing to put together', async () => {
    await expect(cosign(draftOf(), ringOf({ m: 1 }), tronNetwork)).rejects.toMatchObject(code('UNSUPPORTED'))
    expect(() => finish(draftOf(), tronNetwork)).toThrow(code('UNSUPPORTED'))
  })
})

describe('an account of several keys', () => {
  const permission = permissionOf(2n, OWN, TWO, THREE)

  it('is signed for by each key that the signer holds and that did not sign yet', async () => {
    const draft = draftOf(permission)
    const ring = ringOf({ [usual(0)]: 4, [usual(3)]: 3, [usual(7)]: 2 })
    expect(await cosign(draft, ring, tronNetwork)).toEqual([hexOf(3, draft), hexOf(2, draft)])
    const half = withSignatures(draft, [hexOf(3, draft)])
    expect(await cosign(half, ring, tronNetwork)).toEqual([hexOf(3, draft), hexOf(2, draft)])
    const signed = await sign(half, ring, tronNetwork)
    expect(decodeSigned(signed.raw).signatures).toHaveLength(2)
    expect(signed).toMatchObject({ txid: txidOf(rawOf(draft)), spent: writePermission(permission) })
    expect(finish(withSignatures(draft, [hexOf(2, draft), hexOf(3, draft)]), tronNetwork)).toEqual(signed)
  })

  it('is signed for with the first twenty accounts of a signer, with the path of its own account, or with its one key', async () => {
    const draft = draftOf(permission)
    const found = (paths: Record<string, number>, of: DraftFields = draft) =>
      cosign(of, ringOf(paths), tronNetwork)
    expect(pathOf(tronNetwork, 19)).toBe(usual(19))
    expect(pathOf(nileNetwork, 0)).toBe('m/44h/1h/0h/0/0')
    expect(await found({ [usual(0)]: 4, [usual(19)]: 1 })).toEqual([hexOf(1, draft)])
    await expect(found({ [usual(0)]: 4, [usual(20)]: 1 })).rejects.toMatchObject(code('WRONG_ACCOUNT'))
    expect(await found({ m: 1 })).toEqual([hexOf(1, draft)])
    const elsewhere = draftOf(permission, `[d34db33f/44h/195h/0h/0/77]${ACCOUNT}`)
    expect(await found({ [usual(77)]: 1 }, elsewhere)).toEqual([hexOf(1, elsewhere)])
  })

  it('never asks a signer of many keys for the one at m', async () => {
    const draft = draftOf(permission)
    const asked: string[] = []
    await cosign(draft, ringOf({ [usual(0)]: 1, m: 2 }, asked), tronNetwork)
    expect(new Set(asked)).toEqual(new Set(Array.from({ length: 20 }, (_, index) => usual(index))))
    // Nor where a later one of its accounts is the only one that it has, or none may sign.
    await cosign(draft, ringOf({ [usual(5)]: 1, m: 2 }, asked), tronNetwork)
    await expect(cosign(draft, ringOf({ [usual(5)]: 4, m: 2 }, asked), tronNetwork)).rejects.toMatchObject(
      code('WRONG_ACCOUNT'),
    )
    expect(asked).not.toContain('m')
  })

  it('is not signed for when the signer fails otherwise than by having no such path', async () => {
    const draft = draftOf(permission)
    const broken: KeyRing = async () => {
      throw new CofferError({ code: 'SIGNER_REFUSED', message: 'No.' })
    }
    await expect(cosign(draft, broken, tronNetwork)).rejects.toMatchObject(code('SIGNER_REFUSED'))
  })

  it('takes no signature that cannot be read, nor a draft that names another permission than its bytes', async () => {
    const draft = draftOf(permission)
    const ring = ringOf({ m: 1 })
    for (const text of ['', hexOf(2, draft).slice(2), `0x${hexOf(2, draft)}`, 'zz'.repeat(65), 5 as never])
      await expect(cosign(withSignatures(draft, [text]), ring, tronNetwork)).rejects.toMatchObject(
        code('SIGNATURE_WRONG'),
      )
    const other = { ...draft, intent: { ...pay, permission: { ...permission, id: 2 } } }
    expect(() => finish(withSignatures(other, [hexOf(1, draft), hexOf(2, draft)]), tronNetwork)).toThrow(
      code('SIGNATURE_WRONG'),
    )
    expect(() => finish(draft, tronNetwork)).toThrow(code('SIGNATURES_MISSING'))
  })
})

describe('a signed transaction', () => {
  const refused = (sentence: string) =>
    expect.objectContaining({ code: 'INVALID_SIGNED', message: expect.stringContaining(sentence) })
  const signedOf = (draft: DraftFields, by: readonly number[], more: object = {}): SignedFields => ({
    chain: draft.chain,
    account: draft.account,
    txid: txidOf(rawOf(draft)),
    raw: encodeSigned(
      rawOf(draft),
      by.map((n) => signatureOf(n, draft)),
    ),
    ...more,
  })
  const read = (signed: SignedFields) => readSignedTransaction(signed, tronNetwork)

  it('is read when it is whole and signed by its account', () => {
    const draft = draftOf()
    const { tx, raw, account } = read(signedOf(draft, [1]))
    expect({ tx, raw, account }).toMatchObject({ account: OWN, tx: { contract: { ownerAddress: OWN } } })
    expect(raw).toEqual(rawOf(draft))
  })

  it('is refused when it is not', () => {
    const draft = draftOf()
    const other = makeDraft(tronNetwork, `tron:0x2b6653dc:${FOUR}`, pay, numbers)
    const cases: readonly (readonly [SignedFields, string])[] = [
      [signedOf(draft, [1], { chain: nileNetwork.id }), 'another chain'],
      [signedOf(other, [4], { account: ACCOUNT }), 'another account'],
      [signedOf(draft, [1], { txid: txidOf(rawOf(other)) }), 'Its id'],
      [signedOf(draft, [2]), `not signed by ${OWN}`],
      [signedOf(draft, [1, 2]), `not signed by ${OWN}`],
      [signedOf(draftOf({ ...permissionOf(1n, OWN), id: 2 }), [1]), `not signed by ${OWN}`],
    ]
    for (const [signed, sentence] of cases) {
      expect(() => read(signed), sentence).toThrow(refused(sentence))
      expect(() => checkSigned(signed, tronNetwork), sentence).toThrow(refused(sentence))
    }
  })

  it('of an account of several keys is signed by enough of those that it names', () => {
    const permission = permissionOf(2n, OWN, TWO, THREE)
    const draft = draftOf(permission)
    const spent = writePermission(permission)
    expect(read(signedOf(draft, [3, 1], { spent })).account).toBe(OWN)
    const named = (change: object) => writePermission({ ...permission, ...change })
    for (const [by, said, sentence] of [
      [[1], spent, 'do not weigh enough'],
      [[1, 4], spent, 'nobody who may sign'],
      [[1, 1], spent, 'signed it twice'],
      [[1, 2], named({ id: 2 }), 'another permission'],
      [[1, 2], named({ threshold: 3n }), 'do not weigh enough'],
      [[1, 2], '', 'cannot be read'],
      [[1, 2], '{}', 'cannot be read'],
    ] as const)
      expect(() => read(signedOf(draft, by, { spent: said })), sentence).toThrow(refused(sentence))
  })

  it('is read once where nobody can change it, and each time where somebody can', () => {
    const draft = draftOf()
    const fixed = Object.freeze(signedOf(draft, [1]))
    expect(read(fixed)).toBe(read(fixed))
    expect(() => readSignedTransaction(fixed, nileNetwork)).toThrow(refused('another chain'))
    const loose = { ...signedOf(draft, [1]) }
    read(loose)
    expect(() => read(Object.assign(loose, { txid: '00'.repeat(32) }))).toThrow(refused('Its id'))
  })
})
