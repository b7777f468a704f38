import type { Draft } from '@coffer/core'
import { base64 } from '@scure/base'
import { Psbt as PeerPsbt } from 'bitcoinjs-lib'
import { describe, expect, it } from 'vitest'
import type { BitcoinIntent } from './intent.ts'
import { accountOf, draftOf, expectThrow, groupOf, network, planOf } from './plan.fixture.ts'
import { decodePsbt, encodePsbt, type Psbt, type PsbtInput, toBase64 } from './psbt.ts'
import { draftToPsbt, withPsbtSignatures } from './psbt-draft.ts'
import { cosign, finish, readSigned, sign } from './sign.ts'
import { derDecode } from './signature.ts'

const group = groupOf(2, ['a', 'b', 'c'])
const nested = groupOf(1, ['a', 'b'], 'p2sh-p2wsh-sortedmulti')
const single = ['p2pkh', 'p2sh-p2wpkh', 'p2wpkh', 'p2tr'].map((type) => accountOf(type))
const accounts = [
  ...single.map(({ descriptor, ring }) => ({ type: descriptor.type, descriptor, rings: [ring] })),
  { type: group.descriptor.type, descriptor: group.descriptor, rings: [group.rings[2]!, group.rings[0]!] },
  { type: nested.descriptor.type, descriptor: nested.descriptor, rings: [nested.rings[1]!] },
]

const options = () => ({ network: network() })
const decoded = (draft: Draft): Psbt => decodePsbt(draftToPsbt(draft, options()))
const withInputs = (psbt: Psbt, step: (input: PsbtInput, i: number) => PsbtInput): string =>
  toBase64(encodePsbt({ ...psbt, inputs: psbt.inputs.map(step) }))
const brought = (draft: Draft, psbt: string) =>
  withPsbtSignatures(draft as Draft<BitcoinIntent>, psbt, options())

/** The draft with the signatures of some rings, one after the other. */
async function signedBy(draft: Draft, rings: (typeof accounts)[0]['rings']): Promise<Draft> {
  let signed = draft
  for (const ring of rings) signed = { ...draft, signatures: await cosign(signed, ring, network()) }
  return signed
}

describe.each(accounts)('a draft of $type', ({ descriptor, rings }) => {
  const draft = draftOf(descriptor)

  it('without signatures is its payload, in either version', () => {
    expect(draftToPsbt(draft, options())).toBe(draft.payload)
    const psbt = decodePsbt(draftToPsbt(draft, { ...options(), version: 2 }))
    expect(psbt.version).toBe(2)
    expect(toBase64(encodePsbt(psbt, { version: 0 }))).toBe(draft.payload)
    expect(brought(draft, draft.payload)).toBe(draft)
  })

  it('tells its signatures by their keys, and takes them back', async () => {
    const signed = await signedBy(draft, rings)
    const { inputs } = decoded(signed)
    for (const text of signed.signatures!) {
      const [k = '', body = ''] = text.split(':')
      for (const [i, { script }] of planOf(descriptor).inputs.entries()) {
        const signature = base64.decode(body).slice(64 * i, 64 * (i + 1))
        const { partialSignatures, tapKeySignature } = inputs[i]!
        if (descriptor.type === 'p2tr') expect(tapKeySignature).toEqual(signature)
        else {
          const { publicKey } = script.keys[Number(k)]!
          const one = partialSignatures.find((partial) => Buffer.from(partial.publicKey).equals(publicKey))!
          expect(one.signature.at(-1)).toBe(1)
          expect(derDecode(one.signature.subarray(0, -1))).toEqual(signature)
        }
      }
      if (descriptor.type !== 'p2tr') expect(inputs[0]!.partialSignatures).toHaveLength(rings.length)
    }
    // A peer reads it.
    expect(PeerPsbt.fromBase64(draftToPsbt(signed, options())).inputCount).toBe(2)
    const back = brought(draft, draftToPsbt(signed, options()))
    expect(back).toEqual(signed)
    expect(Object.keys(back).sort()).toEqual(Object.keys(signed).sort())
  })

  it('takes them from final fields, where these are as the account signs', async () => {
    const signed = await signedBy(draft, rings)
    const { tx } = readSigned(finish(signed, network()), network())
    const final = (input: PsbtInput, i: number): PsbtInput => {
      const { scriptSig, witness } = tx.inputs[i]!
      return {
        ...input,
        ...(scriptSig.length > 0 ? { finalScriptSig: scriptSig } : {}),
        ...(witness.length > 0 ? { finalWitness: witness } : {}),
      }
    }
    expect(brought(draft, withInputs(decoded(draft), final)).signatures).toEqual(signed.signatures)
    const other = withInputs(decoded(draft), (input) => ({ ...input, finalWitness: [Uint8Array.of(1)] }))
    expect(brought(draft, other)).toBe(draft)
    const half = withInputs(decoded(draft), (input, i) => (i === 0 ? final(input, i) : input))
    expect(brought(draft, half)).toBe(draft)
  })
})

describe('signatures in a PSBT', () => {
  const draft = draftOf(group.descriptor)

  it('count where they are whole for a key', async () => {
    const psbt = decoded(await signedBy(draft, group.rings.slice(0, 2)))
    const { keys } = planOf(group.descriptor).inputs[1]!.script
    // Of the second key the signature of one input is missing.
    const half = withInputs(psbt, (input, i) => ({
      ...input,
      partialSignatures: input.partialSignatures.filter(
        ({ publicKey }) => i === 0 || !Buffer.from(publicKey).equals(keys[1]!.publicKey),
      ),
    }))
    const back = brought(draft, half)
    expect(back.signatures!.map((text) => text[0])).toEqual(['0'])
    const none = withInputs(psbt, (input, i) => ({
      ...input,
      partialSignatures: i === 0 ? [] : input.partialSignatures,
    }))
    expect(brought(draft, none)).toBe(draft)
  })

  it('are added to those that are there', async () => {
    const first = await signedBy(draft, [group.rings[1]!])
    const second = decoded(await signedBy(draft, [group.rings[0]!]))
    const both = brought(
      first,
      withInputs(second, (input) => input),
    )
    expect(both.signatures!.map((text) => text[0])).toEqual(['0', '1'])
    expect(readSigned({ ...finish(both, network()) }, network()).coins).toHaveLength(2)
  })

  it('of other types than ALL and of other keys are left out', async () => {
    const psbt = decoded(await signedBy(draft, [group.rings[0]!]))
    const of = (step: (signature: Uint8Array, key: Uint8Array) => [Uint8Array, Uint8Array]) =>
      withInputs(psbt, (input) => ({
        ...input,
        partialSignatures: input.partialSignatures.map(({ signature, publicKey }) => {
          const [other, key] = step(signature, publicKey)
          return { signature: other, publicKey: key }
        }),
      }))
    const typed = (type: number) =>
      of((signature, key) => [Uint8Array.of(...signature.subarray(0, -1), type), key])
    expect(brought(draft, typed(1)).signatures).toHaveLength(1)
    for (const type of [2, 3, 0x81]) expect(brought(draft, typed(type))).toBe(draft)
    const stranger = accountOf().descriptor.keys[0]!.publicKey
    expect(
      brought(
        draft,
        of((signature) => [signature, stranger]),
      ),
    ).toBe(draft)
  })

  it('of taproot have no byte for their type', async () => {
    const { descriptor, ring } = accountOf('p2tr')
    const taproot = draftOf(descriptor)
    const psbt = decoded(await signedBy(taproot, [ring]))
    const longer = withInputs(psbt, (input) => ({
      ...input,
      tapKeySignature: Uint8Array.of(...input.tapKeySignature!, 1),
    }))
    expect(brought(taproot, longer)).toBe(taproot)
  })

  it('that are wrong are refused, and why is kept', async () => {
    for (const { descriptor, rings } of accounts.filter(({ type }) => type !== 'p2tr')) {
      const draft = draftOf(descriptor)
      const psbt = decoded(await signedBy(draft, rings))
      const [first, second] = psbt.inputs as [PsbtInput, PsbtInput]
      const swapped = withInputs(psbt, (input) => ({
        ...input,
        partialSignatures: (input === first ? second : first).partialSignatures.map(({ signature }, k) => ({
          signature,
          publicKey: input.partialSignatures[k]!.publicKey,
        })),
      }))
      await expectThrow(() => brought(draft, swapped), 'SIGNATURE_WRONG', 'in this PSBT is wrong')
      expect(() => brought(draft, swapped)).toThrow(
        expect.objectContaining({ cause: expect.objectContaining({ code: 'INVALID_SIGNED' }) }),
      )
    }
  })

  it('of another transaction are refused', async () => {
    const other = draftOf(group.descriptor, planOf(group.descriptor, { locktime: 9 }))
    await expectThrow(() => brought(draft, draftToPsbt(other, options())), 'INVALID_REQUEST')
  })
})

it('keeps what the draft was made for', async () => {
  const { descriptor, ring } = accountOf()
  const draft = { ...draftOf(descriptor), hints: { lookalike: 'x' } }
  const back = brought(draft, draftToPsbt(await signedBy(draft, [ring]), options()))
  expect(back).toMatchObject({
    chain: draft.chain,
    account: draft.account,
    intent: draft.intent,
    payload: draft.payload,
    hints: { lookalike: 'x' },
  })
  expect(back.effects).toEqual(draft.effects)
  expect(await sign(back, ring, network())).toMatchObject({ chain: draft.chain })
})
