import { CofferError, type Head, parseJson } from '@coffer/core'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { type AccountScript, deriveScripts, type Keychain } from './derive.ts'
import type { Descriptor } from './descriptor.ts'
import { decodeTx, encodeTx, type Tx } from './transaction.ts'

/** One script of the account, and what the source told of it. */
export interface KnownScript {
  readonly script: AccountScript
  /** Opaque, of the source. */
  readonly status?: string
  /** Mined ones first, oldest first; height 0 while it waits. */
  readonly entries: readonly { readonly txid: string; readonly height: number }[]
  /** Rows below this height may be missing. */
  readonly fromHeight: number
  /** Number of the sync that asked after it last. */
  readonly asked: number
}

export interface KnownTx {
  readonly tx: Tx
  /** 0 while it waits. */
  readonly height: number
}

/**
 * What an account knows of the chain. All of it can be read again from any source: losing it costs time, never money.
 */
export interface AccountState {
  readonly tip: Head
  /** Counts syncs. */
  readonly round: number
  /** False when the last sync learnt nothing but the height. */
  readonly fresh: boolean
  /** By script, hexadecimal. */
  readonly scripts: ReadonlyMap<string, KnownScript>
  /** Transactions that touch the account, and the waiting ancestors of waiting ones. By id. */
  readonly txs: ReadonlyMap<string, KnownTx>
  /** Times of blocks, Unix seconds, by height. */
  readonly times: ReadonlyMap<number, number>
}

export const noState: AccountState = {
  tip: { height: 0, hash: '' },
  round: 0,
  fresh: false,
  scripts: new Map(),
  txs: new Map(),
  times: new Map(),
}

/** The index after the last one used of each keychain. */
export function firstUnused(state: Pick<AccountState, 'scripts'>): readonly [number, number] {
  const next: [number, number] = [0, 0]
  for (const { script, entries } of state.scripts.values())
    if (entries.length > 0) next[script.keychain] = Math.max(next[script.keychain], script.index + 1)
  return next
}

/** How many scripts of a keychain were looked at, from index 0 on without a hole. */
export function lookedAt(state: Pick<AccountState, 'scripts'>, keychain: Keychain): number {
  const indexes = new Set<number>()
  for (const { script } of state.scripts.values()) if (script.keychain === keychain) indexes.add(script.index)
  let count = 0
  while (indexes.has(count)) count++
  return count
}

/** Writes a state as JSON, without the scripts, which the descriptor makes again. */
export function writeState(state: AccountState, account: string): string {
  return JSON.stringify({
    version: 1,
    account,
    tip: state.tip,
    round: state.round,
    scripts: [...state.scripts.values()].map(({ script, status, entries, fromHeight, asked }) => [
      script.keychain,
      script.index,
      status ?? '',
      fromHeight,
      asked,
      ...entries.flatMap(({ txid, height }) => [txid, height]),
    ]),
    txs: [...state.txs.values()].map(({ tx, height }) => [height, bytesToHex(encodeTx(tx))]),
    times: [...state.times].flat(),
  })
}

/**
 * Reads a state that {@link writeState} wrote for this account. Throws `INVALID_JSON` for anything else; then the account is
 * read from the chain again.
 */
export function readState(
  text: string,
  account: string,
  descriptor: Descriptor,
  idOf: (tx: Tx) => string,
): AccountState {
  try {
    const json = parseJson(text, { maxBytes: MOST }) as Record<string, unknown>
    if (json['version'] !== 1 || json['account'] !== account) throw new Error('of another account or version')
    const { tip, round } = json as { tip: Head; round: number }
    const rows = json['scripts'] as (string | number)[][]
    const known = knownScripts(rows, descriptor)
    const txs = new Map<string, KnownTx>()
    for (const [height, raw] of json['txs'] as [number, string][]) {
      const tx = decodeTx(hexToBytes(raw))
      txs.set(idOf(tx), { tx, height: whole(height) })
    }
    const flat = json['times'] as number[]
    const times = new Map<number, number>()
    for (let i = 0; i < flat.length; i += 2) times.set(whole(flat[i]), whole(flat[i + 1]))
    return {
      tip: { height: whole(tip.height), hash: String(tip.hash) },
      round: whole(round),
      fresh: false,
      scripts: known,
      txs,
      times,
    }
  } catch (cause) {
    throw new CofferError({
      code: 'INVALID_JSON',
      message: 'This is no snapshot of this account. Leave it out: the account reads the chain again.',
      cause,
    })
  }
}

/** Longest snapshot that is read, in bytes. */
const MOST = 256 * 1024 * 1024

function knownScripts(rows: (string | number)[][], descriptor: Descriptor): Map<string, KnownScript> {
  const most: [number, number] = [-1, -1]
  for (const [keychain, index] of rows) {
    if ((keychain !== 0 && keychain !== 1) || keychain >= descriptor.keychains) throw new Error('keychain')
    most[keychain] = Math.max(most[keychain], whole(index))
  }
  if (Math.max(...most) > rows.length * 1000 + 100_000) throw new Error('index')
  const all = ([0, 1] as const).map((keychain) =>
    most[keychain] < 0 ? [] : deriveScripts(descriptor, keychain, 0, most[keychain] + 1),
  )
  const scripts = new Map<string, KnownScript>()
  for (const [keychain, index, status, fromHeight, asked, ...flat] of rows) {
    const script = all[keychain as Keychain]![index as number]!
    const entries: { txid: string; height: number }[] = []
    for (let i = 0; i < flat.length; i += 2)
      entries.push({ txid: String(flat[i]), height: whole(flat[i + 1]) })
    scripts.set(bytesToHex(script.script), {
      script,
      ...(status === '' ? {} : { status: String(status) }),
      entries,
      fromHeight: whole(fromHeight),
      asked: whole(asked),
    })
  }
  return scripts
}

function whole(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new Error('not a whole number')
}
