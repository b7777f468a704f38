import { type Asset, type Draft, describeEffects } from '@coffer/core'
import type { EvmChain } from '@coffer/evm'
import type { Output } from './output.ts'

/** What a draft does, in sentences: read from its bytes. `tokens` are those beside the chain's own list. */
export function effectsOf(
  chain: EvmChain,
  draft: Pick<Draft, 'effects'>,
  tokens: readonly Asset[] = [],
): string[] {
  return describeEffects(draft.effects, [chain.coin, ...chain.assets, ...tokens])
}

/** The sentences for the eye: who pays on which chain, then each effect, warnings in yellow. */
export function showEffects(
  output: Output,
  chain: EvmChain,
  account: string,
  sentences: readonly string[],
): string {
  const { bold, yellow } = output.colors
  const lines = sentences.map((line) => `  ${line.startsWith('Warning') ? yellow(line) : line}`)
  return [bold(`From ${addressOf(account)} on ${chain.name}`), ...lines].join('\n')
}

/** The address at the end of a descriptor. */
export function addressOf(descriptor: string): string {
  return descriptor.slice(descriptor.lastIndexOf(':') + 1)
}
