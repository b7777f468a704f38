import {
  CofferError,
  type ReadOptions,
  type ScriptHistory,
  throwIfAborted,
  type UtxoSource,
} from '@coffer/core'
import { bytesToHex } from '@noble/hashes/utils.js'
import { type AccountScript, deriveScripts, type Keychain, scriptAt } from './derive.ts'
import type { Descriptor } from './descriptor.ts'
import { badResponse, readTx } from './proven.ts'
import { type AccountState, firstUnused, type KnownScript, type KnownTx, lookedAt } from './state.ts'

export interface SyncOptions extends ReadOptions {
  /** Unused addresses in a row after which a keychain counts as ended; 20 when not given (BIP-44). */
  readonly gapLimit?: number | undefined
  /** Asks after every address again, also after old and empty ones, which otherwise take turns. */
  readonly full?: boolean | undefined
  /** Hears how far a long read has come. */
  readonly onProgress?: ((progress: SyncProgress) => void) | undefined
}

export interface SyncProgress {
  /** Addresses looked at so far. */
  readonly scripts: number
  /** Those that were ever used. */
  readonly used: number
}

/** Restoring looks at windows that begin at these multiples of the gap limit, before it fills in between. */
const PROBES = [2, 4, 8, 16, 32, 64]
/** Old and empty addresses asked after in each sync, in turns. */
const TURNS = 100
/** No wallet has more addresses: a server that says so is not believed. */
const MOST_SCRIPTS = 200_000
/** Blocks after which an entry is not expected to change. */
const SETTLED = 100
/** Nodes accept no longer chains of waiting transactions. */
const MOST_ANCESTORS = 25

/**
 * Brings a state up to date. The first time it finds the used addresses of both keychains: a window of the gap limit, then windows
 * at exponential distances, then everything below the highest one found, until a whole gap is unused. Afterwards it asks only
 * after addresses that can change: fresh ones, those that hold or wait for something, and a few old ones in turns.
 *
 * Believes of the source only which transactions there are: each is checked against its id.
 */
export async function sync(
  state: AccountState,
  descriptor: Descriptor,
  source: UtxoSource,
  options: SyncOptions & {
    /** Addresses given out so far, of each keychain. */
    readonly given?: readonly [number, number] | undefined
  } = {},
): Promise<AccountState> {
  const { gapLimit = 20, signal, given = [0, 0] } = options
  if (!Number.isInteger(gapLimit) || gapLimit < 1 || gapLimit > 10_000)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'A gap limit is a whole number from 1 to 10000.',
    })
  const isFirst = state.round === 0
  const reading: Reading = {
    changed: false,
    source,
    signal,
    round: state.round + 1,
    scripts: new Map(state.scripts),
    raws: new Map(),
    report: () =>
      options.onProgress?.({
        scripts: reading.scripts.size,
        used: [...reading.scripts.values()].filter(({ entries }) => entries.length > 0).length,
      }),
  }
  const keychains = ([0, 1] as const).slice(0, descriptor.keychains)
  const windowOf = (keychain: Keychain, from: number, count: number): readonly AccountScript[] =>
    missing(reading, descriptor, keychain, from, count)
  const upTo = (keychain: Keychain): number =>
    Math.max(firstUnused(reading)[keychain], given[keychain]) + gapLimit

  // The tip is asked first: what the histories tell can only be newer, which the next sync mends.
  const [tip] = await Promise.all([
    source.tip({ signal }),
    ask(reading, [
      ...due(state, descriptor, options.full === true || isFirst, upTo, given).map(({ script }) => script),
      ...(descriptor.ranged
        ? keychains.flatMap((keychain) => windowOf(keychain, 0, upTo(keychain)))
        : fixedScripts(descriptor).filter((script) => !reading.scripts.has(bytesToHex(script.script)))),
    ]),
  ])
  if (descriptor.ranged) {
    if (isFirst) {
      const live = keychains.filter((keychain) => upTo(keychain) > gapLimit + (gapLimit >> 1))
      await ask(
        reading,
        live.flatMap((keychain) => PROBES.flatMap((probe) => windowOf(keychain, probe * gapLimit, gapLimit))),
      )
    }
    for (;;) {
      throwIfAborted(signal)
      if (reading.scripts.size > MOST_SCRIPTS)
        throw badResponse('tells of more addresses than any wallet has')
      const more = keychains.flatMap((keychain) => {
        const done = lookedAt(reading, keychain)
        const end = upTo(keychain)
        // Where much is missing the windows grow with what was found, so that a long wallet takes few round trips.
        const ahead = end - done >= gapLimit >> 1 ? Math.max(end, done + (done >> 1)) : end
        return windowOf(keychain, done, Math.max(0, ahead - done))
      })
      if (more.length === 0) break
      await ask(reading, more)
    }
  }
  const txs = await transactionsOf(reading, state.txs)
  // Near the tip another block may have come in place of the one whose time is known.
  const times = new Map([...state.times].filter(([height]) => height <= tip.height - SETTLED))
  const fresh = reading.changed || txs.size !== state.txs.size
  return { tip, round: reading.round, fresh, scripts: reading.scripts, txs, times }
}

interface Reading {
  changed: boolean
  readonly source: UtxoSource
  readonly signal: AbortSignal | undefined
  readonly round: number
  readonly scripts: Map<string, KnownScript>
  /** What the histories brought along. */
  readonly raws: Map<string, string>
  report(): void
}

function fixedScripts(descriptor: Descriptor): readonly AccountScript[] {
  return Array.from({ length: descriptor.keychains }, (_, keychain) =>
    Array.from({ length: Math.max(1, descriptor.scripts.length) }, (_, index) =>
      scriptAt(descriptor, keychain as Keychain, index),
    ),
  ).flat()
}

/** Scripts of a window that were not looked at yet. */
function missing(
  { scripts }: Reading,
  descriptor: Descriptor,
  keychain: Keychain,
  from: number,
  count: number,
): readonly AccountScript[] {
  const known = new Set<number>()
  for (const { script } of scripts.values()) if (script.keychain === keychain) known.add(script.index)
  // Only what is not known is derived: from the first index that is missing to the last.
  let first = from
  let end = from + Math.max(0, count)
  while (first < end && known.has(first)) first++
  while (end > first && known.has(end - 1)) end--
  if (first === end) return []
  return deriveScripts(descriptor, keychain, first, end - first).filter(({ index }) => !known.has(index))
}

/** Known scripts to ask after again. */
function due(
  state: AccountState,
  descriptor: Descriptor,
  all: boolean,
  end: (keychain: Keychain) => number,
  given: readonly [number, number],
): readonly KnownScript[] {
  const known = [...state.scripts.values()]
  if (all || known.length <= 2 * TURNS) return known
  const next = firstUnused(state)
  const holding = new Set<string>()
  const spent = new Set<string>()
  for (const { tx } of state.txs.values())
    for (const { txid, vout } of tx.inputs) spent.add(`${txid}:${vout}`)
  for (const [txid, { tx }] of state.txs)
    tx.outputs.forEach(({ script }, vout) => {
      if (!spent.has(`${txid}:${vout}`)) holding.add(bytesToHex(script))
    })
  const isLive = ({ script, entries }: KnownScript): boolean =>
    !descriptor.ranged ||
    // Given out and not paid yet, wherever the wallet stands by now.
    (entries.length === 0 && script.index < given[script.keychain]) ||
    (descriptor.ranged && script.index >= next[script.keychain] && script.index < end(script.keychain)) ||
    holding.has(bytesToHex(script.script)) ||
    entries.some(({ height }) => height === 0 || height > state.tip.height - SETTLED)
  const live = known.filter(isLive)
  const turn = known
    .filter((script) => !isLive(script))
    .sort((a, b) => a.asked - b.asked)
    .slice(0, TURNS)
  return [...live, ...turn]
}

async function ask(reading: Reading, wanted: readonly AccountScript[]): Promise<void> {
  if (wanted.length === 0) return
  const { source, signal, scripts, raws, round } = reading
  const answers = await source.history(
    wanted.map(({ script }) => {
      const hex = bytesToHex(script)
      return { script: hex, status: scripts.get(hex)?.status }
    }),
    { signal },
  )
  if (answers.length !== wanted.length) throw badResponse('answered fewer questions than it was asked')
  wanted.forEach((script, i) => {
    const hex = bytesToHex(script.script)
    const known = scripts.get(hex)
    const { status, entries, fromHeight } = answers[i] as ScriptHistory
    if (!entries && known?.status !== status) throw badResponse('left out the rows of an address')
    for (const { txid, raw } of entries ?? []) if (raw !== undefined) raws.set(txid, raw)
    if (entries) reading.changed = true
    scripts.set(hex, {
      script,
      status,
      entries: entries ? entries.map(({ txid, height }) => ({ txid, height })) : known!.entries,
      fromHeight: entries ? (fromHeight ?? 0) : known!.fromHeight,
      asked: round,
    })
  })
  reading.report()
}

/** Every transaction that a script names, and the waiting ancestors of those that wait. */
async function transactionsOf(
  reading: Reading,
  known: ReadonlyMap<string, KnownTx>,
): Promise<ReadonlyMap<string, KnownTx>> {
  const heights = new Map<string, number>()
  const scriptOf = new Map<string, string>()
  for (const [script, { entries }] of reading.scripts)
    for (const { txid, height } of entries) {
      // Two answers of one sync may differ while a block comes in; the later block is the newer word.
      heights.set(txid, Math.max(height, heights.get(txid) ?? 0))
      scriptOf.set(txid, script)
    }
  const txs = new Map<string, KnownTx>()
  const unknown: string[] = []
  for (const [txid, height] of heights) {
    const raw = reading.raws.get(txid)
    const tx = known.get(txid)?.tx ?? (raw === undefined ? undefined : readTx(txid, raw))
    if (tx) txs.set(txid, { tx, height })
    else unknown.push(txid)
  }
  for (const [txid, record] of await fetch(reading, unknown, scriptOf)) {
    if (!record) throw badResponse('names a transaction that it does not have')
    txs.set(txid, { tx: record.tx, height: heights.get(txid)! })
  }
  await addAncestors(reading, txs, known)
  return txs
}

async function addAncestors(
  reading: Reading,
  txs: Map<string, KnownTx>,
  known: ReadonlyMap<string, KnownTx>,
): Promise<void> {
  let children = [...txs.values()].filter(({ height }) => height === 0)
  for (let depth = 0; depth < MOST_ANCESTORS && children.length > 0; depth++) {
    const parents = [
      ...new Set(
        children.flatMap(({ tx }) => tx.inputs.map(({ txid }) => txid)).filter((txid) => !txs.has(txid)),
      ),
    ].slice(0, 1_000)
    const settled = parents.filter((txid) => (known.get(txid)?.height ?? 0) > 0)
    for (const txid of settled) txs.set(txid, known.get(txid)!)
    const found = await fetch(
      reading,
      parents.filter((txid) => !txs.has(txid)),
      new Map(),
    )
    children = []
    for (const [txid, record] of found) {
      if (!record) continue
      txs.set(txid, record)
      if (record.height === 0) children.push(record)
    }
  }
}

async function fetch(
  { source, signal }: Reading,
  txids: readonly string[],
  scriptOf: ReadonlyMap<string, string>,
): Promise<readonly (readonly [string, KnownTx | undefined])[]> {
  if (txids.length === 0) return []
  const records = await source.transactions(
    txids.map((txid) => ({ txid, script: scriptOf.get(txid) })),
    { signal },
  )
  if (records.length !== txids.length) throw badResponse('answered fewer questions than it was asked')
  return txids.map((txid, i) => {
    const record = records[i]
    return [txid, record && { tx: readTx(txid, record.raw), height: record.height }]
  })
}
