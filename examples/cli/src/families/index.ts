import type { ChainId } from '@coffer/core'
import { bitcoin } from './bitcoin.ts'
import { evm } from './evm.ts'
import type { AppChain, Family } from './family.ts'
import { tron } from './tron.ts'

/** The one place that lists them. */
const families: readonly Family[] = [evm, bitcoin, tron]

/** Every chain that the program knows: real ones first, then test networks. */
export function allChains(): readonly AppChain[] {
  const chains = families.flatMap((family) => family.chains)
  return [...chains.filter(({ testnet }) => !testnet), ...chains.filter(({ testnet }) => testnet)]
}

export function familyOf({ family }: Pick<AppChain, 'family'>): Family {
  return { evm, utxo: bitcoin, tron }[family]
}

/** The chains that a payment link can be of; `undefined` for what is no payment link. */
export function chainsOfLink(text: string): readonly ChainId[] | undefined {
  for (const family of families) {
    const chains = family.linkChains(text)
    if (chains) return chains
  }
  return undefined
}

/** The types of accounts of all families. */
export function allTypes(): readonly string[] {
  return families.flatMap(({ types }) => types)
}
