import { type ApprovedDraft, authorise, type ChainRules, createDraft, memoryStore } from '@coffer/core'

/** A draft of any payload, approved: what a device signs does not depend on what our chain thinks of it. */
export async function approvedDraft(
  chain: ChainRules,
  account: string,
  payload: string,
  signatures?: readonly string[],
): Promise<ApprovedDraft> {
  const fee = { asset: chain.coin.id, expected: 0n, ceiling: 0n, rate: { value: 0n, unit: 'weiPerGas' } }
  const rules = {
    ...chain,
    rebuild: () => payload,
    inspect: () => ({ list: [], warnings: [], fields: {}, fee }),
  } as never as ChainRules
  const fields = { chain: chain.id, account, intent: { kind: 'test' }, payload, hints: {} }
  const draft = createDraft(rules, signatures ? { ...fields, signatures } : fields)
  return (await authorise({ chain: rules, draft, policy: {}, accept: [], store: memoryStore() })).draft
}
