import { bytesToHex } from '@noble/hashes/utils.js'
import { describe, expect, it } from 'vitest'
import { scriptAt } from './derive.ts'
import { type Descriptor, parseDescriptor } from './descriptor.ts'
import { inspectSigned } from './inspect-signed.ts'
import { keysOf } from './keys.fixture.ts'
import { regtestNetwork } from './networks.ts'
import type { PlannedOutput } from './payload.ts'
import { accountOf, coinOf, draftOf, groupOf, network, planOf } from './plan.fixture.ts'
import { cosign, finish, sign } from './sign.ts'

const { descriptor, ring } = accountOf()
const toOwn = (of: Descriptor, keychain: 0 | 1, index: number): PlannedOutput => ({
  amount: 1_000n,
  script: scriptAt(of, keychain, index).script,
})

/** Which indexes of change are known as own in a transaction that spends a coin at this index, and one at 0/0. */
async function knownFrom(highest: number, indexes: readonly number[]): Promise<readonly string[]> {
  const inputs = [coinOf(scriptAt(descriptor, 1, highest)), coinOf(scriptAt(descriptor, 0, 0), 9_000n, 0, 1)]
  const outputs = indexes.map((index) => toOwn(descriptor, 1, index))
  const signed = await sign(draftOf(descriptor, planOf(descriptor, { inputs, outputs })), ring, network())
  const { list } = inspectSigned({ ...signed }, network())
  return list.flatMap((effect) => (effect.kind === 'change' ? [effect.path!] : []))
}

describe('own addresses', () => {
  it.each([
    [0, [0, 199, 200], ['1/0', '1/199']],
    [199, [0, 398, 399], ['1/0', '1/398']],
    [200, [0, 1, 200, 400, 401], ['1/0', '1/1', '1/200', '1/400']],
    [5_000, [0, 199, 200, 4_800, 4_801, 5_000, 5_200, 5_201], ['1/0', '1/199', '1/4801', '1/5000', '1/5200']],
    [10_000, [199, 200, 9_801, 10_200], ['1/199', '1/9801', '1/10200']],
    [10_001, [199, 200, 10_001], ['1/199']],
  ])('are known from the first one on, and around that at %i', async (highest, indexes, known) => {
    expect(await knownFrom(highest, indexes)).toEqual(known)
  })

  it('are those of receiving, too, with their place', async () => {
    const plan = planOf(descriptor, { outputs: [toOwn(descriptor, 0, 9), toOwn(descriptor, 1, 2)] })
    const { list, fields } = inspectSigned(await sign(draftOf(descriptor, plan), ring, network()), network())
    expect(list).toMatchObject([
      { kind: 'change', path: '0/9' },
      { kind: 'change', path: '1/2' },
    ])
    expect(fields).toMatchObject({ locktime: '800000', sequence: 'fffffffd', inputs: '2', spent: '200000' })
  })

  it('of one key alone are one', async () => {
    const { key, ring } = keysOf('alone')
    const alone = parseDescriptor(`wpkh(${bytesToHex(key('m/0').publicKey)})`, regtestNetwork)
    const signed = await sign(draftOf(alone), () => ring('m/0'), network())
    expect(inspectSigned(signed, network()).list).toMatchObject([
      { kind: 'transfer' },
      { kind: 'change', path: '0/0' },
    ])
  })

  it('of an account with one keychain are of that', async () => {
    const text = descriptor.text.replace(/#.*$/, '').replace('<0;1>', '0')
    const receiving = parseDescriptor(text, regtestNetwork)
    const plan = planOf(receiving, { outputs: [toOwn(receiving, 0, 3), toOwn(descriptor, 1, 3)] })
    const signed = await sign(draftOf(receiving, plan), ring, network())
    expect(inspectSigned(signed, network()).list.map(({ kind }) => kind)).toEqual(['change', 'transfer'])
  })

  it('of several signers are known as those of one', async () => {
    const group = groupOf(1, ['a', 'b'])
    const draft = draftOf(group.descriptor)
    const signatures = await cosign(draft, group.rings[1]!, network())
    const signed = finish({ ...draft, signatures }, network())
    expect(inspectSigned({ ...signed }, network())).toEqual(draft.effects)
  })
})
