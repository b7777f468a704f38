import { type ChainId, CofferError, parseChainId } from '@coffer/core'
import { badResponse, chainMismatch } from './transportErrors.ts'

/** Throws `INVALID_CHAIN` unless `chain` names a Tron network: the last four bytes of its genesis block's id. */
export function checkTronChain(chain: ChainId, maker: string): void {
  const { namespace, reference } = parseChainId(chain)
  if (namespace !== 'tron' || !/^0x[0-9a-f]{8}$/.test(reference))
    throw new CofferError({
      code: 'INVALID_CHAIN',
      message: `${maker} serves Tron networks such as "tron:0x2b6653dc", and not "${chain}".`,
    })
}

/** Throws `CHAIN_MISMATCH` unless `block`, the server's first, is that of the chain. */
export function checkTronGenesis(origin: string, chain: ChainId, block: unknown): void {
  const { blockID } = (block ?? {}) as { blockID?: unknown }
  // The first eight bytes of a block's id are its height.
  if (typeof blockID !== 'string' || !/^0{16}[0-9a-f]{48}$/.test(blockID))
    throw badResponse(origin, 'does not tell its first block.')
  const actual = `tron:0x${blockID.slice(-8)}`
  if (actual !== chain) throw chainMismatch(origin, chain, actual)
}
