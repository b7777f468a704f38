import type { Block } from './reads.ts'

/**
 * By how much the final block must be past an expiration, in milliseconds. The answers of one request may come from servers
 * behind one address, of which some lag: twice the time that blocks take to become final.
 */
const LAG = 120_000n

/**
 * Whether no block can take a transaction any more that none has taken: the final block is past its expiration, and so is this
 * machine's clock, since one node could make up a time.
 */
export function isOver(expiration: bigint, { time }: Pick<Block, 'time'>): boolean {
  return time > expiration + LAG && BigInt(Date.now()) > expiration
}
