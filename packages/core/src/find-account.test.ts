import { describe, expect, it } from 'vitest'
import type { ChainRules } from './chain.ts'
import { cosigning } from './cosigning.ts'
import { CofferError } from './error.ts'
import { findAccount } from './offline.ts'
import type { Signer } from './signer.ts'
import { fakeChain } from './testing/fake-chain.ts'

/** A chain that reads texts of one beginning. */
function reading(id: string, name: string, begins: string): ChainRules {
  const parseAccount = (text: string): string => {
    const bare = text.startsWith(`${id}:`) ? text.slice(id.length + 1) : text
    if (bare.startsWith(begins)) return `${name}|${bare}`
    throw new CofferError({ code: 'INVALID_ACCOUNT', message: `${name} cannot read it` })
  }
  return { ...fakeChain(), id: id as 'fake:1', name: name as 'fake', parseAccount }
}

const chains = [reading('aaa:1', 'one', 'x'), reading('aaa:2', 'two', 'x'), reading('bbb:1', 'three', 'y')]
const found = (text: string, name?: string) => findAccount(chains, text, name).descriptor

describe('the account of a text', () => {
  it('is of the chain that is named, by the caller or by the text', () => {
    expect(found('xa', 'two')).toBe('two|xa')
    expect(found('xa', 'aaa:1')).toBe('one|xa')
    expect(found('aaa:2:xa')).toBe('two|xa')
    expect(() => found('xa', 'nine')).toThrow(expect.objectContaining({ code: 'UNKNOWN_CHAIN' }))
    expect(() => found('ccc:9:xa')).toThrow(expect.objectContaining({ code: 'UNKNOWN_CHAIN' }))
    expect(() => found('xa', 'three')).toThrow(/three cannot read it/)
  })

  it('is of the one chain that can read it', () => {
    expect(found('yb')).toBe('three|yb')
    expect(() => found('xa')).toThrow(/could be of one or two/)
    expect(() => found('zz')).toThrow(/No chain of this wallet/)
  })

  it('is read by the only chain there is, whose own words tell what is wrong', () => {
    expect(() => findAccount(chains.slice(2), 'zz')).toThrow(/three cannot read it/)
  })
})

describe('cosigning', () => {
  const chain = fakeChain()
  const signer = { name: 'none', keys: 'hd', dispose: () => {} } as unknown as Signer
  const { cosign, finish } = cosigning({ chains: [chain], signer })

  it('is refused where chain or signer knows no accounts of several keys', async () => {
    const account = chain.open({ descriptor: 'me' } as never)
    const draft = await account.create({ to: 'you', amount: 1n })
    await expect(cosign(draft)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    expect(() => finish(draft)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
  })

  it('puts together signatures of one and the same draft alone', async () => {
    const account = chain.open({ descriptor: 'me' } as never)
    const [one, other] = await Promise.all([1n, 2n].map((amount) => account.create({ to: 'you', amount })))
    expect(() => finish([one!, other!])).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
    expect(() => finish([])).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })
})
