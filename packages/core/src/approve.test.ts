import { describe, expect, it } from 'vitest'
import { assertApproved, authorise } from './approve.ts'
import { memoryStore } from './store.ts'
import { fakeChain, fakeDraft } from './testing/fake-chain.ts'

const chain = fakeChain()
const APPROVED = Symbol.for('@coffer/core:approved')

async function approved(fields: object = {}) {
  const given = { ...fakeDraft(chain), ...fields }
  const { draft } = await authorise({ chain, draft: given, policy: {}, accept: [], store: memoryStore() })
  return draft
}
const refused = expect.objectContaining({ code: 'NOT_APPROVED' })

describe('the mark of an approved draft', () => {
  it('has one name in every copy of this package', async () => {
    expect(Object.getOwnPropertySymbols(await approved())).toEqual([APPROVED])
  })

  it('is of one account, chain, payload, intent and set of signatures: moved to others it is worth nothing', async () => {
    const draft = await approved()
    const mark = (draft as unknown as Record<symbol, unknown>)[APPROVED]
    const marked = (fields: object, value: unknown = mark) =>
      Object.defineProperty({ ...draft, ...fields }, APPROVED, { value })
    expect(() => assertApproved(marked({}))).not.toThrow()
    expect(() => assertApproved(marked({ hints: { lookalike: 'bob' } }))).not.toThrow()
    for (const fields of [
      { chain: 'fake:2' },
      { account: '[00000000/1]fake:1:me' },
      { payload: 'eve:25:3' },
      { intent: { ...draft.intent, amount: 26n } },
      { signatures: ['one'] },
    ])
      expect(() => assertApproved(marked(fields)), JSON.stringify(Object.keys(fields))).toThrow(refused)
    for (const value of [undefined, true, '', {}]) {
      expect(() => assertApproved(Object.defineProperty({ ...draft }, APPROVED, { value }))).toThrow(refused)
    }
  })

  it('covers signatures that a draft came with', async () => {
    const draft = await approved({ signatures: ['one'] })
    expect(() => assertApproved(draft)).not.toThrow()
    const mark = (draft as unknown as Record<symbol, unknown>)[APPROVED]
    const other = Object.defineProperty({ ...draft, signatures: ['two'] }, APPROVED, { value: mark })
    expect(() => assertApproved(other)).toThrow(refused)
  })
})
