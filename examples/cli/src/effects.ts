import { type Asset, type Described, describeEffects } from '@coffer/core'
import type { AppChain } from './families/family.ts'
import { familyOf } from './families/index.ts'
import { type Output, oneLine } from './output.ts'

/** What effects come to, in sentences: read from the bytes. `tokens` are those beside the chain's own list. */
export function effectsOf(
  chain: AppChain,
  { effects }: { readonly effects: Described },
  tokens: readonly Asset[] = [],
): string[] {
  // Some of them hold what a node or a file said.
  return describeEffects(effects, [chain.coin, ...chain.assets, ...tokens]).map(oneLine)
}

/** The sentences for the eye: who pays on which chain, then each effect, warnings in yellow. */
export function showEffects(
  output: Output,
  chain: AppChain,
  account: string,
  sentences: readonly string[],
): string {
  const { bold, yellow } = output.colors
  const lines = sentences.map((line) => `  ${line.startsWith('Warning') ? yellow(line) : line}`)
  return [bold(`From ${familyOf(chain).label(account)} on ${chain.name}`), ...lines].join('\n')
}
