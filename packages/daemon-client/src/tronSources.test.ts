import type { TronSource } from '@coffer/core'
import { type TronSourceUnderTest, tronSourceConformance } from '@coffer/core/testing'
import { describe, it } from 'vitest'
import { cluster } from './cluster.ts'
import {
  startTron,
  TRON_DEVNET,
  TRON_MAINNET,
  type TronServer,
  type TronSetup,
} from './testing/tronServer.ts'
import { tronHttp } from './tronHttp.ts'

/* The suite of the seam over a server in this process. tron.test.ts runs it over the devnet. */

const big: NonNullable<TronSourceUnderTest['big']> = {
  call: { path: 'wallet/getassetissuebyid', body: { value: '1000001' } },
  at: (value) => (value as { total_supply?: unknown }).total_supply,
  expected: 9_223_372_036_854_775_807n,
}

function subject(
  name: string,
  open: (server: TronServer, chain: typeof TRON_DEVNET) => TronSource,
  { isPinned = true }: { isPinned?: boolean } = {},
): void {
  const make = async (): Promise<TronSourceUnderTest> => {
    const setup: TronSetup = { height: 3 }
    const server = await startTron(setup)
    return {
      source: open(server, TRON_DEVNET),
      chain: TRON_DEVNET,
      // A cluster drops such a server, and says that none is left.
      ...(isPinned ? { wrongChain: open(server, TRON_MAINNET) } : {}),
      big,
      mine: async () => {
        setup.height = (setup.height ?? 0) + 1
      },
      close: server.close,
    }
  }
  tronSourceConformance({ describe, it }, { name, make })
}

const options = { pollInterval: 10 }
subject('tronHttp', ({ url }, chain) => tronHttp(url, options)(chain))
subject('tronHttp with a node for what is final', ({ url }, chain) =>
  tronHttp({ fullNode: url, solidityNode: url.replace('127.0.0.1', 'localhost'), ...options })(chain),
)
subject(
  'cluster with a dead server before a live one',
  ({ url }, chain) =>
    cluster({ [chain]: [tronHttp('http://127.0.0.1:9', options), tronHttp(url, options)] }).for(
      chain,
    ) as TronSource,
  { isPinned: false },
)
