import { stripVTControlCharacters } from 'node:util'
import { type Asset, formatAmount } from '@coffer/core'
import pc from 'picocolors'
import type { Io } from './io.ts'

/** Where words go. With `--json` standard output holds one JSON value and nothing else. */
export interface Output {
  readonly json: boolean
  readonly colors: ReturnType<typeof pc.createColors>
  /** The result of a command: `text` for people, or `json` for programs. */
  result(text: string, json: unknown): void
  /** A line of the conversation. */
  say(text: string): void
}

export function createOutput(io: Io, json: boolean): Output {
  return {
    json,
    colors: pc.createColors(hasColors(io, 'stderr') && (json || hasColors(io, 'stdout'))),
    result: (text, value) => io.stdout.write(`${json ? writeForPrograms(value) : text}\n`),
    say: (text) => io.stderr.write(`${text}\n`),
  }
}

/** True when a stream shows colours; https://no-color.org says how people turn them off. */
export function hasColors(io: Io, stream: 'stdout' | 'stderr'): boolean {
  return io.isTTY[stream] && !io.env['NO_COLOR'] && io.env['TERM'] !== 'dumb'
}

/** JSON with bigints as decimal strings. */
export function writeForPrograms(value: unknown): string {
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? inner.toString() : inner), 2)
}

/** Rows as columns, as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[], indent = ''): string {
  const widths: number[] = []
  for (const row of rows)
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, widthOf(cell))
    })
  return rows
    .map((row) => {
      const cells = row.map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - widthOf(cell)))
      return indent + cells.join('  ').trimEnd()
    })
    .join('\n')
}

/** Amounts with their points below each other. */
export function alignAmounts(amounts: readonly string[]): string[] {
  const wholes = amounts.map((amount) => amount.split('.')[0]?.length ?? 0)
  const widest = Math.max(0, ...wholes)
  return amounts.map((amount, i) => ' '.repeat(widest - (wholes[i] ?? 0)) + amount)
}

export function showAmount(amount: bigint, asset: Asset): string {
  return `${formatAmount(amount, asset.decimals)} ${asset.symbol}`
}

/** `2026-01-31 12:00`, in UTC as everywhere else on chains. */
export function dateOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')
}

/** Text from outside without anything that could move the cursor or turn the direction of writing. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
}

function widthOf(cell: string): number {
  return [...stripVTControlCharacters(cell)].length
}
