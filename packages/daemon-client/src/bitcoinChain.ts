import { type ChainId, CofferError, parseChainId } from '@coffer/core'
import { badResponse, chainMismatch } from './transportErrors.ts'

/** Throws `INVALID_CHAIN` unless `chain` names a Bitcoin network. */
export function checkBitcoinChain(chain: ChainId, maker: string): void {
  const { namespace, reference } = parseChainId(chain)
  if (namespace !== 'bip122' || !/^[0-9a-f]{32}$/.test(reference))
    throw new CofferError({
      code: 'INVALID_CHAIN',
      message: `${maker} serves Bitcoin networks such as "bip122:000000000019d6689c085ae165831e93", and not "${chain}".`,
    })
}

/** Throws `CHAIN_MISMATCH` unless `hash`, of the server's first block, is that of the chain (CAIP-4). */
export function checkGenesis(origin: string, chain: ChainId, hash: unknown): void {
  if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash))
    throw badResponse(origin, 'does not tell its first block.')
  const actual = `bip122:${hash.slice(0, 32)}`
  if (actual !== chain) throw chainMismatch(origin, chain, actual)
}
