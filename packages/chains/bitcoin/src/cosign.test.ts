import type { KeyRing } from '@coffer/core'
import { base64 } from '@scure/base'
import { describe, expect, it } from 'vitest'
import { multisigDescriptor, readDescriptor } from './descriptor.ts'
import { keysOf } from './keys.fixture.ts'
import { regtestNetwork } from './networks.ts'
import { accountOf, draftOf, expectThrow, groupOf, network, pays, planOf } from './plan.fixture.ts'
import { cosign, finish, readSigned, sign } from './sign.ts'

const group = groupOf(2, ['a', 'b', 'c'])
const shared = draftOf(group.descriptor)
const stranger = accountOf('p2wpkh', 'stranger').ring

describe('several signers', () => {
  const [first, second, third] = group.rings as [KeyRing, KeyRing, KeyRing]

  it('sign in any order; what they sign is ordered by key', async () => {
    const one = await cosign(shared, third, network())
    expect(one.map((text) => text.slice(0, 2))).toEqual(['2:'])
    const two = await cosign({ ...shared, signatures: one }, first, network())
    expect(two.map((text) => text.slice(0, 2))).toEqual(['0:', '2:'])
    expect(two[1]).toBe(one[0])
    const signed = finish({ ...shared, signatures: two }, network())
    expect(readSigned({ ...signed }, network()).coins).toHaveLength(2)
    const last = await sign({ ...shared, signatures: one }, first, network())
    expect(last).toEqual(signed)
  })

  it('say how many are missing', async () => {
    for (const work of [() => sign(shared, first, network()), () => finish(shared, network())])
      await expectThrow(work, 'SIGNATURES_MISSING', 'of the 2 signatures')
    await expect(sign(shared, first, network())).rejects.toMatchObject({ details: { have: 1, need: 2 } })
  })

  it('sign once, however often they are asked', async () => {
    const one = await cosign(shared, second, network())
    expect(await cosign({ ...shared, signatures: one }, second, network())).toEqual(one)
    const plan = planOf(group.descriptor)
    const small = draftOf(group.descriptor, {
      ...plan,
      inputs: plan.inputs.slice(1),
      outputs: [pays(40_000n)],
    })
    const signatures = await cosign(small, second, network())
    expect(await cosign({ ...small, signatures }, second, network())).toEqual(signatures)
    await expectThrow(() => cosign({ ...shared, signatures: one }, stranger, network()), 'WRONG_ACCOUNT')
  })

  it('sign no more than is needed, where one holds all keys', async () => {
    const { key, ring } = keysOf('all')
    const keys = [0, 1, 2].map((index) => key(`m/48h/1h/${index}h/2h`))
    const account = multisigDescriptor({ threshold: 2, keys }, regtestNetwork)
    const own = draftOf(readDescriptor(account, regtestNetwork))
    const signatures = await cosign(own, ring, network())
    expect(signatures.map((text) => text.slice(0, 2))).toEqual(['0:', '1:'])
    expect(await cosign({ ...own, signatures }, ring, network())).toEqual(signatures)
    // Who holds the third key alone comes too late.
    const { origin } = readDescriptor(account, regtestNetwork).keys[2]!
    const last: KeyRing = (path) => (path.startsWith(origin!.path) ? ring : stranger)(path)
    await expectThrow(() => cosign({ ...own, signatures }, last, network()), 'WRONG_ACCOUNT')
  })

  it('may be more than ten', async () => {
    const many = groupOf(2, [...'abcdefghijkl'])
    const long = draftOf(many.descriptor)
    const one = await cosign(long, many.rings[11]!, network())
    const two = await cosign({ ...long, signatures: one }, many.rings[2]!, network())
    expect(two.map((text) => text.split(':')[0])).toEqual(['2', '11'])
    expect(finish({ ...long, signatures: two }, network()).chain).toBe(regtestNetwork.id)
  })
})

describe('signatures of a draft', () => {
  const [, second] = group.rings as [KeyRing, KeyRing, KeyRing]
  const refused = (signatures: readonly string[], says: string): Promise<void> =>
    expectThrow(() => cosign({ ...shared, signatures }, second, network()), 'SIGNATURE_WRONG', says)

  it('are texts of one form', async () => {
    const [text = ''] = await cosign(shared, second, network())
    const bytes = base64.decode(text.slice(2))
    expect(text.slice(0, 2)).toBe('1:')
    expect(bytes).toHaveLength(128)
    const body = text.slice(2)
    for (const bad of [
      '',
      body,
      ` ${text}`,
      `${text}\n`,
      `01:${body}`,
      `3:${body}`,
      `x:${body}`,
      `1x:${body}`,
      `x1:${body}`,
      `111:${body}`,
      `-1:${body}`,
      '1:',
      '1:****',
      '1:AAA',
      `1:${base64.encode(bytes.subarray(0, 127))}`,
      `1:${base64.encode(Uint8Array.of(...bytes, 0))}`,
      `1:${base64.encode(bytes.subarray(0, 64))}`,
    ])
      await refused([bad], 'wrong form')
    expect(await cosign({ ...shared, signatures: [] }, second, network())).toEqual([text])
  })

  it('are of that key, for that input', async () => {
    const [text = ''] = await cosign(shared, second, network())
    const bytes = base64.decode(text.slice(2))
    const [one, two] = [bytes.subarray(0, 64), bytes.subarray(64)] as const
    await refused([`0:${text.slice(2)}`], 'key 1 for input 0')
    await refused([`1:${base64.encode(Uint8Array.of(...two, ...one))}`], 'key 2 for input 0')
    await refused([`1:${base64.encode(Uint8Array.of(...one, ...one))}`], 'key 2 for input 1')
  })

  it('are not many more than there are keys', async () => {
    const [text = ''] = await cosign(shared, second, network())
    expect(await cosign({ ...shared, signatures: Array(6).fill(text) }, second, network())).toEqual([text])
    await refused(Array(7).fill(text), 'more signatures than its account has keys')
  })
})
