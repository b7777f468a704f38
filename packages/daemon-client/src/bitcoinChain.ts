import { type ChainId, CofferError, parseChainId } from '@coffer/core'
import { shared } from './shared.ts'
import { badResponse, chainMismatch } from './transportErrors.ts'

/** How long a genesis block, once seen, is believed to stand behind an address. */
const RECHECK_MS = 5 * 60_000

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

export interface Pin {
  /** Returns once the server is known to serve the chain. */
  ensure(signal: AbortSignal | undefined): Promise<void>
  /** After a failure: another server may stand there now. */
  forget(): void
}

/** Looks at the server's first block before the first use, after {@link Pin.forget}, and every five minutes. */
export function openPin(check: (signal: AbortSignal) => Promise<void>): Pin {
  let checkedAt = Number.NEGATIVE_INFINITY
  const look = shared(async (signal) => {
    await check(signal)
    checkedAt = performance.now()
  })
  return {
    async ensure(signal) {
      if (performance.now() - checkedAt > RECHECK_MS) await look(signal)
    },
    forget() {
      checkedAt = Number.NEGATIVE_INFINITY
    },
  }
}
