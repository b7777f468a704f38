import type { Source, SourceFactory } from '@coffer/core'
import { quorum } from '@coffer/daemon-client'
import { type Liar, type Lie, lies, startHostile } from '@coffer/devnet/hostile'

const { evm, bitcoin, tron, broadcast, heads, wire } = lies
const DAY = 86_400_000

const EVERYWHERE = [
  wire.html(),
  broadcast.lostReply(),
  wire.status(500),
  heads.stale(2),
  wire.wrongTypes('string'),
  broadcast.otherId(),
  wire.brokenOff(),
  broadcast.withheld(),
]

/** What is told of each family, one lie a step. */
const LIES: Readonly<Record<'evm' | 'bitcoin' | 'tron', readonly Lie[]>> = {
  evm: [
    evm.balance(10n ** 30n),
    evm.gasPrice(10n ** 15n),
    evm.nonce(5n),
    evm.gasEstimate(10n ** 9n),
    evm.tokenBalance(10n ** 30n),
    evm.decimals(18),
    evm.unknownTransaction(),
    evm.receiptStatus(),
    ...EVERYWHERE,
  ],
  bitcoin: [
    bitcoin.truncatedHistory(0),
    bitcoin.outputAmount(1_000n),
    bitcoin.feeRates(100_000),
    bitcoin.outputScript('0014c0cebcd6c3d3ca8c75dc5ec62ebe55330ef910e2'),
    bitcoin.reorgedHeaders(1),
    ...EVERYWHERE,
  ],
  tron: [
    tron.balance(10n ** 15n),
    tron.parameters({ getEnergyFee: 10n ** 9n }),
    tron.energy(10n ** 12n),
    tron.decimals(18),
    tron.clock(DAY * 365),
    tron.ownerPermission('TUoHaVjx7n5xz8LwPRDckgFrDWhMhuSuJM'),
    tron.resources({ energy: 10n ** 12n }),
    tron.unknownTransaction(),
    ...EVERYWHERE,
  ],
}

let hostile = false
const liars: { readonly liar: Liar; readonly left: Lie[]; stop(): void }[] = []

/** From now on, one of three nodes lies. */
export function beHostile(): void {
  hostile = true
}

/** How the demo reaches a node: straight, or by a quorum of three of which one stands behind a liar. */
export async function reach<S extends Source>(
  family: keyof typeof LIES,
  url: string,
  open: (url: string) => SourceFactory<S>,
): Promise<readonly SourceFactory<S>[]> {
  if (!hostile) return [open(url)]
  const liar = await startHostile(url)
  liars.push({ liar, left: [...LIES[family]], stop: () => {} })
  return [quorum([open(liar.url), open(url), open(url)], { patience: 100 })]
}

/** Has every liar tell its next lie, once; gives what was told in the step before. */
export function nextLies(): readonly string[] {
  return liars.flatMap((one) => {
    one.stop()
    const before = told.get(one.liar) ?? 0
    told.set(one.liar, one.liar.played.length)
    const next = one.left.shift()
    if (next) {
      one.left.push(next)
      one.stop = one.liar.play(next, { times: 1 })
    }
    return one.liar.played.slice(before).map(({ lie, attack }) => `${lie} (${attack})`)
  })
}

const told = new Map<Liar, number>()

/** Ends the liars; gives how many lies they told. */
export async function stopLiars(): Promise<number> {
  const count = liars.reduce((sum, { liar }) => sum + liar.played.length, 0)
  await Promise.all(liars.map(({ liar }) => liar.stop()))
  return count
}
