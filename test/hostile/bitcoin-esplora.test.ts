import { startDevnet } from '@coffer/devnet'
import { afterAll, beforeAll } from 'vitest'
import { everyLie } from './every-lie.fixture.ts'
import type { Nodes } from './world.fixture.ts'

let nodes: Nodes
beforeAll(async () => {
  nodes = (await startDevnet({ chains: ['bitcoin'] })) as unknown as Nodes
})
afterAll(() => nodes?.stop())

everyLie('Esplora', () => nodes)
// After many payments: from fewer it estimates no fee, and nothing would be signed.
everyLie('Bitcoin Core', () => nodes, { depth: 'signing' })
