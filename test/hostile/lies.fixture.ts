import { type Lie, lies } from '@coffer/devnet/hostile'
import type { Door } from './world.fixture.ts'

const { evm, bitcoin, tron, broadcast, heads, wire } = lies

/** A lie, and what is known of it beside what holds for all. */
export interface Told {
  readonly lie: Lie
  /** While it is told, nothing is signed. */
  readonly signsNothing?: true
  /** It makes somebody wait for an answer that does not come. */
  readonly hangs?: true
  /** What is signed then waits for something that does not come, and is to be replaced. */
  readonly strands?: true
  /** It is about tokens alone. */
  readonly ofToken?: true
}

const free = (...list: readonly Lie[]): Told[] => list.map((lie) => ({ lie }))
const fatal = (...list: readonly Lie[]): Told[] => list.map((lie) => ({ lie, signsNothing: true }))
const hanging = (...list: readonly Lie[]): Told[] =>
  list.map((lie) => ({ lie, signsNothing: true, hangs: true }))
const strands = (told: Told): Told => ({ ...told, strands: true })
const ofToken = (...list: readonly Told[]): Told[] => list.map((told) => ({ ...told, ofToken: true }))

const THIEF = {
  ethereum: '0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc',
  regtest: '0014c0cebcd6c3d3ca8c75dc5ec62ebe55330ef910e2',
  'tron-devnet': 'TUoHaVjx7n5xz8LwPRDckgFrDWhMhuSuJM',
} as const
const TYPES = ['null', 'boolean', 'number', 'string', 'array', 'object'] as const

/** Under every protocol. */
export const WIRE: readonly Told[] = [
  ...fatal(
    wire.oversized(),
    wire.bomb(),
    wire.brokenOff(),
    wire.cut(),
    wire.notJson(),
    wire.html(),
    wire.notUtf8(),
    wire.status(429),
    wire.status(500),
    wire.status(502),
    wire.redirect('http://127.0.0.1:9/'),
    wire.deep(),
    wire.proto('__proto__'),
    wire.proto('constructor'),
    wire.duplicateKey(),
    wire.hugeNumber(),
    ...TYPES.flatMap((type) => [wire.wrongType(type), wire.wrongTypes(type)]),
  ),
  ...hanging(wire.announced(), wire.drip(), wire.silence(), wire.late(20_000)),
]

/** Under JSON-RPC alone. */
const RPC: readonly Told[] = [
  ...fatal(wire.wrongId(), wire.twoMinds()),
  ...free(wire.outOfOrder()),
  ...hanging(wire.missing()),
]

export const BROADCAST: readonly Told[] = free(
  broadcast.withheld(),
  broadcast.lostReply(),
  broadcast.refusedAfter(),
  broadcast.refusedBefore(),
  broadcast.duplicated(),
  broadcast.otherId(),
)

const HEADS: readonly Told[] = free(heads.stale(3), heads.frozen(), heads.otherHash())

const OF: Record<Door['chain'], readonly Told[]> = {
  ethereum: [
    ...fatal(
      evm.chainId(56n),
      evm.gasPrice(10n ** 15n),
      evm.baseFee(10n ** 15n),
      evm.priorityFee(10n ** 15n),
      evm.gasEstimate(10n ** 9n),
      evm.gasEstimate(1n),
      evm.balance(0n),
    ),
    ...free(
      evm.gasPrice(1n),
      evm.balance(10n ** 30n),
      evm.receiptStatus(),
      evm.unknownTransaction(),
      evm.swapped({ to: THIEF.ethereum }),
    ),
    ...free(evm.nonce(5n), evm.nonce(5n, { tag: 'pending' })).map(strands),
    ...ofToken(
      ...fatal(evm.decimals(18), evm.decimals(0), evm.unreadable()),
      ...free(evm.tokenBalance(10n ** 30n)),
    ),
  ],
  regtest: [
    ...fatal(
      bitcoin.outputAmount(1_000n),
      bitcoin.outputAmount((satoshi) => satoshi * 1_000n),
      bitcoin.outputScript(THIEF.regtest),
      bitcoin.truncatedHistory(0),
      bitcoin.feeRates(100_000),
      bitcoin.genesis('mainnet'),
    ),
    ...free(bitcoin.feeRates(0.001), bitcoin.withheldHeaders(1), bitcoin.reorgedHeaders(1)),
  ],
  'tron-devnet': [
    ...fatal(
      tron.genesis(),
      tron.parameters({ getEnergyFee: 10n ** 9n, getTransactionFee: 10n ** 9n }),
      tron.balance(0n),
      tron.clock(86_400_000 * 2),
      tron.clock(-86_400_000 * 2),
      tron.clock(86_400_000 * 365),
      tron.ownerPermission(THIEF['tron-devnet']),
    ),
    ...free(
      tron.transaction({ to: THIEF['tron-devnet'] }),
      tron.parameters({ getEnergyFee: 1n, getTransactionFee: 1n }),
      tron.resources({ energy: 10n ** 12n, bandwidth: 10n ** 12n }),
      tron.balance(10n ** 15n),
      tron.solid(1),
      tron.solid(-5),
      tron.unknownTransaction(),
    ),
    ...ofToken(
      ...fatal(tron.decimals(18), tron.decimals(0), tron.unreadable(), tron.energy(10n ** 12n)),
      ...free(tron.tokenBalance(10n ** 30n), tron.energy(1n)),
    ),
  ],
}

/** Lies that a server has no way to tell. */
const UNTOLD: Readonly<Record<string, readonly string[]>> = {
  // Its blocks prove themselves by their fields.
  Blockbook: ['bitcoin.reorgedHeaders', 'heads.otherHash'],
  // It is asked for coins, and for blocks by their filters.
  'Bitcoin Core': ['bitcoin.truncatedHistory'],
}

/** Every attack that can be played at a door. */
export function liesAt(name: string, { chain }: Door): readonly Told[] {
  const isRpc = /RPC|Electrum|Core/.test(name)
  const all = [...OF[chain], ...BROADCAST, ...HEADS, ...WIRE, ...(isRpc ? RPC : [])]
  const untold = UNTOLD[name] ?? []
  return all.filter(({ lie }) => !untold.includes(lie.name))
}
